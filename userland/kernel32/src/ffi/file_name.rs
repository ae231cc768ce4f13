//! Files by their names: made away with, moved, marked; directories made and removed.

use alloc::vec::Vec;

use user_ffi::{UnicodeString, c_string, wide_string};
use user_support::error::Win32Error;
use user_support::path::to_nt;
use user_support::status::Status;
use user_support::text;

use super::copy_file::{Copied, copy};
use super::directory::directory_for;
use super::file::{create, fail_status};
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{NtClose, NtOpenFile, NtQueryFullAttributesFile, NtSetInformationFile};
use super::standard_handle::with_status_block;

/// `DELETE`.
pub(super) const DELETE: u32 = 0x0001_0000;
/// `FILE_WRITE_ATTRIBUTES`.
const WRITE_ATTRIBUTES: u32 = 0x100;
/// `SYNCHRONIZE | FILE_READ_ATTRIBUTES`.
const ALWAYS: u32 = 0x0010_0080;
/// `FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_FOR_BACKUP_INTENT`.
const PLAIN: u32 = 0x4020;
/// `FILE_DIRECTORY_FILE`.
const DIRECTORY: u32 = 0x01;
/// `FILE_NON_DIRECTORY_FILE`.
const NO_DIRECTORY: u32 = 0x40;
/// `FILE_CREATE`.
const CREATE: u32 = 2;
/// Information classes: times and attributes, name, whether it is to be deleted.
const BASIC_INFORMATION: u32 = 4;
const RENAME_INFORMATION: u32 = 10;
const DISPOSITION_INFORMATION: u32 = 13;
/// Flags of `MoveFileEx`.
const REPLACE_EXISTING: u32 = 1;
const COPY_ALLOWED: u32 = 2;
const DELAY_UNTIL_REBOOT: u32 = 4;
/// Attributes that `SetFileAttributes` sets; NORMAL says that there are none.
const SETTABLE: u32 = 0x31A7;
const NORMAL: u32 = 0x80;

/// A handle that is closed when it goes.
pub(super) struct Open(pub u32);

impl Open {
    /// What is at DOS path `path`.
    pub fn path(path: &[u16], access: u32, options: u32) -> Result<Self, Status> {
        let path = to_nt(&directory_for(path), path);
        let name = UnicodeString::over(&path);
        let object = [0x18, 0, &raw const name as u32, 0x40, 0, 0];
        let mut handle = 0;
        with_status_block(|block| {
            // SAFETY: name and attributes live until the service returns; it writes the handle and the status words.
            unsafe { NtOpenFile(&mut handle, access | ALWAYS, object.as_ptr(), block, 7, options) }
        })
        .map(|_| Self(handle))
    }

    /// Changes what `class` is about to `bytes`.
    pub fn set(&self, class: u32, bytes: &[u8]) -> Result<(), Status> {
        set_information(self.0, class, bytes)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: the handle was opened here and nobody else has it.
        unsafe { NtClose(self.0) };
    }
}

/// Changes what is known of an open file.
pub(super) fn set_information(handle: u32, class: u32, bytes: &[u8]) -> Result<(), Status> {
    with_status_block(|block| {
        // SAFETY: the service reads the bytes and writes the status words.
        unsafe { NtSetInformationFile(handle, block, bytes.as_ptr(), bytes.len() as u32, class) }
    })
    .map(drop)
}

fn answer(result: Result<(), Status>) -> Bool {
    result.map_or_else(fail_with, |()| TRUE)
}

pub(super) fn delete(path: &[u16], options: u32) -> Result<(), Status> {
    Open::path(path, DELETE, PLAIN | options)?.set(DISPOSITION_INFORMATION, &[1])
}

/// Gives the file at `old` the path `new`.
fn rename(old: &[u16], new: &[u16], replaces: bool) -> Result<(), Status> {
    let file = Open::path(old, DELETE, PLAIN)?;
    let target = to_nt(&directory_for(new), new);
    // Whether to replace; no folder; bytes of the name; the name.
    let words = [u32::from(replaces), 0, 2 * target.len() as u32];
    let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    bytes.extend(target.iter().flat_map(|unit| unit.to_le_bytes()));
    file.set(RENAME_INFORMATION, &bytes)
}

fn move_file(old: &[u16], new: &[u16], flags: u32) -> Bool {
    if flags & DELAY_UNTIL_REBOOT != 0 {
        return fail(Win32Error::NOT_SUPPORTED);
    }
    match rename(old, new, flags & REPLACE_EXISTING != 0) {
        Err(Status::NOT_SAME_DEVICE) if flags & COPY_ALLOWED != 0 => {
            let kept = if flags & REPLACE_EXISTING == 0 { Copied::FAIL_IF_EXISTS } else { 0 };
            if copy(old, new, None, kept) == 0 { 0 } else { answer(delete(old, NO_DIRECTORY)) }
        }
        result => answer(result),
    }
}

fn make_directory(path: &[u16]) -> Bool {
    let nt = to_nt(&directory_for(path), path);
    match create(&nt, 1, 3, CREATE, 0, DIRECTORY | PLAIN, 0) {
        Ok((handle, _)) => {
            drop(Open(handle));
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

fn set_attributes(path: &[u16], attributes: u32) -> Bool {
    let mut bytes = [0; 40];
    bytes[32..36].copy_from_slice(&(attributes & SETTABLE | NORMAL).to_le_bytes());
    answer(Open::path(path, WRITE_ATTRIBUTES, PLAIN).and_then(|file| file.set(BASIC_INFORMATION, &bytes)))
}

/// Words of `WIN32_FILE_ATTRIBUTE_DATA`.
const DATA: usize = 9;

fn full_attributes(path: &[u16]) -> Result<[u32; DATA], Status> {
    let path = to_nt(&directory_for(path), path);
    let name = UnicodeString::over(&path);
    let object = [0x18, 0, &raw const name as u32, 0x40, 0, 0];
    let mut answer = [0u32; 14];
    // SAFETY: name and attributes live until the service returns, which writes 56 bytes.
    Status(unsafe { NtQueryFullAttributesFile(object.as_ptr(), answer.as_mut_ptr().cast()) }).ok()?;
    let [created, created_high, accessed, accessed_high, written, written_high, ..] = answer;
    let (size, size_high, attributes) = (answer[10], answer[11], answer[12]);
    Ok([attributes, created, created_high, accessed, accessed_high, written, written_high, size_high, size])
}

/// # Safety
/// `target` points to a `WIN32_FILE_ATTRIBUTE_DATA`.
unsafe fn attributes_ex(path: &[u16], level: u32, target: *mut [u32; DATA]) -> Bool {
    if level != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    match full_attributes(path) {
        Ok(words) => {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(words) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

macro_rules! by_name {
    ($($(#[$meta:meta])* $ansi:ident $wide:ident ($($argument:ident: $kind:ty),*), |$path:ident| $work:expr;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// The path is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $ansi(path: *const u8, $($argument: $kind),*) -> Bool {
            // SAFETY: the caller's promise.
            let $path: &[u16] = &text::wide(unsafe { c_string(path) });
            $work
        }

        $(#[$meta])*
        ///
        /// # Safety
        /// The path is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $wide(path: *const u16, $($argument: $kind),*) -> Bool {
            // SAFETY: the caller's promise.
            let $path: &[u16] = unsafe { wide_string(path) };
            $work
        }
    )*};
}

by_name! {
    /// Deletes a file: it goes when the last handle to it does.
    DeleteFileA DeleteFileW (), |path| answer(delete(path, NO_DIRECTORY));
    /// Removes an empty directory.
    RemoveDirectoryA RemoveDirectoryW (), |path| answer(delete(path, DIRECTORY));
    /// Makes a directory.
    CreateDirectoryA CreateDirectoryW (_security: u32), |path| make_directory(path);
    /// Changes the attributes of a file.
    SetFileAttributesA SetFileAttributesW (attributes: u32), |path| set_attributes(path, attributes);
}

macro_rules! of_two_names {
    ($($(#[$meta:meta])* $ansi:ident $wide:ident ($($argument:ident: $kind:ty),*), |$old:ident, $new:ident| $work:expr;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// Both are strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $ansi(old: *const u8, new: *const u8, $($argument: $kind),*) -> Bool {
            // SAFETY: the caller's promise.
            let $old: &[u16] = &text::wide(unsafe { c_string(old) });
            // SAFETY: the caller's promise.
            let $new: &[u16] = &text::wide(unsafe { c_string(new) });
            $work
        }

        $(#[$meta])*
        ///
        /// # Safety
        /// Both are strings.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $wide(old: *const u16, new: *const u16, $($argument: $kind),*) -> Bool {
            // SAFETY: the caller's promise.
            let $old: &[u16] = unsafe { wide_string(old) };
            // SAFETY: the caller's promise.
            let $new: &[u16] = unsafe { wide_string(new) };
            $work
        }
    )*};
}

of_two_names! {
    /// Gives a file another name, which nothing may have yet.
    MoveFileA MoveFileW (), |old, new| move_file(old, new, COPY_ALLOWED);
    /// Gives a file another name, and replaces what has it where the flags say so.
    MoveFileExA MoveFileExW (flags: u32), |old, new| move_file(old, new, flags);
    /// Copies a file.
    CopyFileA CopyFileW (fails_if_exists: u32), |old, new| copy(old, new, None, fails_if_exists.min(1));
}

/// Attributes, times and size of a file that is not opened.
///
/// # Safety
/// `path` is a string, `target` points to a `WIN32_FILE_ATTRIBUTE_DATA`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileAttributesExA(path: *const u8, level: u32, target: *mut [u32; DATA]) -> Bool {
    // SAFETY: the caller's promise.
    let path = text::wide(unsafe { c_string(path) });
    // SAFETY: the caller's promise.
    unsafe { attributes_ex(&path, level, target) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetFileAttributesExA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileAttributesExW(path: *const u16, level: u32, target: *mut [u32; DATA]) -> Bool {
    // SAFETY: the caller's promise.
    let path = unsafe { wide_string(path) };
    // SAFETY: the caller's promise.
    unsafe { attributes_ex(path, level, target) }
}

/// Opens or makes the file at DOS path `path`, with a last error where it cannot.
pub(super) fn create_at(path: &[u16], access: u32, disposition: u32, attributes: u32) -> Option<Open> {
    let nt = to_nt(&directory_for(path), path);
    match create(&nt, access, 1, disposition, attributes, PLAIN | NO_DIRECTORY, 0) {
        Ok((handle, _)) => Some(Open(handle)),
        Err(status) => {
            fail_status(status);
            None
        }
    }
}
