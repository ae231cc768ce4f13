//! Wide characters through streams of bytes: in the "C" locale each is one byte, or cannot be written.

use user_crt::time::{BrokenDown, format};
use user_ffi::{wide_mut, wide_string};
use user_support::text::{ansi, wide};

use super::file::{fgetc, fputc, ungetc};

/// `WEOF`.
const END: u16 = 0xFFFF;

macro_rules! twins {
    ($($(#[$doc:meta])* $name:ident $other:ident ($($argument:ident: $kind:ty),*) $body:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The stream is open.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $kind),*) -> u16 {
            $body
        }

        #[doc = concat!("The same as [`", stringify!($name), "`].")]
        ///
        /// # Safety
        /// As there.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $other($($argument: $kind),*) -> u16 {
            $body
        }
    )*};
}

fn end_or(byte: i32) -> u16 {
    u16::try_from(byte).unwrap_or(END)
}

twins! {
    /// Reads a character.
    // SAFETY: the caller's promise.
    fgetwc getwc (file: u32) end_or(unsafe { fgetc(file) });
    /// Writes a character.
    fputwc putwc (unit: u16, file: u32) match u8::try_from(unit) {
        // SAFETY: the caller's promise.
        Ok(byte) => end_or(unsafe { fputc(byte.into(), file) }),
        Err(_) => END,
    };
}

/// Puts a character back.
///
/// # Safety
/// The stream is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungetwc(unit: u16, file: u32) -> u16 {
    match u8::try_from(unit) {
        // SAFETY: the caller's promise.
        Ok(byte) => end_or(unsafe { ungetc(byte.into(), file) }),
        Err(_) => END,
    }
}

/// A date as text in UTF-16; how many units, 0 where there is no room.
///
/// # Safety
/// `target` has room for `room` units, `template` is a string, `date` points to a date.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcsftime(target: *mut u16, room: u32, template: *const u16, date: *const BrokenDown) -> u32 {
    // SAFETY: the caller's promise.
    let date = unsafe { date.read() };
    // SAFETY: the caller's promise.
    let Some(text) = format(&ansi(unsafe { wide_string(template) }), &date) else { return 0 };
    let mut text = wide(&text);
    text.push(0);
    // SAFETY: the caller's promise.
    let target = unsafe { wide_mut(target, room) };
    if text.len() > target.len() {
        return 0;
    }
    target[..text.len()].copy_from_slice(&text);
    text.len() as u32 - 1
}
