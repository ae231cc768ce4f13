//! File mappings: Win32's name for sections that programs map.

use user_support::error::Win32Error;
use user_support::file_mapping::{mapping, view_protection};
use user_support::status::Status;

use super::last_error::{Bool, TRUE, fail, fail_with, succeeded};
use super::nt::{CURRENT_PROCESS, NtCreateSection, NtFlushVirtualMemory, NtMapViewOfSection, NtUnmapViewOfSection};
use super::object::{SecurityAttributes, attributes, create};

/// `INVALID_HANDLE_VALUE`: memory that has no file.
const NO_FILE: u32 = u32::MAX;
/// `ViewShare`.
const SHARED_WITH_CHILDREN: u32 = 1;

/// Makes a section of a file, or of memory where `file` is INVALID_HANDLE_VALUE. Returns a handle, or 0.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateFileMappingW(
    file: u32,
    security: *const SecurityAttributes,
    protection: u32,
    size_high: u32,
    size_low: u32,
    name: u32,
) -> u32 {
    let Some(mapping) = mapping(protection) else { return fail(Win32Error::INVALID_PARAMETER) };
    // SAFETY: the caller's promise.
    let attributes = unsafe { attributes(security) };
    let bytes = u64::from(size_high) << 32 | u64::from(size_low);
    // No size is that of the file.
    let size = if bytes == 0 { core::ptr::null() } else { &raw const bytes };
    let file = if file == NO_FILE { 0 } else { file };
    let (access, protection, kind) = (mapping.access, mapping.protection, mapping.kind);
    create(name, |handle| {
        // SAFETY: the service reads size and attributes and writes the handle.
        unsafe { NtCreateSection(handle, access, attributes.as_ptr(), size, protection, kind, file) }
    })
}

/// The same, with a name in bytes.
///
/// # Safety
/// As [`CreateFileMappingW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateFileMappingA(
    file: u32,
    security: *const SecurityAttributes,
    protection: u32,
    size_high: u32,
    size_low: u32,
    name: u32,
) -> u32 {
    // SAFETY: the caller's promise; the name is only compared with null.
    unsafe { CreateFileMappingW(file, security, protection, size_high, size_low, name) }
}

/// Maps a view of a section into this process, anywhere. Returns its address, or 0.
///
/// # Safety
/// As [`MapViewOfFileEx`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MapViewOfFile(
    mapping: u32,
    access: u32,
    offset_high: u32,
    offset_low: u32,
    size: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { MapViewOfFileEx(mapping, access, offset_high, offset_low, size, 0) }
}

/// Maps a view of a section into this process at `address`, or anywhere if that is 0. Returns its address, or 0.
///
/// # Safety
/// None beyond the signature: a view lies only where memory is free.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MapViewOfFileEx(
    mapping: u32,
    access: u32,
    offset_high: u32,
    offset_low: u32,
    size: u32,
    address: u32,
) -> u32 {
    let (mut base, mut size) = (address, size);
    let mut offset = u64::from(offset_high) << 32 | u64::from(offset_low);
    let (process, share, protection) = (CURRENT_PROCESS, SHARED_WITH_CHILDREN, view_protection(access));
    // SAFETY: the service writes base, offset and size, and maps only over free addresses.
    let status =
        unsafe { NtMapViewOfSection(mapping, process, &mut base, 0, 0, &mut offset, &mut size, share, 0, protection) };
    match Status(status).ok() {
        Ok(()) => base,
        Err(status) => fail_with(status),
    }
}

/// Takes the view away that `address` lies in.
///
/// # Safety
/// Nobody uses the view any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UnmapViewOfFile(address: u32) -> Bool {
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtUnmapViewOfSection(CURRENT_PROCESS, address) })
}

/// Writes a view's changes to its file. Memory without a file needs no writing.
#[unsafe(no_mangle)]
pub extern "system" fn FlushViewOfFile(address: u32, size: u32) -> Bool {
    let (mut base, mut size, mut status_block) = (address, size, [0u32; 2]);
    let block = status_block.as_mut_ptr();
    // SAFETY: the service writes base, size and the status words.
    let status = unsafe { NtFlushVirtualMemory(CURRENT_PROCESS, &mut base, &mut size, block) };
    match Status(status).ok() {
        Ok(()) | Err(Status::NOT_MAPPED_DATA) => TRUE,
        Err(status) => fail_with(status),
    }
}
