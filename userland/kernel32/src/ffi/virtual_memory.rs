//! `VirtualAlloc` and its kin.

use user_support::error::Win32Error;
use user_support::status::Status;

use super::last_error::{Bool, fail, fail_with, succeeded};
use super::nt::{
    CURRENT_PROCESS, NtAllocateVirtualMemory, NtFreeVirtualMemory, NtGetWriteWatch, NtLockVirtualMemory,
    NtProtectVirtualMemory, NtQueryVirtualMemory, NtResetWriteWatch, NtUnlockVirtualMemory,
};

const MEM_RELEASE: u32 = 0x8000;
/// Regions begin at multiples of this, and nothing lies below the first.
const GRANULARITY: u32 = 0x1_0000;
/// `MemoryBasicInformation`.
const BASIC_INFORMATION: u32 = 0;
/// Lock in the working set.
const LOCK_IN_WORKING_SET: u32 = 1;

/// Reserves or commits memory of this process.
///
/// # Safety
/// Committing or reserving changes only memory that the caller names or that is free.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualAlloc(address: u32, size: u32, kind: u32, protection: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { VirtualAllocEx(CURRENT_PROCESS, address, size, kind, protection) }
}

/// Reserves or commits memory of a process. Returns the address, or 0.
///
/// # Safety
/// As [`VirtualAlloc`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualAllocEx(process: u32, address: u32, size: u32, kind: u32, protection: u32) -> u32 {
    if address != 0 && address < GRANULARITY {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let (mut base, mut size) = (address, size);
    // SAFETY: the caller's promise; the service writes the two words.
    let status = unsafe { NtAllocateVirtualMemory(process, &mut base, 0, &mut size, kind, protection) };
    match Status(status).ok() {
        Ok(()) => base,
        Err(status) => fail_with(status),
    }
}

/// Decommits or releases memory of this process.
///
/// # Safety
/// Nobody uses the memory any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualFree(address: u32, size: u32, kind: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { VirtualFreeEx(CURRENT_PROCESS, address, size, kind) }
}

/// Decommits or releases memory of a process. A release takes a whole region, so its size must be 0: the system
/// service is not that strict, Win32 is.
///
/// # Safety
/// As [`VirtualFree`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualFreeEx(process: u32, address: u32, size: u32, kind: u32) -> Bool {
    if kind & MEM_RELEASE != 0 && size != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let (mut base, mut size) = (address, size);
    // SAFETY: the caller's promise; the service writes the two words.
    succeeded(unsafe { NtFreeVirtualMemory(process, &mut base, &mut size, kind) })
}

/// Changes the protection of memory of this process.
///
/// # Safety
/// The caller uses the memory as its new protection allows; `old` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualProtect(address: u32, size: u32, protection: u32, old: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { VirtualProtectEx(CURRENT_PROCESS, address, size, protection, old) }
}

/// Changes the protection of memory of a process.
///
/// # Safety
/// As [`VirtualProtect`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualProtectEx(
    process: u32,
    address: u32,
    size: u32,
    protection: u32,
    old: *mut u32,
) -> Bool {
    let (mut base, mut size) = (address, size);
    // SAFETY: the caller's promise; a bad `old` is refused by the service.
    succeeded(unsafe { NtProtectVirtualMemory(process, &mut base, &mut size, protection, old) })
}

/// Describes the memory at an address of this process. Returns the bytes written, or 0.
///
/// # Safety
/// `buffer` has room for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualQuery(address: u32, buffer: *mut u8, length: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { VirtualQueryEx(CURRENT_PROCESS, address, buffer, length) }
}

/// Describes the memory at an address of a process. Returns the bytes written, or 0.
///
/// # Safety
/// As [`VirtualQuery`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualQueryEx(process: u32, address: u32, buffer: *mut u8, length: u32) -> u32 {
    let mut written = 0;
    // SAFETY: the caller's promise; a bad buffer is refused by the service.
    let status = unsafe { NtQueryVirtualMemory(process, address, BASIC_INFORMATION, buffer, length, &mut written) };
    match Status(status).ok() {
        Ok(()) => written,
        Err(status) => fail_with(status),
    }
}

/// Keeps memory in RAM.
///
/// # Safety
/// None beyond the signature: the service checks the range.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualLock(address: u32, size: u32) -> Bool {
    let (mut base, mut size) = (address, size);
    // SAFETY: the service writes the two words and changes no contents.
    succeeded(unsafe { NtLockVirtualMemory(CURRENT_PROCESS, &mut base, &mut size, LOCK_IN_WORKING_SET) })
}

/// Lets memory leave RAM again.
///
/// # Safety
/// None beyond the signature: the service checks the range.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VirtualUnlock(address: u32, size: u32) -> Bool {
    let (mut base, mut size) = (address, size);
    // SAFETY: the service writes the two words and changes no contents.
    succeeded(unsafe { NtUnlockVirtualMemory(CURRENT_PROCESS, &mut base, &mut size, LOCK_IN_WORKING_SET) })
}

/// Stores the addresses of the pages of a watched region that have been written to in an array of `count` of them, how many there were, and how large
/// a page is. Returns 0, or all ones where it fails.
///
/// # Safety
/// The pointers are good for what is stored there; the service refuses others.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetWriteWatch(
    flags: u32,
    base: u32,
    size: u32,
    addresses: *mut u32,
    count: *mut u32,
    granularity: *mut u32,
) -> u32 {
    // SAFETY: the caller's promise.
    watch_result(unsafe { NtGetWriteWatch(CURRENT_PROCESS, flags, base, size, addresses, count, granularity) })
}

/// Forgets that pages of a watched region were written to. Returns 0, or all ones where it fails.
///
/// # Safety
/// None beyond the signature: the service checks the range.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ResetWriteWatch(base: u32, size: u32) -> u32 {
    // SAFETY: the service changes no contents.
    watch_result(unsafe { NtResetWriteWatch(CURRENT_PROCESS, base, size) })
}

fn watch_result(status: u32) -> u32 {
    const FAILED: u32 = u32::MAX;
    match Status(status).ok() {
        Ok(()) => 0,
        Err(status) => {
            fail_with(status);
            FAILED
        }
    }
}

/// State and protection of the region that holds `address`, and where the region ends; `None` above user space.
pub(super) fn region(address: u32) -> Option<(u32, u32, u32)> {
    region_of(CURRENT_PROCESS, address)
}

/// The same of a process.
pub(super) fn region_of(process: u32, address: u32) -> Option<(u32, u32, u32)> {
    let mut words = [0u32; 7];
    let (buffer, mut written) = (words.as_mut_ptr().cast(), 0);
    // SAFETY: the service writes at most seven words.
    let status = unsafe { NtQueryVirtualMemory(process, address, BASIC_INFORMATION, buffer, 28, &mut written) };
    Status(status).is_success().then(|| (words[4], words[5], words[0].wrapping_add(words[3])))
}
