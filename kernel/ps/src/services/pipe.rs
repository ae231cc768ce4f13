//! Pipes, as services: making one, opening its other end, reading, writing, looking at what there is to read.
//!
//! Source: documented parameters of NtCreateNamedPipeFile and `FSCTL_PIPE_PEEK`, which CreatePipe and PeekNamedPipe use. Of
//! named pipes there is what anonymous ones need: one instance, bytes, one way, always waiting.

use abi::access::{FILE_READ_DATA, FILE_WRITE_DATA, MAXIMUM_ALLOWED};
use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::OpenRequest;
use ob::Kind;

use crate::buffer::zeros;
use crate::executive::Executive;
use crate::files::Opened;
use crate::pipe::{CAPACITY, End, LONGEST_NAME, PipeEnd, Take};
use crate::platform::Platform;

/// Where pipes are in the name space, and as programs write it.
const FOLDERS: [&str; 2] = ["\\Device\\NamedPipe\\", "\\??\\pipe\\"];
/// `FILE_CREATE`, `FILE_OPEN_IF`: dispositions that make one.
const MAKING: [u32; 2] = [2, 3];
/// `FILE_CREATED` and `FILE_OPENED`.
const CREATED: u32 = 2;
const OPENED: u32 = 1;
/// Directions as the share access of NtCreateNamedPipeFile says them: what the client may do.
const CLIENT_READS: u32 = 1;
const CLIENT_WRITES: u32 = 2;
/// `FSCTL_PIPE_PEEK`.
const PEEK: u32 = 0x0011_400C;
/// Bytes of FILE_PIPE_PEEK_BUFFER before the data: state, bytes to be read, messages, length of a message.
const PEEK_HEAD: u32 = 16;
/// `FILE_PIPE_CONNECTED_STATE`.
const CONNECTED: u32 = 3;
/// Bytes moved at a time, on the way between a program and a pipe.
const CHUNK: u32 = 0x400;

/// The last part of the NT path `name`, if it is a pipe's.
pub(super) fn pipe_name(name: &[u16]) -> Option<&[u16]> {
    FOLDERS.iter().find_map(|folder| {
        let length = folder.len();
        let (start, rest) = name.split_at_checked(length)?;
        io::path::same_name(start, folder.encode_utf16()).then_some(rest).filter(|rest| !rest.is_empty())
    })
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
            ..,
        ] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(handle_at)?;
        self.probe_word(status_at)?;
        let attributes = self.read_attribute_flags(attributes_at)?;
        let name = self.read_object_name(attributes_at)?;
        let name = pipe_name(&name).ok_or(NtStatus::OBJECT_NAME_INVALID)?;
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
        self.give_pipe(file, access, attributes, CREATED, handle_at, status_at)
    }

    /// Opens the other end of the pipe called `name`.
    pub(super) fn open_pipe_file(
        &self,
        name: &[u16],
        attributes_at: u32,
        request: &OpenRequest,
        handle_at: u32,
        status_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        let attributes = self.read_attribute_flags(attributes_at)?;
        let (file, end) = self.open_pipe(name)?;
        let wanted = Kind::File.rights(request.desired_access & !MAXIMUM_ALLOWED);
        let forbidden = if end == End::Reads { FILE_WRITE_DATA } else { FILE_READ_DATA };
        if wanted & forbidden != 0 {
            self.release(file);
            return Err(NtStatus::ACCESS_DENIED);
        }
        self.give_pipe(file, wanted, attributes, OPENED, handle_at, status_at)
    }

    fn give_pipe(
        &self,
        file: Link<FileObject>,
        access: u32,
        attributes: u32,
        how: u32,
        handle_at: u32,
        status_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        let handle = self.insert_handle_with(file, Kind::File.rights(access), attributes)?;
        self.complete(status_at, Ok(how))?;
        self.write_word(handle_at, handle)?;
        Ok(NtStatus::SUCCESS)
    }

    /// `OBJ_INHERIT`, where the OBJECT_ATTRIBUTES at `at` have it.
    pub(super) fn read_attribute_flags(&self, at: u32) -> Result<u32, NtStatus> {
        Ok(self.read_word(at.wrapping_add(0xC))? & abi::access::OBJ_INHERIT)
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

    /// NtFsControlFile: of all codes, that of a look into a pipe.
    pub(super) fn fs_control_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, _event, _routine, _context, status_at, code, _input, _input_length, output, length] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(status_at)?;
        let object = self.file_by_handle(handle, 0)?;
        let end = match self.opened(object) {
            Opened::Pipe(end) if code == PEEK => end,
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

    fn peek(&self, end: PipeEnd, output: u32, length: u32) -> Result<u32, NtStatus> {
        let count = self.available(end)?;
        let mut bytes = zeros((length - PEEK_HEAD).min(CAPACITY))?;
        let got = self.copy_from_pipe(end, &mut bytes, Take::No);
        self.write_words(output, &[CONNECTED, count, 0, 0])?;
        self.platform().write_user(output + PEEK_HEAD, &bytes[..got])?;
        Ok(PEEK_HEAD + got as u32)
    }
}
