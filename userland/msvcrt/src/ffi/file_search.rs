//! `_findfirst` and its kin: the files that a path with wildcards means, one by one.
//!
//! A search is the system's own search handle. The structure it fills comes in three layouts, by the width of times and size; each in
//! bytes and in UTF-16.

use alloc::vec::Vec;

use user_crt::error::Errno;
use user_crt::file_status::times_of;
use user_ffi::{c_string, wide_string};
use user_support::text::{ansi, wide};

use super::file_status::{FIND_DATA, head, name_in, size_in};
use super::nt::{FindClose, FindFirstFileW, FindNextFileW, INVALID_HANDLE};
use super::thread_data::{fail, fail_with_last_error};

/// `FILE_ATTRIBUTE_NORMAL`, which is 0 here.
const NORMAL: u32 = 0x80;

/// How wide times and size are.
#[derive(Clone, Copy)]
enum Layout {
    /// `_finddata32_t`: both 32 bits.
    Small,
    /// `_finddata32i64_t`: 64 bits for the size.
    LargeSize,
    /// `__finddata64_t`: both 64 bits.
    Large,
}

/// What stands before the name.
fn fields(data: &[u8; FIND_DATA], layout: Layout) -> Vec<u8> {
    let (attributes, times) = head(data);
    // Last access, last write, creation; a time that is not known is -1.
    let [access, write, creation] = times.map(|time| if time == 0 { -1 } else { times_of([time; 3])[0] });
    let size = size_in(data);
    let attributes = if attributes == NORMAL { 0 } else { attributes };
    let mut fields = attributes.to_le_bytes().to_vec();
    let narrow = |fields: &mut Vec<u8>| {
        [creation, access, write].iter().for_each(|time| fields.extend((*time as u32).to_le_bytes()));
    };
    match layout {
        Layout::Small => {
            narrow(&mut fields);
            fields.extend((size as u32).to_le_bytes());
        }
        Layout::LargeSize => {
            narrow(&mut fields);
            fields.extend(size.to_le_bytes());
        }
        Layout::Large => {
            fields.extend([0; 4]);
            [creation, access, write].iter().for_each(|time| fields.extend(time.to_le_bytes()));
            fields.extend(size.to_le_bytes());
        }
    }
    fields
}

/// The whole structure, with the name in bytes or in UTF-16.
fn structure(data: &[u8; FIND_DATA], layout: Layout, narrow: bool) -> Vec<u8> {
    let mut name = name_in(data);
    name.push(0);
    let mut bytes = fields(data, layout);
    if narrow {
        bytes.extend(ansi(&name));
    } else {
        bytes.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
    }
    bytes
}

/// # Safety
/// `target` has room for the structure.
unsafe fn deliver(target: *mut u8, data: &[u8; FIND_DATA], layout: Layout, narrow: bool) {
    let bytes = structure(data, layout, narrow);
    // SAFETY: the caller's promise.
    unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
}

/// Begins a search: its handle, or -1.
///
/// # Safety
/// `target` has room for the structure.
unsafe fn first(mut pattern: Vec<u16>, target: *mut u8, layout: Layout, narrow: bool) -> i32 {
    pattern.push(0);
    let mut data = [0; FIND_DATA];
    // SAFETY: the pattern is a string, and there is room for the data.
    let search = unsafe { FindFirstFileW(pattern.as_ptr(), data.as_mut_ptr()) };
    if search == INVALID_HANDLE {
        return fail_with_last_error();
    }
    // SAFETY: the caller's promise.
    unsafe { deliver(target, &data, layout, narrow) };
    search.cast_signed()
}

/// Goes on with a search: 0, or -1 behind the last file.
///
/// # Safety
/// `target` has room for the structure.
unsafe fn next(search: i32, target: *mut u8, layout: Layout, narrow: bool) -> i32 {
    let mut data = [0; FIND_DATA];
    // SAFETY: there is room for the data; what is no search handle is refused.
    if unsafe { FindNextFileW(search.cast_unsigned(), data.as_mut_ptr()) } == 0 {
        return fail_with_last_error();
    }
    // SAFETY: the caller's promise.
    unsafe { deliver(target, &data, layout, narrow) };
    0
}

macro_rules! searching {
    ($($first:ident, $next:ident, $unit:ty, $string:ident, $units:expr, $layout:ident, $narrow:literal;)*) => {$(
        /// Begins a search: its handle, or -1.
        ///
        /// # Safety
        /// `pattern` is a string; `target` has room for the structure.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $first(pattern: *const $unit, target: *mut u8) -> i32 {
            if pattern.is_null() || target.is_null() {
                return fail(Errno::EINVAL);
            }
            // SAFETY: the caller's promise.
            let pattern: Vec<u16> = $units(unsafe { $string(pattern) });
            // SAFETY: the caller's promise.
            unsafe { first(pattern, target, Layout::$layout, $narrow) }
        }

        /// Goes on with a search: 0, or -1 behind the last file.
        ///
        /// # Safety
        /// `target` has room for the structure.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $next(search: i32, target: *mut u8) -> i32 {
            if target.is_null() {
                return fail(Errno::EINVAL);
            }
            // SAFETY: the caller's promise.
            unsafe { next(search, target, Layout::$layout, $narrow) }
        }
    )*};
}

searching! {
    _findfirst, _findnext, u8, c_string, wide, Small, true;
    _findfirsti64, _findnexti64, u8, c_string, wide, LargeSize, true;
    _findfirst64, _findnext64, u8, c_string, wide, Large, true;
    _wfindfirst, _wfindnext, u16, wide_string, <[u16]>::to_vec, Small, false;
    _wfindfirsti64, _wfindnexti64, u16, wide_string, <[u16]>::to_vec, LargeSize, false;
    _wfindfirst64, _wfindnext64, u16, wide_string, <[u16]>::to_vec, Large, false;
}

/// Ends a search.
#[unsafe(no_mangle)]
pub extern "C" fn _findclose(search: i32) -> i32 {
    // SAFETY: what is no search handle is refused.
    if unsafe { FindClose(search.cast_unsigned()) } == 0 { fail_with_last_error() } else { 0 }
}
