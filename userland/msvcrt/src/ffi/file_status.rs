//! `stat` and `fstat`, and looking for the names that wildcards mean.

use alloc::vec::Vec;

use user_crt::error::Errno;
use user_crt::file_status::{FileStatus, Layout, mode, mode_of, times_of};
use user_ffi::{bytes_mut, c_string, wide_string};
use user_support::path::{absolute, drive_variable};
use user_support::text::{lower, wide};

use super::host::host;
use super::nt::{
    FindClose, FindFirstFileW, FindNextFileW, GetCurrentDirectoryW, GetFileAttributesW, GetFileInformationByHandle,
    GetFileType, GetFullPathNameW, INVALID_HANDLE,
};
use super::thread_data::{fail, fail_with_last_error};

/// Bytes of `WIN32_FIND_DATAW`, and where in it the name is.
pub(super) const FIND_DATA: usize = 0x250;
const NAME: usize = 0x2C;
/// Bytes of `BY_HANDLE_FILE_INFORMATION`.
const HANDLE_DATA: usize = 52;
/// `INVALID_FILE_ATTRIBUTES`.
const NO_ATTRIBUTES: u32 = 0xFFFF_FFFF;
/// What `GetFileType` answers.
const DISK: u32 = 1;
const DEVICE: u32 = 2;
const PIPE: u32 = 3;

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Attributes, then creation, last access and last write: how both structures begin. Last access comes first here.
pub(super) fn head(bytes: &[u8]) -> (u32, [u64; 3]) {
    let time = |at: usize| u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32;
    (word(bytes, 0), [time(12), time(20), time(4)])
}

/// The name in a `WIN32_FIND_DATAW`.
pub(super) fn name_in(data: &[u8; FIND_DATA]) -> Vec<u16> {
    let units = data[NAME..].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    units.take_while(|&unit| unit != 0).collect()
}

/// The size of the file in bytes.
pub(super) fn size_in(data: &[u8; FIND_DATA]) -> u64 {
    u64::from(word(data, 0x1C)) << 32 | u64::from(word(data, 0x20))
}

/// Calls `each` with the `WIN32_FIND_DATAW` of every file that `pattern` means, until it says `false`.
fn search(pattern: &[u16], mut each: impl FnMut(&[u8; FIND_DATA]) -> bool) {
    let (mut data, mut path) = ([0; FIND_DATA], pattern.to_vec());
    path.push(0);
    // SAFETY: the path is a string, and there is room for the data.
    let search = unsafe { FindFirstFileW(path.as_ptr(), data.as_mut_ptr()) };
    if search == INVALID_HANDLE {
        return;
    }
    loop {
        // SAFETY: the search was begun above; there is room for the data.
        if !each(&data) || unsafe { FindNextFileW(search, data.as_mut_ptr()) } == 0 {
            break;
        }
    }
    // SAFETY: the search was begun above and is not used any more.
    unsafe { FindClose(search) };
}

/// The names of the files that `pattern`, a path with wildcards in its last part, means.
pub(super) fn names(pattern: &[u16]) -> Vec<Vec<u16>> {
    let mut names = Vec::new();
    search(pattern, |data| {
        names.push(name_in(data));
        true
    });
    names
}

/// The current directory.
pub(super) fn current_directory() -> Vec<u16> {
    let mut folder = [0; 300];
    // SAFETY: there is room for so many units.
    let length = unsafe { GetCurrentDirectoryW(folder.len() as u32, folder.as_mut_ptr()) } as usize;
    folder[..length.min(folder.len())].to_vec()
}

/// The path from its drive on.
pub(super) fn full_path(name: &[u16]) -> Vec<u16> {
    let current = current_directory();
    match drive_variable(&current, name) {
        // The directory that is current there, which kernel32 knows.
        Some([_, letter, colon]) => absolute(&whole_path(&[letter, colon, 0]), name),
        None => absolute(&current, name),
    }
}

/// What `GetFullPathName` says of `name`, which ends with a zero.
fn whole_path(name: &[u16]) -> Vec<u16> {
    let mut whole = [0; 300];
    // SAFETY: the name is a string, and there is room for so many units.
    let length =
        unsafe { GetFullPathNameW(name.as_ptr(), whole.len() as u32, whole.as_mut_ptr(), core::ptr::null_mut()) };
    whole[..(length as usize).min(whole.len())].to_vec()
}

/// What is known of a path, or `None`. A search finds every file but the root of a drive.
fn of_path(name: &[u16]) -> Option<FileStatus> {
    let has_wildcard = name.iter().any(|&unit| unit == u16::from(b'*') || unit == u16::from(b'?'));
    if name.is_empty() || has_wildcard {
        return None;
    }
    let full = full_path(name);
    let mut found = None;
    search(name, |data| {
        let (attributes, times) = head(data);
        found = Some((attributes, times_of(times), size_in(data)));
        false
    });
    let (attributes, times, size) = found.or_else(|| root(&full))?;
    let device = full.first().map_or(0, |&drive| u32::from(lower(drive)).wrapping_sub(u32::from(b'a')));
    Some(FileStatus { device, mode: mode_of(attributes, Some(name)), links: 1, size, times })
}

/// The root of a drive has no entry in a folder: it begins in 1980, as FAT does.
fn root(full: &[u16]) -> Option<(u32, [i64; 3], u64)> {
    const START_OF_1980: i64 = 315_532_800;
    let mut path = full.to_vec();
    if path.len() > 3 {
        return None;
    }
    path.push(0);
    // SAFETY: the path is a string.
    let attributes = unsafe { GetFileAttributesW(path.as_ptr()) };
    (attributes != NO_ATTRIBUTES).then_some((attributes, [START_OF_1980; 3], 0))
}

/// What is known of an open descriptor.
fn of_descriptor(descriptor: u32) -> Result<FileStatus, i32> {
    use user_crt::descriptors::System;
    let handle = host().descriptors().handle(descriptor).map_err(fail)?;
    // SAFETY: asking changes nothing.
    let special = match unsafe { GetFileType(handle) } & 0xF {
        DISK => None,
        DEVICE => Some(mode::DEVICE),
        PIPE => Some(mode::PIPE),
        _ => return Err(fail_with_last_error()),
    };
    if let Some(mode) = special {
        return Ok(FileStatus { device: descriptor, mode, links: 1, ..FileStatus::default() });
    }
    let mut data = [0; HANDLE_DATA];
    // SAFETY: there is room for the structure.
    if unsafe { GetFileInformationByHandle(handle, data.as_mut_ptr()) } == 0 {
        return Err(fail_with_last_error());
    }
    let (attributes, times) = head(&data);
    let size = u64::from(word(&data, 32)) << 32 | u64::from(word(&data, 36));
    Ok(FileStatus { device: 0, mode: mode_of(attributes, None), links: 1, size, times: times_of(times) })
}

/// Writes the structure; 0, or what is to be returned for a failure.
///
/// # Safety
/// `target` points to a structure of that layout.
unsafe fn deliver(target: *mut u8, layout: Layout, status: Result<FileStatus, i32>) -> i32 {
    let bytes = match status {
        Ok(status) => status.to_bytes(layout),
        Err(failed) => return failed,
    };
    // SAFETY: the caller's promise.
    unsafe { bytes_mut(target, bytes.len() as u32) }.copy_from_slice(&bytes);
    0
}

/// The three functions of a layout: by name, by name in UTF-16, by descriptor.
macro_rules! statuses {
    ($($layout:path: $narrow:ident $wide:ident $open:ident;)*) => {$(
        /// What is known of a file: 0, or -1 with `errno`.
        ///
        /// # Safety
        /// `name` is a string; `target` points to the structure.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $narrow(name: *const u8, target: *mut u8) -> i32 {
            // SAFETY: the caller's promise.
            let name = wide(unsafe { c_string(name) });
            // SAFETY: the caller's promise.
            unsafe { deliver(target, $layout, of_path(&name).ok_or_else(|| fail(Errno::ENOENT))) }
        }

        /// The same for a name in UTF-16.
        ///
        /// # Safety
        /// `name` is a string; `target` points to the structure.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $wide(name: *const u16, target: *mut u8) -> i32 {
            // SAFETY: the caller's promise.
            let name = unsafe { wide_string(name) };
            // SAFETY: the caller's promise.
            unsafe { deliver(target, $layout, of_path(name).ok_or_else(|| fail(Errno::ENOENT))) }
        }

        /// What is known of an open file: 0, or -1 with `errno`.
        ///
        /// # Safety
        /// `target` points to the structure.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $open(descriptor: u32, target: *mut u8) -> i32 {
            // SAFETY: the caller's promise.
            unsafe { deliver(target, $layout, of_descriptor(descriptor)) }
        }
    )*};
}

statuses! {
    Layout::Narrow: _stat _wstat _fstat;
    Layout::WideSize: _stati64 _wstati64 _fstati64;
    Layout::Wide: _stat64 _wstat64 _fstat64;
}
