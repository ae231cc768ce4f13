//! Waiting for objects.

use user_support::error::Win32Error;
use user_support::status::Status;

use super::last_error::{Bool, FALSE, fail, fail_with};
use super::nt::{NtWaitForMultipleObjects, NtWaitForSingleObject};

/// `INFINITE`.
const FOR_EVER: u32 = 0xFFFF_FFFF;
/// `WAIT_FAILED`.
const FAILED: u32 = 0xFFFF_FFFF;
/// Units of 100 ns in a millisecond.
const UNITS_PER_MILLISECOND: i64 = 10_000;
/// `MAXIMUM_WAIT_OBJECTS`.
const MOST: u32 = 64;

/// A wait's time-out in the units of the services, or `None` for one that never comes.
pub(super) fn timeout(milliseconds: u32) -> Option<i64> {
    (milliseconds != FOR_EVER).then(|| -i64::from(milliseconds) * UNITS_PER_MILLISECOND)
}

fn pointer(timeout: Option<&i64>) -> *const i64 {
    timeout.map_or(core::ptr::null(), core::ptr::from_ref)
}

/// What a wait answers, from its status; one that was only alerted begins again (`None`).
fn answer(status: u32, alertable: Bool) -> Option<u32> {
    match Status(status) {
        Status::ALERTED if alertable != FALSE => None,
        status if status.is_success() => Some(status.0),
        status => {
            fail_with(status);
            Some(FAILED)
        }
    }
}

/// Waits for an object; 0, 80h for a mutex of an ended owner, 102h for a time-out, FFFFFFFFh for a failure.
#[unsafe(no_mangle)]
pub extern "system" fn WaitForSingleObject(handle: u32, milliseconds: u32) -> u32 {
    WaitForSingleObjectEx(handle, milliseconds, FALSE)
}

/// The same; C0h if a call came in between.
#[unsafe(no_mangle)]
pub extern "system" fn WaitForSingleObjectEx(handle: u32, milliseconds: u32, alertable: Bool) -> u32 {
    let timeout = timeout(milliseconds);
    let handle = super::standard_handle::real_handle(handle);
    loop {
        // SAFETY: the service reads the time-out.
        let status = unsafe { NtWaitForSingleObject(handle, u32::from(alertable != 0), pointer(timeout.as_ref())) };
        if let Some(answer) = answer(status, alertable) {
            return answer;
        }
    }
}

/// Waits for one or all of up to 64 objects.
///
/// # Safety
/// `handles` points to `count` handles.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WaitForMultipleObjects(
    count: u32,
    handles: *const u32,
    all: Bool,
    milliseconds: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { WaitForMultipleObjectsEx(count, handles, all, milliseconds, FALSE) }
}

/// The same; C0h if a call came in between.
///
/// # Safety
/// As [`WaitForMultipleObjects`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WaitForMultipleObjectsEx(
    count: u32,
    handles: *const u32,
    all: Bool,
    milliseconds: u32,
    alertable: Bool,
) -> u32 {
    if count == 0 || count > MOST {
        fail(Win32Error::INVALID_PARAMETER);
        return FAILED;
    }
    let (timeout, kind) = (timeout(milliseconds), u32::from(all == FALSE));
    loop {
        // SAFETY: the service reads the handles, with a status if they are not there, and the time-out.
        let status = unsafe {
            NtWaitForMultipleObjects(count, handles, kind, u32::from(alertable != 0), pointer(timeout.as_ref()))
        };
        if let Some(answer) = answer(status, alertable) {
            return answer;
        }
    }
}
