//! Semaphores, as services.

use abi::access::{SEMAPHORE_MODIFY_STATE, SEMAPHORE_QUERY_STATE};
use abi::cell::Link;
use abi::nt::dispatcher::Ksemaphore;
use abi::status::NtStatus;
use ke::{WAKE_INCREMENT, initialise_semaphore};
use ob::Handle;

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    pub(super) fn create_semaphore(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, count, limit] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(handle_at)?;
        if limit as i32 <= 0 || !(0..=limit as i32).contains(&(count as i32)) {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.create_object(access, attributes_at, handle_at, |semaphore: Link<Ksemaphore>| {
            initialise_semaphore(self.platform(), semaphore, count, limit);
            Ok(())
        })
    }

    pub(super) fn release_semaphore(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, count, before_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional(before_at)?;
        if count as i32 <= 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let semaphore: Link<Ksemaphore> = self.current_handles().get(Handle(handle), SEMAPHORE_MODIFY_STATE)?;
        let before = self.dispatcher.release_semaphore(semaphore, count as i32, WAKE_INCREMENT)?;
        self.tell(before_at, before)
    }

    /// Count and limit.
    pub(super) fn query_semaphore(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.check_basic_query(class, length, returned_at)?;
        let semaphore: Link<Ksemaphore> = self.current_handles().get(Handle(handle), SEMAPHORE_QUERY_STATE)?;
        let record = self.machine_record(semaphore);
        self.answer_basic_query(buffer, [record.header.signal_state.get(), record.limit.get()], returned_at)
    }
}
