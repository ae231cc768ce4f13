//! Thread-local slots: a word per thread and index. 64 of them, in the TEB; which are in use stands in the PEB.

use user_ffi::{peb, teb};
use user_support::error::Win32Error;

use super::last_error::{Bool, TRUE, fail};

/// Slots a thread has.
const SLOTS: u32 = 64;
/// `TLS_OUT_OF_INDEXES`.
const NONE: u32 = 0xFFFF_FFFF;

fn in_use() -> u64 {
    u64::from(peb().slots_high()) << 32 | u64::from(peb().slots_low())
}

fn set_in_use(bits: u64) {
    peb().set_slots_low(bits as u32);
    peb().set_slots_high((bits >> 32) as u32);
}

/// Takes a free index. This thread's slot is zeroed; a thread that starts later begins with zeros anyway.
#[unsafe(no_mangle)]
pub extern "system" fn TlsAlloc() -> u32 {
    let bits = in_use();
    let index = (!bits).trailing_zeros();
    if index >= SLOTS {
        fail(Win32Error::NOT_ENOUGH_MEMORY);
        return NONE;
    }
    set_in_use(bits | 1 << index);
    teb().set_slot(index, 0);
    index
}

/// Gives an index back.
#[unsafe(no_mangle)]
pub extern "system" fn TlsFree(index: u32) -> Bool {
    let bits = in_use();
    if index >= SLOTS || bits & 1 << index == 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    set_in_use(bits & !(1 << index));
    teb().set_slot(index, 0);
    TRUE
}

/// The word of this thread. Success clears the last error, because 0 may be the value.
#[unsafe(no_mangle)]
pub extern "system" fn TlsGetValue(index: u32) -> u32 {
    if index >= SLOTS {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    teb().set_last_error(0);
    teb().slot(index)
}

/// Sets the word of this thread.
#[unsafe(no_mangle)]
pub extern "system" fn TlsSetValue(index: u32, value: u32) -> Bool {
    if index >= SLOTS {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    teb().set_slot(index, value);
    TRUE
}
