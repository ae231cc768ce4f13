//! Priorities, processors and times of threads.

use user_support::error::Win32Error;
use user_support::status::Status;

use super::last_error::{Bool, TRUE, fail, fail_with, succeeded};
use super::nt::{NtQueryInformationThread, NtSetInformationThread};

/// Classes of information.
const BASIC_INFORMATION: u32 = 0;
const TIMES: u32 = 1;
const BASE_PRIORITY: u32 = 3;
const AFFINITY_MASK: u32 = 4;
const PRIORITY_BOOST: u32 = 14;
/// `THREAD_PRIORITY_TIME_CRITICAL`, and its negative `THREAD_PRIORITY_IDLE`.
const EXTREME: i32 = 15;
/// What they are for the services.
const SATURATED: i32 = 16;
/// `THREAD_PRIORITY_ERROR_RETURN`.
const FAILED: i32 = 0x7FFF_FFFF;

/// `ThreadBasicInformation`: exit status, TEB, process, thread, processors, priority, base priority above the process's.
fn basic(thread: u32) -> Result<[u32; 7], Status> {
    let mut words = [0u32; 7];
    // SAFETY: the service writes seven words.
    let status = unsafe {
        let buffer = words.as_mut_ptr().cast();
        NtQueryInformationThread(thread, BASIC_INFORMATION, buffer, 28, core::ptr::null_mut())
    };
    Status(status).ok().map(|()| words)
}

fn set(thread: u32, class: u32, word: u32) -> Bool {
    // SAFETY: the service reads the word.
    succeeded(unsafe { NtSetInformationThread(thread, class, (&raw const word).cast(), 4) })
}

/// Sets how much a thread runs above its process, or at the end of its range (15 and -15).
#[unsafe(no_mangle)]
pub extern "system" fn SetThreadPriority(thread: u32, priority: i32) -> Bool {
    let above = match priority {
        EXTREME => SATURATED,
        ..0 if priority == -EXTREME => -SATURATED,
        other => other,
    };
    set(thread, BASE_PRIORITY, above as u32)
}

/// What [`SetThreadPriority`] has set, or 7FFFFFFFh.
#[unsafe(no_mangle)]
pub extern "system" fn GetThreadPriority(thread: u32) -> i32 {
    match basic(thread).map(|words| words[6] as i32) {
        Ok(SATURATED) => EXTREME,
        Ok(above) if above == -SATURATED => -EXTREME,
        Ok(above) => above,
        Err(status) => {
            fail_with(status);
            FAILED
        }
    }
}

/// Whether a thread gains no priority when it is woken.
#[unsafe(no_mangle)]
pub extern "system" fn SetThreadPriorityBoost(thread: u32, disable: Bool) -> Bool {
    set(thread, PRIORITY_BOOST, u32::from(disable != 0))
}

/// What [`SetThreadPriorityBoost`] has set.
///
/// # Safety
/// `disabled` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetThreadPriorityBoost(thread: u32, disabled: *mut u32) -> Bool {
    // SAFETY: the service writes the word, or answers with a status.
    succeeded(unsafe { NtQueryInformationThread(thread, PRIORITY_BOOST, disabled.cast(), 4, core::ptr::null_mut()) })
}

/// Sets the processors that a thread may run on, and tells those it had; 0 for a failure.
#[unsafe(no_mangle)]
pub extern "system" fn SetThreadAffinityMask(thread: u32, mask: u32) -> u32 {
    match basic(thread) {
        Ok(words) if set(thread, AFFINITY_MASK, mask) == TRUE => words[4],
        Ok(_) => fail(Win32Error::INVALID_PARAMETER),
        Err(status) => fail_with(status),
    }
}

/// When a thread began and ended, and how long it ran in ring 0 and in ring 3; in units of 100 ns.
///
/// # Safety
/// All four point to a FILETIME.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetThreadTimes(
    thread: u32,
    created: *mut [u32; 2],
    exited: *mut [u32; 2],
    kernel: *mut [u32; 2],
    user: *mut [u32; 2],
) -> Bool {
    let mut times = [[0u32; 2]; 4];
    // SAFETY: the service writes eight words.
    let status = unsafe {
        let buffer = times.as_mut_ptr().cast();
        NtQueryInformationThread(thread, TIMES, buffer, 32, core::ptr::null_mut())
    };
    if let Err(status) = Status(status).ok() {
        return fail_with(status);
    }
    for (target, time) in [created, exited, kernel, user].into_iter().zip(times) {
        // SAFETY: the caller's promise.
        unsafe { target.write_unaligned(time) };
    }
    TRUE
}
