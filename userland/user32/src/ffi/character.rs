//! Characters and the way through texts. The code page has one byte a character.

use user_ffi::{bytes_mut, c_string, wide_mut, wide_string};
use user_support::letter::{lower, upper};
use user_support::text::{ansi_to_wide, wide_to_ansi};

/// Values below this are characters, not texts.
const CHARACTERS: u32 = 0x1_0000;

/// `change` for a byte of the code page.
fn change_byte(byte: u8, change: fn(u16) -> u16) -> u8 {
    wide_to_ansi(change(ansi_to_wide(byte))).unwrap_or(byte)
}

macro_rules! case {
    ($change:ident: $ansi:ident $wide:ident $ansi_buffer:ident $wide_buffer:ident) => {
        /// Changes a text in place, or the character in the low half.
        ///
        /// # Safety
        /// `text` is a character or a text that may be written.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $ansi(text: *mut u8) -> *mut u8 {
            if (text as u32) < CHARACTERS {
                return u32::from(change_byte(text as u8, $change)) as *mut u8;
            }
            // SAFETY: the caller's promise.
            let length = unsafe { c_string(text) }.len() as u32;
            // SAFETY: the caller's promise.
            unsafe { $ansi_buffer(text, length) };
            text
        }

        /// The same in UTF-16.
        ///
        /// # Safety
        /// As for bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $wide(text: *mut u16) -> *mut u16 {
            if (text as u32) < CHARACTERS {
                return u32::from($change(text as u16)) as *mut u16;
            }
            // SAFETY: the caller's promise.
            let length = unsafe { wide_string(text) }.len() as u32;
            // SAFETY: the caller's promise.
            unsafe { $wide_buffer(text, length) };
            text
        }

        /// Changes so many characters; how many.
        ///
        /// # Safety
        /// There are so many, and they may be written.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $ansi_buffer(text: *mut u8, length: u32) -> u32 {
            // SAFETY: the caller's promise.
            for byte in unsafe { bytes_mut(text, length) } {
                *byte = change_byte(*byte, $change);
            }
            length
        }

        /// The same in UTF-16.
        ///
        /// # Safety
        /// As for bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $wide_buffer(text: *mut u16, length: u32) -> u32 {
            // SAFETY: the caller's promise.
            for unit in unsafe { wide_mut(text, length) } {
                *unit = $change(*unit);
            }
            length
        }
    };
}

case!(upper: CharUpperA CharUpperW CharUpperBuffA CharUpperBuffW);
case!(lower: CharLowerA CharLowerW CharLowerBuffA CharLowerBuffW);

macro_rules! steps {
    ($unit:ty: $next:ident $previous:ident) => {
        /// The character behind this one; the zero is never passed.
        ///
        /// # Safety
        /// `text` points into a text.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $next(text: *const $unit) -> *const $unit {
            // SAFETY: the caller's promise.
            if unsafe { text.read() } == 0 { text } else { text.wrapping_add(1) }
        }

        /// The character before this one; the first one stays.
        #[unsafe(no_mangle)]
        pub extern "system" fn $previous(start: *const $unit, text: *const $unit) -> *const $unit {
            if text > start { text.wrapping_sub(1) } else { start }
        }
    };
}

steps!(u8: CharNextA CharPrevA);
steps!(u16: CharNextW CharPrevW);

/// The character behind this one in a code page.
///
/// # Safety
/// `text` points into a text.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CharNextExA(_code_page: u16, text: *const u8, _flags: u32) -> *const u8 {
    // SAFETY: the caller's promise.
    unsafe { CharNextA(text) }
}

fn letter(unit: u16) -> Option<char> {
    char::from_u32(unit.into())
}

macro_rules! classes {
    ($($(#[$doc:meta])* $ansi:ident $wide:ident $is:expr;)*) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub extern "system" fn $ansi(byte: u8) -> u32 {
            $wide(ansi_to_wide(byte))
        }

        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub extern "system" fn $wide(unit: u16) -> u32 {
            let is: fn(char) -> bool = $is;
            letter(unit).is_some_and(is).into()
        }
    )*};
}

classes! {
    /// Whether it is a letter.
    IsCharAlphaA IsCharAlphaW char::is_alphabetic;
    /// Whether it is a letter or a digit.
    IsCharAlphaNumericA IsCharAlphaNumericW char::is_alphanumeric;
    /// Whether it is a small letter.
    IsCharLowerA IsCharLowerW char::is_lowercase;
    /// Whether it is a capital letter.
    IsCharUpperA IsCharUpperW char::is_uppercase;
}

macro_rules! same_code_page {
    ($($(#[$doc:meta])* $name:ident $counted:ident;)*) => {$(
        $(#[$doc])*
        /// The two code pages are one here.
        ///
        /// # Safety
        /// `from` is a text, and `to` has room for it.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(from: *const u8, to: *mut u8) -> u32 {
            // SAFETY: the caller's promise.
            let length = unsafe { c_string(from) }.len() + 1;
            // SAFETY: the caller's promise; both may be the same.
            unsafe { $counted(from, to, length as u32) }
        }

        $(#[$doc])*
        /// So many bytes.
        ///
        /// # Safety
        /// There are so many at `from`, and room for them at `to`.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $counted(from: *const u8, to: *mut u8, length: u32) -> u32 {
            // SAFETY: the caller's promise; both may be the same.
            unsafe { to.copy_from(from, length as usize) };
            1
        }
    )*};
}

same_code_page! {
    #[doc = "From the code page of windows to that of consoles."]
    CharToOemA CharToOemBuffA;
    #[doc = "From the code page of consoles to that of windows."]
    OemToCharA OemToCharBuffA;
}

/// The character before this one in a code page.
#[unsafe(no_mangle)]
pub extern "system" fn CharPrevExA(_code_page: u16, start: *const u8, text: *const u8, _flags: u32) -> *const u8 {
    CharPrevA(start, text)
}
