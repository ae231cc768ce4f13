//! Mutants, which Win32 calls mutexes: one thread has it, may take it again, and must give it back as often.
//!
//! * **M1** A mutant that is taken is in the list of its owner, and its signal state is 1 less the times it was taken; a free
//!   one has no owner and the state 1.
//!
//! Source: `_KMUTANT` of XP SP3; the semantics that Windows documents of mutexes.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::dispatcher::{Kmutant, MUTANT_OBJECT};
use abi::nt::list::ListEntry;
use abi::nt::thread::Kthread;
use abi::status::NtStatus;
use mm::list;
use mm::machine::Records;

use crate::dispatcher::Dispatcher;
use crate::thread::initialise_header;

/// The signal state of a mutant that nobody has.
const FREE: u32 = 1;

/// How a thread got an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taken {
    /// In the ordinary way.
    Plain,
    /// From an owner that had ended.
    Abandoned,
    /// Not: it has been taken as often as can be counted.
    LimitExceeded,
}

impl Taken {
    /// What the wait answers, for the object number `index`.
    pub(crate) fn answer(self, index: u16) -> NtStatus {
        match self {
            Self::Plain => NtStatus(u32::from(index)),
            Self::Abandoned => NtStatus(NtStatus::ABANDONED_WAIT_0.0 + u32::from(index)),
            Self::LimitExceeded => NtStatus::MUTANT_LIMIT_EXCEEDED,
        }
    }
}

/// Writes a mutant that nobody has.
#[doc(alias = "KeInitializeMutant")]
pub fn initialise_mutant(records: &impl Records, mutant: Link<Kmutant>) {
    initialise_header(records, mutant.cast(), MUTANT_OBJECT, size_of::<Kmutant>());
    records.record(mutant).header.signal_state.set(FREE);
}

impl<R: Records> Dispatcher<'_, R> {
    /// `thread` takes a mutant that is free or its own already.
    pub(crate) fn take_mutant(&self, mutant: Link<Kmutant>, thread: Link<Kthread>) -> Taken {
        let record = self.records.record(mutant);
        let state = record.header.signal_state.get() as i32;
        let Some(taken) = state.checked_sub(1) else { return Taken::LimitExceeded };
        record.header.signal_state.set(taken as u32);
        if taken != 0 {
            return Taken::Plain;
        }
        record.owner_thread.set(thread);
        list::insert_tail(self.records, mutant_list(thread), mutant_entry(mutant));
        if record.abandoned.get() == 0 {
            return Taken::Plain;
        }
        record.abandoned.set(0);
        Taken::Abandoned
    }

    /// The running thread gives a mutant back once; what its signal state was before.
    ///
    /// # Errors
    /// MUTANT_NOT_OWNED; nothing has changed.
    #[doc(alias = "KeReleaseMutant")]
    pub fn release_mutant(&self, mutant: Link<Kmutant>, increment: u8) -> Result<u32, NtStatus> {
        let record = self.records.record(mutant);
        if record.owner_thread.get() != self.current() {
            return Err(NtStatus::MUTANT_NOT_OWNED);
        }
        let before = record.header.signal_state.get();
        record.header.signal_state.set(before.wrapping_add(1));
        if before == 0 {
            self.free_mutant(mutant, increment);
        }
        Ok(before)
    }

    /// Frees the mutants of the running thread, which ends; who gets one next is told.
    pub(crate) fn abandon_mutants(&self, increment: u8) {
        let head = mutant_list(self.current());
        loop {
            let entry = self.records.record(head).flink.get();
            if entry == head {
                return;
            }
            let mutant = mutant_of(entry);
            let record = self.records.record(mutant);
            record.header.signal_state.set(FREE);
            record.abandoned.set(1);
            self.free_mutant(mutant, increment);
        }
    }

    /// A mutant goes, taken or not: its owner has it no more.
    #[doc(alias = "ExpDeleteMutant")]
    pub fn forget_mutant(&self, mutant: Link<Kmutant>) {
        if !self.records.record(mutant).owner_thread.get().is_null() {
            list::remove(self.records, mutant_entry(mutant));
        }
    }

    fn free_mutant(&self, mutant: Link<Kmutant>, increment: u8) {
        list::remove(self.records, mutant_entry(mutant));
        self.records.record(mutant).owner_thread.set(Link::NULL);
        self.wait_test(mutant.cast(), increment);
    }
}

/// The head of the list of mutants that `thread` has.
pub(crate) const fn mutant_list(thread: Link<Kthread>) -> Link<ListEntry> {
    thread.offset(offset_of!(Kthread, mutant_list_head) as u32)
}

const fn mutant_entry(mutant: Link<Kmutant>) -> Link<ListEntry> {
    mutant.offset(offset_of!(Kmutant, mutant_list_entry) as u32)
}

/// The mutant whose place in its owner's list is `entry`.
pub(crate) const fn mutant_of(entry: Link<ListEntry>) -> Link<Kmutant> {
    Link::new(entry.address() - offset_of!(Kmutant, mutant_list_entry) as u32)
}
