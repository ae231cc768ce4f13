//! Reading from a stream.

use alloc::vec;

use super::{Stopped, Stream, flag};
use crate::descriptors::{System, read};
use crate::error::Errno;

impl Stream {
    /// The next byte.
    ///
    /// # Errors
    /// [`Stopped`] at the end or when the system fails.
    #[doc(alias = "fgetc")]
    pub fn get<S: System>(self, system: &S) -> Result<u8, Stopped> {
        if self.flags(system) & flag::WRITE != 0 || self.count(system).cast_signed() <= 0 {
            self.fill(system)?;
        }
        Ok(self.take(system))
    }

    /// The first of the unread bytes; there is one.
    fn take<S: System>(self, system: &S) -> u8 {
        let next = self.next(system);
        self.set_next(system, next + 1);
        self.set_count(system, self.count(system) - 1);
        system.read_u8(next)
    }

    /// Fills the buffer again; at least one byte is unread afterwards.
    ///
    /// # Errors
    /// [`Stopped`] at the end, when the system fails, or on a stream that is not for reading.
    #[doc(alias = "_filbuf")]
    pub fn fill<S: System>(self, system: &S) -> Result<(), Stopped> {
        let flags = self.flags(system);
        if flags & flag::IN_USE == 0 || flags & flag::STRING != 0 {
            self.set_count(system, 0);
            return Err(Stopped(None));
        }
        if flags & flag::WRITE != 0 || flags & (flag::READ | flag::BOTH) == 0 {
            // A stream that was written to is turned around by fflush, fseek or rewind only.
            return Err(self.fail(system, Errno::EBADF));
        }
        self.change_flags(system, 0, flag::READ);
        self.ensure_buffer(system);
        let size = if self.flags(system) & flag::UNBUFFERED != 0 { 1 } else { self.size(system) };
        let mut bytes = vec![0; size as usize];
        let result = read(system, self.descriptor(system), &mut bytes);
        self.set_next(system, self.base(system));
        self.set_count(system, 0);
        match result {
            Ok(0) => {
                self.change_flags(system, if flags & flag::BOTH != 0 { flag::READ } else { 0 }, flag::END);
                Err(Stopped(None))
            }
            Ok(count) => {
                system.write_bytes(self.base(system), &bytes[..count]);
                self.set_count(system, count as u32);
                Ok(())
            }
            Err(errno) => Err(self.fail(system, errno)),
        }
    }

    /// Reads until `target` is full or nothing more comes; returns how many bytes came.
    #[doc(alias = "fread")]
    pub fn read<S: System>(self, system: &S, target: &mut [u8]) -> (usize, Option<Stopped>) {
        let mut done = 0;
        while done < target.len() {
            if (self.flags(system) & flag::WRITE != 0 || self.count(system).cast_signed() <= 0)
                && let Err(stopped) = self.fill(system)
            {
                return (done, Some(stopped));
            }
            let count = (self.count(system) as usize).min(target.len() - done);
            let next = self.next(system);
            system.read_bytes(next, &mut target[done..done + count]);
            self.set_next(system, next + count as u32);
            self.set_count(system, self.count(system) - count as u32);
            done += count;
        }
        (done, None)
    }

    /// Puts a byte back, to be read next.
    ///
    /// # Errors
    /// [`Stopped`] without room, or on a stream that is being written.
    #[doc(alias = "ungetc")]
    pub fn unget<S: System>(self, system: &S, byte: u8) -> Result<(), Stopped> {
        let flags = self.flags(system);
        if flags & (flag::READ | flag::BOTH) == 0 || flags & flag::WRITE != 0 {
            return Err(Stopped(None));
        }
        self.ensure_buffer(system);
        if self.next(system) == self.base(system) {
            if self.count(system) != 0 {
                return Err(Stopped(None));
            }
            self.set_next(system, self.base(system) + 1);
        }
        let next = self.next(system) - 1;
        // A string that is read from is the program's own and keeps what it holds.
        if flags & flag::STRING == 0 {
            system.write_bytes(next, &[byte]);
        }
        self.set_next(system, next);
        self.set_count(system, self.count(system) + 1);
        self.change_flags(system, flag::END, flag::READ);
        Ok(())
    }
}
