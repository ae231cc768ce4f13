//! Anonymous pipes, and looking into one.
//!
//! As on Windows an anonymous pipe is a named one whose name nobody else knows: it is made for its reader, and its other end is
//! opened for the writer.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::vec::Vec;

use user_ffi::{UnicodeString, teb};
use user_support::status::Status;
use user_support::text::wide;

use super::last_error::{Bool, TRUE, fail_with};
use super::nt::{NtClose, NtCreateNamedPipeFile, NtFsControlFile, NtOpenFile};
use super::object::{SecurityAttributes, attributes};

/// `GENERIC_READ | SYNCHRONIZE`, and what a writer needs: also to ask for its attributes.
const READER: u32 = 0x8010_0000;
const WRITER: u32 = 0x4010_0080;
/// The other end may write.
const SHARE_WRITE: u32 = 2;
const FILE_CREATE: u32 = 2;
/// `FILE_SYNCHRONOUS_IO_NONALERT`, and no directory.
const SYNCHRONOUS: u32 = 0x20;
const NO_DIRECTORY: u32 = 0x40;
/// `FSCTL_PIPE_PEEK`, and the bytes of its answer before the data.
const PEEK: u32 = 0x0011_400C;
const PEEK_HEAD: usize = 16;
/// Two minutes, in units of 100 ns, from now.
const TIMEOUT: i64 = -1_200_000_000;
/// Bytes that a pipe holds where its maker does not say.
const DEFAULT_SIZE: u32 = 0x1000;

/// Tells the pipes of this process apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Makes a pipe: a handle to read from it, and one to write to it.
///
/// # Safety
/// `reader` and `writer` point to words; `security` is null or points to a SECURITY_ATTRIBUTES.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreatePipe(
    reader: *mut u32,
    writer: *mut u32,
    security: *const SecurityAttributes,
    size: u32,
) -> Bool {
    let name = name();
    let name = UnicodeString::over(&name);
    // SAFETY: the caller's promise.
    let mut attributes = unsafe { attributes(security) };
    attributes[2] = &raw const name as u32;
    match make(&attributes, if size == 0 { DEFAULT_SIZE } else { size }) {
        Ok([read, write]) => {
            // SAFETY: the caller's promise.
            unsafe { reader.write_unaligned(read) };
            // SAFETY: the caller's promise.
            unsafe { writer.write_unaligned(write) };
            TRUE
        }
        Err(status) => fail_with(status),
    }
}

fn make(attributes: &[u32; 6], size: u32) -> Result<[u32; 2], Status> {
    let (mut reader, mut writer, mut status) = (0, 0, [0u32; 2]);
    // SAFETY: attributes, name and time-out live until the service returns, which writes the handle and two words.
    let made = unsafe {
        NtCreateNamedPipeFile(
            &mut reader,
            READER,
            attributes.as_ptr(),
            status.as_mut_ptr(),
            SHARE_WRITE,
            FILE_CREATE,
            SYNCHRONOUS,
            0,
            0,
            0,
            1,
            size,
            size,
            &TIMEOUT,
        )
    };
    Status(made).ok()?;
    // SAFETY: as above.
    let opened = unsafe {
        NtOpenFile(&mut writer, WRITER, attributes.as_ptr(), status.as_mut_ptr(), 1, SYNCHRONOUS | NO_DIRECTORY)
    };
    Status(opened).ok().inspect_err(|_| {
        // SAFETY: the handle was made here.
        unsafe { NtClose(reader) };
    })?;
    Ok([reader, writer])
}

/// `\Device\NamedPipe\Win32Pipes.PROCESS.NUMBER`.
fn name() -> Vec<u16> {
    let mut name = wide(b"\\Device\\NamedPipe\\Win32Pipes.");
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    for (index, word) in [teb().process_identifier(), number].into_iter().enumerate() {
        if index > 0 {
            name.push(u16::from(b'.'));
        }
        name.extend((0..8).rev().map(|place| u16::from(b"0123456789abcdef"[(word >> (4 * place) & 15) as usize])));
    }
    name
}

/// What FSCTL_PIPE_PEEK answers, with room for so many bytes of data, and how many there are in it.
fn peek(pipe: u32, room: usize) -> Result<(Vec<u8>, u32), Status> {
    let mut answer = alloc::vec![0u8; PEEK_HEAD + room];
    let (mut status, length) = ([0u32; 2], answer.len() as u32);
    // SAFETY: the service writes into the answer, and two words.
    let told = unsafe {
        NtFsControlFile(pipe, 0, 0, 0, status.as_mut_ptr(), PEEK, core::ptr::null(), 0, answer.as_mut_ptr(), length)
    };
    // More than there is room for is no failure.
    if told != Status::BUFFER_OVERFLOW.0 {
        Status(told).ok()?;
    }
    Ok((answer, status[1].saturating_sub(PEEK_HEAD as u32)))
}

/// Bytes that can be read.
fn available_in(answer: &[u8]) -> u32 {
    u32::from_le_bytes([answer[4], answer[5], answer[6], answer[7]])
}

/// Looks at the bytes that can be read from a pipe, without taking them.
///
/// # Safety
/// `buffer` has room for `size` bytes or is null; the other pointers are null or lead to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn PeekNamedPipe(
    pipe: u32,
    buffer: *mut u8,
    size: u32,
    read: *mut u32,
    available: *mut u32,
    left_in_message: *mut u32,
) -> Bool {
    let room = if buffer.is_null() { 0 } else { size as usize };
    let mut peeked = peek(pipe, room.min(DEFAULT_SIZE as usize));
    if let Ok((answer, _)) = &peeked
        && room > DEFAULT_SIZE as usize
    {
        // As much as there is may be more than that, and is less than all of a large buffer.
        peeked = peek(pipe, room.min(available_in(answer) as usize));
    }
    let (answer, got) = match peeked {
        Ok(peeked) => peeked,
        Err(status) => return fail_with(status),
    };
    let count = available_in(&answer);
    if got > 0 {
        // SAFETY: the caller's promise; no more than there was room for.
        unsafe { buffer.copy_from_nonoverlapping(answer[PEEK_HEAD..].as_ptr(), got as usize) };
    }
    let message = u32::from_le_bytes([answer[12], answer[13], answer[14], answer[15]]);
    let left = message.saturating_sub(got);
    for (target, value) in [(read, got), (available, count), (left_in_message, left)] {
        if !target.is_null() {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(value) };
        }
    }
    TRUE
}
