//! The current directory, and whole paths.

use alloc::vec;
use alloc::vec::Vec;

use user_crt::error::Errno;
use user_ffi::{c_string, wide_string};
use user_support::text::{ansi, wide};

use super::file_status::{current_directory, full_path};
use super::memory::malloc;
use super::nt::{SetCurrentDirectoryW, SetEnvironmentVariableW};
use super::thread_data::{fail, fail_with_last_error};

/// `_MAX_PATH`: what a buffer of no given size may hold.
const MAXIMUM_PATH: usize = 260;

/// Makes `path` the current directory: 0, or -1.
///
/// # Safety
/// `path` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _chdir(path: *const u8) -> i32 {
    // SAFETY: the caller's promise.
    change(wide(unsafe { c_string(path) }))
}

/// Makes `path` the current directory: 0, or -1.
///
/// # Safety
/// `path` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wchdir(path: *const u16) -> i32 {
    // SAFETY: the caller's promise.
    change(unsafe { wide_string(path) }.to_vec())
}

fn change(mut path: Vec<u16>) -> i32 {
    path.push(0);
    // SAFETY: the path is a string.
    if unsafe { SetCurrentDirectoryW(path.as_ptr()) } == 0 {
        return fail_with_last_error();
    }
    let mut current = current_directory();
    // What is relative on this drive begins here, also when another one is the current one.
    if let [letter, colon, ..] = *current.as_slice() {
        current.push(0);
        let variable = [u16::from(b'='), letter, colon, 0];
        // SAFETY: both are strings. Without memory for it only that is lost.
        unsafe { SetEnvironmentVariableW(variable.as_ptr(), current.as_ptr()) };
    }
    0
}

/// Delivers a path: into the caller's buffer of `room` units, or into one that `free` takes. Null where it does not fit.
///
/// # Safety
/// `target` is null or has room for `room` units.
unsafe fn deliver<U: Copy + Default>(path: &[U], target: *mut U, room: usize) -> *mut U {
    let fits = path.len() < room;
    let target = match (target.is_null(), fits) {
        // As big as asked for, or as needed.
        (true, _) => malloc(((path.len() + 1).max(room) * size_of::<U>()) as u32) as *mut U,
        (false, true) => target,
        (false, false) => core::ptr::null_mut(),
    };
    if target.is_null() {
        fail(Errno::ERANGE);
        return target;
    }
    // SAFETY: the room was checked, or made.
    unsafe { target.copy_from_nonoverlapping(path.as_ptr(), path.len()) };
    // SAFETY: as above.
    unsafe { target.wrapping_add(path.len()).write(U::default()) };
    target
}

/// The current directory.
///
/// # Safety
/// `target` is null or has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _getcwd(target: *mut u8, room: i32) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { deliver(&ansi(&current_directory()), target, room.max(0) as usize) }
}

/// The current directory in UTF-16.
///
/// # Safety
/// `target` is null or has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wgetcwd(target: *mut u16, room: i32) -> *mut u16 {
    // SAFETY: the caller's promise.
    unsafe { deliver(&current_directory(), target, room.max(0) as usize) }
}

/// The whole path of a name.
///
/// # Safety
/// `name` is a string or null; `target` is null or has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _fullpath(target: *mut u8, name: *const u8, room: u32) -> *mut u8 {
    // SAFETY: the caller's promise.
    let path = ansi(&full_path(&wide(unsafe { c_string(name) })));
    let room = if target.is_null() { MAXIMUM_PATH } else { room as usize };
    // SAFETY: the caller's promise.
    unsafe { deliver(&path, target, room) }
}

/// The whole path of a name in UTF-16.
///
/// # Safety
/// `name` is a string or null; `target` is null or has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wfullpath(target: *mut u16, name: *const u16, room: u32) -> *mut u16 {
    // SAFETY: the caller's promise.
    let path = full_path(unsafe { wide_string(name) });
    let room = if target.is_null() { MAXIMUM_PATH } else { room as usize };
    // SAFETY: the caller's promise.
    unsafe { deliver(&path, target, room) }
}

/// The drive of the current directory: 1 for A.
#[unsafe(no_mangle)]
pub extern "C" fn _getdrive() -> i32 {
    current_directory().first().map_or(0, |&letter| i32::from(letter & 0x1F))
}

/// Makes drive `drive`, 1 for A, the current one, at the directory that was current there last: 0, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _chdrive(drive: i32) -> i32 {
    match drive {
        1..=26 => change(vec![u16::from(b'A') + drive as u16 - 1, u16::from(b':')]),
        _ => fail(Errno::EACCES),
    }
}
