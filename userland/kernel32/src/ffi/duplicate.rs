//! Copies of handles, and what is true of a handle itself.

use user_support::status::Status;

use super::last_error::{Bool, TRUE, fail_with, succeeded};
use super::nt::{NtDuplicateObject, NtQueryObject, NtSetInformationObject};
use super::standard_handle::real_handle;

/// `OBJ_INHERIT`.
const INHERIT: u32 = 2;
/// `ObjectHandleFlagInformation`: a byte for inheritance, one for protection from being closed.
const HANDLE_FLAGS: u32 = 4;

/// Makes a handle in one process to what a handle in another leads to.
///
/// # Safety
/// `to` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DuplicateHandle(
    from_process: u32,
    from: u32,
    to_process: u32,
    to: *mut u32,
    access: u32,
    inherit: Bool,
    options: u32,
) -> Bool {
    let attributes = if inherit != 0 { INHERIT } else { 0 };
    let from = real_handle(from);
    // SAFETY: the service writes the handle, or answers with a status.
    succeeded(unsafe { NtDuplicateObject(from_process, from, to_process, to, access, attributes, options) })
}

/// Whether children inherit the handle (1), and whether it can be closed (not 2).
///
/// # Safety
/// `flags` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetHandleInformation(handle: u32, flags: *mut u32) -> Bool {
    match handle_flags(real_handle(handle)) {
        Ok([inherit, protect]) => {
            // SAFETY: the caller's promise.
            unsafe { flags.write_unaligned(u32::from(inherit) | u32::from(protect) << 1) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// Changes what `mask` names of it.
#[unsafe(no_mangle)]
pub extern "system" fn SetHandleInformation(handle: u32, mask: u32, flags: u32) -> Bool {
    let handle = real_handle(handle);
    let before = match handle_flags(handle) {
        Ok(before) => before,
        Err(status) => return fail_with(status),
    };
    let chosen = |bit: u32, old: u8| if mask >> bit & 1 != 0 { (flags >> bit & 1) as u8 } else { old };
    let after = [chosen(0, before[0]), chosen(1, before[1])];
    // SAFETY: the service reads two bytes.
    succeeded(unsafe { NtSetInformationObject(handle, HANDLE_FLAGS, after.as_ptr(), 2) })
}

fn handle_flags(handle: u32) -> Result<[u8; 2], Status> {
    let mut flags = [0; 2];
    // SAFETY: the service writes two bytes.
    let status = unsafe { NtQueryObject(handle, HANDLE_FLAGS, flags.as_mut_ptr(), 2, core::ptr::null_mut()) };
    Status(status).ok().map(|()| flags)
}
