//! What a user says in place of the locale: the values that may be set, under which names they are kept, and what changes with them.
//!
//! Source: documentation of SetLocaleInfo, which lists the values and how long they may be; XP's names of them below
//! `Control Panel\International`, which are those of `win.ini` since before. That a separator has no digit in it, and that a number must be one that
//! the locale's documentation knows, is inferred: Windows refuses others as invalid parameters.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// `LOCALE_` numbers of what hangs together.
const SHORT_DATE: u32 = 0x1F;
const LONG_DATE: u32 = 0x20;
const DATE_SEPARATOR: u32 = 0x1D;
const TIME_SEPARATOR: u32 = 0x1E;
const SHORT_ORDER: u32 = 0x21;
const LONG_ORDER: u32 = 0x22;
const CLOCK: u32 = 0x23;
const CENTURY: u32 = 0x24;
const HOUR_ZERO: u32 = 0x25;
const DAY_ZERO: u32 = 0x26;
const MONTH_ZERO: u32 = 0x27;
const TIME: u32 = 0x1003;

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// A text of so many units at most.
    Text(usize),
    /// The same without digits.
    Separator(usize),
    /// A number up to this one.
    UpTo(u32),
    /// One of these.
    OneOf(&'static [u32]),
    /// Lengths of groups: digits with semicolons between them.
    Grouping,
    /// Ten characters.
    Digits,
    /// Follows from another value.
    Derived,
}
use Rule::{Derived, Digits, Grouping, OneOf, Separator, Text, UpTo};

/// The values, under their numbers and the names they are kept by.
const SETTINGS: [(u32, &str, Rule); 37] = [
    (0x0C, "sList", Separator(3)),
    (0x0D, "iMeasure", UpTo(1)),
    (0x0E, "sDecimal", Separator(3)),
    (0x0F, "sThousand", Separator(3)),
    (0x10, "sGrouping", Grouping),
    (0x11, "iDigits", UpTo(9)),
    (0x12, "iLZero", UpTo(1)),
    (0x13, "sNativeDigits", Digits),
    (0x14, "sCurrency", Text(5)),
    (0x16, "sMonDecimalSep", Separator(3)),
    (0x17, "sMonThousandSep", Separator(3)),
    (0x18, "sMonGrouping", Grouping),
    (0x19, "iCurrDigits", UpTo(9)),
    (0x1B, "iCurrency", UpTo(3)),
    (0x1C, "iNegCurr", UpTo(15)),
    (DATE_SEPARATOR, "sDate", Separator(3)),
    (TIME_SEPARATOR, "sTime", Separator(3)),
    (SHORT_DATE, "sShortDate", Text(79)),
    (LONG_DATE, "sLongDate", Text(79)),
    (SHORT_ORDER, "iDate", Derived),
    (LONG_ORDER, "iLDate", Derived),
    (CLOCK, "iTime", UpTo(1)),
    (CENTURY, "iCentury", Derived),
    (HOUR_ZERO, "iTLZero", Derived),
    (DAY_ZERO, "iDayLZero", Derived),
    (MONTH_ZERO, "iMonLZero", Derived),
    (0x28, "s1159", Text(14)),
    (0x29, "s2359", Text(14)),
    (0x50, "sPositiveSign", Separator(4)),
    (0x51, "sNegativeSign", Separator(4)),
    (TIME, "sTimeFormat", Text(79)),
    (0x1006, "sYearMonth", Text(79)),
    (0x1009, "iCalendarType", OneOf(&[1])),
    (0x100A, "iPaperSize", OneOf(&[1, 5, 8, 9])),
    (0x100C, "iFirstDayOfWeek", UpTo(6)),
    (0x100D, "iFirstWeekOfYear", UpTo(2)),
    (0x1010, "iNegNumber", UpTo(4)),
];

/// The name under which the value `kind` (`LOCALE_`, without the flags above) is kept, where a user may say it.
pub fn name(kind: u32) -> Option<&'static str> {
    SETTINGS.iter().find(|(number, ..)| *number == kind).map(|(_, name, _)| *name)
}

/// Whether it may be set, and not only follows from others.
pub fn can_be_set(kind: u32) -> bool {
    SETTINGS.iter().any(|(number, _, rule)| *number == kind && *rule != Derived)
}

fn is_digit(unit: u16) -> bool {
    (u16::from(b'0')..=u16::from(b'9')).contains(&unit)
}

/// The number that a text is.
fn number(text: &[u16]) -> Option<u32> {
    let digit = |unit: &u16| is_digit(*unit).then(|| u32::from(*unit) - u32::from(b'0'));
    let digits: Vec<u32> = text.iter().map(digit).collect::<Option<_>>()?;
    (1..=4).contains(&digits.len()).then(|| digits.iter().fold(0, |number, digit| number * 10 + digit))
}

/// Whether `kind` may be `text`.
pub fn is_allowed(kind: u32, text: &[u16]) -> bool {
    let Some((.., rule)) = SETTINGS.iter().find(|(number, ..)| *number == kind) else { return false };
    match rule {
        Text(most) => text.len() <= *most,
        Separator(most) => text.len() <= *most && !text.iter().any(|unit| is_digit(*unit)),
        UpTo(most) => number(text).is_some_and(|number| number <= *most),
        OneOf(numbers) => number(text).is_some_and(|number| numbers.contains(&number)),
        Grouping => {
            let separates = |(index, unit): (usize, &u16)| match index % 2 {
                0 => is_digit(*unit),
                _ => *unit == u16::from(b';'),
            };
            text.len() % 2 == 1 && text.len() <= 9 && text.iter().enumerate().all(separates)
        }
        Digits => text.len() == 10,
        Derived => false,
    }
}

/// The units of a picture that are not between quotation marks.
fn bare(picture: &[u16]) -> impl Iterator<Item = (usize, u16)> {
    let quote = u16::from(b'\'');
    let mut is_quoted = false;
    picture.iter().copied().enumerate().filter(move |(_, unit)| {
        is_quoted ^= *unit == quote;
        !is_quoted && *unit != quote
    })
}

/// Whether a unit is one of these letters.
fn is_one_of(unit: u16, letters: &[u8]) -> bool {
    u8::try_from(unit).is_ok_and(|byte| letters.contains(&byte))
}

/// What stands between the first part of a picture, of these letters, and the next.
fn separator(picture: &[u16], letters: &[u8]) -> Vec<u16> {
    let first = bare(picture).skip_while(|(_, unit)| !is_one_of(*unit, letters));
    let behind = first.skip_while(|(_, unit)| is_one_of(*unit, letters));
    behind.map(|(_, unit)| unit).take_while(|unit| !is_one_of(*unit, letters)).take(3).collect()
}

/// The picture with another text in place of each `old` that is not between quotation marks.
fn replaced(picture: &[u16], old: &[u16], new: &[u16]) -> Vec<u16> {
    let bare: Vec<usize> = bare(picture).map(|(at, _)| at).collect();
    let (mut text, mut at) = (Vec::new(), 0);
    while at < picture.len() {
        if !old.is_empty() && bare.contains(&at) && picture[at..].starts_with(old) {
            text.extend_from_slice(new);
            at += old.len();
        } else {
            text.push(picture[at]);
            at += 1;
        }
    }
    text
}

/// How many times the first of these letters stands in the picture at once.
fn run(picture: &[u16], letters: &[u8]) -> usize {
    bare(picture)
        .skip_while(|(_, unit)| !is_one_of(*unit, letters))
        .take_while(|(_, unit)| is_one_of(*unit, letters))
        .count()
}

fn digit(number: usize) -> Vec<u16> {
    vec![u16::from(b'0') + number as u16]
}

/// Which of month, day and year comes first, as a number.
fn order(picture: &[u16]) -> Vec<u16> {
    let first =
        bare(picture).find_map(|(_, unit)| [b'M', b'd', b'y'].iter().position(|letter| u16::from(*letter) == unit));
    digit(first.unwrap_or(0))
}

fn of_short_date(picture: &[u16]) -> Vec<(u32, Vec<u16>)> {
    let is_long = |letters: &[u8], length: usize| digit((run(picture, letters) >= length).into());
    vec![
        (SHORT_ORDER, order(picture)),
        (CENTURY, is_long(b"y", 3)),
        (DAY_ZERO, is_long(b"d", 2)),
        (MONTH_ZERO, is_long(b"M", 2)),
    ]
}

fn of_time(picture: &[u16]) -> Vec<(u32, Vec<u16>)> {
    let is_24 = bare(picture).any(|(_, unit)| unit == u16::from(b'H'));
    vec![(CLOCK, digit(is_24.into())), (HOUR_ZERO, digit((run(picture, b"hH") >= 2).into()))]
}

/// All that is kept anew when `kind`, which is [allowed](is_allowed), becomes `text`; `now` is what a value is.
pub fn changes(kind: u32, text: &[u16], now: impl Fn(u32) -> Vec<u16>) -> Vec<(u32, Vec<u16>)> {
    let mut all = vec![(kind, text.to_vec())];
    match kind {
        SHORT_DATE => {
            all.push((DATE_SEPARATOR, separator(text, b"dMyg")));
            all.extend(of_short_date(text));
        }
        LONG_DATE => all.push((LONG_ORDER, order_of_long(text))),
        DATE_SEPARATOR => all.push((SHORT_DATE, replaced(&now(SHORT_DATE), &now(DATE_SEPARATOR), text))),
        TIME => {
            all.push((TIME_SEPARATOR, separator(text, b"hHmst")));
            all.extend(of_time(text));
        }
        TIME_SEPARATOR => all.push((TIME, replaced(&now(TIME), &now(TIME_SEPARATOR), text))),
        CLOCK => {
            let wanted = if text == [u16::from(b'1')] { b'H' } else { b'h' };
            let mut picture = now(TIME);
            let hours: Vec<usize> =
                bare(&picture).filter(|(_, unit)| is_one_of(*unit, b"hH")).map(|(at, _)| at).collect();
            hours.into_iter().for_each(|at| picture[at] = u16::from(wanted));
            all.push((TIME, picture));
        }
        _ => {}
    }
    all
}

/// The order of a long date: the names of days, which are four or three letters, do not count.
fn order_of_long(picture: &[u16]) -> Vec<u16> {
    let units: String = bare(picture).map(|(_, unit)| u8::try_from(unit).map_or('?', char::from)).collect();
    let without = units.replace("dddd", "").replace("ddd", "");
    order(&without.encode_utf16().collect::<Vec<_>>())
}

/// The number of `NUMBERFMT::Grouping` for what the locale says of groups: without a 0 at the end the last is not repeated.
pub fn grouping(text: &[u16]) -> u32 {
    let digits: Vec<u32> =
        text.iter().filter(|unit| is_digit(**unit)).map(|unit| u32::from(*unit - u16::from(b'0'))).collect();
    let number = |digits: &[u32]| digits.iter().fold(0, |number, digit| number * 10 + digit);
    match digits.split_last() {
        Some((0, rest)) => number(rest),
        _ => number(&digits) * 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::wide;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn what_may_be_set_and_to_what() {
        for (kind, text, allowed) in [
            (0x0E, ",", true),
            (0x0E, "", true),
            (0x0E, "abcd", false),
            (0x0E, "1", false),
            (0x11, "9", true),
            (0x11, "10", false),
            (0x11, "", false),
            (0x11, "x", false),
            (0x14, "EUR €", true),
            (0x14, "EUR €€", false),
            (0x10, "3;2;0", true),
            (0x10, "3;", false),
            (0x10, "33", false),
            (0x13, "0123456789", true),
            (0x13, "012345678", false),
            (0x1C, "15", true),
            (0x1C, "16", false),
            (0x21, "1", false),
            (0x100A, "9", true),
            (0x100A, "7", false),
            (0x02, "English", false),
        ] {
            assert_eq!(is_allowed(kind, &units(text)), allowed, "{kind:x} {text}");
        }
        assert_eq!((name(0x1F), name(0x21), name(0x02)), (Some("sShortDate"), Some("iDate"), None));
        assert_eq!((can_be_set(0x1F), can_be_set(0x21), can_be_set(0x02)), (true, false, false));
        assert!(!is_allowed(0x1F, &[u16::from(b'd'); 80]) && is_allowed(0x1F, &[u16::from(b'd'); 79]));
    }

    #[test]
    fn what_hangs_together_changes_together() {
        let now = |kind: u32| {
            wide(match kind {
                0x1F => b"M/d/yyyy 'on/off'",
                0x1D => b"/",
                0x1E => b":",
                0x1003 => b"h:mm:ss tt",
                _ => unreachable!(),
            })
        };
        let texts = |kind: u32, text: &str| -> Vec<(u32, String)> {
            let all = changes(kind, &units(text), now);
            all.into_iter().map(|(kind, text)| (kind, String::from_utf16(&text).unwrap())).collect()
        };
        let row = |kind: u32, text: &str| (kind, String::from(text));
        assert_eq!(texts(0x1D, "-"), [row(0x1D, "-"), row(0x1F, "M-d-yyyy 'on/off'")]);
        assert_eq!(
            texts(0x1F, "dd.MM.yy"),
            [row(0x1F, "dd.MM.yy"), row(0x1D, "."), row(0x21, "1"), row(0x24, "0"), row(0x26, "1"), row(0x27, "1")]
        );
        assert_eq!(
            texts(0x1F, "yyyy'x'-M"),
            [row(0x1F, "yyyy'x'-M"), row(0x1D, "-"), row(0x21, "2"), row(0x24, "1"), row(0x26, "0"), row(0x27, "0")]
        );
        assert_eq!(texts(0x20, "dddd, d MMMM yyyy"), [row(0x20, "dddd, d MMMM yyyy"), row(0x22, "1")]);
        assert_eq!(texts(0x1E, "."), [row(0x1E, "."), row(0x1003, "h.mm.ss tt")]);
        assert_eq!(texts(0x1003, "HH.mm"), [row(0x1003, "HH.mm"), row(0x1E, "."), row(0x23, "1"), row(0x25, "1")]);
        assert_eq!(texts(0x23, "1"), [row(0x23, "1"), row(0x1003, "H:mm:ss tt")]);
        assert_eq!(texts(0x0E, ","), [row(0x0E, ",")]);
    }

    #[test]
    fn groups_repeat_where_a_zero_follows() {
        for (text, number) in [("3;0", 3), ("3;2;0", 32), ("3", 30), ("0", 0), ("", 0), ("3;0;0", 30)] {
            assert_eq!(grouping(&units(text)), number, "{text}");
        }
    }
}
