//! Jobs: processes that are counted, limited and ended together.

use alloc::vec::Vec;

use user_ffi::{bytes, bytes_mut};
use user_support::error::Win32Error;
use user_support::status::Status;

use super::last_error::{Bool, TRUE, fail, fail_with, succeeded};
use super::nt::{
    NtAssignProcessToJobObject, NtCreateJobObject, NtIsProcessInJob, NtOpenJobObject, NtQueryInformationJobObject,
    NtSetInformationJobObject, NtTerminateJobObject,
};
use super::object::{Name, SecurityAttributes, create, open};
use super::process_information::CLASSES;

/// `JOB_OBJECT_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_001F;
/// `JobObjectBasicLimitInformation`, `JobObjectExtendedLimitInformation`, and where in both the priority class is: Win32's flag here,
/// NT's number there.
const BASIC_LIMIT: u32 = 2;
const EXTENDED_LIMIT: u32 = 9;
const PRIORITY_CLASS: usize = 36;
/// `STATUS_PROCESS_IN_JOB`.
const IN_JOB: u32 = 0x124;
/// Where in the limits their flags are, and the one for a priority class.
const FLAGS: usize = 16;
const LIMIT_PRIORITY_CLASS: u8 = 0x20;

/// Makes a job, or opens the one of that name.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES, and `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateJobObjectW(security: *const SecurityAttributes, name: *const u16) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtCreateJobObject(handle, ALL_ACCESS, attributes) };
    // SAFETY: the caller's promise.
    unsafe { create(security, Name::Wide(name), service) }
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`CreateJobObjectW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateJobObjectA(security: *const SecurityAttributes, name: *const u8) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtCreateJobObject(handle, ALL_ACCESS, attributes) };
    // SAFETY: the caller's promise.
    unsafe { create(security, Name::Bytes(name), service) }
}

/// Opens the job called `name`.
///
/// # Safety
/// `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenJobObjectW(access: u32, inherit: Bool, name: *const u16) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenJobObject(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Wide(name), service) }
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`OpenJobObjectW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenJobObjectA(access: u32, inherit: Bool, name: *const u8) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenJobObject(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Bytes(name), service) }
}

/// Puts a process into a job.
#[unsafe(no_mangle)]
pub extern "system" fn AssignProcessToJobObject(job: u32, process: u32) -> Bool {
    // SAFETY: the service takes numbers only.
    succeeded(unsafe { NtAssignProcessToJobObject(job, process) })
}

/// Ends all processes of a job.
#[unsafe(no_mangle)]
pub extern "system" fn TerminateJobObject(job: u32, status: u32) -> Bool {
    // SAFETY: the service takes numbers only.
    succeeded(unsafe { NtTerminateJobObject(job, status) })
}

/// Whether a process is in a job, or in any for 0.
///
/// # Safety
/// `result` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn IsProcessInJob(process: u32, job: u32, result: *mut u32) -> Bool {
    // SAFETY: the service takes numbers only.
    let status = unsafe { NtIsProcessInJob(process, job) };
    match Status(status).ok() {
        Ok(()) => {
            // SAFETY: the caller's promise.
            unsafe { result.write_unaligned(u32::from(status == IN_JOB)) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// Whether information of `class`, so many bytes, has a priority class in it.
fn has_class(class: u32, length: u32) -> bool {
    matches!(class, BASIC_LIMIT | EXTENDED_LIMIT) && length as usize >= PRIORITY_CLASS + 4
}

/// Tells about a job, or about the caller's own for 0.
///
/// # Safety
/// `buffer` has room for `length` bytes; `returned` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueryInformationJobObject(
    job: u32,
    class: u32,
    buffer: *mut u8,
    length: u32,
    returned: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise; the service checks the buffer.
    let status = unsafe { NtQueryInformationJobObject(job, class, buffer, length, returned) };
    match Status(status).ok() {
        Ok(()) if has_class(class, length) => {
            // SAFETY: the caller's promise; the service has filled it.
            let place = &mut unsafe { bytes_mut(buffer, length) }[PRIORITY_CLASS..][..4];
            let flag = CLASSES.iter().find(|(_, number)| *number == place[0]).map_or(0, |(flag, _)| *flag);
            place.copy_from_slice(&flag.to_le_bytes());
            TRUE
        }
        Ok(()) => TRUE,
        Err(Status::INFO_LENGTH_MISMATCH) => fail(Win32Error::BAD_LENGTH),
        Err(status) => fail_with(status),
    }
}

/// Sets limits of a job.
///
/// # Safety
/// `buffer` holds `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetInformationJobObject(job: u32, class: u32, buffer: *const u8, length: u32) -> Bool {
    let mut given = Vec::new();
    let mut from = buffer;
    if has_class(class, length) {
        // SAFETY: the caller's promise.
        given.extend_from_slice(unsafe { bytes(buffer, length) });
        if given[FLAGS] & LIMIT_PRIORITY_CLASS != 0 {
            let flag = u32::from_le_bytes([36, 37, 38, 39].map(|at: usize| given[at]));
            let Some((_, number)) = CLASSES.iter().find(|(known, _)| *known == flag) else {
                return fail(Win32Error::INVALID_PARAMETER);
            };
            given[PRIORITY_CLASS..][..4].copy_from_slice(&u32::from(*number).to_le_bytes());
        }
        from = given.as_ptr();
    }
    // SAFETY: the service checks the pointer; what was copied lives until it returns.
    match Status(unsafe { NtSetInformationJobObject(job, class, from, length) }).ok() {
        Ok(()) => TRUE,
        Err(Status::INFO_LENGTH_MISMATCH) => fail(Win32Error::BAD_LENGTH),
        Err(status) => fail_with(status),
    }
}
