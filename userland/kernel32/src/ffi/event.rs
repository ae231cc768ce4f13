//! Events.

use super::last_error::{Bool, succeeded};
use super::nt::{NtCreateEvent, NtOpenEvent, NtPulseEvent, NtResetEvent, NtSetEvent};
use super::object::{Name, SecurityAttributes, create, open};

/// `EVENT_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_0003;

/// Makes an event, or opens the one of that name; `manual` ones stay set until they are reset.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES, and `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateEventW(
    security: *const SecurityAttributes,
    manual: Bool,
    set: Bool,
    name: *const u16,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { create_event(security, manual, set, Name::Wide(name)) }
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
    name: *const u8,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { create_event(security, manual, set, Name::Bytes(name)) }
}

/// # Safety
/// As [`CreateEventW`].
unsafe fn create_event(security: *const SecurityAttributes, manual: Bool, set: Bool, name: Name) -> u32 {
    let (kind, set) = (u32::from(manual == 0), u32::from(set != 0));
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtCreateEvent(handle, ALL_ACCESS, attributes, kind, set) };
    // SAFETY: the caller's promise.
    unsafe { create(security, name, service) }
}

/// Opens the event called `name`.
///
/// # Safety
/// `name` is null or points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenEventW(access: u32, inherit: Bool, name: *const u16) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenEvent(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Wide(name), service) }
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`OpenEventW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn OpenEventA(access: u32, inherit: Bool, name: *const u8) -> u32 {
    // SAFETY: the service reads the attributes and writes the handle.
    let service = |handle: &mut u32, attributes| unsafe { NtOpenEvent(handle, access, attributes) };
    // SAFETY: the caller's promise.
    unsafe { open(inherit, Name::Bytes(name), service) }
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
