//! Mutants, as services.

use abi::access::MUTANT_QUERY_STATE;
use abi::cell::Link;
use abi::nt::dispatcher::Kmutant;
use abi::status::NtStatus;
use ke::{WAKE_INCREMENT, WaitKind, initialise_mutant};
use ob::Handle;

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    pub(super) fn create_mutant(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, owned] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        self.create_object(access, attributes_at, handle_at, |mutant: Link<Kmutant>| {
            initialise_mutant(self.platform(), mutant);
            if owned & 0xFF != 0 {
                self.dispatcher.try_wait(&[mutant.cast()], WaitKind::Any);
            }
            Ok(())
        })
    }

    /// Needs no right but the handle: only its owner can.
    pub(super) fn release_mutant(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, before_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional(before_at)?;
        let mutant: Link<Kmutant> = self.current_handles().get(Handle(handle), 0)?;
        let before = self.dispatcher.release_mutant(mutant, WAKE_INCREMENT)?;
        self.tell(before_at, before)
    }

    /// Count, and two bytes: whether the caller has it, and whether it was abandoned.
    pub(super) fn query_mutant(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.check_basic_query(class, length, returned_at)?;
        let mutant: Link<Kmutant> = self.current_handles().get(Handle(handle), MUTANT_QUERY_STATE)?;
        let record = self.machine_record(mutant);
        let owned = u32::from(record.owner_thread.get() == self.platform().current_thread().cast());
        let abandoned = u32::from(record.abandoned.get());
        self.answer_basic_query(buffer, [record.header.signal_state.get(), owned | abandoned << 8], returned_at)
    }
}
