//! The process and its thread: ending, identifiers, pseudo handles.

use user_ffi::teb;

use super::failure::terminate;
use super::last_error::{Bool, FALSE, TRUE, succeeded};
use super::nt::{CURRENT_PROCESS, LdrShutdownProcess, NtDelayExecution, NtTerminateProcess, NtYieldExecution};

/// The pseudo handle of the calling thread.
const CURRENT_THREAD: u32 = 0xFFFF_FFFE;
/// What the yield service says when nobody else wanted the processor.
const NO_YIELD_PERFORMED: u32 = 0x4000_0024;
/// `INFINITE`.
const FOR_EVER: u32 = 0xFFFF_FFFF;
/// Units of 100 ns in a millisecond.
const TICKS_PER_MILLISECOND: i64 = 10_000;

/// Ends the process: every DLL is told, then it is gone.
#[unsafe(no_mangle)]
pub extern "system" fn ExitProcess(status: u32) -> ! {
    // SAFETY: the program asks for its own end.
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

/// The pseudo handle of this thread.
#[unsafe(no_mangle)]
pub extern "system" fn GetCurrentThread() -> u32 {
    CURRENT_THREAD
}

/// The identifier of this process.
#[unsafe(no_mangle)]
pub extern "system" fn GetCurrentProcessId() -> u32 {
    teb().process_identifier()
}

/// The identifier of this thread.
#[unsafe(no_mangle)]
pub extern "system" fn GetCurrentThreadId() -> u32 {
    teb().thread_identifier()
}

/// Lets time pass.
#[unsafe(no_mangle)]
pub extern "system" fn Sleep(milliseconds: u32) {
    SleepEx(milliseconds, FALSE);
}

/// Lets time pass, or until a call is queued to the thread if it may be alerted.
#[unsafe(no_mangle)]
pub extern "system" fn SleepEx(milliseconds: u32, alertable: Bool) -> u32 {
    // A negative interval counts from now; the most negative one never ends.
    let interval = if milliseconds == FOR_EVER { i64::MIN } else { -i64::from(milliseconds) * TICKS_PER_MILLISECOND };
    // SAFETY: the service reads the interval.
    let status = unsafe { NtDelayExecution(alertable, &interval) };
    if status == 0xC0 { status } else { 0 }
}

/// Lets another thread run; no if there was none.
#[unsafe(no_mangle)]
pub extern "system" fn SwitchToThread() -> Bool {
    // SAFETY: yielding touches no memory.
    if unsafe { NtYieldExecution() } == NO_YIELD_PERFORMED { FALSE } else { TRUE }
}
