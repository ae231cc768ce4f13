//! Waitable timers.

use user_support::error::Win32Error;
use user_support::status::Status;

use super::last_error::{Bool, SetLastError, TRUE, fail_with, succeeded};
use super::nt::{NtCancelTimer, NtCreateTimer, NtOpenTimer, NtSetTimer};
use super::object::{Name, SecurityAttributes, create, open};

/// `TIMER_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_0003;

/// Makes a timer, or opens the one of that name; `manual` ones stay signalled until they are set anew.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES, and `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateWaitableTimerW(
    security: *const SecurityAttributes,
    manual: Bool,
    name: *const u16,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { create_timer(security, manual, Name::Wide(name)) }
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`CreateWaitableTimerW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateWaitableTimerA(
    security: *const SecurityAttributes,
    manual: Bool,
    name: *const u8,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { create_timer(security, manual, Name::Bytes(name)) }
}

/// # Safety
/// As [`CreateWaitableTimerW`].
unsafe fn create_timer(security: *const SecurityAttributes, manual: Bool, name: Name) -> u32 {
    let kind = u32::from(manual == 0);
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtCreateTimer(handle, ALL_ACCESS, attributes, kind) };
    // SAFETY: the caller's promise.
    unsafe { create(security, name, service) }
}

/// Opens the timer called `name`.
///
/// # Safety
/// `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenWaitableTimerW(access: u32, inherit: Bool, name: *const u16) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenTimer(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Wide(name), service) }
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`OpenWaitableTimerW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenWaitableTimerA(access: u32, inherit: Bool, name: *const u8) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenTimer(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Bytes(name), service) }
}

/// Sets a timer to come at `due`, in units of 100 ns since 1601 or, negative, from now, and then every `period` milliseconds.
/// Each time `routine(argument, low, high)` is called in this thread when it waits alertably, with the time the timer came.
/// ERROR_NOT_SUPPORTED is the last error of a success that does not wake the machine as `resume` wants.
///
/// # Safety
/// `due` points to a 64-bit number, and `routine` is null or a function of those arguments.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetWaitableTimer(
    timer: u32,
    due: *const i64,
    period: i32,
    routine: u32,
    argument: u32,
    resume: Bool,
) -> Bool {
    // SAFETY: the service reads the time, or answers with a status.
    let status =
        unsafe { NtSetTimer(timer, due, routine, argument, u32::from(resume != 0), period, core::ptr::null_mut()) };
    let status = Status(status);
    match status.ok() {
        Ok(()) => {
            let ignored = status == Status::TIMER_RESUME_IGNORED;
            SetLastError(if ignored { Win32Error::NOT_SUPPORTED.0 } else { 0 });
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// Makes a timer come no more; its state stays.
#[unsafe(no_mangle)]
pub extern "system" fn CancelWaitableTimer(timer: u32) -> Bool {
    // SAFETY: the service writes nothing.
    succeeded(unsafe { NtCancelTimer(timer, core::ptr::null_mut()) })
}
