//! Environment variables.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::vec::Vec;

use user_ffi::{c_string, peb, wide, wide_string};
use user_support::environment::{expand, value, with};
use user_support::error::Win32Error;
use user_support::memory::Memory;
use user_support::text;

use super::directory::{copy_ansi, copy_wide};
use super::last_error::{Bool, TRUE, fail};
use super::nt::{RtlAllocateHeap, RtlFreeHeap};
use super::startup::memory;

/// Offsets of the block's address, and of its bytes, in the process parameters.
const ENVIRONMENT: u32 = 0x48;
const ENVIRONMENT_SIZE: u32 = 0x290;

/// The block that this DLL made last, to be freed when it makes the next; the kernel's first one is not on the heap.
static OWN_BLOCK: AtomicU32 = AtomicU32::new(0);

/// The block, with its two final zeros.
pub(super) fn block<'block>() -> &'block [u16] {
    let start = memory().read_u32(peb().parameters() + ENVIRONMENT);
    if start == 0 {
        return &[0, 0];
    }
    // Two zeros, at any unit: looked for two units at a time.
    let mut length = 0;
    loop {
        let pair = memory().read_u32(start + 2 * length);
        if pair == 0 {
            break;
        }
        if pair >> 16 == 0 && memory().read_u16(start + 2 * length + 4) == 0 {
            length += 1;
            break;
        }
        length += 2;
    }
    // SAFETY: the kernel or `SetEnvironmentVariable` made the block; its two zeros were just found.
    unsafe { wide(start as *const u16, length + 2) }
}

/// The value of a variable, to be copied by `copy`; 0 if there is none.
fn look_up(name: &[u16], copy: impl FnOnce(&[u16]) -> u32) -> u32 {
    match value(block(), name) {
        Some(value) => {
            let value = value.to_vec();
            copy(&value)
        }
        None => fail(Win32Error::ENVVAR_NOT_FOUND),
    }
}

/// The value of a variable: its length, or the room it needs; 0 if there is none.
///
/// # Safety
/// `name` is a string; `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetEnvironmentVariableA(name: *const u8, target: *mut u8, room: u32) -> u32 {
    // SAFETY: the caller's promise.
    let name = text::wide(unsafe { c_string(name) });
    // SAFETY: the caller's promise.
    look_up(&name, |value| unsafe { copy_ansi(value, target, room) })
}

/// The same in UTF-16.
///
/// # Safety
/// `name` is a string; `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetEnvironmentVariableW(name: *const u16, target: *mut u16, room: u32) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    look_up(name, |value| unsafe { copy_wide(value, target, room) })
}

/// Sets a variable, or removes it for a null value.
///
/// # Safety
/// `name` is a string, `value` null or one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetEnvironmentVariableA(name: *const u8, value: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    let name = text::wide(unsafe { c_string(name) });
    // SAFETY: the caller's promise.
    let value = (!value.is_null()).then(|| text::wide(unsafe { c_string(value) }));
    set(&name, value.as_deref())
}

/// The same in UTF-16.
///
/// # Safety
/// As [`SetEnvironmentVariableA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetEnvironmentVariableW(name: *const u16, value: *const u16) -> Bool {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    let value = (!value.is_null()).then(|| unsafe { wide_string(value) });
    set(name, value)
}

fn set(name: &[u16], new: Option<&[u16]>) -> Bool {
    if name.is_empty() || name[1..].contains(&u16::from(b'=')) {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    if new.is_none() && value(block(), name).is_none() {
        return fail(Win32Error::ENVVAR_NOT_FOUND);
    }
    let units = with(block(), name, new);
    let Some(made) = heap_copy(&units) else { return fail(Win32Error::NOT_ENOUGH_MEMORY) };
    memory().write_u32(peb().parameters() + ENVIRONMENT, made);
    memory().write_u32(peb().parameters() + ENVIRONMENT_SIZE, 2 * units.len() as u32);
    let old = OWN_BLOCK.swap(made, Ordering::AcqRel);
    if old != 0 {
        // SAFETY: the block was made by an earlier call, and the parameters no longer name it.
        unsafe { RtlFreeHeap(peb().heap(), 0, old) };
    }
    TRUE
}

fn heap_copy(units: &[u16]) -> Option<u32> {
    // SAFETY: the process heap lives as long as the process.
    let made = unsafe { RtlAllocateHeap(peb().heap(), 0, 2 * units.len() as u32) };
    if made == 0 {
        return None;
    }
    // SAFETY: the block was just allocated with that size.
    unsafe { (made as *mut u16).copy_from_nonoverlapping(units.as_ptr(), units.len()) };
    Some(made)
}

/// A text with its `%NAME%`s replaced by values: the bytes with the zero, whether there was room for them or not.
///
/// # Safety
/// `source` is a string; `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ExpandEnvironmentStringsA(source: *const u8, target: *mut u8, room: u32) -> u32 {
    // SAFETY: the caller's promise.
    let text = expand(block(), &text::wide(unsafe { c_string(source) }));
    // SAFETY: the caller's promise.
    unsafe { copy_ansi(&text, target, room) };
    text.len() as u32 + 1
}

/// The same in UTF-16.
///
/// # Safety
/// `source` is a string; `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ExpandEnvironmentStringsW(source: *const u16, target: *mut u16, room: u32) -> u32 {
    // SAFETY: the caller's promise.
    let text = expand(block(), unsafe { wide_string(source) });
    // SAFETY: the caller's promise.
    unsafe { copy_wide(&text, target, room) };
    text.len() as u32 + 1
}

/// A copy of the block in UTF-16.
#[unsafe(no_mangle)]
pub extern "system" fn GetEnvironmentStringsW() -> u32 {
    heap_copy(block()).unwrap_or_else(|| fail(Win32Error::NOT_ENOUGH_MEMORY))
}

/// A copy of the block in bytes.
#[unsafe(no_mangle)]
pub extern "system" fn GetEnvironmentStringsA() -> u32 {
    let bytes: Vec<u8> = text::ansi(block());
    // SAFETY: the process heap lives as long as the process.
    let made = unsafe { RtlAllocateHeap(peb().heap(), 0, bytes.len() as u32) };
    if made == 0 {
        return fail(Win32Error::NOT_ENOUGH_MEMORY);
    }
    // SAFETY: the block was just allocated with that size.
    unsafe { (made as *mut u8).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    made
}

/// The older name of [`GetEnvironmentStringsA`].
#[unsafe(no_mangle)]
pub extern "system" fn GetEnvironmentStrings() -> u32 {
    GetEnvironmentStringsA()
}

/// Frees a copy of the block.
///
/// # Safety
/// The copy is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FreeEnvironmentStringsA(strings: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { RtlFreeHeap(peb().heap(), 0, strings) }
}

/// Frees a copy of the block.
///
/// # Safety
/// The copy is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FreeEnvironmentStringsW(strings: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { RtlFreeHeap(peb().heap(), 0, strings) }
}
