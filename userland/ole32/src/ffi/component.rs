//! COM, started and ended by each thread that wants it, and its classes, of which none is registered.
//!
//! Source: documented behaviour; `winerror.h`'s numbers.

use core::sync::atomic::{AtomicU32, Ordering};

use super::nt::{TlsAlloc, TlsGetValue, TlsSetValue};

/// `S_OK`, `S_FALSE`.
const OK: u32 = 0;
const ALREADY: u32 = 1;
/// `E_INVALIDARG`, `MK_E_UNAVAILABLE`, `RPC_E_CHANGED_MODE`, `REGDB_E_CLASSNOTREG`, `CO_E_NOTINITIALIZED`.
const INVALID_ARGUMENT: u32 = 0x8007_0057;
const UNAVAILABLE: u32 = 0x8004_01E3;
const CHANGED_MODE: u32 = 0x8001_0106;
const CLASS_NOT_REGISTERED: u32 = 0x8004_0154;
const NOT_INITIALISED: u32 = 0x8004_01F0;
/// `COINIT_APARTMENTTHREADED`; other bits of how a thread starts COM that there are.
const APARTMENT: u32 = 2;
const KNOWN: u32 = 0xE;
/// What a thread keeps in its slot: how often it started COM, and in the highest bit whether as an apartment.
const AS_APARTMENT: u32 = 1 << 31;

/// The slot of the threads' words, plus one; 0 until somebody needs it.
static SLOT: AtomicU32 = AtomicU32::new(0);

fn slot() -> u32 {
    let known = SLOT.load(Ordering::Acquire);
    if known != 0 {
        return known - 1;
    }
    // SAFETY: getting a slot touches no memory of ours.
    let made = unsafe { TlsAlloc() };
    match SLOT.compare_exchange(0, made.wrapping_add(1), Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => made,
        // The slot that was got in vain stays.
        Err(other) => other - 1,
    }
}

fn state() -> u32 {
    // SAFETY: the slot is ours.
    unsafe { TlsGetValue(slot()) }
}

fn set_state(word: u32) {
    // SAFETY: the slot is ours.
    unsafe { TlsSetValue(slot(), word) };
}

/// Starts COM for the thread, as an apartment.
#[unsafe(no_mangle)]
pub extern "system" fn CoInitialize(reserved: u32) -> u32 {
    CoInitializeEx(reserved, APARTMENT)
}

/// Starts COM for the thread.
#[unsafe(no_mangle)]
pub extern "system" fn CoInitializeEx(reserved: u32, how: u32) -> u32 {
    if reserved != 0 || how & !KNOWN != 0 {
        return INVALID_ARGUMENT;
    }
    let kind = if how & APARTMENT != 0 { AS_APARTMENT } else { 0 };
    match state() & !AS_APARTMENT {
        0 => {
            set_state(kind | 1);
            OK
        }
        _ if state() & AS_APARTMENT != kind => CHANGED_MODE,
        _ => {
            set_state(state() + 1);
            ALREADY
        }
    }
}

/// Ends COM for the thread, when it is called as often as it was started.
#[unsafe(no_mangle)]
pub extern "system" fn CoUninitialize() {
    match state() & !AS_APARTMENT {
        0 => {}
        1 => set_state(0),
        _ => set_state(state() - 1),
    }
}

/// Starts COM for the thread, with OLE.
#[unsafe(no_mangle)]
pub extern "system" fn OleInitialize(reserved: u32) -> u32 {
    CoInitialize(reserved)
}

/// Ends it.
#[unsafe(no_mangle)]
pub extern "system" fn OleUninitialize() {
    CoUninitialize();
}

/// Writes a null where an object was wanted, and tells why there is none.
///
/// # Safety
/// `target` is null or points to a word.
unsafe fn no_object(target: *mut u32, why: u32) -> u32 {
    if target.is_null() {
        return INVALID_ARGUMENT;
    }
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(0) };
    if state() == 0 { NOT_INITIALISED } else { why }
}

/// An object of a class: none is registered.
///
/// # Safety
/// `target` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CoCreateInstance(
    _class: u32,
    _outer: u32,
    _context: u32,
    _interface: u32,
    target: *mut u32,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { no_object(target, CLASS_NOT_REGISTERED) }
}

/// What makes objects of a class: none is registered.
///
/// # Safety
/// `target` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CoGetClassObject(
    _class: u32,
    _context: u32,
    _server: u32,
    _interface: u32,
    target: *mut u32,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { no_object(target, CLASS_NOT_REGISTERED) }
}

/// The table of objects that run: there is none.
///
/// # Safety
/// `target` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetRunningObjectTable(_reserved: u32, target: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { no_object(target, UNAVAILABLE) }
}

/// What is needed to find objects by name: there is none.
///
/// # Safety
/// `target` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateBindCtx(_reserved: u32, target: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { no_object(target, UNAVAILABLE) }
}

/// Says what the process allows others: nobody asks.
#[unsafe(no_mangle)]
pub extern "system" fn CoInitializeSecurity(
    _descriptor: u32,
    _count: u32,
    _services: u32,
    _reserved: u32,
    _level: u32,
    _impersonation: u32,
    _list: u32,
    _capabilities: u32,
    _reserved_too: u32,
) -> u32 {
    if state() == 0 { NOT_INITIALISED } else { OK }
}
