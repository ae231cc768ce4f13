//! OVERLAPPED structures: what has become of what completes later, and of what was done at once.
//!
//! Source: documented behaviour of GetOverlappedResult.

use user_support::error::Win32Error;
use user_support::error_map::win32_error;
use user_support::memory::Memory;
use user_support::status::Status;

use super::completion::{EVENT, MOVED, PENDING, STATUS};
use super::last_error::{Bool, FALSE, TRUE, fail};
use super::startup::memory;
use super::wait::WaitForSingleObject;

/// `INFINITE`.
const FOR_EVER: u32 = u32::MAX;

/// What has become of something that completes later: how many bytes were moved. Where it has not completed, it is waited for if asked.
///
/// # Safety
/// `overlapped` points to an OVERLAPPED of the file, `moved` to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetOverlappedResult(file: u32, overlapped: u32, moved: *mut u32, wait: Bool) -> Bool {
    /// `ERROR_IO_INCOMPLETE`.
    const INCOMPLETE: Win32Error = Win32Error(996);
    while memory().read_u32(overlapped + STATUS) == PENDING {
        if wait == FALSE {
            return fail(INCOMPLETE);
        }
        let event = memory().read_u32(overlapped + EVENT) & !1;
        if event == 0 {
            WaitForSingleObject(file, 1);
            super::sleep::Sleep(1);
        } else {
            WaitForSingleObject(event, FOR_EVER);
        }
    }
    // SAFETY: the caller's promise.
    unsafe { moved.write_unaligned(memory().read_u32(overlapped + MOVED)) };
    match Status(memory().read_u32(overlapped + STATUS)).ok() {
        Ok(()) => TRUE,
        Err(status) => fail(win32_error(status)),
    }
}

/// Notes in an OVERLAPPED how something ended that was done at once; where it is a part of a message it is `most` bytes.
pub(super) fn note(overlapped: u32, result: Result<u32, Status>, most: u32) {
    if overlapped != 0 {
        let (status, bytes) = match result {
            Ok(bytes) => (0, bytes),
            Err(status) => (status.0, if status == Status::BUFFER_OVERFLOW { most } else { 0 }),
        };
        memory().write_u32(overlapped + STATUS, status);
        memory().write_u32(overlapped + MOVED, bytes);
    }
}
