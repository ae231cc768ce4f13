//! The library's locks, by number, and those of streams.

use super::export::Export;
use super::nt::{RtlEnterCriticalSection, RtlLeaveCriticalSection};

/// How many there are.
const COUNT: usize = 36;
/// Lock of the table of functions for the end.
pub(super) const EXIT: u32 = 13;
/// Lock of the time zone.
pub(super) const TIME: u32 = 6;
/// Lock of the environment.
pub(super) const ENVIRONMENT: u32 = 7;
/// Lock of the list of streams.
pub(super) const STREAMS: u32 = 1;
/// The first of the locks of `_iob`'s streams.
pub(super) const FIRST_STREAM: u32 = 16;

/// A `CRITICAL_SECTION` that nobody holds. It needs no initialisation: its event is made when two threads meet.
const FREE: [u32; 6] = [0, u32::MAX, 0, 0, 0, 0];

static LOCKS: [Export<[u32; 6]>; COUNT] = [const { Export::new(FREE) }; COUNT];

/// Takes lock `number`.
#[unsafe(no_mangle)]
pub extern "C" fn _lock(number: u32) {
    if let Some(lock) = LOCKS.get(number as usize) {
        // SAFETY: the section is valid and lives for ever.
        unsafe { RtlEnterCriticalSection(lock.address().cast()) };
    }
}

/// Gives lock `number` back.
#[unsafe(no_mangle)]
pub extern "C" fn _unlock(number: u32) {
    if let Some(lock) = LOCKS.get(number as usize) {
        // SAFETY: the section is valid and lives for ever.
        unsafe { RtlLeaveCriticalSection(lock.address().cast()) };
    }
}

/// Runs `work` with lock `number` held.
pub(super) fn with<R>(number: u32, work: impl FnOnce() -> R) -> R {
    _lock(number);
    let result = work();
    _unlock(number);
    result
}
