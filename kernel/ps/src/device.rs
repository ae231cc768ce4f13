//! Waits for devices: for an interrupt, for one's turn at a device, for one's turn at the volume.
//!
//! While a thread waits here others run. So what it goes on with afterwards it must hold a reference to ([`Executive::hold`]),
//! and who changes what is open on the volume, or goes through its directories, locks it first.

use abi::cell::Link;
use abi::status::NtStatus;
use io::Volume;
use ke::{Turns, WaitReason};
use mm::section::ControlArea;

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

    /// Locks the volumes until the guard is dropped. A thread that has it must not lock it again, nor touch a program's
    /// memory: a page of that may have to come from one of them.
    #[doc(alias = "FatAcquireExclusiveVcb")]
    pub(crate) fn lock_volume(&self) -> TurnsLock<'_, P> {
        let lock = self.take_turn(&self.volume_turns);
        let time = self.platform().system_time();
        self.volumes.iter().for_each(|volume| volume.set_clock(time));
        lock
    }

    /// Until the guard is dropped nobody else writes pages of files, or changes how much of a file is valid. Who has the
    /// volume's lock may ask for this one, but not the other way round.
    pub(crate) fn lock_page_writes(&self) -> TurnsLock<'_, P> {
        self.take_turn(&self.page_turns)
    }

    fn take_turn<'a>(&'a self, turns: &'a Turns) -> TurnsLock<'a, P> {
        let ticket = turns.ticket();
        while !turns.is_due(ticket) {
            self.wait_for_address(token(turns));
        }
        TurnsLock { system: self, turns }
    }

    /// Does `work` with `volume` locked, and again for as long as it must wait for a page, or lacks a frame for the volume's own sectors: it has
    /// changed nothing where it says so. Not for the system's own threads, which others wait for to give them frames.
    pub(crate) fn with_volume<T>(
        &self,
        volume: &Volume<'static, P, P::Disk>,
        work: impl Fn(&Volume<'static, P, P::Disk>) -> Result<T, NtStatus>,
    ) -> Result<T, NtStatus> {
        let is_program = !self.is_system_thread(self.platform().current_thread());
        let (mut waited, refused) = (0, self.own_refusals());
        loop {
            let result = {
                let _lock = self.lock_volume();
                work(volume)
            };
            match result {
                Err(NtStatus::CANT_WAIT) => self.sleep(1),
                Err(NtStatus::INSUFFICIENT_RESOURCES) if is_program && self.await_lacking_frame(waited) => {
                    // What was refused is asked for again.
                    self.settle_refusals(refused);
                    waited += 1;
                }
                result => return result,
            }
        }
    }

    /// Keeps the object at `body` until the guard is dropped, whoever closes its handles meanwhile. The caller has a reference
    /// to it or has just looked it up.
    pub(crate) fn hold<T>(&self, body: Link<T>) -> Held<'_, P, T> {
        self.objects().reference(body);
        Held { system: self, body }
    }
}

impl<P: Platform> Executive<P> {
    /// Keeps the control area `area` of a file's data until the guard is dropped: what nobody uses may go while others run.
    pub(crate) fn hold_area(&self, area: Link<ControlArea>) -> HeldArea<'_, P> {
        self.mm().reference_section(area);
        HeldArea { system: self, area }
    }
}

/// A reference to a control area.
#[must_use = "dropping it gives the reference up"]
pub(crate) struct HeldArea<'a, P: Platform> {
    system: &'a Executive<P>,
    area: Link<ControlArea>,
}

impl<P: Platform> Drop for HeldArea<'_, P> {
    fn drop(&mut self) {
        self.system.give_up_section(self.area);
    }
}

/// What those who wait for their turn wait for: the address of the turns.
fn token(turns: &Turns) -> u32 {
    core::ptr::from_ref(turns) as usize as u32
}

/// A turn.
#[must_use = "dropping it lets the next one go on"]
pub(crate) struct TurnsLock<'a, P: Platform> {
    system: &'a Executive<P>,
    turns: &'a Turns,
}

impl<P: Platform> Drop for TurnsLock<'_, P> {
    fn drop(&mut self) {
        self.turns.pass();
        self.system.wake(token(self.turns));
    }
}

/// A reference to an object.
#[must_use = "dropping it gives the reference up"]
pub(crate) struct Held<'a, P: Platform, T> {
    system: &'a Executive<P>,
    body: Link<T>,
}

impl<P: Platform, T> Held<'_, P, T> {
    /// The object.
    pub(crate) fn body(&self) -> Link<T> {
        self.body
    }
}

impl<P: Platform, T> Drop for Held<'_, P, T> {
    fn drop(&mut self) {
        self.system.release(self.body);
    }
}
