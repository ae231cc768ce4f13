//! Dates and times as text, by pictures such as `dddd, MMMM dd, yyyy` and `h:mm:ss tt`.
//!
//! Source: documented behaviour of GetDateFormat and GetTimeFormat.

use alloc::vec::Vec;

use crate::locale::{DAYS, MONTHS};

/// `SYSTEMTIME`: year, month, day of the week, day, hour, minute, second, millisecond.
pub type SystemTime = [u16; 8];

/// Parts of a picture for the time that are left out, as flags of GetTimeFormat.
pub mod leave_out {
    /// Minutes and seconds.
    pub const MINUTES: u32 = 1;
    /// Seconds.
    pub const SECONDS: u32 = 2;
    /// The mark of the half of the day.
    pub const MARKER: u32 = 4;
    /// Twelve hours: a day has 24.
    pub const TWELVE_HOURS: u32 = 8;
}

const QUOTE: u16 = b'\'' as u16;

/// A picture cut into runs of one letter, quoted texts, and other characters one by one.
enum Piece<'picture> {
    Run(u8, usize),
    Text(&'picture [u16]),
}

fn pieces(picture: &[u16]) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = picture;
    core::iter::from_fn(move || {
        let &first = rest.first()?;
        if first == QUOTE {
            let inside = &rest[1..];
            let end = inside.iter().position(|&unit| unit == QUOTE).unwrap_or(inside.len());
            rest = inside.get(end + 1..).unwrap_or_default();
            return Some(Piece::Text(&inside[..end]));
        }
        let letter = u8::try_from(first).ok().filter(u8::is_ascii_alphabetic);
        let count = if letter.is_some() { rest.iter().take_while(|&&unit| unit == first).count() } else { 1 };
        let (run, after) = rest.split_at(count);
        rest = after;
        Some(letter.map_or(Piece::Text(run), |letter| Piece::Run(letter, count)))
    })
}

fn push_number(text: &mut Vec<u16>, number: u16, digits: usize) {
    let mut reversed = Vec::new();
    let mut rest = number;
    while rest > 0 || reversed.len() < digits.max(1) {
        reversed.push(u16::from(b'0') + rest % 10);
        rest /= 10;
    }
    text.extend(reversed.iter().rev());
}

fn push_name(text: &mut Vec<u16>, name: &str, short: bool) {
    text.extend(name.encode_utf16().take(if short { 3 } else { usize::MAX }));
}

/// A date by a picture of `d`, `M`, `y` and `g`. The day of the week is the one given.
pub fn date(picture: &[u16], [year, month, weekday, day, ..]: SystemTime) -> Vec<u16> {
    let mut text = Vec::new();
    let month_name = || MONTHS[usize::from(month.clamp(1, 12)) - 1];
    for piece in pieces(picture) {
        match piece {
            Piece::Run(b'd', count @ 1..=2) => push_number(&mut text, day, count),
            Piece::Run(b'd', count) => push_name(&mut text, DAYS[usize::from(weekday % 7)], count == 3),
            Piece::Run(b'M', count @ 1..=2) => push_number(&mut text, month, count),
            Piece::Run(b'M', count) => push_name(&mut text, month_name(), count == 3),
            Piece::Run(b'y', count @ 1..=2) => push_number(&mut text, year % 100, count),
            Piece::Run(b'y', _) => push_number(&mut text, year, 4),
            Piece::Run(b'g', _) => text.extend("A.D.".encode_utf16()),
            Piece::Run(other, count) => text.extend(core::iter::repeat_n(u16::from(other), count)),
            Piece::Text(other) => text.extend_from_slice(other),
        }
    }
    text
}

/// A time by a picture of `h`, `H`, `m`, `s` and `t`, which is `marker`, without what the flags leave out and the characters before it.
pub fn time(
    picture: &[u16],
    [_, _, _, _, hour, minute, second, _]: SystemTime,
    marker: &[u16],
    flags: u32,
) -> Vec<u16> {
    let mut text = Vec::new();
    // Where the last part that was kept ends: what stands between it and a part left out goes too.
    let mut kept = 0;
    let without = |flag: u32| flags & flag != 0;
    let no_seconds = without(leave_out::MINUTES | leave_out::SECONDS);
    for piece in pieces(picture) {
        let left_out = match piece {
            Piece::Run(b'm', _) => without(leave_out::MINUTES),
            Piece::Run(b's', _) => no_seconds,
            Piece::Run(b't', _) => without(leave_out::MARKER),
            _ => false,
        };
        if left_out {
            text.truncate(kept);
            continue;
        }
        match piece {
            Piece::Run(b'h', count) if !without(leave_out::TWELVE_HOURS) => {
                push_number(&mut text, (hour + 11) % 12 + 1, count.min(2));
            }
            Piece::Run(b'h' | b'H', count) => push_number(&mut text, hour, count.min(2)),
            Piece::Run(b'm', count) => push_number(&mut text, minute, count.min(2)),
            Piece::Run(b's', count) => push_number(&mut text, second, count.min(2)),
            Piece::Run(b't', count) => {
                text.extend(marker.iter().take(if count == 1 { 1 } else { usize::MAX }));
            }
            Piece::Run(other, count) => text.extend(core::iter::repeat_n(u16::from(other), count)),
            Piece::Text(other) => {
                text.extend_from_slice(other);
                continue;
            }
        }
        kept = text.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{ansi, wide};
    use std::string::String;

    const WHEN: SystemTime = [2004, 8, 3, 4, 15, 7, 9, 0];

    fn shown(units: Vec<u16>) -> String {
        String::from_utf8(ansi(&units)).unwrap()
    }

    #[test]
    fn dates_follow_their_picture() {
        for (picture, expected) in [
            ("M/d/yyyy", "8/4/2004"),
            ("dddd, MMMM dd, yyyy", "Wednesday, August 04, 2004"),
            ("ddd',' MMM d yy", "Wed, Aug 4 04"),
            ("'day' d-MM-y gg", "day 4-08-4 A.D."),
            ("", ""),
            ("'open", "open"),
        ] {
            assert_eq!(shown(date(&wide(picture.as_bytes()), WHEN)), expected, "{picture}");
        }
    }

    #[test]
    fn times_follow_their_picture_and_flags() {
        for (picture, flags, expected) in [
            ("h:mm:ss tt", 0, "3:07:09 PM"),
            ("HH:mm:ss", 0, "15:07:09"),
            ("h:mm:ss tt", leave_out::SECONDS, "3:07 PM"),
            ("h:mm:ss tt", leave_out::MINUTES, "3 PM"),
            ("h:mm:ss tt", leave_out::MARKER, "3:07:09"),
            ("h:mm:ss tt", leave_out::MARKER | leave_out::TWELVE_HOURS, "15:07:09"),
            ("hh 'o''clock' t", 0, "03 oclock P"),
        ] {
            assert_eq!(
                shown(time(&wide(picture.as_bytes()), WHEN, &wide(b"PM"), flags)),
                expected,
                "{picture} {flags}"
            );
        }
        assert_eq!(shown(time(&wide(b"h tt"), [2004, 1, 1, 1, 0, 0, 0, 0], &wide(b"AM"), 0)), "12 AM");
    }
}
