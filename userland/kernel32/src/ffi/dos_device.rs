//! Names of devices: symbolic links below `\??`.

use alloc::vec::Vec;

use user_ffi::{UnicodeString, c_string, wide_string};
use user_support::error::Win32Error;
use user_support::path::to_nt;
use user_support::status::Status;
use user_support::text::{ansi, equal_ignoring_case, wide};
use user_support::volume::{multi_string, names_of_kind};

use super::directory::directory_for;
use super::file_name::{DELETE, Open};
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{
    NtCreateSymbolicLinkObject, NtMakeTemporaryObject, NtOpenDirectoryObject, NtOpenSymbolicLinkObject,
    NtQueryDirectoryObject, NtQuerySymbolicLinkObject,
};

/// `DIRECTORY_QUERY` and `SYMBOLIC_LINK_QUERY`.
const QUERY: u32 = 1;
/// `SYMBOLIC_LINK_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0xF_0001;
/// `OBJ_CASE_INSENSITIVE` and `OBJ_PERMANENT`.
const IGNORING_CASE: u32 = 0x40;
const PERMANENT: u32 = 0x10;
/// Flags of `DefineDosDevice`.
const RAW_TARGET_PATH: u32 = 1;
const REMOVE_DEFINITION: u32 = 2;
const EXACT_MATCH_ON_REMOVE: u32 = 4;
const KNOWN_FLAGS: u32 = 0xF;
/// Units of the longest target.
const LONGEST: usize = 0x7FFF;

/// Calls `service` with the place of a handle and OBJECT_ATTRIBUTES for the NT path `path`.
fn with_name(path: &[u16], flags: u32, service: impl FnOnce(&mut u32, *const u32) -> u32) -> Result<Open, Status> {
    let name = UnicodeString::over(path);
    let object = [0x18, 0, &raw const name as u32, flags, 0, 0];
    let mut handle = 0;
    Status(service(&mut handle, object.as_ptr())).ok().map(|()| Open(handle))
}

fn link_path(device: &[u16]) -> Vec<u16> {
    [&wide(b"\\??\\"), device].concat()
}

fn open_link(device: &[u16], access: u32) -> Result<Open, Status> {
    with_name(&link_path(device), IGNORING_CASE, |handle, object| {
        // SAFETY: name and attributes live until the service returns, which writes the handle.
        unsafe { NtOpenSymbolicLinkObject(handle, access, object) }
    })
}

fn target(link: &Open) -> Result<Vec<u16>, Status> {
    let mut room = alloc::vec![0u16; LONGEST];
    let mut string = UnicodeString { length: 0, maximum_length: 2 * LONGEST as u16, buffer: room.as_mut_ptr() };
    // SAFETY: the service writes no more than there is room for.
    Status(unsafe { NtQuerySymbolicLinkObject(link.0, &mut string, core::ptr::null_mut()) }).ok()?;
    room.truncate(usize::from(string.length) / 2);
    Ok(room)
}

/// The names of all devices.
fn all_devices() -> Result<Vec<u16>, Status> {
    let directory = with_name(&wide(b"\\??"), IGNORING_CASE, |handle, object| {
        // SAFETY: name and attributes live until the service returns, which writes the handle.
        unsafe { NtOpenDirectoryObject(handle, QUERY, object) }
    })?;
    let (mut answer, mut context, kind) = (alloc::vec![0u16; 0x800], 0, wide(b"SymbolicLink"));
    loop {
        let (buffer, none) = (answer.as_mut_ptr(), core::ptr::null_mut());
        let length = 2 * answer.len() as u32;
        // SAFETY: the service writes no more than there is room for, and the context.
        let status =
            Status(unsafe { NtQueryDirectoryObject(directory.0, buffer.cast(), length, 0, 1, &mut context, none) });
        match status {
            Status::MORE_ENTRIES if answer.len() < LONGEST => answer.resize(2 * answer.len(), 0),
            Status::NO_MORE_ENTRIES => return Ok(multi_string([])),
            status => {
                status.ok()?;
                return Ok(multi_string(names_of_kind(&answer, buffer as u32, &kind)));
            }
        }
    }
}

/// What `device` stands for, or the names of all devices, as a list that a zero ends.
fn query(device: Option<&[u16]>) -> Result<Vec<u16>, Status> {
    match device {
        None => all_devices(),
        Some(device) => Ok(multi_string([target(&open_link(device, QUERY)?)?.as_slice()])),
    }
}

/// # Safety
/// `buffer` has room for `room` units.
unsafe fn give<T: Copy>(list: &[T], buffer: *mut T, room: u32) -> u32 {
    if list.len() > room as usize || buffer.is_null() {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    // SAFETY: the caller's promise.
    unsafe { buffer.copy_from_nonoverlapping(list.as_ptr(), list.len()) };
    list.len() as u32
}

/// What a device's name stands for, or the names of all devices: how many units were stored, with the zeros.
///
/// # Safety
/// `device` is null or a string; `buffer` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueryDosDeviceA(device: *const u8, buffer: *mut u8, room: u32) -> u32 {
    // SAFETY: the caller's promise.
    let device = (!device.is_null()).then(|| wide(unsafe { c_string(device) }));
    match query(device.as_deref()) {
        // SAFETY: the caller's promise.
        Ok(list) => unsafe { give(&ansi(&list), buffer, room) },
        Err(status) => fail_with(status),
    }
}

/// The same in UTF-16.
///
/// # Safety
/// `device` is null or a string; `buffer` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueryDosDeviceW(device: *const u16, buffer: *mut u16, room: u32) -> u32 {
    // SAFETY: the caller's promise.
    let device = (!device.is_null()).then(|| unsafe { wide_string(device) });
    match query(device) {
        // SAFETY: the caller's promise.
        Ok(list) => unsafe { give(&list, buffer, room) },
        Err(status) => fail_with(status),
    }
}

fn define(device: &[u16], path: &[u16]) -> Result<(), Status> {
    let path = UnicodeString::over(path);
    with_name(&link_path(device), IGNORING_CASE | PERMANENT, |handle, object| {
        // SAFETY: names and attributes live until the service returns, which writes the handle.
        unsafe { NtCreateSymbolicLinkObject(handle, ALL_ACCESS, object, &path) }
    })
    .map(drop)
}

/// Takes the definition of `device` away if it is `path`, or begins so where that is enough.
fn remove(device: &[u16], path: Option<&[u16]>, exactly: bool) -> Result<(), Status> {
    let link = open_link(device, QUERY | DELETE)?;
    if let Some(path) = path {
        let target = target(&link)?;
        let compared = if exactly { target.len() } else { path.len().min(target.len()) };
        if !equal_ignoring_case(&target[..compared], path) {
            return Err(Status::OBJECT_NAME_NOT_FOUND);
        }
    }
    // SAFETY: the handle is this function's own.
    Status(unsafe { NtMakeTemporaryObject(link.0) }).ok()
}

/// A name that stands for something already cannot be given another meaning on top of it: XP remembers the one below.
fn define_dos_device(flags: u32, device: &[u16], path: Option<&[u16]>) -> Bool {
    if flags & !KNOWN_FLAGS != 0 || flags & (REMOVE_DEFINITION | EXACT_MATCH_ON_REMOVE) == EXACT_MATCH_ON_REMOVE {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let path = path.map(|path| match flags & RAW_TARGET_PATH {
        0 => to_nt(&directory_for(path), path),
        _ => path.to_vec(),
    });
    let done = match (flags & REMOVE_DEFINITION, path) {
        (0, None) => return fail(Win32Error::INVALID_PARAMETER),
        (0, Some(path)) => define(device, &path),
        (_, path) => remove(device, path.as_deref(), flags & EXACT_MATCH_ON_REMOVE != 0),
    };
    done.map_or_else(fail_with, |()| TRUE)
}

/// Gives a device another name, or takes it away.
///
/// # Safety
/// `device` is a string, `path` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DefineDosDeviceA(flags: u32, device: *const u8, path: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    let device = wide(unsafe { c_string(device) });
    // SAFETY: the caller's promise.
    let path = (!path.is_null()).then(|| wide(unsafe { c_string(path) }));
    define_dos_device(flags, &device, path.as_deref())
}

/// The same in UTF-16.
///
/// # Safety
/// As [`DefineDosDeviceA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DefineDosDeviceW(flags: u32, device: *const u16, path: *const u16) -> Bool {
    // SAFETY: the caller's promise.
    let device = unsafe { wide_string(device) };
    // SAFETY: the caller's promise.
    let path = (!path.is_null()).then(|| unsafe { wide_string(path) });
    define_dos_device(flags, device, path)
}
