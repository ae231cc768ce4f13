//! Reading and writing files, the streams behind standard handles, and the null device.
//!
//! Source: documented parameters of NtReadFile and NtWriteFile; statuses as FAT volumes and pipes give them.

use abi::access::*;
use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::LockOwner;
use io::open::file_flags;
use mm::layout::{HIGHEST_USER_ADDRESS, PAGE_SIZE};

use crate::buffer::zeros;
use crate::console_buffers::FIRST;
use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::{Input, Platform, Stream};

/// Times standard input is looked at in vain behind a byte before the read returns: at 115200 baud a port's 16 bytes take 1.4 ms,
/// and a look at least 1 us.
const LOOKS: u32 = 2000;
/// After so many of them others may run.
const LOOKS_BETWEEN_TURNS: u32 = 100;
/// Bytes moved between a program and a file at a time.
const CHUNK: u32 = 0x1000;
/// A byte offset that means "at the current position".
const USE_CURRENT_POSITION: u64 = 0xFFFF_FFFF_FFFF_FFFE;
/// A byte offset that means "at the end of the file".
const WRITE_TO_END_OF_FILE: u64 = 0xFFFF_FFFF_FFFF_FFFF;

impl<P: Platform> Executive<P> {
    pub(super) fn read_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, event, routine, context, status_at, buffer, length, offset_at, key_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let object = self.file_by_handle(handle, FILE_READ_DATA)?;
        let _held = self.hold(object);
        self.probe_word(status_at)?;
        self.probe_buffer(buffer, length)?;
        let notice = self.prepare_notice(event, routine, context, status_at)?;
        let owner = self.lock_owner(object, self.lock_key(key_at)?);
        let offset = self.offset_argument(object, offset_at)?;
        if let Opened::Pipe(end) = self.opened(object) {
            return notice.give(self.read_pipe(object, end, (buffer, length), status_at));
        }
        let result = match self.opened(object) {
            Opened::File => self.read_disk_file(&owner, offset, buffer, length),
            Opened::Stream(Stream::Input) => self.read_standard_input(buffer, length),
            Opened::Stream(Stream::ConsoleInput) => {
                self.need_console().and_then(|()| self.read_console_bytes(buffer, length))
            }
            Opened::Stream(_) | Opened::Buffer(_) => Err(NtStatus::ACCESS_DENIED),
            Opened::Null => self.need_offset(object, offset_at).and(Err(NtStatus::END_OF_FILE)),
            Opened::Device | Opened::Pipe(_) => Err(NtStatus::INVALID_DEVICE_REQUEST),
        };
        notice.give(self.complete(status_at, result))
    }

    fn read_disk_file(&self, owner: &LockOwner, offset: u64, buffer: u32, length: u32) -> Result<u32, NtStatus> {
        let done = self.read_file_data(owner, offset, buffer, length)?;
        self.move_to(owner.file, offset + u64::from(done));
        Ok(done)
    }

    /// Where the next read or write through the file object begins that does not say where.
    fn move_to(&self, object: Link<FileObject>, position: u64) {
        let record = self.machine_record(object);
        if record.flags.get() & file_flags::SYNCHRONOUS_IO != 0 {
            record.current_byte_offset.set(position);
        }
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
        let &[handle, event, routine, context, status_at, buffer, length, offset_at, key_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        // Who may only append, appends.
        let granted = self.current_handles().get_any(ob::Handle(handle))?.granted_access;
        let needed = if granted & FILE_WRITE_DATA == 0 { FILE_APPEND_DATA } else { FILE_WRITE_DATA };
        let object = self.file_by_handle(handle, needed)?;
        let _held = self.hold(object);
        self.probe_word(status_at)?;
        self.check_buffer(buffer, length)?;
        let notice = self.prepare_notice(event, routine, context, status_at)?;
        let owner = self.lock_owner(object, self.lock_key(key_at)?);
        let result = match self.opened(object) {
            Opened::File => {
                let offset = match (needed, offset_at) {
                    (FILE_APPEND_DATA, _) => None,
                    (_, 0) => Some(self.offset_argument(object, 0)?),
                    _ if self.read_long(offset_at)? == WRITE_TO_END_OF_FILE => None,
                    _ => Some(self.offset_argument(object, offset_at)?),
                };
                self.write_disk_file(&owner, offset, buffer, length)
            }
            Opened::Stream(Stream::Input | Stream::ConsoleInput) => Err(NtStatus::ACCESS_DENIED),
            Opened::Stream(stream) => self.write_stream((stream, FIRST), buffer, length),
            Opened::Buffer(screen) => self.write_stream((Stream::Console, screen), buffer, length),
            Opened::Pipe(end) => self.write_pipe(object, end, buffer, length),
            Opened::Null => self.need_offset(object, offset_at).map(|()| length),
            Opened::Device => Err(NtStatus::INVALID_DEVICE_REQUEST),
        };
        notice.give(self.complete(status_at, result))
    }

    fn write_disk_file(
        &self,
        owner: &LockOwner,
        offset: Option<u64>,
        buffer: u32,
        length: u32,
    ) -> Result<u32, NtStatus> {
        let (at, done) = self.write_file_data(owner, offset, buffer, length)?;
        self.move_to(owner.file, at + u64::from(done));
        Ok(done)
    }

    fn write_stream(&self, (stream, screen): (Stream, u32), buffer: u32, length: u32) -> Result<u32, NtStatus> {
        if stream == Stream::Console {
            self.need_console()?;
        }
        let mut chunk = zeros(CHUNK.min(length))?;
        let mut done = 0;
        while done < length {
            let step = (length - done).min(CHUNK);
            let bytes = &mut chunk[..step as usize];
            self.platform().read_user(buffer + done, bytes)?;
            if stream == Stream::Console {
                self.write_buffer(screen, bytes);
            } else {
                self.platform().write_stream(stream, bytes);
            }
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
        let granted = self.current_handles().get_any(ob::Handle(handle))?.granted_access;
        let needed = if granted & FILE_APPEND_DATA == 0 { FILE_WRITE_DATA } else { FILE_APPEND_DATA };
        let object = self.file_by_handle(handle, needed)?;
        let _held = self.hold(object);
        self.probe_word(status_at)?;
        let flushed = match self.opened(object) {
            Opened::File => self.flush_file(object),
            Opened::Stream(_) | Opened::Buffer(_) => Ok(()),
            Opened::Pipe(end) => self.flush_pipe(object, end),
            Opened::Device if self.is_volume(object) => self.flush_volume(self.volume_of(object)),
            Opened::Null | Opened::Device => Err(NtStatus::INVALID_DEVICE_REQUEST),
        };
        self.complete(status_at, flushed.map(|()| 0))
    }

    /// The program can store to all of a buffer: its first word in every page is stored again as it is.
    #[doc(alias = "ProbeForWrite")]
    pub(super) fn probe_buffer(&self, buffer: u32, length: u32) -> Result<(), NtStatus> {
        self.check_buffer(buffer, length)?;
        let mut at = buffer;
        while at < buffer + length {
            self.probe_word(at & !3)?;
            at = (at | (PAGE_SIZE - 1)) + 1;
        }
        Ok(())
    }

    /// A buffer lies in user space.
    pub(super) fn check_buffer(&self, buffer: u32, length: u32) -> Result<(), NtStatus> {
        let sound = buffer.checked_add(length).is_some_and(|end| end <= HIGHEST_USER_ADDRESS + 1);
        sound.then_some(()).ok_or(NtStatus::ACCESS_VIOLATION)
    }

    /// A buffer lies in user space, at a multiple of `alignment` bytes, unless it is empty.
    #[doc(alias = "ProbeForWrite")]
    pub(super) fn check_aligned_buffer(&self, buffer: u32, length: u32, alignment: u32) -> Result<(), NtStatus> {
        match length {
            0 => Ok(()),
            _ if !buffer.is_multiple_of(alignment) => Err(NtStatus::DATATYPE_MISALIGNMENT),
            _ => self.check_buffer(buffer, length),
        }
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

    /// Who does not keep a position must say where to read and write.
    fn need_offset(&self, object: Link<FileObject>, offset_at: u32) -> Result<(), NtStatus> {
        let keeps_position = self.machine_record(object).flags.get() & file_flags::SYNCHRONOUS_IO != 0;
        if keeps_position || offset_at != 0 { Ok(()) } else { Err(NtStatus::INVALID_PARAMETER) }
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

    pub(super) fn write_status(&self, at: u32, status: NtStatus, information: u32) -> Result<(), NtStatus> {
        self.write_word(at, status.0)?;
        self.write_word(at.wrapping_add(4), information)
    }
}
