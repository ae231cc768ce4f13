//! Texts.

use core::cmp::Ordering;

use user_ffi::{c_string, wide_string};
use user_support::letter::lower;
use user_support::text::ansi_to_wide;

macro_rules! find {
    ($unit:ty: $string:ident $key:expr, $exact:ident $folded:ident $compare:ident) => {
        /// The first place of a text in another, or null.
        ///
        /// # Safety
        /// Both are null or strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $exact(text: *const $unit, part: *const $unit) -> *const $unit {
            // SAFETY: the caller's promise.
            let units = unsafe { $string(text) };
            // SAFETY: the caller's promise.
            let part = unsafe { $string(part) };
            let found =
                (!part.is_empty()).then(|| units.windows(part.len()).position(|window| window == part)).flatten();
            found.map_or(core::ptr::null(), |index| text.wrapping_add(index))
        }

        /// The same, without regard to case.
        ///
        /// # Safety
        /// Both are null or strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $folded(text: *const $unit, part: *const $unit) -> *const $unit {
            // SAFETY: the caller's promise.
            let units = unsafe { $string(text) };
            // SAFETY: the caller's promise.
            let part = unsafe { $string(part) };
            let same = |window: &[$unit]| window.iter().zip(part).all(|(&one, &other)| $key(one) == $key(other));
            let found = (!part.is_empty()).then(|| units.windows(part.len()).position(same)).flatten();
            found.map_or(core::ptr::null(), |index| text.wrapping_add(index))
        }

        /// How two texts compare without regard to case: -1, 0 or 1.
        ///
        /// # Safety
        /// Both are null or strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $compare(left: *const $unit, right: *const $unit) -> i32 {
            // SAFETY: the caller's promise.
            let left = unsafe { $string(left) }.iter().map(|&unit| $key(unit));
            // SAFETY: the caller's promise.
            let right = unsafe { $string(right) }.iter().map(|&unit| $key(unit));
            match left.cmp(right) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            }
        }
    };
}

fn folded_byte(byte: u8) -> u16 {
    lower(ansi_to_wide(byte))
}

find!(u8: c_string folded_byte, StrStrA StrStrIA StrCmpIA);
find!(u16: wide_string lower, StrStrW StrStrIW StrCmpIW);
