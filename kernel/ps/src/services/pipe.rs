//! Pipes, as services: making one, opening its other end, reading, writing, looking at what there is to read.
//!
//! Source: documented parameters of NtCreateNamedPipeFile and `FSCTL_PIPE_PEEK`, which CreatePipe and PeekNamedPipe use. Of
//! named pipes there is what anonymous ones need: one instance, bytes, one way, always waiting.

use abi::access::{FILE_READ_DATA, FILE_WRITE_DATA, MAXIMUM_ALLOWED};
use abi::cell::Link;
use abi::file::{FILE_CREATED, FILE_OPENED};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::{OpenRequest, OpenedFile};
use ob::Kind;

use crate::buffer::zeros;
use crate::executive::Executive;
use crate::files::Opened;
use crate::pipe::{CAPACITY, End, LONGEST_NAME, OtherEnd, PipeEnd, Take};
use crate::platform::Platform;

/// `FILE_CREATE`, `FILE_OPEN_IF`: dispositions that make one.
const MAKING: [u32; 2] = [2, 3];
/// Directions as the share access of NtCreateNamedPipeFile says them: what the client may do.
const CLIENT_READS: u32 = 1;
const CLIENT_WRITES: u32 = 2;
/// `FSCTL_PIPE_PEEK`.
const PEEK: u32 = 0x0011_400C;
/// `FSCTL_PIPE_LISTEN`.
const LISTEN: u32 = 0x0011_0008;
/// Bytes of FILE_PIPE_PEEK_BUFFER before the data: state, bytes to be read, messages, length of a message.
const PEEK_HEAD: u32 = 16;
/// `FILE_PIPE_LISTENING_STATE`, `FILE_PIPE_CONNECTED_STATE`, `FILE_PIPE_CLOSING_STATE`.
const LISTENING: u32 = 2;
const CONNECTED: u32 = 3;
const CLOSING: u32 = 4;
/// `FILE_PIPE_INBOUND`, `FILE_PIPE_OUTBOUND`: which way the bytes go, seen from the server.
const INBOUND: u32 = 0;
const OUTBOUND: u32 = 1;
/// Bytes moved at a time, on the way between a program and a pipe.
const CHUNK: u32 = 0x400;

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
            ..,
        ] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(handle_at)?;
        self.probe_word(status_at)?;
        let attributes = self.read_file_attributes(attributes_at)?;
        let place = self.locate(&self.object_name(&attributes)?)?;
        if place.device != self.devices.pipes {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        let name = pipe_name(place.rest.units()).ok_or(NtStatus::OBJECT_NAME_INVALID)?;
        let end = match share {
            CLIENT_WRITES => End::Reads,
            CLIENT_READS => End::Writes,
            0 | 4.. => return Err(NtStatus::INVALID_PARAMETER),
            _ => return Err(NtStatus::NOT_SUPPORTED),
        };
        if !MAKING.contains(&disposition) || kind > 1 || read_mode > 1 || completion > 1 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if kind != 0 || read_mode != 0 || completion != 0 {
            return Err(NtStatus::NOT_SUPPORTED);
        }
        if name.len() > LONGEST_NAME {
            return Err(NtStatus::OBJECT_NAME_INVALID);
        }
        // One instance: a second one would have to wait for the first.
        if self.vacant_pipe(name).is_some() {
            return Err(NtStatus::INSTANCE_NOT_AVAILABLE);
        }
        let file = self.create_pipe(name, end)?;
        let opened = OpenedFile { file, granted_access: Kind::File.rights(access), information: FILE_CREATED };
        self.give_file(opened, attributes.flags, handle_at, status_at)
    }

    /// Opens what `rest` leads to from the device of pipes on: the other end of a pipe, or the device itself.
    pub(super) fn open_pipe_device(&self, rest: &[u16], request: &OpenRequest) -> Result<OpenedFile, NtStatus> {
        let wanted = Kind::File.rights(request.desired_access & !MAXIMUM_ALLOWED);
        let Some(name) = pipe_name(rest) else {
            let file = self.create_device_file(self.devices.pipes, request)?;
            return Ok(OpenedFile { file, granted_access: wanted, information: FILE_OPENED });
        };
        let (file, end) = self.open_pipe(name)?;
        let forbidden = if end == End::Reads { FILE_WRITE_DATA } else { FILE_READ_DATA };
        if wanted & forbidden != 0 {
            self.release(file);
            return Err(NtStatus::ACCESS_DENIED);
        }
        Ok(OpenedFile { file, granted_access: wanted, information: FILE_OPENED })
    }

    /// Waits until there is something, and takes what there is. The end of it all is a broken pipe.
    pub(super) fn read_pipe(
        &self,
        file: Link<FileObject>,
        end: PipeEnd,
        buffer: u32,
        length: u32,
    ) -> Result<u32, NtStatus> {
        if end.end != End::Reads {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        while self.available(end)? == 0 {
            self.wait_for_pipe(file, end)?;
        }
        let mut chunk = zeros(CHUNK.min(length))?;
        let mut done = 0;
        while done < length {
            let wanted = (length - done).min(CHUNK) as usize;
            // Taken before it is stored, which may take time: another reader must not get the same.
            let got = self.copy_from_pipe(end, &mut chunk[..wanted], Take::Yes);
            if got == 0 {
                break;
            }
            self.platform().write_user(buffer + done, &chunk[..got])?;
            done += got as u32;
        }
        Ok(done)
    }

    /// Puts all of it into the pipe, and waits for room as often as it must.
    pub(super) fn write_pipe(
        &self,
        file: Link<FileObject>,
        end: PipeEnd,
        buffer: u32,
        length: u32,
    ) -> Result<u32, NtStatus> {
        if end.end != End::Writes {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let mut chunk = zeros(CHUNK.min(length))?;
        let mut done = 0;
        while done < length {
            let bytes = &mut chunk[..(length - done).min(CHUNK) as usize];
            self.platform().read_user(buffer + done, bytes)?;
            match self.copy_to_pipe(end, bytes)? {
                0 => self.wait_for_pipe(file, end)?,
                step => done += step as u32,
            }
        }
        Ok(done)
    }

    /// NtFsControlFile: of all codes, those of a look into a pipe and of waiting for its other end.
    pub(super) fn fs_control_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, event, routine, context, status_at, code, _input, _input_length, output, length] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(status_at)?;
        let object = self.file_by_handle(handle, 0)?;
        let notice = self.prepare_notice(event, routine, context, status_at)?;
        notice.give(self.control_pipe((handle, object), status_at, code, (output, length)))
    }

    fn control_pipe(
        &self,
        (handle, object): (u32, Link<FileObject>),
        status_at: u32,
        code: u32,
        (output, length): (u32, u32),
    ) -> Result<NtStatus, NtStatus> {
        let end = match self.opened(object) {
            Opened::Pipe(end) if code == PEEK => end,
            Opened::Pipe(end) if code == LISTEN => {
                let _held = self.hold(object);
                return self.complete(status_at, self.listen(end));
            }
            _ => return self.complete(status_at, Err(NtStatus::INVALID_DEVICE_REQUEST)),
        };
        self.file_by_handle(handle, FILE_READ_DATA)?;
        if length < PEEK_HEAD {
            return self.complete(status_at, Err(NtStatus::INFO_LENGTH_MISMATCH));
        }
        self.check_buffer(output, length)?;
        let result = self.peek(end, output, length);
        let told = self.complete(status_at, result)?;
        let more = result.is_ok() && self.available(end).is_ok_and(|count| count > length - PEEK_HEAD);
        // All that fits has been stored.
        Ok(if more { NtStatus::BUFFER_OVERFLOW } else { told })
    }

    /// Waits until the other end has been opened.
    ///
    /// # Errors
    /// PIPE_CONNECTED where that is so already, PIPE_CLOSING where it has been closed again, PROCESS_IS_TERMINATING.
    fn listen(&self, end: PipeEnd) -> Result<u32, NtStatus> {
        match self.other_end(end) {
            OtherEnd::Vacant => {}
            OtherEnd::Open => return Err(NtStatus::PIPE_CONNECTED),
            OtherEnd::Gone => return Err(NtStatus::PIPE_CLOSING),
        }
        while self.other_end(end) == OtherEnd::Vacant {
            if self.is_told_to_end() {
                return Err(NtStatus::PROCESS_IS_TERMINATING);
            }
            self.sleep(1);
        }
        Ok(0)
    }

    /// FILE_PIPE_LOCAL_INFORMATION: kind, direction, instances allowed and there; room for bytes that come in, and how many there
    /// are to be read; room for those that go out, and how much of it is left; state, and which end this is.
    #[doc(alias = "FilePipeLocalInformation")]
    pub(super) fn pipe_information(&self, end: PipeEnd) -> [u32; 10] {
        let (reads, is_server) = (end.end == End::Reads, self.is_server(end));
        let direction = if reads == is_server { INBOUND } else { OUTBOUND };
        let state = match self.other_end(end) {
            OtherEnd::Vacant => LISTENING,
            OtherEnd::Open => CONNECTED,
            OtherEnd::Gone => CLOSING,
        };
        let count = self.bytes_in(end);
        let (to_read, room) = if reads { (count, CAPACITY) } else { (0, CAPACITY - count) };
        [0, direction, 1, 1, CAPACITY, to_read, CAPACITY, room, state, is_server.into()]
    }

    fn peek(&self, end: PipeEnd, output: u32, length: u32) -> Result<u32, NtStatus> {
        let count = self.available(end)?;
        let mut bytes = zeros((length - PEEK_HEAD).min(CAPACITY))?;
        let got = self.copy_from_pipe(end, &mut bytes, Take::No);
        self.write_words(output, &[CONNECTED, count, 0, 0])?;
        self.platform().write_user(output + PEEK_HEAD, &bytes[..got])?;
        Ok(PEEK_HEAD + got as u32)
    }
}

/// What a pipe is called, if `rest` leads from the device of pipes to one.
fn pipe_name(rest: &[u16]) -> Option<&[u16]> {
    rest.strip_prefix(&[u16::from(b'\\')]).filter(|name| !name.is_empty())
}
