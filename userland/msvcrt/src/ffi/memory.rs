//! `malloc` and its kin, on the heap of the process.

use user_crt::error::Errno;
use user_ffi::peb;

use super::nt::{RtlAllocateHeap, RtlFreeHeap, RtlReAllocateHeap, RtlSizeHeap};
use super::thread_data::set_errno;

/// `HEAP_ZERO_MEMORY`.
const ZEROED: u32 = 0x8;
/// Sizes above this are refused without asking the heap.
#[doc(alias = "_HEAP_MAXREQ")]
const LARGEST: u32 = 0xFFFF_FFE0;

fn allocate(size: u32, flags: u32) -> u32 {
    // SAFETY: the process heap lives as long as the process.
    let block = if size <= LARGEST { unsafe { RtlAllocateHeap(peb().heap(), flags, size.max(1)) } } else { 0 };
    if block == 0 {
        set_errno(Errno::ENOMEM);
    }
    block
}

/// A block of at least `size` bytes, or null.
#[unsafe(no_mangle)]
pub extern "C" fn malloc(size: u32) -> u32 {
    allocate(size, 0)
}

/// A block of `count` times `size` zeros, or null.
#[unsafe(no_mangle)]
pub extern "C" fn calloc(count: u32, size: u32) -> u32 {
    allocate(count.saturating_mul(size), ZEROED)
}

/// Makes a block larger or smaller; it may move. A null block is allocated, one of size 0 freed.
///
/// # Safety
/// `block` is null or came from these functions, and nobody uses it where it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(block: u32, size: u32) -> u32 {
    if block == 0 {
        return allocate(size, 0);
    }
    if size == 0 {
        // SAFETY: the caller's promise.
        unsafe { free(block) };
        return 0;
    }
    // SAFETY: the caller's promise.
    let moved = if size <= LARGEST { unsafe { RtlReAllocateHeap(peb().heap(), 0, block, size) } } else { 0 };
    if moved == 0 {
        set_errno(Errno::ENOMEM);
    }
    moved
}

/// Frees a block; null is nothing.
///
/// # Safety
/// `block` is null or came from these functions, and nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(block: u32) {
    if block != 0 {
        // SAFETY: the caller's promise.
        unsafe { RtlFreeHeap(peb().heap(), 0, block) };
    }
}

/// The bytes of a block.
///
/// # Safety
/// `block` came from these functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _msize(block: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { RtlSizeHeap(peb().heap(), 0, block) }
}

/// Makes a block larger or smaller where it is, or not at all.
///
/// # Safety
/// As [`realloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _expand(block: u32, size: u32) -> u32 {
    /// `HEAP_REALLOC_IN_PLACE_ONLY`.
    const IN_PLACE: u32 = 0x10;
    // SAFETY: the caller's promise.
    unsafe { RtlReAllocateHeap(peb().heap(), IN_PLACE, block, size.max(1)) }
}

/// A copy of `text` with its zero on the heap, for functions that return strings to be freed.
pub(super) fn duplicate(bytes: &[u8]) -> u32 {
    let block = allocate(bytes.len() as u32 + 1, 0);
    if block != 0 {
        // SAFETY: the block was just allocated with room for the text and a zero.
        let target = unsafe { user_ffi::bytes_mut(block as *mut u8, bytes.len() as u32 + 1) };
        target[..bytes.len()].copy_from_slice(bytes);
        target[bytes.len()] = 0;
    }
    block
}

/// The same for UTF-16.
pub(super) fn duplicate_wide(units: &[u16]) -> u32 {
    let count = units.len() as u32 + 1;
    let block = allocate(2 * count, 0);
    if block != 0 {
        // SAFETY: the block was just allocated with room for the text and a zero.
        let target = unsafe { user_ffi::wide_mut(block as *mut u16, count) };
        target[..units.len()].copy_from_slice(units);
        target[units.len()] = 0;
    }
    block
}
