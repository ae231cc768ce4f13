//! Calls that are to be made in a thread, and what else interrupts one: alerts and suspension.
//!
//! A user call waits in the thread's list until the thread waits alertably; then it is made on the way back to ring 3. The one
//! kernel call there is suspends: it makes the thread wait for its own semaphore, on the way to ring 3 or out of a wait for a
//! program, which begins again afterwards.
//!
//! * **A1** `KernelApcPending` says that the thread's kernel list is not empty or that it has been told to end; a thread that
//!   runs or comes to run with it has [`APC_REQUEST`] set.
//! * **A2** The suspend semaphore's count is 0 while the thread is not suspended.
//!
//! Source: `_KAPC`, `_KAPC_STATE`, `_KTHREAD` of XP SP3; delivery as "Microsoft Windows Internals" describes it.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::dispatcher::{APC_OBJECT, Kapc, Ksemaphore};
use abi::nt::list::ListEntry;
use abi::nt::thread::Kthread;
use abi::processor::APC_REQUEST;
use abi::status::NtStatus;
use mm::list;
use mm::machine::Records;

use crate::clock::Ring;
use crate::dispatcher::Dispatcher;
use crate::semaphore::initialise_semaphore;
use crate::thread::ThreadState;
use crate::wait::{Alertable, WaitTerms};

/// How often a thread can be suspended.
pub const MAXIMUM_SUSPEND_COUNT: u8 = 0x7F;
/// The limit of a suspend semaphore.
const SUSPEND_LIMIT: u32 = 2;

/// Writes the suspend call and semaphore of a new thread.
pub(crate) fn initialise_suspension(records: &impl Records, thread: Link<Kthread>) {
    initialise_apc(records, thread.offset(offset_of!(Kthread, suspend_apc) as u32), thread, Ring::Kernel);
    initialise_semaphore(records, suspend_semaphore(thread), 0, SUSPEND_LIMIT);
    records.record(thread).apc_queueable.set(1);
}

/// Writes a call for `thread`, to be queued by [`Dispatcher::queue_user_apc`] where it is for ring 3.
#[doc(alias = "KeInitializeApc")]
pub fn initialise_apc(records: &impl Records, apc: Link<Kapc>, thread: Link<Kthread>, ring: Ring) {
    let record = records.record(apc);
    record.kind.set(APC_OBJECT);
    record.size.set(size_of::<Kapc>() as u16);
    record.thread.set(thread);
    record.apc_mode.set(ring as u8);
}

impl<R: Records> Dispatcher<'_, R> {
    /// Queues a call that is to be made in ring 3.
    ///
    /// # Errors
    /// UNSUCCESSFUL where the thread takes none any more; the call is the caller's still.
    #[doc(alias = "KeInsertQueueApc")]
    pub fn queue_user_apc(&self, apc: Link<Kapc>) -> Result<(), NtStatus> {
        let thread = self.records.record(apc).thread.get();
        let record = self.records.record(thread);
        if record.apc_queueable.get() == 0 {
            return Err(NtStatus::UNSUCCESSFUL);
        }
        self.records.record(apc).inserted.set(1);
        list::insert_tail(self.records, apc_list(thread, Ring::User), apc_entry(apc));
        let waits = self.waits_for_a_program(thread) && record.alertable.get() != 0;
        if waits {
            record.apc_state.user_apc_pending.set(1);
            self.end_wait(thread, NtStatus::USER_APC, 0);
        }
        Ok(())
    }

    /// Takes the next user call off the running thread's list, to be made or to be dropped.
    pub fn take_user_apc(&self) -> Option<Link<Kapc>> {
        let thread = self.current();
        let head = apc_list(thread, Ring::User);
        let first = self.records.record(head).flink.get();
        if first == head {
            return None;
        }
        list::remove(self.records, first);
        let apc = apc_of(first);
        self.records.record(apc).inserted.set(0);
        Some(apc)
    }

    /// Takes a call back that has not been made yet, where it is on a thread's list.
    #[doc(alias = "KeRemoveQueueApc")]
    pub fn remove_user_apc(&self, apc: Link<Kapc>) {
        let inserted = &self.records.record(apc).inserted;
        if inserted.get() != 0 {
            inserted.set(0);
            list::remove(self.records, apc_entry(apc));
        }
    }

    /// The running thread takes no more calls: it ends.
    pub fn refuse_apcs(&self) {
        self.records.record(self.current()).apc_queueable.set(0);
    }

    /// Alerts `thread` for `ring`: ends its alertable wait, or the next one before it begins. What a program does to its own
    /// alert ([`Self::test_alert`]) leaves the kernel's alone.
    #[doc(alias = "KeAlertThread")]
    pub fn alert(&self, thread: Link<Kthread>, ring: Ring) {
        let record = self.records.record(thread);
        if self.waits_for_a_program(thread) && record.alertable.get() != 0 {
            self.end_wait(thread, NtStatus::ALERTED, 0);
        } else {
            record.alerted[ring as usize].set(1);
        }
    }

    /// What keeps the running thread from a wait on `terms`, where anything does: ALERTED or USER_APC.
    #[doc(alias = "TestForAlertPending")]
    #[inline]
    pub fn interruption(&self, terms: &WaitTerms) -> Option<NtStatus> {
        let thread = self.current();
        let record = self.records.record(thread);
        if terms.mode == Ring::Kernel {
            return None;
        }
        if terms.alertable == Alertable::Yes {
            if record.alerted[Ring::User as usize].get() != 0 {
                record.alerted[Ring::User as usize].set(0);
                return Some(NtStatus::ALERTED);
            }
            if !self.is_empty(apc_list(thread, Ring::User)) {
                self.announce_user_apc();
            } else if record.alerted[Ring::Kernel as usize].get() != 0 {
                record.alerted[Ring::Kernel as usize].set(0);
                return Some(NtStatus::ALERTED);
            }
        }
        (record.apc_state.user_apc_pending.get() != 0).then_some(NtStatus::USER_APC)
    }

    /// Whether the running thread was alerted, which it is no more; else its user calls are made on the way to ring 3.
    #[doc(alias = "KeTestAlertThread")]
    pub fn test_alert(&self) -> bool {
        let thread = self.current();
        let alerted = &self.records.record(thread).alerted[Ring::User as usize];
        if alerted.get() != 0 {
            alerted.set(0);
            return true;
        }
        if !self.is_empty(apc_list(thread, Ring::User)) {
            self.announce_user_apc();
        }
        false
    }

    /// The running thread's user calls are to be made on the way to ring 3.
    fn announce_user_apc(&self) {
        self.records.record(self.current()).apc_state.user_apc_pending.set(1);
        self.request_apcs();
    }

    /// Suspends `thread` once more; how often it was before.
    ///
    /// # Errors
    /// SUSPEND_COUNT_EXCEEDED.
    #[doc(alias = "KeSuspendThread")]
    pub fn suspend(&self, thread: Link<Kthread>) -> Result<u8, NtStatus> {
        let record = self.records.record(thread);
        let before = record.suspend_count.get();
        if before == MAXIMUM_SUSPEND_COUNT {
            return Err(NtStatus::SUSPEND_COUNT_EXCEEDED);
        }
        if record.apc_queueable.get() == 0 {
            return Ok(before);
        }
        record.suspend_count.set(before + 1);
        if before == 0 {
            if record.suspend_apc.inserted.get() == 0 {
                record.suspend_apc.inserted.set(1);
                let entry = thread.offset((offset_of!(Kthread, suspend_apc) + offset_of!(Kapc, apc_list_entry)) as u32);
                list::insert_tail(self.records, apc_list(thread, Ring::Kernel), entry);
                self.announce_kernel_apc(thread);
            } else {
                // It was resumed before it had come to stop: that is taken back.
                record.suspend_semaphore.header.signal_state.update(|count| count.wrapping_sub(1));
            }
        }
        Ok(before)
    }

    /// Resumes `thread` once; how often it was suspended before.
    #[doc(alias = "KeResumeThread")]
    pub fn resume(&self, thread: Link<Kthread>) -> u8 {
        let record = self.records.record(thread);
        let before = record.suspend_count.get();
        if before > 0 {
            record.suspend_count.set(before - 1);
        }
        if before == 1 {
            // Cannot pass the limit: a resumed thread takes the 1 before it can be suspended again, or loses it.
            let _ = self.release_semaphore(suspend_semaphore(thread), 1, 0);
        }
        before
    }

    /// Makes `thread` look at what is to be done in ring 0: at once if it waits for a program, else on its way to ring 3.
    pub fn announce_kernel_apc(&self, thread: Link<Kthread>) {
        let record = self.records.record(thread);
        record.apc_state.kernel_apc_pending.set(1);
        if thread == self.current() {
            self.request_apcs();
        } else if self.waits_for_a_program(thread) {
            self.end_wait(thread, NtStatus::KERNEL_APC, 0);
        }
    }

    /// Takes the suspend call off the running thread's list; whether it was there. The thread then waits for its suspend
    /// semaphore, in mode Kernel.
    pub fn take_suspension(&self) -> bool {
        let record = self.records.record(self.current());
        record.apc_state.kernel_apc_pending.set(0);
        if record.suspend_apc.inserted.get() == 0 {
            return false;
        }
        record.suspend_apc.inserted.set(0);
        let entry: Link<ListEntry> =
            self.current().offset((offset_of!(Kthread, suspend_apc) + offset_of!(Kapc, apc_list_entry)) as u32);
        list::remove(self.records, entry);
        true
    }

    /// Asks for what waits for the running thread on its way to ring 3.
    pub fn request_apcs(&self) {
        self.processor().irr.set_bits(APC_REQUEST);
    }

    /// Says that [`Self::request_apcs`] is being served.
    pub fn clear_apc_request(&self) {
        self.processor().irr.clear_bits(APC_REQUEST);
    }

    fn waits_for_a_program(&self, thread: Link<Kthread>) -> bool {
        let record = self.records.record(thread);
        record.state.get() == ThreadState::Waiting as u8 && record.wait_mode.get() == Ring::User as u8
    }

    fn is_empty(&self, head: Link<ListEntry>) -> bool {
        self.records.record(head).flink.get() == head
    }
}

/// The semaphore that `thread` waits for while it is suspended.
pub const fn suspend_semaphore(thread: Link<Kthread>) -> Link<Ksemaphore> {
    thread.offset(offset_of!(Kthread, suspend_semaphore) as u32)
}

/// The head of the list of calls of `thread` for `ring`.
pub(crate) const fn apc_list(thread: Link<Kthread>, ring: Ring) -> Link<ListEntry> {
    thread.offset(offset_of!(Kthread, apc_state) as u32 + ring as u32 * size_of::<ListEntry>() as u32)
}

const fn apc_entry(apc: Link<Kapc>) -> Link<ListEntry> {
    apc.offset(offset_of!(Kapc, apc_list_entry) as u32)
}

const fn apc_of(entry: Link<ListEntry>) -> Link<Kapc> {
    Link::new(entry.address() - offset_of!(Kapc, apc_list_entry) as u32)
}
