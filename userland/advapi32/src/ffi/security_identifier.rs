//! Security identifiers: a revision, a number of numbers, an authority of six bytes, and the numbers.

use alloc::vec::Vec;

use user_ffi::last_error::{Bool, FALSE, TRUE, fail};
use user_ffi::{bytes, peb};
use user_support::error::Win32Error;

use super::nt::{RtlAllocateHeap, RtlFreeHeap};

/// Most numbers of an identifier, and bytes before them.
const MOST: u8 = 15;
const HEAD: u32 = 8;

/// Bytes of an identifier with so many numbers.
#[unsafe(no_mangle)]
pub extern "system" fn GetSidLengthRequired(count: u8) -> u32 {
    HEAD + 4 * u32::from(count)
}

/// Bytes of an identifier.
///
/// # Safety
/// `sid` is one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetLengthSid(sid: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    GetSidLengthRequired(unsafe { sid.wrapping_add(1).read() })
}

/// Whether it is one.
///
/// # Safety
/// `sid` is null or points to two bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn IsValidSid(sid: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    (!sid.is_null() && unsafe { sid.read() } == 1 && unsafe { sid.wrapping_add(1).read() } <= MOST).into()
}

/// All bytes of one.
///
/// # Safety
/// `sid` is an identifier.
unsafe fn whole<'sid>(sid: *const u8) -> &'sid [u8] {
    // SAFETY: the caller's promise.
    let length = unsafe { GetLengthSid(sid) };
    // SAFETY: as above.
    unsafe { bytes(sid, length) }
}

/// Whether two are the same.
///
/// # Safety
/// Both are identifiers.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EqualSid(one: *const u8, other: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    (unsafe { whole(one) } == unsafe { whole(other) }).into()
}

/// Copies an identifier.
///
/// # Safety
/// `source` is one; `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CopySid(room: u32, target: *mut u8, source: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    let length = unsafe { GetLengthSid(source) };
    if room < length {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    // SAFETY: the caller's promise.
    unsafe { target.copy_from(source, length as usize) };
    TRUE
}

/// Where the number of numbers is.
#[unsafe(no_mangle)]
pub extern "system" fn GetSidSubAuthorityCount(sid: *mut u8) -> *mut u8 {
    sid.wrapping_add(1)
}

/// Where a number is.
#[unsafe(no_mangle)]
pub extern "system" fn GetSidSubAuthority(sid: *mut u8, index: u32) -> *mut u32 {
    sid.wrapping_add((HEAD + 4 * index) as usize).cast()
}

/// Where the authority is.
#[unsafe(no_mangle)]
pub extern "system" fn GetSidIdentifierAuthority(sid: *mut u8) -> *mut u8 {
    sid.wrapping_add(2)
}

/// Makes an identifier, to be freed with FreeSid.
///
/// # Safety
/// `authority` points to six bytes, `sid` to a word.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "they are Windows's")]
pub unsafe extern "system" fn AllocateAndInitializeSid(
    authority: *const u8,
    count: u8,
    first: u32,
    second: u32,
    third: u32,
    fourth: u32,
    fifth: u32,
    sixth: u32,
    seventh: u32,
    eighth: u32,
    sid: *mut u32,
) -> Bool {
    let numbers = [first, second, third, fourth, fifth, sixth, seventh, eighth];
    if usize::from(count) > numbers.len() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: any size may be asked for.
    let block = unsafe { RtlAllocateHeap(peb().heap(), 0, GetSidLengthRequired(count)) } as *mut u8;
    if block.is_null() {
        return fail(Win32Error::NOT_ENOUGH_MEMORY);
    }
    let mut text = Vec::from([1, count]);
    // SAFETY: the caller's promise.
    text.extend(unsafe { bytes(authority, 6) });
    text.extend(numbers[..usize::from(count)].iter().flat_map(|number| number.to_le_bytes()));
    // SAFETY: the block is that long.
    unsafe { block.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    // SAFETY: the caller's promise.
    unsafe { sid.write_unaligned(block as u32) };
    TRUE
}

/// Gives an identifier back.
///
/// # Safety
/// It came from AllocateAndInitializeSid and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FreeSid(sid: u32) -> u32 {
    // SAFETY: the caller's promise.
    if unsafe { RtlFreeHeap(peb().heap(), 0, sid) } & 0xFF == FALSE { sid } else { 0 }
}
