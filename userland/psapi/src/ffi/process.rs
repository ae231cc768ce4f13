//! Processes and how much memory they use.
//!
//! Source: documented structures of `psapi.h`.

use alloc::vec::Vec;

use user_ffi::last_error::{Bool, TRUE, fail, fail_with, succeeded};
use user_support::error::Win32Error;
use user_support::growing::ask_with_room;
use user_support::status::Status;

use super::nt::{NtQueryInformationProcess, NtQuerySystemInformation, NtQueryVirtualMemory, NtSetInformationProcess};

/// `SystemProcessInformation`; places in what it says of a process.
const PROCESS_INFORMATION: u32 = 5;
const PROCESS_ID: usize = 17;
/// `ProcessQuotaLimits`, `ProcessVmCounters`.
const QUOTA_LIMITS: u32 = 1;
const VM_COUNTERS: u32 = 3;
/// `MemoryWorkingSetList`, `MemoryWorkingSetExInformation`.
const WORKING_SET: u32 = 1;
const WORKING_SET_EX: u32 = 4;
/// Bytes of PROCESS_MEMORY_COUNTERS, and of the form with private bytes.
const COUNTERS: u32 = 40;
const COUNTERS_EX: u32 = 44;

/// The numbers of all processes.
///
/// # Safety
/// `identifiers` has room for `size` bytes; `needed` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumProcesses(identifiers: *mut u32, size: u32, needed: *mut u32) -> Bool {
    let words = match all_processes() {
        Ok(words) => words,
        Err(status) => return fail_with(status),
    };
    let (mut at, mut count) = (0, 0);
    loop {
        let block = &words[at..];
        if 4 * (count + 1) <= size {
            // SAFETY: the caller's promise.
            unsafe { identifiers.wrapping_add(count as usize).write_unaligned(block[PROCESS_ID]) };
            count += 1;
        }
        match block[0] {
            0 => break,
            next => at += next as usize / 4,
        }
    }
    // SAFETY: the caller's promise.
    unsafe { needed.write_unaligned(4 * count) };
    TRUE
}

pub(super) fn all_processes() -> Result<Vec<u32>, Status> {
    ask_with_room(|words| {
        let (mut needed, length) = (0, 4 * words.len() as u32);
        // SAFETY: the service writes into the words.
        Status(unsafe { NtQuerySystemInformation(PROCESS_INFORMATION, words.as_mut_ptr().cast(), length, &mut needed) })
    })
}

/// How much memory a process uses.
///
/// # Safety
/// `counters` has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessMemoryInfo(process: u32, counters: *mut u32, size: u32) -> Bool {
    if size < COUNTERS {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    let mut told = [0u32; 12];
    let none = core::ptr::null_mut();
    // SAFETY: the service writes twelve words.
    let status = unsafe { NtQueryInformationProcess(process, VM_COUNTERS, told.as_mut_ptr().cast(), 48, none) };
    if let Err(status) = Status(status).ok() {
        return fail_with(status);
    }
    let [_, _, faults, peak_set, set, quotas @ ..] = told;
    let written = if size >= COUNTERS_EX { COUNTERS_EX } else { COUNTERS };
    let mut words = [written, faults, peak_set, set, 0, 0, 0, 0, 0, 0, 0];
    // Quotas of the pools, use of the paging file and its peak, private bytes: in the same order.
    words[4..].copy_from_slice(&quotas);
    // SAFETY: the caller's promise.
    unsafe { counters.copy_from_nonoverlapping(words.as_ptr(), written as usize / 4) };
    TRUE
}

/// Takes all pages out of a process's working set that can be.
#[unsafe(no_mangle)]
pub extern "system" fn EmptyWorkingSet(process: u32) -> Bool {
    // Both limits at their highest mean "now, and as they are".
    let limits = [u32::MAX, u32::MAX, u32::MAX, u32::MAX, u32::MAX, 0, 0, 0];
    // SAFETY: the service reads eight words.
    succeeded(unsafe { NtSetInformationProcess(process, QUOTA_LIMITS, limits.as_ptr().cast(), 32) })
}

/// The pages in a process's working set: their number, then a word for each.
///
/// # Safety
/// `buffer` has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueryWorkingSet(process: u32, buffer: *mut u8, size: u32) -> Bool {
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtQueryVirtualMemory(process, 0, WORKING_SET, buffer, size, core::ptr::null_mut()) })
}

/// What is in memory at the addresses that `buffer` names, as of Server 2003 SP1: an address and a word of flags each.
///
/// # Safety
/// `buffer` has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueryWorkingSetEx(process: u32, buffer: *mut u8, size: u32) -> Bool {
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtQueryVirtualMemory(process, 0, WORKING_SET_EX, buffer, size, core::ptr::null_mut()) })
}
