//! Semaphores.

use super::last_error::{Bool, succeeded};
use super::nt::{NtCreateSemaphore, NtOpenSemaphore, NtReleaseSemaphore};
use super::object::{Name, SecurityAttributes, create, open};

/// `SEMAPHORE_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_0003;

/// Makes a semaphore, or opens the one of that name.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES, and `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateSemaphoreW(
    security: *const SecurityAttributes,
    count: i32,
    limit: i32,
    name: *const u16,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { create_semaphore(security, count, limit, Name::Wide(name)) }
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
    name: *const u8,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { create_semaphore(security, count, limit, Name::Bytes(name)) }
}

/// # Safety
/// As [`CreateSemaphoreW`].
unsafe fn create_semaphore(security: *const SecurityAttributes, count: i32, limit: i32, name: Name) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service =
        |handle: &mut u32, attributes| unsafe { NtCreateSemaphore(handle, ALL_ACCESS, attributes, count, limit) };
    // SAFETY: the caller's promise.
    unsafe { create(security, name, service) }
}

/// Opens the semaphore called `name`.
///
/// # Safety
/// `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenSemaphoreW(access: u32, inherit: Bool, name: *const u16) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenSemaphore(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Wide(name), service) }
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`OpenSemaphoreW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenSemaphoreA(access: u32, inherit: Bool, name: *const u8) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenSemaphore(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Bytes(name), service) }
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
