//! How much memory there is, and how the processor's time was spent.

use user_ffi::ThisProcess;
use user_support::error::Win32Error;
use user_support::memory::Memory;
use user_support::status::Status;

use super::last_error::{Bool, TRUE, fail, fail_with, succeeded};
use super::nt::{CURRENT_PROCESS, NtQueryInformationProcess, NtQuerySystemInformation, NtSetInformationProcess};
use super::version::GetSystemInfo;

/// `SystemBasicInformation`, `SystemPerformanceInformation`, `SystemProcessorPerformanceInformation`, and their words.
const BASIC: (u32, usize) = (0, 11);
const PERFORMANCE: (u32, usize) = (2, 78);
const PROCESSOR: (u32, usize) = (8, 12);
/// `ProcessVmCounters` and `ProcessQuotaLimits`, in words.
const VM_COUNTERS: (u32, usize) = (3, 11);
const QUOTA_LIMITS: (u32, usize) = (1, 8);
const PAGE: u64 = 0x1000;
/// Bytes that a process has for itself.
const USER_SPACE: u64 = 0x7FFE_0000;
/// Bytes of a `MEMORYSTATUSEX`.
const STATUS_SIZE: u32 = 64;
/// Bytes of a `MEMORYSTATUS`, which are not looked at before.
const OLD_STATUS_SIZE: u32 = 32;

fn system<const WORDS: usize>(class: u32) -> Result<[u32; WORDS], Status> {
    let mut words = [0; WORDS];
    let length = 4 * WORDS as u32;
    // SAFETY: the service writes so many bytes at most.
    let status = unsafe { NtQuerySystemInformation(class, words.as_mut_ptr().cast(), length, core::ptr::null_mut()) };
    Status(status).ok().map(|()| words)
}

fn process<const WORDS: usize>(handle: u32, class: u32) -> Result<[u32; WORDS], Status> {
    let mut words = [0; WORDS];
    let length = 4 * WORDS as u32;
    let buffer = words.as_mut_ptr().cast();
    // SAFETY: the service writes so many bytes at most.
    let status = unsafe { NtQueryInformationProcess(handle, class, buffer, length, core::ptr::null_mut()) };
    Status(status).ok().map(|()| words)
}

/// Load in percent; then bytes: memory, of it available; what may be committed, of it left; the process's space, of it left.
fn status() -> Result<(u32, [u64; 6]), Status> {
    let basic = system::<{ BASIC.1 }>(BASIC.0)?;
    let performance = system::<{ PERFORMANCE.1 }>(PERFORMANCE.0)?;
    let used =
        process::<{ VM_COUNTERS.1 }>(CURRENT_PROCESS, VM_COUNTERS.0).map_or(0, |counters| u64::from(counters[1]));
    let pages = |count: u32| u64::from(count) * PAGE;
    let (total, available) = (basic[3], performance[11].min(basic[3]));
    let load = u64::from(total - available) * 100 / u64::from(total.max(1));
    let (committed, limit) = (performance[12], performance[13]);
    let left = pages(limit.saturating_sub(committed));
    let sizes = [pages(total), pages(available), pages(limit), left, USER_SPACE, USER_SPACE.saturating_sub(used)];
    Ok((load as u32, sizes))
}

/// How much memory there is.
///
/// # Safety
/// `target` points to a `MEMORYSTATUSEX` whose first word is its size.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GlobalMemoryStatusEx(target: u32) -> Bool {
    // SAFETY: only the caller's structure is touched, which the caller promises.
    let memory = unsafe { ThisProcess::new() };
    if memory.read_u32(target) != STATUS_SIZE {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let (load, sizes) = match status() {
        Ok(status) => status,
        Err(status) => return fail_with(status),
    };
    memory.write_u32(target + 4, load);
    for (index, size) in (0..).zip(sizes.into_iter().chain([0])) {
        memory.write_bytes(target + 8 + 8 * index, &size.to_le_bytes());
    }
    TRUE
}

/// How much memory there is, as far as it fits: no number is larger than 2 GB less one.
///
/// # Safety
/// `target` points to a `MEMORYSTATUS`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GlobalMemoryStatus(target: u32) {
    const LARGEST: u64 = 0x7FFF_FFFF;
    // SAFETY: only the caller's structure is touched, which the caller promises.
    let memory = unsafe { ThisProcess::new() };
    let (load, sizes) = status().unwrap_or_default();
    memory.write_u32(target, OLD_STATUS_SIZE);
    memory.write_u32(target + 4, load);
    for (index, size) in (0..).zip(sizes) {
        memory.write_u32(target + 8 + 4 * index, size.min(LARGEST) as u32);
    }
}

/// How much of a process's memory is to stay in RAM, at least and at most: bytes.
///
/// # Safety
/// Both targets point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessWorkingSetSize(handle: u32, least: *mut u32, most: *mut u32) -> Bool {
    match process::<{ QUOTA_LIMITS.1 }>(handle, QUOTA_LIMITS.0) {
        Ok(limits) => {
            // SAFETY: the caller's promise.
            unsafe { least.write_unaligned(limits[2]) };
            // SAFETY: the caller's promise.
            unsafe { most.write_unaligned(limits[3]) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// Says how much of a process's memory is to stay in RAM, at least and at most: bytes. Both at their highest empty its working set.
#[unsafe(no_mangle)]
pub extern "system" fn SetProcessWorkingSetSize(handle: u32, least: u32, most: u32) -> Bool {
    let limits = [u32::MAX, u32::MAX, least, most, u32::MAX, 0, 0, 0];
    // SAFETY: the service reads eight words.
    succeeded(unsafe { NtSetInformationProcess(handle, QUOTA_LIMITS.0, limits.as_ptr().cast(), 32) })
}

/// Times since the start, in units of 100 ns: idle, in ring 0 with the idle time, in ring 3.
///
/// # Safety
/// Each target is null or points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetSystemTimes(idle: *mut u64, kernel: *mut u64, user: *mut u64) -> Bool {
    let words = match system::<{ PROCESSOR.1 }>(PROCESSOR.0) {
        Ok(words) => words,
        Err(status) => return succeeded(status.0),
    };
    let times = words.as_chunks::<2>().0.iter().map(|&[low, high]| u64::from(high) << 32 | u64::from(low));
    for (target, time) in [idle, kernel, user].into_iter().zip(times) {
        if !target.is_null() {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(time) };
        }
    }
    TRUE
}

/// The machine as a program for it would see it: that is what this program sees.
///
/// # Safety
/// As [`GetSystemInfo`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetNativeSystemInfo(target: *mut [u32; 9]) {
    // SAFETY: the caller's promise.
    unsafe { GetSystemInfo(target) };
}

/// Whether a process is one of 32 bits on a system of 64: none is.
///
/// # Safety
/// `target` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn IsWow64Process(handle: u32, target: *mut u32) -> Bool {
    /// `ProcessWow64Information`.
    const WOW64_INFORMATION: u32 = 26;
    let mut word = 0u32;
    // SAFETY: the service writes one word.
    let status = unsafe {
        NtQueryInformationProcess(handle, WOW64_INFORMATION, (&raw mut word).cast(), 4, core::ptr::null_mut())
    };
    let answer = succeeded(status);
    if answer == TRUE {
        // SAFETY: the caller's promise.
        unsafe { target.write_unaligned(word) };
    }
    answer
}
