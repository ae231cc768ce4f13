//! The time in the header of an image, for people.

use core::fmt;

const DAY: u32 = 24 * 60 * 60;
const MONTHS: [(&str, u32); 12] = [
    ("Jan", 31),
    ("Feb", 28),
    ("Mar", 31),
    ("Apr", 30),
    ("May", 31),
    ("Jun", 30),
    ("Jul", 31),
    ("Aug", 31),
    ("Sep", 30),
    ("Oct", 31),
    ("Nov", 30),
    ("Dec", 31),
];

/// Seconds since 1 January 1970, as `Aug 17 20:53:31 2001`.
pub(crate) struct Date(pub u32);

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut day, seconds) = (self.0 / DAY, self.0 % DAY);
        let mut year = 1970;
        // Until 2106 every fourth year is one more day long but 2100.
        let is_long = |year: u32| year.is_multiple_of(4) && year != 2100;
        while day >= 365 + u32::from(is_long(year)) {
            day -= 365 + u32::from(is_long(year));
            year += 1;
        }
        let mut month = 0;
        let length = |month: usize| MONTHS[month].1 + u32::from(month == 1 && is_long(year));
        while day >= length(month) {
            day -= length(month);
            month += 1;
        }
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(formatter, "{} {:02} {hour:02}:{minute:02}:{second:02} {year}", MONTHS[month].0, day + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let rows = [
            (0, "Jan 01 00:00:00 1970"),
            (0x3B7D_84CB, "Aug 17 20:55:39 2001"),
            (951_782_400, "Feb 29 00:00:00 2000"),
            (951_868_800, "Mar 01 00:00:00 2000"),
            (4_107_542_400, "Mar 01 00:00:00 2100"),
            (u32::MAX, "Feb 07 06:28:15 2106"),
        ];
        for (seconds, text) in rows {
            assert_eq!(Date(seconds).to_string(), text);
        }
    }
}
