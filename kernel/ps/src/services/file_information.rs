//! What is known of a file, and changing it.
//!
//! Source: public declarations of the `FILE_..._INFORMATION` structures (`ntifs.h`); documented parameters of the services.

use abi::access::*;
use abi::cell::Link;
use abi::file::FILE_ATTRIBUTE_NORMAL;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use alloc::vec::Vec;
use io::fcb::fcb_flags;
use io::open::file_flags;
use io::{Fcb, OpenRequest, Path};
use ob::{Handle, ObjectName};

use crate::buffer::{room, zeros};
use crate::device_objects::Place;
use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::Platform;

/// Information classes.
const BASIC: u32 = 4;
const STANDARD: u32 = 5;
const INTERNAL: u32 = 6;
const EXTENDED_ATTRIBUTES: u32 = 7;
const ACCESS: u32 = 8;
const NAME: u32 = 9;
const RENAME: u32 = 10;
const LINK: u32 = 11;
const DISPOSITION: u32 = 13;
const POSITION: u32 = 14;
const MODE: u32 = 16;
const ALIGNMENT: u32 = 17;
const ALL: u32 = 18;
const ALLOCATION: u32 = 19;
const END_OF_FILE: u32 = 20;
const PIPE: u32 = 23;
const PIPE_LOCAL: u32 = 24;
const NETWORK_OPEN: u32 = 34;
const ATTRIBUTE_TAG: u32 = 35;
/// Bytes of what is set at most, but for a name behind it.
const LARGEST: usize = 40;
/// Bytes of a directory entry: a file's number is the place of its own.
const ENTRY: u64 = 32;
/// The number of the root directory, which has no entry.
const ROOT_INDEX: u64 = 1;
/// Bytes of a name that a program may pass.
const LONGEST_NAME: u32 = 0x1000;
/// Options that the mode of a file object tells, by its flags.
const MODES: [(u32, u32); 5] = [
    (file_flags::WRITE_THROUGH, 0x02),
    (file_flags::SEQUENTIAL_ONLY, 0x04),
    (file_flags::NO_INTERMEDIATE_BUFFERING, 0x08),
    (file_flags::ALERTABLE_IO, 0x10),
    (file_flags::DELETE_ON_CLOSE, 0x1000),
];

impl<P: Platform> Executive<P> {
    pub(super) fn query_information_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status_at, buffer, length, class] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let (least, access) = match class {
            BASIC => (40, FILE_READ_ATTRIBUTES),
            STANDARD => (24, 0),
            INTERNAL | POSITION | ATTRIBUTE_TAG => (8, if class == ATTRIBUTE_TAG { FILE_READ_ATTRIBUTES } else { 0 }),
            EXTENDED_ATTRIBUTES | ACCESS | MODE | ALIGNMENT => (4, 0),
            NAME => (8, 0),
            PIPE => (8, FILE_READ_ATTRIBUTES),
            PIPE_LOCAL => (40, FILE_READ_ATTRIBUTES),
            NETWORK_OPEN => (56, FILE_READ_ATTRIBUTES),
            ALL => (104, FILE_READ_ATTRIBUTES),
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length < least {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_word(status_at)?;
        self.check_buffer(buffer, length)?;
        let object = self.file_by_handle(handle, access)?;
        let granted = self.current_handles().get_any(Handle(handle))?.granted_access;
        let answer = match self.opened(object) {
            Opened::File if !matches!(class, PIPE | PIPE_LOCAL) => self.file_information(object, granted, class),
            opened => self.device_information(object, opened, granted, class)?,
        };
        let fits = answer.len().min(length as usize);
        self.platform().write_user(buffer, &answer[..fits])?;
        if fits < answer.len() {
            self.complete(status_at, Err(NtStatus::BUFFER_OVERFLOW))
        } else {
            self.complete(status_at, Ok(fits as u32))
        }
    }

    /// The structure of `class`.
    fn file_information(&self, object: Link<FileObject>, granted: u32, class: u32) -> Vec<u8> {
        let fcb = self.volume_of(object).fcb(object);
        let record = self.machine_record(object);
        let each =
            |classes: &[u32]| classes.iter().flat_map(|class| self.file_information(object, granted, *class)).collect();
        match class {
            BASIC => bytes_of(&basic_information(fcb)),
            STANDARD => self.standard_information(object),
            INTERNAL => index_of(fcb).to_le_bytes().to_vec(),
            ACCESS => bytes_of(&[granted]),
            POSITION => record.current_byte_offset.get().to_le_bytes().to_vec(),
            MODE => bytes_of(&[mode_of(record)]),
            ATTRIBUTE_TAG => bytes_of(&[fcb.attributes.get(), 0]),
            NAME => self.name_information(object),
            NETWORK_OPEN => self.network_information(object),
            ALL => each(&[BASIC, STANDARD, INTERNAL, EXTENDED_ATTRIBUTES, ACCESS, POSITION, MODE, ALIGNMENT, NAME]),
            // No extended attributes; buffers may be anywhere.
            _ => bytes_of(&[0]),
        }
    }

    /// The structure of `class` of what is no file of the volume: what is known of every file object, that the null device
    /// is empty, and how a pipe is doing.
    fn device_information(
        &self,
        object: Link<FileObject>,
        opened: Opened,
        granted: u32,
        class: u32,
    ) -> Result<Vec<u8>, NtStatus> {
        let record = self.machine_record(object);
        match class {
            ACCESS => Ok(bytes_of(&[granted])),
            MODE => Ok(bytes_of(&[mode_of(record)])),
            ALIGNMENT => Ok(bytes_of(&[0])),
            POSITION if matches!(opened, Opened::Null | Opened::Device) => {
                Ok(record.current_byte_offset.get().to_le_bytes().to_vec())
            }
            STANDARD if opened == Opened::Null => Ok(bytes_of(&[0, 0, 0, 0, 1, 0])),
            PIPE | PIPE_LOCAL => match opened {
                Opened::Pipe(end) if class == PIPE => Ok(bytes_of(&self.pipe_modes(end))),
                Opened::Pipe(end) => Ok(bytes_of(&self.pipe_information(end))),
                _ => Err(NtStatus::INVALID_PARAMETER),
            },
            _ => Err(NtStatus::INVALID_PARAMETER),
        }
    }

    /// Allocation, end of file, links, whether it is to be deleted, whether it is a directory.
    fn standard_information(&self, object: Link<FileObject>) -> Vec<u8> {
        let fcb = self.volume_of(object).fcb(object);
        let flags = u32::from(fcb.has(fcb_flags::DELETE_PENDING)) | u32::from(fcb.is_directory()) << 8;
        let mut bytes = self.allocation_of(object).to_le_bytes().to_vec();
        bytes.extend(u64::from(fcb.file_size.get()).to_le_bytes());
        bytes.extend(bytes_of(&[1, flags]));
        bytes
    }

    fn allocation_of(&self, object: Link<FileObject>) -> u64 {
        let volume = self.volume_of(object);
        volume.fcb(object).allocation(volume.geometry().cluster_size)
    }

    /// Its length, and the name from the root of the volume.
    fn name_information(&self, object: Link<FileObject>) -> Vec<u8> {
        let name = self.volume_of(object).file_name(object);
        let units: Vec<u8> = name.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let mut bytes = bytes_of(&[units.len() as u32]);
        bytes.extend(units);
        bytes
    }

    fn network_information(&self, object: Link<FileObject>) -> Vec<u8> {
        let fcb = self.volume_of(object).fcb(object);
        let basic = basic_information(fcb);
        let mut bytes = bytes_of(&basic[..8]);
        bytes.extend(self.allocation_of(object).to_le_bytes());
        bytes.extend(u64::from(fcb.file_size.get()).to_le_bytes());
        bytes.extend(bytes_of(&[fcb.attributes.get(), 0]));
        bytes
    }

    pub(super) fn set_information_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status_at, buffer, length, class] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let (least, access) = match class {
            BASIC => (40, FILE_WRITE_ATTRIBUTES),
            RENAME => (16, DELETE),
            LINK => (16, 0),
            DISPOSITION => (1, DELETE),
            POSITION => (8, 0),
            MODE => (4, 0),
            PIPE => (8, FILE_WRITE_ATTRIBUTES),
            ALLOCATION | END_OF_FILE => (8, FILE_WRITE_DATA),
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length < least {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_word(status_at)?;
        self.check_buffer(buffer, length)?;
        // It can be read, before anybody is asked what to make of it.
        self.platform().read_user(buffer, &mut [0; LARGEST][..least as usize])?;
        let object = self.file_by_handle(handle, access)?;
        match self.opened(object) {
            Opened::Pipe(end) if class == PIPE => {
                let modes = [self.read_word(buffer)?, self.read_word(buffer + 4)?];
                return self.complete(status_at, self.set_pipe_mode_information(end, modes).map(|()| 0));
            }
            Opened::File if class != PIPE => {}
            Opened::Null | Opened::Device if class == POSITION => {}
            Opened::Null => return self.complete(status_at, Err(NtStatus::INVALID_DEVICE_REQUEST)),
            _ => return Err(NtStatus::INVALID_PARAMETER),
        }
        let _held = self.hold(object);
        let done = match class {
            BASIC => self.set_basic(object, buffer),
            RENAME => self.rename_file(object, buffer, length),
            // FAT knows one name for a file.
            LINK => Err(NtStatus::INVALID_DEVICE_REQUEST),
            DISPOSITION => self.set_disposition(object, buffer),
            POSITION => self.set_position(object, buffer),
            MODE => Ok(()),
            _ => self.resize_file(object, buffer, class),
        };
        match done {
            Err(status @ (NtStatus::ACCESS_VIOLATION | NtStatus::INVALID_PARAMETER)) => Err(status),
            done => self.complete(status_at, done.map(|()| 0)),
        }
    }

    fn set_basic(&self, object: Link<FileObject>, buffer: u32) -> Result<(), NtStatus> {
        let mut words = [0; 9];
        self.platform().read_user_words(buffer, &mut words)?;
        let time = |index: usize| u64::from(words[index]) | u64::from(words[index + 1]) << 32;
        let times = [time(0), time(2), time(4)];
        // All ones leave a time alone; other negative times are none.
        if times.iter().any(|time| *time >> 63 != 0 && *time != u64::MAX) {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.with_volume(self.volume_of(object), |volume| volume.set_basic(object, times, words[8]))
    }

    fn set_disposition(&self, object: Link<FileObject>, buffer: u32) -> Result<(), NtStatus> {
        let mut deletes = [0];
        self.platform().read_user(buffer, &mut deletes)?;
        self.with_volume(self.volume_of(object), |volume| volume.set_disposition(object, deletes[0] != 0))
    }

    fn set_position(&self, object: Link<FileObject>, buffer: u32) -> Result<(), NtStatus> {
        let position = self.read_long(buffer)?;
        if position >> 63 != 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.machine_record(object).current_byte_offset.set(position);
        Ok(())
    }

    fn resize_file(&self, object: Link<FileObject>, buffer: u32, class: u32) -> Result<(), NtStatus> {
        let size = self.read_long(buffer)?;
        if size >> 63 != 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        self.with_volume(self.volume_of(object), |volume| match class {
            ALLOCATION => volume.set_allocation(object, size),
            _ => volume.set_end_of_file(object, size),
        })
    }

    /// FILE_RENAME_INFORMATION: whether to replace, a directory, and a name: a whole path, or one in that directory, or in the
    /// file's own.
    fn rename_file(&self, object: Link<FileObject>, buffer: u32, length: u32) -> Result<(), NtStatus> {
        let mut words = [0; 3];
        self.platform().read_user_words(buffer, &mut words)?;
        let [replaces, root, bytes] = words;
        if bytes == 0 || bytes > LONGEST_NAME || !bytes.is_multiple_of(2) || bytes > length - 12 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let mut name = zeros(bytes)?;
        self.platform().read_user(buffer.wrapping_add(12), &mut name)?;
        let units = name.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
        let mut name: Vec<u16> = room(bytes as usize / 2)?;
        name.extend(units);
        let place = self.new_place(object, root, &name)?;
        if place.device != self.machine_record(object).device_object.get() {
            return Err(NtStatus::NOT_SAME_DEVICE);
        }
        if place.rest.units().is_empty() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let path = Path::parse(place.rest.units())?;
        self.with_volume(self.volume_of(object), |volume| volume.rename(object, &path, replaces & 0xFF != 0))
    }

    /// Where a file that is to be called `name` goes.
    fn new_place<'n>(&self, object: Link<FileObject>, root: u32, name: &'n [u16]) -> Result<Place<'n>, NtStatus> {
        const BACKSLASH: u16 = b'\\' as u16;
        if root == 0 && name.first() != Some(&BACKSLASH) {
            let mut path = self.volume_of(object).file_name(object);
            path.truncate(path.iter().rposition(|unit| *unit == BACKSLASH).unwrap_or(0));
            path.push(BACKSLASH);
            path.extend_from_slice(name);
            return Ok(Place { device: self.machine_record(object).device_object.get(), rest: path.into() });
        }
        let root = match root {
            0 => None,
            handle => Some(self.current_handles().get_any(Handle(handle))?.body),
        };
        self.locate(&ObjectName { root, path: name, attributes: 0 })
    }

    pub(super) fn query_attributes_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        self.query_by_name(arguments, BASIC)
    }

    pub(super) fn query_full_attributes_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        self.query_by_name(arguments, NETWORK_OPEN)
    }

    fn query_by_name(&self, arguments: &[u32], class: u32) -> Result<NtStatus, NtStatus> {
        let &[attributes_at, information_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let attributes = self.read_file_attributes(attributes_at)?;
        let request = OpenRequest::existing(FILE_READ_ATTRIBUTES, 0);
        let file = self.open_by_name(&self.object_name(&attributes)?, &request)?.file;
        let answer = match self.opened(file) {
            Opened::File => Ok(self.file_information(file, 0, class)),
            _ if self.is_volume(file) => Err(NtStatus::INVALID_PARAMETER),
            _ => Err(NtStatus::INVALID_DEVICE_REQUEST),
        };
        self.release(file);
        self.platform().write_user(information_at, &answer?)?;
        Ok(NtStatus::SUCCESS)
    }
}

/// FILE_BASIC_INFORMATION as words: creation, last access, last write, change, attributes.
fn basic_information(fcb: &Fcb) -> [u32; 10] {
    let mut words = [0; 10];
    let times = [&fcb.creation_time, &fcb.last_access_time, &fcb.last_write_time, &fcb.last_write_time];
    for (pair, time) in words.chunks_exact_mut(2).zip(times) {
        pair.copy_from_slice(&[time.get() as u32, (time.get() >> 32) as u32]);
    }
    let attributes = fcb.attributes.get();
    words[8] = if attributes == 0 { FILE_ATTRIBUTE_NORMAL } else { attributes };
    words
}

/// The number of the file: no other on the volume has it.
fn index_of(fcb: &Fcb) -> u64 {
    if fcb.is_root() { ROOT_INDEX } else { fcb.entry.get() / ENTRY }
}

/// How the file was opened.
fn mode_of(file: &FileObject) -> u32 {
    let flags = file.flags.get();
    let mut mode = MODES.iter().filter(|(flag, _)| flags & flag != 0).fold(0, |mode, (_, option)| mode | option);
    if flags & (file_flags::SYNCHRONOUS_IO | file_flags::ALERTABLE_IO) == file_flags::SYNCHRONOUS_IO {
        mode |= abi::file::FILE_SYNCHRONOUS_IO_NONALERT;
    }
    mode
}

fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
