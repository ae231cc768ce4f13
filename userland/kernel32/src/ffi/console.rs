//! The console, as far as a handle to one goes: its mode, and characters written to and read from it.

use user_ffi::{bytes, wide};
use user_support::error::Win32Error;
use user_support::file::CONSOLE_DEVICE;
use user_support::text::ansi;

use super::file::{read, write};
use super::last_error::{Bool, TRUE, fail};
use super::standard_handle::device_type;

/// Processed input, whole lines, echo; or processed output with wrapped lines, which are bits of it.
const MODE: u32 = 0x1 | 0x2 | 0x4;

/// Does `work` if `handle` leads to a console, and fails if not.
fn on_console(handle: u32, work: impl FnOnce() -> Bool) -> Bool {
    if device_type(handle) == Ok(CONSOLE_DEVICE) { work() } else { fail(Win32Error::INVALID_HANDLE) }
}

/// How a console treats characters. Fails for what is no console, by which programs tell.
///
/// # Safety
/// `mode` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetConsoleMode(handle: u32, mode: *mut u32) -> Bool {
    on_console(handle, || {
        // SAFETY: the caller's promise.
        unsafe { mode.write_unaligned(MODE) };
        TRUE
    })
}

/// Writes characters to a console.
///
/// # Safety
/// `text` holds `count` bytes; `written` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleA(
    handle: u32,
    text: *const u8,
    count: u32,
    written: *mut u32,
    _reserved: u32,
) -> Bool {
    on_console(handle, || {
        // SAFETY: the caller's promise.
        let text = unsafe { bytes(text, count) };
        // SAFETY: the caller's promise.
        unsafe { write(handle, text, written) }
    })
}

/// Writes characters to a console.
///
/// # Safety
/// `text` holds `count` units; `written` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleW(
    handle: u32,
    text: *const u16,
    count: u32,
    written: *mut u32,
    _reserved: u32,
) -> Bool {
    on_console(handle, || {
        // SAFETY: the caller's promise.
        let text = ansi(unsafe { wide(text, count) });
        // SAFETY: the caller's promise. A unit became a byte, so the count is right as it is.
        unsafe { write(handle, &text, written) }
    })
}

/// Reads characters from a console.
///
/// # Safety
/// `buffer` has room for `count` bytes; `done` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadConsoleA(
    handle: u32,
    buffer: *mut u8,
    count: u32,
    done: *mut u32,
    _control: u32,
) -> Bool {
    on_console(handle, || {
        // SAFETY: the caller's promise.
        unsafe { read(handle, buffer, count, done) }
    })
}
