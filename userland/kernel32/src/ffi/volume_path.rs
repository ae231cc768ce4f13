//! Where the volume of a path begins.

use alloc::vec::Vec;

use user_ffi::{c_string, wide_string};
use user_support::error::Win32Error;
use user_support::path::absolute;
use user_support::text::{ansi, wide};

use super::directory::{copy_ansi, copy_wide, directory_for};
use super::last_error::{Bool, TRUE, fail};

/// The root of the drive that a path is on.
fn root_of(path: &[u16]) -> Vec<u16> {
    let mut root = absolute(&directory_for(path), path);
    root.truncate(2);
    root.push(u16::from(b'\\'));
    root
}

/// Where the volume of a path begins: at the root of its drive.
///
/// # Safety
/// `path` is a string; `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetVolumePathNameA(path: *const u8, target: *mut u8, room: u32) -> Bool {
    // SAFETY: the caller's promise.
    let root = ansi(&root_of(&wide(unsafe { c_string(path) })));
    if (room as usize) <= root.len() {
        return fail(Win32Error::FILENAME_EXCED_RANGE);
    }
    // SAFETY: the caller's promise.
    unsafe { copy_ansi(&wide(&root), target, room) };
    TRUE
}

/// The same in UTF-16.
///
/// # Safety
/// `path` is a string; `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetVolumePathNameW(path: *const u16, target: *mut u16, room: u32) -> Bool {
    // SAFETY: the caller's promise.
    let root = root_of(unsafe { wide_string(path) });
    if (room as usize) <= root.len() {
        return fail(Win32Error::FILENAME_EXCED_RANGE);
    }
    // SAFETY: the caller's promise.
    unsafe { copy_wide(&root, target, room) };
    TRUE
}
