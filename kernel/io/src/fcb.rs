//! What all who have a file open share: its FCB, with the file's control areas, size, times, and the runs of sectors that
//! hold its data.
//!
//! * **I1** Every file object of a volume leads to an FCB on the volume's list, whose `open_count` counts them; an FCB that
//!   nobody has open is gone.
//! * **I2** Runs are in the order of the file, without gaps, from its start to the sector that holds its last byte, each
//!   within the volume's data.

use abi::cell::{Field, Field64, Link, Record};
use abi::nt::file::SectionObjectPointers;
use abi::nt::list::ListEntry;
use abi::nt::string::UnicodeString;

/// Consecutive sectors of the volume that hold consecutive sectors of a file.
#[repr(C)]
#[derive(Debug)]
pub struct Run {
    /// The first, counted from the file's start.
    pub file_sector: Field<u32>,
    /// Where it is, counted from the volume's start.
    pub volume_sector: Field<u32>,
    /// How many follow each other.
    pub count: Field<u32>,
}
impl Record for Run {}

/// A file or directory that somebody has open. Its name stands behind it in the same pool block.
#[doc(alias = "_FCB")]
#[repr(C)]
#[derive(Debug)]
pub struct Fcb {
    /// The file's control areas.
    pub section_object_pointers: SectionObjectPointers,
    /// Its place on the volume's list.
    pub links: ListEntry,
    /// File objects that lead here.
    pub open_count: Field<u32>,
    /// `FILE_ATTRIBUTE_`.
    pub attributes: Field<u32>,
    /// Bytes; 0 for a directory.
    pub file_size: Field<u32>,
    /// The first of its runs, or null.
    pub runs: Field<Link<Run>>,
    /// How many runs there are.
    pub run_count: Field<u32>,
    /// System time, units of 100 ns.
    pub creation_time: Field64,
    /// System time, to the day.
    pub last_access_time: Field64,
    /// System time, to two seconds.
    pub last_write_time: Field64,
    /// From the root of the volume, as the volume spells it.
    pub name: UnicodeString,
}
impl Record for Fcb {}

impl Fcb {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.attributes.get() & abi::file::FILE_ATTRIBUTE_DIRECTORY != 0
    }
}
