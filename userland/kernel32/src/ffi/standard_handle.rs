//! The three standard handles, and handles in general.

use user_ffi::peb;
use user_support::error::Win32Error;
use user_support::file::{FileType, file_type};
use user_support::memory::Memory;
use user_support::status::Status;

use super::last_error::{Bool, TRUE, fail, succeeded};
use super::nt::{NtClose, NtQueryVolumeInformationFile};
use super::startup::memory;

/// Offset of the standard input in the process parameters; output and error follow.
const STANDARD_INPUT: u32 = 0x18;
/// `STD_INPUT_HANDLE`; output and error are one and two less.
const INPUT: u32 = 0xFFFF_FFF6;
/// What no handle is.
pub(super) const INVALID_HANDLE: u32 = 0xFFFF_FFFF;
/// `FileFsDeviceInformation`.
const DEVICE_INFORMATION: u32 = 4;

/// Where the process parameters have a standard handle.
fn place(which: u32) -> Option<u32> {
    let index = INPUT.wrapping_sub(which);
    (index < 3).then(|| peb().parameters() + STANDARD_INPUT + 4 * index)
}

/// A standard handle.
#[unsafe(no_mangle)]
pub extern "system" fn GetStdHandle(which: u32) -> u32 {
    place(which).map_or_else(
        || {
            fail(Win32Error::INVALID_HANDLE);
            INVALID_HANDLE
        },
        |place| memory().read_u32(place),
    )
}

/// Replaces a standard handle.
#[unsafe(no_mangle)]
pub extern "system" fn SetStdHandle(which: u32, handle: u32) -> Bool {
    match place(which) {
        Some(place) => {
            memory().write_u32(place, handle);
            TRUE
        }
        None => fail(Win32Error::INVALID_HANDLE),
    }
}

/// The standard handle that the pseudo handles of old programs mean; any other is itself.
pub(super) fn real_handle(handle: u32) -> u32 {
    place(handle).map_or(handle, |place| memory().read_u32(place))
}

/// Calls a file service with a status block; the information that the service left there.
#[doc(alias = "IO_STATUS_BLOCK")]
pub(super) fn with_status_block(service: impl FnOnce(*mut u32) -> u32) -> Result<u32, Status> {
    let mut block = [0u32; 2];
    Status(service(block.as_mut_ptr())).ok().map(|()| block[1])
}

/// The device behind a handle.
pub(super) fn device_type(handle: u32) -> Result<u32, Status> {
    let mut information = [0u32; 2];
    let buffer = information.as_mut_ptr().cast();
    with_status_block(|block| {
        // SAFETY: the service writes the status words and two words of information.
        unsafe { NtQueryVolumeInformationFile(real_handle(handle), block, buffer, 8, DEVICE_INFORMATION) }
    })?;
    Ok(information[0])
}

/// The standard output or error that is a console, if one is.
pub(super) fn console_output() -> Option<u32> {
    let standard = [INPUT.wrapping_sub(1), INPUT.wrapping_sub(2)];
    standard.into_iter().map(real_handle).find(|handle| super::console::is_console(*handle))
}

/// What kind of file a handle leads to.
#[unsafe(no_mangle)]
pub extern "system" fn GetFileType(handle: u32) -> u32 {
    match device_type(handle) {
        Ok(device) => {
            fail(Win32Error::SUCCESS);
            file_type(device) as u32
        }
        Err(status) => {
            super::last_error::fail_with(status);
            FileType::Unknown as u32
        }
    }
}

/// Closes a handle.
///
/// # Safety
/// Nobody uses the handle any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CloseHandle(handle: u32) -> Bool {
    super::completion::forget(handle);
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtClose(real_handle(handle)) })
}

/// Relic: there is no limit to set.
#[unsafe(no_mangle)]
pub extern "system" fn SetHandleCount(count: u32) -> u32 {
    count
}
