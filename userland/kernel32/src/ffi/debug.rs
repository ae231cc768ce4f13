//! Messages for a debugger.

use user_ffi::{c_string, peb, wide_string};
use user_support::text::ansi;

use super::last_error::Bool;
use super::nt::DbgPrint;

/// Sends a string to the debugger.
///
/// # Safety
/// `text` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OutputDebugStringA(text: *const u8) {
    // SAFETY: the caller's promise.
    print(unsafe { c_string(text) });
}

/// Sends a string to the debugger.
///
/// # Safety
/// `text` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OutputDebugStringW(text: *const u16) {
    // SAFETY: the caller's promise.
    print(&ansi(unsafe { wide_string(text) }));
}

fn print(text: &[u8]) {
    // SAFETY: the format names a string with its length.
    unsafe { DbgPrint(c"%.*s".as_ptr().cast(), text.len(), text.as_ptr()) };
}

/// Whether a debugger is attached.
#[unsafe(no_mangle)]
pub extern "system" fn IsDebuggerPresent() -> Bool {
    Bool::from(peb().being_debugged())
}
