//! Numbers and text: `atoi`, `strtol`, `strtod`, `_itoa` and their kin; characters of both widths.

use user_crt::error::Errno;
use user_crt::number::{Integer, Real, integer, real, to_text, wrapping_decimal};
use user_crt::printf::{Unit, digits_of};
use user_ffi::{c_string, wide_string};

use super::thread_data::{fail, set_errno};

/// Delivers where a number ended, if somebody wants to know.
///
/// # Safety
/// `end` is null or points to a word.
unsafe fn deliver<U>(end: *mut u32, text: *const U, length: usize) {
    if !end.is_null() {
        // SAFETY: the caller's promise.
        unsafe { end.write(text.wrapping_add(length) as u32) };
    }
}

/// Reads an integer, says where it ended and notes what does not fit.
///
/// # Safety
/// `text` points to the characters of `units`, `end` is null or points to a word.
unsafe fn read<U: Unit, T>(
    units: &[U],
    text: *const U,
    end: *mut u32,
    base: u32,
    to: fn(Integer) -> Result<T, T>,
) -> T {
    let none = Integer { magnitude: 0, negative: false, overflow: false, length: 0 };
    let number = integer(units, base).unwrap_or_else(|| {
        set_errno(Errno::EINVAL);
        none
    });
    // SAFETY: the caller's promise.
    unsafe { deliver(end, text, number.length) };
    to(number).unwrap_or_else(|nearest| {
        set_errno(Errno::ERANGE);
        nearest
    })
}

macro_rules! integers {
    ($($narrow:ident $wide:ident $type:ty, $to:path;)*) => {$(
        /// Reads an integer in a base; `end` receives where it ended.
        ///
        /// # Safety
        /// `text` is a string, `end` null or a word.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $narrow(text: *const u8, end: *mut u32, base: u32) -> $type {
            // SAFETY: the caller's promise.
            unsafe { read(c_string(text), text, end, base, $to) }
        }

        /// Reads an integer in a base; `end` receives where it ended.
        ///
        /// # Safety
        /// `text` is a string, `end` null or a word.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $wide(text: *const u16, end: *mut u32, base: u32) -> $type {
            // SAFETY: the caller's promise.
            unsafe { read(wide_string(text), text, end, base, $to) }
        }
    )*};
}

integers! {
    strtol wcstol i32, Integer::to_i32;
    strtoul wcstoul u32, Integer::to_u32;
    _strtoi64 _wcstoi64 i64, Integer::to_i64;
    _strtoui64 _wcstoui64 u64, Integer::to_u64;
}

macro_rules! decimals {
    ($($narrow:ident $wide:ident $type:ty;)*) => {$(
        /// Reads a decimal integer.
        ///
        /// # Safety
        /// `text` is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $narrow(text: *const u8) -> $type {
            // SAFETY: the caller's promise.
            wrapping_decimal(unsafe { c_string(text) }) as $type
        }

        /// Reads a decimal integer.
        ///
        /// # Safety
        /// `text` is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $wide(text: *const u16) -> $type {
            // SAFETY: the caller's promise.
            wrapping_decimal(unsafe { wide_string(text) }) as $type
        }
    )*};
}

decimals! {
    atoi _wtoi i32;
    atol _wtol i32;
    _atoi64 _wtoi64 i64;
}

fn checked(number: Real) -> f64 {
    if number.out_of_range {
        set_errno(Errno::ERANGE);
    }
    number.value
}

/// Reads a floating-point number; `end` receives where it ended.
///
/// # Safety
/// `text` is a string, `end` null or a word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strtod(text: *const u8, end: *mut u32) -> f64 {
    // SAFETY: the caller's promise.
    let number = real(unsafe { c_string(text) });
    // SAFETY: the caller's promise.
    unsafe { deliver(end, text, number.length) };
    checked(number)
}

/// Reads a floating-point number; `end` receives where it ended.
///
/// # Safety
/// `text` is a string, `end` null or a word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcstod(text: *const u16, end: *mut u32) -> f64 {
    // SAFETY: the caller's promise.
    let number = real(unsafe { wide_string(text) });
    // SAFETY: the caller's promise.
    unsafe { deliver(end, text, number.length) };
    checked(number)
}

/// Reads a floating-point number.
///
/// # Safety
/// `text` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atof(text: *const u8) -> f64 {
    // SAFETY: the caller's promise.
    unsafe { strtod(text, core::ptr::null_mut()) }
}

/// Writes a text of ASCII with its zero.
///
/// # Safety
/// `target` has room.
unsafe fn store<U: From<u8>>(target: *mut U, text: &[u8]) -> *mut U {
    for (index, &byte) in text.iter().chain(&[0]).enumerate() {
        // SAFETY: the caller's promise.
        unsafe { target.wrapping_add(index).write(U::from(byte)) };
    }
    target
}

/// A number in a base; only decimal ones have a sign.
fn digits(value: i64, signed: bool, unsigned: u64, base: u32) -> alloc::vec::Vec<u8> {
    if !(2..=36).contains(&base) {
        set_errno(Errno::EINVAL);
        return alloc::vec::Vec::new();
    }
    if signed && base == 10 && value < 0 {
        return to_text(value.unsigned_abs(), true, base);
    }
    to_text(unsigned, false, base)
}

macro_rules! texts {
    ($($narrow:ident $wide:ident $type:ty, $unsigned:ty, $signed:literal;)*) => {$(
        /// Writes a number in a base.
        ///
        /// # Safety
        /// `target` has room.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $narrow(value: $type, target: *mut u8, base: u32) -> *mut u8 {
            // SAFETY: the caller's promise.
            unsafe { store(target, &digits(value as i64, $signed, (value as $unsigned).into(), base)) }
        }

        /// Writes a number in a base.
        ///
        /// # Safety
        /// `target` has room.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $wide(value: $type, target: *mut u16, base: u32) -> *mut u16 {
            // SAFETY: the caller's promise.
            unsafe { store(target, &digits(value as i64, $signed, (value as $unsigned).into(), base)) }
        }
    )*};
}

texts! {
    _itoa _itow i32, u32, true;
    _ltoa _ltow i32, u32, true;
    _ultoa _ultow u32, u32, false;
    _i64toa _i64tow i64, u64, true;
    _ui64toa _ui64tow u64, u64, false;
}

/// Writes a number with `count` significant digits, as `%g` does.
///
/// # Safety
/// `target` has room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _gcvt(value: f64, count: u32, target: *mut u8) -> *mut u8 {
    use user_crt::printf::{Style, format_float};
    let mut text = format_float(&digits_of(value), Style::General, count.max(1) as usize, false);
    if value.is_sign_negative() {
        text.insert(0, b'-');
    }
    // SAFETY: the caller's promise.
    unsafe { store(target, &text) }
}

/// Converts a character to a wide one: in the "C" locale by value. Returns how many bytes it has.
///
/// # Safety
/// `target` is null or has room, `text` is null or holds `count` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mbtowc(target: *mut u16, text: *const u8, count: u32) -> i32 {
    if text.is_null() || count == 0 {
        return 0;
    }
    // SAFETY: the caller's promise.
    let byte = unsafe { text.read() };
    if !target.is_null() {
        // SAFETY: the caller's promise.
        unsafe { target.write(byte.into()) };
    }
    i32::from(byte != 0)
}

/// Converts a wide character to a byte, if it has one in the "C" locale. Returns 1, or -1 with `errno`.
///
/// # Safety
/// `target` is null or has room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wctomb(target: *mut u8, unit: u16) -> i32 {
    if target.is_null() {
        return 0;
    }
    let Ok(byte) = u8::try_from(unit) else { return fail(Errno::EILSEQ) };
    // SAFETY: the caller's promise.
    unsafe { target.write(byte) };
    1
}

/// How many bytes a character has.
///
/// # Safety
/// `text` is null or holds `count` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mblen(text: *const u8, count: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { mbtowc(core::ptr::null_mut(), text, count) }
}

/// Converts a string to UTF-16, at most `count` units; returns how many without the zero.
///
/// # Safety
/// `target` is null or has room for `count` units, `text` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mbstowcs(target: *mut u16, text: *const u8, count: u32) -> u32 {
    // SAFETY: the caller's promise.
    let text = unsafe { c_string(text) };
    if target.is_null() {
        return text.len() as u32;
    }
    for (index, &byte) in text.iter().chain(&[0]).take(count as usize).enumerate() {
        // SAFETY: the caller's promise.
        unsafe { target.wrapping_add(index).write(byte.into()) };
    }
    (text.len() as u32).min(count)
}

/// Converts UTF-16 to a string, at most `count` bytes; returns how many without the zero, or -1 with `errno`.
///
/// # Safety
/// `target` is null or has room for `count` bytes, `text` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcstombs(target: *mut u8, text: *const u16, count: u32) -> u32 {
    // SAFETY: the caller's promise.
    let text = unsafe { wide_string(text) };
    let limit = if target.is_null() { text.len() } else { count as usize };
    if text.iter().take(limit).any(|&unit| unit > 0xFF) {
        return fail(Errno::EILSEQ).cast_unsigned();
    }
    if target.is_null() {
        return text.len() as u32;
    }
    for (index, &unit) in text.iter().chain(&[0]).take(limit).enumerate() {
        // SAFETY: the caller's promise.
        unsafe { target.wrapping_add(index).write(unit as u8) };
    }
    (text.len() as u32).min(count)
}
