//! Processes, threads, handles and time, as services.

use alloc::format;
use alloc::string::String;

use abi::status::NtStatus;
use ob::Handle;

use crate::executive::Executive;
use crate::platform::Platform;

/// Most parameters a hard error has.
const MAXIMUM_PARAMETERS: u32 = 4;
/// `HARDERROR_OVERRIDE_ERRORMODE`: a bit of the status that says to tell it whatever the process wants hidden.
const OVERRIDE_ERROR_MODE: u32 = 0x1000_0000;
/// What the answer to a hard error says: it was shown.
const RESPONSE_RETURN_TO_CALLER: u32 = 0;

impl<P: Platform> Executive<P> {
    pub(super) fn close_handle(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let closed = self.current_handles().close(Handle(handle))?;
        self.dispose(self.current_process(), closed);
        Ok(NtStatus::SUCCESS)
    }

    /// Tells what a program wants told before it ends: the loader names the DLL and the export that are missing.
    pub(super) fn raise_hard_error(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[status, count, mask, parameters_at, _options, response_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        if count > MAXIMUM_PARAMETERS {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        self.probe_word(response_at)?;
        if status & !OVERRIDE_ERROR_MODE == NtStatus::UNHANDLED_EXCEPTION.0 && count == MAXIMUM_PARAMETERS && mask == 0
        {
            let mut words = [0; MAXIMUM_PARAMETERS as usize];
            self.platform().read_user_words(parameters_at, &mut words)?;
            let [code, address, parameters @ ..] = words;
            self.record_exception(code, address, &parameters);
            self.write_word(response_at, RESPONSE_RETURN_TO_CALLER)?;
            return Ok(NtStatus::SUCCESS);
        }
        let mut texts: [String; MAXIMUM_PARAMETERS as usize] = Default::default();
        for index in 0..count {
            let parameter = self.read_word(parameters_at.wrapping_add(index * 4))?;
            texts[index as usize] = match mask >> index & 1 {
                1 => self.read_short_text(parameter)?,
                _ => format!("{parameter}"),
            };
        }
        self.hard_error(NtStatus(status), &texts[..count as usize]);
        self.write_word(response_at, RESPONSE_RETURN_TO_CALLER)?;
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn yield_execution(&self) -> Result<NtStatus, NtStatus> {
        Ok(if self.yield_now() { NtStatus::SUCCESS } else { NtStatus::NO_YIELD_PERFORMED })
    }

    pub(super) fn query_system_time(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[time_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.write_long(time_at, self.platform().system_time())?;
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn query_performance_counter(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[counter_at, frequency_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let (count, frequency) = self.platform().performance_counter();
        self.write_long(counter_at, count)?;
        if frequency_at != 0 {
            self.write_long(frequency_at, frequency)?;
        }
        Ok(NtStatus::SUCCESS)
    }
}
