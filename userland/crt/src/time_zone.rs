//! Local time: what a time zone, the system's or that of the variable TZ, makes of seconds and dates.
//!
//! Source: documented behaviour of _tzset, localtime and mktime.

use abi::time_zone::{Season, TimeZone};
use alloc::vec::Vec;

use crate::time::{BrokenDown, civil, count, is_known, to_system};

/// Place of "summer time" in a date.
const SUMMER: usize = 8;
/// Seconds of a minute.
const MINUTE: i64 = 60;

/// The local date of a second; `None` outside what the library knows.
pub fn local_date(zone: &TimeZone, seconds: i64) -> Option<BrokenDown> {
    if !is_known(seconds) {
        return None;
    }
    let (season, bias) = zone.at(to_system(seconds));
    let mut date = civil(seconds - bias * MINUTE);
    date[SUMMER] = i32::from(season == Season::Summer);
    Some(date)
}

/// The second of a local date, whose fields may be out of their ranges: it says whether it is in summer time, or by less than 0 that it does not know.
pub fn combine_local(zone: &TimeZone, date: &BrokenDown) -> Option<i64> {
    let local = count(date);
    let bias = match date[SUMMER] {
        0 if zone.has_summer() => zone.bias_of(Season::Winter),
        1.. if zone.has_summer() => zone.bias_of(Season::Summer),
        // A day to either side: what is known is known in UTC.
        _ => zone.at_local(to_system(local.clamp(0, i64::from(u32::MAX) * 8))).1,
    };
    Some(local + bias * MINUTE).filter(|seconds| is_known(*seconds))
}

/// What TZ says: a name of three letters, hours (and minutes, and seconds, which do not count here) behind UTC, and a name where there is summer
/// time: with American rules. `None` for what is none.
pub fn parse(text: &[u8]) -> Option<(TimeZone, [Vec<u8>; 2])> {
    const NAME: usize = 3;
    let (name, rest) = text.split_at_checked(NAME)?;
    let (is_negative, rest) = match rest.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, rest),
    };
    let (hours, mut rest) = digits(rest)?;
    let mut minutes = 60 * hours;
    for place in [1, 0] {
        if let Some((b':', more)) = rest.split_first() {
            let (number, left) = digits(more)?;
            minutes += place * number;
            rest = left;
        }
    }
    let zone = TimeZone::american(if is_negative { -minutes } else { minutes }, !rest.is_empty());
    zone.is_sound().then(|| (zone, [name.to_vec(), rest.iter().copied().take(NAME).collect()]))
}

fn digits(text: &[u8]) -> Option<(i32, &[u8])> {
    let length = text.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(length);
    (length > 0).then(|| (number.iter().fold(0, |number, digit| 10 * number + i32::from(digit - b'0')), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::break_down;

    #[test]
    fn local_dates_and_back() {
        let (pacific, names) = parse(b"PST8PDT").unwrap();
        assert_eq!(names, [b"PST".to_vec(), b"PDT".to_vec()]);
        // 2004-01-01 00:00:00 and 2004-07-01 00:00:00, UTC.
        assert_eq!(local_date(&pacific, 1_072_915_200), Some([0, 0, 16, 31, 11, 103, 3, 364, 0]));
        assert_eq!(local_date(&pacific, 1_088_640_000), Some([0, 0, 17, 30, 5, 104, 3, 181, 1]));
        assert_eq!(local_date(&pacific, 0), Some([0, 0, 16, 31, 11, 69, 3, 364, 0]));
        assert_eq!(local_date(&pacific, -1), None);
        for seconds in [0, 1_072_915_200, 1_088_640_000, 1_081_072_799, 1_081_072_800] {
            let mut date = local_date(&pacific, seconds).unwrap();
            assert_eq!(combine_local(&pacific, &date), Some(seconds));
            date[8] = -1;
            assert_eq!(combine_local(&pacific, &date), Some(seconds), "{seconds}");
        }
        let summer = [0, 0, 12, 1, 6, 104, 0, 0, 0];
        let told = combine_local(&pacific, &summer).and_then(|seconds| local_date(&pacific, seconds)).unwrap();
        assert_eq!((told[2], told[8]), (13, 1), "it was given in winter time");
    }

    #[test]
    fn what_tz_says() {
        let offset = |text: &[u8]| parse(text).map(|(zone, names)| (zone.at(0), names[1].clone()));
        assert_eq!(offset(b"UTC0"), Some(((Season::Always, 0), Vec::new())));
        assert_eq!(offset(b"CET-1:30:59"), Some(((Season::Always, -90), Vec::new())));
        assert_eq!(offset(b"EST+5EDT").map(|told| told.1), Some(b"EDT".to_vec()));
        for bad in [&b""[..], b"PS", b"PST", b"PST+", b"PSTx", b"XYZ99"] {
            assert_eq!(offset(bad), None, "{bad:?}");
        }
        assert_eq!(local_date(&parse(b"UTC0").unwrap().0, 951_782_400), break_down(951_782_400));
    }
}
