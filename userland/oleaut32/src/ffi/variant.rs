//! Values of many types: a `VARIANT` is a type, three halves that say nothing, and eight bytes of value.
//!
//! Source: `oaidl.h`'s structure and types; documented behaviour of the functions.

use user_ffi::ThisProcess;
use user_support::memory::Memory;

use super::text::{SysFreeString, copy};

/// Types: an integer of two bytes is the first plain one; a text, an object, a value by itself, a record.
const TEXT: u16 = 8;
const DISPATCH: u16 = 9;
const UNKNOWN: u16 = 13;
/// The last plain type there is, and those below it that are none.
const LAST_PLAIN: u16 = 23;
const NO_TYPES: [u16; 3] = [12, 14, 15];
const DECIMAL: u16 = 14;
/// Bits of a type: an array; a reference.
const ARRAY: u16 = 0x2000;
const REFERENCE: u16 = 0x4000;
/// Bytes of a value with its type.
const SIZE: usize = 16;
/// `S_OK`, `DISP_E_BADVARTYPE`, `E_OUTOFMEMORY`.
const OK: u32 = 0;
const BAD_TYPE: u32 = 0x8002_0008;
const NO_MEMORY: u32 = 0x8007_000E;
/// Where the value stands.
const VALUE: u32 = 8;
/// The places of AddRef and Release in an object's table.
const ADD_REFERENCE: u32 = 4;
const RELEASE: u32 = 8;

fn memory() -> ThisProcess {
    // SAFETY: only values and objects that callers hand over are touched.
    unsafe { ThisProcess::new() }
}

/// Makes a value empty, whatever it was.
///
/// # Safety
/// `value` points to a `VARIANT`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VariantInit(value: u32) {
    memory().write_u16(value, 0);
}

/// Whether this is a type whose values are plain bytes, a text or an object.
fn is_known(kind: u16) -> bool {
    let plain = kind & !REFERENCE;
    kind & ARRAY == 0 && plain <= LAST_PLAIN && (kind & REFERENCE != 0 || kind == DECIMAL || !NO_TYPES.contains(&kind))
}

/// Calls a function of an object that takes nothing else.
///
/// # Safety
/// `object` is one, or 0.
unsafe fn call(object: u32, place: u32) {
    if object != 0 {
        let function = memory().read_u32(memory().read_u32(object) + place);
        // SAFETY: the caller's promise: objects have these functions.
        let function: extern "system" fn(u32) -> u32 = unsafe { core::mem::transmute(function) };
        function(object);
    }
}

/// Makes a value empty, and gives back what it has. An array is refused: there are none.
///
/// # Safety
/// `value` points to a `VARIANT`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VariantClear(value: u32) -> u32 {
    let kind = memory().read_u16(value);
    if !is_known(kind) {
        return BAD_TYPE;
    }
    let content = memory().read_u32(value + VALUE);
    match kind {
        // SAFETY: the caller's promise: the text is the value's own.
        TEXT => unsafe { SysFreeString(content) },
        // SAFETY: the caller's promise: the value counts as a user of the object.
        DISPATCH | UNKNOWN => unsafe { call(content, RELEASE) },
        _ => {}
    }
    memory().write_u16(value, 0);
    OK
}

/// Makes a value a copy of another.
///
/// # Safety
/// Both point to `VARIANT`s.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VariantCopy(target: u32, source: u32) -> u32 {
    let kind = memory().read_u16(source);
    if !is_known(kind) {
        return BAD_TYPE;
    }
    if target == source {
        return OK;
    }
    // SAFETY: the caller's promise.
    let cleared = unsafe { VariantClear(target) };
    if cleared != OK {
        return cleared;
    }
    let mut bytes = [0; SIZE];
    memory().read_bytes(source, &mut bytes);
    let content = memory().read_u32(source + VALUE);
    match kind {
        TEXT => {
            // SAFETY: the caller's promise.
            let text = unsafe { copy(content) };
            if content != 0 && text == 0 {
                return NO_MEMORY;
            }
            bytes[VALUE as usize..VALUE as usize + 4].copy_from_slice(&text.to_le_bytes());
        }
        // SAFETY: the caller's promise.
        DISPATCH | UNKNOWN => unsafe { call(content, ADD_REFERENCE) },
        _ => {}
    }
    memory().write_bytes(target, &bytes);
    OK
}
