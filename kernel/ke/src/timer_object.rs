//! Timers as objects: set for a time, once or again and again. A notification timer lets everyone through from then on until
//! it is set anew, a synchronization timer one thread each time. One that calls a thread does so each time as well, unless
//! the last call has not been made yet.
//!
//! * **T1** A timer object on the list of timers is marked as inserted, and only such a one.
//!
//! A timer of a thread has the kind 0 in its header, a timer object one of its own.
//!
//! Source: `_ETIMER` of XP SP3; the semantics that Windows documents of SetWaitableTimer.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::dispatcher::{Kapc, NOTIFICATION_TIMER, SYNCHRONIZATION_TIMER};
use abi::nt::thread::Ktimer;
use abi::nt::timer::Etimer;
use mm::machine::Records;

use crate::clock::UNITS_PER_MILLISECOND;
use crate::dispatcher::Dispatcher;
use crate::thread::initialise_header;

/// How a timer behaves; the number is in its header.
#[doc(alias = "TIMER_TYPE")]
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerKind {
    /// Stays signalled until it is set anew.
    Notification = NOTIFICATION_TIMER,
    /// Reset by the thread it lets through.
    Synchronization = SYNCHRONIZATION_TIMER,
}

/// Writes a timer that is not set.
#[doc(alias = "KeInitializeTimerEx")]
pub fn initialise_timer(records: &impl Records, timer: Link<Etimer>, kind: TimerKind) {
    initialise_header(records, timer.cast(), kind as u8, size_of::<Ktimer>());
}

/// The call of a timer.
pub const fn timer_call(timer: Link<Etimer>) -> Link<Kapc> {
    timer.offset(offset_of!(Etimer, timer_apc) as u32)
}

impl<R: Records> Dispatcher<'_, R> {
    /// Sets a timer, whatever it was set for before, to come at `due` and then every `period` milliseconds, or once where that
    /// is 0. What is due by `now` comes at once. Both are interrupt times in units of 100 ns.
    #[doc(alias = "KeSetTimerEx")]
    pub fn set_timer(&self, timer: Link<Etimer>, due: u64, period: u32, now: u64) {
        self.cancel_timer(timer);
        let record = self.records.record(timer);
        record.ke_timer.header.signal_state.set(0);
        record.period.set(period);
        record.ke_timer.period.set(period);
        if due <= now {
            self.timer_comes(timer, now);
        } else {
            self.insert_timer(timer.cast(), due);
        }
    }

    /// Whether a timer that is set comes at a time of day: where the clock is set it stays with that.
    pub fn mark_absolute(&self, timer: Link<Etimer>, is_absolute: bool) {
        self.records.record(timer).ke_timer.header.absolute.set(u8::from(is_absolute));
    }

    /// Makes a timer come no more; whether it was set. Its state stays.
    #[doc(alias = "KeCancelTimer")]
    pub fn cancel_timer(&self, timer: Link<Etimer>) -> bool {
        self.remove_timer(timer.cast())
    }

    /// The time has come: `now`, which the call is told.
    pub(crate) fn timer_comes(&self, timer: Link<Etimer>, now: u64) {
        self.remove_timer(timer.cast());
        let record = self.records.record(timer);
        record.ke_timer.header.signal_state.set(1);
        self.wait_test(timer.cast(), 0);
        let call = &record.timer_apc;
        if record.apc_associated.get() != 0 && call.inserted.get() == 0 {
            call.system_argument_1.set(now as u32);
            call.system_argument_2.set((now >> 32) as u32);
            // A thread that ends takes its timers with it; until then it merely hears nothing of them.
            let _ = self.queue_user_apc(timer_call(timer));
        }
        let period = u64::from(record.period.get()) * u64::from(UNITS_PER_MILLISECOND);
        if period != 0 {
            // What comes again counts from here on.
            self.mark_absolute(timer, false);
            self.insert_timer(timer.cast(), now.saturating_add(period));
        }
    }

    /// The timer object that `timer` is, unless it is a thread's.
    pub(crate) fn timer_object(&self, timer: Link<Ktimer>) -> Option<Link<Etimer>> {
        let kind = self.records.record(timer).header.kind.get();
        matches!(kind, NOTIFICATION_TIMER | SYNCHRONIZATION_TIMER).then(|| timer.cast())
    }
}

#[cfg(test)]
mod tests;
