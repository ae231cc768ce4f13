//! Pipes with names: of bytes, one way, with one instance of a name at a time.

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
/// `GENERIC_READ | SYNCHRONIZE`, `GENERIC_WRITE | SYNCHRONIZE | FILE_READ_ATTRIBUTES`.
const READER: u32 = 0x8010_0000;
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
/// `FilePipeLocalInformation`, the word of it that is the state, and two states: nobody has opened the other
/// end, somebody has.
const PIPE_LOCAL_INFORMATION: u32 = 24;
const STATE: usize = 8;
const LISTENING: u32 = 2;
const CONNECTED: u32 = 3;
/// Two minutes, in units of 100 ns, from now.
const TIMEOUT: i64 = -1_200_000_000;

/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES.
unsafe fn create(name: &[u16], how: u32, kind: u32, sizes: [u32; 3], security: *const SecurityAttributes) -> u32 {
    let (access, share) = match how & DIRECTIONS {
        INBOUND => (READER, CLIENT_WRITES),
        OUTBOUND => (WRITER, CLIENT_READS),
        0 => {
            fail(Win32Error::INVALID_PARAMETER);
            return INVALID_HANDLE;
        }
        // The kernel says that there are none of both ways.
        _ => (READER | WRITER, CLIENT_READS | CLIENT_WRITES),
    };
    let name: Vec<u16> = to_nt(&[], name);
    let name = UnicodeString::over(&name);
    // SAFETY: the caller's promise.
    let mut object = unsafe { attributes(security) };
    object[2] = &raw const name as u32;
    let disposition = if how & FIRST_INSTANCE != 0 { CREATE } else { OPEN_IF };
    let bit = |mask: u32| u32::from(kind & mask != 0);
    let [instances, out_size, in_size] = sizes;
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
            SYNCHRONOUS,
            bit(MESSAGES),
            bit(READ_MESSAGES),
            bit(NO_WAIT),
            instances,
            in_size,
            out_size,
            &TIMEOUT,
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
    _timeout: u32,
    security: *const SecurityAttributes,
) -> u32 {
    // SAFETY: the caller's promise.
    let name = wide(unsafe { c_string(name) });
    // SAFETY: the caller's promise.
    unsafe { create(&name, how, kind, [instances, out_size, in_size], security) }
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
    _timeout: u32,
    security: *const SecurityAttributes,
) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    unsafe { create(name, how, kind, [instances, out_size, in_size], security) }
}

fn listen(pipe: u32) -> Result<u32, Status> {
    let mut block = [0u32; 2];
    let none = core::ptr::null();
    // SAFETY: the service writes two words.
    let status =
        unsafe { NtFsControlFile(pipe, 0, 0, 0, block.as_mut_ptr(), LISTEN, none, 0, core::ptr::null_mut(), 0) };
    Status(status).ok().map(|()| 0)
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
        LISTENING => Ok(()),
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
