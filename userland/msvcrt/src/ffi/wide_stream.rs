//! Wide characters through streams. A stream of text has each as a byte, as the "C" locale does, and what has none cannot be
//! written; a binary one has both of its bytes.
//!
//! Source: documented behaviour of `fgetwc`, `fputwc` and what is built of them.

use alloc::vec::Vec;

use user_crt::descriptors::{System, flag as descriptor_flag};
use user_crt::error::Errno;
use user_crt::stdio::{Stopped, Stream};
use user_crt::time::{BrokenDown, format};
use user_ffi::{wide_mut, wide_string};
use user_support::text::{ansi, wide};

use super::file::stopped;
use super::host::host;
use super::stream::{input, locked, output};
use super::time_zone::with_names;

/// `WEOF`.
const END: u16 = 0xFFFF;

/// Whether each character of a stream is a byte.
pub(super) fn is_text(stream: Stream) -> bool {
    let flags = host().descriptors().flags(stream.descriptor(&host()));
    flags.is_ok_and(|flags| flags & descriptor_flag::TEXT != 0)
}

/// The bytes of text that goes to a stream.
fn encoded(stream: Stream, text: &[u16]) -> Result<Vec<u8>, Stopped> {
    if !is_text(stream) {
        return Ok(text.iter().flat_map(|unit| unit.to_le_bytes()).collect());
    }
    let bytes = text.iter().map(|unit| u8::try_from(*unit));
    bytes.collect::<Result<_, _>>().map_err(|_| Stopped(Some(Errno::EILSEQ)))
}

fn write(stream: Stream, text: &[u16]) -> Result<(), Stopped> {
    match stream.write(&host(), &encoded(stream, text)?) {
        (_, None) => Ok(()),
        (_, Some(reason)) => Err(reason),
    }
}

pub(super) fn read(stream: Stream) -> Result<u16, Stopped> {
    let low = stream.get(&host())?;
    let high = if is_text(stream) { 0 } else { stream.get(&host())? };
    Ok(u16::from_le_bytes([low, high]))
}

pub(super) fn unread(stream: Stream, unit: u16) -> Result<(), Stopped> {
    encoded(stream, &[unit])?.iter().rev().try_for_each(|byte| stream.unget(&host(), *byte))
}

/// Notes why something stopped.
fn end(reason: Stopped) -> u16 {
    stopped(reason);
    END
}

macro_rules! twins {
    ($($(#[$doc:meta])* $name:ident $other:ident ($($argument:ident: $kind:ty),*) $body:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The stream is open.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $kind),*) -> u16 {
            $body
        }

        #[doc = concat!("The same as [`", stringify!($name), "`].")]
        ///
        /// # Safety
        /// As there.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $other($($argument: $kind),*) -> u16 {
            $body
        }
    )*};
}

twins! {
    /// Reads a character.
    // SAFETY: the caller's promise.
    fgetwc getwc (file: u32) unsafe { locked(file, read) }.unwrap_or_else(end);
    /// Writes a character.
    // SAFETY: the caller's promise.
    fputwc putwc (unit: u16, file: u32) unsafe { locked(file, |stream| write(stream, &[unit])) }.map_or_else(end, |()| unit);
    /// Reads a character of standard input.
    // SAFETY: standard input is a stream.
    _fgetwchar getwchar () unsafe { fgetwc(input()) };
    /// Writes a character to standard output.
    // SAFETY: standard output is a stream.
    _fputwchar putwchar (unit: u16) unsafe { fputwc(unit, output()) };
}

/// Puts a character back.
///
/// # Safety
/// The stream is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungetwc(unit: u16, file: u32) -> u16 {
    if unit == END {
        return END;
    }
    // SAFETY: the caller's promise.
    unsafe { locked(file, |stream| unread(stream, unit)) }.map_or_else(end, |()| unit)
}

/// Writes a string; returns 0, or -1.
///
/// # Safety
/// `text` is a string, and the stream is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fputws(text: *const u16, file: u32) -> i32 {
    // SAFETY: the caller's promise.
    let text = unsafe { wide_string(text) };
    // SAFETY: the caller's promise.
    unsafe { locked(file, |stream| write(stream, text)) }.map_or_else(stopped, |()| 0)
}

/// Writes a string and a line end to standard output; returns 0, or -1.
///
/// # Safety
/// `text` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _putws(text: *const u16) -> i32 {
    // SAFETY: the caller's promise.
    let mut line = unsafe { wide_string(text) }.to_vec();
    line.push(b'\n'.into());
    // SAFETY: standard output is a stream.
    unsafe { locked(output(), |stream| write(stream, &line)) }.map_or_else(stopped, |()| 0)
}

/// Reads up to and with a line end, at most `size - 1` characters; null if nothing came.
///
/// # Safety
/// The buffer has room for `size` characters, and the stream is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fgetws(target: *mut u16, size: i32, file: u32) -> *mut u16 {
    let room = u32::try_from(size).unwrap_or(0);
    if room == 0 {
        return core::ptr::null_mut();
    }
    // SAFETY: the caller's promise.
    let target = unsafe { wide_mut(target, room) };
    // SAFETY: the caller's promise.
    let count = unsafe { locked(file, |stream| line(stream, &mut target[..room as usize - 1])) };
    if count == 0 && room > 1 {
        return core::ptr::null_mut();
    }
    target[count] = 0;
    target.as_mut_ptr()
}

/// Reads up to and with a line end into `target`; returns how many characters came.
fn line(stream: Stream, target: &mut [u16]) -> usize {
    for (index, place) in target.iter_mut().enumerate() {
        match read(stream) {
            Ok(unit) => *place = unit,
            Err(reason) => {
                stopped(reason);
                return index;
            }
        }
        if *place == u16::from(b'\n') {
            return index + 1;
        }
    }
    target.len()
}

/// A date as text in UTF-16; how many units, 0 where there is no room.
///
/// # Safety
/// `target` has room for `room` units, `template` is a string, `date` points to a date.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcsftime(target: *mut u16, room: u32, template: *const u16, date: *const BrokenDown) -> u32 {
    // SAFETY: the caller's promise.
    let date = unsafe { date.read() };
    // SAFETY: the caller's promise.
    let template = ansi(unsafe { wide_string(template) });
    let Some(text) = with_names(|names| format(&template, &date, names)) else { return 0 };
    let mut text = wide(&text);
    text.push(0);
    // SAFETY: the caller's promise.
    let target = unsafe { wide_mut(target, room) };
    if text.len() > target.len() {
        return 0;
    }
    target[..text.len()].copy_from_slice(&text);
    text.len() as u32 - 1
}
