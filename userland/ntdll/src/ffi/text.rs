//! Counted strings, and their conversion between the ANSI code page and UTF-16.

use user_ffi::{AnsiString, UnicodeString, bytes, bytes_mut, c_string, peb, wide, wide_mut, wide_string};
use user_support::status::Status;
use user_support::text::{ansi_to_wide, equal_ignoring_case, wide_to_ansi};

use super::heap::{allocate, free};

/// Most bytes that a counted string holds with its zero.
const MAXIMUM_BYTES: usize = 0xFFFE;

/// Describes the zero-terminated string at `source`.
///
/// # Safety
/// `target` points to room for the description; `source` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlInitUnicodeString(target: *mut UnicodeString, source: *mut u16) {
    // SAFETY: the caller's promise.
    let bytes = (2 * unsafe { wide_string(source) }.len()).min(MAXIMUM_BYTES - 2) as u16;
    let maximum_length = if source.is_null() { 0 } else { bytes + 2 };
    // SAFETY: the caller's promise.
    unsafe { target.write(UnicodeString { length: bytes, maximum_length, buffer: source }) };
}

/// Describes the zero-terminated string at `source`.
///
/// # Safety
/// `target` points to room for the description; `source` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlInitAnsiString(target: *mut AnsiString, source: *mut u8) {
    // SAFETY: the caller's promise.
    let bytes = unsafe { c_string(source) }.len().min(MAXIMUM_BYTES) as u16;
    let maximum_length = if source.is_null() { 0 } else { bytes + 1 };
    // SAFETY: the caller's promise.
    unsafe { target.write(AnsiString { length: bytes, maximum_length, buffer: source }) };
}

/// The older name of [`RtlInitAnsiString`].
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlInitString(target: *mut AnsiString, source: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe { RtlInitAnsiString(target, source) };
}

/// Converts to UTF-16, into a buffer from the heap if `allocating`.
///
/// # Safety
/// Both strings are described truly, and `target`'s buffer is writable.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlAnsiStringToUnicodeString(
    target: *mut UnicodeString,
    source: *const AnsiString,
    allocating: u8,
) -> u32 {
    // SAFETY: the caller's promise.
    let source = unsafe { source.read() };
    // SAFETY: the caller's promise.
    let text = unsafe { source.bytes() };
    let size = 2 * text.len() + 2;
    if size > MAXIMUM_BYTES {
        return Status::INVALID_PARAMETER_2.0;
    }
    // SAFETY: the caller's promise.
    let mut result = unsafe { target.read() };
    if allocating != 0 {
        result.buffer = allocate(peb().heap(), size as u32) as *mut u16;
        result.maximum_length = size as u16;
        if result.buffer.is_null() {
            return Status::NO_MEMORY.0;
        }
    } else if size > usize::from(result.maximum_length) {
        return Status::BUFFER_OVERFLOW.0;
    }
    result.length = size as u16 - 2;
    // SAFETY: `maximum_length` bytes, at least `size`, are there: just allocated, or the caller's promise.
    let units = unsafe { wide_mut(result.buffer, size as u32 / 2) };
    for (unit, &byte) in units.iter_mut().zip(text.iter().chain(&[0])) {
        *unit = ansi_to_wide(byte);
    }
    // SAFETY: the caller's promise.
    unsafe { target.write(result) };
    Status::SUCCESS.0
}

/// Converts to the ANSI code page, into a buffer from the heap if `allocating`.
///
/// # Safety
/// Both strings are described truly, and `target`'s buffer is writable.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlUnicodeStringToAnsiString(
    target: *mut AnsiString,
    source: *const UnicodeString,
    allocating: u8,
) -> u32 {
    // SAFETY: the caller's promise.
    let source = unsafe { source.read() };
    // SAFETY: the caller's promise.
    let text = unsafe { source.units() };
    let size = text.len() + 1;
    // SAFETY: the caller's promise.
    let mut result = unsafe { target.read() };
    if allocating != 0 {
        result.buffer = allocate(peb().heap(), size as u32) as *mut u8;
        result.maximum_length = size as u16;
        if result.buffer.is_null() {
            return Status::NO_MEMORY.0;
        }
    } else if size > usize::from(result.maximum_length) {
        return Status::BUFFER_OVERFLOW.0;
    }
    result.length = size as u16 - 1;
    // SAFETY: `maximum_length` bytes, at least `size`, are there: just allocated, or the caller's promise.
    let units = unsafe { bytes_mut(result.buffer, size as u32) };
    for (byte, &unit) in units.iter_mut().zip(text.iter().chain(&[0])) {
        *byte = wide_to_ansi(unit).unwrap_or(b'?');
    }
    // SAFETY: the caller's promise.
    unsafe { target.write(result) };
    Status::SUCCESS.0
}

/// Frees what a conversion allocated.
///
/// # Safety
/// The string's buffer came from such a conversion, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlFreeUnicodeString(string: *mut UnicodeString) {
    // SAFETY: the caller's promise.
    let buffer = unsafe { string.read() }.buffer;
    if !buffer.is_null() {
        free(peb().heap(), buffer as u32);
    }
    let empty = UnicodeString { length: 0, maximum_length: 0, buffer: core::ptr::null_mut() };
    // SAFETY: the caller's promise.
    unsafe { string.write(empty) };
}

/// Frees what a conversion allocated.
///
/// # Safety
/// The string's buffer came from such a conversion, or is null.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlFreeAnsiString(string: *mut AnsiString) {
    // SAFETY: the caller's promise.
    let buffer = unsafe { string.read() }.buffer;
    if !buffer.is_null() {
        free(peb().heap(), buffer as u32);
    }
    let empty = AnsiString { length: 0, maximum_length: 0, buffer: core::ptr::null_mut() };
    // SAFETY: the caller's promise.
    unsafe { string.write(empty) };
}

/// Whether two strings are equal, with or without regard to case.
///
/// # Safety
/// Both strings are described truly.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlEqualUnicodeString(
    left: *const UnicodeString,
    right: *const UnicodeString,
    ignoring_case: u8,
) -> u8 {
    // SAFETY: the caller's promise.
    let left = unsafe { left.read() };
    // SAFETY: the caller's promise.
    let right = unsafe { right.read() };
    // SAFETY: the caller's promise.
    let left = unsafe { left.units() };
    // SAFETY: the caller's promise.
    let right = unsafe { right.units() };
    u8::from(if ignoring_case != 0 { equal_ignoring_case(left, right) } else { left == right })
}

/// Converts bytes to as many units as fit and says how many bytes that made.
///
/// # Safety
/// `target` has room for `room` bytes, `source` holds `length`, `made` is null or a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlMultiByteToUnicodeN(
    target: *mut u16,
    room: u32,
    made: *mut u32,
    source: *const u8,
    length: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let units = unsafe { wide_mut(target, room / 2) };
    // SAFETY: the caller's promise.
    let text = unsafe { bytes(source, length) };
    for (unit, &byte) in units.iter_mut().zip(text) {
        *unit = ansi_to_wide(byte);
    }
    if !made.is_null() {
        // SAFETY: the caller's promise.
        unsafe { made.write(2 * length.min(room / 2)) };
    }
    Status::SUCCESS.0
}

/// Converts units to as many bytes as fit and says how many that made.
///
/// # Safety
/// `target` has room for `room` bytes, `source` holds `length` bytes, `made` is null or a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlUnicodeToMultiByteN(
    target: *mut u8,
    room: u32,
    made: *mut u32,
    source: *const u16,
    length: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let text = unsafe { bytes_mut(target, room) };
    // SAFETY: the caller's promise.
    let units = unsafe { wide(source, length / 2) };
    for (byte, &unit) in text.iter_mut().zip(units) {
        *byte = wide_to_ansi(unit).unwrap_or(b'?');
    }
    if !made.is_null() {
        // SAFETY: the caller's promise.
        unsafe { made.write(room.min(length / 2)) };
    }
    Status::SUCCESS.0
}
