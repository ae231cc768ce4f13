//! `RtlMoveMemory` and its kind.

use user_ffi::{bytes, bytes_mut};

/// Copies bytes; the ranges may overlap.
///
/// # Safety
/// Both ranges hold `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlMoveMemory(target: *mut u8, source: *const u8, length: u32) {
    // SAFETY: the caller's promise.
    unsafe { target.copy_from(source, length as usize) };
}

/// Sets bytes to `value`.
///
/// # Safety
/// `target` holds `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlFillMemory(target: *mut u8, length: u32, value: u8) {
    // SAFETY: the caller's promise.
    unsafe { bytes_mut(target, length) }.fill(value);
}

/// Sets bytes to zero.
///
/// # Safety
/// `target` holds `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlZeroMemory(target: *mut u8, length: u32) {
    // SAFETY: the caller's promise.
    unsafe { bytes_mut(target, length) }.fill(0);
}

/// How many bytes are equal before the first that is not.
///
/// # Safety
/// Both ranges hold `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlCompareMemory(left: *const u8, right: *const u8, length: u32) -> u32 {
    // SAFETY: the caller's promise.
    let left = unsafe { bytes(left, length) };
    // SAFETY: the caller's promise.
    let right = unsafe { bytes(right, length) };
    left.iter().zip(right).take_while(|(a, b)| a == b).count() as u32
}
