//! Who runs: ready lists by priority, the running thread's turn, and the decision who is next.
//!
//! Of all threads that could run, one of the highest priority does, and those of one priority take turns of a quantum each.
//! A thread that becomes ready with a higher priority than the running one is put on standby and a switch is requested; the
//! switch happens on the way back to ring 3, in a wait, or when a thread of the kernel asks. The thread it takes the
//! processor from keeps the rest of its turn. Nothing is taken from a thread that runs in ring 0.
//!
//! * **D1** A ready list holds threads in state Ready of its priority, and the summary has a bit for each that is not empty.
//! * **D2** No ready thread is above the standby thread or, without one, above the running thread; while the idle thread runs
//!   without a standby thread, none is ready.
//! * **D3** The list of waiting threads holds those in state Waiting; timers are in the order of their due times, and each
//!   belongs to a waiting thread or is an object.
//! * **D4** Interrupts change only words of which the dispatcher can miss no change: counters that the clock alone adds to,
//!   the running thread's quantum, the bits of the lines, and the request bit, which [`Dispatcher::dispatch`] clears before it looks at anything.
//!
//! Source: XP's scheduling as Russinovich and Solomon describe it ("Microsoft Windows Internals", 4th edition, chapter 6).

use core::mem::offset_of;

use abi::cell::{Field, Link, Record};
use abi::nt::dispatcher::DispatcherHeader;
use abi::nt::list::ListEntry;
use abi::nt::process::Kprocess;
use abi::nt::thread::Kthread;
use abi::processor::{DISPATCH_REQUEST, Kpcr, Kprcb};
use mm::list;
use mm::machine::Records;

use crate::event::WAKE_INCREMENT;
use crate::thread::ThreadState;

/// Priorities there are: 0 to 31.
pub const PRIORITIES: u32 = 32;

/// The lists of the dispatcher.
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "see each alias")]
pub struct DispatcherDatabase {
    #[doc(alias = "KiDispatcherReadyListHead")]
    pub ready: [ListEntry; PRIORITIES as usize],
    #[doc(alias = "KiWaitInListHead")]
    pub waiting: ListEntry,
    #[doc(alias = "KiTimerTableListHead")]
    pub timers: ListEntry,
    #[doc(alias = "KiReadySummary")]
    pub ready_summary: Field<u32>,
    /// Timers on the list, for the clock interrupt.
    pub timer_count: Field<u32>,
    /// Lines on which devices have interrupted since the dispatcher last looked, a bit each.
    pub interrupts: Field<u32>,
}
impl Record for DispatcherDatabase {}

/// Where in a ready list a thread goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It was interrupted in its turn.
    Front,
    /// Its turn is over, or it has just become ready.
    Back,
}

/// A switch to be made: the states of both threads have changed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the decision has been made; the processor must follow it"]
pub struct Switch {
    /// The thread that ran.
    pub from: Link<Kthread>,
    /// The thread that runs now.
    pub to: Link<Kthread>,
}

/// Carries decisions out.
pub trait ContextSwitch {
    /// Lets `to` run on, in its own address space; returns when somebody switches back to `from`.
    fn switch(&self, from: Link<Kthread>, to: Link<Kthread>);
    /// Sleeps until an interrupt, unless one has requested something already (`Kpcr::irr` is not 0): no interrupt may come
    /// between the look and the sleep.
    fn idle(&self);
}

/// The scheduler of one processor.
pub struct Dispatcher<'m, R> {
    pub(crate) records: &'m R,
    pub(crate) database: &'m DispatcherDatabase,
    link: Link<DispatcherDatabase>,
    processor: &'m Kpcr,
}

impl<'m, R: Records> Dispatcher<'m, R> {
    /// Starts scheduling on the processor whose control region is at `processor`, with empty lists at `database` (zeroed
    /// memory). The caller runs as the thread `idle`.
    #[doc(alias = "KiInitializeKernel")]
    pub fn new(records: &'m R, database: Link<DispatcherDatabase>, processor: Link<Kpcr>, idle: Link<Kthread>) -> Self {
        let this =
            Self { records, database: records.record(database), link: database, processor: records.record(processor) };
        (0..PRIORITIES).for_each(|priority| list::initialise(records, this.ready_list(priority)));
        list::initialise(records, this.waiting_list());
        list::initialise(records, this.timer_list());
        this.block().idle_thread.set(idle.address());
        this.block().current_thread.set(idle.address());
        this.block().next_thread.set(0);
        records.record(idle).state.set(ThreadState::Running as u8);
        this
    }

    /// The running thread.
    #[doc(alias = "KeGetCurrentThread")]
    #[inline(always)]
    pub fn current(&self) -> Link<Kthread> {
        Link::new(self.block().current_thread.get())
    }

    /// The idle thread.
    pub fn idle_thread(&self) -> Link<Kthread> {
        Link::new(self.block().idle_thread.get())
    }

    /// The thread chosen to run next, where there is one.
    pub fn standby(&self) -> Option<Link<Kthread>> {
        Link::new(self.block().next_thread.get()).some()
    }

    /// The process whose address space the running thread is in.
    #[inline(always)]
    pub fn current_process(&self) -> Link<Kprocess> {
        self.records.record(self.current()).apc_state.process.get()
    }

    /// Makes `thread`, which neither runs nor is ready, ready to run.
    #[doc(alias = "KiReadyThread")]
    pub fn ready(&self, thread: Link<Kthread>) {
        let priority = self.records.record(thread).priority.get();
        let standby = self.standby();
        let rival = standby.unwrap_or_else(|| self.current());
        if rival != self.idle_thread() && priority <= self.records.record(rival).priority.get() {
            return self.enqueue(thread, End::Back);
        }
        if let Some(displaced) = standby {
            self.enqueue(displaced, End::Front);
        }
        self.put_on_standby(thread);
        self.request();
    }

    /// Does what was requested: ends waits whose time `now` (interrupt time, in units of 100 ns) has come, ends the running
    /// thread's turn if it is over, and decides whether another thread is to run.
    #[doc(alias = "KiDispatchInterrupt")]
    #[inline]
    pub fn dispatch(&self, now: u64) -> Option<Switch> {
        self.processor.irr.clear_bits(DISPATCH_REQUEST);
        self.wake_interrupted();
        self.expire_timers(now);
        let end = self.end_of_turn();
        let standby = self.standby()?;
        let from = self.current();
        if from == self.idle_thread() {
            self.records.record(from).state.set(ThreadState::Ready as u8);
        } else {
            self.enqueue(from, end);
        }
        Some(self.run(from, standby))
    }

    /// Gives the rest of the running thread's turn to another of the same priority; `None` where there is none.
    #[doc(alias = "NtYieldExecution")]
    pub fn yield_turn(&self) -> Option<Switch> {
        self.block().quantum_end.set(1);
        let end = self.end_of_turn();
        let standby = self.standby()?;
        let from = self.current();
        self.enqueue(from, end);
        Some(self.run(from, standby))
    }

    /// Ends the running thread: it leaves its `_KPROCESS` and never runs again, and who waits for it goes on.
    #[doc(alias = "KeTerminateThread")]
    pub fn terminate(&self) -> Switch {
        let thread = self.current();
        debug_assert!(thread != self.idle_thread(), "the idle thread never ends");
        let record = self.records.record(thread);
        self.abandon_mutants(WAKE_INCREMENT);
        record.state.set(ThreadState::Terminated as u8);
        list::remove(self.records, thread.offset(offset_of!(Kthread, thread_list_entry) as u32));
        self.signal(thread.cast());
        self.leave()
    }

    /// Signals `object`, a process or a thread, for good: it has ended.
    pub fn signal(&self, object: Link<DispatcherHeader>) {
        self.records.record(object).signal_state.set(1);
        self.wait_test(object, 0);
    }

    /// The idle thread's work, once: runs what is ready, else sleeps. `now` tells the interrupt time.
    #[doc(alias = "KiIdleLoop")]
    pub fn idle_once(&self, processor: &impl ContextSwitch, now: impl FnOnce() -> u64) {
        match self.dispatch(now()) {
            Some(Switch { from, to }) => processor.switch(from, to),
            None => processor.idle(),
        }
    }

    /// The running thread has left Running: someone else goes on.
    pub(crate) fn leave(&self) -> Switch {
        let next = self.standby().or_else(|| self.take_ready(0)).unwrap_or_else(|| self.idle_thread());
        self.run(self.current(), next)
    }

    fn run(&self, from: Link<Kthread>, to: Link<Kthread>) -> Switch {
        let record = self.records.record(to);
        record.state.set(ThreadState::Running as u8);
        record.context_switches.update(|count| count.wrapping_add(1));
        let apcs = &record.apc_state;
        if apcs.kernel_apc_pending.get() | apcs.user_apc_pending.get() != 0 {
            self.request_apcs();
        }
        let block = self.block();
        block.next_thread.set(0);
        block.quantum_end.set(0);
        block.context_switches.update(|count| count.wrapping_add(1));
        block.current_thread.set(to.address());
        Switch { from, to }
    }

    /// If the running thread's turn is over it gets a new one, and the next of its priority is put on standby. Where the
    /// thread is to go if it has to leave the processor.
    #[doc(alias = "KiQuantumEnd")]
    #[inline(always)]
    fn end_of_turn(&self) -> End {
        let thread = self.current();
        if self.block().quantum_end.get() == 0 || thread == self.idle_thread() {
            return End::Front;
        }
        self.block().quantum_end.set(0);
        let record = self.records.record(thread);
        record.quantum.set(self.whole_turn(thread));
        record.priority.set(self.decayed(thread));
        if self.standby().is_none()
            && let Some(next) = self.take_ready(u32::from(record.priority.get()))
        {
            self.put_on_standby(next);
        }
        End::Back
    }

    /// Takes the ready `thread` off its list.
    pub(crate) fn dequeue(&self, thread: Link<Kthread>) {
        let priority = u32::from(self.records.record(thread).priority.get());
        list::remove(self.records, wait_entry(thread));
        let head = self.ready_list(priority);
        if self.records.record(head).flink.get() == head {
            self.database.ready_summary.update(|summary| summary & !(1 << priority));
        }
    }

    /// Decides anew who is to run next, as the priority of the running thread or of the one on standby has changed.
    pub(crate) fn choose_again(&self) {
        if let Some(standby) = self.standby() {
            self.block().next_thread.set(0);
            self.enqueue(standby, End::Front);
        }
        let current = self.current();
        let lowest =
            if current == self.idle_thread() { 0 } else { u32::from(self.records.record(current).priority.get()) + 1 };
        if let Some(better) = self.take_ready(lowest) {
            self.put_on_standby(better);
            self.request();
        }
    }

    fn put_on_standby(&self, thread: Link<Kthread>) {
        self.records.record(thread).state.set(ThreadState::Standby as u8);
        self.block().next_thread.set(thread.address());
    }

    /// Asks for [`Self::dispatch`] at the next opportunity.
    pub fn request(&self) {
        self.processor.irr.set_bits(DISPATCH_REQUEST);
    }

    /// Whether [`Self::dispatch`] has something to do: what a long loop in ring 0 asks between its steps.
    #[inline(always)]
    pub fn is_requested(&self) -> bool {
        self.processor.irr.get() & DISPATCH_REQUEST != 0
    }

    #[inline(always)]
    fn enqueue(&self, thread: Link<Kthread>, end: End) {
        let record = self.records.record(thread);
        record.state.set(ThreadState::Ready as u8);
        let priority = u32::from(record.priority.get());
        let head = self.ready_list(priority);
        // The thread goes in front of this entry: in front of the head is the back.
        let next = match end {
            End::Front => self.records.record(head).flink.get(),
            End::Back => head,
        };
        list::insert_tail(self.records, next, wait_entry(thread));
        self.database.ready_summary.update(|summary| summary | 1 << priority);
    }

    /// Takes the first thread of the highest priority, at least `lowest`, off its ready list.
    #[doc(alias = "KiFindReadyThread")]
    #[inline]
    fn take_ready(&self, lowest: u32) -> Option<Link<Kthread>> {
        let priority = self.database.ready_summary.get().checked_ilog2().filter(|priority| *priority >= lowest)?;
        let head = self.ready_list(priority);
        let first = self.records.record(head).flink.get();
        list::remove(self.records, first);
        if self.records.record(head).flink.get() == head {
            self.database.ready_summary.update(|summary| summary & !(1 << priority));
        }
        Some(thread_of(first))
    }

    pub(crate) fn ready_list(&self, priority: u32) -> Link<ListEntry> {
        self.link.offset(priority * size_of::<ListEntry>() as u32)
    }

    pub(crate) fn waiting_list(&self) -> Link<ListEntry> {
        self.link.offset(offset_of!(DispatcherDatabase, waiting) as u32)
    }

    pub(crate) fn timer_list(&self) -> Link<ListEntry> {
        self.link.offset(offset_of!(DispatcherDatabase, timers) as u32)
    }

    #[inline(always)]
    pub(crate) fn processor(&self) -> &'m Kpcr {
        self.processor
    }

    #[inline(always)]
    pub(crate) fn block(&self) -> &'m Kprcb {
        &self.processor.prcb_data
    }
}

/// A thread's place on a ready list or on the list of waiting threads.
pub(crate) const fn wait_entry(thread: Link<Kthread>) -> Link<ListEntry> {
    thread.offset(offset_of!(Kthread, wait_list_entry) as u32)
}

/// The thread whose place is `entry`.
pub(crate) const fn thread_of(entry: Link<ListEntry>) -> Link<Kthread> {
    Link::new(entry.address() - offset_of!(Kthread, wait_list_entry) as u32)
}

#[cfg(test)]
mod tests;
