//! `lstrlen` and its kin. As on Windows, a null pointer is an empty string, and nothing is copied to one.
//!
//! Comparison is that of `CompareString`: as people sort.

use user_ffi::{c_string, wide_string};
use user_support::collation::compare;
use user_support::collation::flag::IGNORE_CASE;
use user_support::text::wide;

/// Length of a string in bytes.
///
/// # Safety
/// `text` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn lstrlenA(text: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { c_string(text) }.len() as u32
}

/// Length of a string in units.
///
/// # Safety
/// `text` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn lstrlenW(text: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { wide_string(text) }.len() as u32
}

macro_rules! copying {
    ($unit:ty, $string:ident: $copy:ident, $copy_some:ident, $append:ident) => {
        /// Copies a string with its zero.
        ///
        /// # Safety
        /// `source` is null or a string; `target` has room for it.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $copy(target: *mut $unit, source: *const $unit) -> *mut $unit {
            // SAFETY: the caller's promise.
            unsafe { $copy_some(target, source, i32::MAX) }
        }

        /// Copies as much of a string as fits into `room` units with its zero.
        ///
        /// # Safety
        /// `source` is null or a string; `target` has that room.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $copy_some(target: *mut $unit, source: *const $unit, room: i32) -> *mut $unit {
            if target.is_null() || room <= 0 {
                return target;
            }
            // SAFETY: the caller's promise.
            let length = unsafe { $string(source) }.len().min(room as usize - 1);
            // SAFETY: the caller's promise; the strings may be the same.
            unsafe { target.copy_from(source, length) };
            // SAFETY: the caller's promise: there is room for the zero.
            unsafe { target.wrapping_add(length).write(0) };
            target
        }

        /// Appends a string to another.
        ///
        /// # Safety
        /// Both are null or strings; `target` has room for both.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $append(target: *mut $unit, source: *const $unit) -> *mut $unit {
            // SAFETY: the caller's promise.
            let length = unsafe { $string(target) }.len();
            if !target.is_null() {
                // SAFETY: the caller's promise.
                unsafe { $copy(target.wrapping_add(length), source) };
            }
            target
        }
    };
}

copying!(u8, c_string: lstrcpyA, lstrcpynA, lstrcatA);
copying!(u16, wide_string: lstrcpyW, lstrcpynW, lstrcatW);

macro_rules! comparing {
    ($($name:ident, $unit:ty, $string:ident, $units:expr, $flags:expr;)*) => {$(
        /// Compares two strings: -1, 0 or 1.
        ///
        /// # Safety
        /// Both are null or strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(left: *const $unit, right: *const $unit) -> i32 {
            // SAFETY: the caller's promise.
            let left = unsafe { $string(left) };
            // SAFETY: the caller's promise.
            let right = unsafe { $string(right) };
            compare(&$units(left), &$units(right), $flags) as i32
        }
    )*};
}

comparing! {
    lstrcmpA, u8, c_string, wide, 0;
    lstrcmpiA, u8, c_string, wide, IGNORE_CASE;
    lstrcmpW, u16, wide_string, core::convert::identity, 0;
    lstrcmpiW, u16, wide_string, core::convert::identity, IGNORE_CASE;
}
