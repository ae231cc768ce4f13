//! The audit of the dispatcher.

use abi::cell::Link;
use abi::nt::dispatcher::{Kmutant, KwaitBlock};
use abi::nt::thread::Kthread;
use abi::nt::timer::Etimer;
use mm::list;
use mm::machine::Records;

use crate::dispatcher::{Dispatcher, PRIORITIES, thread_of};
use crate::thread::ThreadState;
use crate::timer::{owner_of, timer_of};

mod waits;

/// The first invariant of the dispatcher found broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DispatcherCorruption {
    /// A thread on a ready list it does not belong to.
    D1(Link<Kthread>),
    /// A ready list that the summary has wrong, by priority.
    D1Summary(u32),
    /// Ready threads of this priority are kept from running.
    D2(u32),
    /// A thread that waits but is not in state Waiting, or a timer out of order or without a wait.
    D3(Link<Kthread>),
    /// A timer object on the list out of order, or that is not marked as being there.
    T1(Link<Etimer>),
    /// A block in an object's list that does not belong there.
    W1(Link<KwaitBlock>),
    /// A thread whose ring of blocks is broken.
    W2(Link<Kthread>),
    /// A thread that waits for what it could have.
    W3(Link<Kthread>),
    /// A mutant that is not its owner's, or has the wrong state.
    M1(Link<Kmutant>),
    /// A thread with calls of the kernel that it has not been told of.
    A1(Link<Kthread>),
}

impl<R: Records> Dispatcher<'_, R> {
    /// Checks D1 to D3, T1, and W1 to W3, M1 and A1 of the threads that run, are ready or wait.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn verify(&self) -> Result<(), DispatcherCorruption> {
        (0..PRIORITIES).try_for_each(|priority| self.verify_ready_list(priority))?;
        self.verify_choice()?;
        self.verify_timers()?;
        self.verify_waits()
    }

    fn verify_ready_list(&self, priority: u32) -> Result<(), DispatcherCorruption> {
        let mut count = 0;
        for thread in list::entries(self.records, self.ready_list(priority)).map(thread_of) {
            let record = self.records.record(thread);
            let belongs =
                record.state.get() == ThreadState::Ready as u8 && u32::from(record.priority.get()) == priority;
            if !belongs || thread == self.idle_thread() {
                return Err(DispatcherCorruption::D1(thread));
            }
            count += 1;
        }
        let recorded = self.database.ready_summary.get() >> priority & 1 == 1;
        if recorded == (count > 0) { Ok(()) } else { Err(DispatcherCorruption::D1Summary(priority)) }
    }

    fn verify_choice(&self) -> Result<(), DispatcherCorruption> {
        let Some(highest) = self.database.ready_summary.get().checked_ilog2() else { return Ok(()) };
        let chosen = self.standby().unwrap_or_else(|| self.current());
        let priority = u32::from(self.records.record(chosen).priority.get());
        if chosen == self.idle_thread() || highest > priority {
            return Err(DispatcherCorruption::D2(highest));
        }
        Ok(())
    }

    fn verify_timers(&self) -> Result<(), DispatcherCorruption> {
        for thread in list::entries(self.records, self.waiting_list()).map(thread_of) {
            if self.records.record(thread).state.get() != ThreadState::Waiting as u8 {
                return Err(DispatcherCorruption::D3(thread));
            }
        }
        let (mut before, mut count) = (0, 0);
        for entry in list::entries(self.records, self.timer_list()) {
            let timer = self.records.record(timer_of(entry));
            let due = timer.due_time.get();
            if let Some(object) = self.timer_object(timer_of(entry)) {
                if due < before || timer.header.inserted.get() == 0 {
                    return Err(DispatcherCorruption::T1(object));
                }
                (before, count) = (due, count + 1);
                continue;
            }
            let waits = self.records.record(owner_of(entry)).state.get() == ThreadState::Waiting as u8;
            if due < before || !waits {
                return Err(DispatcherCorruption::D3(owner_of(entry)));
            }
            (before, count) = (due, count + 1);
        }
        if count == self.database.timer_count.get() { Ok(()) } else { Err(DispatcherCorruption::D3(Link::NULL)) }
    }
}
