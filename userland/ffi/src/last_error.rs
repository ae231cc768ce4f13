//! The last error: how a Win32 function of whichever DLL says why it failed.

use user_support::error::Win32Error;
use user_support::error_map::win32_error;
use user_support::status::Status;

use crate::teb;

/// What a function that answers yes or no returns.
pub type Bool = u32;
/// Yes.
pub const TRUE: Bool = 1;
/// No; the last error says why.
pub const FALSE: Bool = 0;

/// Notes why a function fails and returns its 0.
pub fn fail(error: Win32Error) -> u32 {
    teb().set_last_error(error.0);
    0
}

/// Notes why a function fails, from a status, and returns its 0.
pub fn fail_with(status: Status) -> u32 {
    fail(win32_error(status))
}

/// Turns the status of a service into yes, or no and a last error.
pub fn succeeded(status: u32) -> Bool {
    match Status(status).ok() {
        Ok(()) => TRUE,
        Err(status) => fail_with(status),
    }
}
