//! Who uses the machine.

use user_ffi::last_error::{Bool, TRUE, fail};
use user_support::error::Win32Error;

/// The user that every program works for.
pub(super) const NAME: &str = "Administrator";

/// Copies the name with its zero; the room it takes is stored.
///
/// # Safety
/// `room` points to a word; `target` has room for so many units.
unsafe fn give<T: Copy + From<u8>>(target: *mut T, room: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    let has = unsafe { room.read_unaligned() };
    // SAFETY: the caller's promise.
    unsafe { room.write_unaligned(NAME.len() as u32 + 1) };
    if has as usize <= NAME.len() || target.is_null() {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    for (index, byte) in NAME.bytes().chain([0]).enumerate() {
        // SAFETY: there is room for all of it.
        unsafe { target.wrapping_add(index).write(byte.into()) };
    }
    TRUE
}

/// The name of the user.
///
/// # Safety
/// `room` points to a word; `target` has room for so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetUserNameA(target: *mut u8, room: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { give(target, room) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetUserNameA`], in units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetUserNameW(target: *mut u16, room: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { give(target, room) }
}
