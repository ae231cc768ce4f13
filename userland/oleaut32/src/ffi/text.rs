//! Texts that know their length: `BSTR`s. Before the units stands their length in bytes, behind them a zero; null is an empty one.
//!
//! Source: documented behaviour of the functions.

use user_ffi::{ThisProcess, peb, wide_string};
use user_support::memory::Memory;

use super::nt::{RtlAllocateHeap, RtlFreeHeap};

/// Bytes of the length before the units.
const HEAD: u32 = 4;
/// Longest text, in bytes: with head and zero it is still a size.
const LONGEST: u32 = 0x7FFF_FFF0;

fn memory() -> ThisProcess {
    // SAFETY: only blocks of this file, and what callers hand over, are touched.
    unsafe { ThisProcess::new() }
}

/// A new text of so many bytes, a copy of those at `source` unless that is null; null without memory.
///
/// # Safety
/// `source` is null or has so many bytes.
unsafe fn allocate(source: *const u8, length: u32) -> u32 {
    if length > LONGEST {
        return 0;
    }
    // SAFETY: the process heap lives as long as the process.
    let block = unsafe { RtlAllocateHeap(peb().heap(), 0, HEAD + length + 2) };
    if block == 0 {
        return 0;
    }
    memory().write_u32(block, length);
    let text = block + HEAD;
    if !source.is_null() {
        // SAFETY: the caller's promise; the block was just made with room for it.
        unsafe { (text as *mut u8).copy_from_nonoverlapping(source, length as usize) };
    }
    memory().write_u16(text + length, 0);
    text
}

/// A text of a string; null for null.
///
/// # Safety
/// `source` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SysAllocString(source: *const u16) -> u32 {
    if source.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    let length = 2 * unsafe { wide_string(source) }.len() as u32;
    // SAFETY: the caller's promise.
    unsafe { allocate(source.cast(), length) }
}

/// A text of so many units, which are not set where `source` is null.
///
/// # Safety
/// `source` is null or has so many units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SysAllocStringLen(source: *const u16, units: u32) -> u32 {
    // SAFETY: the caller's promise.
    if units > LONGEST / 2 { 0 } else { unsafe { allocate(source.cast(), 2 * units) } }
}

/// A text of so many bytes, which are not set where `source` is null.
///
/// # Safety
/// `source` is null or has so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SysAllocStringByteLen(source: *const u8, bytes: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { allocate(source, bytes) }
}

/// Frees a text; null is nothing.
///
/// # Safety
/// `text` came from these functions and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SysFreeString(text: u32) {
    if text != 0 {
        // SAFETY: the caller's promise.
        unsafe { RtlFreeHeap(peb().heap(), 0, text - HEAD) };
    }
}

/// Replaces the text at `place` by one of a string; whether there was memory.
///
/// # Safety
/// `place` points to a text of these functions; `source` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SysReAllocString(place: u32, source: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    let units = unsafe { wide_string(source) }.len() as u32;
    // SAFETY: the caller's promise.
    unsafe { SysReAllocStringLen(place, source, units) }
}

/// Replaces the text at `place` by so many units; whether there was memory.
///
/// # Safety
/// `place` points to a text of these functions; `source` is null or has so many units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SysReAllocStringLen(place: u32, source: *const u16, units: u32) -> u32 {
    // SAFETY: the caller's promise.
    let new = unsafe { SysAllocStringLen(source, units) };
    if new == 0 {
        return 0;
    }
    let old = memory().read_u32(place);
    memory().write_u32(place, new);
    // SAFETY: the caller's promise; the place has the new one.
    unsafe { SysFreeString(old) };
    1
}

/// Units of a text.
///
/// # Safety
/// `text` is null or came from these functions.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SysStringLen(text: u32) -> u32 {
    // SAFETY: the caller's promise.
    let bytes = unsafe { SysStringByteLen(text) };
    bytes / 2
}

/// Bytes of a text.
///
/// # Safety
/// `text` is null or came from these functions.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SysStringByteLen(text: u32) -> u32 {
    if text == 0 { 0 } else { memory().read_u32(text - HEAD) }
}

/// A copy of a text; an empty one becomes one, too. Null without memory, or for null.
///
/// # Safety
/// `text` is null or came from these functions.
pub(super) unsafe fn copy(text: u32) -> u32 {
    // SAFETY: the caller's promise.
    let length = unsafe { SysStringByteLen(text) };
    // SAFETY: the caller's promise: the text has so many bytes.
    if text == 0 { 0 } else { unsafe { allocate(text as *const u8, length) } }
}
