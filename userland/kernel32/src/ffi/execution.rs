//! Data execution prevention: what the system does, and what a process asks for itself.
//!
//! Source: Microsoft's descriptions of `GetSystemDEPPolicy`, `GetProcessDEPPolicy` and `SetProcessDEPPolicy` (XP SP3).

use user_ffi::shared_data;
use user_support::error::Win32Error;
use user_support::status::Status;

use super::last_error::{Bool, TRUE, fail, fail_with, succeeded};
use super::nt::{CURRENT_PROCESS, NtQueryInformationProcess, NtSetInformationProcess};

/// `ProcessExecuteFlags`.
const EXECUTE_FLAGS: u32 = 34;

/// Bits of that class: `MEM_EXECUTE_OPTION_*`.
mod option {
    pub(super) const DISABLE: u32 = 1 << 0;
    pub(super) const ENABLE: u32 = 1 << 1;
    pub(super) const DISABLE_THUNK_EMULATION: u32 = 1 << 2;
    pub(super) const PERMANENT: u32 = 1 << 3;
}

/// `PROCESS_DEP_ENABLE`.
const ENABLE: u32 = 1;
/// `PROCESS_DEP_DISABLE_ATL_THUNK_EMULATION`.
const DISABLE_THUNK_EMULATION: u32 = 2;

/// Which programs are covered: 0 none, 1 all, 2 those that ask for it, 3 all but those that ask to be left out.
#[unsafe(no_mangle)]
pub extern "system" fn GetSystemDEPPolicy() -> u32 {
    u32::from(shared_data().no_execute_policy())
}

/// Whether a process is covered, and whether that stays so.
///
/// # Safety
/// `flags` and `permanent` point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessDEPPolicy(process: u32, flags: *mut u32, permanent: *mut Bool) -> Bool {
    let (mut options, none) = (0u32, core::ptr::null_mut());
    // SAFETY: the service writes a word.
    let status = unsafe { NtQueryInformationProcess(process, EXECUTE_FLAGS, (&raw mut options).cast(), 4, none) };
    if let Err(status) = Status(status).ok() {
        return fail_with(status);
    }
    let enabled = if options & option::ENABLE == 0 { ENABLE } else { 0 };
    let thunks = if options & option::DISABLE_THUNK_EMULATION == 0 { 0 } else { DISABLE_THUNK_EMULATION };
    // SAFETY: the caller's promise.
    unsafe { flags.write_unaligned(enabled | thunks) };
    // SAFETY: the caller's promise.
    unsafe { permanent.write_unaligned(Bool::from(options & option::PERMANENT != 0)) };
    TRUE
}

/// Covers the process for good, or (0) leaves it out.
#[unsafe(no_mangle)]
pub extern "system" fn SetProcessDEPPolicy(flags: u32) -> Bool {
    let thunks = if flags & DISABLE_THUNK_EMULATION == 0 { 0 } else { option::DISABLE_THUNK_EMULATION };
    let options = match flags {
        0 => option::ENABLE,
        ENABLE | 3 => option::DISABLE | option::PERMANENT | thunks,
        _ => return fail(Win32Error::INVALID_PARAMETER),
    };
    // SAFETY: the service reads a word.
    succeeded(unsafe { NtSetInformationProcess(CURRENT_PROCESS, EXECUTE_FLAGS, (&raw const options).cast(), 4) })
}
