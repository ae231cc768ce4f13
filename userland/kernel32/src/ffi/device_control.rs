//! What only the device behind a handle understands.

use user_support::error_map::win32_error;
use user_support::status::Status;

use super::last_error::{Bool, FALSE, TRUE, fail};
use super::nt::{NtDeviceIoControlFile, NtFsControlFile};
use super::standard_handle::real_handle;

/// The device type of codes that are for the file system, in the high half of a code.
const FILE_SYSTEM: u32 = 9;

/// Asks a device, or the file system, for what a code means.
///
/// # Safety
/// `input` and `output` point to as many bytes as is said; `returned` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DeviceIoControl(
    handle: u32,
    code: u32,
    input: *const u8,
    input_length: u32,
    output: *mut u8,
    output_length: u32,
    returned: *mut u32,
    _overlapped: u32,
) -> Bool {
    let service = if code >> 16 == FILE_SYSTEM { NtFsControlFile } else { NtDeviceIoControlFile };
    let mut block = [0u32; 2];
    let (handle, words) = (real_handle(handle), block.as_mut_ptr());
    // SAFETY: the caller's promise; the service writes two status words.
    let status = unsafe { service(handle, 0, 0, 0, words, code, input, input_length, output, output_length) };
    if !returned.is_null() {
        // SAFETY: the caller's promise.
        unsafe { returned.write_unaligned(block[1]) };
    }
    match Status(status).ok() {
        Ok(()) => TRUE,
        Err(status) => {
            fail(win32_error(status));
            FALSE
        }
    }
}
