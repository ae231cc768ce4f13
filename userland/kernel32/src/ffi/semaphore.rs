//! Semaphores.

use super::last_error::{Bool, succeeded};
use super::nt::{NtCreateSemaphore, NtReleaseSemaphore};
use super::object::{SecurityAttributes, attributes, create};

/// `SEMAPHORE_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_0003;

/// Makes a semaphore.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateSemaphoreW(
    security: *const SecurityAttributes,
    count: i32,
    limit: i32,
    name: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let attributes = unsafe { attributes(security) };
    // SAFETY: the service reads the attributes and writes the handle.
    create(name, |handle| unsafe { NtCreateSemaphore(handle, ALL_ACCESS, attributes.as_ptr(), count, limit) })
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`CreateSemaphoreW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateSemaphoreA(
    security: *const SecurityAttributes,
    count: i32,
    limit: i32,
    name: u32,
) -> u32 {
    // SAFETY: the caller's promise; the name is only compared with null.
    unsafe { CreateSemaphoreW(security, count, limit, name) }
}

/// Adds to a semaphore's count, and tells what it was.
///
/// # Safety
/// `before` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReleaseSemaphore(semaphore: u32, count: i32, before: *mut u32) -> Bool {
    // SAFETY: the service writes the word, or answers with a status.
    succeeded(unsafe { NtReleaseSemaphore(semaphore, count, before) })
}
