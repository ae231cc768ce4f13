//! `_locking`: a range of a file's bytes, from where the descriptor stands.

use user_crt::descriptors::System;
use user_crt::error::Errno;
use user_crt::sharing::{Locking, TRIES, locking};

use super::descriptor::_lseek;
use super::host::host;
use super::nt::{LockFile, Sleep, UnlockFile};
use super::thread_data::{fail, fail_with_last_error};

/// Milliseconds between two tries.
const PAUSE: u32 = 1000;

/// Locks or unlocks `count` bytes; 0, or -1 with `errno`: EACCES where it is not to be had or not locked, EDEADLOCK where it was
/// tried often enough.
#[unsafe(no_mangle)]
pub extern "C" fn _locking(descriptor: u32, mode: i32, count: i32) -> i32 {
    let handle = match host().descriptors().handle(descriptor) {
        Ok(handle) => handle,
        Err(errno) => return fail(errno),
    };
    let (Some(what), Ok(count)) = (locking(mode), u32::try_from(count)) else { return fail(Errno::EINVAL) };
    let Ok(first) = u32::try_from(_lseek(descriptor, 0, 1)) else { return -1 };
    let once = || match what {
        // SAFETY: it touches no memory.
        Locking::Unlock => unsafe { UnlockFile(handle, first, 0, count, 0) },
        // SAFETY: nor does this.
        _ => unsafe { LockFile(handle, first, 0, count, 0) },
    };
    if once() != 0 {
        return 0;
    }
    if what != Locking::Insist {
        return fail_with_last_error();
    }
    for _ in 1..TRIES {
        // SAFETY: it only waits.
        unsafe { Sleep(PAUSE) };
        if once() != 0 {
            return 0;
        }
    }
    fail(Errno::EDEADLOCK)
}
