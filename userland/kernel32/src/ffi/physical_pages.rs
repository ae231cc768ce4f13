//! Frames that a program maps itself (AWE), and how large large pages are.

use user_ffi::shared_data;

use super::last_error::{Bool, succeeded};
use super::nt::{
    NtAllocateUserPhysicalPages, NtFreeUserPhysicalPages, NtMapUserPhysicalPages, NtMapUserPhysicalPagesScatter,
};

/// Gives a process frames: how many, and their numbers.
///
/// # Safety
/// `count` points to a word, and `frames` to as many as that says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn AllocateUserPhysicalPages(process: u32, count: *mut u32, frames: *mut u32) -> Bool {
    // SAFETY: the caller's promise; bad pointers are refused by the service.
    succeeded(unsafe { NtAllocateUserPhysicalPages(process, count, frames) })
}

/// Frees frames of a process; what is mapped is unmapped. `count` is answered by how many were freed.
///
/// # Safety
/// As [`AllocateUserPhysicalPages`]; nobody uses the frames any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FreeUserPhysicalPages(process: u32, count: *mut u32, frames: *const u32) -> Bool {
    // SAFETY: the caller's promise; bad pointers are refused by the service.
    succeeded(unsafe { NtFreeUserPhysicalPages(process, count, frames) })
}

/// Maps frames in a row from an address in a window on, or unmaps what is there where `frames` is null.
///
/// # Safety
/// `frames` is null or points to `count` words; nobody uses what was mapped there before.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MapUserPhysicalPages(address: u32, count: u32, frames: *const u32) -> Bool {
    // SAFETY: the caller's promise; a bad pointer is refused by the service.
    succeeded(unsafe { NtMapUserPhysicalPages(address, count, frames) })
}

/// Maps a frame at each of `addresses`, or unmaps what is there where its number is 0 or `frames` is null.
///
/// # Safety
/// `addresses` points to `count` words, and `frames` too unless it is null; nobody uses what was mapped there before.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MapUserPhysicalPagesScatter(
    addresses: *const u32,
    count: u32,
    frames: *const u32,
) -> Bool {
    // SAFETY: the caller's promise; bad pointers are refused by the service.
    succeeded(unsafe { NtMapUserPhysicalPagesScatter(addresses, count, frames) })
}

/// Bytes of the smallest large page: MEM_LARGE_PAGES wants multiples of it.
#[unsafe(no_mangle)]
pub extern "system" fn GetLargePageMinimum() -> u32 {
    shared_data().large_page_minimum()
}
