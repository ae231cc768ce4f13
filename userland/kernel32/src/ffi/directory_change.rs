//! Watching folders: being told that something in them has changed, and what.
//!
//! Source: documented behaviour of the functions.

use alloc::boxed::Box;
use core::cell::UnsafeCell;

use user_ffi::{c_string, wide_string};
use user_support::memory::Memory;
use user_support::status::Status;
use user_support::text;

use super::completion::{EVENT, PENDING, always_later, call_completed, tells_port};
use super::event::CreateEventA;
use super::file_name::Open;
use super::last_error::{Bool, FALSE, TRUE, fail_with, succeeded};
use super::nt::{NtCancelIoFile, NtClose, NtNotifyChangeDirectoryFile};
use super::standard_handle::{CloseHandle, INVALID_HANDLE, with_status_block};
use super::startup::memory;
use super::wait::WaitForSingleObject;

/// `FILE_LIST_DIRECTORY`.
const LIST: u32 = 1;
/// `FILE_DIRECTORY_FILE | FILE_OPEN_FOR_BACKUP_INTENT`: not to be waited with.
const FOLDER: u32 = 0x4001;

/// Where the system says how the requests of handles ended that only say that something has changed: nobody reads it.
struct Unread(UnsafeCell<[u32; 2]>);

// SAFETY: nobody reads it, and the system writes it.
unsafe impl Sync for Unread {}

static UNREAD: Unread = Unread(UnsafeCell::new([0; 2]));

/// Has `handle` set when something changes.
fn arm(handle: u32, subtree: Bool, filter: u32) -> Result<(), Status> {
    let block = UNREAD.0.get().cast();
    // SAFETY: the block stays for good.
    Status(unsafe {
        NtNotifyChangeDirectoryFile(
            handle,
            0,
            0,
            0,
            block,
            core::ptr::null_mut(),
            0,
            filter,
            u32::from(subtree != FALSE),
        )
    })
    .ok()
}

fn first(path: &[u16], subtree: Bool, filter: u32) -> u32 {
    let watch = Open::path(path, LIST, FOLDER).and_then(|folder| arm(folder.0, subtree, filter).map(|()| folder));
    match watch {
        Ok(folder) => {
            let handle = folder.0;
            core::mem::forget(folder);
            handle
        }
        Err(status) => {
            fail_with(status);
            INVALID_HANDLE
        }
    }
}

/// A handle that is set when something changes in a folder: names of files or folders, attributes, sizes or times, as `filter` says.
///
/// # Safety
/// `path` points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindFirstChangeNotificationA(path: *const u8, subtree: Bool, filter: u32) -> u32 {
    // SAFETY: the caller's promise.
    first(&text::wide(unsafe { c_string(path) }), subtree, filter)
}

/// The same.
///
/// # Safety
/// `path` points to a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindFirstChangeNotificationW(path: *const u16, subtree: Bool, filter: u32) -> u32 {
    // SAFETY: the caller's promise.
    first(unsafe { wide_string(path) }, subtree, filter)
}

/// Has the handle set again, at the next change: what has changed since it was set counts.
#[unsafe(no_mangle)]
pub extern "system" fn FindNextChangeNotification(handle: u32) -> Bool {
    /// What the first one said stands; but a filter there must be.
    const NAMES: u32 = 3;
    match arm(handle, TRUE, NAMES) {
        Ok(()) => TRUE,
        Err(status) => fail_with(status),
    }
}

/// Closes such a handle.
///
/// # Safety
/// As [`CloseHandle`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FindCloseChangeNotification(handle: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { CloseHandle(handle) }
}

/// Tells what changes in a folder: now, if something has since the last time or the folder was opened to be waited with; else later, as
/// `overlapped` and `routine` say.
///
/// # Safety
/// `buffer` has room for `length` bytes, and `overlapped` is null or points to an OVERLAPPED, until it has completed; `returned` is null or points
/// to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadDirectoryChangesW(
    folder: u32,
    buffer: *mut u8,
    length: u32,
    subtree: Bool,
    filter: u32,
    returned: *mut u32,
    overlapped: *mut u32,
    routine: u32,
) -> Bool {
    let tree = u32::from(subtree != FALSE);
    if overlapped.is_null() {
        let told = with_status_block(|block| {
            // SAFETY: the caller's promise; the folder is waited with.
            let status = unsafe { NtNotifyChangeDirectoryFile(folder, 0, 0, 0, block, buffer, length, filter, tree) };
            // It was not opened for that: then it is waited for.
            if status == PENDING {
                WaitForSingleObject(folder, u32::MAX);
                // SAFETY: as above; the block is written by now.
                return unsafe { block.read_volatile() };
            }
            status
        });
        return match told {
            Ok(bytes) => {
                if !returned.is_null() {
                    // SAFETY: the caller's promise.
                    unsafe { returned.write_unaligned(bytes) };
                }
                TRUE
            }
            Err(status) => fail_with(status),
        };
    }
    let target = Target { folder, buffer, length, filter, tree };
    memory().write_u32(overlapped as u32, PENDING);
    if routine != 0 {
        let entry = call_completed as *const () as u32;
        // SAFETY: the caller's promise; the system writes the first two words of the structure.
        return succeeded(unsafe { target.ask(0, entry, routine, overlapped) });
    }
    if tells_port(folder) {
        return target.ask_for_port(overlapped as u32);
    }
    let event = memory().read_u32(overlapped as u32 + EVENT) & !1;
    // SAFETY: as above.
    succeeded(unsafe { target.ask(event, 0, 0, overlapped) })
}

/// What is asked, and where the answer goes.
struct Target {
    folder: u32,
    buffer: *mut u8,
    length: u32,
    filter: u32,
    tree: u32,
}

impl Target {
    /// # Safety
    /// `block` stays until the request has completed, and so does the buffer.
    unsafe fn ask(&self, event: u32, entry: u32, routine: u32, block: *mut u32) -> u32 {
        let &Self { folder, buffer, length, filter, tree } = self;
        // SAFETY: the caller's promise.
        unsafe { NtNotifyChangeDirectoryFile(folder, event, entry, routine, block, buffer, length, filter, tree) }
    }

    /// Asks now, and has another thread tell the port.
    fn ask_for_port(&self, overlapped: u32) -> Bool {
        // SAFETY: an event without name or security, that stays set.
        let event = unsafe { CreateEventA(core::ptr::null(), TRUE, FALSE, core::ptr::null()) };
        if event == 0 {
            return FALSE;
        }
        let block = Box::into_raw(Box::new([0u32; 2]));
        // SAFETY: the block stays until the event is set, and the buffer as ReadDirectoryChangesW's caller promises.
        let asked = Status(unsafe { self.ask(event, 0, 0, block.cast()) });
        if let Err(status) = asked.ok() {
            // SAFETY: the handle is this function's.
            unsafe { NtClose(event) };
            // SAFETY: so is the block, which the system has forgotten.
            drop(unsafe { Box::from_raw(block) });
            return fail_with(status);
        }
        let block = block as u32;
        always_later(self.folder, overlapped, move || {
            WaitForSingleObject(event, u32::MAX);
            // SAFETY: handle and block were made for this, and the request has completed.
            let [status, bytes] = *unsafe { Box::from_raw(block as *mut [u32; 2]) };
            // SAFETY: as above.
            unsafe { NtClose(event) };
            Status(status).ok().map(|()| bytes)
        })
    }
}

/// Gives up what the thread waits for at a folder or a pipe.
#[unsafe(no_mangle)]
pub extern "system" fn CancelIo(file: u32) -> Bool {
    super::pending::cancel(Some(file));
    // SAFETY: the service writes two words.
    match with_status_block(|block| unsafe { NtCancelIoFile(file, block) }) {
        Ok(_) => TRUE,
        Err(status) => fail_with(status),
    }
}
