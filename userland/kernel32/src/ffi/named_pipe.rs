//! Pipes with names, from the server's side.

use alloc::vec::Vec;

use user_ffi::{UnicodeString, c_string, wide_string};
use user_support::error::Win32Error;
use user_support::path::to_nt;
use user_support::status::Status;
use user_support::text::wide;

use super::completion::always_later;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{NtCreateNamedPipeFile, NtFsControlFile, NtQueryInformationFile};
use super::object::{SecurityAttributes, attributes};
use super::standard_handle::INVALID_HANDLE;

/// `PIPE_ACCESS_INBOUND`, `PIPE_ACCESS_OUTBOUND`: bits of how it is opened, and of what the other end may not do.
const DIRECTIONS: u32 = 3;
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;
/// `FILE_FLAG_FIRST_PIPE_INSTANCE`.
const FIRST_INSTANCE: u32 = 0x0008_0000;
/// `GENERIC_READ | SYNCHRONIZE | FILE_WRITE_ATTRIBUTES`, `GENERIC_WRITE | SYNCHRONIZE | FILE_READ_ATTRIBUTES`.
const READER: u32 = 0x8010_0100;
const WRITER: u32 = 0x4010_0080;
/// What the client may do, as NtCreateNamedPipeFile says it.
const CLIENT_READS: u32 = 1;
const CLIENT_WRITES: u32 = 2;
/// `FILE_CREATE`, `FILE_OPEN_IF`.
const CREATE: u32 = 2;
const OPEN_IF: u32 = 3;
/// `FILE_SYNCHRONOUS_IO_NONALERT`.
const SYNCHRONOUS: u32 = 0x20;
/// Bits of a pipe's kind: messages, read as such, without waiting.
const MESSAGES: u32 = 4;
const READ_MESSAGES: u32 = 2;
const NO_WAIT: u32 = 1;
/// `FSCTL_PIPE_LISTEN`.
const LISTEN: u32 = 0x0011_0008;
/// `FilePipeLocalInformation`, the word of it that is the state, and three states: the other end was thrown
/// out, nobody has opened it, somebody has.
const PIPE_LOCAL_INFORMATION: u32 = 24;
const STATE: usize = 8;
const DISCONNECTED: u32 = 1;
const LISTENING: u32 = 2;
const CONNECTED: u32 = 3;
/// Milliseconds that who does not say waits for an instance, where its maker does not say either.
const TIMEOUT: u32 = 50;
const UNITS_PER_MILLISECOND: i64 = 10_000;
/// `PIPE_UNLIMITED_INSTANCES`, and what NtCreateNamedPipeFile has for it.
const UNLIMITED: u32 = 255;
/// Whether an end is opened for overlapped work.
const OVERLAPPED: u32 = 0x4000_0000;

/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES.
unsafe fn create(name: &[u16], how: u32, kind: u32, sizes: [u32; 4], security: *const SecurityAttributes) -> u32 {
    let (access, share) = match how & DIRECTIONS {
        INBOUND => (READER, CLIENT_WRITES),
        OUTBOUND => (WRITER, CLIENT_READS),
        0 => {
            fail(Win32Error::INVALID_PARAMETER);
            return INVALID_HANDLE;
        }
        _ => (READER | WRITER, CLIENT_READS | CLIENT_WRITES),
    };
    let name: Vec<u16> = to_nt(&[], name);
    let name = UnicodeString::over(&name);
    // SAFETY: the caller's promise.
    let mut object = unsafe { attributes(security) };
    object[2] = &raw const name as u32;
    let disposition = if how & FIRST_INSTANCE != 0 { CREATE } else { OPEN_IF };
    let bit = |mask: u32| u32::from(kind & mask != 0);
    let [instances, out_size, in_size, timeout] = sizes;
    let maximum = match instances {
        1..UNLIMITED => instances,
        UNLIMITED => u32::MAX,
        _ => {
            fail(Win32Error::INVALID_PARAMETER);
            return INVALID_HANDLE;
        }
    };
    let timeout = -i64::from(if timeout == 0 { TIMEOUT } else { timeout }) * UNITS_PER_MILLISECOND;
    let options = if how & OVERLAPPED == 0 { SYNCHRONOUS } else { 0 };
    let (mut handle, mut block) = (0, [0u32; 2]);
    // SAFETY: attributes, name and time-out live until the service returns, which writes the handle and two words.
    let status = unsafe {
        NtCreateNamedPipeFile(
            &mut handle,
            access,
            object.as_ptr(),
            block.as_mut_ptr(),
            share,
            disposition,
            options,
            bit(MESSAGES),
            bit(READ_MESSAGES),
            bit(NO_WAIT),
            maximum,
            in_size,
            out_size,
            &timeout,
        )
    };
    match Status(status).ok() {
        Ok(()) => handle,
        Err(status) => {
            fail_with(status);
            INVALID_HANDLE
        }
    }
}

/// Makes a pipe `\\.\pipe\NAME`, to read from or to write to; its handle, or -1.
///
/// # Safety
/// `name` is a string, `security` null or a SECURITY_ATTRIBUTES.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateNamedPipeA(
    name: *const u8,
    how: u32,
    kind: u32,
    instances: u32,
    out_size: u32,
    in_size: u32,
    timeout: u32,
    security: *const SecurityAttributes,
) -> u32 {
    // SAFETY: the caller's promise.
    let name = wide(unsafe { c_string(name) });
    // SAFETY: the caller's promise.
    unsafe { create(&name, how, kind, [instances, out_size, in_size, timeout], security) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`CreateNamedPipeA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateNamedPipeW(
    name: *const u16,
    how: u32,
    kind: u32,
    instances: u32,
    out_size: u32,
    in_size: u32,
    timeout: u32,
    security: *const SecurityAttributes,
) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    unsafe { create(name, how, kind, [instances, out_size, in_size, timeout], security) }
}

/// Asks what is behind a handle: how many bytes of `output` it filled.
pub(super) fn control(pipe: u32, code: u32, input: &[u8], output: &mut [u8]) -> Result<u32, Status> {
    let mut block = [0u32; 2];
    let (from, from_length) = (input.as_ptr(), input.len() as u32);
    let (to, to_length) = (output.as_mut_ptr(), output.len() as u32);
    // SAFETY: the service reads and writes no more than that, and two words.
    let status = unsafe { NtFsControlFile(pipe, 0, 0, 0, block.as_mut_ptr(), code, from, from_length, to, to_length) };
    Status(status).ok().map(|()| block[1])
}

fn listen(pipe: u32) -> Result<u32, Status> {
    control(pipe, LISTEN, &[], &mut [])
}

/// No error as long as nobody has opened the other end; else what [`listen`] would say.
fn check_vacant(pipe: u32) -> Result<(), Status> {
    let (mut block, mut words) = ([0u32; 2], [0u32; 10]);
    // SAFETY: the service writes two words and ten.
    let status = unsafe {
        NtQueryInformationFile(pipe, block.as_mut_ptr(), words.as_mut_ptr().cast(), 40, PIPE_LOCAL_INFORMATION)
    };
    Status(status).ok()?;
    match words[STATE] {
        // With something said to it, the pipe only begins to listen.
        LISTENING | DISCONNECTED => control(pipe, LISTEN, &[1], &mut []).map(|_| ()),
        CONNECTED => Err(Status::PIPE_CONNECTED),
        _ => Err(Status::PIPE_CLOSING),
    }
}

/// Waits until somebody has opened the other end; no with ERROR_PIPE_CONNECTED where somebody had done so before.
///
/// With an OVERLAPPED another thread waits. Whoever opens the other end before that thread runs comes after this call all
/// the same, so that "connected", and "connected and gone", are what it waits for.
///
/// # Safety
/// `overlapped` is null or points to an OVERLAPPED.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ConnectNamedPipe(pipe: u32, overlapped: u32) -> Bool {
    if overlapped == 0 {
        return listen(pipe).map_or_else(fail_with, |_| TRUE);
    }
    if let Err(status) = check_vacant(pipe) {
        return fail_with(status);
    }
    let wait = move || match listen(pipe) {
        Err(Status::PIPE_CONNECTED | Status::PIPE_CLOSING) => Ok(0),
        result => result,
    };
    always_later(pipe, overlapped, wait)
}

/// Throws the client out: the pipe can listen for another.
#[unsafe(no_mangle)]
pub extern "system" fn DisconnectNamedPipe(pipe: u32) -> Bool {
    /// `FSCTL_PIPE_DISCONNECT`.
    const DISCONNECT: u32 = 0x0011_0004;
    control(pipe, DISCONNECT, &[], &mut []).map_or_else(fail_with, |_| TRUE)
}
