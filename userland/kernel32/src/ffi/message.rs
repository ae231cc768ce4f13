//! FormatMessage: the text of an error, or a template filled in.

use alloc::vec::Vec;

use user_ffi::{c_string, peb, wide_string};
use user_support::error::Win32Error;
use user_support::format::format;
use user_support::memory::Memory;
use user_support::message::{fill_in, text_of};
use user_support::text::{ansi, wide};

use super::last_error::fail;
use super::nt::RtlAllocateHeap;
use super::startup::memory;

/// `FORMAT_MESSAGE_`: ALLOCATE_BUFFER, IGNORE_INSERTS, FROM_STRING, FROM_HMODULE, FROM_SYSTEM, ARGUMENT_ARRAY.
const ALLOCATE: u32 = 0x100;
const IGNORE_INSERTS: u32 = 0x200;
const FROM_STRING: u32 = 0x400;
const FROM_MODULE: u32 = 0x800;
const FROM_SYSTEM: u32 = 0x1000;
const ARGUMENT_ARRAY: u32 = 0x2000;

/// The text, before it is in its form.
fn text(
    flags: u32,
    string: impl FnOnce() -> Vec<u16>,
    error: u32,
    arguments: u32,
    string_kind: u8,
) -> Result<Vec<u16>, Win32Error> {
    let template = match flags & (FROM_STRING | FROM_MODULE | FROM_SYSTEM) {
        0 => return Err(Win32Error::INVALID_PARAMETER),
        chosen if chosen & FROM_STRING != 0 => string(),
        // No module here has texts of its own; the system's come after a module's.
        chosen if chosen & FROM_SYSTEM != 0 => text_of(error).ok_or(Win32Error::MR_MID_NOT_FOUND)?,
        _ => return Err(Win32Error::RESOURCE_TYPE_NOT_FOUND),
    };
    // An array, or a pointer to where the arguments are.
    let first = if flags & ARGUMENT_ARRAY != 0 || arguments == 0 { arguments } else { memory().read_u32(arguments) };
    let insert = |number: u32, kind: &[u16]| {
        if first == 0 {
            return None;
        }
        let mut specification = Vec::from(*b"%");
        specification.extend(ansi(kind));
        // A string is of the function's own characters, unless it says otherwise.
        if specification == b"%s" {
            specification = Vec::from([b'%', string_kind]);
        }
        let word = memory().read_u32(first.wrapping_add(4 * number));
        Some(wide(&format(&memory(), &specification, || word)))
    };
    let insert = (flags & IGNORE_INSERTS == 0).then_some(insert);
    fill_in(&template, insert).ok_or(Win32Error::INVALID_PARAMETER)
}

/// Puts the text where it is wanted; its length without the zero.
///
/// # Safety
/// `buffer` has room for `room` units, or points to a word if a block is to be made.
unsafe fn give<T: Copy + Default>(text: &[T], flags: u32, buffer: *mut T, room: u32) -> u32 {
    let mut target = buffer;
    if flags & ALLOCATE != 0 {
        let units = (text.len() as u32 + 1).max(room);
        // SAFETY: any size may be asked for.
        let block = unsafe { RtlAllocateHeap(peb().heap(), 0, units * size_of::<T>() as u32) };
        if block == 0 {
            return fail(Win32Error::NOT_ENOUGH_MEMORY);
        }
        // SAFETY: the caller's promise.
        unsafe { buffer.cast::<u32>().write_unaligned(block) };
        target = block as *mut T;
    } else if text.len() as u32 >= room {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    // SAFETY: there is room for the text.
    unsafe { target.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    // SAFETY: and for the zero.
    unsafe { target.wrapping_add(text.len()).write(T::default()) };
    text.len() as u32
}

/// The text of an error, or a template filled in.
///
/// # Safety
/// `source` is a string if `flags` say so; `buffer` has room for `room` bytes, or points to a word if a block is to be made; the
/// arguments fit the text.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FormatMessageA(
    flags: u32,
    source: *const u8,
    error: u32,
    _language: u32,
    buffer: *mut u8,
    room: u32,
    arguments: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let string = || wide(unsafe { c_string(source) });
    match text(flags, string, error, arguments, b's') {
        // SAFETY: the caller's promise.
        Ok(text) => unsafe { give(&ansi(&text), flags, buffer, room) },
        Err(error) => fail(error),
    }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`FormatMessageA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FormatMessageW(
    flags: u32,
    source: *const u16,
    error: u32,
    _language: u32,
    buffer: *mut u16,
    room: u32,
    arguments: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let string = || unsafe { wide_string(source) }.to_vec();
    match text(flags, string, error, arguments, b'S') {
        // SAFETY: the caller's promise.
        Ok(text) => unsafe { give(&text, flags, buffer, room) },
        Err(error) => fail(error),
    }
}
