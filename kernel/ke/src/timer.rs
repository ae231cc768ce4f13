//! Timers of waits: one in each thread, all in one list in the order of their due times.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::thread::{Kthread, Ktimer};
use abi::status::NtStatus;
use mm::list;
use mm::machine::Records;

use crate::dispatcher::Dispatcher;

impl<R: Records> Dispatcher<'_, R> {
    /// Ends the waits whose deadline is not after `now`.
    #[doc(alias = "KiTimerExpiration")]
    pub(crate) fn expire_timers(&self, now: u64) {
        let head = self.timer_list();
        loop {
            let first = self.records.record(head).flink.get();
            if first == head || self.records.record(timer_of(first)).due_time.get() > now {
                return;
            }
            self.end_wait(owner_of(first), NtStatus::TIMEOUT, 0);
        }
    }

    /// Puts the timer of `thread` where its due time belongs.
    #[doc(alias = "KiInsertTreeTimer")]
    pub(crate) fn start_timer(&self, thread: Link<Kthread>, due: u64) {
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

    pub(crate) fn stop_timer(&self, thread: Link<Kthread>) {
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
