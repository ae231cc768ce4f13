//! Thread-local slots: a word per thread and index. The first 64 stand in the TEB; the 1024 behind them in a block that a thread
//! gets when it first sets one. Which are in use stands in the PEB, under its lock.

use user_ffi::{ThisProcess, peb, teb};
use user_support::error::Win32Error;
use user_support::memory::Memory;

use super::last_error::{Bool, TRUE, fail};
use super::nt::{
    CURRENT_THREAD, NtSetInformationThread, RtlAllocateHeap, RtlEnterCriticalSection, RtlLeaveCriticalSection,
};

/// Slots in the TEB.
const SLOTS: u32 = 64;
/// Slots behind them.
const EXPANSION_SLOTS: u32 = 1024;
/// `TLS_OUT_OF_INDEXES`.
const NONE: u32 = 0xFFFF_FFFF;
/// `ThreadZeroTlsCell`: the slot of every thread of the process.
const ZERO_SLOT: u32 = 10;
/// `HEAP_ZERO_MEMORY`.
const ZERO_MEMORY: u32 = 8;

fn memory() -> ThisProcess {
    // SAFETY: only the bits in the PEB and this thread's own slots are touched.
    unsafe { ThisProcess::new() }
}

/// The word with the bit of `index`, and the bit.
fn bit_of(index: u32) -> (u32, u32) {
    let (bits, index) =
        if index < SLOTS { (peb().slot_bits(), index) } else { (peb().expansion_bits(), index - SLOTS) };
    (bits + index / 32 * 4, 1 << (index % 32))
}

/// Calls `act` with the PEB's lock held.
pub(super) fn locked<T>(act: impl FnOnce() -> T) -> T {
    let lock = peb().lock();
    // SAFETY: the PEB's lock, which lives as long as the process.
    unsafe { RtlEnterCriticalSection(lock) };
    let result = act();
    // SAFETY: as above; this thread has it.
    unsafe { RtlLeaveCriticalSection(lock) };
    result
}

/// Address of this thread's word `index`, where it has one.
fn slot(index: u32) -> Option<u32> {
    let block = teb().expansion_slots();
    (block != 0).then(|| block + (index - SLOTS) * 4)
}

/// Takes a free index. This thread's slot is zeroed; those of others were when the index was given back.
#[unsafe(no_mangle)]
pub extern "system" fn TlsAlloc() -> u32 {
    locked(|| {
        let words = (0..SLOTS + EXPANSION_SLOTS).step_by(32).map(|first| (first, bit_of(first).0));
        for (first, word) in words {
            let bits = memory().read_u32(word);
            if bits != u32::MAX {
                let index = first + (!bits).trailing_zeros();
                if index >= SLOTS && ensure_block() == 0 {
                    break;
                }
                memory().write_u32(word, bits | 1 << (index % 32));
                store(index, 0);
                return index;
            }
        }
        fail(Win32Error::NOT_ENOUGH_MEMORY);
        NONE
    })
}

/// This thread's block of slots, made where there is none; 0 where there is no room.
fn ensure_block() -> u32 {
    if teb().expansion_slots() == 0 {
        // SAFETY: the process heap lives as long as the process.
        let block = unsafe { RtlAllocateHeap(peb().heap(), ZERO_MEMORY, EXPANSION_SLOTS * 4) };
        teb().set_expansion_slots(block);
    }
    teb().expansion_slots()
}

fn store(index: u32, value: u32) {
    if index < SLOTS {
        teb().set_slot(index, value);
    } else if let Some(slot) = slot(index) {
        memory().write_u32(slot, value);
    }
}

/// Gives an index back; the slots of all threads are zeroed.
#[unsafe(no_mangle)]
pub extern "system" fn TlsFree(index: u32) -> Bool {
    if index >= SLOTS + EXPANSION_SLOTS {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    locked(|| {
        let (word, bit) = bit_of(index);
        let bits = memory().read_u32(word);
        if bits & bit == 0 {
            return fail(Win32Error::INVALID_PARAMETER);
        }
        // SAFETY: the service reads the index.
        unsafe { NtSetInformationThread(CURRENT_THREAD, ZERO_SLOT, (&raw const index).cast(), 4) };
        memory().write_u32(word, bits & !bit);
        TRUE
    })
}

/// The word of this thread. Success clears the last error, because 0 may be the value.
#[unsafe(no_mangle)]
pub extern "system" fn TlsGetValue(index: u32) -> u32 {
    if index < SLOTS {
        teb().set_last_error(0);
        return teb().slot(index);
    }
    if index >= SLOTS + EXPANSION_SLOTS {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    teb().set_last_error(0);
    slot(index).map_or(0, |slot| memory().read_u32(slot))
}

/// Sets the word of this thread.
#[unsafe(no_mangle)]
pub extern "system" fn TlsSetValue(index: u32, value: u32) -> Bool {
    if index >= SLOTS + EXPANSION_SLOTS {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    if index >= SLOTS && ensure_block() == 0 {
        return fail(Win32Error::NOT_ENOUGH_MEMORY);
    }
    store(index, value);
    TRUE
}
