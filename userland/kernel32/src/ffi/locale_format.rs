//! Dates and times as the locale writes them, and the list of locales.

use alloc::vec::Vec;

use user_ffi::{bytes_mut, c_string, wide_mut, wide_string};
use user_support::date_format::{SystemTime, date, time};
use user_support::error::Win32Error;
use user_support::locale::is_known;
use user_support::text::{ansi, wide};

use super::code_page::copy;
use super::file_time::{fields_of, time_of};
use super::last_error::{Bool, TRUE, fail};
use super::locale_override::text_of;
use user_ffi::shared_data;

/// `LOCALE_NOUSEROVERRIDE` and `LOCALE_USE_CP_ACP`, which go with all others.
const NO_MATTER: u32 = 0xC000_0000;
/// `DATE_SHORTDATE`, `DATE_LONGDATE`, `DATE_YEARMONTH`.
const SHORT_DATE: u32 = 1;
const LONG_DATE: u32 = 2;
const YEAR_MONTH: u32 = 8;
/// Flags of times; see `date_format::leave_out`.
const TIME_FLAGS: u32 = 0xF;
/// What the locale has pictures under.
pub(super) const SHORT_PICTURE: u32 = 0x1F;
pub(super) const LONG_PICTURE: u32 = 0x20;
const TIME_PICTURE: u32 = 0x1003;
/// `LOCALE_S1159`, `LOCALE_S2359`.
const MORNING: u32 = 0x28;
const EVENING: u32 = 0x29;
pub(super) const YEAR_MONTH_PICTURE: u32 = 0x1006;
/// Milliseconds of a day, in units of 100 ns.
const DAY: u64 = 864_000_000_000;

/// The moment that is meant: the given one, or now.
///
/// # Safety
/// `given` is null or points to a `SYSTEMTIME`.
unsafe fn moment(given: *const SystemTime) -> SystemTime {
    if given.is_null() {
        // What people see is local time.
        let page = shared_data();
        return fields_of(page.system_time().wrapping_sub_signed(page.time_zone_bias()));
    }
    // SAFETY: the caller's promise.
    unsafe { given.read_unaligned() }
}

fn date_text(locale: u32, flags: u32, when: SystemTime, given: Option<&[u16]>) -> Result<Vec<u16>, Win32Error> {
    let picture = |kind| text_of(locale, flags, kind);
    let flags = flags & !NO_MATTER;
    let day = [when[0], when[1], 0, when[3], 0, 0, 0, 0];
    let time = time_of(day).filter(|_| is_known(locale)).ok_or(Win32Error::INVALID_PARAMETER)?;
    // The day of the week is the date's own, whatever was given.
    let when = [when[0], when[1], ((time / DAY + 1) % 7) as u16, when[3], 0, 0, 0, 0];
    let text = match (given, flags) {
        (Some(given), 0) => date(given, when),
        (None, 0 | SHORT_DATE) => date(&picture(SHORT_PICTURE), when),
        (None, LONG_DATE) => date(&picture(LONG_PICTURE), when),
        (None, YEAR_MONTH) => date(&picture(YEAR_MONTH_PICTURE), when),
        _ => return Err(Win32Error::INVALID_FLAGS),
    };
    Ok(text)
}

fn time_text(locale: u32, flags: u32, when: SystemTime, given: Option<&[u16]>) -> Result<Vec<u16>, Win32Error> {
    let text_of = |kind| text_of(locale, flags, kind);
    let flags = flags & !NO_MATTER;
    if flags & !TIME_FLAGS != 0 {
        return Err(Win32Error::INVALID_FLAGS);
    }
    if !is_known(locale) || when[4] > 23 || when[5] > 59 || when[6] > 59 || when[7] > 999 {
        return Err(Win32Error::INVALID_PARAMETER);
    }
    let own = if given.is_none() { text_of(TIME_PICTURE) } else { Vec::new() };
    let marker = text_of(if when[4] < 12 { MORNING } else { EVENING });
    Ok(time(given.unwrap_or(&own), when, &marker, flags))
}

macro_rules! formats {
    ($($(#[$meta:meta])* $ansi:ident $wide:ident $text:ident;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// `when` is null or points to a `SYSTEMTIME`, `picture` is null or a string, `target` has room for `room` bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $ansi(
            locale: u32,
            flags: u32,
            when: *const SystemTime,
            picture: *const u8,
            target: *mut u8,
            room: u32,
        ) -> u32 {
            // SAFETY: the caller's promise.
            let given = (!picture.is_null()).then(|| wide(unsafe { c_string(picture) }));
            // SAFETY: the caller's promise.
            match $text(locale, flags, unsafe { moment(when) }, given.as_deref()) {
                Ok(mut text) => {
                    text.push(0);
                    // SAFETY: the caller's promise.
                    copy(&ansi(&text), unsafe { bytes_mut(target, room) }, room)
                }
                Err(error) => fail(error),
            }
        }

        $(#[$meta])*
        ///
        /// # Safety
        /// `when` is null or points to a `SYSTEMTIME`, `picture` is null or a string, `target` has room for `room` units.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $wide(
            locale: u32,
            flags: u32,
            when: *const SystemTime,
            picture: *const u16,
            target: *mut u16,
            room: u32,
        ) -> u32 {
            // SAFETY: the caller's promise.
            let given = (!picture.is_null()).then(|| unsafe { wide_string(picture) });
            // SAFETY: the caller's promise.
            match $text(locale, flags, unsafe { moment(when) }, given) {
                Ok(mut text) => {
                    text.push(0);
                    // SAFETY: the caller's promise.
                    copy(&text, unsafe { wide_mut(target, room) }, room)
                }
                Err(error) => fail(error),
            }
        }
    )*};
}

formats! {
    /// A date as the locale writes it, or by a picture: its length with the zero, or the room it needs.
    GetDateFormatA GetDateFormatW date_text;
    /// A time as the locale writes it, or by a picture: its length with the zero, or the room it needs.
    GetTimeFormatA GetTimeFormatW time_text;
}

/// Calls a function with the number of each locale, as text: there is one.
///
/// # Safety
/// `function` takes the address of a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumSystemLocalesA(function: u32, flags: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { call_with(function, flags, c"00000409".as_ptr() as u32) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`EnumSystemLocalesA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumSystemLocalesW(function: u32, flags: u32) -> Bool {
    let number = wide(b"00000409\0");
    // SAFETY: the caller's promise.
    unsafe { call_with(function, flags, number.as_ptr() as u32) }
}

/// # Safety
/// As [`EnumSystemLocalesA`].
unsafe fn call_with(function: u32, flags: u32, text: u32) -> Bool {
    /// `LCID_INSTALLED`, `LCID_SUPPORTED`, `LCID_ALTERNATE_SORTS`.
    const KNOWN: u32 = 7;
    if function == 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    if flags & !KNOWN != 0 {
        return fail(Win32Error::INVALID_FLAGS);
    }
    // SAFETY: the caller's promise.
    let function: extern "system" fn(u32) -> u32 = unsafe { core::mem::transmute(function) };
    function(text);
    TRUE
}
