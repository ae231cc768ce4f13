//! Dates and times for people.

use alloc::format;
use alloc::string::String;

const UNITS_PER_SECOND: u64 = 10_000_000;
const SECONDS_PER_DAY: u64 = 86_400;
/// Days from the first day of March of the year 0 to 1601-01-01, in the calendar carried back.
const DAYS_TO_1601: u64 = 584_694;

/// Year, month, day of a system time (units of 100 ns since 1601).
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms": years that begin in March.
fn date(time: u64) -> (u64, u64, u64) {
    let days = time / UNITS_PER_SECOND / SECONDS_PER_DAY + DAYS_TO_1601;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

/// `2026-11-25 21:20`.
pub fn minutes(time: u64) -> String {
    let (year, month, day) = date(time);
    let seconds = time / UNITS_PER_SECOND % SECONDS_PER_DAY;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", seconds / 3600, seconds / 60 % 60)
}

/// `2026-11-25 21:20:14`.
pub fn seconds(time: u64) -> String {
    format!("{}:{:02}", minutes(time), time / UNITS_PER_SECOND % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::calendar::{Date, system_time};

    #[test]
    fn dates_come_back() {
        for (year, month, day) in
            [(1601, 1, 1), (1999, 12, 31), (2000, 2, 29), (2000, 3, 1), (2026, 11, 25), (2100, 3, 1)]
        {
            let time = system_time(Date { year, month, day, hour: 21, minute: 20, second: 14 });
            assert_eq!(seconds(time), format!("{year:04}-{month:02}-{day:02} 21:20:14"));
        }
    }
}
