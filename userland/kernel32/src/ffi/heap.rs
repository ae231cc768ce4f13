//! Heaps. What allocates and frees is `ntdll`'s, by forwarders.

use user_ffi::{ThisProcess, peb};
use user_support::error::Win32Error;
use user_support::memory::Memory;
use user_support::status::Status;

use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{RtlCreateHeap, RtlDestroyHeap, RtlLockHeap, RtlUnlockHeap, RtlValidateHeap, RtlWalkHeap};

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

/// Flags of a walk's entry, as `ntdll` and as Win32 have them: a region, reserved memory, a block that is out.
const KINDS: [(u16, u16); 3] = [(0x2, 0x1), (0x100, 0x2), (0x1, 0x4)];

/// Steps through a heap: `entry`, whose address is 0 before the first step, is the next one's then.
///
/// # Safety
/// `entry` points to a PROCESS_HEAP_ENTRY that the last step left as it is; nobody changes the heap meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HeapWalk(heap: u32, entry: *mut [u32; 7]) -> Bool {
    if entry.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    let mut words = unsafe { entry.read_unaligned() };
    let known = (words[2] >> 16) as u16;
    let native = KINDS.iter().find(|(_, flag)| known & flag != 0).map_or(0, |(native, _)| *native);
    words[2] = words[2] & 0xFFFF | u32::from(native) << 16;
    // SAFETY: both entries are seven words, in the same order.
    let status = unsafe { RtlWalkHeap(heap, words.as_mut_ptr().cast()) };
    if let Err(status) = Status(status).ok() {
        return fail_with(status);
    }
    let native = (words[2] >> 16) as u16;
    let flag = KINDS.iter().find(|(kind, _)| native & kind != 0).map_or(0, |(_, flag)| *flag);
    words[2] = words[2] & 0xFFFF | u32::from(flag) << 16;
    // SAFETY: as above.
    unsafe { entry.write_unaligned(words) };
    TRUE
}

/// What a heap's compatibility is: this one has lists of freed blocks by size in front, which is 1.
///
/// # Safety
/// `target` has room for `length` bytes; `returned` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HeapQueryInformation(
    _heap: u32,
    class: u32,
    target: *mut u32,
    length: u32,
    returned: *mut u32,
) -> Bool {
    /// `HeapCompatibilityInformation`, and how a heap with lookaside lists answers.
    const COMPATIBILITY: u32 = 0;
    const LOOKASIDE: u32 = 1;
    if class != COMPATIBILITY {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    if !returned.is_null() {
        // SAFETY: the caller's promise.
        unsafe { returned.write_unaligned(4) };
    }
    if target.is_null() || length < 4 {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    // SAFETY: as above.
    unsafe { target.write_unaligned(LOOKASIDE) };
    TRUE
}

/// The heaps of the process: how many there are; as many as there is room for are told.
///
/// # Safety
/// `target` has room for `room` words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessHeaps(room: u32, target: *mut u32) -> u32 {
    // SAFETY: the PEB's list of heaps is only read.
    let memory = unsafe { ThisProcess::new() };
    let count = peb().heap_count();
    for index in 0..count.min(room) {
        // SAFETY: the caller's promise.
        unsafe { target.wrapping_add(index as usize).write_unaligned(memory.read_u32(peb().heaps() + 4 * index)) };
    }
    count
}
