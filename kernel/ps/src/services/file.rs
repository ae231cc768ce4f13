//! Files and the streams behind standard handles.
//!
//! Source: documented parameters of NtOpenFile, NtCreateFile, NtReadFile, NtWriteFile and the query services; statuses as
//! FAT volumes and pipes give them.

use abi::access::*;
use abi::cell::Link;
use abi::console::{INPUT_NAME, OUTPUT_NAME};
use abi::file::FILE_OPEN;
use abi::file::FILE_OPENED;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::{Fcb, OpenRequest, OpenedFile};
use mm::layout::HIGHEST_USER_ADDRESS;

use super::pipe::pipe_name;
use crate::buffer::zeros;
use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::{Input, Platform, Stream};

/// Times standard input is looked at in vain behind a byte before the read returns: at 115200 baud a port's 16 bytes take 1.4 ms,
/// and a look at least 1 us.
const LOOKS: u32 = 2000;
/// After so many of them others may run.
const LOOKS_BETWEEN_TURNS: u32 = 100;
/// Information classes.
const FILE_BASIC_INFORMATION: u32 = 4;
const FILE_STANDARD_INFORMATION: u32 = 5;
const FILE_POSITION_INFORMATION: u32 = 14;
/// Bytes moved between a program and a file at a time.
const CHUNK: u32 = 0x1000;
/// A byte offset that means "at the current position".
const USE_CURRENT_POSITION: u64 = 0xFFFF_FFFF_FFFF_FFFE;

impl<P: Platform> Executive<P> {
    pub(super) fn open_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, desired_access, attributes_at, status_at, share_access, options] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let request = OpenRequest { desired_access, disposition: FILE_OPEN, options, share_access };
        self.open(handle_at, attributes_at, status_at, &request)
    }

    pub(super) fn create_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[
            handle_at,
            desired_access,
            attributes_at,
            status_at,
            _size,
            _attributes,
            share_access,
            disposition,
            options,
            ..,
        ] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let request = OpenRequest { desired_access, disposition, options, share_access };
        self.open(handle_at, attributes_at, status_at, &request)
    }

    fn open(
        &self,
        handle_at: u32,
        attributes_at: u32,
        status_at: u32,
        request: &OpenRequest,
    ) -> Result<NtStatus, NtStatus> {
        self.probe_word(handle_at)?;
        self.probe_word(status_at)?;
        let name = self.read_object_name(attributes_at)?;
        if let Some(pipe) = pipe_name(&name) {
            return self.open_pipe_file(pipe, attributes_at, request, handle_at, status_at);
        }
        let opened = match console_stream(&name) {
            Some(stream) => self.open_console(stream, request)?,
            None => self.open_path(&name, request)?,
        };
        let handle = self.insert_handle(opened.file, opened.granted_access)?;
        self.write_status(status_at, NtStatus::SUCCESS, FILE_OPENED)?;
        self.write_word(handle_at, handle)?;
        Ok(NtStatus::SUCCESS)
    }

    /// Opens one side of the console by its name.
    fn open_console(&self, stream: Stream, request: &OpenRequest) -> Result<OpenedFile, NtStatus> {
        let granted_access = ob::Kind::File.rights(request.desired_access & !MAXIMUM_ALLOWED);
        self.create_stream(stream).map(|file| OpenedFile { file, granted_access })
    }

    pub(super) fn read_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, _event, _routine, _context, status_at, buffer, length, offset_at, _key] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let object = self.file_by_handle(handle, FILE_READ_DATA)?;
        self.probe_word(status_at)?;
        self.check_buffer(buffer, length)?;
        let offset = self.offset_argument(object, offset_at)?;
        let result = match self.opened(object) {
            Opened::File => self.read_disk_file(object, offset, buffer, length),
            Opened::Stream(Stream::Input) => self.read_standard_input(buffer, length),
            Opened::Stream(Stream::ConsoleInput) => self.read_console_bytes(buffer, length),
            Opened::Stream(_) => Err(NtStatus::ACCESS_DENIED),
            Opened::Pipe(end) => self.read_pipe(object, end, buffer, length),
        };
        self.complete(status_at, result)
    }

    fn read_disk_file(&self, object: Link<FileObject>, offset: u64, buffer: u32, length: u32) -> Result<u32, NtStatus> {
        let _held = self.hold(object);
        let mut chunk = zeros(CHUNK.min(length))?;
        let mut done = 0;
        while done < length {
            let wanted = (length - done).min(CHUNK) as usize;
            let got = match self.volume().read(object, offset.saturating_add(u64::from(done)), &mut chunk[..wanted]) {
                Ok(got) => got as usize,
                Err(NtStatus::END_OF_FILE) if done > 0 => break,
                Err(status) => return Err(status),
            };
            self.platform().write_user(buffer + done, &chunk[..got])?;
            done += got as u32;
            if got < wanted {
                break;
            }
        }
        self.machine_record(object).current_byte_offset.set(offset + u64::from(done));
        Ok(done)
    }

    /// Waits for input; the end of it is what the end of a pipe is.
    fn read_standard_input(&self, buffer: u32, length: u32) -> Result<u32, NtStatus> {
        let mut chunk = zeros(CHUNK.min(length))?;
        if length == 0 {
            return Ok(0);
        }
        loop {
            match self.gather_input(&mut chunk) {
                Input::Bytes(count) => {
                    self.platform().write_user(buffer, &chunk[..count])?;
                    return Ok(count as u32);
                }
                Input::End => return Err(NtStatus::PIPE_BROKEN),
                Input::Nothing if self.is_told_to_end() => return Err(NtStatus::PROCESS_IS_TERMINATING),
                Input::Nothing => self.sleep(1),
            }
        }
    }

    /// The input that has come, with what follows closely: a serial port has room for a few bytes only, and while they are
    /// taken the next ones are on their way.
    fn gather_input(&self, chunk: &mut [u8]) -> Input {
        let (mut count, mut looks) = (0, 0);
        while count < chunk.len() && looks < LOOKS {
            match self.platform().read_input(&mut chunk[count..]) {
                Input::Bytes(more) => (count, looks) = (count + more, 0),
                nothing if count == 0 => return nothing,
                Input::End => break,
                Input::Nothing => {
                    looks += 1;
                    if looks % LOOKS_BETWEEN_TURNS == 0 {
                        self.yield_now();
                    }
                }
            }
        }
        Input::Bytes(count)
    }

    /// Waits for what is typed.
    fn read_console_bytes(&self, buffer: u32, length: u32) -> Result<u32, NtStatus> {
        if length == 0 {
            return Ok(0);
        }
        let bytes = self.read_console_file(length.min(CHUNK))?;
        self.platform().write_user(buffer, &bytes)?;
        Ok(bytes.len() as u32)
    }

    pub(super) fn write_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, _event, _routine, _context, status_at, buffer, length, _offset_at, _key] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let object = self.file_by_handle(handle, FILE_WRITE_DATA)?;
        self.probe_word(status_at)?;
        self.check_buffer(buffer, length)?;
        let result = match self.opened(object) {
            Opened::File => Err(NtStatus::MEDIA_WRITE_PROTECTED),
            Opened::Stream(Stream::Input | Stream::ConsoleInput) => Err(NtStatus::ACCESS_DENIED),
            Opened::Stream(stream) => self.write_stream(stream, buffer, length),
            Opened::Pipe(end) => self.write_pipe(object, end, buffer, length),
        };
        self.complete(status_at, result)
    }

    fn write_stream(&self, stream: Stream, buffer: u32, length: u32) -> Result<u32, NtStatus> {
        let mut chunk = zeros(CHUNK.min(length))?;
        let mut done = 0;
        while done < length {
            let step = (length - done).min(CHUNK);
            let bytes = &mut chunk[..step as usize];
            self.platform().read_user(buffer + done, bytes)?;
            self.platform().write_stream(stream, bytes);
            done += step;
        }
        Ok(done)
    }

    /// Writes a UNICODE_STRING where people see it; into no program's output.
    pub(super) fn display_string(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[string_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        // In pieces, so that the text need not be in memory twice.
        let text = self.read_string(string_at)?;
        for letter in char::decode_utf16(text).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)) {
            self.platform().write_stream(Stream::Log, letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn flush_buffers_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.file_by_handle(handle, FILE_WRITE_DATA)?;
        self.write_status(status_at, NtStatus::SUCCESS, 0)?;
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn query_information_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status_at, buffer, length, class] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let words: &mut [u32] = match class {
            FILE_BASIC_INFORMATION => &mut [0; 10],
            FILE_STANDARD_INFORMATION => &mut [0; 6],
            FILE_POSITION_INFORMATION => &mut [0; 2],
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length < words.len() as u32 * 4 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_word(status_at)?;
        let object = self.file_by_handle(handle, 0)?;
        if self.opened(object) != Opened::File {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let fcb = self.volume().fcb(object);
        match class {
            FILE_BASIC_INFORMATION => words.copy_from_slice(&basic_information(fcb)),
            FILE_STANDARD_INFORMATION => {
                let size = fcb.file_size.get();
                let directory = u32::from(fcb.is_directory());
                words.copy_from_slice(&[size.div_ceil(512).saturating_mul(512), 0, size, 0, 1, directory << 8]);
            }
            _ => {
                let position = self.machine_record(object).current_byte_offset.get();
                words.copy_from_slice(&[position as u32, (position >> 32) as u32]);
            }
        }
        for (index, word) in words.iter().enumerate() {
            self.write_word(buffer.wrapping_add(index as u32 * 4), *word)?;
        }
        self.complete(status_at, Ok(words.len() as u32 * 4))
    }

    pub(super) fn set_information_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status_at, buffer, length, class] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if class != FILE_POSITION_INFORMATION {
            return Err(NtStatus::INVALID_INFO_CLASS);
        }
        if length < 8 {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_word(status_at)?;
        let position = self.read_long(buffer)?;
        let object = self.file_by_handle(handle, 0)?;
        if position >> 63 != 0 || self.opened(object) != Opened::File {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.machine_record(object).current_byte_offset.set(position);
        self.complete(status_at, Ok(0))
    }

    pub(super) fn query_attributes_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[attributes_at, information_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let name = self.read_object_name(attributes_at)?;
        let request =
            OpenRequest { desired_access: FILE_READ_ATTRIBUTES, disposition: FILE_OPEN, options: 0, share_access: 7 };
        let file = self.open_path(&name, &request)?.file;
        let words = basic_information(self.volume().fcb(file));
        self.release(file);
        for (index, word) in (0..).zip(words) {
            self.write_word(information_at.wrapping_add(index * 4), word)?;
        }
        Ok(NtStatus::SUCCESS)
    }

    /// A buffer lies in user space.
    pub(super) fn check_buffer(&self, buffer: u32, length: u32) -> Result<(), NtStatus> {
        let sound = buffer.checked_add(length).is_some_and(|end| end <= HIGHEST_USER_ADDRESS + 1);
        sound.then_some(()).ok_or(NtStatus::ACCESS_VIOLATION)
    }

    fn offset_argument(&self, object: Link<FileObject>, offset_at: u32) -> Result<u64, NtStatus> {
        let current = || self.machine_record(object).current_byte_offset.get();
        if offset_at == 0 {
            return Ok(current());
        }
        match self.read_long(offset_at)? {
            USE_CURRENT_POSITION => Ok(current()),
            offset if offset >> 63 == 0 => Ok(offset),
            _ => Err(NtStatus::INVALID_PARAMETER),
        }
    }

    /// Stores how an operation ended in its IO_STATUS_BLOCK, and answers with it.
    pub(super) fn complete(&self, status_at: u32, result: Result<u32, NtStatus>) -> Result<NtStatus, NtStatus> {
        let (status, information) = match result {
            Ok(information) => (NtStatus::SUCCESS, information),
            Err(status) => (status, 0),
        };
        self.write_status(status_at, status, information)?;
        Ok(status)
    }

    fn write_status(&self, at: u32, status: NtStatus, information: u32) -> Result<(), NtStatus> {
        self.write_word(at, status.0)?;
        self.write_word(at.wrapping_add(4), information)
    }
}

/// The side of the console that the NT path `name` is.
fn console_stream(name: &[u16]) -> Option<Stream> {
    let is = |other: &str| io::path::same_name(name, other.encode_utf16());
    if is(INPUT_NAME) { Some(Stream::ConsoleInput) } else { is(OUTPUT_NAME).then_some(Stream::Console) }
}

/// FILE_BASIC_INFORMATION as words: creation, last access, last write, change, attributes.
fn basic_information(fcb: &Fcb) -> [u32; 10] {
    let mut words = [0; 10];
    let times = [&fcb.creation_time, &fcb.last_access_time, &fcb.last_write_time, &fcb.last_write_time];
    for (pair, time) in words.chunks_exact_mut(2).zip(times) {
        pair.copy_from_slice(&[time.get() as u32, (time.get() >> 32) as u32]);
    }
    words[8] = fcb.attributes.get();
    words
}
