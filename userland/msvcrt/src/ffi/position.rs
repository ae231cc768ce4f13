//! Where a stream stands, its marks of end and error, its buffer.

use user_crt::stdio::{Stopped, flag};

use super::file::{refuse, stopped};
use super::host::host;
use super::stream::locked;

/// `_IOFBF` and `_IOLBF`, which are the same; `_IONBF`.
mod buffering {
    pub(super) const FULL: u32 = 0;
    pub(super) const NONE: u32 = 4;
    pub(super) const LINE: u32 = 0x40;
}
/// `BUFSIZ`.
const BUFFER_SIZE: u32 = 512;

fn seek(file: u32, distance: i64, origin: u32) -> Result<(), Stopped> {
    // SAFETY: the callers promise a stream.
    unsafe { locked(file, |stream| stream.seek(&host(), distance, origin)) }
}

fn position(file: u32) -> i64 {
    // SAFETY: the callers promise a stream.
    unsafe { locked(file, |stream| stream.position(&host())) }.unwrap_or_else(|reason| stopped(reason).into())
}

/// Moves a stream.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fseek(file: u32, distance: i32, origin: u32) -> i32 {
    seek(file, distance.into(), origin).map_or_else(stopped, |()| 0)
}

/// Moves a stream.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _fseeki64(file: u32, distance: i64, origin: u32) -> i32 {
    seek(file, distance, origin).map_or_else(stopped, |()| 0)
}

/// Where a stream stands, or -1.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftell(file: u32) -> i32 {
    position(file) as i32
}

/// Where a stream stands, or -1.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _ftelli64(file: u32) -> i64 {
    position(file)
}

/// Moves a stream to its start and clears its marks.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rewind(file: u32) {
    let _ = seek(file, 0, 0);
    // SAFETY: the caller's promise.
    unsafe { clearerr(file) };
}

/// Delivers where a stream stands.
///
/// # Safety
/// `file` is a stream and `target` has room for 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fgetpos(file: u32, target: *mut i64) -> i32 {
    let position = position(file);
    if position < 0 {
        return -1;
    }
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(position) };
    0
}

/// Moves a stream to where it once stood.
///
/// # Safety
/// `file` is a stream and `position` points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsetpos(file: u32, position: *const i64) -> i32 {
    // SAFETY: the caller's promise.
    seek(file, unsafe { position.read_unaligned() }, 0).map_or_else(stopped, |()| 0)
}

fn has(file: u32, mask: u32) -> i32 {
    (user_crt::stdio::Stream(file).flags(&host()) & mask).cast_signed()
}

/// Whether the end of a stream was met.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn feof(file: u32) -> i32 {
    has(file, flag::END)
}

/// Whether something failed on a stream.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ferror(file: u32) -> i32 {
    has(file, flag::ERROR)
}

/// Clears a stream's marks of end and error.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clearerr(file: u32) {
    // SAFETY: the caller's promise.
    unsafe { locked(file, |stream| stream.clear_errors(&host())) };
}

/// The descriptor of a stream.
///
/// # Safety
/// `file` is a stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _fileno(file: u32) -> u32 {
    user_crt::stdio::Stream(file).descriptor(&host())
}

/// Gives a stream a buffer of the program's or of a size, or none.
///
/// # Safety
/// `file` is a stream; `buffer` is null or has room for `size` bytes as long as the stream is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn setvbuf(file: u32, buffer: u32, mode: u32, size: u32) -> i32 {
    let size = match mode {
        buffering::NONE => None,
        buffering::FULL | buffering::LINE if (2..=0x7FFF_FFFF).contains(&size) => Some(size),
        _ => return refuse(),
    };
    // SAFETY: the caller's promise.
    unsafe { locked(file, |stream| stream.set_buffer(&host(), buffer, size)) }.map_or_else(stopped, |()| 0)
}

/// Gives a stream a buffer of the program's of 512 bytes, or none.
///
/// # Safety
/// As [`setvbuf`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn setbuf(file: u32, buffer: u32) {
    let mode = if buffer == 0 { buffering::NONE } else { buffering::FULL };
    // SAFETY: the caller's promise.
    unsafe { setvbuf(file, buffer, mode, BUFFER_SIZE) };
}
