//! Tokens.

use user_ffi::last_error::{Bool, TRUE, fail, fail_with, succeeded};
use user_support::error::Win32Error;
use user_support::status::Status;

use super::nt::{
    NtAdjustPrivilegesToken, NtDuplicateToken, NtOpenProcessToken, NtOpenThreadToken, NtPrivilegeCheck,
    NtQueryInformationToken,
};

/// `STATUS_NOT_ALL_ASSIGNED`.
const NOT_ALL_ASSIGNED: u32 = 0x106;
/// What DuplicateToken asks for: `TOKEN_IMPERSONATE | TOKEN_QUERY`; and the type of a thread's token.
const OF_A_THREAD: u32 = 0xC;
const IMPERSONATION: u32 = 2;

/// Opens the token of a process.
///
/// # Safety
/// `token` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenProcessToken(process: u32, access: u32, token: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtOpenProcessToken(process, access, token) })
}

/// Opens the token of a thread, which has one only while it works for somebody else.
///
/// # Safety
/// `token` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenThreadToken(thread: u32, access: u32, as_self: u32, token: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtOpenThreadToken(thread, access, as_self, token) })
}

/// What is in a token.
///
/// # Safety
/// `buffer` has room for `size` bytes; `needed` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetTokenInformation(
    token: u32,
    class: u32,
    buffer: *mut u8,
    size: u32,
    needed: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtQueryInformationToken(token, class, buffer, size, needed) })
}

/// Switches privileges on and off. A success even where the token has not all of them: then the last error says so.
///
/// # Safety
/// `wanted` points to a TOKEN_PRIVILEGES or is null; `previous` has room for `size` bytes or is null; `needed` points to a word
/// or is null.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn AdjustTokenPrivileges(
    token: u32,
    disable_all: u32,
    wanted: *const u32,
    size: u32,
    previous: *mut u32,
    needed: *mut u32,
) -> Bool {
    let disable_all = u32::from(disable_all != 0);
    // SAFETY: the caller's promise.
    let status = unsafe { NtAdjustPrivilegesToken(token, disable_all, wanted, size, previous, needed) };
    match Status(status).ok() {
        Ok(()) => {
            fail(if status == NOT_ALL_ASSIGNED { Win32Error::NOT_ALL_ASSIGNED } else { Win32Error::SUCCESS });
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// Whether privileges are on.
///
/// # Safety
/// `set` points to a PRIVILEGE_SET, `result` to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn PrivilegeCheck(token: u32, set: *mut u32, result: *mut u32) -> Bool {
    let mut granted = 0;
    // SAFETY: the caller's promise.
    let status = unsafe { NtPrivilegeCheck(token, set, &mut granted) };
    if let Err(status) = Status(status).ok() {
        return fail_with(status);
    }
    // SAFETY: the caller's promise.
    unsafe { result.write_unaligned(granted.into()) };
    TRUE
}

/// Another token like this one, for a thread.
///
/// # Safety
/// `new` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DuplicateToken(token: u32, _level: u32, new: *mut u32) -> Bool {
    let attributes = [0x18, 0, 0, 0, 0, 0];
    // SAFETY: the caller's promise; the attributes live until the service returns.
    succeeded(unsafe { NtDuplicateToken(token, OF_A_THREAD, attributes.as_ptr(), 0, IMPERSONATION, new) })
}
