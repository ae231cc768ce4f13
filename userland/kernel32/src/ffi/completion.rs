//! Completion ports, and reads and writes that complete later: for files that a port was made for, each in a thread of its own.
//!
//! What has become of them is in `overlapped`. Which port a file tells is known to this process alone. Files that belong to no port are read and
//! written at once, whatever OVERLAPPED says, which Windows may do as well; but a pipe that was opened for it and would have to be waited for is
//! waited for by another thread.
//!
//! Source: documented behaviour of the functions.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use alloc::boxed::Box;
use alloc::vec::Vec;

use user_support::error::Win32Error;
use user_support::error_map::win32_error;
use user_support::memory::Memory;
use user_support::status::Status;

use super::event::{ResetEvent, SetEvent};
use super::last_error::{Bool, FALSE, TRUE, fail, fail_with, succeeded};
use super::nt::{
    NtClose, NtCreateIoCompletion, NtQueryInformationFile, NtQueryIoCompletion, NtQueueApcThread, NtRemoveIoCompletion,
    NtSetIoCompletion,
};
use super::pending;
use super::standard_handle::{INVALID_HANDLE, device_type, with_status_block};
use super::startup::memory;
use super::thread::{CreateThread, GetCurrentThreadId, OpenThread};
use super::thread_slot::locked;
use super::wait::timeout;

/// Words of an OVERLAPPED: the status, the bytes moved, the event.
pub(super) const STATUS: u32 = 0;
pub(super) const MOVED: u32 = 4;
pub(super) const EVENT: u32 = 16;
/// `STATUS_PENDING`.
pub(super) const PENDING: u32 = 0x103;
/// `IO_COMPLETION_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_0003;
/// `WAIT_TIMEOUT`, and `STATUS_TIMEOUT`.
const TIME_OUT: u32 = 258;
const TIMED_OUT: u32 = 0x102;

/// A file, the port that it tells, 0 for none, and what it calls itself there.
#[derive(Clone, Copy)]
struct File {
    handle: u32,
    port: u32,
    key: u32,
}

struct Guarded(UnsafeCell<Vec<File>>);

// SAFETY: only reached in `with`, under the lock of the PEB.
unsafe impl Sync for Guarded {}

static FILES: Guarded = Guarded(UnsafeCell::new(Vec::new()));
/// Whether there has ever been a port: as long as there has not, nothing here costs anything.
static USED: AtomicBool = AtomicBool::new(false);

fn with<R>(work: impl FnOnce(&mut Vec<File>) -> R) -> R {
    // SAFETY: the lock makes this the only reference, and no `work` here comes back.
    locked(|| work(unsafe { &mut *FILES.0.get() }))
}

/// Makes a port, and has a file tell it, or an existing one, of what completes. Returns the port, or 0.
#[unsafe(no_mangle)]
pub extern "system" fn CreateIoCompletionPort(file: u32, existing: u32, key: u32, threads: u32) -> u32 {
    if existing != 0 && file == INVALID_HANDLE {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let mut port = existing;
    let status = if existing == 0 {
        // SAFETY: a port without a name; the service writes the handle.
        unsafe { NtCreateIoCompletion(&mut port, ALL_ACCESS, core::ptr::null(), threads) }
    } else {
        let mut depth = [0; 4];
        // SAFETY: the service writes four bytes.
        unsafe { NtQueryIoCompletion(existing, 0, depth.as_mut_ptr(), 4, core::ptr::null_mut()) }
    };
    if let Err(status) = Status(status).ok() {
        fail_with(status);
        return 0;
    }
    USED.store(true, Ordering::Relaxed);
    if file == INVALID_HANDLE {
        return port;
    }
    let is_free = with(|files| {
        let is_free = !files.iter().any(|other| other.handle == file);
        if is_free {
            files.push(File { handle: file, port, key });
        }
        is_free
    });
    if !is_free {
        if existing == 0 {
            // SAFETY: the handle was made here.
            unsafe { NtClose(port) };
        }
        return fail(Win32Error::INVALID_PARAMETER);
    }
    port
}

/// A handle is closed: what is known of it goes.
pub(super) fn forget(handle: u32) {
    if USED.load(Ordering::Relaxed) {
        with(|files| files.retain(|file| file.handle != handle));
    }
}

/// Tells a port of something that the program says has completed.
#[unsafe(no_mangle)]
pub extern "system" fn PostQueuedCompletionStatus(port: u32, bytes: u32, key: u32, overlapped: u32) -> Bool {
    // SAFETY: the service takes numbers only.
    succeeded(unsafe { NtSetIoCompletion(port, key, overlapped, 0, bytes) })
}

/// Waits until something has completed, and tells what. No with an OVERLAPPED says that this is what failed.
///
/// # Safety
/// The three targets point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetQueuedCompletionStatus(
    port: u32,
    bytes: *mut u32,
    key: *mut u32,
    overlapped: *mut u32,
    milliseconds: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { overlapped.write_unaligned(0) };
    let interval = timeout(milliseconds);
    let interval = interval.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
    let (mut own_key, mut context, mut block) = (0, 0, [0u32; 2]);
    // SAFETY: the service writes these words.
    let status = unsafe { NtRemoveIoCompletion(port, &mut own_key, &mut context, block.as_mut_ptr(), interval) };
    match status {
        0 => {}
        TIMED_OUT => return fail(Win32Error(TIME_OUT)),
        status => return fail_with(Status(status)),
    }
    for (target, word) in [(bytes, block[1]), (key, own_key), (overlapped, context)] {
        // SAFETY: the caller's promise.
        unsafe { target.write_unaligned(word) };
    }
    match Status(block[0]).ok() {
        Ok(()) => TRUE,
        Err(status) => fail(win32_error(status)),
    }
}

/// Work that completes later.
struct Later {
    file: File,
    overlapped: u32,
    call: Call,
    work: Box<dyn FnOnce() -> Result<u32, Status>>,
    /// Bytes of a message's part.
    most: u32,
    /// What it is called in `pending`.
    name: u32,
}

/// Has `work`, which moves bytes through `file` as `moves` says, done in another thread, if `file` tells a port or has to be waited for: then
/// this is what the function answers, no with ERROR_IO_PENDING.
pub(super) fn later(
    file: u32,
    overlapped: u32,
    moves: Moves,
    work: impl FnOnce() -> Result<u32, Status> + 'static,
) -> Option<Bool> {
    if overlapped == 0 {
        return None;
    }
    let known = known_file(file);
    if known.is_none() && !would_wait(file, moves) {
        return None;
    }
    let file = known.unwrap_or(File { handle: file, port: 0, key: 0 });
    let most = if let Moves::In(most) = moves { most } else { 0 };
    Some(pending(start(file, overlapped, Call::NONE, most, Box::new(work))))
}

fn known_file(file: u32) -> Option<File> {
    if !USED.load(Ordering::Relaxed) {
        return None;
    }
    with(|files| files.iter().find(|other| other.handle == file).copied())
}

/// Whether `file` tells a port.
pub(super) fn tells_port(file: u32) -> bool {
    known_file(file).is_some()
}

/// What is to be done with a file.
#[derive(Clone, Copy)]
pub(super) enum Moves {
    /// So many bytes are read at most.
    In(u32),
    /// So many bytes are written.
    Out(u32),
}

/// Whether `file` is a pipe that was opened for overlapped work, and cannot do `moves` at once.
pub(super) fn would_wait(file: u32, moves: Moves) -> bool {
    /// `FILE_DEVICE_NAMED_PIPE`.
    const PIPE: u32 = 0x11;
    /// `FileModeInformation`, and its bits `FILE_SYNCHRONOUS_IO_*`.
    const MODE: u32 = 16;
    const SYNCHRONOUS: u32 = 0x30;
    /// `FilePipeLocalInformation`: words of it, and its state "connected".
    const PIPE_LOCAL: u32 = 24;
    const READABLE: usize = 5;
    const WRITABLE: usize = 7;
    const STATE: usize = 8;
    const CONNECTED: u32 = 3;
    if device_type(file) != Ok(PIPE) || !matches!(query_file(file, MODE), Ok([mode]) if mode & SYNCHRONOUS == 0) {
        return false;
    }
    let Ok(words) = query_file::<10>(file, PIPE_LOCAL) else { return false };
    words[STATE] == CONNECTED
        && match moves {
            Moves::In(_) => words[READABLE] == 0,
            Moves::Out(count) => words[WRITABLE] < count,
        }
}

fn query_file<const WORDS: usize>(file: u32, class: u32) -> Result<[u32; WORDS], Status> {
    let mut words = [0; WORDS];
    let (buffer, length) = (words.as_mut_ptr().cast(), 4 * WORDS as u32);
    // SAFETY: the service writes the status words and so many bytes.
    with_status_block(|block| unsafe { NtQueryInformationFile(file, block, buffer, length, class) })?;
    Ok(words)
}

/// A routine that is called, in the thread behind a handle, when something has completed.
#[derive(Clone, Copy)]
struct Call {
    routine: u32,
    thread: u32,
}

impl Call {
    const NONE: Self = Self { routine: 0, thread: 0 };
}

/// Has `work` done in another thread, and `routine` called in this one then.
pub(super) fn later_with_call(
    file: u32,
    overlapped: u32,
    routine: u32,
    work: impl FnOnce() -> Result<u32, Status> + 'static,
) -> Bool {
    /// `THREAD_SET_CONTEXT`.
    const CALLS: u32 = 0x10;
    let thread = OpenThread(CALLS, FALSE, GetCurrentThreadId());
    if thread == 0 {
        return FALSE;
    }
    let file = File { handle: file, port: 0, key: 0 };
    if start(file, overlapped, Call { routine, thread }, 0, Box::new(work)) {
        return TRUE;
    }
    // SAFETY: the handle was opened here.
    unsafe { NtClose(thread) };
    FALSE
}

/// What the system calls when something that [`ReadFileEx`](super::file_call::ReadFileEx) began has completed: tells `routine`, as Win32 has it.
#[doc(alias = "BasepIoCompletion")]
pub(super) extern "system" fn call_completed(routine: u32, overlapped: u32, _nothing: u32) {
    let (status, bytes) = (memory().read_u32(overlapped + STATUS), memory().read_u32(overlapped + MOVED));
    let error = Status(status).ok().map_or_else(|status| win32_error(status).0, |()| 0);
    // SAFETY: the program gave it as a routine of these three arguments.
    let routine: extern "system" fn(u32, u32, u32) = unsafe { core::mem::transmute(routine as usize) };
    routine(error, bytes, overlapped);
}

/// The same for work that may wait for what the caller does next: whether or not `file` tells a port.
pub(super) fn always_later(file: u32, overlapped: u32, work: impl FnOnce() -> Result<u32, Status> + 'static) -> Bool {
    let file = known_file(file).unwrap_or(File { handle: file, port: 0, key: 0 });
    pending(start(file, overlapped, Call::NONE, 0, Box::new(work)))
}

/// What a function answers whose work was started: no with ERROR_IO_PENDING, or with the error that was in the way.
fn pending(started: bool) -> Bool {
    if started { fail(Win32Error::IO_PENDING) } else { FALSE }
}

fn start(file: File, overlapped: u32, call: Call, most: u32, work: Box<dyn FnOnce() -> Result<u32, Status>>) -> bool {
    memory().write_u32(overlapped + STATUS, PENDING);
    let event = memory().read_u32(overlapped + EVENT) & !1;
    // A call takes the event's place: the word is the program's own.
    if event != 0 && call.thread == 0 {
        ResetEvent(event);
    }
    let name = pending::begin(file.handle);
    let made = Box::into_raw(Box::new(Later { file, overlapped, call, most, name, work }));
    let entry = run as *const () as u32;
    // SAFETY: the entry takes the box; nobody wants the identifier.
    let thread = unsafe { CreateThread(core::ptr::null(), 0, entry, made as u32, 0, core::ptr::null_mut()) };
    if thread == 0 {
        pending::end(name);
        // SAFETY: no thread got it.
        drop(unsafe { Box::from_raw(made) });
        return false;
    }
    pending::is_done_by(name, thread);
    true
}

unsafe extern "system" fn run(later: u32) -> u32 {
    // SAFETY: the box came from `later`.
    let Later { file, overlapped, call, most, name, work } = *unsafe { Box::from_raw(later as *mut Later) };
    pending::is_started(name);
    let done = work();
    // An alert that comes now finds nobody who would mind.
    pending::end(name);
    let (status, bytes) = match done {
        Ok(bytes) => (0, bytes),
        // A part of a message, which is as long as could be.
        Err(Status::BUFFER_OVERFLOW) => (Status::BUFFER_OVERFLOW.0, most),
        Err(status) => (status.0, 0),
    };
    memory().write_u32(overlapped + MOVED, bytes);
    memory().write_u32(overlapped + STATUS, status);
    if call.thread != 0 {
        // SAFETY: the routine takes these arguments; a thread that has ended is called no more.
        unsafe { NtQueueApcThread(call.thread, call_completed as *const () as u32, call.routine, overlapped, 0) };
        // SAFETY: the handle was opened for this.
        unsafe { NtClose(call.thread) };
        return 0;
    }
    // The lowest bit asks that the port is not told.
    let event = memory().read_u32(overlapped + EVENT);
    if event & !1 != 0 {
        SetEvent(event & !1);
    }
    if file.port != 0 && event & 1 == 0 {
        // SAFETY: the service takes numbers only.
        unsafe { NtSetIoCompletion(file.port, file.key, overlapped, status, bytes) };
    }
    0
}
