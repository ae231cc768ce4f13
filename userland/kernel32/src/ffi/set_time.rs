//! Setting the clock, and its speed.
//!
//! The privilege that this needs is switched on for the time of the call, as Microsoft documents it of these functions.

use user_ffi::shared_data;
use user_support::date_format::SystemTime;
use user_support::error::Win32Error;
use user_support::status::Status;

use super::file_time::time_of;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{
    CURRENT_PROCESS, NtAdjustPrivilegesToken, NtClose, NtOpenProcessToken, NtQuerySystemInformation,
    NtSetSystemInformation, NtSetSystemTime,
};

/// `SeSystemtimePrivilege`, and what is asked of it.
const SYSTEM_TIME: u32 = 12;
const ENABLED: u32 = 2;
/// `TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES`.
const ADJUST: u32 = 0x28;
/// `STATUS_NOT_ALL_ASSIGNED`, which is a success.
const NOT_ALL_ASSIGNED: u32 = 0x106;
/// `SystemTimeAdjustmentInformation`.
const TIME_ADJUSTMENT: u32 = 28;

/// Does `work` with the privilege switched on, and puts it back as it was.
fn with_privilege(work: impl FnOnce() -> u32) -> Bool {
    let mut token = 0;
    // SAFETY: the service writes a word.
    if let Err(status) = Status(unsafe { NtOpenProcessToken(CURRENT_PROCESS, ADJUST, &mut token) }).ok() {
        return fail_with(status);
    }
    let wanted = [1, SYSTEM_TIME, 0, ENABLED];
    let (mut before, mut length) = ([0u32; 4], 0);
    // SAFETY: the structure is one privilege long, and so is the place for what it was before.
    let adjusted = unsafe { NtAdjustPrivilegesToken(token, 0, wanted.as_ptr(), 16, before.as_mut_ptr(), &mut length) };
    let status = match adjusted {
        NOT_ALL_ASSIGNED => Status::PRIVILEGE_NOT_HELD,
        0 => Status(work()),
        other => Status(other),
    };
    // Only what has changed is in it.
    if adjusted == 0 && before[0] != 0 {
        let none = core::ptr::null_mut();
        // SAFETY: the structure is that of the service itself.
        unsafe { NtAdjustPrivilegesToken(token, 0, before.as_ptr(), 0, none, none) };
    }
    // SAFETY: nobody else has this handle.
    unsafe { NtClose(token) };
    match status.ok() {
        Ok(()) => TRUE,
        Err(status) => fail_with(status),
    }
}

fn set_time(time: Option<u64>) -> Bool {
    let Some(time) = time else { return fail(Win32Error::INVALID_PARAMETER) };
    // SAFETY: the service reads the time.
    with_privilege(|| unsafe { NtSetSystemTime(&time, core::ptr::null_mut()) })
}

/// Sets the clock to a date.
///
/// # Safety
/// `time` points to a `SYSTEMTIME`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetSystemTime(time: *const SystemTime) -> Bool {
    // SAFETY: the caller's promise.
    set_time(time_of(unsafe { time.read_unaligned() }))
}

/// Sets the clock to a local date.
///
/// # Safety
/// `time` points to a `SYSTEMTIME`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetLocalTime(time: *const SystemTime) -> Bool {
    // SAFETY: the caller's promise.
    let local = time_of(unsafe { time.read_unaligned() });
    set_time(local.and_then(|local| local.checked_add_signed(shared_data().time_zone_bias())))
}

/// How far the clock goes on with each tick, how long a tick is, both in units of 100 ns, and whether it goes at its own speed.
///
/// # Safety
/// All point to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetSystemTimeAdjustment(
    adjustment: *mut u32,
    increment: *mut u32,
    disabled: *mut u32,
) -> Bool {
    let (mut words, none) = ([0u32; 3], core::ptr::null_mut());
    // SAFETY: the service writes three words.
    let status = unsafe { NtQuerySystemInformation(TIME_ADJUSTMENT, words.as_mut_ptr().cast(), 12, none) };
    if let Err(status) = Status(status).ok() {
        return fail_with(status);
    }
    for (place, word) in [adjustment, increment, disabled].into_iter().zip(words) {
        // SAFETY: the caller's promise.
        unsafe { place.write_unaligned(word) };
    }
    TRUE
}

/// Makes the clock go on by `adjustment` units of 100 ns with each tick, or at its own speed again.
#[unsafe(no_mangle)]
pub extern "system" fn SetSystemTimeAdjustment(adjustment: u32, disable: Bool) -> Bool {
    let words = [adjustment, u32::from(disable != 0)];
    // SAFETY: the service reads two words.
    with_privilege(|| unsafe { NtSetSystemInformation(TIME_ADJUSTMENT, words.as_ptr().cast(), 8) })
}
