//! Pipes, as services: making one, opening its other end, reading; writing is in `pipe_write`, the control codes are in `pipe_control`.
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
use crate::pipe::{Kept, LONGEST_NAME, NewPipe, PipeEnd, PipeState, Queue, Way};
use crate::platform::Platform;

/// `FILE_CREATE`, `FILE_OPEN_IF`: dispositions that make one.
const CREATE: u32 = 2;
const MAKING: [u32; 2] = [CREATE, 3];
/// What a client may do: reading and writing, as the share access of NtCreateNamedPipeFile says it.
const WAYS: u32 = 3;
/// Where nobody says how long to wait for an instance: 50 ms.
const DEFAULT_TIMEOUT: u64 = 500_000;
/// Bytes moved at a time, on the way between a program and a pipe.
pub(super) const CHUNK: u32 = 0x400;

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
            in_quota,
            out_quota,
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
            quotas: [in_quota, out_quota],
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
        self.await_data(file, end, length)?;
        let mut chunk = zeros(CHUNK.min(length))?;
        let mut count = 0;
        loop {
            let wanted = (length - count).min(CHUNK) as usize;
            // Taken before it is stored, which may take time: another reader must not get the same.
            let mut cursor = queue.cursor();
            let got = Queue::read(self.platform(), &mut cursor, &mut chunk[..wanted], kept);
            self.take_from_pipe(end, cursor);
            self.platform().write_user(buffer + count, &chunk[..got.count])?;
            count += got.count as u32;
            match kept {
                Kept::Messages if got.is_end => return Ok(Moved { count, has_more: false }),
                Kept::Messages if count == length => return Ok(Moved { count, has_more: true }),
                // The rest of a message is being written.
                Kept::Messages if got.count == 0 => match self.await_data(file, end, length - count) {
                    Err(NtStatus::PIPE_BROKEN) => return Ok(Moved { count, has_more: false }),
                    waited => waited?,
                },
                Kept::Messages => {}
                _ if got.count == 0 || count == length => return Ok(Moved { count, has_more: false }),
                _ => {}
            }
        }
    }

    /// Waits until something can be read, of which `wanted` bytes will be taken.
    ///
    /// # Errors
    /// PIPE_BROKEN where nothing will come, PIPE_EMPTY where the end does not wait, PIPE_DISCONNECTED, PIPE_LISTENING, CANCELLED.
    fn await_data(&self, file: Link<FileObject>, end: PipeEnd, wanted: u32) -> Result<(), NtStatus> {
        let (queue, era) = (self.queue(end, Way::In), self.pipe_era(end));
        while queue.is_empty() {
            self.nothing_to_read(end)?;
            if self.pipe_modes(end)[1] != 0 {
                return Err(NtStatus::PIPE_EMPTY);
            }
            queue.want(wanted);
            let waited = self.wait_until_readable(file, end);
            queue.want_no_more(wanted);
            waited?;
            if self.pipe_era(end) != era {
                return Err(NtStatus::PIPE_DISCONNECTED);
            }
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
}

/// What a pipe is called, if `rest` leads from the device of pipes to one.
fn pipe_name(rest: &[u16]) -> Option<&[u16]> {
    rest.strip_prefix(&[u16::from(b'\\')]).filter(|name| !name.is_empty())
}
