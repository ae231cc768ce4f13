//! What the user says in place of the locale: kept in `win.ini`, for all programs and for good.
//!
//! XP keeps it below `Control Panel\International` in the registry, to which it leads the section `intl` of `win.ini`: programs that read
//! either there find it. Here is no registry, so the section itself is where it is. That file has bytes of Windows-1252: what those have no character
//! for is kept as a question mark.
//!
//! Source: documented behaviour of SetLocaleInfo and SetCalendarInfo.

use alloc::string::String;
use alloc::vec::Vec;

use user_ffi::{c_string, wide_string};
use user_support::error::Win32Error;
use user_support::gregorian::GREGORIAN;
use user_support::locale::{information, is_known};
use user_support::locale_override::{can_be_set, changes, is_allowed, name};
use user_support::text::wide;

use super::last_error::{Bool, fail};
use super::profile::{international, set_international};

/// `LOCALE_NOUSEROVERRIDE`, `LOCALE_USE_CP_ACP`; `LOCALE_INVARIANT`, which nobody says anything of.
pub(super) const NO_OVERRIDE: u32 = 0x8000_0000;
const USE_ANSI: u32 = 0x4000_0000;
const INVARIANT: u32 = 0x7F;
/// `CAL_ITWODIGITYEARMAX`, where it is kept, and between which years it lies.
const TWO_DIGIT_YEAR: u32 = 0x30;
const TWO_DIGIT_YEAR_NAME: &str = "TwoDigitYearMax";
const TWO_DIGIT_YEARS: core::ops::RangeInclusive<u32> = 99..=9999;

/// What the user says of `kind`, where `flags` do not ask for the locale alone.
pub(super) fn overridden(locale: u32, flags: u32, kind: u32) -> Option<Vec<u16>> {
    if flags & NO_OVERRIDE != 0 || locale & 0xFFFF == INVARIANT {
        return None;
    }
    international(name(kind)?)
}

/// What holds of `kind`: what the user says, or else the locale.
pub(super) fn text_of(locale: u32, flags: u32, kind: u32) -> Vec<u16> {
    overridden(locale, flags, kind).unwrap_or_else(|| information(kind).unwrap_or_default().encode_utf16().collect())
}

/// The same of what is a number.
pub(super) fn number_of(locale: u32, flags: u32, kind: u32) -> u32 {
    let text = text_of(locale, flags, kind);
    String::from_utf16_lossy(&text).parse().unwrap_or_default()
}

/// The last year that two digits can mean, where the user says so.
pub(super) fn two_digit_year(flags: u32) -> Option<Vec<u16>> {
    if flags & NO_OVERRIDE == 0 { international(TWO_DIGIT_YEAR_NAME) } else { None }
}

fn set(locale: u32, kind: u32, text: Option<Vec<u16>>) -> Bool {
    let plain = kind & !USE_ANSI;
    let Some(text) = text.filter(|_| is_known(locale)) else { return fail(Win32Error::INVALID_PARAMETER) };
    if !can_be_set(plain) {
        return fail(Win32Error::INVALID_FLAGS);
    }
    if !is_allowed(plain, &text) {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let all = changes(plain, &text, |kind| text_of(locale, 0, kind));
    let named: Vec<(&str, Vec<u16>)> =
        all.into_iter().filter_map(|(kind, text)| name(kind).map(|name| (name, text))).collect();
    set_international(&named)
}

/// Says something in place of the locale: for the user, whichever locale is named.
///
/// # Safety
/// `text` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetLocaleInfoW(locale: u32, kind: u32, text: *const u16) -> Bool {
    // SAFETY: the caller's promise.
    let text = (!text.is_null()).then(|| unsafe { wide_string(text) }.to_vec());
    set(locale, kind, text)
}

/// The same in bytes.
///
/// # Safety
/// As [`SetLocaleInfoW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetLocaleInfoA(locale: u32, kind: u32, text: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    let text = (!text.is_null()).then(|| wide(unsafe { c_string(text) }));
    set(locale, kind, text)
}

fn set_calendar(locale: u32, which: u32, kind: u32, text: Option<Vec<u16>>) -> Bool {
    let Some(text) = text.filter(|_| is_known(locale) && which == GREGORIAN) else {
        return fail(Win32Error::INVALID_PARAMETER);
    };
    if kind & !USE_ANSI != TWO_DIGIT_YEAR {
        return fail(Win32Error::INVALID_FLAGS);
    }
    let year: Option<u32> = String::from_utf16(&text).ok().and_then(|text| text.parse().ok());
    if !year.is_some_and(|year| TWO_DIGIT_YEARS.contains(&year)) {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    set_international(&[(TWO_DIGIT_YEAR_NAME, text)])
}

/// Says the last year that two digits can mean: the one thing of a calendar that can be said.
///
/// # Safety
/// `text` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetCalendarInfoW(locale: u32, which: u32, kind: u32, text: *const u16) -> Bool {
    // SAFETY: the caller's promise.
    let text = (!text.is_null()).then(|| unsafe { wide_string(text) }.to_vec());
    set_calendar(locale, which, kind, text)
}

/// The same in bytes.
///
/// # Safety
/// As [`SetCalendarInfoW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetCalendarInfoA(locale: u32, which: u32, kind: u32, text: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    let text = (!text.is_null()).then(|| wide(unsafe { c_string(text) }));
    set_calendar(locale, which, kind, text)
}
