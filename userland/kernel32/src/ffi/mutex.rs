//! Mutexes.

use super::last_error::{Bool, succeeded};
use super::nt::{NtCreateMutant, NtReleaseMutant};
use super::object::{SecurityAttributes, attributes, create};

/// `MUTEX_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_0001;

/// Makes a mutex, which is the caller's at once where it wants that.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateMutexW(security: *const SecurityAttributes, owned: Bool, name: u32) -> u32 {
    // SAFETY: the caller's promise.
    let attributes = unsafe { attributes(security) };
    let owned = u32::from(owned != 0);
    // SAFETY: the service reads the attributes and writes the handle.
    create(name, |handle| unsafe { NtCreateMutant(handle, ALL_ACCESS, attributes.as_ptr(), owned) })
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`CreateMutexW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateMutexA(security: *const SecurityAttributes, owned: Bool, name: u32) -> u32 {
    // SAFETY: the caller's promise; the name is only compared with null.
    unsafe { CreateMutexW(security, owned, name) }
}

/// Gives a mutex back once.
#[unsafe(no_mangle)]
pub extern "system" fn ReleaseMutex(mutex: u32) -> Bool {
    // SAFETY: the service writes nothing.
    succeeded(unsafe { NtReleaseMutant(mutex, core::ptr::null_mut()) })
}
