//! Completion ports, as services.
//!
//! Files are not tied to ports here: the library knows which port a file tells.
//!
//! Source: documented behaviour of the functions that use these services.

use abi::access::{IO_COMPLETION_MODIFY_STATE, IO_COMPLETION_QUERY_STATE};
use abi::cell::Link;
use abi::nt::dispatcher::Kqueue;
use abi::status::NtStatus;
use ke::{Alertable, Ring, WaitKind, WaitReason, WaitTerms, initialise_queue};
use ob::Handle;

use crate::executive::Executive;
use crate::io_completion::Completed;
use crate::platform::Platform;
use crate::wait::Waited;

impl<P: Platform> Executive<P> {
    #[inline(never)]
    pub(super) fn create_io_completion(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, threads] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        self.create_object(access, attributes_at, handle_at, |port: Link<Kqueue>| {
            // Without a number it is as many as there are processors: one.
            initialise_queue(self.platform(), port, threads.max(1));
            Ok(())
        })
    }

    /// How much is in a port.
    #[inline(never)]
    pub(super) fn query_io_completion(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if class != 0 {
            return Err(NtStatus::INVALID_INFO_CLASS);
        }
        if length != 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_word(buffer)?;
        self.probe_optional(returned_at)?;
        let port: Link<Kqueue> = self.current_handles().get(Handle(handle), IO_COMPLETION_QUERY_STATE)?;
        self.write_word(buffer, self.machine_record(port).header.signal_state.get())?;
        self.write_optional(returned_at, 4)?;
        Ok(NtStatus::SUCCESS)
    }

    #[inline(never)]
    pub(super) fn set_io_completion(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, key, context, status, information] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let port: Link<Kqueue> = self.current_handles().get(Handle(handle), IO_COMPLETION_MODIFY_STATE)?;
        self.post(port, Completed { key, context, status, information })?;
        Ok(NtStatus::SUCCESS)
    }

    /// Waits until something is in a port, and takes it out.
    #[inline(never)]
    pub(super) fn remove_io_completion(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, key_at, context_at, status_at, timeout_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        for at in [key_at, context_at, status_at] {
            self.probe_word(at)?;
        }
        let timeout = if timeout_at == 0 { None } else { Some(self.read_long(timeout_at)?) };
        let deadline = timeout.map(|timeout| self.interrupt_time_of(timeout));
        let port: Link<Kqueue> = self.current_handles().get(Handle(handle), IO_COMPLETION_MODIFY_STATE)?;
        let _held = self.hold(port);
        let terms = WaitTerms { reason: WaitReason::Queue, mode: Ring::User, alertable: Alertable::No, deadline };
        let waited = Waited { headers: &[port.cast()], bodies: &[port.cast()] };
        match self.wait_for_objects(waited, WaitKind::Any, &terms) {
            NtStatus::SUCCESS => {}
            status => return Ok(status),
        }
        let completed = self.take_packet(port).ok_or(NtStatus::UNSUCCESSFUL)?;
        self.write_word(key_at, completed.key)?;
        self.write_word(context_at, completed.context)?;
        self.write_status(status_at, NtStatus(completed.status), completed.information)?;
        Ok(NtStatus::SUCCESS)
    }
}
