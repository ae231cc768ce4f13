//! The time zone, which is UTC without summer time until somebody sets another, and the times of DOS.

use abi::time_zone::{TimeZone, UNITS_PER_MINUTE, ZONE_WORDS};
use user_ffi::shared_data;
use user_support::date_format::SystemTime;
use user_support::error::Win32Error;
use user_support::status::Status;

use super::file_time::{fields_of, time_of};
use super::last_error::{Bool, TRUE, fail, fail_with, succeeded};
use super::nt::{NtQuerySystemInformation, NtSetSystemInformation};

/// `SystemCurrentTimeZoneInformation`.
const CURRENT_ZONE: u32 = 44;
/// Bytes of a `TIME_ZONE_INFORMATION`.
const ZONE_LENGTH: u32 = 4 * ZONE_WORDS as u32;
/// `TIME_ZONE_ID_INVALID`.
const INVALID_ZONE: u32 = u32::MAX;

/// The system's time zone.
fn current_zone() -> Result<TimeZone, Status> {
    let mut words = [0; ZONE_WORDS];
    let (buffer, none) = (words.as_mut_ptr().cast(), core::ptr::null_mut());
    // SAFETY: the service writes so many bytes.
    let status = unsafe { NtQuerySystemInformation(CURRENT_ZONE, buffer, ZONE_LENGTH, none) };
    Status(status).ok().map(|()| TimeZone(words))
}

/// Tells of the time zone, and which of its times it has now.
///
/// # Safety
/// `target` points to a `TIME_ZONE_INFORMATION`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetTimeZoneInformation(target: *mut [u32; ZONE_WORDS]) -> u32 {
    match current_zone() {
        Ok(TimeZone(words)) => {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(words) };
            shared_data().time_zone_id()
        }
        Err(status) => {
            fail_with(status);
            INVALID_ZONE
        }
    }
}

/// Sets the time zone. The caller has switched on the privilege to set the clock.
///
/// # Safety
/// `zone` points to a `TIME_ZONE_INFORMATION`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetTimeZoneInformation(zone: *const u8) -> Bool {
    // SAFETY: the service checks the pointer itself.
    succeeded(unsafe { NtSetSystemInformation(CURRENT_ZONE, zone, ZONE_LENGTH) })
}

/// The local time of a date, with summer time where the zone has it then.
///
/// # Safety
/// `zone` is null, for the system's, or points to a `TIME_ZONE_INFORMATION`; the others point to a `SYSTEMTIME`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SystemTimeToTzSpecificLocalTime(
    zone: *const [u32; ZONE_WORDS],
    universal: *const SystemTime,
    local: *mut SystemTime,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { shift(zone, universal, local, |zone, time| -zone.at(time).1) }
}

/// The date of a local time. An hour that is there twice is summer's.
///
/// # Safety
/// As [`SystemTimeToTzSpecificLocalTime`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn TzSpecificLocalTimeToSystemTime(
    zone: *const [u32; ZONE_WORDS],
    local: *const SystemTime,
    universal: *mut SystemTime,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { shift(zone, local, universal, |zone, time| zone.at_local(time).1) }
}

/// # Safety
/// As [`SystemTimeToTzSpecificLocalTime`].
unsafe fn shift(
    zone: *const [u32; ZONE_WORDS],
    from: *const SystemTime,
    to: *mut SystemTime,
    minutes: impl Fn(TimeZone, u64) -> i64,
) -> Bool {
    let zone = if zone.is_null() {
        match current_zone() {
            Ok(zone) => zone,
            Err(status) => return fail_with(status),
        }
    } else {
        // SAFETY: the caller's promise.
        TimeZone(unsafe { zone.read_unaligned() })
    };
    // SAFETY: the caller's promise.
    let time = time_of(unsafe { from.read_unaligned() }).filter(|_| zone.is_sound());
    match time.and_then(|time| time.checked_add_signed(minutes(zone, time) * UNITS_PER_MINUTE)) {
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
