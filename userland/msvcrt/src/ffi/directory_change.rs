//! Directories, temporary files, and the marks, times and lengths of files.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use user_crt::descriptors::System;
use user_crt::error::Errno;
use user_crt::sharing::DENY_NONE;
use user_crt::stdio::parse_mode;
use user_crt::time::to_system;
use user_ffi::{bytes_mut, c_string, wide_string};
use user_support::text::{ansi, wide};

use super::descriptor::_lseeki64;
use super::file::open_stream;
use super::host::host;
use super::nt::{
    CreateDirectoryW, GetCurrentProcessId, GetFileAttributesW, RemoveDirectoryW, SetEndOfFile, SetFileAttributesW,
    SetFileTime,
};
use super::thread_data::{fail, fail_with_last_error};

/// `_S_IWRITE`.
const WRITABLE: u32 = 0x80;
/// `FILE_ATTRIBUTE_READONLY`.
const READ_ONLY: u32 = 0x01;
/// What no attributes are.
const NO_ATTRIBUTES: u32 = u32::MAX;
/// Names that `tmpnam` knows.
const MOST_NAMES: u32 = 0x7FFF;
/// Bytes of such a name.
const NAME: usize = 16;

static NEXT_NAME: AtomicU32 = AtomicU32::new(0);

/// Where `tmpnam` leaves a name for which it was given no room.
#[repr(transparent)]
struct Place([core::sync::atomic::AtomicU8; NAME]);
static OWN_NAME: Place = Place([const { core::sync::atomic::AtomicU8::new(0) }; NAME]);

fn with_zero(name: &[u16]) -> Vec<u16> {
    name.iter().copied().chain([0]).collect()
}

/// 0 where a function said yes, else -1 with `errno`.
fn answer(succeeded: u32) -> i32 {
    if succeeded != 0 { 0 } else { fail_with_last_error() }
}

fn make(name: &[u16]) -> i32 {
    // SAFETY: the name ends in a zero and lives until the function returns.
    answer(unsafe { CreateDirectoryW(with_zero(name).as_ptr(), core::ptr::null()) })
}

fn remove(name: &[u16]) -> i32 {
    // SAFETY: the name ends in a zero and lives until the function returns.
    answer(unsafe { RemoveDirectoryW(with_zero(name).as_ptr()) })
}

fn mark(name: &[u16], mode: u32) -> i32 {
    let name = with_zero(name);
    // SAFETY: the name ends in a zero and lives until the function returns.
    let old = unsafe { GetFileAttributesW(name.as_ptr()) };
    if old == NO_ATTRIBUTES {
        return fail_with_last_error();
    }
    let new = if mode & WRITABLE != 0 { old & !READ_ONLY } else { old | READ_ONLY };
    // SAFETY: as above.
    answer(unsafe { SetFileAttributesW(name.as_ptr(), new) })
}

macro_rules! by_name {
    ($($(#[$meta:meta])* $narrow:ident $wide:ident ($($argument:ident: $kind:ty),*), |$name:ident| $work:expr;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// The name is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $narrow(name: *const u8, $($argument: $kind),*) -> i32 {
            // SAFETY: the caller's promise.
            let $name: &[u16] = &wide(unsafe { c_string(name) });
            $work
        }

        $(#[$meta])*
        ///
        /// # Safety
        /// The name is a string.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $wide(name: *const u16, $($argument: $kind),*) -> i32 {
            // SAFETY: the caller's promise.
            let $name: &[u16] = unsafe { wide_string(name) };
            $work
        }
    )*};
}

by_name! {
    /// Makes a directory: 0, or -1 with `errno`.
    _mkdir _wmkdir (), |name| make(name);
    /// Removes an empty directory: 0, or -1 with `errno`.
    _rmdir _wrmdir (), |name| remove(name);
    /// Says whether a file may be written: 0, or -1 with `errno`.
    _chmod _wchmod (mode: u32), |name| mark(name, mode);
}

/// Makes the file behind a descriptor `size` bytes long; what it gains is zeros. 0, or -1 with `errno`.
#[unsafe(no_mangle)]
pub extern "C" fn _chsize(descriptor: u32, size: i32) -> i32 {
    let Ok(size) = u32::try_from(size) else { return fail(Errno::EINVAL) };
    let handle = match host().descriptors().handle(descriptor) {
        Ok(handle) => handle,
        Err(errno) => return fail(errno),
    };
    let before = _lseeki64(descriptor, 0, 1);
    if before < 0 || _lseeki64(descriptor, size.into(), 0) < 0 {
        return -1;
    }
    // SAFETY: it touches no memory.
    let result = answer(unsafe { SetEndOfFile(handle) });
    _lseeki64(descriptor, before, 0);
    result
}

/// Sets when a file was used and written, in seconds since 1970; now for null. 0, or -1 with `errno`.
///
/// # Safety
/// `name` is a string; `times` is null or points to two words.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _utime(name: *const u8, times: *const [i32; 2]) -> i32 {
    // SAFETY: the caller's promise.
    let name = wide(unsafe { c_string(name) });
    let now = user_ffi::shared_data().system_time();
    let of = |seconds: i32| to_system(i64::from(seconds));
    // SAFETY: the caller's promise.
    let times = if times.is_null() { [now; 2] } else { unsafe { times.read_unaligned() }.map(of) };
    let Some(handle) = super::descriptor::handle_to_mark(&name) else { return -1 };
    let [accessed, written] = &times;
    // SAFETY: both times are there.
    let result = answer(unsafe { SetFileTime(handle, core::ptr::null(), accessed, written) });
    let _ = host().close_handle(handle);
    result
}

/// A name that no file in the root of the drive has, and that this function has not given before: `\s` with the process and a
/// number. XP's is of that form.
fn next_name() -> Option<Vec<u16>> {
    loop {
        let number = NEXT_NAME.fetch_add(1, Ordering::Relaxed);
        if number >= MOST_NAMES {
            return None;
        }
        // SAFETY: asking changes nothing.
        let process = unsafe { GetCurrentProcessId() };
        let name: Vec<u16> = format!("\\s{process:x}.{number:x}").encode_utf16().collect();
        // SAFETY: the name ends in a zero and lives until the function returns.
        if unsafe { GetFileAttributesW(with_zero(&name).as_ptr()) } == NO_ATTRIBUTES {
            return Some(name);
        }
    }
}

/// A name for a temporary file, at `target` or in a place of the library's own; null when there are no more.
///
/// # Safety
/// `target` is null or has room for 16 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tmpnam(target: *mut u8) -> *const u8 {
    let Some(name) = next_name() else { return core::ptr::null() };
    let mut name = ansi(&name);
    name.truncate(NAME - 1);
    name.push(0);
    if target.is_null() {
        OWN_NAME.0.iter().zip(&name).for_each(|(place, byte)| place.store(*byte, Ordering::Relaxed));
        return core::ptr::from_ref(&OWN_NAME).cast();
    }
    // SAFETY: the caller's promise.
    unsafe { bytes_mut(target, name.len() as u32) }.copy_from_slice(&name);
    target
}

/// A stream over a file that goes when it is closed; null with `errno`.
#[unsafe(no_mangle)]
pub extern "C" fn tmpfile() -> u32 {
    match next_name() {
        Some(name) => open_stream(&name, parse_mode(b"w+bD"), DENY_NONE),
        None => {
            fail(Errno::EEXIST);
            0
        }
    }
}
