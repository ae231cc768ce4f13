//! Streams: `FILE` and what is done with one.
//!
//! A stream is `msvcrt`'s 32-byte `_iobuf` in the memory of the process, because macros and programs look into it:
//!
//! | offset | field | meaning |
//! |---|---|---|
//! | 0 | `_ptr` | the next byte of the buffer |
//! | 4 | `_cnt` | bytes left to read, or room left to write |
//! | 8 | `_base` | the buffer |
//! | 12 | `_flag` | see [`flag`] |
//! | 16 | `_file` | the descriptor |
//! | 20 | `_charbuf` | the buffer of a stream that has none |
//! | 24 | `_bufsiz` | bytes of the buffer |
//!
//! Invariants:
//! - S1: `_base` is 0 or the start of `_bufsiz` bytes, and `_ptr` is between its start and its end.
//! - S2: while reading (READ), `_cnt` bytes from `_ptr` on are unread; while writing (WRITE), `_cnt` bytes are free there and
//!   those before `_ptr` wait to be written. Otherwise `_cnt` is 0.
//! - S3: an unbuffered stream has written everything whenever a function returns.
//!
//! Locks: the caller holds the stream's.

mod mode;
mod position;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use mode::{Mode, parse_mode};

use crate::descriptors::{System, close, flag as descriptor_flag};
use crate::error::Errno;

/// Bits of `_flag`.
pub mod flag {
    /// Reading.
    pub const READ: u32 = 0x01;
    /// Writing.
    pub const WRITE: u32 = 0x02;
    /// Without buffer.
    pub const UNBUFFERED: u32 = 0x04;
    /// The buffer is the library's.
    pub const OWN_BUFFER: u32 = 0x08;
    /// The end was met.
    pub const END: u32 = 0x10;
    /// Something failed.
    pub const ERROR: u32 = 0x20;
    /// A string that looks like a stream.
    pub const STRING: u32 = 0x40;
    /// Open for both directions.
    pub const BOTH: u32 = 0x80;
    /// The buffer is the program's.
    pub const YOUR_BUFFER: u32 = 0x100;
    /// All that says the stream is in use.
    pub const IN_USE: u32 = READ | WRITE | BOTH;
}

/// Bytes of a `FILE`.
pub const SIZE: u32 = 32;
/// Bytes of a buffer that the library makes.
pub const BUFFER: u32 = 4096;

/// A stream, by the address of its `FILE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "FILE")]
pub struct Stream(pub u32);

/// The stream failed or is at its end; its flags say which, and `errno` why if there is a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped(pub Option<Errno>);

macro_rules! fields {
    ($($offset:literal $get:ident $set:ident;)*) => {$(
        fn $get<S: System>(self, system: &S) -> u32 {
            system.read_u32(self.0 + $offset)
        }
        fn $set<S: System>(self, system: &S, value: u32) {
            system.write_u32(self.0 + $offset, value);
        }
    )*};
}

impl Stream {
    fields! {
        0 next set_next;
        4 count set_count;
        8 base set_base;
        12 flag_word set_flags;
        16 file set_file;
        24 size set_size;
    }

    /// The `_flag` word.
    pub fn flags<S: System>(self, system: &S) -> u32 {
        self.flag_word(system)
    }

    /// The descriptor.
    pub fn descriptor<S: System>(self, system: &S) -> u32 {
        self.file(system)
    }

    /// Makes this a stream over `descriptor`, with nothing in its buffer.
    pub fn initialise<S: System>(self, system: &S, descriptor: u32, flags: u32) {
        for word in 0..SIZE / 4 {
            system.write_u32(self.0 + 4 * word, 0);
        }
        self.set_file(system, descriptor);
        self.set_flags(system, flags);
    }

    fn change_flags<S: System>(self, system: &S, clear: u32, set: u32) {
        self.set_flags(system, self.flags(system) & !clear | set);
    }

    /// Clears the marks of end and error.
    pub fn clear_errors<S: System>(self, system: &S) {
        self.change_flags(system, flag::END | flag::ERROR, 0);
        let _ = system.descriptors().set_flags(self.descriptor(system), descriptor_flag::END, 0);
    }

    fn fail<S: System>(self, system: &S, errno: Errno) -> Stopped {
        self.change_flags(system, 0, flag::ERROR);
        Stopped(Some(errno))
    }

    /// The buffer, made if there is none yet: 4096 bytes, or the stream's own character if it may not have one.
    fn ensure_buffer<S: System>(self, system: &S) {
        if self.base(system) != 0 {
            return;
        }
        let made = if self.flags(system) & flag::UNBUFFERED == 0 { system.allocate(BUFFER) } else { None };
        match made {
            Some(buffer) => {
                self.change_flags(system, 0, flag::OWN_BUFFER);
                self.set_base(system, buffer);
                self.set_size(system, BUFFER);
            }
            None => {
                self.change_flags(system, 0, flag::UNBUFFERED);
                self.set_base(system, self.0 + 20);
                self.set_size(system, 2);
            }
        }
        self.set_next(system, self.base(system));
        self.set_count(system, 0);
    }

    /// Gives the buffer up. What it held is lost.
    fn drop_buffer<S: System>(self, system: &S) {
        if self.flags(system) & flag::OWN_BUFFER != 0 {
            system.free(self.base(system));
        }
        self.change_flags(system, flag::OWN_BUFFER | flag::YOUR_BUFFER | flag::UNBUFFERED, 0);
        self.set_base(system, 0);
        self.set_next(system, 0);
        self.set_count(system, 0);
        self.set_size(system, 0);
    }

    /// `setvbuf`: no buffer, the program's `buffer`, or one of the library's of `size` bytes if that is 0.
    ///
    /// # Errors
    /// [`Stopped`] without memory for it.
    pub fn set_buffer<S: System>(self, system: &S, buffer: u32, size: Option<u32>) -> Result<(), Stopped> {
        let _ = self.flush(system);
        self.drop_buffer(system);
        let Some(size) = size else {
            self.change_flags(system, 0, flag::UNBUFFERED);
            return Ok(());
        };
        let (base, owner) = match buffer {
            0 => (system.allocate(size).ok_or(Stopped(Some(Errno::ENOMEM)))?, flag::OWN_BUFFER),
            buffer => (buffer, flag::YOUR_BUFFER),
        };
        self.change_flags(system, 0, owner);
        self.set_base(system, base);
        self.set_next(system, base);
        self.set_size(system, size & !1);
        Ok(())
    }

    /// Writes what waits and closes the descriptor. The `FILE` is free for another stream afterwards.
    ///
    /// # Errors
    /// What failed first; the stream is closed all the same.
    pub fn close<S: System>(self, system: &S) -> Result<(), Stopped> {
        if self.flags(system) & flag::IN_USE == 0 {
            return Err(Stopped(Some(Errno::EINVAL)));
        }
        let flushed = self.flush(system);
        self.drop_buffer(system);
        let closed = close(system, self.descriptor(system));
        self.set_flags(system, 0);
        flushed?;
        closed.map_err(|errno| Stopped(Some(errno)))
    }
}
