//! Folding strings: what looks different and means the same becomes the same.

use user_ffi::{bytes_mut, wide_mut};
use user_support::error::Win32Error;
use user_support::fold::{flag, folded};
use user_support::text::{ansi, wide};

use super::code_page::copy;
use super::last_error::fail;
use super::locale::{given, given_wide};

/// The flags that cannot be together.
fn check(flags: u32) -> Result<(), Win32Error> {
    let forms = flags & (flag::PRECOMPOSED | flag::COMPOSITE | flag::LIGATURES);
    let sound = flags & !flag::ALL == 0 && forms.count_ones() <= 1;
    if sound { Ok(()) } else { Err(Win32Error::INVALID_FLAGS) }
}

/// `units` as they are folded, with a zero where they were a string.
fn fold_units(flags: u32, units: &[u16], with_zero: bool) -> Result<alloc::vec::Vec<u16>, Win32Error> {
    check(flags)?;
    let mut result = folded(units, flags);
    result.extend(with_zero.then_some(0));
    Ok(result)
}

/// Folds a string. Returns the units written, or needed for no room.
///
/// # Safety
/// `source` holds `length` units, or a string; `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FoldStringW(
    flags: u32,
    source: *const u16,
    length: i32,
    target: *mut u16,
    room: u32,
) -> u32 {
    if source.is_null() || length == 0 || room != 0 && target.is_null() || source == target.cast_const() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let units = unsafe { given_wide(source, length) };
    match fold_units(flags, units, length < 0) {
        // SAFETY: the caller's promise.
        Ok(result) => copy(&result, unsafe { wide_mut(target, room) }, room),
        Err(error) => fail(error),
    }
}

/// The same for Windows-1252.
///
/// # Safety
/// `source` holds `length` bytes, or a string; `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FoldStringA(
    flags: u32,
    source: *const u8,
    length: i32,
    target: *mut u8,
    room: u32,
) -> u32 {
    if source.is_null() || length == 0 || room != 0 && target.is_null() || source == target.cast_const() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let units = wide(unsafe { given(source, length) });
    match fold_units(flags, &units, length < 0) {
        // SAFETY: the caller's promise.
        Ok(result) => copy(&ansi(&result), unsafe { bytes_mut(target, room) }, room),
        Err(error) => fail(error),
    }
}
