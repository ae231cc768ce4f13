//! The calendar, and what a program may choose from for dates and times: functions that tell, and such as call.

use alloc::string::String;
use alloc::vec::Vec;

use user_ffi::{bytes_mut, wide_mut};
use user_support::error::Win32Error;
use user_support::gregorian::{
    ALL, GREGORIAN, LONG_DATES, SHORT_DATES, TIMES, YEAR_MONTHS, calendar, calendar_number, enumerated,
};
use user_support::locale::is_known;
use user_support::text::{ansi, wide};

use super::code_page::copy;
use super::last_error::{Bool, TRUE, fail};
use super::locale_format::{LONG_PICTURE, SHORT_PICTURE, YEAR_MONTH_PICTURE};
use super::locale_override::{overridden, two_digit_year};

/// `CAL_RETURN_NUMBER`, and the flags that are no part of a kind: no user override, the system's code page.
const AS_NUMBER: u32 = 0x2000_0000;
const NO_MATTER: u32 = 0xC000_0000;
/// `DATE_SHORTDATE`, `DATE_LONGDATE`, `DATE_YEARMONTH`.
const SHORT_DATE: u32 = 1;
const LONG_DATE: u32 = 2;
const YEAR_MONTH: u32 = 8;
/// `CAL_ITWODIGITYEARMAX`, `CAL_SSHORTDATE`, `CAL_SLONGDATE`, `CAL_SYEARMONTH`.
const TWO_DIGIT_YEAR: u32 = 0x30;
const SHORT_DATES_KIND: u32 = 5;
const LONG_DATES_KIND: u32 = 6;
const YEAR_MONTHS_KIND: u32 = 0x2F;

/// What the calendar says: a text with its zero, or a number.
enum Said {
    Text(Vec<u16>),
    Number(u32),
}

fn ask(locale: u32, which: u32, kind: u32, is_room_given: bool, is_number_wanted: bool) -> Result<Said, Win32Error> {
    let plain = kind & !(AS_NUMBER | NO_MATTER);
    let as_number = kind & AS_NUMBER != 0;
    // A number goes to one place, a text to the other.
    if !is_known(locale) || which != GREGORIAN || as_number && is_room_given || as_number != is_number_wanted {
        return Err(Win32Error::INVALID_PARAMETER);
    }
    let own = match plain {
        TWO_DIGIT_YEAR => two_digit_year(kind),
        SHORT_DATES_KIND => overridden(locale, kind, SHORT_PICTURE),
        LONG_DATES_KIND => overridden(locale, kind, LONG_PICTURE),
        YEAR_MONTHS_KIND => overridden(locale, kind, YEAR_MONTH_PICTURE),
        _ => None,
    };
    if as_number {
        if let Some(number) = own.and_then(|text| String::from_utf16_lossy(&text).parse().ok()) {
            return Ok(Said::Number(number));
        }
        return calendar_number(plain).map(Said::Number).ok_or(Win32Error::INVALID_FLAGS);
    }
    let text = own.or_else(|| calendar(plain).map(|text| text.encode_utf16().collect()));
    let mut text = text.ok_or(Win32Error::INVALID_FLAGS)?;
    text.push(0);
    Ok(Said::Text(text))
}

/// Tells about a calendar. Returns the units written or, for no room, needed; a number is stored at `number` and is two units long.
///
/// # Safety
/// `target` has room for `room` units, `number` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetCalendarInfoW(
    locale: u32,
    which: u32,
    kind: u32,
    target: *mut u16,
    room: u32,
    number: *mut u32,
) -> u32 {
    match ask(locale, which, kind, !target.is_null() || room != 0, !number.is_null()) {
        // SAFETY: the caller's promise.
        Ok(Said::Text(text)) => copy(&text, unsafe { wide_mut(target, room) }, room),
        Ok(Said::Number(value)) => {
            // SAFETY: the caller's promise; it is not null.
            unsafe { number.write_unaligned(value) };
            2
        }
        Err(error) => fail(error),
    }
}

/// The same for Windows-1252; a number is four bytes long.
///
/// # Safety
/// `target` has room for `room` bytes, `number` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetCalendarInfoA(
    locale: u32,
    which: u32,
    kind: u32,
    target: *mut u8,
    room: u32,
    number: *mut u32,
) -> u32 {
    match ask(locale, which, kind, !target.is_null() || room != 0, !number.is_null()) {
        // SAFETY: the caller's promise.
        Ok(Said::Text(text)) => copy(&ansi(&text), unsafe { bytes_mut(target, room) }, room),
        Ok(Said::Number(value)) => {
            // SAFETY: the caller's promise; it is not null.
            unsafe { number.write_unaligned(value) };
            4
        }
        Err(error) => fail(error),
    }
}

/// How a text is handed to a function of the program's, and whether the calendar's number follows it.
#[derive(Clone, Copy)]
enum Form {
    Bytes,
    Units,
    BytesAndCalendar,
    UnitsAndCalendar,
}

/// Calls `function` with each of `texts`, until it says that it has enough.
///
/// # Safety
/// `function` takes what `form` says.
unsafe fn call_with_each(function: u32, form: Form, texts: &[&str]) -> Bool {
    for text in texts {
        let bytes: Vec<u8> = text.bytes().chain([0]).collect();
        let units = wide(&bytes);
        let address = match form {
            Form::Bytes | Form::BytesAndCalendar => bytes.as_ptr() as u32,
            Form::Units | Form::UnitsAndCalendar => units.as_ptr() as u32,
        };
        let goes_on = match form {
            Form::Bytes | Form::Units => {
                // SAFETY: the caller's promise.
                let function: extern "system" fn(u32) -> u32 = unsafe { core::mem::transmute(function) };
                function(address)
            }
            Form::BytesAndCalendar | Form::UnitsAndCalendar => {
                // SAFETY: the caller's promise.
                let function: extern "system" fn(u32, u32) -> u32 = unsafe { core::mem::transmute(function) };
                function(address, GREGORIAN)
            }
        };
        if goes_on == 0 {
            break;
        }
    }
    TRUE
}

fn dates(locale: u32, flags: u32) -> Result<&'static [&'static str], Win32Error> {
    match flags & !NO_MATTER {
        _ if !is_known(locale) => Err(Win32Error::INVALID_PARAMETER),
        0 | SHORT_DATE => Ok(&SHORT_DATES),
        LONG_DATE => Ok(&LONG_DATES),
        YEAR_MONTH => Ok(&YEAR_MONTHS),
        _ => Err(Win32Error::INVALID_FLAGS),
    }
}

fn times(locale: u32, flags: u32) -> Result<&'static [&'static str], Win32Error> {
    match flags & !NO_MATTER {
        _ if !is_known(locale) => Err(Win32Error::INVALID_PARAMETER),
        0 => Ok(&TIMES),
        _ => Err(Win32Error::INVALID_FLAGS),
    }
}

macro_rules! picture_functions {
    ($($(#[$meta:meta])* $name:ident $form:ident $texts:ident;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// `function` takes the address of a string, and the calendar's number where it is one of an extended enumeration.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(function: u32, locale: u32, flags: u32) -> Bool {
            match $texts(locale, flags) {
                _ if function == 0 => fail(Win32Error::INVALID_PARAMETER),
                // SAFETY: the caller's promise.
                Ok(texts) => unsafe { call_with_each(function, Form::$form, texts) },
                Err(error) => fail(error),
            }
        }
    )*};
}

picture_functions! {
    /// Calls a function with each picture for dates.
    EnumDateFormatsA Bytes dates;
    /// Calls a function with each picture for dates.
    EnumDateFormatsW Units dates;
    /// Calls a function with each picture for dates, and its calendar.
    EnumDateFormatsExA BytesAndCalendar dates;
    /// Calls a function with each picture for dates, and its calendar.
    EnumDateFormatsExW UnitsAndCalendar dates;
    /// Calls a function with each picture for times.
    EnumTimeFormatsA Bytes times;
    /// Calls a function with each picture for times.
    EnumTimeFormatsW Units times;
}

macro_rules! calendar_functions {
    ($($(#[$meta:meta])* $name:ident $form:ident;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// `function` takes the address of a string, and the calendar's number where it is one of an extended enumeration.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(function: u32, locale: u32, which: u32, kind: u32) -> Bool {
            if function == 0 || !is_known(locale) || !matches!(which, GREGORIAN | ALL) {
                return fail(Win32Error::INVALID_PARAMETER);
            }
            let plain = kind & !NO_MATTER;
            let one = calendar(plain).map(|text| [text]);
            match enumerated(plain).or(one.as_ref().map(|text| &text[..])) {
                // SAFETY: the caller's promise.
                Some(texts) => unsafe { call_with_each(function, Form::$form, texts) },
                None => fail(Win32Error::INVALID_FLAGS),
            }
        }
    )*};
}

calendar_functions! {
    /// Calls a function with what the calendar says.
    EnumCalendarInfoA Bytes;
    /// Calls a function with what the calendar says.
    EnumCalendarInfoW Units;
    /// Calls a function with what the calendar says, and its number.
    EnumCalendarInfoExA BytesAndCalendar;
    /// Calls a function with what the calendar says, and its number.
    EnumCalendarInfoExW UnitsAndCalendar;
}
