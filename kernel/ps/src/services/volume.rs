//! NtQueryVolumeInformationFile: the device behind a handle, and the volume behind a file.
//!
//! Source: public declarations of the `FILE_FS_..._INFORMATION` structures (`ntifs.h`).

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use alloc::vec::Vec;

use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::Platform;

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
        if class != DEVICE_INFORMATION && !self.is_volume(object) && self.opened(object) != Opened::File {
            return self.complete(status_at, Err(NtStatus::INVALID_DEVICE_REQUEST));
        }
        let answer = match class {
            VOLUME_INFORMATION => self.volume_information(object),
            SIZE_INFORMATION => self.size_information(object)?,
            ATTRIBUTE_INFORMATION => self.attribute_information(),
            _ => {
                let device = self.machine_record(self.machine_record(object).device_object.get());
                words(&[device.device_type.get(), device.characteristics.get()])
            }
        };
        if (length as usize) < answer.len() {
            self.platform().write_user(buffer, &answer[..length as usize])?;
            return self.complete(status_at, Err(NtStatus::BUFFER_OVERFLOW));
        }
        self.platform().write_user(buffer, &answer)?;
        self.complete(status_at, Ok(answer.len() as u32))
    }

    /// Whether `file` is a volume itself.
    pub(super) fn is_volume(&self, file: Link<FileObject>) -> bool {
        self.opened(file) == Opened::Device && self.volume_at(self.machine_record(file).device_object.get()).is_some()
    }

    /// No creation time, serial number, no object identifiers, and the label.
    fn volume_information(&self, file: Link<FileObject>) -> Vec<u8> {
        let lock = self.lock_volume();
        let (serial, label) = self.volume_of(file).label();
        drop(lock);
        let label: Vec<u8> = label.trim_ascii_end().iter().flat_map(|byte| u16::from(*byte).to_le_bytes()).collect();
        let mut answer = words(&[0, 0, serial, label.len() as u32]);
        answer.extend([0; 2]);
        answer.extend(label);
        answer.resize(answer.len().max(24), 0);
        answer
    }

    fn size_information(&self, file: Link<FileObject>) -> Result<Vec<u8>, NtStatus> {
        let geometry = self.volume_of(file).geometry();
        let lock = self.lock_volume();
        let free = self.volume_of(file).free_clusters()?;
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

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
