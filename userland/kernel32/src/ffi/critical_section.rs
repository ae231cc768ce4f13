//! What `ntdll` does not already offer of critical sections under the same rules.

use super::last_error::{Bool, TRUE};
use super::nt::RtlInitializeCriticalSectionAndSpinCount;

/// Makes a critical section with a spin count.
///
/// # Safety
/// `section` points to room for one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InitializeCriticalSectionAndSpinCount(section: *mut u8, spin: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { RtlInitializeCriticalSectionAndSpinCount(section, spin) };
    TRUE
}
