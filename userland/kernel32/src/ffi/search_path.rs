//! Looking for a file along a path, and the short and long forms of paths.

use alloc::vec::Vec;

use user_ffi::{c_string, wide_string};
use user_support::environment::value;
use user_support::error::Win32Error;
use user_support::path::{absolute, file_name, has_folder, join};
use user_support::text::wide;

use super::directory::{copy_ansi, copy_wide, current_directory, system_directory, windows_directory};
use super::environment::block;
use super::find::{attributes_of, entry_of};
use super::last_error::{fail, fail_with};
use super::module::own_folder;

/// `FILE_ATTRIBUTE_DIRECTORY`.
const DIRECTORY: u32 = 0x10;
const SEMICOLON: u16 = b';' as u16;
const BACKSLASH: u16 = b'\\' as u16;

fn is_there(path: &[u16]) -> bool {
    attributes_of(path).is_ok_and(|attributes| attributes & DIRECTORY == 0)
}

/// The folders that are searched where the caller names none: the program's, the current one, the system's, PATH's.
fn default_path() -> Vec<u16> {
    let mut path = own_folder();
    for folder in [current_directory(), system_directory(), windows_directory()] {
        path.push(SEMICOLON);
        path.extend(folder);
    }
    if let Some(folders) = value(block(), &wide(b"PATH")) {
        path.push(SEMICOLON);
        path.extend_from_slice(folders);
    }
    path
}

/// The whole path of a file: along `path`, or where the system looks.
pub(super) fn look_for(path: Option<&[u16]>, name: &[u16], extension: &[u16]) -> Option<Vec<u16>> {
    let current = current_directory();
    let mut name = name.to_vec();
    if !file_name(&name).contains(&u16::from(b'.')) {
        name.extend_from_slice(extension);
    }
    if has_folder(&name) {
        return Some(absolute(&current, &name)).filter(|whole| is_there(whole));
    }
    let default = default_path();
    let folders = path.unwrap_or(&default).split(|&unit| unit == SEMICOLON).filter(|folder| !folder.is_empty());
    folders.map(|folder| absolute(&current, &join(folder, &name))).find(|whole| is_there(whole))
}

/// Looks for a file in the folders of `path`, or in those of the system for null: the length of its path, the room it needs, or 0.
///
/// # Safety
/// `path` and `extension` are null or strings, `name` is one; `target` has room for `room` bytes; `part` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SearchPathA(
    path: *const u8,
    name: *const u8,
    extension: *const u8,
    room: u32,
    target: *mut u8,
    part: *mut u32,
) -> u32 {
    if name.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let path = (!path.is_null()).then(|| wide(unsafe { c_string(path) }));
    // SAFETY: the caller's promise.
    let name = wide(unsafe { c_string(name) });
    // SAFETY: the caller's promise.
    let extension = wide(unsafe { c_string(extension) });
    let Some(found) = look_for(path.as_deref(), &name, &extension) else { return fail(Win32Error::FILE_NOT_FOUND) };
    // SAFETY: the caller's promise.
    let length = unsafe { copy_ansi(&found, target, room) };
    let start = found.len() - file_name(&found).len();
    if length < room && !part.is_null() {
        // SAFETY: the caller's promise.
        unsafe { part.write_unaligned(target as u32 + start as u32) };
    }
    length
}

/// The same in UTF-16.
///
/// # Safety
/// As [`SearchPathA`], with room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SearchPathW(
    path: *const u16,
    name: *const u16,
    extension: *const u16,
    room: u32,
    target: *mut u16,
    part: *mut u32,
) -> u32 {
    if name.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let path = (!path.is_null()).then(|| unsafe { wide_string(path) });
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    let extension = unsafe { wide_string(extension) };
    let Some(found) = look_for(path, name, extension) else { return fail(Win32Error::FILE_NOT_FOUND) };
    // SAFETY: the caller's promise.
    let length = unsafe { copy_wide(&found, target, room) };
    let start = found.len() - file_name(&found).len();
    if length < room && !part.is_null() {
        // SAFETY: the caller's promise.
        unsafe { part.write_unaligned(target as u32 + 2 * start as u32) };
    }
    length
}

/// A path with each name in its other form: short, or long.
fn in_form(path: &[u16], short: bool) -> Result<Vec<u16>, u32> {
    attributes_of(path).map_err(fail_with)?;
    let mut result: Vec<u16> = Vec::with_capacity(path.len());
    let mut done = 0;
    for part in path.split_inclusive(|&unit| unit == BACKSLASH || unit == u16::from(b'/')) {
        let (name, separator) = match part.split_last() {
            Some((&last, name)) if last == BACKSLASH || last == u16::from(b'/') => (name, &part[name.len()..]),
            _ => (part, &[][..]),
        };
        done += part.len();
        let before = &path[..done - separator.len()];
        let is_plain =
            name.is_empty() || name.iter().all(|&unit| unit == u16::from(b'.')) || name.ends_with(&[u16::from(b':')]);
        match if is_plain { None } else { entry_of(before) } {
            Some(entry) if short && !entry.short_name.is_empty() => result.extend_from_slice(&entry.short_name),
            Some(entry) if !short => result.extend_from_slice(&entry.name),
            _ => result.extend_from_slice(name),
        }
        result.extend_from_slice(separator);
    }
    Ok(result)
}

macro_rules! forms {
    ($($(#[$meta:meta])* $ansi:ident $wide:ident $short:literal;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// `path` is a string; `target` has room for `room` bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $ansi(path: *const u8, target: *mut u8, room: u32) -> u32 {
            if path.is_null() {
                return fail(Win32Error::INVALID_PARAMETER);
            }
            // SAFETY: the caller's promise.
            match in_form(&wide(unsafe { c_string(path) }), $short) {
                // SAFETY: the caller's promise.
                Ok(path) => unsafe { copy_ansi(&path, target, room) },
                Err(failed) => failed,
            }
        }

        $(#[$meta])*
        ///
        /// # Safety
        /// `path` is a string; `target` has room for `room` units.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $wide(path: *const u16, target: *mut u16, room: u32) -> u32 {
            if path.is_null() {
                return fail(Win32Error::INVALID_PARAMETER);
            }
            // SAFETY: the caller's promise.
            match in_form(unsafe { wide_string(path) }, $short) {
                // SAFETY: the caller's promise.
                Ok(path) => unsafe { copy_wide(&path, target, room) },
                Err(failed) => failed,
            }
        }
    )*};
}

forms! {
    /// A path with the short name of each part: its length, or the room it needs; 0 for what there is not.
    GetShortPathNameA GetShortPathNameW true;
    /// A path with the long name of each part: its length, or the room it needs; 0 for what there is not.
    GetLongPathNameA GetLongPathNameW false;
}
