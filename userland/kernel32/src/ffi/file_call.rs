//! ReadFileEx and WriteFileEx: reads and writes that call a routine of the program, when they have completed and the thread waits alertably.
//!
//! The system itself has the routine called, but for a pipe that has to be waited for: there the thread that waits does.
//!
//! Source: documented behaviour of the functions.

use user_support::status::Status;

use super::completion::{Moves, call_completed, later_with_call, would_wait};
use super::file::{offset_of, read_at, write_at};
use super::last_error::{Bool, succeeded};
use super::nt::{NtReadFile, NtWriteFile};
use super::standard_handle::real_handle;

/// The routine that the system calls.
fn entry() -> u32 {
    call_completed as *const () as u32
}

/// Reads, and has `routine(error, bytes, overlapped)` called.
///
/// # Safety
/// `buffer` has room for `count` bytes and `overlapped` points to an OVERLAPPED until the routine is called, which takes three words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadFileEx(
    file: u32,
    buffer: *mut u8,
    count: u32,
    overlapped: *mut u32,
    routine: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let offset = unsafe { offset_of(overlapped) };
    if would_wait(file, Moves::In(count)) {
        // SAFETY: the caller's promise, which holds until it has completed.
        return later_with_call(file, overlapped as u32, routine, move || unsafe {
            read_at(file, buffer, count, offset)
        });
    }
    let (offset, key) = (offset.as_ref().map_or(core::ptr::null(), core::ptr::from_ref), core::ptr::null());
    // SAFETY: the caller's promise; the service writes the first two words of the structure.
    let status = unsafe { NtReadFile(real_handle(file), 0, entry(), routine, overlapped, buffer, count, offset, key) };
    answer(status)
}

/// Writes, and has `routine(error, bytes, overlapped)` called.
///
/// # Safety
/// `buffer` holds `count` bytes and `overlapped` points to an OVERLAPPED until the routine is called, which takes three words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteFileEx(
    file: u32,
    buffer: *const u8,
    count: u32,
    overlapped: *mut u32,
    routine: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let offset = unsafe { offset_of(overlapped) };
    if would_wait(file, Moves::Out(count)) {
        // SAFETY: the caller's promise, which holds until it has completed.
        return later_with_call(file, overlapped as u32, routine, move || unsafe {
            write_at(file, buffer, count, offset)
        });
    }
    let (offset, key) = (offset.as_ref().map_or(core::ptr::null(), core::ptr::from_ref), core::ptr::null());
    // SAFETY: the caller's promise; the service writes the first two words of the structure.
    let status = unsafe { NtWriteFile(real_handle(file), 0, entry(), routine, overlapped, buffer, count, offset, key) };
    answer(status)
}

/// A warning is told to the routine, as success is.
fn answer(status: u32) -> Bool {
    const WARNING: u32 = 2;
    succeeded(if status >> 30 == WARNING { Status::SUCCESS.0 } else { status })
}
