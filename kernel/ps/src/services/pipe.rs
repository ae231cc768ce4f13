//! Pipes, as services: making one, opening its other end, reading, writing, and what goes through it; the control codes are in `pipe_control`.
//!
//! Source: documented parameters of NtCreateNamedPipeFile, the control codes and structures of pipes in public headers, and what is documented
//! of the Win32 functions that use them.

use abi::access::{FILE_READ_DATA, FILE_WRITE_DATA, MAXIMUM_ALLOWED};
use abi::cell::Link;
use abi::file::{FILE_CREATED, FILE_OPENED};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::{OpenRequest, OpenedFile};
use ob::Kind;

use crate::buffer::zeros;
use crate::executive::Executive;
use crate::pipe::{Kept, LONGEST_NAME, NewPipe, PipeEnd, PipeState, Take, Way};
use crate::platform::Platform;

/// `FILE_CREATE`, `FILE_OPEN_IF`: dispositions that make one.
const CREATE: u32 = 2;
const MAKING: [u32; 2] = [CREATE, 3];
/// What a client may do: reading and writing, as the share access of NtCreateNamedPipeFile says it.
const WAYS: u32 = 3;
/// Where nobody says how long to wait for an instance: 50 ms.
const DEFAULT_TIMEOUT: u64 = 500_000;
/// Bytes moved at a time, on the way between a program and a pipe.
const CHUNK: u32 = 0x400;

/// Bytes that were moved, and whether a message has more of them.
pub(super) struct Moved {
    pub count: u32,
    pub has_more: bool,
}

impl<P: Platform> Executive<P> {
    pub(super) fn create_named_pipe_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[
            handle_at,
            access,
            attributes_at,
            status_at,
            share,
            disposition,
            _options,
            kind,
            read_mode,
            completion,
            maximum,
            _in_quota,
            _out_quota,
            timeout_at,
        ] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(handle_at)?;
        self.probe_word(status_at)?;
        let timeout = if timeout_at == 0 { DEFAULT_TIMEOUT } else { self.read_long(timeout_at)?.wrapping_neg() };
        let attributes = self.read_file_attributes(attributes_at)?;
        let place = self.locate(&self.object_name(&attributes)?)?;
        if place.device != self.devices.pipes {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        let name = pipe_name(place.rest.units()).ok_or(NtStatus::OBJECT_NAME_INVALID)?;
        let is_known = MAKING.contains(&disposition) && kind <= 1 && read_mode <= 1 && completion <= 1;
        if share == 0 || share & !WAYS != 0 || !is_known || read_mode > kind || maximum == 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if name.len() > LONGEST_NAME {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        let (file, is_first) = self.create_pipe(&NewPipe {
            name,
            ways: share,
            kind,
            modes: [read_mode, completion],
            maximum,
            timeout,
            is_first: disposition == CREATE,
        })?;
        let information = if is_first { FILE_CREATED } else { FILE_OPENED };
        let opened = OpenedFile { file, granted_access: Kind::File.rights(access), information };
        self.give_file(opened, attributes.flags, handle_at, status_at)
    }

    /// Opens what `rest` leads to from the device of pipes on: the other end of a pipe, or the device itself.
    pub(super) fn open_pipe_device(&self, rest: &[u16], request: &OpenRequest) -> Result<OpenedFile, NtStatus> {
        let wanted = Kind::File.rights(request.desired_access & !MAXIMUM_ALLOWED);
        let Some(name) = pipe_name(rest) else {
            let file = self.create_device_file(self.devices.pipes, request)?;
            return Ok(OpenedFile { file, granted_access: wanted, information: FILE_OPENED });
        };
        let way = |right: u32, bit: u32| if wanted & right != 0 { bit } else { 0 };
        let file = self.open_pipe(name, way(FILE_READ_DATA, 1) | way(FILE_WRITE_DATA, 2))?;
        Ok(OpenedFile { file, granted_access: wanted, information: FILE_OPENED })
    }

    /// How an end reads.
    pub(super) fn kept(&self, end: PipeEnd) -> Kept {
        match (self.name_of_pipe(end).has_messages(), self.pipe_modes(end)[0]) {
            (false, _) => Kept::Bytes,
            (true, 0) => Kept::Joined,
            (true, _) => Kept::Messages,
        }
    }

    /// NtReadFile of a pipe. What is left of a message is a warning.
    pub(super) fn read_pipe(
        &self,
        file: Link<FileObject>,
        end: PipeEnd,
        (buffer, length): (u32, u32),
        status_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        self.complete_moved(status_at, self.receive(file, end, buffer, length))
    }

    pub(super) fn complete_moved(&self, status_at: u32, moved: Result<Moved, NtStatus>) -> Result<NtStatus, NtStatus> {
        match moved {
            Ok(Moved { count, has_more: true }) => {
                self.write_status(status_at, NtStatus::BUFFER_OVERFLOW, count)?;
                Ok(NtStatus::BUFFER_OVERFLOW)
            }
            Ok(Moved { count, .. }) => self.complete(status_at, Ok(count)),
            Err(status) => self.complete(status_at, Err(status)),
        }
    }

    /// Waits until there is something, and takes what there is, or a message. The end of it all is a broken pipe.
    pub(super) fn receive(
        &self,
        file: Link<FileObject>,
        end: PipeEnd,
        buffer: u32,
        length: u32,
    ) -> Result<Moved, NtStatus> {
        let (queue, kept) = (self.queue(end, Way::In), self.kept(end));
        if !queue.is_there() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.await_data(file, end)?;
        let mut chunk = zeros(CHUNK.min(length))?;
        let mut count = 0;
        loop {
            let wanted = (length - count).min(CHUNK) as usize;
            // Taken before it is stored, which may take time: another reader must not get the same.
            let got = queue.read(self.platform(), &mut chunk[..wanted], kept, Take::Yes);
            self.settle_pipe(end);
            self.platform().write_user(buffer + count, &chunk[..got.count])?;
            count += got.count as u32;
            match kept {
                Kept::Messages if got.is_end => return Ok(Moved { count, has_more: false }),
                Kept::Messages if count == length => return Ok(Moved { count, has_more: true }),
                // The rest of a message is being written.
                Kept::Messages if got.count == 0 => match self.await_data(file, end) {
                    Err(NtStatus::PIPE_BROKEN) => return Ok(Moved { count, has_more: false }),
                    waited => waited?,
                },
                Kept::Messages => {}
                _ if got.count == 0 || count == length => return Ok(Moved { count, has_more: false }),
                _ => {}
            }
        }
    }

    /// Waits until something can be read.
    ///
    /// # Errors
    /// PIPE_BROKEN where nothing will come, PIPE_EMPTY where the end does not wait, PIPE_DISCONNECTED, PIPE_LISTENING.
    fn await_data(&self, file: Link<FileObject>, end: PipeEnd) -> Result<(), NtStatus> {
        while self.queue(end, Way::In).is_empty() {
            self.nothing_to_read(end)?;
            if self.pipe_modes(end)[1] != 0 {
                return Err(NtStatus::PIPE_EMPTY);
            }
            self.wait_for_pipe(file, end, Way::In)?;
        }
        self.pipe_state(end).map(|_| ())
    }

    /// Why nothing is there, but that nothing has come yet.
    pub(super) fn nothing_to_read(&self, end: PipeEnd) -> Result<(), NtStatus> {
        match self.pipe_state(end)? {
            PipeState::Connected => Ok(()),
            PipeState::Closing => Err(NtStatus::PIPE_BROKEN),
            PipeState::Listening => Err(NtStatus::PIPE_LISTENING),
            PipeState::Disconnected => Err(NtStatus::PIPE_DISCONNECTED),
        }
    }

    /// Why nothing can be written.
    pub(super) fn check_writable(&self, end: PipeEnd) -> Result<(), NtStatus> {
        match self.pipe_state(end)? {
            PipeState::Connected => Ok(()),
            PipeState::Closing => Err(NtStatus::PIPE_CLOSING),
            PipeState::Listening => Err(NtStatus::PIPE_LISTENING),
            PipeState::Disconnected => Err(NtStatus::PIPE_DISCONNECTED),
        }
    }

    /// Puts all of it into the pipe, and waits for room as often as it must.
    pub(super) fn write_pipe(
        &self,
        file: Link<FileObject>,
        end: PipeEnd,
        buffer: u32,
        length: u32,
    ) -> Result<u32, NtStatus> {
        if !self.queue(end, Way::Out).is_there() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.check_writable(end)?;
        if self.name_of_pipe(end).has_messages() {
            return self.write_message(file, end, buffer, length);
        }
        let never_waits = self.pipe_modes(end)[1] != 0;
        let mut chunk = zeros(CHUNK.min(length))?;
        let mut done = 0;
        while done < length {
            let bytes = &mut chunk[..(length - done).min(CHUNK) as usize];
            self.platform().read_user(buffer + done, bytes)?;
            self.check_writable(end)?;
            let step = self.queue(end, Way::Out).write_bytes(self.platform(), bytes);
            self.settle_pipe(end);
            match step {
                0 if never_waits => break,
                0 => self.wait_for_pipe(file, end, Way::Out)?,
                step => done += step as u32,
            }
        }
        Ok(done)
    }

    /// Puts a message into the pipe, in fragments, while nobody else puts one there.
    fn write_message(&self, file: Link<FileObject>, end: PipeEnd, buffer: u32, length: u32) -> Result<u32, NtStatus> {
        let queue = self.queue(end, Way::Out);
        // Who never waits writes all of it or nothing.
        if self.pipe_modes(end)[1] != 0
            && (queue.is_being_written() || queue.room() < length.max(1) + length / CHUNK * 2)
        {
            return Ok(0);
        }
        let mut chunk = zeros(CHUNK.min(length))?;
        while queue.is_being_written() {
            self.check_writable(end)?;
            if self.is_told_to_end() {
                return Err(NtStatus::PROCESS_IS_TERMINATING);
            }
            self.sleep(1);
        }
        queue.set_being_written(true);
        let mut done = 0;
        let written = self.write_fragments(file, end, (buffer, length), &mut chunk, &mut done);
        queue.set_being_written(false);
        if written.is_err() && done > 0 && self.check_writable(end).is_ok() {
            // The message is given up, and ends here.
            queue.write_fragment(self.platform(), &[], false);
            self.settle_pipe(end);
        }
        written.map(|()| length)
    }

    fn write_fragments(
        &self,
        file: Link<FileObject>,
        end: PipeEnd,
        (buffer, length): (u32, u32),
        chunk: &mut [u8],
        done: &mut u32,
    ) -> Result<(), NtStatus> {
        let queue = self.queue(end, Way::Out);
        loop {
            while !queue.has_room() {
                self.check_writable(end)?;
                self.wait_for_pipe(file, end, Way::Out)?;
            }
            let step = (length - *done).min(CHUNK).min(queue.room());
            let bytes = &mut chunk[..step as usize];
            self.platform().read_user(buffer + *done, bytes)?;
            self.check_writable(end)?;
            // Reading may have taken time, but nobody else writes.
            *done += step;
            queue.write_fragment(self.platform(), bytes, *done < length);
            self.settle_pipe(end);
            if *done == length {
                return Ok(());
            }
        }
    }
}

/// What a pipe is called, if `rest` leads from the device of pipes to one.
fn pipe_name(rest: &[u16]) -> Option<&[u16]> {
    rest.strip_prefix(&[u16::from(b'\\')]).filter(|name| !name.is_empty())
}
