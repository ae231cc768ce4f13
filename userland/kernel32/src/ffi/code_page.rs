//! Conversion between code pages and UTF-16.
//!
//! The ANSI and the OEM code page of this system are Windows-1252; UTF-8 is the other one it knows.

use alloc::vec::Vec;

use user_ffi::{bytes, bytes_mut, c_string, wide, wide_mut, wide_string};
use user_support::error::Win32Error;
use user_support::text::{self, Invalid, utf8_to_wide, wide_to_utf8};

use super::last_error::{Bool, FALSE, fail};

/// The system's code page.
const ANSI: u32 = 1252;
pub(super) const UTF_8: u32 = 65001;
/// `MB_ERR_INVALID_CHARS`, and the flag of the same meaning for the other direction.
const REFUSE_INVALID: u32 = 0x8;
const REFUSE_INVALID_WIDE: u32 = 0x80;
/// Length of a string that ends in a zero.
const TO_THE_ZERO: i32 = -1;

/// The code page that a number means: 0, 1, 2 and 3 are the system's.
pub(super) fn code_page(number: u32) -> Option<u32> {
    match number {
        0..=3 | ANSI => Some(ANSI),
        UTF_8 => Some(UTF_8),
        _ => None,
    }
}

/// Converts bytes of a code page to UTF-16. Returns the units written, or needed for no room; 0 for failure.
///
/// # Safety
/// `source` holds `length` bytes, or a string for -1; `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MultiByteToWideChar(
    page: u32,
    flags: u32,
    source: *const u8,
    length: i32,
    target: *mut u16,
    room: u32,
) -> u32 {
    if source.is_null() || length == 0 || length < TO_THE_ZERO {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let count = if length == TO_THE_ZERO {
        // SAFETY: the caller's promise.
        unsafe { c_string(source) }.len() as u32 + 1
    } else {
        length.cast_unsigned()
    };
    // SAFETY: the caller's promise.
    let text = unsafe { bytes(source, count) };
    let invalid = if flags & REFUSE_INVALID != 0 { Invalid::Refuse } else { Invalid::Replace };
    let units = match code_page(page) {
        Some(UTF_8) => utf8_to_wide(text, invalid),
        Some(_) => Ok(text::wide(text)),
        None => return fail(Win32Error::INVALID_PARAMETER),
    };
    let Ok(units) = units else { return fail(Win32Error::NO_UNICODE_TRANSLATION) };
    // SAFETY: the caller's promise.
    copy(&units, unsafe { wide_mut(target, room) }, room)
}

/// Converts UTF-16 to bytes of a code page. Returns the bytes written, or needed for no room; 0 for failure.
///
/// # Safety
/// `source` holds `length` units, or a string for -1; `target` has room for `room` bytes; `default` is null or points
/// to a character, `used` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WideCharToMultiByte(
    page: u32,
    flags: u32,
    source: *const u16,
    length: i32,
    target: *mut u8,
    room: u32,
    default: *const u8,
    used: *mut u32,
) -> u32 {
    if source.is_null() || length == 0 || length < TO_THE_ZERO {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let count = if length == TO_THE_ZERO {
        // SAFETY: the caller's promise.
        unsafe { wide_string(source) }.len() as u32 + 1
    } else {
        length.cast_unsigned()
    };
    // SAFETY: the caller's promise.
    let units = unsafe { wide(source, count) };
    let result = match code_page(page) {
        Some(UTF_8) if !default.is_null() || !used.is_null() => return fail(Win32Error::INVALID_PARAMETER),
        Some(UTF_8) => {
            let invalid = if flags & REFUSE_INVALID_WIDE != 0 { Invalid::Refuse } else { Invalid::Replace };
            wide_to_utf8(units, invalid).ok()
        }
        // SAFETY: the caller's promise.
        Some(_) => Some(unsafe { to_ansi(units, default, used) }),
        None => return fail(Win32Error::INVALID_PARAMETER),
    };
    let Some(text) = result else { return fail(Win32Error::NO_UNICODE_TRANSLATION) };
    // SAFETY: the caller's promise.
    copy(&text, unsafe { bytes_mut(target, room) }, room)
}

/// Windows-1252, with the caller's character for what it lacks, and whether that was needed.
///
/// # Safety
/// `default` is null or points to a character, `used` is null or points to a word.
unsafe fn to_ansi(units: &[u16], default: *const u8, used: *mut u32) -> Vec<u8> {
    // SAFETY: the caller's promise.
    let default = if default.is_null() { b'?' } else { unsafe { default.read() } };
    let mut missing = FALSE;
    let convert = |&unit: &u16| {
        text::wide_to_ansi(unit).unwrap_or_else(|| {
            missing = 1;
            default
        })
    };
    let text = units.iter().map(convert).collect();
    if !used.is_null() {
        // SAFETY: the caller's promise.
        unsafe { used.write_unaligned(missing) };
    }
    text
}

/// Copies a result: its length, all of it if there is room, and an error if there is some but too little.
pub(super) fn copy<Unit: Copy>(result: &[Unit], target: &mut [Unit], room: u32) -> u32 {
    if room == 0 {
        return result.len() as u32;
    }
    match target.get_mut(..result.len()) {
        Some(target) => {
            target.copy_from_slice(result);
            result.len() as u32
        }
        None => fail(Win32Error::INSUFFICIENT_BUFFER),
    }
}

/// The number of the ANSI code page.
#[unsafe(no_mangle)]
pub extern "system" fn GetACP() -> u32 {
    ANSI
}

/// The number of the OEM code page.
#[unsafe(no_mangle)]
pub extern "system" fn GetOEMCP() -> u32 {
    ANSI
}

/// Whether a code page is known.
#[unsafe(no_mangle)]
pub extern "system" fn IsValidCodePage(page: u32) -> Bool {
    Bool::from(page == ANSI || page == UTF_8)
}

/// No byte of the system's code page leads another.
#[unsafe(no_mangle)]
pub extern "system" fn IsDBCSLeadByte(_byte: u8) -> Bool {
    FALSE
}

/// No byte of a code page that is known leads another, in the sense of this question.
#[unsafe(no_mangle)]
pub extern "system" fn IsDBCSLeadByteEx(_page: u32, _byte: u8) -> Bool {
    FALSE
}
