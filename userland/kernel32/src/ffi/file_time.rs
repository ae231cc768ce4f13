//! Times of files, the end of one, and dates.

use abi::calendar::{Date, date, system_time};
use user_ffi::shared_data;
use user_support::error::Win32Error;

use super::file::{POSITION_INFORMATION, query};
use super::file_name::set_information;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::standard_handle::real_handle;

/// Information classes: times and attributes, end of file.
const BASIC_INFORMATION: u32 = 4;
const END_OF_FILE_INFORMATION: u32 = 20;
const UNITS_PER_MILLISECOND: u64 = 10_000;
/// The largest time of a file.
const LATEST: u64 = i64::MAX as u64;

/// `SYSTEMTIME`: year, month, day of the week, day, hour, minute, second, millisecond.
type SystemTime = [u16; 8];

/// Makes a file end where its position is.
#[unsafe(no_mangle)]
pub extern "system" fn SetEndOfFile(file: u32) -> Bool {
    let result = query::<1>(file, POSITION_INFORMATION)
        .and_then(|[position]| set_information(real_handle(file), END_OF_FILE_INFORMATION, &position.to_le_bytes()));
    result.map_or_else(fail_with, |()| TRUE)
}

/// When a file was made, used and written.
///
/// # Safety
/// Each target is null or points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileTime(file: u32, created: *mut u64, accessed: *mut u64, written: *mut u64) -> Bool {
    let times = match query::<5>(file, BASIC_INFORMATION) {
        Ok([created, accessed, written, ..]) => [created, accessed, written],
        Err(status) => return fail_with(status),
    };
    for (target, time) in [created, accessed, written].into_iter().zip(times) {
        if !target.is_null() {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(time) };
        }
    }
    TRUE
}

/// Says when a file was made, used and written; null leaves a time as it is.
///
/// # Safety
/// Each is null or points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetFileTime(
    file: u32,
    created: *const u64,
    accessed: *const u64,
    written: *const u64,
) -> Bool {
    let mut bytes = [0; 40];
    for (place, time) in bytes.as_chunks_mut::<8>().0.iter_mut().zip([created, accessed, written]) {
        if !time.is_null() {
            // SAFETY: the caller's promise.
            *place = unsafe { time.read_unaligned() }.to_le_bytes();
        }
    }
    set_information(real_handle(file), BASIC_INFORMATION, &bytes).map_or_else(fail_with, |()| TRUE)
}

pub(super) fn fields_of(time: u64) -> SystemTime {
    let Date { year, month, day, hour, minute, second } = date(time);
    // 1601-01-01 was a Monday.
    let weekday = (time / (86_400_000 * UNITS_PER_MILLISECOND) + 1) % 7;
    let millisecond = time / UNITS_PER_MILLISECOND % 1000;
    let [year, month, day, hour, minute, second] = [year, month, day, hour, minute, second].map(|part| part as u16);
    [year, month, weekday as u16, day, hour, minute, second, millisecond as u16]
}

pub(super) fn time_of(fields: SystemTime) -> Option<u64> {
    let [year, month, _, day, hour, minute, second, millisecond] = fields.map(u32::from);
    let given = Date { year, month, day, hour, minute, second };
    let time = system_time(given);
    // What was out of range has become something else.
    let sound = date(time) == given && millisecond < 1000;
    sound.then_some(time + u64::from(millisecond) * UNITS_PER_MILLISECOND)
}

/// The date of a time.
///
/// # Safety
/// `time` points to 8 bytes, `target` to a `SYSTEMTIME`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FileTimeToSystemTime(time: *const u64, target: *mut SystemTime) -> Bool {
    // SAFETY: the caller's promise.
    let time = unsafe { time.read_unaligned() };
    if time > LATEST {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(fields_of(time)) };
    TRUE
}

/// The time of a date.
///
/// # Safety
/// `fields` points to a `SYSTEMTIME`, `target` to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SystemTimeToFileTime(fields: *const SystemTime, target: *mut u64) -> Bool {
    // SAFETY: the caller's promise.
    let Some(time) = time_of(unsafe { fields.read_unaligned() }) else { return fail(Win32Error::INVALID_PARAMETER) };
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(time) };
    TRUE
}

/// The local time of a time, as far behind as it is today.
///
/// # Safety
/// Both point to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FileTimeToLocalFileTime(time: *const u64, target: *mut u64) -> Bool {
    // SAFETY: the caller's promise.
    let time = unsafe { time.read_unaligned() };
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(time.wrapping_sub_signed(shared_data().time_zone_bias())) };
    TRUE
}

/// The time of a local time.
///
/// # Safety
/// Both point to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LocalFileTimeToFileTime(time: *const u64, target: *mut u64) -> Bool {
    // SAFETY: the caller's promise.
    let time = unsafe { time.read_unaligned() };
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(time.wrapping_add_signed(shared_data().time_zone_bias())) };
    TRUE
}

/// Which of two times is later: -1, 0 or 1.
///
/// # Safety
/// Both point to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CompareFileTime(first: *const u64, second: *const u64) -> i32 {
    // SAFETY: the caller's promise.
    let first = unsafe { first.read_unaligned() };
    // SAFETY: the caller's promise.
    let second = unsafe { second.read_unaligned() };
    first.cmp(&second) as i32
}

/// The date and time.
///
/// # Safety
/// `target` points to a `SYSTEMTIME`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetSystemTime(target: *mut SystemTime) {
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(fields_of(shared_data().system_time())) };
}

/// The local date and time.
///
/// # Safety
/// `target` points to a `SYSTEMTIME`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetLocalTime(target: *mut SystemTime) {
    let page = shared_data();
    let time = page.system_time().wrapping_sub_signed(page.time_zone_bias());
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(fields_of(time)) };
}
