//! Events.

use super::last_error::{Bool, succeeded};
use super::nt::{NtCreateEvent, NtPulseEvent, NtResetEvent, NtSetEvent};
use super::object::{SecurityAttributes, attributes, create};

/// `EVENT_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_0003;

/// Makes an event; `manual` ones stay set until they are reset.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateEventW(
    security: *const SecurityAttributes,
    manual: Bool,
    set: Bool,
    name: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let attributes = unsafe { attributes(security) };
    let (kind, set) = (u32::from(manual == 0), u32::from(set != 0));
    // SAFETY: the service reads the attributes and writes the handle.
    create(name, |handle| unsafe { NtCreateEvent(handle, ALL_ACCESS, attributes.as_ptr(), kind, set) })
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`CreateEventW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateEventA(
    security: *const SecurityAttributes,
    manual: Bool,
    set: Bool,
    name: u32,
) -> u32 {
    // SAFETY: the caller's promise; the name is only compared with null.
    unsafe { CreateEventW(security, manual, set, name) }
}

/// Sets an event.
#[unsafe(no_mangle)]
pub extern "system" fn SetEvent(event: u32) -> Bool {
    // SAFETY: the service writes nothing.
    succeeded(unsafe { NtSetEvent(event, core::ptr::null_mut()) })
}

/// Resets an event.
#[unsafe(no_mangle)]
pub extern "system" fn ResetEvent(event: u32) -> Bool {
    // SAFETY: the service writes nothing.
    succeeded(unsafe { NtResetEvent(event, core::ptr::null_mut()) })
}

/// Lets through who waits for an event now, and leaves it reset.
#[unsafe(no_mangle)]
pub extern "system" fn PulseEvent(event: u32) -> Bool {
    // SAFETY: the service writes nothing.
    succeeded(unsafe { NtPulseEvent(event, core::ptr::null_mut()) })
}
