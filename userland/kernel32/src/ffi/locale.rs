//! National language support: the locale, kinds and cases of letters, comparing strings.

use alloc::vec::Vec;
use core::cmp::Ordering;

use user_ffi::{bytes, bytes_mut, c_string, teb, wide, wide_mut, wide_string};
use user_support::collation::{self, compare, flag, in_case};
use user_support::error::Win32Error;
use user_support::letter::kind_of;
use user_support::locale::{self, ENGLISH, is_known};
use user_support::text::{ansi, wide as to_wide};

use super::code_page::copy;
use super::last_error::{Bool, TRUE, fail};
use super::locale_override::{number_of, overridden};

/// `LOCALE_RETURN_NUMBER`, and the flags that are no part of a kind: no user override, the system's code page.
const AS_NUMBER: u32 = 0x2000_0000;
const NO_MATTER: u32 = 0xC000_0000;
/// `CT_CTYPE1`, `CT_CTYPE2`, `CT_CTYPE3`.
const KIND: u32 = 1;
const DIRECTION: u32 = 2;
const PROCESSING: u32 = 4;
/// `LCMAP_LOWERCASE`, `LCMAP_UPPERCASE`, `LCMAP_SORTKEY`, `LCMAP_BYTEREV`, `LCMAP_LINGUISTIC_CASING`.
const LOWER_CASE: u32 = 0x100;
const UPPER_CASE: u32 = 0x200;
const SORT_KEY: u32 = 0x400;
const SWAP_BYTES: u32 = 0x800;
const LINGUISTIC: u32 = 0x0100_0000;

macro_rules! locale_number {
    ($($name:ident),*) => {$(
        /// The number of the one locale.
        #[unsafe(no_mangle)]
        pub extern "system" fn $name() -> u32 {
            ENGLISH
        }
    )*};
}
locale_number!(
    GetUserDefaultLCID,
    GetSystemDefaultLCID,
    GetUserDefaultLangID,
    GetSystemDefaultLangID,
    GetUserDefaultUILanguage,
    GetSystemDefaultUILanguage
);

/// The locale of the thread: the one there is, unless the thread calls it by another number.
#[unsafe(no_mangle)]
pub extern "system" fn GetThreadLocale() -> u32 {
    match teb().locale() {
        0 => ENGLISH,
        locale => locale,
    }
}

/// Sets the locale of the thread, which can only be one that stands for the one there is.
#[unsafe(no_mangle)]
pub extern "system" fn SetThreadLocale(locale: u32) -> Bool {
    if !is_known(locale) {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // The user's and the system's are the real one; others stay what they are.
    teb().set_locale(if matches!(locale, 0 | 0x400 | 0x800) { ENGLISH } else { locale });
    TRUE
}

/// Whether there is such a locale.
#[unsafe(no_mangle)]
pub extern "system" fn IsValidLocale(locale: u32, _flags: u32) -> Bool {
    u32::from(is_known(locale) && locale != 0)
}

/// Makes the number of a real locale of one that stands for it; itself where it stands for none.
#[unsafe(no_mangle)]
pub extern "system" fn ConvertDefaultLocale(locale: u32) -> u32 {
    if is_known(locale) { ENGLISH } else { locale }
}

/// What the locale says of `kind`: UTF-16 with its zero, or a number as two units.
fn information(given: u32, kind: u32) -> Result<Vec<u16>, Win32Error> {
    let plain = kind & !(AS_NUMBER | NO_MATTER);
    if !is_known(given) {
        return Err(Win32Error::INVALID_PARAMETER);
    }
    let own = overridden(given, kind, plain);
    if kind & AS_NUMBER != 0 {
        let number = match (locale::number(plain), &own) {
            (Some(_), Some(_)) => Some(number_of(given, kind, plain)),
            (number, _) => number,
        };
        let number = number.ok_or(Win32Error::INVALID_FLAGS)?;
        return Ok([number as u16, (number >> 16) as u16].to_vec());
    }
    let text = own.or_else(|| locale::information(plain).map(|text| text.encode_utf16().collect()));
    let mut text = text.ok_or(Win32Error::INVALID_FLAGS)?;
    text.push(0);
    Ok(text)
}

/// Tells about the locale. Returns the units written or, for no room, needed.
///
/// # Safety
/// `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetLocaleInfoW(locale: u32, kind: u32, target: *mut u16, room: u32) -> u32 {
    match information(locale, kind) {
        // SAFETY: the caller's promise.
        Ok(answer) => copy(&answer, unsafe { wide_mut(target, room) }, room),
        Err(error) => fail(error),
    }
}

/// Tells about the locale. Returns the bytes written or, for no room, needed.
///
/// # Safety
/// `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetLocaleInfoA(locale: u32, kind: u32, target: *mut u8, room: u32) -> u32 {
    let answer = information(locale, kind).map(|units| {
        let as_number = kind & AS_NUMBER != 0;
        if as_number { units.iter().flat_map(|unit| unit.to_le_bytes()).collect() } else { ansi(&units) }
    });
    match answer {
        // SAFETY: the caller's promise.
        Ok(answer) => copy(&answer, unsafe { bytes_mut(target, room) }, room),
        Err(error) => fail(error),
    }
}

/// Text that is given by a pointer and a length, which is below 0 for a string.
///
/// # Safety
/// `text` holds `length` bytes, or a string.
pub(super) unsafe fn given<'text>(text: *const u8, length: i32) -> &'text [u8] {
    match u32::try_from(length) {
        // SAFETY: the caller's promise.
        Ok(length) => unsafe { bytes(text, length) },
        // SAFETY: the caller's promise.
        Err(_) => unsafe { c_string(text) },
    }
}

/// The same in UTF-16.
///
/// # Safety
/// `text` holds `length` units, or a string.
pub(super) unsafe fn given_wide<'text>(text: *const u16, length: i32) -> &'text [u16] {
    match u32::try_from(length) {
        // SAFETY: the caller's promise.
        Ok(length) => unsafe { wide(text, length) },
        // SAFETY: the caller's promise.
        Err(_) => unsafe { wide_string(text) },
    }
}

/// What of a unit `what` asks for.
fn kind(what: u32, unit: u16) -> Option<u16> {
    const LEFT_TO_RIGHT: u16 = 1;
    const EUROPEAN_NUMBER: u16 = 3;
    const WHITE: u16 = 10;
    const NEUTRAL: u16 = 11;
    const SYMBOL: u16 = 8;
    const LETTER: u16 = 0x8000;
    use user_support::letter::kind::{ALPHABETIC, DIGIT, PUNCTUATION, SPACE};
    let kind = kind_of(unit);
    match what {
        KIND => Some(kind),
        DIRECTION if kind & ALPHABETIC != 0 => Some(LEFT_TO_RIGHT),
        DIRECTION if kind & DIGIT != 0 => Some(EUROPEAN_NUMBER),
        DIRECTION if kind & SPACE != 0 => Some(WHITE),
        DIRECTION => Some(NEUTRAL),
        PROCESSING if kind & ALPHABETIC != 0 => Some(LETTER),
        PROCESSING if kind & PUNCTUATION != 0 => Some(SYMBOL),
        PROCESSING => Some(0),
        _ => None,
    }
}

/// Tells of each unit what it is. A string is told of with its zero.
///
/// # Safety
/// `text` holds `length` units, or a string; `kinds` has room for as many words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetStringTypeW(what: u32, text: *const u16, length: i32, kinds: *mut u16) -> Bool {
    if text.is_null() || kinds.is_null() || length == 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let units = unsafe { given_wide(text, length) };
    // SAFETY: the caller's promise.
    unsafe { tell_kinds(what, units, length < 0, kinds) }
}

/// # Safety
/// `kinds` has room for a word for each unit, and one for the zero.
unsafe fn tell_kinds(what: u32, units: &[u16], with_zero: bool, kinds: *mut u16) -> Bool {
    let zero = [0];
    let end = if with_zero { &zero[..] } else { &[] };
    for (index, &unit) in units.iter().chain(end).enumerate() {
        let Some(kind) = kind(what, unit) else { return fail(Win32Error::INVALID_FLAGS) };
        // SAFETY: the caller's promise.
        unsafe { kinds.wrapping_add(index).write_unaligned(kind) };
    }
    TRUE
}

/// The same, with a locale that does not matter.
///
/// # Safety
/// As [`GetStringTypeW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetStringTypeExW(
    _locale: u32,
    what: u32,
    text: *const u16,
    length: i32,
    kinds: *mut u16,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { GetStringTypeW(what, text, length, kinds) }
}

/// Tells of each byte of Windows-1252 what it is.
///
/// # Safety
/// `text` holds `length` bytes, or a string; `kinds` has room for as many words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetStringTypeA(
    _locale: u32,
    what: u32,
    text: *const u8,
    length: i32,
    kinds: *mut u16,
) -> Bool {
    if text.is_null() || kinds.is_null() || length == 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let units = to_wide(unsafe { given(text, length) });
    // SAFETY: the caller's promise.
    unsafe { tell_kinds(what, &units, length < 0, kinds) }
}

/// The same under its other name.
///
/// # Safety
/// As [`GetStringTypeA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetStringTypeExA(
    locale: u32,
    what: u32,
    text: *const u8,
    length: i32,
    kinds: *mut u16,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { GetStringTypeA(locale, what, text, length, kinds) }
}

/// What a comparison is refused for.
fn check(locale: u32, flags: u32) -> Result<(), Win32Error> {
    if !is_known(locale) {
        return Err(Win32Error::INVALID_PARAMETER);
    }
    if flags & !flag::ALL != 0 { Err(Win32Error::INVALID_FLAGS) } else { Ok(()) }
}

/// `CSTR_LESS_THAN` and so on.
fn told(order: Ordering) -> u32 {
    match order {
        Ordering::Less => 1,
        Ordering::Equal => 2,
        Ordering::Greater => 3,
    }
}

/// Compares two strings as people sort them: 1, 2 or 3, or 0 for failure.
///
/// # Safety
/// Each text holds its length in units, or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CompareStringW(
    locale: u32,
    flags: u32,
    left: *const u16,
    left_length: i32,
    right: *const u16,
    right_length: i32,
) -> u32 {
    if left.is_null() || right.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    if let Err(error) = check(locale, flags) {
        return fail(error);
    }
    // SAFETY: the caller's promise.
    let (left, right) = (unsafe { given_wide(left, left_length) }, unsafe { given_wide(right, right_length) });
    told(compare(left, right, flags))
}

/// Compares two strings of Windows-1252.
///
/// # Safety
/// Each text holds its length in bytes, or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CompareStringA(
    locale: u32,
    flags: u32,
    left: *const u8,
    left_length: i32,
    right: *const u8,
    right_length: i32,
) -> u32 {
    if left.is_null() || right.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    if let Err(error) = check(locale, flags & !NO_MATTER) {
        return fail(error);
    }
    // SAFETY: the caller's promise.
    let left = to_wide(unsafe { given(left, left_length) });
    // SAFETY: the caller's promise.
    let right = to_wide(unsafe { given(right, right_length) });
    told(compare(&left, &right, flags & flag::ALL))
}

/// What a string is mapped to: text in a case, or the bytes of a sort key.
enum Mapping {
    Text(Vec<u16>),
    Key(Vec<u8>),
}

fn map(locale: u32, flags: u32, mut units: Vec<u16>, with_zero: bool) -> Result<Mapping, Win32Error> {
    const KNOWN: u32 = LOWER_CASE | UPPER_CASE | SORT_KEY | SWAP_BYTES | LINGUISTIC | flag::ALL | NO_MATTER;
    if !is_known(locale) {
        return Err(Win32Error::INVALID_PARAMETER);
    }
    let both = LOWER_CASE | UPPER_CASE;
    if flags & !KNOWN != 0 || flags & both == both || flags & SORT_KEY != 0 && flags & both != 0 {
        return Err(Win32Error::INVALID_FLAGS);
    }
    if flags & SORT_KEY != 0 {
        return Ok(Mapping::Key(collation::key(&units, flags & flag::ALL)));
    }
    if with_zero {
        units.push(0);
    }
    if flags & both != 0 {
        units = in_case(&units, flags & UPPER_CASE != 0);
    }
    if flags & SWAP_BYTES != 0 {
        units.iter_mut().for_each(|unit| *unit = unit.swap_bytes());
    }
    Ok(Mapping::Text(units))
}

/// Changes the case of a string, or makes its sort key. Returns what was written (units; bytes of a key), or needed for no room.
///
/// # Safety
/// `source` holds `length` units, or a string; `target` has room for `room` units (bytes of a key).
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LCMapStringW(
    locale: u32,
    flags: u32,
    source: *const u16,
    length: i32,
    target: *mut u16,
    room: u32,
) -> u32 {
    if source.is_null() || length == 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let units = unsafe { given_wide(source, length) }.to_vec();
    match map(locale, flags, units, length < 0) {
        // SAFETY: the caller's promise.
        Ok(Mapping::Text(text)) => copy(&text, unsafe { wide_mut(target, room) }, room),
        // SAFETY: the caller's promise.
        Ok(Mapping::Key(key)) => copy(&key, unsafe { bytes_mut(target.cast(), room) }, room),
        Err(error) => fail(error),
    }
}

/// The same for Windows-1252.
///
/// # Safety
/// `source` holds `length` bytes, or a string; `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LCMapStringA(
    locale: u32,
    flags: u32,
    source: *const u8,
    length: i32,
    target: *mut u8,
    room: u32,
) -> u32 {
    if source.is_null() || length == 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let units = to_wide(unsafe { given(source, length) });
    let answer = map(locale, flags, units, length < 0).map(|mapping| match mapping {
        Mapping::Text(text) => ansi(&text),
        Mapping::Key(key) => key,
    });
    match answer {
        // SAFETY: the caller's promise.
        Ok(answer) => copy(&answer, unsafe { bytes_mut(target, room) }, room),
        Err(error) => fail(error),
    }
}
