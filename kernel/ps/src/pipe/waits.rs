//! Who waits for a pipe: the events of its queues (B1).

use abi::cell::Link;
use abi::nt::dispatcher::{DispatcherHeader, Kevent};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use core::mem::offset_of;
use ke::{Alertable, Ring, WAKE_INCREMENT, WaitKind, WaitReason, WaitTerms};

use super::{Pipe, PipeEnd, PipeState, Queue, Way, queue_of};
use crate::executive::Executive;
use crate::platform::Platform;
use crate::wait::Waited;

impl<P: Platform> Executive<P> {
    pub(super) fn queue_events(&self, pipe: Link<Pipe>, index: usize) -> [Link<Kevent>; 2] {
        let queue = offset_of!(Pipe, queues) + index * size_of::<Queue>();
        Queue::EVENTS.map(|event| pipe.offset((queue + event) as u32))
    }

    /// Makes all events say what is true (B1).
    pub(crate) fn settle_pipe(&self, end: PipeEnd) {
        self.settle_events(end.pipe);
    }

    pub(super) fn settle_events(&self, pipe: Link<Pipe>) {
        for (index, busy) in self.machine_record(pipe).busy().into_iter().enumerate() {
            for (event, set) in self.queue_events(pipe, index).into_iter().zip(busy) {
                if set {
                    self.dispatcher.set_event(event, WAKE_INCREMENT);
                } else {
                    self.dispatcher.reset_event(event);
                }
            }
        }
    }

    /// Waits until the other end has read all that was written.
    ///
    /// # Errors
    /// PIPE_BROKEN where nobody will, PROCESS_IS_TERMINATING.
    pub(crate) fn flush_pipe(&self, end: PipeEnd) -> Result<(), NtStatus> {
        while !self.queue(end, Way::Out).is_empty() {
            if self.pipe_state(end)? != PipeState::Connected {
                return Err(NtStatus::PIPE_BROKEN);
            }
            if self.is_told_to_end() {
                return Err(NtStatus::PROCESS_IS_TERMINATING);
            }
            self.sleep(1);
        }
        Ok(())
    }

    /// Waits until something may have changed for `end`, an end of `file`, which reads or writes.
    ///
    /// # Errors
    /// PROCESS_IS_TERMINATING where the thread is to end.
    pub(crate) fn wait_for_pipe(&self, file: Link<FileObject>, end: PipeEnd, way: Way) -> Result<(), NtStatus> {
        let header: Link<DispatcherHeader> =
            self.queue_events(end.pipe, queue_of(end, way))[usize::from(way == Way::Out)].cast();
        let terms =
            WaitTerms { reason: WaitReason::Executive, mode: Ring::User, alertable: Alertable::No, deadline: None };
        let waited = Waited { headers: &[header], bodies: &[file.cast()] };
        match self.wait_for_objects(waited, WaitKind::Any, &terms) {
            NtStatus::SUCCESS => Ok(()),
            _ if self.is_told_to_end() => Err(NtStatus::PROCESS_IS_TERMINATING),
            status if status.is_error() => Err(status),
            _ => Ok(()),
        }
    }
}
