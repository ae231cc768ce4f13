//! This DLL's own allocations, and what happens when it is itself wrong.

use core::panic::PanicInfo;

use super::nt::{CURRENT_PROCESS, DbgPrint, NtTerminateProcess};

/// `STATUS_INTERNAL_ERROR`.
const INTERNAL_ERROR: u32 = 0xC000_00E5;

user_ffi::process_heap!(super::nt);

#[panic_handler]
fn panicked(information: &PanicInfo<'_>) -> ! {
    if let Some(place) = information.location() {
        let (file, length, line) = (place.file().as_ptr(), place.file().len(), place.line());
        // SAFETY: the format names a string with its length, and a number.
        unsafe { DbgPrint(c"kernel32: internal error at %.*s:%u\n".as_ptr().cast(), length, file, line) };
    }
    terminate(INTERNAL_ERROR)
}

/// Ends the process at once.
pub(super) fn terminate(status: u32) -> ! {
    loop {
        // SAFETY: ending the process leaves nothing behind that could be unsound.
        unsafe { NtTerminateProcess(CURRENT_PROCESS, status) };
    }
}
