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

    /// The clock was set `later` by so many units of 100 ns: what was to come at a time of day comes sooner by that, now where that is past.
    #[doc(alias = "KeSetSystemTime")]
    pub fn shift_absolute_timers(&self, later: i64, now: u64) {
        /// A mark of those that have been moved already.
        const MOVED: u8 = 2;
        while let Some(timer) = self.timers().find(|timer| self.records.record(*timer).header.absolute.get() == 1) {
            let record = self.records.record(timer);
            self.remove_timer(timer);
            record.header.absolute.set(MOVED);
            self.insert_timer(timer, record.due_time.get().saturating_add_signed(later.saturating_neg()).max(now));
        }
        for timer in self.timers() {
            let absolute = &self.records.record(timer).header.absolute;
            absolute.set(absolute.get().min(1));
        }
        self.request();
    }

    /// The timers that are set, in the order in which they come.
    fn timers(&self) -> impl Iterator<Item = Link<Ktimer>> {
        let head = self.timer_list();
        let next = move |entry: Link<ListEntry>| {
            let next = self.records.record(entry).flink.get();
            (next != head).then_some(next)
        };
        core::iter::successors(next(head), move |entry| next(*entry)).map(timer_of)
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
