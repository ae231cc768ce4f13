//! `lstrlen` and its kin. As on Windows, a null pointer is an empty string, and nothing is copied to one.
//!
//! Comparison puts letters of different case beside each other, the small one first, as Windows's does; its finer
//! points (hyphens, accents after letters) are not followed.

use core::cmp::Ordering;

use user_ffi::{c_string, wide_string};
use user_support::text::{ansi_to_wide, lower};

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

/// -1, 0 or 1 by the order without case, and with it if that is equal and `cased`.
fn compare(left: impl Iterator<Item = u16> + Clone, right: impl Iterator<Item = u16> + Clone, cased: bool) -> i32 {
    let folded = left.clone().map(lower).cmp(right.clone().map(lower));
    // A small letter has the larger code and comes first, hence the exchange of sides.
    let order = if cased { folded.then_with(|| right.cmp(left)) } else { folded };
    match order {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

macro_rules! comparing {
    ($($name:ident, $unit:ty, $string:ident, $convert:expr, $cased:literal;)*) => {$(
        /// Compares two strings.
        ///
        /// # Safety
        /// Both are null or strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(left: *const $unit, right: *const $unit) -> i32 {
            // SAFETY: the caller's promise.
            let left = unsafe { $string(left) };
            // SAFETY: the caller's promise.
            let right = unsafe { $string(right) };
            compare(left.iter().copied().map($convert), right.iter().copied().map($convert), $cased)
        }
    )*};
}

comparing! {
    lstrcmpA, u8, c_string, ansi_to_wide, true;
    lstrcmpiA, u8, c_string, ansi_to_wide, false;
    lstrcmpW, u16, wide_string, core::convert::identity, true;
    lstrcmpiW, u16, wide_string, core::convert::identity, false;
}
