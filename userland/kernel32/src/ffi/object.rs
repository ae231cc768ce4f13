//! What making events, semaphores and mutexes has in common.

use user_support::error::Win32Error;
use user_support::status::Status;

use super::last_error::{fail, fail_with};

/// `OBJ_INHERIT`.
const INHERIT: u32 = 2;

/// `SECURITY_ATTRIBUTES`, as far as it is looked at.
pub(super) type SecurityAttributes = [u32; 3];

/// OBJECT_ATTRIBUTES of an object without name, whose handle is inherited where `security` says so.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES.
pub(super) unsafe fn attributes(security: *const SecurityAttributes) -> [u32; 6] {
    // SAFETY: the caller's promise.
    let inherit = !security.is_null() && unsafe { security.read_unaligned() }[2] != 0;
    [0x18, 0, 0, if inherit { INHERIT } else { 0 }, 0, 0]
}

/// Makes an object by `create`, unless it is to have a name: there is no name space yet, and an object that
/// nobody else could find would be worse than none.
pub(super) fn create(name: u32, create: impl FnOnce(&mut u32) -> u32) -> u32 {
    if name != 0 {
        return fail(Win32Error::CALL_NOT_IMPLEMENTED);
    }
    let mut handle = 0;
    match Status(create(&mut handle)).ok() {
        Ok(()) => {
            super::last_error::SetLastError(0);
            handle
        }
        Err(status) => fail_with(status),
    }
}
