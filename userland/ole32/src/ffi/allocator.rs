//! The task allocator: the heap of the process.

use user_ffi::peb;

use super::nt::{RtlAllocateHeap, RtlFreeHeap, RtlReAllocateHeap};

/// A block of at least `size` bytes, or null.
#[unsafe(no_mangle)]
pub extern "system" fn CoTaskMemAlloc(size: u32) -> u32 {
    // SAFETY: the process heap lives as long as the process.
    unsafe { RtlAllocateHeap(peb().heap(), 0, size) }
}

/// Makes a block larger or smaller; null allocates, a size of 0 frees.
///
/// # Safety
/// `block` is null or came from these functions, and nobody uses it where it was.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CoTaskMemRealloc(block: u32, size: u32) -> u32 {
    if block == 0 {
        return CoTaskMemAlloc(size);
    }
    if size == 0 {
        // SAFETY: the caller's promise.
        unsafe { CoTaskMemFree(block) };
        return 0;
    }
    // SAFETY: the caller's promise.
    unsafe { RtlReAllocateHeap(peb().heap(), 0, block, size) }
}

/// Frees a block; null is nothing.
///
/// # Safety
/// `block` is null or came from these functions, and nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CoTaskMemFree(block: u32) {
    if block != 0 {
        // SAFETY: the caller's promise.
        unsafe { RtlFreeHeap(peb().heap(), 0, block) };
    }
}
