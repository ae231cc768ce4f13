//! A time zone: how far local time is behind UTC, and when it changes to summer time and back.
//!
//! Source: `TIME_ZONE_INFORMATION` of `winbase.h` and its documentation: bias in minutes, UTC being local time plus the bias; a date of
//! year 0 is the nth weekday of a month.

use crate::calendar::{Date, date, days_in, system_time};

/// Words of the structure.
pub const ZONE_WORDS: usize = 43;
/// Units of 100 ns in a minute.
pub const UNITS_PER_MINUTE: i64 = 600_000_000;

const WINTER_DATE: usize = 17;
const WINTER_BIAS: usize = 21;
const SUMMER_DATE: usize = 38;
const SUMMER_BIAS: usize = 42;

/// Which of its two times a zone has.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Season {
    /// It has only one.
    #[doc(alias = "TIME_ZONE_ID_UNKNOWN")]
    Always = 0,
    /// Standard time.
    #[doc(alias = "TIME_ZONE_ID_STANDARD")]
    Winter = 1,
    /// Daylight saving time.
    #[doc(alias = "TIME_ZONE_ID_DAYLIGHT")]
    Summer = 2,
}

/// A time zone in the form that programs have it.
#[doc(alias = "TIME_ZONE_INFORMATION")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone(pub [u32; ZONE_WORDS]);

/// The zone of a system that nobody has set another for. Its name is twice in it, two units a word.
pub const UTC: TimeZone = {
    let mut words = [0; ZONE_WORDS];
    (words[1], words[2]) = (0x0054_0055, 0x43);
    (words[22], words[23]) = (0x0054_0055, 0x43);
    TimeZone(words)
};

/// When summer time begins or ends: year, month, weekday, day, hour, minute, second, millisecond.
type Rule = [u16; 8];

impl TimeZone {
    fn rule(&self, at: usize) -> Rule {
        core::array::from_fn(|index| (self.0[at + index / 2] >> (16 * (index % 2))) as u16)
    }

    /// Minutes that local time is behind in `season`.
    pub fn bias_of(&self, season: Season) -> i64 {
        let minutes = |at: usize| i64::from(self.0[at] as i32);
        minutes(0)
            + match season {
                Season::Always => 0,
                Season::Winter => minutes(WINTER_BIAS),
                Season::Summer => minutes(SUMMER_BIAS),
            }
    }

    /// A zone that is `minutes` behind in winter, with summer time as the rules of the United States had it from 1987 to 2006, where it has any: an hour,
    /// from the first Sunday of April to the last one of October, at two.
    pub const fn american(minutes: i32, has_summer: bool) -> Self {
        const fn sunday(month: u32, nth: u32) -> [u32; 4] {
            [month << 16, nth << 16, 2, 0]
        }
        let mut words = [0; ZONE_WORDS];
        words[0] = minutes as u32;
        if has_summer {
            words[SUMMER_BIAS] = -60_i32 as u32;
            let (mut index, summer, winter) = (0, sunday(4, 1), sunday(10, 5));
            while index < 4 {
                words[SUMMER_DATE + index] = summer[index];
                words[WINTER_DATE + index] = winter[index];
                index += 1;
            }
        }
        Self(words)
    }

    /// Whether it has summer time.
    pub fn has_summer(&self) -> bool {
        self.rule(SUMMER_DATE)[1] != 0
    }

    /// Its two names, winter's first, with zeros behind.
    pub fn names(&self) -> [[u16; 32]; 2] {
        [1, SUMMER_DATE - 16]
            .map(|at| core::array::from_fn(|index| (self.0[at + index / 2] >> (16 * (index % 2))) as u16))
    }

    /// Whether the biases and dates are such that times can be told.
    pub fn is_sound(&self) -> bool {
        const DAY: i64 = 24 * 60;
        let rules = [WINTER_DATE, SUMMER_DATE].map(|at| self.rule(at));
        let biases = [Season::Always, Season::Winter, Season::Summer].map(|season| self.bias_of(season));
        let both = rules.iter().all(|rule| is_rule(*rule)) || rules.iter().all(|rule| rule[1] == 0);
        both && biases.iter().all(|bias| bias.abs() <= 2 * DAY)
    }

    /// When summer begins, in winter's local time, and when it ends, in summer's, in the year of `time`.
    fn summer(&self, time: u64) -> Option<[i64; 2]> {
        let year = date(time).year;
        let moment = |at: usize| {
            let rule = self.rule(at);
            is_rule(rule).then(|| moment_of(rule, year) as i64)
        };
        Some([moment(SUMMER_DATE)?, moment(WINTER_DATE)?])
    }

    fn season(&self, time: i64, [begin, end]: [i64; 2]) -> Season {
        let is_summer = if begin < end { (begin..end).contains(&time) } else { !(end..begin).contains(&time) };
        if is_summer { Season::Summer } else { Season::Winter }
    }

    /// The season at `time`, UTC, and the minutes that local time is behind then.
    pub fn at(&self, time: u64) -> (Season, i64) {
        let season = self.summer(time).map_or(Season::Always, |[begin, end]| {
            let begin = begin + self.bias_of(Season::Winter) * UNITS_PER_MINUTE;
            let end = end + self.bias_of(Season::Summer) * UNITS_PER_MINUTE;
            self.season(time as i64, [begin, end])
        });
        (season, self.bias_of(season))
    }

    /// The same at the local time `time`. An hour that is there twice is summer's, one that is not there is summer's too.
    pub fn at_local(&self, time: u64) -> (Season, i64) {
        let season = self.summer(time).map_or(Season::Always, |borders| self.season(time as i64, borders));
        (season, self.bias_of(season))
    }
}

fn is_rule([year, month, weekday, day, hour, minute, second, millisecond]: Rule) -> bool {
    let days = if year == 0 { 5 } else { 31 };
    (1..=12).contains(&month)
        && (1..=days).contains(&day)
        && (year != 0 || weekday < 7)
        && hour < 24
        && minute < 60
        && second < 60
        && millisecond < 1000
}

/// When a rule says, in `year` or in its own.
fn moment_of([own_year, month, weekday, nth, hour, minute, second, millisecond]: Rule, year: u32) -> u64 {
    const UNITS_PER_DAY: u64 = 24 * 60 * UNITS_PER_MINUTE as u64;
    let [month, hour, minute, second] = [month, hour, minute, second].map(u32::from);
    let year = if own_year == 0 { year } else { own_year.into() };
    let mut day = u32::from(nth);
    if own_year == 0 {
        let first = system_time(Date { year, month, day: 1, hour: 0, minute: 0, second: 0 });
        // 1601-01-01 was a Monday.
        let first_weekday = (first / UNITS_PER_DAY + 1) as u32 % 7;
        day = 1 + (u32::from(weekday) + 7 - first_weekday) % 7 + 7 * (day - 1);
        // The fifth is the last, and there may be only four.
        if day > days_in(year, month) {
            day -= 7;
        }
    }
    system_time(Date { year, month, day, hour, minute, second }) + u64::from(millisecond) * 10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(bias: i32, summer: Rule, winter: Rule) -> TimeZone {
        let mut words = UTC.0;
        words[0] = bias as u32;
        words[SUMMER_BIAS] = -60_i32 as u32;
        for index in 0..4 {
            let pair = |rule: Rule| u32::from(rule[2 * index + 1]) << 16 | u32::from(rule[2 * index]);
            words[WINTER_DATE + index] = pair(winter);
            words[SUMMER_DATE + index] = pair(summer);
        }
        TimeZone(words)
    }

    fn at(month: u32, day: u32, hour: u32, minute: u32) -> u64 {
        system_time(Date { year: 2026, month, day, hour, minute, second: 0 })
    }

    const LAST_SUNDAY_OF_MARCH: Rule = [0, 3, 0, 5, 2, 0, 0, 0];
    const LAST_SUNDAY_OF_OCTOBER: Rule = [0, 10, 0, 5, 3, 0, 0, 0];

    #[test]
    fn berlin_changes_on_two_sundays() {
        let berlin = zone(-60, LAST_SUNDAY_OF_MARCH, LAST_SUNDAY_OF_OCTOBER);
        assert!(berlin.is_sound());
        let rows = [
            (at(3, 29, 0, 59), Season::Winter, -60),
            (at(3, 29, 1, 0), Season::Summer, -120),
            (at(7, 1, 0, 0), Season::Summer, -120),
            (at(10, 25, 0, 59), Season::Summer, -120),
            (at(10, 25, 1, 0), Season::Winter, -60),
            (at(12, 31, 23, 59), Season::Winter, -60),
        ];
        for (time, season, bias) in rows {
            assert_eq!(berlin.at(time), (season, bias), "{time}");
        }
        assert_eq!(berlin.at_local(at(3, 29, 1, 59)).0, Season::Winter);
        assert_eq!(berlin.at_local(at(3, 29, 3, 0)).0, Season::Summer);
        assert_eq!(berlin.at_local(at(10, 25, 2, 59)).0, Season::Summer);
        assert_eq!(berlin.at_local(at(10, 25, 3, 0)).0, Season::Winter);
    }

    #[test]
    fn summer_is_over_new_year_in_the_south() {
        // Sydney: the first Sunday of October to the first one of April.
        let sydney = zone(-600, [0, 10, 0, 1, 2, 0, 0, 0], [0, 4, 0, 1, 3, 0, 0, 0]);
        for (month, day, season) in [(1, 1, Season::Summer), (7, 1, Season::Winter), (12, 31, Season::Summer)] {
            assert_eq!(sydney.at(at(month, day, 0, 0)).0, season, "{month}");
        }
        assert_eq!(sydney.at(at(10, 3, 15, 59)).1, -600);
        assert_eq!(sydney.at(at(10, 3, 16, 0)).1, -660);
    }

    #[test]
    fn a_date_with_a_year_is_that_day_and_none_is_no_summer() {
        let once = zone(300, [2026, 5, 0, 4, 0, 0, 0, 0], [2026, 6, 0, 5, 0, 0, 0, 0]);
        assert_eq!(once.at(at(5, 4, 4, 59)), (Season::Winter, 300));
        assert_eq!(once.at(at(5, 4, 5, 0)), (Season::Summer, 240));
        assert_eq!(UTC.at(at(7, 1, 0, 0)), (Season::Always, 0));
        assert!(UTC.is_sound());
        assert!(!zone(0, LAST_SUNDAY_OF_MARCH, [0; 8]).is_sound());
        assert!(!zone(0, [0, 3, 7, 5, 2, 0, 0, 0], LAST_SUNDAY_OF_OCTOBER).is_sound());
        assert!(!zone(3000, [0; 8], [0; 8]).is_sound());
    }
}
