//! Dates: seconds since 1970 and years, months, days; `asctime` and `strftime` in the "C" locale.
//!
//! What a time zone makes of them is in [`crate::time_zone`]. Date crates bring zones and formats of their own; what C wants is
//! a page of arithmetic.

use alloc::vec::Vec;

use user_support::locale::{DAYS, MONTHS};

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Units of 100 ns between 1601 and 1970.
const EPOCH: u64 = 116_444_736_000_000_000;

/// `struct tm`: seconds, minutes, hours, day of the month, month from 0, years since 1900, day of the week from
/// Sunday, day of the year from 0, summer time.
pub type BrokenDown = [i32; 9];

/// The system's time, in units of 100 ns since 1601, in seconds since 1970.
pub fn from_system(time: u64) -> i64 {
    (time.saturating_sub(EPOCH) / 10_000_000).cast_signed()
}

/// Seconds since 1970 as the system's time.
pub fn to_system(seconds: i64) -> u64 {
    EPOCH.wrapping_add_signed(seconds * 10_000_000)
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; the month counts from 1.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a second; `None` before 1970 or after the year 3000, where the library stops.
pub fn break_down(seconds: i64) -> Option<BrokenDown> {
    is_known(seconds).then(|| civil(seconds))
}

/// Whether the library knows the second.
pub(crate) fn is_known(seconds: i64) -> bool {
    (0..=0x7_9358_2AFF).contains(&seconds)
}

/// The date of a second, which may be somewhat outside of what the library knows.
pub(crate) fn civil(seconds: i64) -> BrokenDown {
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY) as i32);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12;
    let year = year_of_era + era * 400 + i64::from(month < 2);
    let year_day = days - days_from_civil(year, 1, 1);
    let fields = [i64::from(second % 60), i64::from(second / 60 % 60), i64::from(second / 3600), day, month];
    let [second, minute, hour, day, month] = fields.map(|field| field as i32);
    [second, minute, hour, day, month, (year - 1900) as i32, (days + 4).rem_euclid(7) as i32, year_day as i32, 0]
}

/// The second of a date, whose fields may be out of their ranges; `None` outside what [`break_down`] knows.
pub fn combine(date: &BrokenDown) -> Option<i64> {
    Some(count(date)).filter(|seconds| is_known(*seconds))
}

/// The same, wherever that is.
pub(crate) fn count(date: &BrokenDown) -> i64 {
    let [second, minute, hour, day, month, year, ..] = date.map(i64::from);
    let (year, month) = (1900 + year + month.div_euclid(12), month.rem_euclid(12));
    (days_from_civil(year, month + 1, 1) + day - 1) * DAY + hour * 3600 + minute * 60 + second
}

fn two(text: &mut Vec<u8>, value: i32) {
    text.extend([b'0' + (value / 10 % 10).unsigned_abs() as u8, b'0' + (value % 10).unsigned_abs() as u8]);
}

fn four(text: &mut Vec<u8>, value: i32) {
    two(text, value / 100);
    two(text, value % 100);
}

fn name<const N: usize>(names: &[&'static str; N], index: i32) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("???")
}

/// `Thu Jan 01 00:00:00 1970` and a line end: the day has two digits.
pub fn ascii(date: &BrokenDown) -> Vec<u8> {
    let mut text = Vec::new();
    for part in [&name(&DAYS, date[6])[..3], " ", &name(&MONTHS, date[4])[..3], " "] {
        text.extend_from_slice(part.as_bytes());
    }
    two(&mut text, date[3]);
    text.push(b' ');
    clock(&mut text, date);
    text.push(b' ');
    four(&mut text, date[5].saturating_add(1900));
    text.push(b'\n');
    text
}

fn clock(text: &mut Vec<u8>, date: &BrokenDown) {
    for (index, field) in [2, 1, 0].into_iter().enumerate() {
        if index != 0 {
            text.push(b':');
        }
        two(text, date[field]);
    }
}

fn slashed(text: &mut Vec<u8>, date: &BrokenDown) {
    two(text, date[4] + 1);
    text.push(b'/');
    two(text, date[3]);
    text.push(b'/');
    two(text, date[5] % 100);
}

/// Formats a date, in a zone of these names (without and with summer time); `None` for a conversion that the library does not know.
pub fn format(template: &[u8], date: &BrokenDown, zones: [&[u8]; 2]) -> Option<Vec<u8>> {
    let (mut text, mut rest) = (Vec::new(), template.iter());
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            text.push(byte);
            continue;
        }
        let mut kind = *rest.next()?;
        if kind == b'#' {
            kind = *rest.next()?;
        }
        conversion(&mut text, kind, date, zones)?;
    }
    Some(text)
}

fn conversion(text: &mut Vec<u8>, kind: u8, date: &BrokenDown, zones: [&[u8]; 2]) -> Option<()> {
    let [_, minute, hour, day, month, year, week_day, year_day, summer] = *date;
    let hour_of_half = if hour % 12 == 0 { 12 } else { hour % 12 };
    match kind {
        b'a' => text.extend_from_slice(&name(&DAYS, week_day).as_bytes()[..3]),
        b'A' => text.extend_from_slice(name(&DAYS, week_day).as_bytes()),
        b'b' => text.extend_from_slice(&name(&MONTHS, month).as_bytes()[..3]),
        b'B' => text.extend_from_slice(name(&MONTHS, month).as_bytes()),
        b'c' => {
            slashed(text, date);
            text.push(b' ');
            clock(text, date);
        }
        b'd' => two(text, day),
        b'H' => two(text, hour),
        b'I' => two(text, hour_of_half),
        b'j' => {
            text.push(b'0' + ((year_day + 1) / 100 % 10).unsigned_abs() as u8);
            two(text, (year_day + 1) % 100);
        }
        b'm' => two(text, month + 1),
        b'M' => two(text, minute),
        b'p' => text.extend_from_slice(if hour < 12 { b"AM" } else { b"PM" }),
        b'S' => two(text, date[0]),
        b'U' => two(text, (year_day + 7 - week_day) / 7),
        b'w' => text.push(b'0' + week_day.unsigned_abs() as u8 % 10),
        b'W' => two(text, (year_day + 7 - (week_day + 6) % 7) / 7),
        b'x' => slashed(text, date),
        b'X' => clock(text, date),
        b'y' => two(text, year % 100),
        b'Y' => four(text, year.saturating_add(1900)),
        b'z' | b'Z' => text.extend_from_slice(zones[usize::from(summer > 0)]),
        b'%' => text.push(b'%'),
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn dates_of_seconds_and_back() {
        assert_eq!(break_down(0), Some([0, 0, 0, 1, 0, 70, 4, 0, 0]));
        assert_eq!(break_down(951_782_400), Some([0, 0, 0, 29, 1, 100, 2, 59, 0]), "2000-02-29");
        assert_eq!(break_down(2_147_483_647), Some([7, 14, 3, 19, 0, 138, 2, 18, 0]));
        assert_eq!(break_down(-1), None);
        for seconds in (0..0x7_9358_2AFF_i64).step_by(86_399 * 13) {
            assert_eq!(combine(&break_down(seconds).unwrap()), Some(seconds));
        }
    }

    #[test]
    fn fields_out_of_range_are_carried() {
        assert_eq!(combine(&[70, 0, 0, 32, 12, 99, 0, 0, 0]), combine(&[10, 1, 0, 1, 1, 100, 0, 0, 0]));
        assert_eq!(combine(&[-1, 0, 0, 1, 0, 70, 0, 0, 0]), None);
        assert_eq!(combine(&[i32::MAX; 9]), None);
    }

    #[test]
    fn texts() {
        let date = break_down(1_000_000_000).unwrap();
        assert_eq!(ascii(&date), b"Sun Sep 09 01:46:40 2001\n");
        let text = |template: &str| {
            format(template.as_bytes(), &date, [b"MEZ", b"MESZ"]).map(|text| String::from_utf8(text).unwrap())
        };
        assert_eq!(text("%Y-%m-%d %H:%M:%S").unwrap(), "2001-09-09 01:46:40");
        assert_eq!(text("%a %A %b %B %j %U %W %w").unwrap(), "Sun Sunday Sep September 252 36 36 0");
        assert_eq!(text("%I %p %y %x %X %c %%").unwrap(), "01 AM 01 09/09/01 01:46:40 09/09/01 01:46:40 %");
        assert_eq!(text("%z %Z").unwrap(), "MEZ MEZ");
        let summer = [0, 0, 0, 1, 6, 126, 3, 181, 1];
        assert_eq!(format(b"%Z", &summer, [b"MEZ", b"MESZ"]), Some(b"MESZ".to_vec()));
        assert_eq!((text("%q"), text("%")), (None, None));
    }

    #[test]
    fn the_systems_time() {
        assert_eq!(from_system(116_444_736_000_000_000 + 15_000_000), 1);
        assert_eq!(from_system(0), 0);
    }
}
