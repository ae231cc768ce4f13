//! From a calendar date to NT's system time, and back.

/// A date and time of day, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// 1601 to 9999.
    pub year: u32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
}

const UNITS_PER_SECOND: u64 = 10_000_000;
const FIRST_YEAR: u32 = 1601;

/// `date` in units of 100 ns since 1601-01-01. Members out of range count as the nearest in range: clocks and disks hold
/// whatever they hold.
#[doc(alias = "RtlTimeFieldsToTime")]
pub fn system_time(date: Date) -> u64 {
    let year = date.year.clamp(FIRST_YEAR, 9999);
    let month = date.month.clamp(1, 12);
    let day = date.day.clamp(1, days_in(year, month));
    let years = year - FIRST_YEAR;
    let leap_days = years / 4 - years / 100 + years / 400;
    let months: u32 = (1..month).map(|month| days_in(year, month)).sum();
    let days = years * 365 + leap_days + months + day - 1;
    let seconds = (date.hour.min(23) * 60 + date.minute.min(59)) * 60 + date.second.min(59);
    (u64::from(days) * 86_400 + u64::from(seconds)) * UNITS_PER_SECOND
}

/// The date of `time`, in units of 100 ns since 1601-01-01; what is left of a second is dropped.
#[doc(alias = "RtlTimeToTimeFields")]
pub fn date(time: u64) -> Date {
    let seconds = time / UNITS_PER_SECOND;
    let (mut days, second) = (seconds / 86_400, (seconds % 86_400) as u32);
    // 400 years have always as many days.
    let cycles = days / DAYS_OF_400_YEARS;
    days %= DAYS_OF_400_YEARS;
    let mut year = FIRST_YEAR + cycles as u32 * 400;
    let mut rest = days as u32;
    while rest >= days_of_year(year) {
        rest -= days_of_year(year);
        year += 1;
    }
    let mut month = 1;
    while rest >= days_in(year, month) {
        rest -= days_in(year, month);
        month += 1;
    }
    Date { year, month, day: rest + 1, hour: second / 3600, minute: second / 60 % 60, second: second % 60 }
}

const DAYS_OF_400_YEARS: u64 = 146_097;

const fn days_of_year(year: u32) -> u32 {
    337 + days_in(year, 2)
}

pub(crate) const fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: u32, month: u32, day: u32) -> u64 {
        system_time(Date { year, month, day, hour: 0, minute: 0, second: 0 })
    }

    #[test]
    fn known_dates_have_their_times() {
        assert_eq!(at(1601, 1, 1), 0);
        assert_eq!(at(1970, 1, 1), 116_444_736_000_000_000);
        assert_eq!(at(2000, 3, 1) - at(2000, 2, 28), 2 * 864_000_000_000, "2000 is a leap year");
        assert_eq!(at(1900, 3, 1) - at(1900, 2, 28), 864_000_000_000, "1900 is not");
        let evening = system_time(Date { year: 2008, month: 4, day: 14, hour: 23, minute: 59, second: 59 });
        assert_eq!(evening + UNITS_PER_SECOND, at(2008, 4, 15));
    }

    #[test]
    fn a_date_is_the_time_it_came_from() {
        for day in (0..1_200_000u64).step_by(97) {
            let time = day * 864_000_000_000 + day % 86_400 * UNITS_PER_SECOND;
            assert_eq!(system_time(date(time)), time);
        }
        let leap = date(at(2000, 2, 29));
        assert_eq!((leap.year, leap.month, leap.day), (2000, 2, 29));
        assert_eq!(date(at(2001, 1, 1) - 1), Date { year: 2000, month: 12, day: 31, hour: 23, minute: 59, second: 59 });
    }

    #[test]
    fn nonsense_counts_as_the_nearest_date() {
        assert_eq!(at(0, 0, 0), 0);
        assert_eq!(at(2023, 2, 31), at(2023, 2, 28));
        assert_eq!(at(u32::MAX, u32::MAX, u32::MAX), at(9999, 12, 31));
    }
}
