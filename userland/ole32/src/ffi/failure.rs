//! This DLL's own allocations, and what happens when it is itself wrong.

use core::panic::PanicInfo;

use super::nt::{CURRENT_PROCESS, NtTerminateProcess};

/// `STATUS_INTERNAL_ERROR`.
const INTERNAL_ERROR: u32 = 0xC000_00E5;

user_ffi::process_heap!(super::nt);

#[panic_handler]
fn panicked(_information: &PanicInfo<'_>) -> ! {
    loop {
        // SAFETY: ending the process leaves nothing behind that could be unsound.
        unsafe { NtTerminateProcess(CURRENT_PROCESS, INTERNAL_ERROR) };
    }
}
