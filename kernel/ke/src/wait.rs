//! Waiting for objects: a thread leaves the processor until one object, or all of several, let it go on, until a time has
//! come, or until somebody interrupts it.
//!
//! A wait has a block for each object, which stands in the object's list (`WaitListHead`) and names thread and object; the
//! blocks of one wait are linked in a ring. Up to three stand in the thread itself (`WaitBlock`), more in an array that the
//! caller provides; the fourth of the thread's own is the timer's. Whoever makes an object signalled goes through its list
//! and ends the waits that it satisfies. A thread looks before it waits, and as nothing is taken from a thread in ring 0 no
//! signal is lost between the look and the wait.
//!
//! * **W1** The blocks in an object's list belong to threads in state Waiting, and name the object.
//! * **W2** The ring of a waiting thread leads back to its first block, and each block in it is in its object's list.
//! * **W3** No wait in an object's list could be satisfied now: it would have ended.
//!
//! Source: `_KWAIT_BLOCK`, `_KTHREAD` and `_DISPATCHER_HEADER` of XP SP3; the rules as "Microsoft Windows Internals" has them.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::dispatcher::{
    DispatcherHeader, Kmutant, KwaitBlock, MUTANT_OBJECT, QUEUE_OBJECT, SEMAPHORE_OBJECT, SYNCHRONIZATION_EVENT,
    SYNCHRONIZATION_TIMER, WAIT_ALL, WAIT_ANY,
};
use abi::nt::list::ListEntry;
use abi::nt::thread::Kthread;
use abi::status::NtStatus;
use mm::list;
use mm::machine::Records;

use crate::clock::Ring;
use crate::dispatcher::{Dispatcher, Switch, wait_entry};
use crate::mutant::Taken;
use crate::thread::ThreadState;

/// What a wait is for, as debuggers show it.
#[doc(alias = "KWAIT_REASON")]
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// Something of the kernel's.
    Executive = 0,
    /// A frame.
    FreePage = 1,
    /// A page that is being read.
    PageIn = 2,
    /// A time.
    DelayExecution = 4,
    /// Being resumed.
    Suspended = 5,
    /// An object, for a program.
    UserRequest = 6,
    /// A port.
    Queue = 15,
}

/// Whether a wait needs all of its objects or one of them; the number is in `_KWAIT_BLOCK::WaitType`.
#[doc(alias = "WAIT_TYPE")]
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitKind {
    /// All at once.
    All = WAIT_ALL,
    /// Whichever comes first.
    Any = WAIT_ANY,
}

/// Who may interrupt a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alertable {
    /// Whoever has a call to be made in the thread, or alerts it.
    Yes,
    /// Only who suspends or ends it.
    No,
}

/// How a thread waits.
#[derive(Clone, Copy, Debug)]
pub struct WaitTerms {
    /// Why, as debuggers show it.
    pub reason: WaitReason,
    /// For whom: only a wait for a program is interrupted.
    pub mode: Ring,
    /// Whether a program's calls interrupt it.
    pub alertable: Alertable,
    /// The interrupt time (units of 100 ns) that ends it.
    pub deadline: Option<u64>,
}

/// Objects for which the thread's own blocks are enough.
pub const THREAD_WAIT_OBJECTS: usize = 3;
/// The thread's own block that stands for its timer.
const TIMER_WAIT_BLOCK: u32 = 3;
const BLOCK_SIZE: u32 = size_of::<KwaitBlock>() as u32;

impl<R: Records> Dispatcher<'_, R> {
    /// Takes what the running thread wants without waiting: what its wait would answer, or `None` where it has to wait.
    ///
    /// With [`WaitKind::Any`] the answer is the number of the first object that is signalled, counted from WAIT_0, or from
    /// ABANDONED_WAIT_0 for a mutant whose owner has ended. MUTANT_LIMIT_EXCEEDED for a mutant taken too often.
    pub fn try_wait(&self, objects: &[Link<DispatcherHeader>], kind: WaitKind) -> Option<NtStatus> {
        let thread = self.current();
        match kind {
            WaitKind::Any => {
                let index = objects.iter().position(|object| self.is_signalled(*object, thread))?;
                Some(self.take(objects[index], thread).answer(index as u16))
            }
            WaitKind::All => {
                if !objects.iter().all(|object| self.is_signalled(*object, thread)) {
                    return None;
                }
                let taken = objects.iter().map(|object| self.take(*object, thread)).max();
                Some(taken.unwrap_or(Taken::Plain).answer(0))
            }
        }
    }

    /// The running thread, for which [`Self::try_wait`] has found nothing, leaves the processor. `array` is where blocks for
    /// more than [`THREAD_WAIT_OBJECTS`] objects are to stand until the wait is over; no object may be there twice if all are
    /// waited for. When the switch has been made and has come back, [`Self::wait_result`] tells how it ended.
    #[doc(alias = "KeWaitForMultipleObjects")]
    #[doc(alias = "KeWaitForSingleObject")]
    pub fn block_on(
        &self,
        objects: &[Link<DispatcherHeader>],
        kind: WaitKind,
        array: Option<Link<KwaitBlock>>,
        terms: &WaitTerms,
    ) -> Switch {
        let thread = self.current();
        debug_assert!(array.is_some() || objects.len() <= THREAD_WAIT_OBJECTS, "blocks for {} objects", objects.len());
        let timer = terms.deadline.map(|deadline| self.start_wait_timer(thread, deadline));
        let objects_first = array.unwrap_or_else(|| own_block(thread, 0));
        let first = if objects.is_empty() { timer.unwrap_or(Link::NULL) } else { objects_first };
        let end = objects_first.offset(objects.len() as u32 * BLOCK_SIZE);
        for (index, object) in objects.iter().enumerate() {
            let block: Link<KwaitBlock> = objects_first.offset(index as u32 * BLOCK_SIZE);
            let next = block.offset(BLOCK_SIZE);
            let record = self.records.record(block);
            record.thread.set(thread);
            record.object.set(*object);
            record.wait_key.set(index as u16);
            record.wait_type.set(kind as u16);
            record.next_wait_block.set(if next == end { timer.unwrap_or(first) } else { next });
            list::insert_tail(self.records, wait_list(*object), block.cast());
        }
        if let Some(timer) = timer {
            self.records.record(timer).next_wait_block.set(first);
        }
        self.records.record(thread).wait_block_list.set(first);
        self.enter_wait(thread, terms)
    }

    /// The thread's timer, started, with its block in its own list; the block.
    fn start_wait_timer(&self, thread: Link<Kthread>, deadline: u64) -> Link<KwaitBlock> {
        let block = own_block(thread, TIMER_WAIT_BLOCK);
        let timer: Link<DispatcherHeader> = thread.offset(offset_of!(Kthread, timer) as u32);
        let record = self.records.record(block);
        record.thread.set(thread);
        record.object.set(timer);
        record.wait_key.set(NtStatus::TIMEOUT.0 as u16);
        record.wait_type.set(WAIT_ANY);
        list::initialise(self.records, wait_list(timer));
        list::insert_tail(self.records, wait_list(timer), block.cast());
        self.start_timer(thread, deadline);
        block
    }

    pub(crate) fn enter_wait(&self, thread: Link<Kthread>, terms: &WaitTerms) -> Switch {
        debug_assert!(thread != self.idle_thread(), "the idle thread has nobody to leave the processor to");
        let record = self.records.record(thread);
        record.state.set(ThreadState::Waiting as u8);
        record.wait_reason.set(terms.reason as u8);
        record.wait_mode.set(terms.mode as u8);
        record.alertable.set((terms.alertable == Alertable::Yes) as u8);
        list::insert_tail(self.records, self.waiting_list(), wait_entry(thread));
        self.leave()
    }

    /// How the running thread's last wait ended: the answer of [`Self::try_wait`] as it was when its objects let it go, or
    /// TIMEOUT, USER_APC, ALERTED, KERNEL_APC.
    pub fn wait_result(&self) -> NtStatus {
        NtStatus(self.records.record(self.current()).wait_status.get())
    }

    /// Ends the wait of `thread` with `status`. A thread that was woken by somebody's work gets a better priority for a
    /// while, by `increment`.
    #[doc(alias = "KiUnwaitThread")]
    pub(crate) fn end_wait(&self, thread: Link<Kthread>, status: NtStatus, increment: u8) {
        let record = self.records.record(thread);
        record.wait_status.set(status.0);
        let first = record.wait_block_list.get();
        if !first.is_null() {
            record.wait_block_list.set(Link::NULL);
            let mut block = first;
            loop {
                list::remove(self.records, block.cast());
                block = self.records.record(block).next_wait_block.get();
                if block == first {
                    break;
                }
            }
        }
        self.stop_timer(thread);
        list::remove(self.records, wait_entry(thread));
        self.boost(thread, increment);
        self.ready(thread);
    }

    /// Goes through the waits for `object`, which may have become signalled, and ends those that it satisfies.
    #[doc(alias = "KiWaitTest")]
    pub(crate) fn wait_test(&self, object: Link<DispatcherHeader>, increment: u8) {
        let head = wait_list(object);
        let state = &self.records.record(object).signal_state;
        let mut entry = self.records.record(head).flink.get();
        while entry != head && state.get() as i32 > 0 {
            let block = self.records.record(entry.cast::<KwaitBlock>());
            let thread = block.thread.get();
            entry = self.records.record(entry).flink.get();
            let answer = match block.wait_type.get() {
                WAIT_ANY => Some(self.take(object, thread).answer(block.wait_key.get())),
                _ => self.take_all(thread),
            };
            if let Some(status) = answer {
                // Another block of the same wait may be the next in the list.
                while entry != head && self.records.record(entry.cast::<KwaitBlock>()).thread.get() == thread {
                    entry = self.records.record(entry).flink.get();
                }
                self.end_wait(thread, status, increment);
            }
        }
    }

    /// Takes all objects that `thread` waits for, if all can be taken.
    fn take_all(&self, thread: Link<Kthread>) -> Option<NtStatus> {
        if !self.wait_blocks(thread).all(|block| self.is_signalled(block.object.get(), thread)) {
            return None;
        }
        let taken = self.wait_blocks(thread).map(|block| self.take(block.object.get(), thread)).max();
        Some(taken.unwrap_or(Taken::Plain).answer(0))
    }

    /// The blocks of the objects that the waiting `thread` waits for, without the timer's.
    pub(crate) fn wait_blocks(&self, thread: Link<Kthread>) -> impl Iterator<Item = &KwaitBlock> {
        let first = self.records.record(thread).wait_block_list.get();
        let timer = own_block(thread, TIMER_WAIT_BLOCK);
        let following = move |block: &Link<KwaitBlock>| {
            let next = self.records.record(*block).next_wait_block.get();
            (next != first && next != timer).then_some(next)
        };
        let start = first.some().filter(|block| *block != timer);
        core::iter::successors(start, following).map(|block| self.records.record(block))
    }

    /// Whether `thread` would not have to wait for `object`.
    pub(crate) fn is_signalled(&self, object: Link<DispatcherHeader>, thread: Link<Kthread>) -> bool {
        let record = self.records.record(object);
        record.signal_state.get() as i32 > 0
            || record.kind.get() == MUTANT_OBJECT
                && self.records.record(object.cast::<Kmutant>()).owner_thread.get() == thread
    }

    /// `thread` gets `object`, which is signalled for it.
    #[doc(alias = "KiWaitSatisfyOther")]
    fn take(&self, object: Link<DispatcherHeader>, thread: Link<Kthread>) -> Taken {
        let record = self.records.record(object);
        match record.kind.get() {
            SYNCHRONIZATION_EVENT | SYNCHRONIZATION_TIMER => {
                record.signal_state.set(0);
                Taken::Plain
            }
            SEMAPHORE_OBJECT | QUEUE_OBJECT => {
                record.signal_state.update(|count| count.wrapping_sub(1));
                Taken::Plain
            }
            MUTANT_OBJECT => self.take_mutant(object.cast(), thread),
            _ => Taken::Plain,
        }
    }
}

/// The head of the list of wait blocks of `object`.
pub(crate) const fn wait_list(object: Link<DispatcherHeader>) -> Link<ListEntry> {
    object.offset(offset_of!(DispatcherHeader, wait_list_head) as u32)
}

/// Block `index` of those in the thread.
pub(crate) const fn own_block(thread: Link<Kthread>, index: u32) -> Link<KwaitBlock> {
    thread.offset(offset_of!(Kthread, wait_blocks) as u32 + index * BLOCK_SIZE)
}

#[cfg(test)]
mod tests;
