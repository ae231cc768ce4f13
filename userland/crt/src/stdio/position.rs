//! Where a stream stands.

use super::{Stopped, Stream, flag};
use crate::descriptors::{System, flag as descriptor_flag, seek, text_position};
use crate::error::Errno;

impl Stream {
    /// Moves the stream: from the start, from where it is or from the end for 0, 1, 2.
    ///
    /// # Errors
    /// [`Stopped`]; the stream may have lost what it had read ahead.
    #[doc(alias = "fseek")]
    pub fn seek<S: System>(self, system: &S, distance: i64, origin: u32) -> Result<(), Stopped> {
        if self.flags(system) & flag::IN_USE == 0 || origin > 2 {
            return Err(Stopped(Some(Errno::EINVAL)));
        }
        let (distance, origin) = match origin {
            1 => (self.position(system)?.checked_add(distance).ok_or(Stopped(Some(Errno::EINVAL)))?, 0),
            _ => (distance, origin),
        };
        self.change_flags(system, flag::END, 0);
        let flushed = self.flush(system);
        if self.flags(system) & flag::WRITE == 0 {
            self.set_next(system, self.base(system));
            self.set_count(system, 0);
        }
        if self.flags(system) & flag::BOTH != 0 {
            self.change_flags(system, flag::READ | flag::WRITE, 0);
            self.set_count(system, 0);
        }
        flushed?;
        seek(system, self.descriptor(system), distance, origin).map_err(|errno| Stopped(Some(errno)))?;
        Ok(())
    }

    /// Where the stream stands, in the file's own bytes.
    ///
    /// # Errors
    /// [`Stopped`] for a stream without positions, such as a pipe.
    #[doc(alias = "ftell")]
    pub fn position<S: System>(self, system: &S) -> Result<i64, Stopped> {
        let (flags, descriptor) = (self.flags(system), self.descriptor(system));
        let stop = |errno| Stopped(Some(errno));
        let raw = system.descriptors().handle(descriptor).map_err(stop)?;
        let position = system.seek_handle(raw, 0, 1).map_err(|error| stop(crate::error::from_win32(error)))?;
        let is_text = system.descriptors().flags(descriptor).map_err(stop)? & descriptor_flag::TEXT != 0;
        let (base, next) = (self.base(system), self.next(system));
        if flags & flag::WRITE != 0 && base != 0 {
            let lines = (base..next).filter(|&at| is_text && system.read_u8(at) == b'\n').count() as i64;
            return Ok(position + i64::from(next - base) + lines);
        }
        let unread = self.count(system);
        if base == 0 || unread == 0 {
            return Ok(position);
        }
        if is_text {
            return text_position(system, descriptor, next - base).map_err(stop);
        }
        Ok(position - i64::from(unread))
    }
}
