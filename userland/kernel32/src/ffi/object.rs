//! What making and opening events, semaphores, mutants and timers has in common.
//!
//! Their names stand in `\BaseNamedObjects`, where `Local` and `Global` are links. A name in bytes has 259 characters at most,
//! as there is room for in Windows; one in UTF-16 as many as a counted string holds.

use core::sync::atomic::{AtomicU32, Ordering};

use user_ffi::{UnicodeString, c_string, wide_string};
use user_support::error::Win32Error;
use user_support::status::Status;
use user_support::text::wide;

use super::last_error::{Bool, fail, fail_with};
use super::nt::{NtClose, NtOpenDirectoryObject};

/// `OBJ_INHERIT`.
const INHERIT: u32 = 2;
/// `OBJ_OPENIF`.
const OPEN_IF: u32 = 0x80;
/// `OBJ_CASE_INSENSITIVE`.
const CASE_INSENSITIVE: u32 = 0x40;
/// Bytes of an OBJECT_ATTRIBUTES.
const ATTRIBUTES_LENGTH: u32 = 0x18;
/// `DIRECTORY_ALL_ACCESS` without the right to delete it and its like.
const DIRECTORY_RIGHTS: u32 = 0xF;
/// Characters of a name in bytes, its zero among them.
const MAX_PATH: usize = 260;
/// Characters of a name that a counted string has room for.
const LONGEST: usize = 0x7FFE;

/// `SECURITY_ATTRIBUTES`, as far as it is looked at.
pub(super) type SecurityAttributes = [u32; 3];

/// The handle of the directory in which names are, or 0 as long as nobody has asked for one.
static NAMED_OBJECTS: AtomicU32 = AtomicU32::new(0);

/// OBJECT_ATTRIBUTES of an object without name, whose handle is inherited where `security` says so.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES.
pub(super) unsafe fn attributes(security: *const SecurityAttributes) -> [u32; 6] {
    // SAFETY: the caller's promise.
    let flags = unsafe { inheritance(security) };
    [ATTRIBUTES_LENGTH, 0, 0, flags, 0, 0]
}

/// `OBJ_INHERIT`, where `security` says so.
///
/// # Safety
/// As [`attributes`].
pub(super) unsafe fn inheritance(security: *const SecurityAttributes) -> u32 {
    // SAFETY: the caller's promise.
    let inherit = !security.is_null() && unsafe { security.read_unaligned() }[2] != 0;
    if inherit { INHERIT } else { 0 }
}

/// A name as a program gives it.
#[derive(Clone, Copy)]
pub(super) enum Name {
    /// UTF-16.
    Wide(*const u16),
    /// Bytes of the ANSI code page.
    Bytes(*const u8),
}

impl Name {
    fn is_null(self) -> bool {
        match self {
            Self::Wide(pointer) => pointer.is_null(),
            Self::Bytes(pointer) => pointer.is_null(),
        }
    }

    /// Does `work` with the characters.
    ///
    /// # Safety
    /// The name points to a string that nobody writes meanwhile.
    unsafe fn with(self, work: impl FnOnce(&[u16]) -> u32) -> u32 {
        match self {
            // SAFETY: the caller's promise.
            Self::Wide(pointer) => work(unsafe { wide_string(pointer) }),
            Self::Bytes(pointer) => {
                // SAFETY: the caller's promise.
                let bytes = unsafe { c_string(pointer) };
                if bytes.len() >= MAX_PATH {
                    return fail(Win32Error::FILENAME_EXCED_RANGE);
                }
                work(&wide(bytes))
            }
        }
    }
}

/// Makes an object by the service `create`, which gets the place of a handle and attributes, or opens the one that has the name
/// already: the last error tells which, 0 or ERROR_ALREADY_EXISTS.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES, and `name` is null or points to a string.
#[doc(alias = "BaseFormatObjectAttributes")]
pub(super) unsafe fn create(
    security: *const SecurityAttributes,
    name: Name,
    create: impl FnOnce(&mut u32, *const u32) -> u32,
) -> u32 {
    if name.is_null() {
        // SAFETY: the caller's promise.
        let attributes = unsafe { attributes(security) };
        return made(|handle| create(handle, attributes.as_ptr()));
    }
    // SAFETY: the caller's promise.
    let flags = unsafe { inheritance(security) } | OPEN_IF;
    let work = |name: &[u16]| under_name(name, flags, |attributes| made(|handle| create(handle, attributes)));
    // SAFETY: the caller's promise.
    unsafe { name.with(work) }
}

/// Opens the object called `name` by the service `open`.
///
/// # Safety
/// `name` is null or points to a string.
pub(super) unsafe fn open(inherit: Bool, name: Name, open: impl FnOnce(&mut u32, *const u32) -> u32) -> u32 {
    if name.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let flags = if inherit != 0 { INHERIT } else { 0 };
    let opened = |attributes| {
        let mut handle = 0;
        match Status(open(&mut handle, attributes)).ok() {
            Ok(()) => handle,
            Err(status) => fail_with(status),
        }
    };
    // SAFETY: the caller's promise.
    unsafe { name.with(|name| under_name(name, flags, opened)) }
}

/// Does `work` with OBJECT_ATTRIBUTES for `name` among the named objects.
fn under_name(name: &[u16], flags: u32, work: impl FnOnce(*const u32) -> u32) -> u32 {
    if name.len() > LONGEST {
        return fail(Win32Error::INVALID_NAME);
    }
    let directory = match named_objects() {
        Ok(directory) => directory,
        Err(status) => return fail_with(status),
    };
    let string = UnicodeString::over(name);
    work([ATTRIBUTES_LENGTH, directory, (&raw const string) as u32, flags, 0, 0].as_ptr())
}

/// The handle of the directory of named objects, opened by the first who asks.
#[doc(alias = "BaseGetNamedObjectDirectory")]
fn named_objects() -> Result<u32, Status> {
    const PATH: &[u8] = br"\BaseNamedObjects";
    let known = NAMED_OBJECTS.load(Ordering::Acquire);
    if known != 0 {
        return Ok(known);
    }
    let path = wide(PATH);
    let string = UnicodeString::over(&path);
    let attributes = [ATTRIBUTES_LENGTH, 0, (&raw const string) as u32, CASE_INSENSITIVE, 0, 0];
    let mut handle = 0;
    // SAFETY: the service reads the attributes with the name, and writes the handle.
    Status(unsafe { NtOpenDirectoryObject(&mut handle, DIRECTORY_RIGHTS, attributes.as_ptr()) }).ok()?;
    match NAMED_OBJECTS.compare_exchange(0, handle, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Ok(handle),
        Err(other) => {
            // SAFETY: the handle is this function's own: another thread was quicker.
            unsafe { NtClose(handle) };
            Ok(other)
        }
    }
}

fn made(create: impl FnOnce(&mut u32) -> u32) -> u32 {
    let mut handle = 0;
    let status = Status(create(&mut handle));
    match status.ok() {
        Ok(()) => {
            let known = if status == Status::OBJECT_NAME_EXISTS { Win32Error::ALREADY_EXISTS } else { Win32Error(0) };
            super::last_error::SetLastError(known.0);
            handle
        }
        Err(status) => fail_with(status),
    }
}
