//! Letting time pass, and letting others run.

use super::last_error::{Bool, FALSE, TRUE};
use super::nt::{NtDelayExecution, NtYieldExecution};
use super::wait::timeout;

/// `STATUS_USER_APC`: a call came before the time was over.
const USER_APC: u32 = 0xC0;
/// `STATUS_ALERTED`: the wait begins again.
const ALERTED: u32 = 0x101;
/// What the yield service says when nobody else wanted the processor.
const NO_YIELD_PERFORMED: u32 = 0x4000_0024;

/// Lets time pass.
#[unsafe(no_mangle)]
pub extern "system" fn Sleep(milliseconds: u32) {
    SleepEx(milliseconds, FALSE);
}

/// Lets time pass, or until a call is queued to the thread if it may be alerted.
#[unsafe(no_mangle)]
pub extern "system" fn SleepEx(milliseconds: u32, alertable: Bool) -> u32 {
    // The most negative interval never ends.
    let interval = timeout(milliseconds).unwrap_or(i64::MIN);
    loop {
        // SAFETY: the service reads the interval.
        match unsafe { NtDelayExecution(u32::from(alertable != 0), &interval) } {
            ALERTED if alertable != 0 => {}
            USER_APC => return USER_APC,
            _ => return 0,
        }
    }
}

/// Lets another thread run; no if there was none.
#[unsafe(no_mangle)]
pub extern "system" fn SwitchToThread() -> Bool {
    // SAFETY: yielding touches no memory.
    if unsafe { NtYieldExecution() } == NO_YIELD_PERFORMED { FALSE } else { TRUE }
}
