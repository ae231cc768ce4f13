//! Privileges by name.

use user_ffi::last_error::{Bool, TRUE, fail};
use user_ffi::{c_string, wide_string};
use user_support::error::Win32Error;
use user_support::privilege::{name_of, number_of};
use user_support::text;

/// Stores the number of a privilege.
///
/// # Safety
/// `luid` points to two words.
unsafe fn give_number(name: &[u16], luid: *mut [u32; 2]) -> Bool {
    match number_of(name) {
        Some(number) => {
            // SAFETY: the caller's promise.
            unsafe { luid.write_unaligned([number, 0]) };
            TRUE
        }
        None => fail(Win32Error::NO_SUCH_PRIVILEGE),
    }
}

/// The number of a privilege.
///
/// # Safety
/// `name` is a string; `luid` points to two words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LookupPrivilegeValueA(_system: *const u8, name: *const u8, luid: *mut [u32; 2]) -> Bool {
    // SAFETY: the caller's promise.
    let name = text::wide(unsafe { c_string(name) });
    // SAFETY: as above.
    unsafe { give_number(&name, luid) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`LookupPrivilegeValueA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LookupPrivilegeValueW(
    _system: *const u16,
    name: *const u16,
    luid: *mut [u32; 2],
) -> Bool {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: as above.
    unsafe { give_number(name, luid) }
}

/// Copies the name of a privilege; the room it takes comes back where there is too little.
///
/// # Safety
/// `luid` points to two words, `room` to one; `target` has room for so many units.
unsafe fn give_name<T: Copy + From<u8>>(luid: *const [u32; 2], target: *mut T, room: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    let [low, high] = unsafe { luid.read_unaligned() };
    let Some(name) = name_of(u64::from(low) | u64::from(high) << 32) else {
        return fail(Win32Error::NO_SUCH_PRIVILEGE);
    };
    // SAFETY: the caller's promise.
    let has = unsafe { room.read_unaligned() };
    if (has as usize) <= name.len() {
        // SAFETY: the caller's promise.
        unsafe { room.write_unaligned(name.len() as u32 + 1) };
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    for (index, byte) in name.bytes().chain([0]).enumerate() {
        // SAFETY: there is room for all of it.
        unsafe { target.wrapping_add(index).write(byte.into()) };
    }
    // SAFETY: the caller's promise.
    unsafe { room.write_unaligned(name.len() as u32) };
    TRUE
}

/// The name of a privilege.
///
/// # Safety
/// `luid` points to two words, `room` to one; `target` has room for so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LookupPrivilegeNameA(
    _system: *const u8,
    luid: *const [u32; 2],
    target: *mut u8,
    room: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { give_name(luid, target, room) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`LookupPrivilegeNameA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LookupPrivilegeNameW(
    _system: *const u16,
    luid: *const [u32; 2],
    target: *mut u16,
    room: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { give_name(luid, target, room) }
}
