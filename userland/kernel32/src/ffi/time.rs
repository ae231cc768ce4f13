//! Clocks. Most come from the page that the kernel shares with every process, without a system call.

use user_ffi::shared_data;

use super::last_error::{Bool, succeeded};
use super::nt::NtQueryPerformanceCounter;

/// Milliseconds since the start of the system, modulo 2^32.
#[unsafe(no_mangle)]
pub extern "system" fn GetTickCount() -> u32 {
    let page = shared_data();
    ((u64::from(page.tick_count()) * u64::from(page.tick_multiplier())) >> 24) as u32
}

/// Milliseconds since the start of the system. Not of XP, but programs of later libraries ask for it.
#[unsafe(no_mangle)]
pub extern "system" fn GetTickCount64() -> u64 {
    shared_data().interrupt_time() / 10_000
}

/// The time in units of 100 ns since 1601, as two words, the low one first.
///
/// # Safety
/// `target` points to two words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetSystemTimeAsFileTime(target: *mut [u32; 2]) {
    let time = shared_data().system_time();
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned([time as u32, (time >> 32) as u32]) };
}

/// The same under a later Windows's name, which some programs import without asking: XP's clock has no finer one.
///
/// # Safety
/// `target` points to two words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetSystemTimePreciseAsFileTime(target: *mut [u32; 2]) {
    // SAFETY: the caller's promise.
    unsafe { GetSystemTimeAsFileTime(target) };
}

/// A counter of high resolution.
///
/// # Safety
/// `counter` points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueryPerformanceCounter(counter: *mut u64) -> Bool {
    // SAFETY: the caller's promise; a bad pointer is refused by the service.
    succeeded(unsafe { NtQueryPerformanceCounter(counter, core::ptr::null_mut()) })
}

/// How often that counter counts in a second.
///
/// # Safety
/// `frequency` points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueryPerformanceFrequency(frequency: *mut u64) -> Bool {
    let mut counter = 0;
    // SAFETY: the caller's promise; a bad pointer is refused by the service.
    succeeded(unsafe { NtQueryPerformanceCounter(&mut counter, frequency) })
}
