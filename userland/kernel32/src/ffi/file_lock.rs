//! Locks on ranges of a file's bytes.

use user_support::error::Win32Error;
use user_support::status::Status;

use super::last_error::{Bool, TRUE, fail, fail_with, succeeded};
use super::nt::{NtLockFile, NtUnlockFile};
use super::standard_handle::{real_handle, with_status_block};

/// `LOCKFILE_FAIL_IMMEDIATELY` and `LOCKFILE_EXCLUSIVE_LOCK`.
const FAIL_IMMEDIATELY: u32 = 1;
const EXCLUSIVE: u32 = 2;

fn long(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Locks a range, so that nobody else reads or writes it, or fails at once.
#[unsafe(no_mangle)]
pub extern "system" fn LockFile(file: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> Bool {
    let (first, length) = (long(low, high), long(length_low, length_high));
    with_status_block(|block| {
        // SAFETY: the service reads two numbers and writes the status words.
        unsafe { NtLockFile(real_handle(file), 0, 0, 0, block, &first, &length, 0, 1, 1) }
    })
    .map_or_else(fail_with, |_| TRUE)
}

/// Unlocks a range that was locked as it is.
#[unsafe(no_mangle)]
pub extern "system" fn UnlockFile(file: u32, low: u32, high: u32, length_low: u32, length_high: u32) -> Bool {
    let (first, length) = (long(low, high), long(length_low, length_high));
    with_status_block(|block| {
        // SAFETY: the service reads two numbers and writes the status words.
        unsafe { NtUnlockFile(real_handle(file), block, &first, &length, 0) }
    })
    .map_or_else(fail_with, |_| TRUE)
}

/// The offset in an `OVERLAPPED`, and its event.
///
/// # Safety
/// `overlapped` points to one.
unsafe fn parts(overlapped: *mut u32) -> (u64, u32) {
    // SAFETY: the caller's promise: five words, of which 2 and 3 are the offset and 4 the event.
    let words = unsafe { overlapped.cast::<[u32; 5]>().read_unaligned() };
    (long(words[2], words[3]), words[4])
}

/// Locks a range that begins where `overlapped` says, for itself or shared, waiting or not. It is over when this returns, for
/// handles that are overlapped, too.
///
/// # Safety
/// `overlapped` points to an `OVERLAPPED`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LockFileEx(
    file: u32,
    flags: u32,
    reserved: u32,
    length_low: u32,
    length_high: u32,
    overlapped: *mut u32,
) -> Bool {
    if reserved != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let (first, event) = unsafe { parts(overlapped) };
    let length = long(length_low, length_high);
    // SAFETY: the caller's promise: its first word is the status.
    unsafe { overlapped.write_unaligned(Status::PENDING.0) };
    let (fails, excludes) = (flags & FAIL_IMMEDIATELY, (flags & EXCLUSIVE) >> 1);
    // SAFETY: the caller's promise: it begins with the status words.
    let status = unsafe { NtLockFile(real_handle(file), event, 0, 0, overlapped, &first, &length, 0, fails, excludes) };
    succeeded(status)
}

/// Unlocks a range that begins where `overlapped` says.
///
/// # Safety
/// `overlapped` points to an `OVERLAPPED`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UnlockFileEx(
    file: u32,
    reserved: u32,
    length_low: u32,
    length_high: u32,
    overlapped: *mut u32,
) -> Bool {
    if reserved != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let (first, _) = unsafe { parts(overlapped) };
    let length = long(length_low, length_high);
    // SAFETY: the caller's promise: it begins with the status words.
    succeeded(unsafe { NtUnlockFile(real_handle(file), overlapped, &first, &length, 0) })
}
