//! Files loaded as data: mapped as they are, for their resources. The handle is the address with its lowest bit set.
//!
//! Source: documented behaviour of LoadLibraryEx with LOAD_LIBRARY_AS_DATAFILE.

use alloc::vec::Vec;

use user_support::error::Win32Error;
use user_support::error_map::win32_error;
use user_support::image::DataFile;
use user_support::path::module_name;
use user_support::status::Status;

use super::file::open;
use super::last_error::{Bool, fail, succeeded};
use super::nt::{
    CURRENT_PROCESS, NtClose, NtCreateSection, NtMapViewOfSection, NtQueryVirtualMemory, NtUnmapViewOfSection,
};
use super::search_path::look_for;
use super::standard_handle::INVALID_HANDLE;
use super::startup::memory;

/// What marks the handle.
const DATA: u32 = 1;
/// `GENERIC_READ`; others may read and delete the file.
const GENERIC_READ: u32 = 0x8000_0000;
const SHARE: u32 = 5;
const OPEN_EXISTING: u32 = 3;
/// `SECTION_ALL_ACCESS`, `PAGE_READONLY`, `SEC_COMMIT`, `ViewUnmap`.
const SECTION_ACCESS: u32 = 0x000F_001F;
const READ_ONLY: u32 = 2;
const COMMIT: u32 = 0x0800_0000;
const UNMAP: u32 = 2;

/// Whether a handle is that of a file loaded as data.
pub(super) fn is_data(module: u32) -> bool {
    module & DATA != 0
}

/// The file behind such a handle.
pub(super) fn data_file(module: u32) -> Result<DataFile, Win32Error> {
    let base = module & !DATA;
    let mut region = [0u32; 7];
    let buffer = region.as_mut_ptr().cast();
    // SAFETY: the service writes so many bytes.
    let status = unsafe { NtQueryVirtualMemory(CURRENT_PROCESS, base, 0, buffer, 28, core::ptr::null_mut()) };
    Status(status).ok().map_err(win32_error)?;
    let [found, allocation, _, size, state, ..] = region;
    // MEM_COMMIT, from where the view begins.
    if found != base || allocation != base || state != 0x1000 {
        return Err(Win32Error::INVALID_HANDLE);
    }
    DataFile::open(&memory(), base, size).map_err(|_| Win32Error::BAD_EXE_FORMAT)
}

/// Loads a file as data: its handle, or 0.
#[doc(alias = "BasepLoadLibraryAsDataFile")]
pub(super) fn load(name: &[u16]) -> u32 {
    let name: Vec<u16> = module_name(name).into_owned();
    let Some(path) = look_for(None, &name, &[]) else { return fail(Win32Error::FILE_NOT_FOUND) };
    let file = open(&path, GENERIC_READ, SHARE, OPEN_EXISTING, 0, 0);
    if file == INVALID_HANDLE {
        return 0;
    }
    let mapped = map(file);
    // SAFETY: the handle was opened here and nobody else has it.
    unsafe { NtClose(file) };
    let module = match mapped {
        Ok(base) => base | DATA,
        Err(status) => return fail(win32_error(status)),
    };
    match data_file(module) {
        Ok(_) => module,
        Err(error) => {
            free(module);
            fail(error)
        }
    }
}

fn map(file: u32) -> Result<u32, Status> {
    let (mut section, none) = (0, core::ptr::null());
    // SAFETY: the service writes the handle and reads nothing.
    let status =
        unsafe { NtCreateSection(&mut section, SECTION_ACCESS, none, core::ptr::null(), READ_ONLY, COMMIT, file) };
    Status(status).ok()?;
    let (mut base, mut size, offset) = (0, 0, core::ptr::null_mut());
    // SAFETY: the service writes base and size.
    let status = unsafe {
        NtMapViewOfSection(section, CURRENT_PROCESS, &mut base, 0, 0, offset, &mut size, UNMAP, 0, READ_ONLY)
    };
    // SAFETY: the handle was made here; the view keeps the section.
    unsafe { NtClose(section) };
    Status(status).ok().map(|()| base)
}

/// Gives a file loaded as data back.
pub(super) fn free(module: u32) -> Bool {
    // SAFETY: the view belongs to whoever has the handle.
    succeeded(unsafe { NtUnmapViewOfSection(CURRENT_PROCESS, module & !DATA) })
}
