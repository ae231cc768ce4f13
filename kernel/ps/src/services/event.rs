//! Events, as services.

use abi::access::{EVENT_MODIFY_STATE, EVENT_QUERY_STATE};
use abi::cell::Link;
use abi::nt::dispatcher::Kevent;
use abi::status::NtStatus;
use ke::{EventKind, WAKE_INCREMENT, initialise_event};
use ob::Handle;

use crate::executive::Executive;
use crate::platform::Platform;

/// `EventBasicInformation`, the only class there is; semaphores and mutants have its like.
pub(super) const BASIC_INFORMATION: u32 = 0;
/// Bytes of each of the three.
pub(super) const BASIC_LENGTH: u32 = 8;

impl<P: Platform> Executive<P> {
    pub(super) fn create_event(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, kind, set] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let kind = match kind {
            0 => EventKind::Notification,
            1 => EventKind::Synchronization,
            _ => return Err(NtStatus::INVALID_PARAMETER),
        };
        self.probe_word(handle_at)?;
        self.create_object(access, attributes_at, handle_at, |event: Link<Kevent>| {
            initialise_event(self.platform(), event, kind, u32::from(set & 0xFF != 0));
            Ok(())
        })
    }

    #[inline(always)]
    fn event_to_change(&self, handle: u32) -> Result<Link<Kevent>, NtStatus> {
        self.current_handles().look_up(Handle(handle), EVENT_MODIFY_STATE)
    }

    /// Reads its own arguments.
    #[inline(never)]
    pub(super) fn set_event(&self, arguments: u32) -> Result<NtStatus, NtStatus> {
        let [handle, before_at] = self.arguments(arguments)?;
        self.probe_optional(before_at)?;
        let before = self.dispatcher.set_event(self.event_to_change(handle)?, WAKE_INCREMENT);
        self.tell(before_at, before)
    }

    pub(super) fn reset_event(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, before_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional(before_at)?;
        let before = self.dispatcher.reset_event(self.event_to_change(handle)?);
        self.tell(before_at, before)
    }

    pub(super) fn clear_event(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.dispatcher.reset_event(self.event_to_change(handle)?);
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn pulse_event(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, before_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional(before_at)?;
        let before = self.dispatcher.pulse_event(self.event_to_change(handle)?, WAKE_INCREMENT);
        self.tell(before_at, before)
    }

    /// Type and state.
    pub(super) fn query_event(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.check_basic_query(class, length, returned_at)?;
        let event: Link<Kevent> = self.current_handles().get(Handle(handle), EVENT_QUERY_STATE)?;
        let header = &self.machine_record(event).header;
        self.answer_basic_query(buffer, [u32::from(header.kind.get()), header.signal_state.get()], returned_at)
    }

    /// # Errors
    /// INVALID_INFO_CLASS, INFO_LENGTH_MISMATCH, and where the length cannot be returned.
    pub(super) fn check_basic_query(&self, class: u32, length: u32, returned_at: u32) -> Result<(), NtStatus> {
        match (class, length) {
            (BASIC_INFORMATION, BASIC_LENGTH) => self.probe_optional(returned_at),
            (BASIC_INFORMATION, _) => Err(NtStatus::INFO_LENGTH_MISMATCH),
            _ => Err(NtStatus::INVALID_INFO_CLASS),
        }
    }

    pub(super) fn answer_basic_query(
        &self,
        buffer: u32,
        words: [u32; 2],
        returned_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        self.write_words(buffer, &words)?;
        self.write_optional(returned_at, BASIC_LENGTH)?;
        Ok(NtStatus::SUCCESS)
    }

    /// Stores what something was before, where the program wants to know. The work is done whether that succeeds or not.
    pub(super) fn tell(&self, at: u32, before: u32) -> Result<NtStatus, NtStatus> {
        let _ = self.write_optional(at, before);
        Ok(NtStatus::SUCCESS)
    }
}
