//! `IsBadReadPtr` and its like, answered by touching the pages: a guard page that they meet is none from then on, and that of the thread's own
//! stack makes the stack grow. Source: the warnings in the documentation of `IsBadReadPtr`.

use core::ptr::null_mut;

use user_ffi::bytes;

use super::last_error::{Bool, FALSE, TRUE};
use super::nt::{CURRENT_PROCESS, NtReadVirtualMemory};
use super::virtual_memory::region;

const MEM_COMMIT: u32 = 0x1000;
const PAGE_GUARD: u32 = 0x100;
/// Protections that let a program read: all but none at all and execution alone.
const READABLE: u32 = 0x02 | 0x04 | 0x08 | 0x20 | 0x40 | 0x80;

/// Whether all of `size` bytes at `address` can be read, without touching them.
pub(super) fn is_readable(address: u32, size: u32) -> bool {
    let Some(last) = address.checked_add(size.saturating_sub(1)) else { return false };
    let mut at = address;
    loop {
        match region(at) {
            Some((MEM_COMMIT, protection, end)) if protection & READABLE != 0 && protection & PAGE_GUARD == 0 => {
                if end == 0 || end > last {
                    return true;
                }
                at = end;
            }
            _ => return false,
        }
    }
}

/// Whether `touch` succeeds in every page of `size` bytes at `address`.
fn all_pages(address: u32, size: u32, touch: fn(u32) -> bool) -> bool {
    let Some(last) = address.checked_add(size.saturating_sub(1)) else { return false };
    let mut at = address;
    while touch(at) {
        match (at | 0xFFF).checked_add(1) {
            Some(next) if next <= last => at = next,
            _ => return true,
        }
    }
    false
}

/// Loads the byte at `at`.
fn takes_load(at: u32) -> bool {
    let mut byte = 0;
    // SAFETY: the byte is stored to a variable of this function; an address that is bad is refused by the service.
    unsafe { NtReadVirtualMemory(CURRENT_PROCESS, at, &mut byte, 1, null_mut()) == 0 }
}

/// Stores the byte at `at` where it is.
fn takes_store(at: u32) -> bool {
    // SAFETY: memory keeps the value that it has; an address that is bad is refused by the service.
    unsafe { NtReadVirtualMemory(CURRENT_PROCESS, at, at as *mut u8, 1, null_mut()) == 0 }
}

/// Whether some of the bytes cannot be read.
#[unsafe(no_mangle)]
pub extern "system" fn IsBadReadPtr(address: u32, size: u32) -> Bool {
    if size == 0 || all_pages(address, size, takes_load) { FALSE } else { TRUE }
}

/// Whether some of the bytes cannot be written.
#[unsafe(no_mangle)]
pub extern "system" fn IsBadWritePtr(address: u32, size: u32) -> Bool {
    if size == 0 || all_pages(address, size, takes_store) { FALSE } else { TRUE }
}

/// As [`IsBadReadPtr`]: once for blocks of more than 64 KB.
#[unsafe(no_mangle)]
pub extern "system" fn IsBadHugeReadPtr(address: u32, size: u32) -> Bool {
    IsBadReadPtr(address, size)
}

/// As [`IsBadWritePtr`].
#[unsafe(no_mangle)]
pub extern "system" fn IsBadHugeWritePtr(address: u32, size: u32) -> Bool {
    IsBadWritePtr(address, size)
}

/// Whether the address cannot be read, and so cannot be called.
#[unsafe(no_mangle)]
pub extern "system" fn IsBadCodePtr(address: u32) -> Bool {
    IsBadReadPtr(address, 1)
}

/// Whether a string of at most `limit` bytes cannot be read.
///
/// # Safety
/// Nobody changes the string or the memory it is in meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn IsBadStringPtrA(address: u32, limit: u32) -> Bool {
    let mut at = address;
    while at.wrapping_sub(address) < limit {
        if !takes_load(at) {
            return TRUE;
        }
        let page_end = (at | 0xFFF) + 1;
        // SAFETY: the page is readable, and the string is cut at its end.
        let rest = unsafe { bytes(at as *const u8, page_end - at) };
        if rest.contains(&0) {
            return FALSE;
        }
        at = page_end;
    }
    FALSE
}
