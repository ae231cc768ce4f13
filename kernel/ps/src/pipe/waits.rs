//! Who waits for a pipe: the events of its queues (B1).

use abi::cell::Link;
use abi::nt::dispatcher::{DispatcherHeader, Kevent};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use core::mem::offset_of;
use io::open::file_flags;
use ke::{Alertable, Ring, WAKE_INCREMENT, WaitKind, WaitReason, WaitTerms};

use super::{Pipe, PipeEnd, PipeState, Queue, Way, queue_of};
use crate::executive::Executive;
use crate::job::TICK;
use crate::platform::Platform;
use crate::wait::Waited;

impl<P: Platform> Executive<P> {
    pub(super) fn queue_events(&self, pipe: Link<Pipe>, index: usize) -> [Link<Kevent>; 2] {
        let queue = offset_of!(Pipe, queues) + index * size_of::<Queue>();
        Queue::EVENTS.map(|event| pipe.offset((queue + event) as u32))
    }

    /// Something has been put in or taken out: `readable` says what is true (B1), and writers look.
    pub(crate) fn settle_pipe(&self, end: PipeEnd) {
        self.settle_events(end.pipe);
    }

    pub(super) fn settle_events(&self, pipe: Link<Pipe>) {
        for (index, set) in self.machine_record(pipe).readable().into_iter().enumerate() {
            let [readable, drained] = self.queue_events(pipe, index);
            if set {
                self.dispatcher.set_event(readable, WAKE_INCREMENT);
            } else {
                self.dispatcher.reset_event(readable);
            }
            self.dispatcher.set_event(drained, WAKE_INCREMENT);
        }
    }

    /// Waits until the other end has read all that was written.
    ///
    /// # Errors
    /// PIPE_BROKEN where nobody will, PROCESS_IS_TERMINATING, CANCELLED.
    pub(crate) fn flush_pipe(&self, file: Link<FileObject>, end: PipeEnd) -> Result<(), NtStatus> {
        while !self.queue(end, Way::Out).is_empty() {
            if self.pipe_state(end)? != PipeState::Connected {
                return Err(NtStatus::PIPE_BROKEN);
            }
            self.wait_until_drained(file, end)?;
        }
        Ok(())
    }

    /// Waits until something can be read by `end`, an end of `file`, or its state has changed.
    ///
    /// # Errors
    /// PROCESS_IS_TERMINATING where the thread is to end, CANCELLED.
    pub(crate) fn wait_until_readable(&self, file: Link<FileObject>, end: PipeEnd) -> Result<(), NtStatus> {
        let [readable, _] = self.queue_events(end.pipe, queue_of(end, Way::In));
        self.wait_for_pipe(file, &[readable.cast()], None)
    }

    /// Waits until somebody takes something out of what `end` writes into, or its state has changed. Whoever calls has just looked.
    ///
    /// # Errors
    /// PROCESS_IS_TERMINATING where the thread is to end, CANCELLED.
    pub(crate) fn wait_until_drained(&self, file: Link<FileObject>, end: PipeEnd) -> Result<(), NtStatus> {
        let [_, drained] = self.queue_events(end.pipe, queue_of(end, Way::Out));
        self.dispatcher.reset_event(drained);
        self.wait_for_pipe(file, &[drained.cast()], None)
    }

    /// Waits for a tick.
    ///
    /// # Errors
    /// PROCESS_IS_TERMINATING where the thread is to end, CANCELLED.
    pub(crate) fn nap_at_pipe(&self, file: Link<FileObject>) -> Result<(), NtStatus> {
        self.wait_for_pipe(file, &[], Some(self.platform().interrupt_time() + TICK))
    }

    /// Whoever waits at an end that was opened for overlapped work can be told to give up: by an alert.
    fn wait_for_pipe(
        &self,
        file: Link<FileObject>,
        headers: &[Link<DispatcherHeader>],
        deadline: Option<u64>,
    ) -> Result<(), NtStatus> {
        let waits = self.machine_record(file).flags.get() & file_flags::SYNCHRONOUS_IO != 0;
        let alertable = if waits { Alertable::No } else { Alertable::Yes };
        let mut terms = WaitTerms { reason: WaitReason::Executive, mode: Ring::User, alertable, deadline };
        loop {
            match self.wait_for_objects(Waited { headers, bodies: &[file.cast()] }, WaitKind::Any, &terms) {
                _ if self.is_told_to_end() => return Err(NtStatus::PROCESS_IS_TERMINATING),
                NtStatus::ALERTED => return Err(NtStatus::CANCELLED),
                // Calls of the program are for its own waits.
                NtStatus::USER_APC => (terms.mode, terms.alertable) = (Ring::Kernel, Alertable::No),
                status if status.is_error() => return Err(status),
                _ => return Ok(()),
            }
        }
    }
}
