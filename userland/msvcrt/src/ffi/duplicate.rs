//! Descriptors for what another one leads to, and other names for files.

use user_crt::descriptors::{self, COUNT, System};
use user_crt::error::Errno;
use user_ffi::{c_string, wide_string};
use user_support::text::wide;

use super::host::host;
use super::nt::{CURRENT_PROCESS, DuplicateHandle, MoveFileW, SetStdHandle};
use super::thread_data::{fail, fail_with_last_error};

/// `DUPLICATE_SAME_ACCESS`.
const SAME_ACCESS: u32 = 2;
const TRUE: u32 = 1;

/// A handle to the same, which children inherit, and the descriptor's flags.
fn copy_of(descriptor: u32) -> Result<(u32, u32), i32> {
    let table = host();
    let table = table.descriptors();
    let (handle, flags) = (table.handle(descriptor).map_err(fail)?, table.flags(descriptor).map_err(fail)?);
    let mut copy = 0;
    // SAFETY: the function writes the handle.
    let done = unsafe { DuplicateHandle(CURRENT_PROCESS, handle, CURRENT_PROCESS, &mut copy, 0, TRUE, SAME_ACCESS) };
    if done == 0 { Err(fail_with_last_error()) } else { Ok((copy, flags)) }
}

/// Makes the handle of a standard descriptor the process's own standard handle; programs that it starts get it.
pub(super) fn tell_process(descriptor: u32, handle: u32) {
    if descriptor < 3 {
        // SAFETY: the handle is the descriptor's, or 0. The three have the numbers -10, -11 and -12.
        unsafe { SetStdHandle(0xFFFF_FFF6 - descriptor, handle) };
    }
}

/// The lowest free descriptor, for what `descriptor` leads to; or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _dup(descriptor: u32) -> i32 {
    let (handle, flags) = match copy_of(descriptor) {
        Ok(copy) => copy,
        Err(failed) => return failed,
    };
    match host().descriptors().add(handle, flags) {
        Ok(added) => {
            tell_process(added, handle);
            added.cast_signed()
        }
        Err(errno) => {
            let _ = host().close_handle(handle);
            fail(errno)
        }
    }
}

/// Makes descriptor `to`, which is closed if it is open, mean what `from` does: 0, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _dup2(from: u32, to: u32) -> i32 {
    if to as usize >= COUNT || host().descriptors().handle(from).is_err() {
        return fail(Errno::EBADF);
    }
    if from == to {
        return 0;
    }
    let (handle, flags) = match copy_of(from) {
        Ok(copy) => copy,
        Err(failed) => return failed,
    };
    if host().descriptors().handle(to).is_ok() {
        let _ = descriptors::close(&host(), to);
    }
    if let Err(errno) = host().descriptors().place(to, handle, flags) {
        return fail(errno);
    }
    tell_process(to, handle);
    0
}

fn move_file(old: &[u16], new: &[u16]) -> i32 {
    let [old, new] = [old, new].map(|name| [name, &[0]].concat());
    // SAFETY: both are strings.
    if unsafe { MoveFileW(old.as_ptr(), new.as_ptr()) } == 0 { fail_with_last_error() } else { 0 }
}

/// Gives a file another name: 0, or -1.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(old: *const u8, new: *const u8) -> i32 {
    // SAFETY: the caller's promise.
    let old = wide(unsafe { c_string(old) });
    // SAFETY: the caller's promise.
    let new = wide(unsafe { c_string(new) });
    move_file(&old, &new)
}

/// Gives a file another name: 0, or -1.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wrename(old: *const u16, new: *const u16) -> i32 {
    // SAFETY: the caller's promise.
    let old = unsafe { wide_string(old) };
    // SAFETY: the caller's promise.
    let new = unsafe { wide_string(new) };
    move_file(old, new)
}
