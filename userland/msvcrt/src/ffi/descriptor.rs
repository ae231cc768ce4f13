//! `_open`, `_read`, `_write` and the other functions of file descriptors.

use alloc::vec::Vec;

use user_crt::descriptors::{self, System, flag};
use user_crt::error::Errno;
use user_crt::sharing::{DENY_NONE, share};
use user_ffi::{bytes, bytes_mut, c_string, wide_string};
use user_support::text::wide;

use super::duplicate::tell_process;
use super::host::host;
use super::nt::{CreateFileW, FlushFileBuffers, GetFileAttributesW, GetFileSizeEx, INVALID_HANDLE};
use super::start::_fmode;
use super::stream::kind_of;
use super::thread_data::{fail, fail_with_last_error, set_errno};

/// Bits of `_open`'s second argument.
mod open_flag {
    pub(super) const WRITE_ONLY: u32 = 0x1;
    pub(super) const READ_WRITE: u32 = 0x2;
    pub(super) const APPEND: u32 = 0x8;
    pub(super) const TEMPORARY: u32 = 0x40;
    pub(super) const CREATE: u32 = 0x100;
    pub(super) const TRUNCATE: u32 = 0x200;
    pub(super) const EXCLUSIVE: u32 = 0x400;
    pub(super) const TEXT: u32 = 0x4000;
    pub(super) const BINARY: u32 = 0x8000;
}

/// `GENERIC_READ`.
const GENERIC_READ: u32 = 0x8000_0000;
/// `GENERIC_WRITE`.
const GENERIC_WRITE: u32 = 0x4000_0000;
/// `DELETE`.
const DELETE: u32 = 0x0001_0000;
/// `FILE_SHARE_READ | FILE_SHARE_WRITE`, for what the library opens itself.
const SHARE: u32 = 3;
/// `FILE_SHARE_DELETE`.
const SHARE_DELETE: u32 = 4;
/// `OPEN_EXISTING`.
const OPEN_EXISTING: u32 = 3;
/// `FILE_ATTRIBUTE_NORMAL`.
const NORMAL: u32 = 0x80;
/// `FILE_ATTRIBUTE_READONLY`.
const READ_ONLY: u32 = 0x01;
/// `FILE_FLAG_DELETE_ON_CLOSE`.
const DELETE_ON_CLOSE: u32 = 0x0400_0000;

/// How a file is opened.
#[derive(Clone, Copy)]
pub(super) struct Access {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) create: bool,
    pub(super) truncate: bool,
    pub(super) exclusive: bool,
    pub(super) temporary: bool,
    /// What is made may only be read afterwards.
    pub(super) read_only: bool,
    /// Who else may use it: a mode of `_sopen`.
    pub(super) sharing: u32,
}

impl Access {
    fn creation(self) -> u32 {
        match (self.create, self.exclusive, self.truncate) {
            (true, true, _) => 1,
            (true, false, true) => 2,
            (true, false, false) => 4,
            (false, _, true) => 5,
            (false, _, false) => OPEN_EXISTING,
        }
    }
}

/// A file's handle, or `None` with `errno`.
fn handle(name: &[u16], access: u32, share: u32, creation: u32, flags: u32) -> Option<u32> {
    let mut path: Vec<u16> = name.to_vec();
    path.push(0);
    // SAFETY: the name ends in a zero and lives until the function returns.
    let handle = unsafe { CreateFileW(path.as_ptr(), access, share, core::ptr::null(), creation, flags, 0) };
    if handle == INVALID_HANDLE {
        fail_with_last_error();
        return None;
    }
    Some(handle)
}

/// Opens a file as a descriptor with these flags, or `None` with `errno`.
pub(super) fn open(name: &[u16], access: Access, flags: u32) -> Option<u32> {
    let rights = if access.read { GENERIC_READ } else { 0 } | if access.write { GENERIC_WRITE } else { 0 };
    let Some(share) = share(access.sharing) else {
        set_errno(Errno::EINVAL);
        return None;
    };
    let (rights, share, attributes) = match access.temporary {
        true => (rights | DELETE, share | SHARE_DELETE, NORMAL | DELETE_ON_CLOSE),
        false => (rights, share, NORMAL),
    };
    let attributes = if access.read_only { attributes | READ_ONLY } else { attributes };
    let handle = handle(name, rights, share, access.creation(), attributes)?;
    let added = host().descriptors().add(handle, flags | kind_of(handle));
    added
        .map_err(|errno| {
            let _ = host().close_handle(handle);
            set_errno(errno);
        })
        .ok()
}

/// `_S_IWRITE`.
const WRITABLE: u32 = 0x80;

fn open_with(name: &[u16], flags: u32, sharing: u32, mode: u32) -> i32 {
    use open_flag::{APPEND, BINARY, CREATE, EXCLUSIVE, READ_WRITE, TEMPORARY, TEXT, TRUNCATE, WRITE_ONLY};
    let access = Access {
        read: flags & WRITE_ONLY == 0,
        write: flags & (WRITE_ONLY | READ_WRITE) != 0,
        create: flags & CREATE != 0,
        truncate: flags & TRUNCATE != 0,
        exclusive: flags & EXCLUSIVE != 0,
        temporary: flags & TEMPORARY != 0,
        read_only: flags & CREATE != 0 && mode & !super::relic::mask() & WRITABLE == 0,
        sharing,
    };
    let is_text = flags & TEXT != 0 || flags & BINARY == 0 && _fmode.get() & BINARY == 0;
    let kind = if is_text { flag::TEXT } else { 0 } | if flags & APPEND != 0 { flag::APPEND } else { 0 };
    open(name, access, kind).map_or(-1, u32::cast_signed)
}

/// Opens a file; the descriptor, or -1. `mode` is only there where a file may be made.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _open(name: *const u8, flags: u32, mode: u32) -> i32 {
    // SAFETY: the caller's promise.
    open_with(&wide(unsafe { c_string(name) }), flags, DENY_NONE, mode)
}

/// Opens a file; the descriptor, or -1.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wopen(name: *const u16, flags: u32, mode: u32) -> i32 {
    // SAFETY: the caller's promise.
    open_with(unsafe { wide_string(name) }, flags, DENY_NONE, mode)
}

/// Opens a file, which others may open beside as `share` says; the descriptor, or -1.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _sopen(name: *const u8, flags: u32, share: u32, mode: u32) -> i32 {
    // SAFETY: the caller's promise.
    open_with(&wide(unsafe { c_string(name) }), flags, share, mode)
}

/// Opens a file, which others may open beside as `share` says; the descriptor, or -1.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wsopen(name: *const u16, flags: u32, share: u32, mode: u32) -> i32 {
    // SAFETY: the caller's promise.
    open_with(unsafe { wide_string(name) }, flags, share, mode)
}

/// Makes or empties a file and opens it for writing.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _creat(name: *const u8, mode: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { _open(name, open_flag::WRITE_ONLY | open_flag::CREATE | open_flag::TRUNCATE, mode) }
}

/// Turns a result into what C functions return.
fn answer(result: Result<u32, Errno>) -> i32 {
    result.map_or_else(fail, u32::cast_signed)
}

/// Reads; 0 at the end, -1 with `errno` for a failure.
///
/// # Safety
/// The buffer has room for `count` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _read(descriptor: u32, target: *mut u8, count: u32) -> i32 {
    // SAFETY: the caller's promise.
    let target = unsafe { bytes_mut(target, count) };
    answer(descriptors::read(&host(), descriptor, target).map(|count| count as u32))
}

/// Writes; how many bytes, or -1 with `errno`.
///
/// # Safety
/// The bytes are there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _write(descriptor: u32, source: *const u8, count: u32) -> i32 {
    // SAFETY: the caller's promise.
    let source = unsafe { bytes(source, count) };
    answer(descriptors::write(&host(), descriptor, source).map(|count| count as u32))
}

/// Moves a descriptor; where it then stands, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _lseek(descriptor: u32, distance: i32, origin: u32) -> i32 {
    _lseeki64(descriptor, distance.into(), origin) as i32
}

/// Moves a descriptor; where it then stands, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _lseeki64(descriptor: u32, distance: i64, origin: u32) -> i64 {
    descriptors::seek(&host(), descriptor, distance, origin).unwrap_or_else(|errno| fail(errno).into())
}

/// Where a descriptor stands.
#[unsafe(no_mangle)]
pub extern "C" fn _tell(descriptor: u32) -> i32 {
    _lseek(descriptor, 0, 1)
}

/// Closes a descriptor.
#[unsafe(no_mangle)]
pub extern "C" fn _close(descriptor: u32) -> i32 {
    let result = descriptors::close(&host(), descriptor);
    if result.is_ok() {
        tell_process(descriptor, 0);
    }
    answer(result.map(|()| 0))
}

/// Whether a descriptor leads to a device; the bit itself, as the library answers.
#[unsafe(no_mangle)]
pub extern "C" fn _isatty(descriptor: u32) -> i32 {
    host().descriptors().flags(descriptor).map_or(0, |flags| (flags & flag::DEVICE).cast_signed())
}

/// Sets text or binary mode; the old mode, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _setmode(descriptor: u32, mode: u32) -> i32 {
    use open_flag::{BINARY, TEXT};
    let text = match mode {
        TEXT => flag::TEXT,
        BINARY => 0,
        _ => return fail(Errno::EINVAL),
    };
    let old = host().descriptors().set_flags(descriptor, flag::TEXT, text);
    answer(old.map(|old| if old & flag::TEXT != 0 { TEXT } else { BINARY }))
}

/// The handle behind a descriptor, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _get_osfhandle(descriptor: u32) -> i32 {
    answer(host().descriptors().handle(descriptor))
}

/// A descriptor for a handle, which it owns from now on.
#[unsafe(no_mangle)]
pub extern "C" fn _open_osfhandle(handle: u32, flags: u32) -> i32 {
    let mode = if flags & open_flag::TEXT != 0 { flag::TEXT } else { 0 };
    answer(host().descriptors().add(handle, mode | kind_of(handle)))
}

/// The size of a file, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _filelength(descriptor: u32) -> i32 {
    _filelengthi64(descriptor) as i32
}

/// The size of a file, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _filelengthi64(descriptor: u32) -> i64 {
    let handle = match host().descriptors().handle(descriptor) {
        Ok(handle) => handle,
        Err(errno) => return fail(errno).into(),
    };
    let mut size = 0u64;
    // SAFETY: the function writes the size.
    if unsafe { GetFileSizeEx(handle, &mut size) } == 0 {
        return fail_with_last_error().into();
    }
    size.cast_signed()
}

/// Whether a descriptor is at the end of its file: 1, 0, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn _eof(descriptor: u32) -> i32 {
    let (position, size) = (_lseeki64(descriptor, 0, 1), _filelengthi64(descriptor));
    if position < 0 || size < 0 { -1 } else { i32::from(position >= size) }
}

/// Sends what was written to the disk.
#[unsafe(no_mangle)]
pub extern "C" fn _commit(descriptor: u32) -> i32 {
    match host().descriptors().handle(descriptor) {
        // SAFETY: flushing touches no memory.
        Ok(handle) if unsafe { FlushFileBuffers(handle) } != 0 => 0,
        Ok(_) => fail_with_last_error(),
        Err(errno) => fail(errno),
    }
}

/// A handle to the file `name` through which its times can be set, or `None` with `errno`.
pub(super) fn handle_to_mark(name: &[u16]) -> Option<u32> {
    /// `FILE_WRITE_ATTRIBUTES`.
    const WRITE_ATTRIBUTES: u32 = 0x100;
    handle(name, WRITE_ATTRIBUTES, SHARE | SHARE_DELETE, OPEN_EXISTING, NORMAL)
}

/// Deletes a file.
fn delete(name: &[u16]) -> i32 {
    match handle(name, DELETE, SHARE | SHARE_DELETE, OPEN_EXISTING, NORMAL | DELETE_ON_CLOSE) {
        Some(handle) => host().close_handle(handle).map_or_else(|_| fail_with_last_error(), |()| 0),
        None => -1,
    }
}

/// Deletes a file.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn remove(name: *const u8) -> i32 {
    // SAFETY: the caller's promise.
    delete(&wide(unsafe { c_string(name) }))
}

/// Deletes a file.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _unlink(name: *const u8) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { remove(name) }
}

/// Deletes a file.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wremove(name: *const u16) -> i32 {
    // SAFETY: the caller's promise.
    delete(unsafe { wide_string(name) })
}

/// Deletes a file.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wunlink(name: *const u16) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { _wremove(name) }
}

/// Whether a file is there (mode 0 or 4) or is not marked as one that must not be written (2, 6): 0, or -1 with `errno`.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _access(name: *const u8, mode: u32) -> i32 {
    /// `FILE_ATTRIBUTE_DIRECTORY`, for which the other one means nothing.
    const DIRECTORY: u32 = 0x10;
    // SAFETY: the caller's promise.
    let mut name = wide(unsafe { c_string(name) });
    name.push(0);
    // SAFETY: the name ends in a zero and lives until the function returns.
    match unsafe { GetFileAttributesW(name.as_ptr()) } {
        u32::MAX => fail_with_last_error(),
        attributes if mode & 2 != 0 && attributes & (READ_ONLY | DIRECTORY) == READ_ONLY => fail(Errno::EACCES),
        _ => 0,
    }
}
