//! Pipes: to a command of the shell, or without any program at the other end.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::vec::Vec;

use user_crt::descriptors::{System, flag};
use user_crt::error::Errno;
use user_crt::stdio::flag as stream_flag;
use user_ffi::{c_string, wide_string};
use user_support::text::wide;

use super::host::host;
use super::nt::{CURRENT_PROCESS, CreatePipe, DuplicateHandle, GetStdHandle};
use super::process::{Start, create, shell, shell_line, wait_for};
use super::start::_fmode;
use super::stream::{claim, flush_all, locked};
use super::thread_data::{fail, fail_with_last_error};

/// `DUPLICATE_SAME_ACCESS`.
const SAME_ACCESS: u32 = 2;
/// `_O_TEXT`, `_O_BINARY`, `_O_NOINHERIT`.
const TEXT: u32 = 0x4000;
const BINARY: u32 = 0x8000;
const NO_INHERIT: u32 = 0x80;

/// Streams of `_popen` that a process may have at a time.
const MOST_PIPED: usize = 64;

/// The streams of `_popen`, 0 for a free place, and the processes at their other ends.
static PIPED: [[AtomicU32; 2]; MOST_PIPED] = [const { [const { AtomicU32::new(0) }; 2] }; MOST_PIPED];

/// Makes a pipe; the ends to read from and to write to, or None with `errno`.
fn make_pipe(size: u32, inherited: bool) -> Option<[u32; 2]> {
    let security = [12, 0, u32::from(inherited)];
    let mut ends = [0u32; 2];
    let [reader, writer] = &mut ends;
    // SAFETY: the function reads three words and writes two.
    if unsafe { CreatePipe(reader, writer, security.as_ptr(), size) } == 0 {
        fail_with_last_error();
        return None;
    }
    Some(ends)
}

/// Makes a pipe: descriptors to read from and to write to; 0, or -1.
///
/// # Safety
/// `target` points to two words.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _pipe(target: *mut [i32; 2], size: u32, mode: u32) -> i32 {
    let Some(ends) = make_pipe(size, mode & NO_INHERIT == 0) else { return -1 };
    let is_text = mode & TEXT != 0 || mode & BINARY == 0 && _fmode.get() & BINARY == 0;
    let flags = flag::PIPE | if is_text { flag::TEXT } else { 0 };
    let mut descriptors = [0; 2];
    for (index, end) in ends.into_iter().enumerate() {
        match host().descriptors().add(end, flags) {
            Ok(descriptor) => descriptors[index] = descriptor.cast_signed(),
            Err(errno) => {
                for &end in &ends {
                    let _ = host().close_handle(end);
                }
                return fail(errno);
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(descriptors) };
    0
}

/// A copy of a handle that children inherit, or not; the handle itself is closed.
fn with_inheritance(handle: u32, inherited: bool) -> u32 {
    let mut copy = 0;
    // SAFETY: the function writes the handle.
    unsafe {
        DuplicateHandle(CURRENT_PROCESS, handle, CURRENT_PROCESS, &mut copy, 0, u32::from(inherited), SAME_ACCESS)
    };
    let _ = host().close_handle(handle);
    copy
}

/// Starts a command of the shell with a pipe as its output, or as its input for a mode that begins with `w`.
fn open_command(command: &[u16], mode: &[u8]) -> u32 {
    let reads = mode.first() == Some(&b'r');
    if !reads && mode.first() != Some(&b'w') {
        fail(Errno::EINVAL);
        return 0;
    }
    let is_text = !mode.contains(&b'b') && (mode.contains(&b't') || _fmode.get() & BINARY == 0);
    let Some(shell) = shell() else {
        fail(Errno::ENOENT);
        return 0;
    };
    let Some([reader, writer]) = make_pipe(0x1000, false) else { return 0 };
    let (own, other) = if reads { (reader, writer) } else { (writer, reader) };
    let other = with_inheritance(other, true);
    // SAFETY: it only looks the handles up.
    let mut handles = [0, 1, 2].map(|index| unsafe { GetStdHandle(0xFFFF_FFF6 - index) });
    handles[usize::from(reads)] = other;
    flush_all();
    let start = Start { line: shell_line(&shell, command), environment: None, handles: Some(handles) };
    let process = create(&shell, &start, 0);
    let _ = host().close_handle(other);
    let flags = flag::PIPE | if is_text { flag::TEXT } else { 0 };
    let opened = process.and_then(|process| {
        let descriptor = host().descriptors().add(own, flags).ok()?;
        let stream = claim(descriptor, if reads { stream_flag::READ } else { stream_flag::WRITE })?;
        let claim_place = |[file, _]: &&[AtomicU32; 2]| {
            file.compare_exchange(0, stream.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        PIPED.iter().find(claim_place)?[1].store(process, Ordering::Relaxed);
        Some(stream.0)
    });
    opened.unwrap_or_else(|| {
        let _ = host().close_handle(own);
        0
    })
}

/// Has the shell carry out a command, with a stream from its output or to its input; null with `errno` if that fails.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _popen(command: *const u8, mode: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    let command = wide(unsafe { c_string(command) });
    // SAFETY: the caller's promise.
    open_command(&command, unsafe { c_string(mode) })
}

/// The same in UTF-16.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wpopen(command: *const u16, mode: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    let command = unsafe { wide_string(command) };
    // SAFETY: the caller's promise.
    let mode: Vec<u8> = unsafe { wide_string(mode) }.iter().map(|&unit| unit as u8).collect();
    open_command(command, &mode)
}

/// Closes such a stream and waits for the command's end: its status, or -1.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _pclose(file: u32) -> i32 {
    let Some([place, process]) = PIPED.iter().find(|[place, _]| file != 0 && place.load(Ordering::Relaxed) == file)
    else {
        return fail(Errno::EINVAL);
    };
    let process = process.load(Ordering::Relaxed);
    place.store(0, Ordering::Relaxed);
    // SAFETY: the caller's promise.
    let _ = unsafe { locked(file, |stream| stream.close(&host())) };
    wait_for(process)
}
