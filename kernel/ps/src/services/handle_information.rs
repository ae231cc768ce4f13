//! What is true of a handle itself: whether it is inherited, whether it may be closed.
//!
//! Source: `OBJECT_INFORMATION_CLASS` and `OBJECT_HANDLE_FLAG_INFORMATION` of public headers.

use abi::access::{OBJ_INHERIT, OBJ_PROTECT_CLOSE};
use abi::status::NtStatus;
use ob::Handle;

use crate::executive::Executive;
use crate::platform::Platform;

/// `ObjectHandleFlagInformation`, and its bytes: inherit, protect from close.
const HANDLE_FLAGS: u32 = 4;
const LENGTH: u32 = 2;

impl<P: Platform> Executive<P> {
    pub(super) fn query_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional(returned_at)?;
        if class != HANDLE_FLAGS {
            return Err(NtStatus::INVALID_INFO_CLASS);
        }
        if length < LENGTH {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let attributes = self.current_handles().get_any(Handle(handle))?.attributes;
        let flags = [attributes & OBJ_INHERIT != 0, attributes & OBJ_PROTECT_CLOSE != 0].map(u8::from);
        self.platform().write_user(buffer, &flags)?;
        self.write_optional(returned_at, LENGTH)?;
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn set_information_object(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if class != HANDLE_FLAGS {
            return Err(NtStatus::INVALID_INFO_CLASS);
        }
        if length != LENGTH {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let mut flags = [0; 2];
        self.platform().read_user(buffer, &mut flags)?;
        let [inherit, protect] = flags.map(|flag| flag != 0);
        let attributes = if inherit { OBJ_INHERIT } else { 0 } | if protect { OBJ_PROTECT_CLOSE } else { 0 };
        self.current_handles().set_attributes(Handle(handle), attributes)?;
        Ok(NtStatus::SUCCESS)
    }
}
