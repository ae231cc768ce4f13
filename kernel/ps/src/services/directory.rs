//! NtQueryDirectoryFile: the entries of a directory, as many as a buffer holds.
//!
//! Source: public declarations of the `FILE_..._INFORMATION` structures (`ntifs.h`).

use core::ops::ControlFlow;

use abi::access::FILE_READ_DATA;
use abi::status::NtStatus;
use alloc::vec::Vec;
use io::{Listed, Scan};

use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::Platform;

/// Largest buffer that is filled at once; a larger one is filled in part.
const LARGEST: u32 = 0x1_0000;

/// What an entry says beside its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// FileDirectoryInformation.
    Directory,
    /// FileFullDirectoryInformation.
    Full,
    /// FileBothDirectoryInformation.
    Both,
    /// FileNamesInformation.
    Names,
}

impl Class {
    fn from_number(number: u32) -> Result<Self, NtStatus> {
        match number {
            1 => Ok(Self::Directory),
            2 => Ok(Self::Full),
            3 => Ok(Self::Both),
            12 => Ok(Self::Names),
            _ => Err(NtStatus::INVALID_INFO_CLASS),
        }
    }

    /// Where in an entry its name begins.
    const fn name_at(self) -> usize {
        match self {
            Self::Directory => 0x40,
            Self::Full => 0x44,
            Self::Both => 0x5E,
            Self::Names => 0x0C,
        }
    }

    /// An entry up to its name, without the offset of the next.
    fn head(self, entry: &Listed<'_>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.name_at());
        let name_length = 2 * entry.name.len() as u32;
        bytes.extend([0; 4]);
        bytes.extend(entry.index.to_le_bytes());
        if self != Self::Names {
            let [created, accessed, written] = entry.times;
            for long in [created, accessed, written, written, u64::from(entry.size), entry.allocation] {
                bytes.extend(long.to_le_bytes());
            }
            bytes.extend(entry.attributes.to_le_bytes());
        }
        bytes.extend(name_length.to_le_bytes());
        if matches!(self, Self::Full | Self::Both) {
            // There are no extended attributes.
            bytes.extend([0; 4]);
        }
        if self == Self::Both {
            bytes.extend([2 * entry.short_name.len() as u8, 0]);
            bytes.extend(entry.short_name.iter().flat_map(|unit| unit.to_le_bytes()));
        }
        bytes.resize(self.name_at(), 0);
        bytes
    }
}

/// Entries on their way into a buffer.
struct Filled {
    bytes: Vec<u8>,
    room: usize,
    class: Class,
    single: bool,
    /// Where the last entry begins.
    last: Option<usize>,
}

impl Filled {
    /// Adds an entry, unless there is no room for it.
    fn add(&mut self, entry: &Listed<'_>) -> ControlFlow<()> {
        if self.single && self.last.is_some() {
            return ControlFlow::Break(());
        }
        let start = self.bytes.len().next_multiple_of(8);
        let head = self.class.head(entry);
        if start + head.len() + 2 * entry.name.len() > self.room {
            return ControlFlow::Break(());
        }
        if let Some(last) = self.last {
            self.bytes[last..last + 4].copy_from_slice(&((start - last) as u32).to_le_bytes());
        }
        self.bytes.resize(start, 0);
        self.bytes.extend(head);
        self.bytes.extend(entry.name.iter().flat_map(|unit| unit.to_le_bytes()));
        self.last = Some(start);
        ControlFlow::Continue(())
    }
}

impl<P: Platform> Executive<P> {
    #[doc(alias = "NtQueryDirectoryFile")]
    pub(super) fn query_directory_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, _event, _routine, _context, status_at, buffer, length, class, single, name_at, restart] =
            arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let class = Class::from_number(class)?;
        self.probe_word(status_at)?;
        self.check_buffer(buffer, length)?;
        if (length as usize) < class.name_at() {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let expression = if name_at == 0 { None } else { Some(self.read_string(name_at)?) };
        let object = self.file_by_handle(handle, FILE_READ_DATA)?;
        if self.opened(object) != Opened::File {
            return self.complete(status_at, Err(NtStatus::INVALID_DEVICE_REQUEST));
        }
        let scan = if restart & 0xFF == 0 { Scan::Onward } else { Scan::FromStart };
        let room = length.min(LARGEST) as usize;
        let mut filled = Filled { bytes: Vec::new(), room, class, single: single & 0xFF != 0, last: None };
        let listed = {
            let _held = self.hold(object);
            let _lock = self.lock_volume();
            self.volume_of(object).list(object, expression.as_deref(), scan, |entry| filled.add(entry))
        };
        let result = match listed {
            // Not even one entry fits.
            Ok(0) => Err(NtStatus::BUFFER_OVERFLOW),
            Ok(_) => {
                self.platform().write_user(buffer, &filled.bytes)?;
                Ok(filled.bytes.len() as u32)
            }
            Err(status) => Err(status),
        };
        self.complete(status_at, result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    }

    #[test]
    fn entries_lie_in_the_buffer_as_windows_has_them() {
        let (name, short): (Vec<u16>, Vec<u16>) =
            ("Long name.txt".encode_utf16().collect(), "LONGNA~1.TXT".encode_utf16().collect());
        let entry = Listed {
            index: 7,
            name: &name,
            short_name: &short,
            attributes: 0x20,
            size: 1000,
            allocation: 1024,
            times: [1, 2, 3],
        };
        for (class, attributes_at, length_at, name_at) in
            [(Class::Directory, 0x38, 0x3C, 0x40), (Class::Full, 0x38, 0x3C, 0x44), (Class::Both, 0x38, 0x3C, 0x5E)]
        {
            let mut filled = Filled { bytes: Vec::new(), room: 400, class, single: false, last: None };
            assert!(filled.add(&entry).is_continue() && filled.add(&entry).is_continue());
            let bytes = &filled.bytes;
            assert_eq!((word(bytes, 4), word(bytes, 0x28), word(bytes, 0x30)), (7, 1000, 1024));
            assert_eq!((word(bytes, attributes_at), word(bytes, length_at)), (0x20, 26));
            assert_eq!(bytes[name_at..name_at + 4], [b'L', 0, b'o', 0]);
            let second = word(bytes, 0) as usize;
            assert_eq!((second, word(bytes, second)), ((name_at + 26).next_multiple_of(8), 0));
            if class == Class::Both {
                assert_eq!((bytes[0x44], bytes[0x46]), (24, b'L'));
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_left_and_one_at_a_time_is_one() {
        let name: Vec<u16> = "name".encode_utf16().collect();
        let entry =
            Listed { index: 0, name: &name, short_name: &[], attributes: 0, size: 0, allocation: 0, times: [0; 3] };
        let mut filled = Filled { bytes: Vec::new(), room: 0x0C + 8, class: Class::Names, single: false, last: None };
        assert!(filled.add(&entry).is_continue());
        assert!(filled.add(&entry).is_break());
        assert_eq!(filled.bytes.len(), 20);
        let mut filled = Filled { bytes: Vec::new(), room: 400, class: Class::Names, single: true, last: None };
        assert!(filled.add(&entry).is_continue() && filled.add(&entry).is_break());
    }
}
