//! What `stat` tells of a file, in the three layouts that programs know.
//!
//! Source: Microsoft's description of `_stat`; `struct _stat`, `_stati64` and `_stat64` of `sys/stat.h`.

use alloc::vec;
use alloc::vec::Vec;

use crate::time::from_system;

/// Bits of `st_mode`.
pub mod mode {
    /// A folder.
    pub const FOLDER: u16 = 0x4000;
    /// A device.
    pub const DEVICE: u16 = 0x2000;
    /// A pipe.
    pub const PIPE: u16 = 0x1000;
    /// A file.
    pub const FILE: u16 = 0x8000;
    /// Its owner may read it.
    pub const READ: u16 = 0x100;
    /// Its owner may write it.
    pub const WRITE: u16 = 0x80;
    /// Its owner may run it.
    pub const RUN: u16 = 0x40;
}

/// `FILE_ATTRIBUTE_READONLY` and `FILE_ATTRIBUTE_DIRECTORY`.
const READ_ONLY: u32 = 0x1;
const DIRECTORY: u32 = 0x10;
/// What the name of a program ends in.
const PROGRAMS: [&str; 4] = [".exe", ".com", ".cmd", ".bat"];

/// What there is to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileStatus {
    /// The drive, counted from A; or the descriptor of a device.
    pub device: u32,
    /// Bits of [`mode`].
    pub mode: u16,
    /// Names of the file: 1.
    pub links: u16,
    /// Bytes.
    pub size: u64,
    /// Last access, last write, creation: seconds since 1970.
    pub times: [i64; 3],
}

/// How wide sizes and times are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `struct _stat`: 32 bits each.
    Narrow,
    /// `struct _stati64`: sizes of 64 bits.
    WideSize,
    /// `struct _stat64`: both of 64 bits.
    Wide,
}

/// The mode of a file of which only `name` and attributes are known. Group and others may do what the owner may.
pub fn mode_of(attributes: u32, name: Option<&[u16]>) -> u16 {
    let kind = if attributes & DIRECTORY != 0 { mode::FOLDER } else { mode::FILE };
    let write = if attributes & READ_ONLY == 0 { mode::WRITE } else { 0 };
    let runs = match name {
        Some(name) => attributes & DIRECTORY != 0 || is_program(name),
        None => false,
    };
    let owner = mode::READ | write | if runs { mode::RUN } else { 0 };
    kind | owner | owner >> 3 | owner >> 6
}

fn is_program(name: &[u16]) -> bool {
    let ends = |end: &&str| {
        let tail = name.len().checked_sub(end.len()).map(|start| &name[start..]);
        tail.is_some_and(|tail| {
            user_support::text::equal_ignoring_case(tail, &user_support::text::wide(end.as_bytes()))
        })
    };
    PROGRAMS.iter().any(ends)
}

/// Times as the system has them, last access, last write and creation, as seconds. One that it does not know is the last write.
pub fn times_of(times: [u64; 3]) -> [i64; 3] {
    times.map(|time| from_system(if time == 0 { times[1] } else { time }))
}

impl FileStatus {
    /// The structure.
    pub fn to_bytes(&self, layout: Layout) -> Vec<u8> {
        let (length, size_at, times_at, time_width) = match layout {
            Layout::Narrow => (36, 20, 24, 4),
            Layout::WideSize => (48, 24, 32, 4),
            Layout::Wide => (56, 24, 32, 8),
        };
        let mut bytes = vec![0; length];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, &self.device.to_le_bytes());
        put(6, &self.mode.to_le_bytes());
        put(8, &self.links.to_le_bytes());
        put(16, &self.device.to_le_bytes());
        put(size_at, &self.size.to_le_bytes()[..if layout == Layout::Narrow { 4 } else { 8 }]);
        for (index, time) in self.times.iter().enumerate() {
            put(times_at + time_width * index, &time.to_le_bytes()[..time_width]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use user_support::text::wide;

    #[test]
    fn modes_follow_from_attributes_and_names() {
        for (attributes, name, expected) in [
            (0x20, Some("a.txt"), 0o100_666),
            (0x21, Some("a.txt"), 0o100_444),
            (0x20, Some("C:\\A.EXE"), 0o100_777),
            (0x20, Some("exe"), 0o100_666),
            (0x10, Some("C:\\WINDOWS"), 0o040_777),
            (0x20, None, 0o100_666),
        ] {
            let name = name.map(|name| wide(name.as_bytes()));
            assert_eq!(mode_of(attributes, name.as_deref()), expected, "{name:?}");
        }
    }

    #[test]
    fn each_layout_has_its_places() {
        let status =
            FileStatus { device: 2, mode: 0o100_666, links: 1, size: 0x1_2345_6789, times: [11, 0x1_0000_000C, 13] };
        let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let narrow = status.to_bytes(Layout::Narrow);
        assert_eq!((narrow.len(), word(&narrow, 0), word(&narrow, 4)), (36, 2, 0o100_666 << 16));
        assert_eq!([8, 16, 20, 24, 28, 32].map(|at| word(&narrow, at)), [1, 2, 0x2345_6789, 11, 12, 13]);
        let wide_size = status.to_bytes(Layout::WideSize);
        assert_eq!(wide_size.len(), 48);
        assert_eq!([24, 28, 32, 36, 40].map(|at| word(&wide_size, at)), [0x2345_6789, 1, 11, 12, 13]);
        let wide = status.to_bytes(Layout::Wide);
        assert_eq!(wide.len(), 56);
        assert_eq!([24, 28, 32, 40, 44, 48].map(|at| word(&wide, at)), [0x2345_6789, 1, 11, 12, 1, 13]);
    }

    #[test]
    fn a_time_that_is_not_known_is_the_last_write() {
        let second = 116_444_736_000_000_000 + 10_000_000;
        assert_eq!(times_of([0, second, second + 10_000_000]), [1, 1, 2]);
    }
}
