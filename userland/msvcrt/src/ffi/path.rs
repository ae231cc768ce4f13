//! Taking paths apart and putting them together; how is in `user_crt::path`.

use user_crt::path::{join, split};
use user_crt::printf::Unit;
use user_ffi::{c_string, wide_string};

/// Stores each part with a zero where it is wanted.
///
/// # Safety
/// Each target is null or has room for its part.
unsafe fn store<U: Unit + From<u8>>(parts: [&[U]; 4], targets: [*mut U; 4]) {
    for (part, target) in parts.into_iter().zip(targets).filter(|(_, target)| !target.is_null()) {
        // SAFETY: the caller's promise.
        unsafe { target.copy_from_nonoverlapping(part.as_ptr(), part.len()) };
        // SAFETY: the caller's promise.
        unsafe { target.wrapping_add(part.len()).write(0.into()) };
    }
}

macro_rules! paths {
    ($unit:ty, $string:ident, $split:ident, $join:ident) => {
        /// Takes a path apart: drive, directory, name and extension, each where it is wanted.
        ///
        /// # Safety
        /// `path` is a string; the others are null or have room for a drive (3 characters) and for the parts (256).
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $split(
            path: *const $unit,
            drive: *mut $unit,
            directory: *mut $unit,
            name: *mut $unit,
            extension: *mut $unit,
        ) {
            // SAFETY: the caller's promise.
            let parts = split(unsafe { $string(path) });
            // SAFETY: the caller's promise.
            unsafe { store(parts, [drive, directory, name, extension]) };
        }

        /// Puts a path together.
        ///
        /// # Safety
        /// `path` has room for 260 characters; the others are strings or null.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $join(
            path: *mut $unit,
            drive: *const $unit,
            directory: *const $unit,
            name: *const $unit,
            extension: *const $unit,
        ) {
            let parts = [drive, directory, name, extension].map(|part| match part.is_null() {
                true => &[],
                // SAFETY: the caller's promise.
                false => unsafe { $string(part) },
            });
            let joined = join(parts);
            // SAFETY: the caller's promise.
            unsafe { store([&joined, &[], &[], &[]], [path, NONE.cast(), NONE.cast(), NONE.cast()]) };
        }
    };
}

/// No target.
const NONE: *mut u16 = core::ptr::null_mut();

paths!(u8, c_string, _splitpath, _makepath);
paths!(u16, wide_string, _wsplitpath, _wmakepath);
