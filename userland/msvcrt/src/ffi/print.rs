//! The printf family. Each function with `...` hands a pointer to its variable arguments to the one with `va_list`.

use alloc::vec::Vec;

use user_crt::printf::{Unit, format};
use user_crt::stdio::Stream;
use user_ffi::{c_string, wide_string};
use user_support::memory::Memory;

use super::host::host;
use super::stream::{locked, output};
use super::variadic::variadic;
use super::wide_stream::is_text;

variadic! {
    /// Prints to standard output.
    printf 4 1 vprintf;
    /// Prints to a stream.
    fprintf 8 2 vfprintf;
    /// Prints into a buffer.
    sprintf 8 2 vsprintf;
    /// Prints into a buffer of a size.
    _snprintf 12 3 _vsnprintf;
    /// Counts what would be printed.
    _scprintf 4 1 _vscprintf;
    /// Prints to standard output.
    wprintf 4 1 vwprintf;
    /// Prints to a stream.
    fwprintf 8 2 vfwprintf;
    /// Prints into a buffer.
    swprintf 8 2 vswprintf;
    /// Prints into a buffer.
    _swprintf 8 2 vswprintf;
    /// Prints into a buffer of a size.
    _snwprintf 12 3 _vsnwprintf;
    /// Counts what would be printed.
    _scwprintf 4 1 _vscwprintf;
}

/// Yields the words from `arguments` on.
pub(super) fn words(arguments: u32) -> impl FnMut() -> u32 {
    let mut next = arguments;
    move || {
        let word = host().read_u32(next);
        next = next.wrapping_add(4);
        word
    }
}

/// Formats and sends the characters to a stream, some at a time.
fn print<U: Unit>(stream: Stream, template: &[U], arguments: u32) -> i32 {
    const PIECE: usize = 512;
    let (mut piece, mut failed): (Vec<u8>, bool) = (Vec::new(), false);
    let both = U::WIDE && !is_text(stream);
    let send = |piece: &mut Vec<u8>| {
        let (_, stopped) = stream.write(&host(), piece);
        piece.clear();
        stopped.map(super::file::stopped).is_some()
    };
    let result = format(&host(), template, words(arguments), |unit| {
        if piece.len() >= PIECE {
            failed |= send(&mut piece);
        }
        if both {
            piece.extend(unit.to_le_bytes());
        } else {
            // Text is bytes: a character without one becomes a question mark.
            piece.push(u8::try_from(unit).unwrap_or(b'?'));
        }
    });
    failed |= send(&mut piece);
    match result {
        Ok(count) if !failed => count.cast_signed(),
        _ => -1,
    }
}

/// Prints to standard output.
///
/// # Safety
/// `template` is a string and the arguments fit it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vprintf(template: *const u8, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { vfprintf(output(), template, arguments) }
}

/// Prints to a stream.
///
/// # Safety
/// `file` is a stream, `template` a string and the arguments fit it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vfprintf(file: u32, template: *const u8, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { c_string(template) };
    // SAFETY: the caller's promise.
    unsafe { locked(file, |stream| print(stream, template, arguments)) }
}

/// Prints to standard output.
///
/// # Safety
/// As [`vprintf`], of UTF-16.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vwprintf(template: *const u16, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { vfwprintf(output(), template, arguments) }
}

/// Prints to a stream.
///
/// # Safety
/// As [`vfprintf`], of UTF-16.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vfwprintf(file: u32, template: *const u16, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { wide_string(template) };
    // SAFETY: the caller's promise.
    unsafe { locked(file, |stream| print(stream, template, arguments)) }
}

/// Prints into `buffer`, where `limit` characters fit. Without a limit the zero always follows; with one only if it
/// fits too, and -1 says that the text did not.
fn print_into<U: Unit>(template: &[U], arguments: u32, limit: u32, mut store: impl FnMut(u32, u16)) -> i32 {
    let mut count = 0;
    let result = format(&host(), template, words(arguments), |unit| {
        if count < limit {
            store(count, unit);
        }
        count = count.saturating_add(1);
    });
    if count < limit {
        store(count, 0);
    }
    if result.is_err() || count > limit { -1 } else { count.cast_signed() }
}

/// Prints into a buffer.
///
/// # Safety
/// `buffer` has room for the text, `template` is a string and the arguments fit it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vsprintf(buffer: *mut u8, template: *const u8, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { _vsnprintf(buffer, u32::MAX, template, arguments) }
}

/// Prints into a buffer of `limit` bytes: -1 if the text does not fit, and no zero if it just fits.
///
/// # Safety
/// `buffer` has room for `limit` bytes, `template` is a string and the arguments fit it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _vsnprintf(buffer: *mut u8, limit: u32, template: *const u8, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { c_string(template) };
    print_into(template, arguments, limit, |at, unit| {
        // SAFETY: `at` is below the limit, so there is room by the caller's promise.
        unsafe { buffer.wrapping_add(at as usize).write(unit as u8) };
    })
}

/// Counts what would be printed.
///
/// # Safety
/// `template` is a string and the arguments fit it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _vscprintf(template: *const u8, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { c_string(template) };
    format(&host(), template, words(arguments), |_| {}).map_or(-1, u32::cast_signed)
}

/// Prints into a buffer.
///
/// # Safety
/// As [`vsprintf`], of UTF-16.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vswprintf(buffer: *mut u16, template: *const u16, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { _vsnwprintf(buffer, u32::MAX, template, arguments) }
}

/// Prints into a buffer of `limit` characters.
///
/// # Safety
/// As [`_vsnprintf`], of UTF-16.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _vsnwprintf(buffer: *mut u16, limit: u32, template: *const u16, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { wide_string(template) };
    print_into(template, arguments, limit, |at, unit| {
        // SAFETY: `at` is below the limit, so there is room by the caller's promise.
        unsafe { buffer.wrapping_add(at as usize).write(unit) };
    })
}

/// Counts what would be printed.
///
/// # Safety
/// As [`_vscprintf`], of UTF-16.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _vscwprintf(template: *const u16, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { wide_string(template) };
    format(&host(), template, words(arguments), |_| {}).map_or(-1, u32::cast_signed)
}
