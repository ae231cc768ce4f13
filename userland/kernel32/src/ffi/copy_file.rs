//! Copying files, with somebody watching.

use alloc::vec;

use user_ffi::{c_string, wide_string};
use user_support::error::Win32Error;
use user_support::status::Status;
use user_support::text;

use super::file::query;
use super::file_name::{DELETE, Open, create_at, set_information};
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{NtReadFile, NtWriteFile};
use super::standard_handle::with_status_block;

/// `GENERIC_READ` and `GENERIC_WRITE`.
const READ: u32 = 0x8000_0000;
const WRITE: u32 = 0x4000_0000;
/// `FILE_OPEN`, `FILE_CREATE`, `FILE_OVERWRITE_IF`.
const OPEN: u32 = 1;
const CREATE: u32 = 2;
const OVERWRITE_IF: u32 = 5;
/// Information classes.
const BASIC_INFORMATION: u32 = 4;
const STANDARD_INFORMATION: u32 = 5;
const DISPOSITION_INFORMATION: u32 = 13;
const ALLOCATION_INFORMATION: u32 = 19;
/// Attributes that go with a copy.
const ATTRIBUTES: u32 = 0x27;
/// Bytes copied at a time.
const CHUNK: usize = 0x1_0000;

/// Why the watcher is called.
const CHUNK_FINISHED: u32 = 0;
const STREAM_SWITCH: u32 = 1;
/// What it answers.
const CANCEL: u32 = 1;
const STOP: u32 = 2;
const QUIET: u32 = 3;

/// `LPPROGRESS_ROUTINE`: sizes and bytes copied, of the file and of its one stream; the stream's number, why, both handles,
/// and the watcher's own word.
type Routine = unsafe extern "system" fn(u64, u64, u64, u64, u32, u32, u32, u32, u32) -> u32;

/// Who watches a copy.
pub(super) struct Copied {
    routine: Option<Routine>,
    data: u32,
    cancel: *const u32,
}

impl Copied {
    /// `COPY_FILE_FAIL_IF_EXISTS`.
    pub const FAIL_IF_EXISTS: u32 = 1;

    /// Tells the watcher; whether to go on.
    fn tell(&mut self, size: u64, done: u64, reason: u32, handles: [u32; 2]) -> Result<(), u32> {
        // SAFETY: whoever gave the pointer keeps the word until the copy is over.
        if !self.cancel.is_null() && unsafe { self.cancel.read_volatile() } != 0 {
            return Err(CANCEL);
        }
        let Some(routine) = self.routine else { return Ok(()) };
        let [source, target] = handles;
        // SAFETY: the caller of `CopyFileEx` promises that it is such a routine.
        match unsafe { routine(size, done, size, done, 1, reason, source, target, self.data) } {
            answer @ (CANCEL | STOP) => Err(answer),
            QUIET => {
                self.routine = None;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// How a copy failed.
enum Failure {
    Service(Status),
    Watcher(u32),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Service(status)
    }
}

/// Copies the file at `old` to `new`.
pub(super) fn copy(old: &[u16], new: &[u16], watcher: Option<Copied>, flags: u32) -> Bool {
    let mut watcher = watcher.unwrap_or(Copied { routine: None, data: 0, cancel: core::ptr::null() });
    let Some(source) = create_at(old, READ, OPEN, 0) else { return 0 };
    let attributes = match query::<5>(source.0, BASIC_INFORMATION) {
        Ok([.., attributes]) => attributes as u32 & ATTRIBUTES,
        Err(status) => return fail_with(status),
    };
    let disposition = if flags & Copied::FAIL_IF_EXISTS == 0 { OVERWRITE_IF } else { CREATE };
    let Some(target) = create_at(new, WRITE | DELETE, disposition, attributes) else { return 0 };
    match copy_contents(&source, &target, &mut watcher) {
        Ok(()) => TRUE,
        Err(Failure::Watcher(STOP)) => fail(Win32Error::REQUEST_ABORTED),
        Err(failure) => {
            // Half a copy is none.
            let _ = target.set(DISPOSITION_INFORMATION, &[1]);
            match failure {
                Failure::Service(status) => fail_with(status),
                Failure::Watcher(_) => fail(Win32Error::REQUEST_ABORTED),
            }
        }
    }
}

fn copy_contents(source: &Open, target: &Open, watcher: &mut Copied) -> Result<(), Failure> {
    let handles = [source.0, target.0];
    let [_, size, _] = query::<3>(source.0, STANDARD_INFORMATION)?;
    // A volume that is too full is known before anything is copied.
    target.set(ALLOCATION_INFORMATION, &size.to_le_bytes())?;
    watcher.tell(size, 0, STREAM_SWITCH, handles).map_err(Failure::Watcher)?;
    let mut buffer = vec![0u8; CHUNK];
    let mut done = 0;
    loop {
        let (bytes, room) = (buffer.as_mut_ptr(), CHUNK as u32);
        let read = with_status_block(|block| {
            // SAFETY: the buffer has so much room; the service writes the status words.
            unsafe { NtReadFile(source.0, 0, 0, 0, block, bytes, room, core::ptr::null(), core::ptr::null()) }
        });
        let count = match read {
            Ok(count) => count,
            Err(Status::END_OF_FILE) => break,
            Err(status) => return Err(status.into()),
        };
        with_status_block(|block| {
            // SAFETY: the buffer holds so many bytes; the service writes the status words.
            unsafe { NtWriteFile(target.0, 0, 0, 0, block, bytes, count, core::ptr::null(), core::ptr::null()) }
        })?;
        done += u64::from(count);
        watcher.tell(size, done, CHUNK_FINISHED, handles).map_err(Failure::Watcher)?;
    }
    let [_, _, written, ..] = query::<5>(source.0, BASIC_INFORMATION)?;
    let mut times = [0; 40];
    times[16..24].copy_from_slice(&written.to_le_bytes());
    set_information(target.0, BASIC_INFORMATION, &times)?;
    Ok(())
}

/// Copies a file; `routine` is told how far it is, and the word at `cancel` ends it.
///
/// # Safety
/// Both names are strings; `routine` is null or an `LPPROGRESS_ROUTINE`; `cancel` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CopyFileExA(
    old: *const u8,
    new: *const u8,
    routine: Option<Routine>,
    data: u32,
    cancel: *const u32,
    flags: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let old = text::wide(unsafe { c_string(old) });
    // SAFETY: the caller's promise.
    let new = text::wide(unsafe { c_string(new) });
    copy(&old, &new, Some(Copied { routine, data, cancel }), flags)
}

/// The same in UTF-16.
///
/// # Safety
/// As [`CopyFileExA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CopyFileExW(
    old: *const u16,
    new: *const u16,
    routine: Option<Routine>,
    data: u32,
    cancel: *const u32,
    flags: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let old = unsafe { wide_string(old) };
    // SAFETY: the caller's promise.
    let new = unsafe { wide_string(new) };
    copy(old, new, Some(Copied { routine, data, cancel }), flags)
}
