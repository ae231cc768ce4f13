//! The multimedia timer, as a clock.

use super::nt::GetTickCount;

/// `TIMERR_NOERROR`, `TIMERR_NOCANDO`, `TIMERR_STRUCT`.
const FINE: u32 = 0;
const CANNOT: u32 = 97;
const WRONG_SIZE: u32 = 129;
/// Shortest and longest period that can be asked for, in milliseconds.
const PERIODS: [u32; 2] = [1, 1_000_000];

/// Milliseconds since the system started; they begin again after 49.7 days.
#[unsafe(no_mangle)]
pub extern "system" fn timeGetTime() -> u32 {
    // SAFETY: the function takes nothing.
    unsafe { GetTickCount() }
}

/// Asks for a period; the clock has its own.
#[unsafe(no_mangle)]
pub extern "system" fn timeBeginPeriod(period: u32) -> u32 {
    if (PERIODS[0]..=PERIODS[1]).contains(&period) { FINE } else { CANNOT }
}

/// Gives a period back.
#[unsafe(no_mangle)]
pub extern "system" fn timeEndPeriod(period: u32) -> u32 {
    timeBeginPeriod(period)
}

/// The periods that can be asked for.
///
/// # Safety
/// `caps` has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn timeGetDevCaps(caps: *mut u32, size: u32) -> u32 {
    if caps.is_null() || size < 8 {
        return WRONG_SIZE;
    }
    // SAFETY: the caller's promise.
    unsafe { caps.cast::<[u32; 2]>().write_unaligned(PERIODS) };
    FINE
}
