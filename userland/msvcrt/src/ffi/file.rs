//! `fopen`, and reading, writing and positioning of streams.

use alloc::vec::Vec;

use user_crt::descriptors::{System, flag as descriptor_flag};
use user_crt::error::Errno;
use user_crt::sharing::DENY_NONE;
use user_crt::stdio::{Mode, Stopped, Stream, flag, parse_mode};
use user_ffi::{bytes, bytes_mut, c_string, wide_string};
use user_support::memory::Memory;
use user_support::text::wide;

use super::descriptor::{Access, open};
use super::host::host;
use super::start::_fmode;
use super::stream::{claim, errors, flush_all, input, locked, output};
use super::thread_data::{fail, set_errno};

/// What functions return at the end or for a failure.
pub(super) const EOF: i32 = -1;
/// `_O_BINARY`, in `_fmode`.
const BINARY: u32 = 0x8000;

/// Notes why something stopped, if there is a reason, and returns `EOF`.
pub(super) fn stopped(reason: Stopped) -> i32 {
    if let Some(errno) = reason.0 {
        set_errno(errno);
    }
    EOF
}

fn status(result: Result<(), Stopped>) -> i32 {
    result.map_or_else(stopped, |()| 0)
}

/// Flags of the stream and text bit of the descriptor for a mode.
fn flags_of(mode: Mode) -> (u32, u32) {
    let stream = match (mode.read, mode.write) {
        (true, true) => flag::BOTH,
        (true, false) => flag::READ,
        _ => flag::WRITE,
    };
    let binary = mode.binary.unwrap_or(_fmode.get() & BINARY != 0);
    (stream, if binary { 0 } else { descriptor_flag::TEXT } | if mode.append { descriptor_flag::APPEND } else { 0 })
}

/// Opens the file `name` as a stream; null with `errno` if that fails.
pub(super) fn open_stream(name: &[u16], mode: Option<Mode>, sharing: u32) -> u32 {
    let Some(mode) = mode else {
        set_errno(Errno::EINVAL);
        return 0;
    };
    let (stream_flags, flags) = flags_of(mode);
    let access = Access {
        read: mode.read,
        write: mode.write,
        create: mode.create,
        truncate: mode.truncate,
        exclusive: false,
        temporary: mode.temporary,
        read_only: mode.create && super::relic::mask() & 0x80 != 0,
        sharing,
    };
    let Some(descriptor) = open(name, access, flags) else { return 0 };
    match claim(descriptor, stream_flags) {
        Some(stream) => stream.0,
        None => {
            let _ = user_crt::descriptors::close(&host(), descriptor);
            set_errno(Errno::EMFILE);
            0
        }
    }
}

/// Opens a file; null with `errno` if that fails.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fopen(name: *const u8, mode: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { c_string(name) };
    // SAFETY: the caller's promise.
    let mode = unsafe { c_string(mode) };
    open_stream(&wide(name), parse_mode(mode), DENY_NONE)
}

/// Opens a file; null with `errno` if that fails.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wfopen(name: *const u16, mode: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    let mode = unsafe { wide_string(mode) };
    open_stream(name, parse_mode(mode), DENY_NONE)
}

/// Opens a file, which others may open beside as `share` says; null with `errno` if that fails.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _fsopen(name: *const u8, mode: *const u8, share: u32) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { c_string(name) };
    // SAFETY: the caller's promise.
    let mode = unsafe { c_string(mode) };
    open_stream(&wide(name), parse_mode(mode), share)
}

/// Opens a file, which others may open beside as `share` says; null with `errno` if that fails.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wfsopen(name: *const u16, mode: *const u16, share: u32) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    let mode = unsafe { wide_string(mode) };
    open_stream(name, parse_mode(mode), share)
}

/// Closes a stream and opens a file in its place.
///
/// # Safety
/// The first two are strings, `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn freopen(name: *const u8, mode: *const u8, file: u32) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { c_string(name) };
    // SAFETY: the caller's promise.
    let mode = unsafe { c_string(mode) };
    // SAFETY: the caller's promise.
    let _ = unsafe { locked(file, |stream| stream.close(&host())) };
    let other = open_stream(&wide(name), parse_mode(mode), DENY_NONE);
    if other == 0 || other == file {
        return other;
    }
    let (from, to) = (Stream(other), Stream(file));
    to.initialise(&host(), from.descriptor(&host()), from.flags(&host()));
    from.initialise(&host(), 0, 0);
    file
}

/// A stream over an open descriptor.
///
/// # Safety
/// `mode` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _fdopen(descriptor: u32, mode: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    let mode = parse_mode(unsafe { c_string(mode) });
    let (Some(mode), Ok(_)) = (mode, host().descriptors().flags(descriptor)) else {
        set_errno(Errno::EINVAL);
        return 0;
    };
    if mode.binary.is_some() {
        let _ = host().descriptors().set_flags(descriptor, descriptor_flag::TEXT, flags_of(mode).1);
    }
    claim(descriptor, flags_of(mode).0).map_or(0, |stream| stream.0)
}

/// Closes a stream.
///
/// # Safety
/// `file` is a stream that nobody uses any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fclose(file: u32) -> i32 {
    // SAFETY: the caller's promise.
    status(unsafe { locked(file, |stream| stream.close(&host())) })
}

/// Writes what waits in a stream, or in all of them for null.
///
/// # Safety
/// `file` is a stream or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fflush(file: u32) -> i32 {
    if file == 0 {
        return if flush_all().is_some() { 0 } else { EOF };
    }
    // SAFETY: the caller's promise.
    status(unsafe { locked(file, |stream| stream.flush(&host())) })
}

/// Writes `count` elements of `size` bytes; returns how many went.
///
/// # Safety
/// The bytes are there, and `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fwrite(source: *const u8, size: u32, count: u32, file: u32) -> u32 {
    let Some(total) = size.checked_mul(count).filter(|&total| total != 0) else { return 0 };
    // SAFETY: the caller's promise.
    let source = unsafe { bytes(source, total) };
    // SAFETY: the caller's promise.
    let (done, reason) = unsafe { locked(file, |stream| stream.write(&host(), source)) };
    reason.map(stopped);
    done as u32 / size
}

/// Reads `count` elements of `size` bytes; returns how many came whole.
///
/// # Safety
/// The buffer has room, and `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fread(target: *mut u8, size: u32, count: u32, file: u32) -> u32 {
    let Some(total) = size.checked_mul(count).filter(|&total| total != 0) else { return 0 };
    // SAFETY: the caller's promise.
    let target = unsafe { bytes_mut(target, total) };
    // SAFETY: the caller's promise.
    let (done, reason) = unsafe { locked(file, |stream| stream.read(&host(), target)) };
    reason.map(stopped);
    done as u32 / size
}

/// The next byte, or `EOF`.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fgetc(file: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { locked(file, |stream| stream.get(&host())) }.map_or_else(stopped, i32::from)
}

/// The next byte, or `EOF`.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getc(file: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { fgetc(file) }
}

/// The next byte of standard input, or `EOF`.
#[unsafe(no_mangle)]
pub extern "C" fn getchar() -> i32 {
    // SAFETY: standard input is a stream.
    unsafe { fgetc(input()) }
}

/// Fills a stream's buffer again and returns its first byte, or `EOF`: what the macro `getc` calls.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _filbuf(file: u32) -> i32 {
    // SAFETY: the caller's promise; the macro has taken one from the count already.
    unsafe { fgetc(file) }
}

/// Puts a byte back; returns it, or `EOF`.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungetc(byte: i32, file: u32) -> i32 {
    if byte == EOF {
        return EOF;
    }
    // SAFETY: the caller's promise.
    let result = unsafe { locked(file, |stream| stream.unget(&host(), byte as u8)) };
    result.map_or_else(stopped, |()| byte & 0xFF)
}

/// Writes a byte; returns it, or `EOF`.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fputc(byte: i32, file: u32) -> i32 {
    // SAFETY: the caller's promise.
    let (_, reason) = unsafe { locked(file, |stream| stream.write(&host(), &[byte as u8])) };
    reason.map_or(byte & 0xFF, stopped)
}

/// Writes a byte; returns it, or `EOF`.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn putc(byte: i32, file: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { fputc(byte, file) }
}

/// Writes a byte to standard output; returns it, or `EOF`.
#[unsafe(no_mangle)]
pub extern "C" fn putchar(byte: i32) -> i32 {
    // SAFETY: standard output is a stream.
    unsafe { fputc(byte, output()) }
}

/// Makes room in a stream's buffer and writes a byte: what the macro `putc` calls. It took one from the count before.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _flsbuf(byte: i32, file: u32) -> i32 {
    // SAFETY: the caller's promise.
    let (_, reason) = unsafe {
        locked(file, |stream| {
            host().write_u32(file + 4, 0);
            stream.write(&host(), &[byte as u8])
        })
    };
    reason.map_or(byte & 0xFF, stopped)
}

/// Writes a string; returns 0, or `EOF`.
///
/// # Safety
/// `text` is a string and `file` a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fputs(text: *const u8, file: u32) -> i32 {
    // SAFETY: the caller's promise.
    let text = unsafe { c_string(text) };
    // SAFETY: the caller's promise.
    let (_, reason) = unsafe { locked(file, |stream| stream.write(&host(), text)) };
    reason.map_or(0, stopped)
}

/// Writes a string and a line end to standard output; returns 0, or `EOF`.
///
/// # Safety
/// `text` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puts(text: *const u8) -> i32 {
    // SAFETY: the caller's promise.
    let text = unsafe { c_string(text) };
    let mut line = Vec::with_capacity(text.len() + 1);
    line.extend_from_slice(text);
    line.push(b'\n');
    // SAFETY: standard output is a stream.
    let (_, reason) = unsafe { locked(output(), |stream| stream.write(&host(), &line)) };
    reason.map_or(0, stopped)
}

/// Reads up to and with a line end, at most `size - 1` bytes; null if nothing came.
///
/// # Safety
/// The buffer has room for `size` bytes, and `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fgets(target: *mut u8, size: i32, file: u32) -> *mut u8 {
    let room = u32::try_from(size).unwrap_or(0);
    if room == 0 {
        return core::ptr::null_mut();
    }
    // SAFETY: the caller's promise.
    let target = unsafe { bytes_mut(target, room) };
    // SAFETY: the caller's promise.
    let count = unsafe { locked(file, |stream| line(stream, &mut target[..room as usize - 1])) };
    if count == 0 && room > 1 {
        return core::ptr::null_mut();
    }
    target[count] = 0;
    target.as_mut_ptr()
}

/// Reads up to and with a line end into `target`; returns how many bytes came.
fn line(stream: Stream, target: &mut [u8]) -> usize {
    for (index, place) in target.iter_mut().enumerate() {
        match stream.get(&host()) {
            Ok(byte) => *place = byte,
            Err(reason) => {
                stopped(reason);
                return index;
            }
        }
        if *place == b'\n' {
            return index + 1;
        }
    }
    target.len()
}

/// Reads a line of standard input without its end. Nothing bounds it: the program trusts its input.
///
/// # Safety
/// The buffer has room for the line.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gets(target: *mut u8) -> *mut u8 {
    let mut count = 0;
    loop {
        match getchar() {
            EOF if count == 0 => return core::ptr::null_mut(),
            EOF => break,
            10 => break,
            // SAFETY: the caller's promise.
            byte => unsafe { target.wrapping_add(count).write(byte as u8) },
        }
        count += 1;
    }
    // SAFETY: the caller's promise.
    unsafe { target.wrapping_add(count).write(0) };
    target
}

/// Says why the last function failed, on standard error.
///
/// # Safety
/// `message` is a string or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn perror(message: *const u8) {
    // SAFETY: the caller's promise.
    let text = unsafe { super::string::_strerror(message) };
    // SAFETY: that is a string, and standard error a stream.
    unsafe { fputs(text, errors()) };
}

/// Refuses what a stream cannot do.
pub(super) fn refuse() -> i32 {
    fail(Errno::EINVAL)
}
