//! NtQueryVolumeInformationFile: the device behind a handle, and the volume behind a file.
//!
//! Source: public declarations of the `FILE_FS_..._INFORMATION` structures (`ntifs.h`).

use abi::console::FILE_DEVICE_CONSOLE;
use abi::status::NtStatus;
use alloc::vec::Vec;

use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::{Platform, Stream};

/// Device types.
const FILE_DEVICE_DISK: u32 = 0x07;
const FILE_DEVICE_NAMED_PIPE: u32 = 0x11;
const FILE_DEVICE_NULL: u32 = 0x15;
/// Information classes.
const VOLUME_INFORMATION: u32 = 1;
const SIZE_INFORMATION: u32 = 3;
const DEVICE_INFORMATION: u32 = 4;
const ATTRIBUTE_INFORMATION: u32 = 5;
/// Bytes of a sector.
const SECTOR: u32 = 512;
/// Names keep their case and are Unicode; nothing is written.
const FILE_SYSTEM_ATTRIBUTES: u32 = 0x0000_0002 | 0x0000_0004 | 0x0008_0000;
const LONGEST_NAME: u32 = 255;

impl<P: Platform> Executive<P> {
    pub(super) fn query_volume_information_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status_at, buffer, length, class] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let least = match class {
            VOLUME_INFORMATION | SIZE_INFORMATION => 24,
            DEVICE_INFORMATION => 8,
            ATTRIBUTE_INFORMATION => 16,
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length < least {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_word(status_at)?;
        let object = self.file_by_handle(handle, 0)?;
        let opened = self.opened(object);
        if class != DEVICE_INFORMATION && opened != Opened::File {
            return self.complete(status_at, Err(NtStatus::INVALID_DEVICE_REQUEST));
        }
        let answer = match class {
            VOLUME_INFORMATION => self.volume_information(),
            SIZE_INFORMATION => self.size_information()?,
            ATTRIBUTE_INFORMATION => self.attribute_information(),
            _ => words(&[device_of(opened), 0]),
        };
        if (length as usize) < answer.len() {
            self.platform().write_user(buffer, &answer[..length as usize])?;
            return self.complete(status_at, Err(NtStatus::BUFFER_OVERFLOW));
        }
        self.platform().write_user(buffer, &answer)?;
        self.complete(status_at, Ok(answer.len() as u32))
    }

    /// No creation time, serial number, no object identifiers, and the label.
    fn volume_information(&self) -> Vec<u8> {
        let lock = self.lock_volume();
        let (serial, label) = self.volume().label();
        drop(lock);
        let label: Vec<u8> = label.trim_ascii_end().iter().flat_map(|byte| u16::from(*byte).to_le_bytes()).collect();
        let mut answer = words(&[0, 0, serial, label.len() as u32]);
        answer.extend([0; 2]);
        answer.extend(label);
        answer.resize(answer.len().max(24), 0);
        answer
    }

    fn size_information(&self) -> Result<Vec<u8>, NtStatus> {
        let geometry = self.volume().geometry();
        let lock = self.lock_volume();
        let free = self.volume().free_clusters()?;
        drop(lock);
        Ok(words(&[geometry.clusters, 0, free, 0, geometry.cluster_size / SECTOR, SECTOR]))
    }

    fn attribute_information(&self) -> Vec<u8> {
        let name: Vec<u8> = "FAT".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut answer = words(&[FILE_SYSTEM_ATTRIBUTES, LONGEST_NAME, name.len() as u32]);
        answer.extend(name);
        answer
    }
}

fn device_of(opened: Opened) -> u32 {
    match opened {
        Opened::File => FILE_DEVICE_DISK,
        Opened::Stream(Stream::Console | Stream::ConsoleInput) => FILE_DEVICE_CONSOLE,
        Opened::Stream(Stream::Null) => FILE_DEVICE_NULL,
        Opened::Stream(_) | Opened::Pipe(_) => FILE_DEVICE_NAMED_PIPE,
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
