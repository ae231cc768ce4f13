//! Heaps. What allocates and frees is `ntdll`'s, by forwarders.

use user_ffi::peb;
use user_support::error::Win32Error;

use super::last_error::{Bool, TRUE, fail};
use super::nt::{RtlCreateHeap, RtlDestroyHeap, RtlLockHeap, RtlUnlockHeap, RtlValidateHeap};

/// Options that reach the heap: no serialisation, exceptions, zeroed memory.
const OPTIONS: u32 = 0x1 | 0x4 | 0x8;
/// `HEAP_GROWABLE`.
const GROWABLE: u32 = 0x2;

/// The heap of the process.
#[unsafe(no_mangle)]
pub extern "system" fn GetProcessHeap() -> u32 {
    peb().heap()
}

/// Makes a heap of `initial` committed bytes that may grow to `maximum`, or without end for 0.
#[unsafe(no_mangle)]
pub extern "system" fn HeapCreate(options: u32, initial: u32, maximum: u32) -> u32 {
    let growable = if maximum == 0 { GROWABLE } else { 0 };
    // SAFETY: no base, lock or parameters are passed.
    let heap = unsafe { RtlCreateHeap(options & OPTIONS | growable, 0, maximum, initial, 0, 0) };
    if heap == 0 { fail(Win32Error::NOT_ENOUGH_MEMORY) } else { heap }
}

/// Ends a heap.
///
/// # Safety
/// Nobody uses the heap or its blocks any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HeapDestroy(heap: u32) -> Bool {
    // SAFETY: the caller's promise.
    if unsafe { RtlDestroyHeap(heap) } == 0 { TRUE } else { fail(Win32Error::INVALID_HANDLE) }
}

/// Whether a heap, or a block of it, is sound.
///
/// # Safety
/// The heap is alive.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HeapValidate(heap: u32, flags: u32, address: u32) -> Bool {
    // SAFETY: the caller's promise.
    Bool::from(unsafe { RtlValidateHeap(heap, flags, address) })
}

/// Takes a heap's lock.
///
/// # Safety
/// The heap is alive.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HeapLock(heap: u32) -> Bool {
    // SAFETY: the caller's promise.
    Bool::from(unsafe { RtlLockHeap(heap) })
}

/// Gives a heap's lock back.
///
/// # Safety
/// The heap is alive and this thread has its lock.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HeapUnlock(heap: u32) -> Bool {
    // SAFETY: the caller's promise.
    Bool::from(unsafe { RtlUnlockHeap(heap) })
}
