//! `LocalAlloc` and `GlobalAlloc`, relics of 16-bit Windows: blocks of the process heap.
//!
//! Every block is fixed: its handle is its address, whether a movable one was asked for or not, and locking it gives the
//! same address. Programs that follow the rules cannot tell.

use user_ffi::peb;
use user_support::error::Win32Error;

use super::last_error::{Bool, FALSE, fail};
use super::nt::{RtlAllocateHeap, RtlFreeHeap, RtlReAllocateHeap, RtlSizeHeap};

/// `LMEM_ZEROINIT`.
const ZERO: u32 = 0x40;
/// `LMEM_MODIFY`: change the block's attributes only.
const MODIFY: u32 = 0x80;
/// `HEAP_ZERO_MEMORY`.
const HEAP_ZERO: u32 = 0x8;
/// What [`RtlSizeHeap`] says of what is no block.
const NO_SIZE: u32 = 0xFFFF_FFFF;

macro_rules! twins {
    ($($(#[$meta:meta])* ($local:ident, $global:ident) ($($argument:ident),*) = $body:expr;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// The caller owns the block it names and, when it is freed or moved, uses the old address no more.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $local($($argument: u32),*) -> u32 {
            $body
        }

        #[doc = concat!("The same as [`", stringify!($local), "`].")]
        ///
        /// # Safety
        /// As there.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $global($($argument: u32),*) -> u32 {
            $body
        }
    )*};
}

twins! {
    /// Allocates a block; 0 for no memory.
    (LocalAlloc, GlobalAlloc) (flags, size) = allocate(flags, size);
    /// Frees a block. Returns 0, or the handle on failure.
    (LocalFree, GlobalFree) (handle) = free(handle);
    /// Changes a block's size. Returns its new handle, or 0.
    (LocalReAlloc, GlobalReAlloc) (handle, size, flags) = reallocate(handle, size, flags);
    /// The size of a block, or 0.
    (LocalSize, GlobalSize) (handle) = size(handle);
    /// The address of a block.
    (LocalLock, GlobalLock) (handle) = handle;
    /// Says that the address is no longer used: no locks are left.
    (LocalUnlock, GlobalUnlock) (_handle) = unlock();
    /// The handle of the block at an address.
    (LocalHandle, GlobalHandle) (address) = address;
}

fn zeroing(flags: u32) -> u32 {
    if flags & ZERO != 0 { HEAP_ZERO } else { 0 }
}

fn allocate(flags: u32, size: u32) -> u32 {
    // SAFETY: the process heap lives as long as the process.
    let block = unsafe { RtlAllocateHeap(peb().heap(), zeroing(flags), size) };
    if block == 0 { fail(Win32Error::NOT_ENOUGH_MEMORY) } else { block }
}

fn free(handle: u32) -> u32 {
    // SAFETY: the callers above pass on the promise that the block is not used any more.
    if unsafe { RtlFreeHeap(peb().heap(), 0, handle) } != 0 {
        return 0;
    }
    fail(Win32Error::INVALID_HANDLE);
    handle
}

fn reallocate(handle: u32, size: u32, flags: u32) -> u32 {
    if flags & MODIFY != 0 {
        return handle;
    }
    // SAFETY: the callers above pass on the promise that the old address is not used if the block moves.
    let block = unsafe { RtlReAllocateHeap(peb().heap(), zeroing(flags), handle, size) };
    if block == 0 { fail(Win32Error::NOT_ENOUGH_MEMORY) } else { block }
}

fn size(handle: u32) -> u32 {
    // SAFETY: the process heap is alive; what is no block is told apart.
    match unsafe { RtlSizeHeap(peb().heap(), 0, handle) } {
        NO_SIZE => fail(Win32Error::INVALID_HANDLE),
        size => size,
    }
}

fn unlock() -> Bool {
    fail(Win32Error::SUCCESS);
    FALSE
}
