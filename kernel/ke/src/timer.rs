//! Timers: those of waits, one in each thread, and those that are objects; all in one list in the order of their due times.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::thread::{Kthread, Ktimer};
use abi::status::NtStatus;
use mm::list;
use mm::machine::Records;

use crate::dispatcher::Dispatcher;

impl<R: Records> Dispatcher<'_, R> {
    /// Ends the waits whose deadline is not after `now`, and does what timers are to do that were set for then.
    #[doc(alias = "KiTimerExpiration")]
    pub(crate) fn expire_timers(&self, now: u64) {
        let head = self.timer_list();
        loop {
            let first = self.records.record(head).flink.get();
            if first == head || self.records.record(timer_of(first)).due_time.get() > now {
                return;
            }
            match self.timer_object(timer_of(first)) {
                Some(timer) => self.timer_comes(timer, now),
                None => self.end_wait(owner_of(first), NtStatus::TIMEOUT, 0),
            }
        }
    }

    /// Starts the timer of `thread`.
    pub(crate) fn start_timer(&self, thread: Link<Kthread>, due: u64) {
        self.insert_timer(own_timer(thread), due);
    }

    pub(crate) fn stop_timer(&self, thread: Link<Kthread>) {
        self.remove_timer(own_timer(thread));
    }

    /// Puts `timer`, which is not on the list, where its due time belongs.
    #[doc(alias = "KiInsertTreeTimer")]
    pub(crate) fn insert_timer(&self, timer: Link<Ktimer>, due: u64) {
        let record = self.records.record(timer);
        record.due_time.set(due);
        record.header.inserted.set(1);
        // Behind the last that is not due later, looked for from the end: what comes again and again mostly belongs there.
        let mut before = self.records.record(self.timer_list()).blink.get();
        while before != self.timer_list() && self.records.record(timer_of(before)).due_time.get() > due {
            before = self.records.record(before).blink.get();
        }
        let next = self.records.record(before).flink.get();
        list::insert_tail(self.records, next, timer_entry(timer));
        self.database.timer_count.update(|count| count + 1);
    }

    /// Takes `timer` off the list; whether it was there.
    pub(crate) fn remove_timer(&self, timer: Link<Ktimer>) -> bool {
        let inserted = &self.records.record(timer).header.inserted;
        if inserted.get() == 0 {
            return false;
        }
        inserted.set(0);
        list::remove(self.records, timer_entry(timer));
        self.database.timer_count.update(|count| count - 1);
        true
    }
}

const fn own_timer(thread: Link<Kthread>) -> Link<Ktimer> {
    thread.offset(offset_of!(Kthread, timer) as u32)
}

const fn timer_entry(timer: Link<Ktimer>) -> Link<ListEntry> {
    timer.offset(offset_of!(Ktimer, timer_list_entry) as u32)
}

/// The timer whose place on the list is `entry`.
pub(crate) const fn timer_of(entry: Link<ListEntry>) -> Link<Ktimer> {
    Link::new(entry.address() - offset_of!(Ktimer, timer_list_entry) as u32)
}

/// The thread whose timer's place is `entry`.
pub(crate) const fn owner_of(entry: Link<ListEntry>) -> Link<Kthread> {
    Link::new(timer_of(entry).address() - offset_of!(Kthread, timer) as u32)
}
