//! Memory of other processes, and of this one by handle.

use super::last_error::{Bool, fail, fail_with, succeeded};
use super::nt::{NtFlushInstructionCache, NtProtectVirtualMemory, NtReadVirtualMemory, NtWriteVirtualMemory};
use super::virtual_memory::region_of;
use user_support::error::Win32Error;
use user_support::status::Status;

const MEM_COMMIT: u32 = 0x1000;
const READ_WRITE: u32 = 0x04;
const WRITE_COPY: u32 = 0x08;
const EXECUTE_READ_WRITE: u32 = 0x40;
/// Protections under which the bytes can be written as they are.
const WRITABLE: u32 = 0x04 | 0x08 | 0x40 | 0x80;
/// Protections that say "not for writing", and are respected.
const CLOSED: u32 = 0x01 | 0x02;

/// Copies memory out of a process.
///
/// # Safety
/// `buffer` has room for `size` bytes; `copied` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadProcessMemory(
    process: u32,
    address: u32,
    buffer: *mut u8,
    size: u32,
    copied: *mut u32,
) -> Bool {
    let mut count = 0;
    // SAFETY: the caller's promise; a bad buffer is refused by the service.
    let status = unsafe { NtReadVirtualMemory(process, address, buffer, size, &mut count) };
    // SAFETY: the caller's promise.
    unsafe { deliver(copied, count) };
    succeeded(status)
}

/// Copies memory into a process. As on Windows, pages that may be executed but not written are opened
/// for it, and pages that may only be read are not.
///
/// # Safety
/// `buffer` holds `size` bytes; `copied` is null or points to a word; the process can live with the change.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteProcessMemory(
    process: u32,
    address: u32,
    buffer: *const u8,
    size: u32,
    copied: *mut u32,
) -> Bool {
    let old = match open(process, address, size) {
        Ok(old) => old,
        // Large pages and windows of AWE have one protection for ever.
        Err(Status::CONFLICTING_ADDRESSES) if is_open(process, address, size) => {
            // SAFETY: the caller's promise.
            return unsafe { store(process, address, buffer, size, copied) };
        }
        Err(status) => return fail_with(status),
    };
    if old & WRITABLE != 0 || old & CLOSED != 0 {
        // What was open stays as it was, and so does what was closed.
        if let Err(status) = protect(process, address, size, old) {
            return fail_with(status);
        }
    }
    if old & CLOSED != 0 {
        return fail(Win32Error::NOACCESS);
    }
    // SAFETY: the caller's promise.
    let stored = unsafe { store(process, address, buffer, size, copied) };
    if old & WRITABLE == 0 {
        let closed = protect(process, address, size, old);
        debug_assert!(closed.is_ok());
        // SAFETY: flushing changes no contents.
        unsafe { NtFlushInstructionCache(process, address, size) };
    }
    stored
}

/// Writes to memory that is open.
///
/// # Safety
/// As [`WriteProcessMemory`].
unsafe fn store(process: u32, address: u32, buffer: *const u8, size: u32, copied: *mut u32) -> Bool {
    let mut count = 0;
    // SAFETY: the caller's promise; a bad buffer is refused by the service.
    let status = unsafe { NtWriteVirtualMemory(process, address, buffer, size, &mut count) };
    // SAFETY: the caller's promise.
    unsafe { deliver(copied, count) };
    succeeded(status)
}

/// Whether all of a range lies in one region that can be written as it is.
fn is_open(process: u32, address: u32, size: u32) -> bool {
    region_of(process, address).is_some_and(|(state, protection, end)| {
        let reaches = address.checked_add(size).is_some_and(|last| last <= end);
        state == MEM_COMMIT && protection & WRITABLE != 0 && reaches
    })
}

/// Makes code that was written visible to the processor; x86 does that by itself.
#[unsafe(no_mangle)]
pub extern "system" fn FlushInstructionCache(process: u32, address: u32, size: u32) -> Bool {
    // SAFETY: flushing changes no contents.
    succeeded(unsafe { NtFlushInstructionCache(process, address, size) })
}

/// Makes memory writable; what it allowed before. A view of a section may refuse to be executable, or to be changed but by copies.
fn open(process: u32, address: u32, size: u32) -> Result<u32, Status> {
    let mut opened = Err(Status::SECTION_PROTECTION);
    for protection in [EXECUTE_READ_WRITE, READ_WRITE, WRITE_COPY] {
        if opened == Err(Status::SECTION_PROTECTION) {
            opened = protect(process, address, size, protection);
        }
    }
    opened
}

fn protect(process: u32, address: u32, size: u32, protection: u32) -> Result<u32, Status> {
    let (mut base, mut size, mut old) = (address, size, 0);
    // SAFETY: `WriteProcessMemory`'s promise; the service writes the three words.
    let status = unsafe { NtProtectVirtualMemory(process, &mut base, &mut size, protection, &mut old) };
    Status(status).ok().map(|()| old)
}

/// # Safety
/// `target` is null or points to a word.
unsafe fn deliver(target: *mut u32, value: u32) {
    if !target.is_null() {
        // SAFETY: the caller's promise.
        unsafe { target.write(value) };
    }
}
