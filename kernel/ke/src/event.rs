//! Events: set, reset and pulsed by hand. A notification event lets everyone through while it is set; a synchronization event
//! lets one thread through and is reset by that.
//!
//! Source: the semantics that Windows documents of SetEvent, ResetEvent and PulseEvent.

use abi::cell::Link;
use abi::nt::dispatcher::{Kevent, NOTIFICATION_EVENT, SYNCHRONIZATION_EVENT};
use mm::machine::Records;

use crate::dispatcher::Dispatcher;
use crate::thread::initialise_header;

/// How an event behaves; the number is in its header.
#[doc(alias = "EVENT_TYPE")]
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Stays set until it is reset.
    Notification = NOTIFICATION_EVENT,
    /// Reset by the thread it lets through.
    Synchronization = SYNCHRONIZATION_EVENT,
}

/// What waking a thread by an event, semaphore or mutant adds to its priority.
#[doc(alias = "EVENT_INCREMENT")]
#[doc(alias = "SEMAPHORE_INCREMENT")]
#[doc(alias = "MUTANT_INCREMENT")]
pub const WAKE_INCREMENT: u8 = 1;

/// Writes an event; `set` is 0 or 1.
#[doc(alias = "KeInitializeEvent")]
pub fn initialise_event(records: &impl Records, event: Link<Kevent>, kind: EventKind, set: u32) {
    initialise_header(records, event.cast(), kind as u8, size_of::<Kevent>());
    records.record(event).header.signal_state.set(set);
}

impl<R: Records> Dispatcher<'_, R> {
    /// Sets an event; what it was before.
    #[doc(alias = "KeSetEvent")]
    #[inline]
    pub fn set_event(&self, event: Link<Kevent>, increment: u8) -> u32 {
        let state = &self.records.record(event).header.signal_state;
        let before = state.get();
        state.set(1);
        if before == 0 && self.has_waits(event.cast()) {
            self.wait_test(event.cast(), increment);
        }
        before
    }

    /// Resets an event; what it was before.
    #[doc(alias = "KeResetEvent")]
    #[doc(alias = "KeClearEvent")]
    pub fn reset_event(&self, event: Link<Kevent>) -> u32 {
        let state = &self.records.record(event).header.signal_state;
        let before = state.get();
        state.set(0);
        before
    }

    /// Lets through who waits for an event now, and leaves it reset; what it was before.
    #[doc(alias = "KePulseEvent")]
    pub fn pulse_event(&self, event: Link<Kevent>, increment: u8) -> u32 {
        let before = self.set_event(event, increment);
        self.reset_event(event);
        before
    }
}
