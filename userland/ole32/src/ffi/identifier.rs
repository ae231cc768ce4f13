//! GUIDs: made, written and read.

use user_ffi::{ThisProcess, wide_string};
use user_support::identifier::{LENGTH, parse, random, to_text};
use user_support::memory::Memory;

use super::allocator::CoTaskMemAlloc;
use super::nt::SystemFunction036;

/// `S_OK`, `E_INVALIDARG`, `CO_E_CLASSSTRING`, `E_OUTOFMEMORY`, `E_FAIL`.
const OK: u32 = 0;
const INVALID_ARGUMENT: u32 = 0x8007_0057;
const NO_CLASS: u32 = 0x8004_01F3;
const NO_MEMORY: u32 = 0x8007_000E;
const FAILED: u32 = 0x8000_4005;

fn memory() -> ThisProcess {
    // SAFETY: only what callers hand over, and blocks made here, are touched.
    unsafe { ThisProcess::new() }
}

fn read(guid: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    memory().read_bytes(guid, &mut bytes);
    bytes
}

fn write_text(target: u32, guid: u32) {
    for (index, unit) in (0..).zip(to_text(&read(guid)).into_iter().chain([0])) {
        memory().write_u16(target + 2 * index, unit);
    }
}

/// Makes a GUID that there is not anywhere yet.
///
/// # Safety
/// `target` points to 16 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CoCreateGuid(target: u32) -> u32 {
    let mut bytes = [0; 16];
    // SAFETY: the function fills the buffer.
    if unsafe { SystemFunction036(bytes.as_mut_ptr(), 16) } == 0 {
        return FAILED;
    }
    memory().write_bytes(target, &random(bytes));
    OK
}

/// Writes a GUID as text: the units with the zero, or 0 where there is no room for them.
///
/// # Safety
/// `guid` points to 16 bytes; `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn StringFromGUID2(guid: u32, target: u32, room: i32) -> i32 {
    if room <= LENGTH as i32 {
        return 0;
    }
    write_text(target, guid);
    LENGTH as i32 + 1
}

/// A GUID as text, which the caller frees.
///
/// # Safety
/// `guid` points to 16 bytes, `target` to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn StringFromCLSID(guid: u32, target: u32) -> u32 {
    let text = CoTaskMemAlloc(2 * (LENGTH as u32 + 1));
    memory().write_u32(target, text);
    if text == 0 {
        return NO_MEMORY;
    }
    write_text(text, guid);
    OK
}

/// The same for the GUID of an interface.
///
/// # Safety
/// As [`StringFromCLSID`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn StringFromIID(guid: u32, target: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { StringFromCLSID(guid, target) }
}

/// # Safety
/// `text` is null or a string, `target` points to 16 bytes.
unsafe fn read_text(text: *const u16, target: u32, no_guid: u32) -> u32 {
    // SAFETY: the caller's promise.
    let text = unsafe { wide_string(text) };
    let guid = if text.is_empty() { Some([0; 16]) } else { parse(text) };
    memory().write_bytes(target, &guid.unwrap_or_default());
    if guid.is_some() { OK } else { no_guid }
}

/// Reads a GUID; no text is the one of zeros. Names of classes are not known.
///
/// # Safety
/// `text` is null or a string, `target` points to 16 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CLSIDFromString(text: *const u16, target: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { read_text(text, target, NO_CLASS) }
}

/// Reads the GUID of an interface.
///
/// # Safety
/// As [`CLSIDFromString`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn IIDFromString(text: *const u16, target: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { read_text(text, target, INVALID_ARGUMENT) }
}

/// The class of a name: none is known.
///
/// # Safety
/// `target` points to 16 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CLSIDFromProgID(_name: *const u16, target: u32) -> u32 {
    memory().write_bytes(target, &[0; 16]);
    NO_CLASS
}

/// Whether two GUIDs are the same.
///
/// # Safety
/// Both point to 16 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn IsEqualGUID(left: u32, right: u32) -> u32 {
    u32::from(read(left) == read(right))
}
