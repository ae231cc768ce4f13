//! What there is to know of an open file, and other names for files.

use user_ffi::{UnicodeString, c_string, wide_string};
use user_support::path::to_nt;
use user_support::status::Status;
use user_support::text;

use super::directory::current_directory;
use super::file::query;
use super::last_error::{Bool, TRUE, fail_with};
use super::nt::{NtClose, NtOpenFile, NtQueryVolumeInformationFile, NtSetInformationFile};
use super::standard_handle::{real_handle, with_status_block};

/// `FileBasicInformation`: creation, last access, last write, change, attributes.
const BASIC_INFORMATION: u32 = 4;
/// `FileStandardInformation`: allocation, end of file, links.
const STANDARD_INFORMATION: u32 = 5;
/// `FileRenameInformation`.
const RENAME_INFORMATION: u32 = 10;
/// `FileFsVolumeInformation`: creation, serial number, label.
const VOLUME_INFORMATION: u32 = 1;
/// Words of `BY_HANDLE_FILE_INFORMATION`.
const WORDS: usize = 13;

fn information(file: u32) -> Result<[u32; WORDS], Status> {
    let [created, accessed, written, _, attributes] = query::<5>(file, BASIC_INFORMATION)?;
    let [_, size, links] = query::<3>(file, STANDARD_INFORMATION)?;
    let mut volume = [0u64; 64];
    let (buffer, length) = (volume.as_mut_ptr().cast(), size_of_val(&volume) as u32);
    with_status_block(|block| {
        // SAFETY: the service writes at most `length` bytes and the status words.
        unsafe { NtQueryVolumeInformationFile(real_handle(file), block, buffer, length, VOLUME_INFORMATION) }
    })?;
    let halves = |value: u64| [value as u32, (value >> 32) as u32];
    let [[created, created_high], [accessed, accessed_high], [written, written_high]] =
        [created, accessed, written].map(halves);
    let [size, size_high] = halves(size);
    Ok([
        attributes as u32,
        created,
        created_high,
        accessed,
        accessed_high,
        written,
        written_high,
        volume[1] as u32,
        size_high,
        size,
        links as u32,
        // FAT has no number of a file that stays.
        0,
        0,
    ])
}

/// Attributes, times, size, links and volume of an open file.
///
/// # Safety
/// `target` points to a `BY_HANDLE_FILE_INFORMATION`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileInformationByHandle(file: u32, target: *mut [u32; WORDS]) -> Bool {
    match information(file) {
        Ok(words) => {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(words) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

/// Gives the file at DOS path `old` the path `new`, where there must be nothing yet.
fn rename(old: &[u16], new: &[u16]) -> Result<(), Status> {
    /// `DELETE | SYNCHRONIZE`.
    const ACCESS: u32 = 0x0011_0000;
    /// `FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_FOR_BACKUP_INTENT`.
    const OPTIONS: u32 = 0x4020;
    let path = to_nt(&current_directory(), old);
    let name = UnicodeString::over(&path);
    let object = [0x18, 0, &raw const name as u32, 0x40, 0, 0];
    let mut handle = 0;
    with_status_block(|block| {
        // SAFETY: name and attributes live until the service returns; it writes the handle and the status words.
        unsafe { NtOpenFile(&mut handle, ACCESS, object.as_ptr(), block, 7, OPTIONS) }
    })?;
    let target = to_nt(&current_directory(), new);
    // Replace nothing; no folder; bytes of the name; the name.
    let mut bytes: alloc::vec::Vec<u8> =
        [0, 0, 2 * target.len() as u32].iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    bytes.extend(target.iter().flat_map(|unit| unit.to_le_bytes()));
    let result = with_status_block(|block| {
        // SAFETY: the service reads the bytes and writes the status words.
        unsafe { NtSetInformationFile(handle, block, bytes.as_ptr(), bytes.len() as u32, RENAME_INFORMATION) }
    });
    // SAFETY: the handle was opened here and nobody else has it.
    unsafe { NtClose(handle) };
    result.map(drop)
}

fn moved(old: &[u16], new: &[u16]) -> Bool {
    rename(old, new).map_or_else(fail_with, |()| TRUE)
}

/// Gives a file another name.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MoveFileA(old: *const u8, new: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    let old = text::wide(unsafe { c_string(old) });
    // SAFETY: the caller's promise.
    let new = text::wide(unsafe { c_string(new) });
    moved(&old, &new)
}

/// Gives a file another name.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MoveFileW(old: *const u16, new: *const u16) -> Bool {
    // SAFETY: the caller's promise.
    let old = unsafe { wide_string(old) };
    // SAFETY: the caller's promise.
    let new = unsafe { wide_string(new) };
    moved(old, new)
}
