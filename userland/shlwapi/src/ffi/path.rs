//! Paths. A buffer that a path is made in has 260 units.
//!
//! Source: documented behaviour of the functions.

use alloc::vec::Vec;

use user_ffi::last_error::{Bool, FALSE, TRUE};
use user_ffi::{c_string, wide_string};
use user_support::path::{MAXIMUM_PATH, absolute, file_name, folder, join};
use user_support::text::{ansi, wide};

use super::nt::GetFileAttributesW;

const BACKSLASH: u16 = b'\\' as u16;
const COLON: u16 = b':' as u16;

/// A character of a path, of either width.
trait Unit: Copy {
    /// The string at an address, in UTF-16.
    ///
    /// # Safety
    /// It is null or a string.
    unsafe fn text(at: *const Self) -> Vec<u16>;
    /// Writes a string that is not longer than there is room for.
    ///
    /// # Safety
    /// There is room for it with its zero.
    unsafe fn put(at: *mut Self, text: &[u16]);
}

impl Unit for u8 {
    unsafe fn text(at: *const Self) -> Vec<u16> {
        // SAFETY: the caller's promise.
        wide(unsafe { c_string(at) })
    }
    unsafe fn put(at: *mut Self, text: &[u16]) {
        for (index, byte) in ansi(text).into_iter().chain([0]).enumerate() {
            // SAFETY: the caller's promise.
            unsafe { at.wrapping_add(index).write(byte) };
        }
    }
}

impl Unit for u16 {
    unsafe fn text(at: *const Self) -> Vec<u16> {
        // SAFETY: the caller's promise.
        unsafe { wide_string(at) }.to_vec()
    }
    unsafe fn put(at: *mut Self, text: &[u16]) {
        for (index, unit) in text.iter().copied().chain([0]).enumerate() {
            // SAFETY: the caller's promise.
            unsafe { at.wrapping_add(index).write(unit) };
        }
    }
}

fn is_root(path: &[u16]) -> bool {
    matches!(path, [_, COLON, BACKSLASH] | [BACKSLASH] | [BACKSLASH, BACKSLASH])
}

fn is_relative(path: &[u16]) -> bool {
    !matches!(path, [BACKSLASH, ..] | [_, COLON, ..])
}

/// A path without its last part, unless it is a root.
fn without_file(path: &[u16]) -> &[u16] {
    if is_root(path) {
        return path;
    }
    let before = folder(path);
    match before.split_last() {
        Some((&BACKSLASH, rest)) if !is_root(before) => rest,
        _ => before,
    }
}

/// `file` in `directory`, with `.` and `..` resolved.
fn combined(directory: &[u16], file: &[u16]) -> Option<Vec<u16>> {
    let whole = if is_relative(file) { join(directory, file) } else { file.to_vec() };
    if whole.is_empty() {
        return None;
    }
    // What has no drive is made whole against nothing, and keeps none.
    let mut path = absolute(&[], &whole);
    if is_relative(&whole) {
        path.remove(0);
    }
    Some(path).filter(|path| path.len() < MAXIMUM_PATH)
}

/// Where in a path its extension begins, with the point; its end where there is none.
fn extension_start(path: &[u16]) -> usize {
    let name = file_name(path);
    let start = path.len() - name.len();
    name.iter().rposition(|&unit| unit == u16::from(b'.')).map_or(path.len(), |at| start + at)
}

macro_rules! functions {
    ($unit:ty: $remove_file:ident $combine:ident $append:ident $find_name:ident $find_extension:ident $is_relative:ident
        $is_root:ident $add_backslash:ident $exists:ident $is_folder:ident $remove_extension:ident $strip:ident) => {
        /// Takes the last part off a path; whether there was one.
        ///
        /// # Safety
        /// `path` is a string that may be written.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $remove_file(path: *mut $unit) -> Bool {
            // SAFETY: the caller's promise.
            let text = unsafe { <$unit>::text(path) };
            let rest = without_file(&text);
            // SAFETY: it is not longer than what was there.
            unsafe { <$unit>::put(path, rest) };
            if rest.len() < text.len() { TRUE } else { FALSE }
        }

        /// Makes one path of a folder and a file; null where it would be too long.
        ///
        /// # Safety
        /// Folder and file are null or strings; `target` has room for 260 units.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $combine(
            target: *mut $unit,
            folder: *const $unit,
            file: *const $unit,
        ) -> *mut $unit {
            // SAFETY: the caller's promise.
            let folder = unsafe { <$unit>::text(folder) };
            // SAFETY: the caller's promise.
            let path = combined(&folder, &unsafe { <$unit>::text(file) });
            // SAFETY: the caller's promise.
            unsafe { <$unit>::put(target, path.as_deref().unwrap_or_default()) };
            if path.is_some() { target } else { core::ptr::null_mut() }
        }

        /// Makes a path longer by another; whether that fits.
        ///
        /// # Safety
        /// Both are strings; the first has room for 260 units.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $append(path: *mut $unit, more: *const $unit) -> Bool {
            // SAFETY: the caller's promise.
            let start = unsafe { <$unit>::text(path) };
            // SAFETY: the caller's promise.
            let more = unsafe { <$unit>::text(more) };
            let first = more.iter().position(|&unit| unit != BACKSLASH).unwrap_or(more.len());
            match combined(&start, &more[first..]) {
                Some(whole) => {
                    // SAFETY: the caller's promise.
                    unsafe { <$unit>::put(path, &whole) };
                    TRUE
                }
                None => FALSE,
            }
        }

        /// The last part of a path.
        ///
        /// # Safety
        /// `path` is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $find_name(path: *const $unit) -> *const $unit {
            // SAFETY: the caller's promise.
            let text = unsafe { <$unit>::text(path) };
            // A separator at the end, and a drive, belong to the part.
            let inside = text.strip_suffix(&[BACKSLASH]).unwrap_or(&text);
            let after_drive = if let [_, COLON, ..] = inside { 2 } else { 0 };
            let start = (inside.len() - file_name(inside).len()).max(after_drive.min(inside.len()));
            path.wrapping_add(if start == inside.len() { 0 } else { start })
        }

        /// The extension of a path, with its point; the zero where there is none.
        ///
        /// # Safety
        /// `path` is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $find_extension(path: *const $unit) -> *const $unit {
            // SAFETY: the caller's promise.
            path.wrapping_add(extension_start(&unsafe { <$unit>::text(path) }))
        }

        /// Takes the extension off a path.
        ///
        /// # Safety
        /// `path` is a string that may be written.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $remove_extension(path: *mut $unit) {
            // SAFETY: the caller's promise.
            let text = unsafe { <$unit>::text(path) };
            // SAFETY: it is not longer than what was there.
            unsafe { <$unit>::put(path, &text[..extension_start(&text)]) };
        }

        /// Makes a path its last part.
        ///
        /// # Safety
        /// `path` is a string that may be written.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $strip(path: *mut $unit) {
            // SAFETY: the caller's promise.
            let name = unsafe { <$unit>::text($find_name(path)) };
            // SAFETY: it is not longer than what was there.
            unsafe { <$unit>::put(path, &name) };
        }

        /// Whether a path begins neither at a root nor at a drive.
        ///
        /// # Safety
        /// `path` is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $is_relative(path: *const $unit) -> Bool {
            // SAFETY: the caller's promise.
            if is_relative(&unsafe { <$unit>::text(path) }) { TRUE } else { FALSE }
        }

        /// Whether a path is a root.
        ///
        /// # Safety
        /// `path` is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $is_root(path: *const $unit) -> Bool {
            // SAFETY: the caller's promise.
            if is_root(&unsafe { <$unit>::text(path) }) { TRUE } else { FALSE }
        }

        /// Ends a path with a separator; where its zero is then, or null where it is too long.
        ///
        /// # Safety
        /// `path` is a string with room for 260 units.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $add_backslash(path: *mut $unit) -> *mut $unit {
            // SAFETY: the caller's promise.
            let mut text = unsafe { <$unit>::text(path) };
            if text.last() != Some(&BACKSLASH) && !text.is_empty() {
                if text.len() + 1 >= MAXIMUM_PATH {
                    return core::ptr::null_mut();
                }
                text.push(BACKSLASH);
                // SAFETY: the caller's promise.
                unsafe { <$unit>::put(path, &text) };
            }
            path.wrapping_add(text.len())
        }

        /// Whether there is such a file or folder.
        ///
        /// # Safety
        /// `path` is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $exists(path: *const $unit) -> Bool {
            // SAFETY: the caller's promise.
            if attributes(&unsafe { <$unit>::text(path) }).is_some() { TRUE } else { FALSE }
        }

        /// Whether there is such a folder: 10h, or 0.
        ///
        /// # Safety
        /// `path` is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $is_folder(path: *const $unit) -> Bool {
            // SAFETY: the caller's promise.
            attributes(&unsafe { <$unit>::text(path) }).map_or(FALSE, |attributes| attributes & 0x10)
        }
    };
}

functions!(u8: PathRemoveFileSpecA PathCombineA PathAppendA PathFindFileNameA PathFindExtensionA PathIsRelativeA PathIsRootA
    PathAddBackslashA PathFileExistsA PathIsDirectoryA PathRemoveExtensionA PathStripPathA);
functions!(u16: PathRemoveFileSpecW PathCombineW PathAppendW PathFindFileNameW PathFindExtensionW PathIsRelativeW PathIsRootW
    PathAddBackslashW PathFileExistsW PathIsDirectoryW PathRemoveExtensionW PathStripPathW);

fn attributes(path: &[u16]) -> Option<u32> {
    let path: Vec<u16> = path.iter().copied().chain([0]).collect();
    // SAFETY: the path ends with a zero.
    let attributes = unsafe { GetFileAttributesW(path.as_ptr()) };
    (attributes != u32::MAX).then_some(attributes)
}
