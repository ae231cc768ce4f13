//! The last error: how a Win32 function says why it failed.

use user_ffi::teb;
use user_support::error::Win32Error;
use user_support::error_map::win32_error;
use user_support::status::Status;

/// What a function that answers yes or no returns.
pub(super) type Bool = u32;
/// Yes.
pub(super) const TRUE: Bool = 1;
/// No; the last error says why.
pub(super) const FALSE: Bool = 0;

/// Notes why a function fails and returns its 0.
pub(super) fn fail(error: Win32Error) -> u32 {
    teb().set_last_error(error.0);
    0
}

/// Notes why a function fails, from a status, and returns its 0.
pub(super) fn fail_with(status: Status) -> u32 {
    fail(win32_error(status))
}

/// Turns the status of a service into yes, or no and a last error.
pub(super) fn succeeded(status: u32) -> Bool {
    match Status(status).ok() {
        Ok(()) => TRUE,
        Err(status) => fail_with(status),
    }
}

/// The thread's last error.
#[unsafe(no_mangle)]
pub extern "system" fn GetLastError() -> u32 {
    teb().last_error()
}

/// Sets the thread's last error.
#[unsafe(no_mangle)]
pub extern "system" fn SetLastError(error: u32) {
    teb().set_last_error(error);
}
