//! What happens when this DLL itself is wrong or out of memory: a message and the end of the process.

use core::panic::PanicInfo;

use alloc::vec::Vec;

use super::debug::display;
use super::services::{CURRENT_PROCESS, NtTerminateProcess};

/// `STATUS_INTERNAL_ERROR`.
const INTERNAL_ERROR: u32 = 0xC000_00E5;

#[panic_handler]
fn panicked(information: &PanicInfo<'_>) -> ! {
    if let Some(place) = information.location() {
        let mut text: Vec<u8> = b"ntdll: internal error at ".to_vec();
        text.extend_from_slice(place.file().as_bytes());
        display(&text);
    }
    terminate(INTERNAL_ERROR)
}

/// Ends the process at once.
pub(crate) fn terminate(status: u32) -> ! {
    loop {
        // SAFETY: ending the process leaves nothing behind that could be unsound.
        unsafe { NtTerminateProcess(CURRENT_PROCESS, status) };
    }
}
