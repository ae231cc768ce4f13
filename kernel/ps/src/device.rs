//! Waits for devices: for an interrupt, for one's turn at a device, for one's turn at the volume.
//!
//! While a thread waits here others run. So what it goes on with afterwards it must hold a reference to ([`Executive::hold`]),
//! and who changes what is open on the volume, or goes through its directories, locks it first.

use abi::cell::Link;
use ke::{Turns, WaitReason};

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    /// Whether the running thread can wait: the idle thread, which starts the system, has nobody to leave the processor to.
    pub fn can_wait(&self) -> bool {
        self.dispatcher.current() != self.dispatcher.idle_thread()
    }

    /// An interrupt of a device on `line` (0 to 15): whoever waits for it goes on at the dispatcher's next turn. For the interrupt
    /// handler: touches only atomics.
    pub fn device_interrupt(&self, line: u8) {
        self.dispatcher.note_interrupt(line);
    }

    /// Waits until a device has interrupted on `line`, or for a tick at most: it may have done so already.
    pub fn wait_for_interrupt(&self, line: u8) {
        self.wait_for(WaitReason::Executive, self.dispatcher.interrupt_address(line));
    }

    /// Waits until somebody calls [`Self::wake`] with `address`, or for a tick at most.
    pub fn wait_for_address(&self, address: u32) {
        self.wait_for(WaitReason::Executive, address);
    }

    /// Ends the waits for `address`.
    pub fn wake(&self, address: u32) {
        self.dispatcher.wake(address);
    }

    /// Locks the volume until the guard is dropped. A thread that has it must not lock it again, nor touch a program's
    /// memory: a page of that may have to come from the volume.
    #[doc(alias = "FatAcquireExclusiveVcb")]
    pub(crate) fn lock_volume(&self) -> VolumeLock<'_, P> {
        let ticket = self.volume_turns.ticket();
        while !self.volume_turns.is_due(ticket) {
            self.wait_for_address(volume_token(&self.volume_turns));
        }
        VolumeLock { system: self }
    }

    /// Keeps the object at `body` until the guard is dropped, whoever closes its handles meanwhile. The caller has a reference
    /// to it or has just looked it up.
    pub(crate) fn hold<T>(&self, body: Link<T>) -> Held<'_, P, T> {
        self.objects().reference(body);
        Held { system: self, body }
    }
}

/// What waits for the volume wait for: the address of its turns.
fn volume_token(turns: &Turns) -> u32 {
    core::ptr::from_ref(turns) as usize as u32
}

/// The use of the volume.
#[must_use = "dropping it unlocks the volume"]
pub(crate) struct VolumeLock<'a, P: Platform> {
    system: &'a Executive<P>,
}

impl<P: Platform> Drop for VolumeLock<'_, P> {
    fn drop(&mut self) {
        let turns = &self.system.volume_turns;
        turns.pass();
        self.system.wake(volume_token(turns));
    }
}

/// A reference to an object.
#[must_use = "dropping it gives the reference up"]
pub(crate) struct Held<'a, P: Platform, T> {
    system: &'a Executive<P>,
    body: Link<T>,
}

impl<P: Platform, T> Drop for Held<'_, P, T> {
    fn drop(&mut self) {
        self.system.release(self.body);
    }
}
