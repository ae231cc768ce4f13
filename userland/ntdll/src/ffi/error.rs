//! Statuses as Win32 errors, and the last error of the thread.

use user_ffi::teb;
use user_support::error_map::win32_error;
use user_support::status::Status;

/// The Win32 error for an NTSTATUS.
#[unsafe(no_mangle)]
pub extern "system" fn RtlNtStatusToDosError(status: u32) -> u32 {
    win32_error(Status(status)).0
}

/// The same; Windows's other function also notes the status in the TEB.
#[unsafe(no_mangle)]
pub extern "system" fn RtlNtStatusToDosErrorNoTeb(status: u32) -> u32 {
    win32_error(Status(status)).0
}

/// The thread's last Win32 error.
#[unsafe(no_mangle)]
pub extern "system" fn RtlGetLastWin32Error() -> u32 {
    teb().last_error()
}

/// Sets the thread's last Win32 error.
#[unsafe(no_mangle)]
pub extern "system" fn RtlSetLastWin32Error(error: u32) {
    teb().set_last_error(error);
}
