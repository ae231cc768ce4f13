//! Files and pipes: opening, reading, writing, position and size.

use user_ffi::{UnicodeString, c_string, wide_string};
use user_support::console::console_path;
use user_support::error::Win32Error;
use user_support::file::{disposition, existed, options};
use user_support::path::to_nt;
use user_support::status::Status;
use user_support::text;

use super::completion::{Moves, later};
use super::directory::directory_for;
use super::file_name::DELETE;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{
    NtCreateFile, NtFlushBuffersFile, NtOpenFile, NtQueryInformationFile, NtReadFile, NtSetInformationFile, NtWriteFile,
};
use super::object::{SecurityAttributes, inheritance};
use super::overlapped::note;
use super::standard_handle::{INVALID_HANDLE, real_handle, with_status_block};

/// `SYNCHRONIZE | FILE_READ_ATTRIBUTES`, which every handle to a file has.
const ALWAYS: u32 = 0x0010_0080;
/// `GENERIC_WRITE`.
const GENERIC_WRITE: u32 = 0x4000_0000;
/// `OBJ_CASE_INSENSITIVE`.
const IGNORING_CASE: u32 = 0x40;
/// Flags of the last argument but one that are attributes of a new file.
const ATTRIBUTES: u32 = 0x7FA7;
/// `FileStandardInformation`: allocation, end of file, links.
const STANDARD_INFORMATION: u32 = 5;
/// `FilePositionInformation`.
pub(super) const POSITION_INFORMATION: u32 = 14;
/// `TRUNCATE_EXISTING`.
const TRUNCATE_EXISTING: u32 = 5;
/// `FILE_FLAG_DELETE_ON_CLOSE`.
const DELETE_ON_CLOSE: u32 = 0x0400_0000;

/// Opens or creates a file. Returns its handle, or -1.
///
/// # Safety
/// `name` is a string, `security` is null or points to a SECURITY_ATTRIBUTES.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateFileA(
    name: *const u8,
    access: u32,
    share: u32,
    security: *const SecurityAttributes,
    creation: u32,
    flags: u32,
    _template: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let name = text::wide(unsafe { c_string(name) });
    // SAFETY: the caller's promise.
    let inherit = unsafe { inheritance(security) };
    open(&name, access, share, creation, flags, inherit)
}

/// Opens or creates a file. Returns its handle, or -1.
///
/// # Safety
/// As [`CreateFileA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateFileW(
    name: *const u16,
    access: u32,
    share: u32,
    security: *const SecurityAttributes,
    creation: u32,
    flags: u32,
    _template: u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let inherit = unsafe { inheritance(security) };
    // SAFETY: the caller's promise.
    open(unsafe { wide_string(name) }, access, share, creation, flags, inherit)
}

/// The same, with `OBJ_INHERIT` or nothing as the last argument.
pub(super) fn open(name: &[u16], access: u32, share: u32, creation: u32, flags: u32, inherit: u32) -> u32 {
    if creation == TRUNCATE_EXISTING && access & GENERIC_WRITE == 0 {
        fail(Win32Error::INVALID_PARAMETER);
        return INVALID_HANDLE;
    }
    if name.is_empty() {
        fail(Win32Error::PATH_NOT_FOUND);
        return INVALID_HANDLE;
    }
    let result = disposition(creation).map_err(fail).and_then(|disposition| {
        let path = console_path(name, access & GENERIC_WRITE != 0);
        let path = path.unwrap_or_else(|| to_nt(&directory_for(name), name));
        let access = if flags & DELETE_ON_CLOSE == 0 { access } else { access | DELETE };
        let attributes = flags & ATTRIBUTES;
        create(&path, access, share, disposition, attributes, options(flags), inherit).map_err(fail_status)
    });
    let Ok((handle, information)) = result else { return INVALID_HANDLE };
    let error = if existed(creation, information) { Win32Error::ALREADY_EXISTS } else { Win32Error::SUCCESS };
    fail(error);
    handle
}

/// Name collisions of files have an error of their own.
pub(super) fn fail_status(status: Status) -> u32 {
    if status == Status::OBJECT_NAME_COLLISION { fail(Win32Error::FILE_EXISTS) } else { fail_with(status) }
}

/// Opens or makes the file at NT path `path`: its handle, and what was done.
pub(super) fn create(
    path: &[u16],
    access: u32,
    share: u32,
    disposition: u32,
    attributes: u32,
    options: u32,
    inherit: u32,
) -> Result<(u32, u32), Status> {
    let name = UnicodeString::over(path);
    let object = [0x18, 0, &raw const name as u32, IGNORING_CASE | inherit, 0, 0];
    let (mut handle, none) = (0, core::ptr::null());
    let access = access | ALWAYS;
    let information = with_status_block(|block| {
        let (handle, object, no_size) = (&raw mut handle, object.as_ptr(), core::ptr::null());
        // SAFETY: name and attributes live until the service returns; it writes the handle and the status words.
        unsafe {
            NtCreateFile(handle, access, object, block, no_size, attributes, share, disposition, options, none, 0)
        }
    })?;
    Ok((handle, information))
}

/// Opens the folder at NT path `path` to be listed, or to see that it is one.
pub(super) fn open_folder(path: &[u16]) -> Result<u32, Status> {
    /// `FILE_LIST_DIRECTORY`.
    const LIST: u32 = 1;
    /// `FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT`.
    const OPTIONS: u32 = 0x21;
    let name = UnicodeString::over(path);
    let object = [0x18, 0, &raw const name as u32, IGNORING_CASE, 0, 0];
    let mut handle = 0;
    with_status_block(|block| {
        // SAFETY: name and attributes live until the service returns; it writes the handle and the status words.
        unsafe { NtOpenFile(&mut handle, LIST | ALWAYS, object.as_ptr(), block, 7, OPTIONS) }
    })
    .map(|_| handle)
}

/// Where an overlapped request begins, from its `OVERLAPPED` structure.
///
/// # Safety
/// `overlapped` is null or points to one.
pub(super) unsafe fn offset_of(overlapped: *const u32) -> Option<u64> {
    if overlapped.is_null() {
        return None;
    }
    // SAFETY: the caller's promise: words 2 and 3 are the offset.
    let [low, high] = unsafe { overlapped.wrapping_add(2).cast::<[u32; 2]>().read_unaligned() };
    Some(u64::from(high) << 32 | u64::from(low))
}

/// Reads. The end of a file is success with nothing read; the end of a pipe is a broken pipe.
///
/// # Safety
/// `buffer` has room for `count` bytes; `done` and `overlapped` are null or point to what they are.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadFile(
    file: u32,
    buffer: *mut u8,
    count: u32,
    done: *mut u32,
    overlapped: *const u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let offset = unsafe { offset_of(overlapped) };
    // SAFETY: the caller's promise, which holds until it has completed.
    let read = move || unsafe { read_at(file, buffer, count, offset) };
    if let Some(answer) = later(file, overlapped as u32, Moves::In(count), read) {
        return answer;
    }
    let read = read();
    note(overlapped as u32, read, count);
    if read == Err(Status::BUFFER_OVERFLOW) {
        // A part of a message, which is as long as could be.
        // SAFETY: the caller's promise.
        unsafe { deliver(done, count) };
        return fail(Win32Error::MORE_DATA);
    }
    // SAFETY: the caller's promise.
    unsafe { transferred(done, if read == Err(Status::END_OF_FILE) { Ok(0) } else { read }) }
}

/// # Safety
/// As [`ReadFile`].
pub(super) unsafe fn read_at(file: u32, buffer: *mut u8, count: u32, offset: Option<u64>) -> Result<u32, Status> {
    let (file, key) = (real_handle(file), core::ptr::null());
    let offset = offset.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
    with_status_block(|block| {
        // SAFETY: the caller's promise; the service writes the status words and refuses a bad buffer.
        unsafe { NtReadFile(file, 0, 0, 0, block, buffer, count, offset, key) }
    })
}

/// Writes.
///
/// # Safety
/// `buffer` holds `count` bytes; `done` and `overlapped` are null or point to what they are.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteFile(
    file: u32,
    buffer: *const u8,
    count: u32,
    done: *mut u32,
    overlapped: *const u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let offset = unsafe { offset_of(overlapped) };
    // SAFETY: the caller's promise, which holds until it has completed.
    let write = move || unsafe { write_at(file, buffer, count, offset) };
    if let Some(answer) = later(file, overlapped as u32, Moves::Out(count), write) {
        return answer;
    }
    let written = write();
    note(overlapped as u32, written, 0);
    // SAFETY: the caller's promise.
    unsafe { transferred(done, written) }
}

/// Writes at the file's own position.
///
/// # Safety
/// `done` is null or points to a word.
pub(super) unsafe fn write(file: u32, text: &[u8], done: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    let written = unsafe { write_at(file, text.as_ptr(), text.len() as u32, None) };
    // SAFETY: the caller's promise.
    unsafe { transferred(done, written) }
}

/// # Safety
/// As [`WriteFile`]. The service checks `buffer` itself, so that a bad one is an error and not an exception.
pub(super) unsafe fn write_at(file: u32, buffer: *const u8, count: u32, offset: Option<u64>) -> Result<u32, Status> {
    let (file, key) = (real_handle(file), core::ptr::null());
    let offset = offset.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
    with_status_block(|block| {
        // SAFETY: the caller's promise; the service writes the status words.
        unsafe { NtWriteFile(file, 0, 0, 0, block, buffer, count, offset, key) }
    })
}

/// Tells the caller how many bytes went over, none after a failure.
///
/// # Safety
/// `done` is null or points to a word.
unsafe fn transferred(done: *mut u32, result: Result<u32, Status>) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { deliver(done, result.unwrap_or(0)) };
    result.map_or_else(fail_with, |_| TRUE)
}

/// # Safety
/// `target` is null or points to a word.
unsafe fn deliver(target: *mut u32, value: u32) {
    if !target.is_null() {
        // SAFETY: the caller's promise.
        unsafe { target.write_unaligned(value) };
    }
}

/// Waits until everything written is where it belongs.
#[unsafe(no_mangle)]
pub extern "system" fn FlushFileBuffers(file: u32) -> Bool {
    with_status_block(|block| {
        // SAFETY: the service writes the status words.
        unsafe { NtFlushBuffersFile(real_handle(file), block) }
    })
    .map_or_else(fail_with, |_| TRUE)
}

pub(super) fn query<const LENGTH: usize>(file: u32, class: u32) -> Result<[u64; LENGTH], Status> {
    let mut information = [0u64; LENGTH];
    let (buffer, length) = (information.as_mut_ptr().cast(), 8 * LENGTH as u32);
    with_status_block(|block| {
        // SAFETY: the service writes at most `length` bytes and the status words.
        unsafe { NtQueryInformationFile(real_handle(file), block, buffer, length, class) }
    })?;
    Ok(information)
}

fn size_of_file(file: u32) -> Result<u64, Status> {
    query::<3>(file, STANDARD_INFORMATION).map(|[_, end, _]| end)
}

/// The size of a file; its high half goes where `high` points, unless that is null. FFFFFFFF with a last error for
/// failure.
///
/// # Safety
/// `high` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileSize(file: u32, high: *mut u32) -> u32 {
    match size_of_file(file) {
        Ok(size) => {
            // SAFETY: the caller's promise.
            unsafe { deliver(high, (size >> 32) as u32) };
            fail(Win32Error::SUCCESS);
            size as u32
        }
        Err(status) => !fail_with(status),
    }
}

/// The size of a file.
///
/// # Safety
/// `size` points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileSizeEx(file: u32, size: *mut u64) -> Bool {
    match size_of_file(file) {
        Ok(value) => {
            // SAFETY: the caller's promise.
            unsafe { size.write_unaligned(value) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// Moves a file's position and returns the new one.
fn seek(file: u32, distance: i64, method: u32) -> Result<u64, Win32Error> {
    let refused = user_support::error_map::win32_error;
    let from = match method {
        0 => Ok(0),
        1 => query::<1>(file, POSITION_INFORMATION).map(|[position]| position).map_err(refused),
        2 => size_of_file(file).map_err(refused),
        _ => Err(Win32Error::INVALID_PARAMETER),
    }?;
    let position = from.checked_add_signed(distance).ok_or(Win32Error::NEGATIVE_SEEK)?;
    let buffer = (&raw const position).cast();
    let moved = with_status_block(|block| {
        // SAFETY: the service reads 8 bytes and writes the status words.
        unsafe { NtSetInformationFile(real_handle(file), block, buffer, 8, POSITION_INFORMATION) }
    });
    moved.map(|_| position).map_err(refused)
}

/// Moves a file's position. The high half of the distance is read and that of the result written where `high` points.
///
/// # Safety
/// `high` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetFilePointer(file: u32, low: i32, high: *mut i32, method: u32) -> u32 {
    let distance = if high.is_null() {
        i64::from(low)
    } else {
        // SAFETY: the caller's promise.
        i64::from(unsafe { high.read() }) << 32 | i64::from(low.cast_unsigned())
    };
    match seek(file, distance, method) {
        Ok(position) => {
            // SAFETY: the caller's promise.
            unsafe { deliver(high.cast(), (position >> 32) as u32) };
            fail(Win32Error::SUCCESS);
            position as u32
        }
        Err(error) => !fail(error),
    }
}

/// Moves a file's position.
///
/// # Safety
/// `result` is null or points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetFilePointerEx(file: u32, distance: i64, result: *mut u64, method: u32) -> Bool {
    match seek(file, distance, method) {
        Ok(position) => {
            if !result.is_null() {
                // SAFETY: the caller's promise.
                unsafe { result.write_unaligned(position) };
            }
            TRUE
        }
        Err(error) => fail(error),
    }
}
