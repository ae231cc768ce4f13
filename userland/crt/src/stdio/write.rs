//! Writing to a stream.

use alloc::vec;

use super::{Stopped, Stream, flag};
use crate::descriptors::{System, flag as descriptor_flag, write};
use crate::error::Errno;

impl Stream {
    /// Appends `bytes`; returns how many went before something failed.
    #[doc(alias = "fwrite")]
    pub fn write<S: System>(self, system: &S, bytes: &[u8]) -> (usize, Option<Stopped>) {
        if let Err(stopped) = self.turn_to_writing(system) {
            return (0, Some(stopped));
        }
        if self.is_unbuffered(system) {
            return self.write_through(system, bytes);
        }
        let mut done = 0;
        while done < bytes.len() {
            let room = self.count(system) as usize;
            if room == 0 {
                if let Err(stopped) = self.write_out(system) {
                    return (done, Some(stopped));
                }
                continue;
            }
            let count = room.min(bytes.len() - done);
            let next = self.next(system);
            system.write_bytes(next, &bytes[done..done + count]);
            self.set_next(system, next + count as u32);
            self.set_count(system, (room - count) as u32);
            done += count;
        }
        (done, None)
    }

    /// S3, and the console: a device sees standard output as soon as a function returns.
    fn is_unbuffered<S: System>(self, system: &S) -> bool {
        let flags = system.descriptors().flags(self.descriptor(system)).unwrap_or(0);
        self.flags(system) & flag::UNBUFFERED != 0 || flags & descriptor_flag::DEVICE != 0
    }

    fn write_through<S: System>(self, system: &S, bytes: &[u8]) -> (usize, Option<Stopped>) {
        if let Err(stopped) = self.write_out(system) {
            return (0, Some(stopped));
        }
        // No room is left in the buffer, so that macros call here for every byte.
        self.set_count(system, 0);
        match write(system, self.descriptor(system), bytes) {
            Ok(count) if count == bytes.len() => (count, None),
            Ok(count) => (count, Some(self.fail(system, Errno::ENOSPC))),
            Err(errno) => (0, Some(self.fail(system, errno))),
        }
    }

    fn turn_to_writing<S: System>(self, system: &S) -> Result<(), Stopped> {
        let flags = self.flags(system);
        if flags & flag::WRITE != 0 && flags & flag::READ == 0 && self.base(system) != 0 {
            return Ok(());
        }
        if flags & (flag::WRITE | flag::BOTH) == 0 || flags & flag::STRING != 0 {
            return Err(self.fail(system, Errno::EBADF));
        }
        if flags & flag::READ != 0 {
            if flags & flag::END == 0 && self.count(system) != 0 {
                // Unread bytes: only fseek, fsetpos or rewind turn the stream around.
                return Err(self.fail(system, Errno::EBADF));
            }
            self.change_flags(system, flag::READ, 0);
        }
        self.change_flags(system, flag::END, flag::WRITE);
        self.ensure_buffer(system);
        self.set_next(system, self.base(system));
        self.set_count(system, if self.is_unbuffered(system) { 0 } else { self.size(system) });
        Ok(())
    }

    /// Writes what waits in the buffer and empties it. A failure loses it, so that nobody tries for ever.
    fn write_out<S: System>(self, system: &S) -> Result<(), Stopped> {
        let (base, waiting) = (self.base(system), self.next(system).wrapping_sub(self.base(system)));
        self.set_next(system, base);
        self.set_count(system, if self.is_unbuffered(system) { 0 } else { self.size(system) });
        if waiting == 0 {
            return Ok(());
        }
        let mut bytes = vec![0; waiting as usize];
        system.read_bytes(base, &mut bytes);
        match write(system, self.descriptor(system), &bytes) {
            Ok(count) if count == bytes.len() => Ok(()),
            Ok(_) => Err(self.fail(system, Errno::ENOSPC)),
            Err(errno) => Err(self.fail(system, errno)),
        }
    }

    /// Writes what waits; forgets what was read ahead of a stream for both directions.
    ///
    /// # Errors
    /// [`Stopped`] when the system fails.
    #[doc(alias = "fflush")]
    pub fn flush<S: System>(self, system: &S) -> Result<(), Stopped> {
        let flags = self.flags(system);
        if flags & flag::WRITE != 0 && self.base(system) != 0 {
            self.write_out(system)?;
            if flags & flag::BOTH != 0 {
                self.change_flags(system, flag::WRITE, 0);
                self.set_count(system, 0);
            }
        }
        Ok(())
    }
}
