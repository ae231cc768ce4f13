//! Mutexes.

use super::last_error::{Bool, succeeded};
use super::nt::{NtCreateMutant, NtOpenMutant, NtReleaseMutant};
use super::object::{Name, SecurityAttributes, create, open};

/// `MUTEX_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_0001;

/// Makes a mutex, which is the caller's at once where it wants that, or opens the one of that name.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES, and `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateMutexW(security: *const SecurityAttributes, owned: Bool, name: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { create_mutex(security, owned, Name::Wide(name)) }
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`CreateMutexW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateMutexA(security: *const SecurityAttributes, owned: Bool, name: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { create_mutex(security, owned, Name::Bytes(name)) }
}

/// # Safety
/// As [`CreateMutexW`].
unsafe fn create_mutex(security: *const SecurityAttributes, owned: Bool, name: Name) -> u32 {
    let owned = u32::from(owned != 0);
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtCreateMutant(handle, ALL_ACCESS, attributes, owned) };
    // SAFETY: the caller's promise.
    unsafe { create(security, name, service) }
}

/// Opens the mutex called `name`.
///
/// # Safety
/// `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenMutexW(access: u32, inherit: Bool, name: *const u16) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenMutant(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Wide(name), service) }
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`OpenMutexW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenMutexA(access: u32, inherit: Bool, name: *const u8) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenMutant(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Bytes(name), service) }
}

/// Gives a mutex back once.
#[unsafe(no_mangle)]
pub extern "system" fn ReleaseMutex(mutex: u32) -> Bool {
    // SAFETY: the service writes nothing.
    succeeded(unsafe { NtReleaseMutant(mutex, core::ptr::null_mut()) })
}
