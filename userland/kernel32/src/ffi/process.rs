//! The process: its end, identifier and pseudo handle.

use user_ffi::teb;

use super::failure::terminate;
use super::last_error::{Bool, succeeded};
use super::nt::{CURRENT_PROCESS, LdrShutdownProcess, NtTerminateProcess};

/// Ends the process: every DLL is told, then it is gone.
#[unsafe(no_mangle)]
pub extern "system" fn ExitProcess(status: u32) -> ! {
    // The other threads end first: they could hold what the DLLs need.
    // SAFETY: the program asks for its own end.
    unsafe { NtTerminateProcess(0, status) };
    // SAFETY: as above.
    unsafe { LdrShutdownProcess() };
    terminate(status)
}

/// Ends a process without telling anybody in it.
///
/// # Safety
/// If it is this process, nothing that follows is expected to run.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn TerminateProcess(process: u32, status: u32) -> Bool {
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtTerminateProcess(process, status) })
}

/// The pseudo handle of this process.
#[unsafe(no_mangle)]
pub extern "system" fn GetCurrentProcess() -> u32 {
    CURRENT_PROCESS
}

/// The identifier of this process.
#[unsafe(no_mangle)]
pub extern "system" fn GetCurrentProcessId() -> u32 {
    teb().process_identifier()
}
