//! Writing into a pipe.
//!
//! Source: documented behaviour of WriteFile and SetNamedPipeHandleState; CreateNamedPipe, of sizes: what is more than the quota is kept all the
//! same, and its writer waits until it has been read. That a write which is given up takes its bytes back is what cancelling a request means.

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;

use super::pipe::CHUNK;
use crate::buffer::zeros;
use crate::executive::Executive;
use crate::pipe::{PipeEnd, PipeState, Queue, Way, Whose, WriteMarks};
use crate::platform::Platform;

/// A write.
struct Write {
    file: Link<FileObject>,
    end: PipeEnd,
    buffer: u32,
    length: u32,
    has_messages: bool,
    queue: &'static Queue,
    marks: Link<WriteMarks>,
    /// Bytes for which readers waited then.
    served: u32,
    era: u32,
}

impl<P: Platform> Executive<P> {
    /// Puts all of it into the pipe, as a message where there are such, and waits until the quota allows it.
    ///
    /// # Errors
    /// PIPE_CLOSING, PIPE_DISCONNECTED, PIPE_LISTENING where nobody can read; PIPE_BROKEN where he went meanwhile; CANCELLED,
    /// PROCESS_IS_TERMINATING; INSUFFICIENT_RESOURCES; that of reading the buffer. What nobody has read is taken back.
    pub(super) fn write_pipe(
        &self,
        file: Link<FileObject>,
        end: PipeEnd,
        buffer: u32,
        length: u32,
    ) -> Result<u32, NtStatus> {
        let queue = self.queue(end, Way::Out);
        if !queue.is_there() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.check_writable(end)?;
        let has_messages = self.name_of_pipe(end).has_messages();
        let never_waits = self.pipe_modes(end)[1] != 0;
        if never_waits && queue.is_being_written() || length == 0 && !has_messages {
            return Ok(0);
        }
        while queue.is_being_written() {
            self.nap_at_pipe(file)?;
            self.check_writable(end)?;
        }
        let put_length = if never_waits { queue.never_waiting(length, has_messages) } else { length };
        // Of a message it is all or nothing.
        if never_waits && (put_length == 0 && !has_messages || put_length < length && has_messages) {
            return Ok(0);
        }
        let mut chunk = zeros(CHUNK.min(put_length))?;
        let (era, marks) = (self.pipe_era(end), self.begin_write(end)?);
        let write =
            Write { file, end, buffer, length: put_length, has_messages, queue, marks, served: queue.wanted(), era };
        queue.serve();
        let written = self.write_whole(&write, &mut chunk, never_waits);
        self.end_write(end, marks);
        written.map(|()| put_length)
    }

    fn write_whole(&self, write: &Write, chunk: &mut [u8], never_waits: bool) -> Result<(), NtStatus> {
        write.queue.set_being_written(true);
        let put = self.put_all(write, chunk);
        write.queue.set_being_written(false);
        // Who waits for his turn is to look.
        self.settle_pipe(write.end);
        match put {
            Ok(()) if never_waits => Ok(()),
            Ok(()) => self.wait_for_quota(write),
            Err(status) => {
                self.withdraw(write, false);
                Err(status)
            }
        }
    }

    /// Puts it there, and waits only where it is too much for the pool.
    fn put_all(&self, write: &Write, chunk: &mut [u8]) -> Result<(), NtStatus> {
        let (queue, mut done) = (write.queue, 0);
        loop {
            let step = (write.length - done).min(CHUNK);
            while queue.room() < step.max(1) {
                self.wait_until_drained(write.file, write.end)?;
                self.check_still_writable(write)?;
            }
            let bytes = &mut chunk[..step as usize];
            // This may take time, but nobody else writes.
            self.platform().read_user(write.buffer + done, bytes)?;
            self.check_still_writable(write)?;
            while let Err(status) = self.make_room(write.end, step) {
                if done == 0 {
                    return Err(status);
                }
                self.nap_at_pipe(write.file)?;
                self.check_still_writable(write)?;
            }
            done += step;
            if write.has_messages {
                queue.write_fragment(self.platform(), bytes, done < write.length);
            } else {
                queue.write_bytes(self.platform(), bytes);
            }
            self.has_put(write.end, write.marks);
            self.settle_pipe(write.end);
            if done == write.length {
                return Ok(());
            }
        }
    }

    /// Waits until no more than the quota is on the way up to its end.
    fn wait_for_quota(&self, write: &Write) -> Result<(), NtStatus> {
        let (mut served, marks) = (write.served, self.machine_record(write.marks));
        while !write.queue.is_within_quota(marks, served) {
            // What readers waited for they have taken before anybody looks again.
            served = 0;
            let waited = self.wait_until_drained(write.file, write.end);
            if self.pipe_era(write.end) != write.era {
                return Err(NtStatus::PIPE_DISCONNECTED);
            }
            if write.queue.is_within_quota(marks, 0) {
                return Ok(());
            }
            if let Err(status) = waited.and_then(|()| self.check_still_read(write.end)) {
                self.withdraw(write, true);
                return Err(status);
            }
        }
        Ok(())
    }

    /// Takes back what was written, which is all of it if it `is_whole`, as far as nobody has read it.
    fn withdraw(&self, write: &Write, is_whole: bool) {
        let is_over = self.pipe_era(write.end) != write.era || self.pipe_state(write.end) != Ok(PipeState::Connected);
        if is_over || self.machine_record(write.marks).is_empty() {
            return;
        }
        let was_begun = self.take_back_from_pipe(write.end, write.marks);
        if was_begun && write.has_messages {
            if is_whole {
                write.queue.close_message();
            } else {
                // Somebody waits for the rest of it.
                write.queue.write_fragment(self.platform(), &[], false);
            }
        }
        self.settle_pipe(write.end);
    }

    /// What a write that waits is told when it cannot go on.
    fn check_still_writable(&self, write: &Write) -> Result<(), NtStatus> {
        if self.pipe_era(write.end) != write.era {
            return Err(NtStatus::PIPE_DISCONNECTED);
        }
        if !self.is_end_there(write.end, Whose::Own) {
            return Err(NtStatus::PIPE_BROKEN);
        }
        self.check_still_read(write.end)
    }

    /// The same of one that only has to be read: its own end may have gone.
    fn check_still_read(&self, end: PipeEnd) -> Result<(), NtStatus> {
        match self.pipe_state(end)? {
            PipeState::Connected => Ok(()),
            PipeState::Closing if self.is_end_there(end, Whose::Other) => Ok(()),
            PipeState::Closing => Err(NtStatus::PIPE_BROKEN),
            PipeState::Listening | PipeState::Disconnected => Err(NtStatus::PIPE_DISCONNECTED),
        }
    }
}
