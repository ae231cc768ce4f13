//! Paths made whole, and the current directory set.

use alloc::vec::Vec;

use user_ffi::{c_string, peb, wide_mut, wide_string};
use user_support::error::Win32Error;
use user_support::memory::Memory;
use user_support::path::{MAXIMUM_PATH, absolute, dos_device, file_name, full_path, to_nt};
use user_support::text;

use super::directory::{CURRENT_DIRECTORY, copy_ansi, copy_wide, directory_for};
use super::file::open_folder;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::NtClose;
use super::startup::memory;

const BACKSLASH: u16 = b'\\' as u16;

fn set_current(path: &[u16]) -> Bool {
    if path.is_empty() {
        return fail(Win32Error::INVALID_NAME);
    }
    let mut whole = absolute(&directory_for(path), path);
    if whole.last() != Some(&BACKSLASH) {
        whole.push(BACKSLASH);
    }
    if whole.len() >= MAXIMUM_PATH {
        return fail(Win32Error::FILENAME_EXCED_RANGE);
    }
    let folder = match open_folder(&to_nt(&[], &whole)) {
        Ok(folder) => folder,
        Err(status) => return fail_with(status),
    };
    // SAFETY: the handle was opened here and nobody else has it.
    unsafe { NtClose(folder) };
    let string = peb().parameters() + CURRENT_DIRECTORY;
    let (room, buffer) = (memory().read_u16(string + 2), memory().read_u32(string + 4));
    if usize::from(room) < 2 * whole.len() {
        return fail(Win32Error::FILENAME_EXCED_RANGE);
    }
    // SAFETY: the kernel made the buffer with so much room; whoever reads it copies it at once.
    unsafe { wide_mut(buffer as *mut u16, whole.len() as u32) }.copy_from_slice(&whole);
    memory().write_u16(string, 2 * whole.len() as u16);
    TRUE
}

/// Makes a folder the current directory.
///
/// # Safety
/// `path` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetCurrentDirectoryA(path: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    set_current(&text::wide(unsafe { c_string(path) }))
}

/// Makes a folder the current directory.
///
/// # Safety
/// `path` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetCurrentDirectoryW(path: *const u16) -> Bool {
    // SAFETY: the caller's promise.
    set_current(unsafe { wide_string(path) })
}

/// `path` from the root of its drive on; of a device as `\\\\.\\NUL`.
fn full(path: &[u16]) -> Vec<u16> {
    match dos_device(path) {
        Some(device) => [&text::wide(b"\\\\.\\"), device].concat(),
        None => full_path(&directory_for(path), path),
    }
}

/// Where in a path of `length` units its file name begins; none where it ends with a separator.
fn name_start(path: &[u16]) -> Option<usize> {
    let name = file_name(path);
    (!name.is_empty()).then_some(path.len() - name.len())
}

/// A path from the root of its drive: its length, or the room it needs; 0 of an empty one.
///
/// # Safety
/// `path` is a string; `target` has room for `room` bytes; `part` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFullPathNameA(path: *const u8, room: u32, target: *mut u8, part: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    let whole = full(&text::wide(unsafe { c_string(path) }));
    // SAFETY: the caller's promise.
    let length = if whole.is_empty() { 0 } else { unsafe { copy_ansi(&whole, target, room) } };
    let start = name_start(&whole)
        .filter(|_| length < room && !whole.is_empty())
        .map_or(0, |start| target as u32 + start as u32);
    if !part.is_null() {
        // SAFETY: the caller's promise.
        unsafe { part.write_unaligned(start) };
    }
    length
}

/// The same in UTF-16.
///
/// # Safety
/// `path` is a string; `target` has room for `room` units; `part` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFullPathNameW(path: *const u16, room: u32, target: *mut u16, part: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    let whole = full(unsafe { wide_string(path) });
    // SAFETY: the caller's promise.
    let length = if whole.is_empty() { 0 } else { unsafe { copy_wide(&whole, target, room) } };
    let start = name_start(&whole)
        .filter(|_| length < room && !whole.is_empty())
        .map_or(0, |start| target as u32 + 2 * start as u32);
    if !part.is_null() {
        // SAFETY: the caller's promise.
        unsafe { part.write_unaligned(start) };
    }
    length
}
