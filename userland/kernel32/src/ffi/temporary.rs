//! Where temporary files go, and names that nobody else has.

use alloc::format;
use alloc::vec::Vec;

use user_ffi::{bytes_mut, c_string, wide_mut, wide_string};
use user_support::environment::value;
use user_support::error::Win32Error;
use user_support::path::{MAXIMUM_PATH, absolute};
use user_support::text;

use super::directory::{copy_ansi, copy_wide, current_directory, windows_directory};
use super::environment::block;
use super::file_name::create_at;
use super::find::attributes_of;
use super::last_error::fail;
use super::time::GetTickCount;

const BACKSLASH: u16 = b'\\' as u16;
/// `GENERIC_READ`.
const READ: u32 = 0x8000_0000;
/// `FILE_CREATE`.
const CREATE: u32 = 2;
/// `FILE_ATTRIBUTE_DIRECTORY`.
const DIRECTORY: u32 = 0x10;
/// Characters of a prefix that count.
const PREFIX: usize = 3;

/// The folder for temporary files, with its final separator.
fn temporary_folder() -> Vec<u16> {
    let named = [&b"TMP"[..], b"TEMP", b"USERPROFILE"];
    let found = named.into_iter().find_map(|name| value(block(), &text::wide(name)).map(<[u16]>::to_vec));
    let mut folder = absolute(&current_directory(), &found.unwrap_or_else(windows_directory));
    if folder.last() != Some(&BACKSLASH) {
        folder.push(BACKSLASH);
    }
    folder
}

/// The folder for temporary files: its length, or the room it needs.
///
/// # Safety
/// `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetTempPathA(room: u32, target: *mut u8) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { copy_ansi(&temporary_folder(), target, room) }
}

/// The same in UTF-16.
///
/// # Safety
/// `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetTempPathW(room: u32, target: *mut u16) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { copy_wide(&temporary_folder(), target, room) }
}

/// A name in `folder` that begins with `prefix` and ends with `unique`, or, where that is 0, with a number for which there was
/// no file, and now is; with the number.
fn temporary_name(folder: &[u16], prefix: &[u16], unique: u32) -> Result<(Vec<u16>, u32), u32> {
    let is_folder = attributes_of(folder).is_ok_and(|attributes| attributes & DIRECTORY != 0);
    if !is_folder {
        return Err(fail(Win32Error::DIRECTORY));
    }
    let mut number = if unique == 0 { GetTickCount() & 0xFFFF } else { unique & 0xFFFF };
    for _ in 0..0x1_0000 {
        number = if number == 0 { 1 } else { number };
        let mut name = folder.to_vec();
        if name.last() != Some(&BACKSLASH) {
            name.push(BACKSLASH);
        }
        name.extend(prefix.iter().take(PREFIX));
        name.extend(format!("{number:X}.tmp").encode_utf16());
        if name.len() >= MAXIMUM_PATH {
            return Err(fail(Win32Error::BUFFER_OVERFLOW));
        }
        if unique != 0 || create_at(&name, READ, CREATE, 0).is_some() {
            return Ok((name, number));
        }
        if user_ffi::teb().last_error() != Win32Error::FILE_EXISTS.0 {
            return Err(0);
        }
        number = (number + 1) & 0xFFFF;
    }
    Err(fail(Win32Error::FILE_EXISTS))
}

/// A name for a temporary file, which is made where `unique` is 0; the number in it, or 0 for failure.
///
/// # Safety
/// `folder` and `prefix` are strings, `target` has room for 260 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetTempFileNameA(
    folder: *const u8,
    prefix: *const u8,
    unique: u32,
    target: *mut u8,
) -> u32 {
    // SAFETY: the caller's promise.
    let folder = text::wide(unsafe { c_string(folder) });
    // SAFETY: the caller's promise.
    let prefix = text::wide(unsafe { c_string(prefix) });
    temporary_name(&folder, &prefix, unique).map_or_else(
        |failed| failed,
        |(name, number)| {
            let name = text::ansi(&name);
            // SAFETY: the caller's promise.
            let target = unsafe { bytes_mut(target, name.len() as u32 + 1) };
            target[..name.len()].copy_from_slice(&name);
            target[name.len()] = 0;
            number
        },
    )
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetTempFileNameA`], with 260 units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetTempFileNameW(
    folder: *const u16,
    prefix: *const u16,
    unique: u32,
    target: *mut u16,
) -> u32 {
    // SAFETY: the caller's promise.
    let folder = unsafe { wide_string(folder) };
    // SAFETY: the caller's promise.
    let prefix = unsafe { wide_string(prefix) };
    temporary_name(folder, prefix, unique).map_or_else(
        |failed| failed,
        |(name, number)| {
            // SAFETY: the caller's promise.
            let target = unsafe { wide_mut(target, name.len() as u32 + 1) };
            target[..name.len()].copy_from_slice(&name);
            target[name.len()] = 0;
            number
        },
    )
}
