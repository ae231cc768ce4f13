//! File descriptors: which handle a small number means, and how text becomes lines on the way through.
//!
//! A descriptor in text mode ends lines with CR LF outside and LF inside, and Ctrl-Z ends a file that is no device.
//! Descriptors are atomic words, so that a thread that uses one which another closes gets an error and nothing worse.

use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use user_support::memory::Memory;

use crate::error::{Errno, from_win32};

/// How many descriptors a process has.
pub const COUNT: usize = 2048;

/// What a descriptor is, as the library keeps it.
#[doc(alias = "osfile")]
pub mod flag {
    /// In use.
    pub const OPEN: u32 = 0x01;
    /// Ctrl-Z was met.
    pub const END: u32 = 0x02;
    /// A pipe.
    pub const PIPE: u32 = 0x08;
    /// Every write goes to the end.
    pub const APPEND: u32 = 0x20;
    /// A device, such as the console.
    pub const DEVICE: u32 = 0x40;
    /// Text mode.
    pub const TEXT: u32 = 0x80;
}

/// A byte that was read from a pipe behind a CR and is not a LF; or none.
const NO_BYTE: u32 = u32::MAX;
const CTRL_Z: u8 = 0x1A;
const ERROR_ACCESS_DENIED: u32 = 5;
const ERROR_BROKEN_PIPE: u32 = 109;
/// Closed descriptors have no handle.
const NO_HANDLE: u32 = u32::MAX;

/// The system, as the streams act on it: handles and memory. Mechanism only; errors are Win32 errors.
pub trait System: Memory {
    /// Reads from where the handle stands; nothing at the end.
    ///
    /// # Errors
    /// The Win32 error.
    fn read_handle(&self, handle: u32, bytes: &mut [u8]) -> Result<usize, u32>;
    /// Writes where the handle stands.
    ///
    /// # Errors
    /// The Win32 error.
    fn write_handle(&self, handle: u32, bytes: &[u8]) -> Result<usize, u32>;
    /// Moves the handle and returns where it stands: from the start, from where it is or from the end for 0, 1, 2.
    ///
    /// # Errors
    /// The Win32 error.
    fn seek_handle(&self, handle: u32, distance: i64, origin: u32) -> Result<i64, u32>;
    /// Closes the handle.
    ///
    /// # Errors
    /// The Win32 error.
    fn close_handle(&self, handle: u32) -> Result<(), u32>;
    /// Bytes on the heap, or `None`.
    fn allocate(&self, bytes: u32) -> Option<u32>;
    /// Returns an allocation.
    fn free(&self, address: u32);
    /// The descriptors of the process.
    fn descriptors(&self) -> &Descriptors;
}

struct Descriptor {
    handle: AtomicU32,
    flags: AtomicU32,
    pending: AtomicU32,
    /// Where the last read in text mode began, in the file's own bytes.
    text_start: [AtomicU32; 2],
}

/// All descriptors.
pub struct Descriptors([Descriptor; COUNT]);

impl Default for Descriptors {
    fn default() -> Self {
        Self::new()
    }
}

impl Descriptors {
    /// A table without an open descriptor.
    pub const fn new() -> Self {
        Self(
            [const {
                Descriptor {
                    handle: AtomicU32::new(0),
                    flags: AtomicU32::new(0),
                    pending: AtomicU32::new(0),
                    text_start: [AtomicU32::new(0), AtomicU32::new(0)],
                }
            }; COUNT],
        )
    }

    fn get(&self, descriptor: u32) -> Result<&Descriptor, Errno> {
        let found = self.0.get(descriptor as usize).filter(|found| found.flags.load(Relaxed) & flag::OPEN != 0);
        found.ok_or(Errno::EBADF)
    }

    /// The flags of an open descriptor.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn flags(&self, descriptor: u32) -> Result<u32, Errno> {
        self.get(descriptor).map(|found| found.flags.load(Relaxed))
    }

    /// Replaces the bits of `mask` among the flags and returns what all were.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn set_flags(&self, descriptor: u32, mask: u32, flags: u32) -> Result<u32, Errno> {
        let found = self.get(descriptor)?;
        let old = found.flags.load(Relaxed);
        found.flags.store(old & !mask | flags & mask, Relaxed);
        Ok(old)
    }

    /// The handle of an open descriptor.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn handle(&self, descriptor: u32) -> Result<u32, Errno> {
        self.get(descriptor).map(|found| found.handle.load(Relaxed))
    }

    /// Makes a certain descriptor mean `handle`. It was closed, or its handle is somebody else's care now.
    ///
    /// # Errors
    /// `EBADF` for a number that no descriptor has.
    pub fn place(&self, descriptor: u32, handle: u32, flags: u32) -> Result<(), Errno> {
        let place = self.0.get(descriptor as usize).ok_or(Errno::EBADF)?;
        place.handle.store(handle, Relaxed);
        place.pending.store(NO_BYTE, Relaxed);
        place.flags.store(flags | flag::OPEN, Relaxed);
        Ok(())
    }

    /// The lowest free descriptor, made to mean `handle`.
    ///
    /// # Errors
    /// `EMFILE`.
    pub fn add(&self, handle: u32, flags: u32) -> Result<u32, Errno> {
        let claim = |place: &Descriptor| place.flags.compare_exchange(0, flag::OPEN, Relaxed, Relaxed).is_ok();
        let free = self.0.iter().position(claim).ok_or(Errno::EMFILE)? as u32;
        self.place(free, handle, flags).map(|()| free)
    }

    /// Frees a descriptor and returns its handle, which stays open.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn remove(&self, descriptor: u32) -> Result<u32, Errno> {
        let found = self.get(descriptor)?;
        let handle = found.handle.swap(NO_HANDLE, Relaxed);
        found.flags.store(0, Relaxed);
        Ok(handle)
    }
}

/// Reads as `_read` does. Nothing read means the end.
///
/// # Errors
/// `EBADF`, or what the system says.
pub fn read<S: System>(system: &S, descriptor: u32, bytes: &mut [u8]) -> Result<usize, Errno> {
    let place = system.descriptors().get(descriptor)?;
    let (handle, flags) = (place.handle.load(Relaxed), place.flags.load(Relaxed));
    if bytes.is_empty() || flags & flag::END != 0 {
        return Ok(0);
    }
    if flags & flag::TEXT == 0 {
        return read_raw(system, handle, bytes);
    }
    if flags & (flag::DEVICE | flag::PIPE) == 0 {
        let start = system.seek_handle(handle, 0, 1).unwrap_or(0).cast_unsigned();
        place.text_start[0].store(start as u32, Relaxed);
        place.text_start[1].store((start >> 32) as u32, Relaxed);
    }
    loop {
        let count = match place.pending.swap(NO_BYTE, Relaxed) {
            NO_BYTE => read_raw(system, handle, bytes)?,
            byte => {
                bytes[0] = byte as u8;
                1
            }
        };
        if count == 0 {
            return Ok(0);
        }
        let kept = lines(system, place, bytes, count)?;
        // Nothing that was kept must not look like the end.
        if kept != 0 || place.flags.load(Relaxed) & flag::END != 0 {
            return Ok(kept);
        }
    }
}

/// The end of a pipe is an end, not an error.
fn read_raw<S: System>(system: &S, handle: u32, bytes: &mut [u8]) -> Result<usize, Errno> {
    match system.read_handle(handle, bytes) {
        Err(ERROR_BROKEN_PIPE) => Ok(0),
        result => result.map_err(from_transfer),
    }
}

/// A descriptor that is not open for reading or writing is a bad one, and nobody's permission is missing.
fn from_transfer(error: u32) -> Errno {
    if error == ERROR_ACCESS_DENIED { Errno::EBADF } else { from_win32(error) }
}

/// Turns CR LF into LF in the first `count` bytes, up to a Ctrl-Z, and returns how many are left.
fn lines<S: System>(system: &S, place: &Descriptor, bytes: &mut [u8], count: usize) -> Result<usize, Errno> {
    let flags = place.flags.load(Relaxed);
    let (mut from, mut to) = (0, 0);
    while from < count {
        let byte = bytes[from];
        if byte == CTRL_Z && flags & flag::DEVICE == 0 {
            place.flags.store(flags | flag::END, Relaxed);
            break;
        }
        from += 1;
        if byte == b'\r' {
            let is_last = from == count;
            let next = if is_last { look_ahead(system, place)? } else { Some(bytes[from]) };
            if next == Some(b'\n') {
                // The LF of a CR that came last was taken by looking ahead; any other is the next byte.
                if is_last {
                    bytes[to] = b'\n';
                    to += 1;
                }
                continue;
            }
        }
        bytes[to] = byte;
        to += 1;
    }
    Ok(to)
}

/// The byte behind a CR that came last. Unless it is the LF, it is read again later in a file and kept from a pipe.
fn look_ahead<S: System>(system: &S, place: &Descriptor) -> Result<Option<u8>, Errno> {
    let handle = place.handle.load(Relaxed);
    let mut next = [0];
    if read_raw(system, handle, &mut next)? == 0 {
        return Ok(None);
    }
    if next[0] == b'\n' {
        return Ok(Some(b'\n'));
    }
    if place.flags.load(Relaxed) & (flag::DEVICE | flag::PIPE) == 0 {
        system.seek_handle(handle, -1, 1).map_err(from_win32)?;
    } else {
        place.pending.store(next[0].into(), Relaxed);
    }
    Ok(Some(next[0]))
}

/// Where in a file the byte is that follows `taken` bytes of what the last read in text mode delivered.
///
/// # Errors
/// `EBADF`, or what the system says.
pub fn text_position<S: System>(system: &S, descriptor: u32, taken: u32) -> Result<i64, Errno> {
    let place = system.descriptors().get(descriptor)?;
    let handle = place.handle.load(Relaxed);
    let [low, high] = [0, 1].map(|index| u64::from(place.text_start[index].load(Relaxed)));
    let (start, end) = ((high << 32 | low).cast_signed(), system.seek_handle(handle, 0, 1).map_err(from_win32)?);
    system.seek_handle(handle, start, 0).map_err(from_win32)?;
    // Every byte delivered was one or two in the file.
    let mut bytes = vec![0; 2 * taken as usize];
    let count = read_raw(system, handle, &mut bytes)?;
    system.seek_handle(handle, end, 0).map_err(from_win32)?;
    let (mut at, mut left) = (0, taken);
    while left > 0 && at < count {
        at += if bytes[at..count].starts_with(b"\r\n") { 2 } else { 1 };
        left -= 1;
    }
    Ok(start + at as i64)
}

/// Writes as `_write` does and returns how many of `bytes` went.
///
/// # Errors
/// `EBADF`, or what the system says if nothing went.
pub fn write<S: System>(system: &S, descriptor: u32, bytes: &[u8]) -> Result<usize, Errno> {
    let place = system.descriptors().get(descriptor)?;
    let (handle, flags) = (place.handle.load(Relaxed), place.flags.load(Relaxed));
    if flags & flag::APPEND != 0 {
        system.seek_handle(handle, 0, 2).map_err(from_win32)?;
    }
    if flags & flag::TEXT == 0 || !bytes.contains(&b'\n') {
        return write_all(system, handle, bytes);
    }
    let mut text = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    for &byte in bytes {
        if byte == b'\n' {
            text.push(b'\r');
        }
        text.push(byte);
    }
    let written = write_all(system, handle, &text)?;
    let returns = text[..written].windows(2).filter(|pair| pair == b"\r\n").count();
    Ok((written - returns).min(bytes.len()))
}

fn write_all<S: System>(system: &S, handle: u32, bytes: &[u8]) -> Result<usize, Errno> {
    let mut done = 0;
    while done < bytes.len() {
        match system.write_handle(handle, &bytes[done..]) {
            Ok(0) if done == 0 => return Err(Errno::ENOSPC),
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if done == 0 => return Err(from_transfer(error)),
            Err(_) => break,
        }
    }
    Ok(done)
}

/// Moves as `_lseek` does.
///
/// # Errors
/// `EBADF`, or what the system says.
pub fn seek<S: System>(system: &S, descriptor: u32, distance: i64, origin: u32) -> Result<i64, Errno> {
    let handle = system.descriptors().handle(descriptor)?;
    if origin > 2 {
        return Err(Errno::EINVAL);
    }
    let position = system.seek_handle(handle, distance, origin).map_err(from_win32)?;
    system.descriptors().set_flags(descriptor, flag::END, 0)?;
    Ok(position)
}

/// Closes as `_close` does. A handle that standard output and standard error share stays open for the other one.
///
/// # Errors
/// `EBADF`, or what the system says.
pub fn close<S: System>(system: &S, descriptor: u32) -> Result<(), Errno> {
    let handle = system.descriptors().remove(descriptor)?;
    let other = match descriptor {
        1 => system.descriptors().handle(2),
        2 => system.descriptors().handle(1),
        _ => Err(Errno::EBADF),
    };
    if other == Ok(handle) { Ok(()) } else { system.close_handle(handle).map_err(from_win32) }
}
