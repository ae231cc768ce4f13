//! The time zone, which is UTC without summer time, and the times of DOS.

use user_support::date_format::SystemTime;
use user_support::error::Win32Error;

use super::file_time::{fields_of, time_of};
use super::last_error::{Bool, TRUE, fail};

/// Words of a `TIME_ZONE_INFORMATION`: bias, name, date and bias of winter time, the same of summer time.
const ZONE_WORDS: usize = 43;
/// The time zone's name in UTF-16, as pairs of units in words.
const NAME: [u32; 2] = [0x0054_0055, 0x0000_0043];
/// `TIME_ZONE_ID_UNKNOWN`: a zone without summer time.
const NO_SUMMER: u32 = 0;

/// Tells of the time zone.
///
/// # Safety
/// `target` points to a `TIME_ZONE_INFORMATION`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetTimeZoneInformation(target: *mut [u32; ZONE_WORDS]) -> u32 {
    let mut zone = [0; ZONE_WORDS];
    // The names stand behind the first bias, and behind the second with its date.
    for at in [1, 22] {
        zone[at..at + 2].copy_from_slice(&NAME);
    }
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(zone) };
    NO_SUMMER
}

/// The local time of a date: the same, whatever the zone says of summer time, but for its bias.
///
/// # Safety
/// `zone` is null or points to a `TIME_ZONE_INFORMATION`; the others point to a `SYSTEMTIME`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SystemTimeToTzSpecificLocalTime(
    zone: *const i32,
    universal: *const SystemTime,
    local: *mut SystemTime,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { shift(zone, -1, universal, local) }
}

/// The date of a local time.
///
/// # Safety
/// As [`SystemTimeToTzSpecificLocalTime`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn TzSpecificLocalTimeToSystemTime(
    zone: *const i32,
    local: *const SystemTime,
    universal: *mut SystemTime,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { shift(zone, 1, local, universal) }
}

/// # Safety
/// As [`SystemTimeToTzSpecificLocalTime`].
unsafe fn shift(zone: *const i32, sign: i64, from: *const SystemTime, to: *mut SystemTime) -> Bool {
    const UNITS_PER_MINUTE: i64 = 600_000_000;
    // SAFETY: the caller's promise.
    let minutes = if zone.is_null() { 0 } else { i64::from(unsafe { zone.read_unaligned() }) };
    // SAFETY: the caller's promise.
    let time = time_of(unsafe { from.read_unaligned() });
    match time.and_then(|time| time.checked_add_signed(sign * minutes * UNITS_PER_MINUTE)) {
        Some(time) => {
            // SAFETY: the caller's promise.
            unsafe { to.write_unaligned(fields_of(time)) };
            TRUE
        }
        None => fail(Win32Error::INVALID_PARAMETER),
    }
}

/// A time in the form of DOS, from 1980 to 2107, to two seconds.
///
/// # Safety
/// `time` points to 8 bytes, the others to two each.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FileTimeToDosDateTime(time: *const u64, date: *mut u16, time_of_day: *mut u16) -> Bool {
    // SAFETY: the caller's promise.
    let [year, month, _, day, hour, minute, second, _] = fields_of(unsafe { time.read_unaligned() });
    if !(1980..=2107).contains(&year) {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    unsafe { date.write_unaligned(((year - 1980) << 9) | (month << 5) | day) };
    // SAFETY: the caller's promise.
    unsafe { time_of_day.write_unaligned((hour << 11) | (minute << 5) | (second / 2)) };
    TRUE
}

/// A time from the form of DOS.
///
/// # Safety
/// `target` points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DosDateTimeToFileTime(date: u16, time: u16, target: *mut u64) -> Bool {
    let [year, month, day] = [(date >> 9) + 1980, (date >> 5) & 15, date & 31];
    let [hour, minute, second] = [time >> 11, (time >> 5) & 63, 2 * (time & 31)];
    match time_of([year, month, 0, day, hour, minute, second, 0]) {
        Some(time) => {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(time) };
            TRUE
        }
        None => fail(Win32Error::INVALID_PARAMETER),
    }
}
