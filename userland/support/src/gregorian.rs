//! The one calendar of the one locale, and the pictures that it has for dates and times.
//!
//! Source: `winnls.h`'s numbers; what Windows gives for locale 0409, and enumerates for it.

use crate::locale::{DAYS, MONTHS, information};

/// The calendar's number, and that of all calendars.
#[doc(alias = "CAL_GREGORIAN")]
pub const GREGORIAN: u32 = 1;
/// All there are, where one calls for each.
#[doc(alias = "ENUM_ALL_CALENDARS")]
pub const ALL: u32 = u32::MAX;

/// Short dates, the one that is used first.
pub const SHORT_DATES: [&str; 7] =
    ["M/d/yyyy", "M/d/yy", "MM/dd/yy", "MM/dd/yyyy", "yy/MM/dd", "yyyy-MM-dd", "dd-MMM-yy"];
/// Long dates.
pub const LONG_DATES: [&str; 4] = ["dddd, MMMM dd, yyyy", "MMMM dd, yyyy", "dddd, dd MMMM, yyyy", "dd MMMM, yyyy"];
/// Months with their years.
pub const YEAR_MONTHS: [&str; 1] = ["MMMM, yyyy"];
/// Times.
pub const TIMES: [&str; 4] = ["h:mm:ss tt", "hh:mm:ss tt", "H:mm:ss", "HH:mm:ss"];

/// What an enumeration calls with for `kind`: texts, of which all but those of pictures are one.
pub fn enumerated(kind: u32) -> Option<&'static [&'static str]> {
    match kind {
        5 => Some(&SHORT_DATES),
        6 => Some(&LONG_DATES),
        0x2F => Some(&YEAR_MONTHS),
        7..=0xD => DAYS_FROM_MONDAY.get(kind as usize - 7..kind as usize - 6),
        0x15..=0x20 => MONTHS.get(kind as usize - 0x15..kind as usize - 0x14),
        _ => None,
    }
}

const DAYS_FROM_MONDAY: [&str; 7] = [DAYS[1], DAYS[2], DAYS[3], DAYS[4], DAYS[5], DAYS[6], DAYS[0]];

/// What the calendar says about `kind` (`CAL_`, without the flags above). A year has no 13th month, whose name is empty.
pub fn calendar(kind: u32) -> Option<&'static str> {
    match kind {
        1 => Some("1"),
        2 => Some("Gregorian Calendar"),
        3 => Some("0"),
        4 => Some("A.D."),
        5 => information(0x1F),
        6 => information(0x20),
        7..=0xD => information(kind - 7 + 0x2A),
        0xE..=0x14 => information(kind - 0xE + 0x31),
        0x15..=0x20 => information(kind - 0x15 + 0x38),
        0x22..=0x2D => information(kind - 0x22 + 0x44),
        0x21 | 0x2E => Some(""),
        0x2F => information(0x1006),
        0x30 => Some("2029"),
        _ => None,
    }
}

/// The same as a number, for what is one.
pub fn calendar_number(kind: u32) -> Option<u32> {
    if matches!(kind, 1 | 3 | 0x30) { calendar(kind)?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_calendar_says() {
        let rows =
            [(5, "M/d/yyyy"), (7, "Monday"), (0xD, "Sunday"), (0x14, "Sun"), (0x15, "January"), (0x20, "December")];
        for (kind, text) in rows {
            assert_eq!(calendar(kind), Some(text), "{kind:x}");
            assert!(kind == 0x14 || enumerated(kind).unwrap()[0] == text);
        }
        assert_eq!((calendar(0x22), calendar(0x2D), calendar(0x21)), (Some("Jan"), Some("Dec"), Some("")));
        assert_eq!((calendar(0), calendar(0x31)), (None, None));
        assert_eq!((calendar_number(0x30), calendar_number(1), calendar_number(5)), (Some(2029), Some(1), None));
    }
}
