//! How the tool writes times, addresses and protections.

use mm::protection::Protection;
use serde_json::{Value, json};

/// Seconds from 1601 to 1970.
const TO_1970: u64 = 11_644_473_600;
/// Units of a time in a second.
const SECOND: u64 = 10_000_000;
/// Names of protections, in its order.
const PROTECTIONS: [(&str, u32); 11] = [
    ("PAGE_NOACCESS", 0x01),
    ("PAGE_READONLY", 0x02),
    ("PAGE_READWRITE", 0x04),
    ("PAGE_WRITECOPY", 0x08),
    ("PAGE_EXECUTE", 0x10),
    ("PAGE_EXECUTE_READ", 0x20),
    ("PAGE_EXECUTE_READWRITE", 0x40),
    ("PAGE_EXECUTE_WRITECOPY", 0x80),
    ("PAGE_GUARD", 0x100),
    ("PAGE_NOCACHE", 0x200),
    ("PAGE_WRITECOMBINE", 0x400),
];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month from 1, day from 1, and hour, minute and second.
fn date(since_1970: u64) -> [u64; 6] {
    let (days, second) = (since_1970 / 86_400, since_1970 % 86_400);
    // Eras of 400 years that begin with March; source: the civil calendar.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    [year, month, day, second / 3600, second / 60 % 60, second % 60]
}

/// A time, to the second; nothing for none.
#[must_use]
pub fn time(time: u64) -> Value {
    let Some(seconds) = (time / SECOND).checked_sub(TO_1970) else { return Value::Null };
    let [year, month, day, hour, minute, second] = date(seconds);
    json!(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00"))
}

/// The same with a space between date and time.
#[must_use]
pub fn spaced_time(from_1601: u64) -> Value {
    json!(time(from_1601).as_str().unwrap_or_default().replace('T', " "))
}

/// A time in seconds since 1970, as C's `asctime` writes it.
#[must_use]
pub fn c_time(seconds: u64) -> Value {
    let [year, month, day, hour, minute, second] = date(seconds);
    let (week_day, month) = (DAYS[(seconds / 86_400 % 7) as usize], MONTHS[month as usize - 1]);
    json!(format!("{week_day} {month} {day:2} {hour:02}:{minute:02}:{second:02} {year}"))
}

/// An address as a text.
#[must_use]
pub fn address(address: u32) -> Value {
    json!(format!("{address:#x}"))
}

/// A VAD's protection.
#[must_use]
pub fn protection(code: u32) -> String {
    let value = Protection::from_code(code).to_win32();
    let names = PROTECTIONS.iter().filter(|(_, bit)| value & bit != 0).map(|(name, _)| *name);
    names.collect::<Vec<_>>().join("|")
}

/// A text, or nothing.
#[must_use]
pub fn text_or_nothing(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates() {
        assert_eq!(time(134_402_130_180_000_000), "2026-11-27T00:30:18+00:00");
        assert_eq!(time((TO_1970 + 951_782_400) * SECOND), "2000-02-29T00:00:00+00:00");
        assert_eq!(time(0), Value::Null);
        assert_eq!(c_time(1_587_096_710), "Fri Apr 17 04:11:50 2020");
        assert_eq!(c_time(0), "Thu Jan  1 00:00:00 1970");
        assert_eq!(spaced_time(TO_1970 * SECOND), "1970-01-01 00:00:00+00:00");
    }

    #[test]
    fn protections_are_named_bit_by_bit() {
        assert_eq!(protection(7), "PAGE_EXECUTE_WRITECOPY");
        assert_eq!(protection(0x14), "PAGE_READWRITE|PAGE_GUARD");
        assert_eq!(protection(0x18), "PAGE_NOACCESS");
    }
}
