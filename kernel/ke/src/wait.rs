//! Waiting: a thread leaves the processor until somebody wakes it, or until a time has come.
//!
//! What a thread waits for is named by an address: the header of the process whose end it waits for, the record of a frame
//! that is being read. Whoever changes what is there wakes that address. A thread looks before it waits, and as nothing is
//! taken from a thread in ring 0 no wake-up is lost between the look and the wait.
//!
//! Source: `_KTHREAD`'s wait fields and `_KTIMER` of XP SP3; the reasons are NT's `KWAIT_REASON`.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::thread::{Kthread, Ktimer};
use abi::status::NtStatus;
use mm::list;
use mm::machine::Records;

use crate::dispatcher::{Dispatcher, Switch, thread_of, wait_entry};
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
    /// An object, for a program.
    UserRequest = 6,
}

/// The word of a wait block that names what is waited for.
const WAIT_BLOCK_OBJECT: usize = 3;

impl<R: Records> Dispatcher<'_, R> {
    /// The running thread waits for `address` to be woken, at most until the interrupt time `deadline` (units of 100 ns).
    /// Address 0 is never woken. When the switch has been made and has come back, [`Self::wait_result`] tells how it ended.
    #[doc(alias = "KeWaitForSingleObject")]
    #[doc(alias = "KeDelayExecutionThread")]
    pub fn wait(&self, reason: WaitReason, address: u32, deadline: Option<u64>) -> Switch {
        let thread = self.current();
        debug_assert!(thread != self.idle_thread(), "the idle thread has nobody to leave the processor to");
        let record = self.records.record(thread);
        record.state.set(ThreadState::Waiting as u8);
        record.wait_reason.set(reason as u8);
        record.wait_blocks[0][WAIT_BLOCK_OBJECT].set(address);
        list::insert_tail(self.records, self.waiting_list(), wait_entry(thread));
        if let Some(deadline) = deadline {
            self.start_timer(thread, deadline);
        }
        self.leave()
    }

    /// How the running thread's last wait ended: SUCCESS, or TIMEOUT where its deadline came first.
    pub fn wait_result(&self) -> NtStatus {
        NtStatus(self.records.record(self.current()).wait_status.get())
    }

    /// Wakes all threads that wait for `address`; how many there were.
    #[doc(alias = "KiWaitTest")]
    pub fn wake(&self, address: u32) -> u32 {
        let head = self.waiting_list();
        let mut woken = 0;
        let mut entry = self.records.record(head).flink.get();
        while entry != head {
            let thread = thread_of(entry);
            entry = self.records.record(entry).flink.get();
            let record = self.records.record(thread);
            if address != 0 && record.wait_blocks[0][WAIT_BLOCK_OBJECT].get() == address {
                self.end_wait(thread, NtStatus::SUCCESS);
                woken += 1;
            }
        }
        woken
    }

    /// Ends the waits whose deadline is not after `now`.
    #[doc(alias = "KiTimerExpiration")]
    pub(crate) fn expire_timers(&self, now: u64) {
        let head = self.timer_list();
        loop {
            let first = self.records.record(head).flink.get();
            if first == head || self.records.record(timer_of(first)).due_time.get() > now {
                return;
            }
            self.end_wait(owner_of(first), NtStatus::TIMEOUT);
        }
    }

    #[doc(alias = "KiUnwaitThread")]
    fn end_wait(&self, thread: Link<Kthread>, status: NtStatus) {
        let record = self.records.record(thread);
        list::remove(self.records, wait_entry(thread));
        record.wait_blocks[0][WAIT_BLOCK_OBJECT].set(0);
        record.wait_status.set(status.0);
        self.stop_timer(thread);
        self.ready(thread);
    }

    /// Puts the timer of `thread` where its due time belongs.
    #[doc(alias = "KiInsertTreeTimer")]
    fn start_timer(&self, thread: Link<Kthread>, due: u64) {
        let timer = &self.records.record(thread).timer;
        timer.due_time.set(due);
        timer.header.inserted.set(1);
        let later = list::entries(self.records, self.timer_list())
            .find(|entry| self.records.record(timer_of(*entry)).due_time.get() > due)
            .unwrap_or_else(|| self.timer_list());
        // In front of the first that is due later.
        list::insert_tail(self.records, later, timer_entry(thread));
        self.database.timer_count.update(|count| count + 1);
    }

    fn stop_timer(&self, thread: Link<Kthread>) {
        let timer = &self.records.record(thread).timer;
        if timer.header.inserted.get() == 0 {
            return;
        }
        timer.header.inserted.set(0);
        list::remove(self.records, timer_entry(thread));
        self.database.timer_count.update(|count| count - 1);
    }
}

const fn timer_entry(thread: Link<Kthread>) -> Link<ListEntry> {
    thread.offset((offset_of!(Kthread, timer) + offset_of!(Ktimer, timer_list_entry)) as u32)
}

/// The timer whose place on the list is `entry`.
pub(crate) const fn timer_of(entry: Link<ListEntry>) -> Link<Ktimer> {
    Link::new(entry.address() - offset_of!(Ktimer, timer_list_entry) as u32)
}

/// The thread whose timer's place is `entry`.
pub(crate) const fn owner_of(entry: Link<ListEntry>) -> Link<Kthread> {
    Link::new(timer_of(entry).address() - offset_of!(Kthread, timer) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_system::TestSystem;

    #[test]
    fn a_wait_ends_when_its_address_is_woken() {
        let system = TestSystem::new();
        let [a, b] = [system.started(8), system.started(8)];
        let dispatcher = &system.dispatcher;
        assert_eq!(dispatcher.dispatch(0).unwrap().to, a);
        assert_eq!(dispatcher.wait(WaitReason::PageIn, 0x8100_0000, None).to, b);
        assert_eq!(dispatcher.wake(0x8100_001C), 0);
        assert_eq!(dispatcher.wake(0x8100_0000), 1);
        assert_eq!(dispatcher.wait(WaitReason::PageIn, 0x8100_0000, None).to, a);
        assert_eq!(dispatcher.wait_result(), NtStatus::SUCCESS);
        dispatcher.verify().unwrap();
    }

    #[test]
    fn waits_end_in_the_order_of_their_deadlines() {
        let system = TestSystem::new();
        let threads = [system.started(8), system.started(8), system.started(8)];
        let dispatcher = &system.dispatcher;
        let _ = dispatcher.dispatch(0).unwrap();
        for due in [300, 100, 200] {
            let _ = dispatcher.wait(WaitReason::DelayExecution, 0, Some(due));
        }
        dispatcher.verify().unwrap();
        assert_eq!(dispatcher.current(), system.idle);
        assert_eq!(dispatcher.dispatch(99), None);
        assert_eq!(dispatcher.dispatch(100).unwrap().to, threads[1]);
        assert_eq!(dispatcher.wait_result(), NtStatus::TIMEOUT);
        assert_eq!(dispatcher.dispatch(1000), None, "the others are ready behind the one that runs");
        let _ = dispatcher.terminate();
        assert_eq!(dispatcher.current(), threads[2]);
        let _ = dispatcher.terminate();
        assert_eq!(dispatcher.current(), threads[0]);
    }

    #[test]
    fn a_wake_before_the_deadline_stops_the_timer() {
        let system = TestSystem::new();
        let thread = system.started(8);
        let dispatcher = &system.dispatcher;
        let _ = dispatcher.dispatch(0).unwrap();
        let _ = dispatcher.wait(WaitReason::UserRequest, 0xA000_0000, Some(500));
        assert_eq!(dispatcher.wake(0xA000_0000), 1);
        assert_eq!(dispatcher.dispatch(600).unwrap().to, thread);
        assert_eq!(dispatcher.wait_result(), NtStatus::SUCCESS);
        assert_eq!(dispatcher.database.timer_count.get(), 0);
    }

    #[test]
    fn the_end_of_a_thread_wakes_who_waits_for_it() {
        let system = TestSystem::new();
        let [a, b] = [system.started(8), system.started(8)];
        let dispatcher = &system.dispatcher;
        let _ = dispatcher.dispatch(0).unwrap();
        assert_eq!(dispatcher.wait(WaitReason::UserRequest, b.address(), None).to, b);
        assert_eq!(dispatcher.terminate().to, a);
        assert_eq!(dispatcher.wait_result(), NtStatus::SUCCESS);
        assert_eq!(system.records().record(b).header.signal_state.get(), 1);
    }
}
