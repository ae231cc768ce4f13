//! Files and volumes.
//!
//! A volume is FAT12, FAT16 or FAT32, read-only so far. The names in it are read by `lamfat`; what a file's data is read from
//! is a list of runs of sectors, made once when the file is opened, so that neither a page fault nor a read ever goes through
//! the crate. All who have a file open share one FCB, and with it the file's control areas.
//!
//! | to see | open |
//! |---|---|
//! | what a disk must do | [`device`], [`ram_disk`] |
//! | how a disk is divided | [`partition`] |
//! | which volumes are accepted | [`geometry`] |
//! | how the crate is kept from harm | [`source`] |
//! | NT paths and their refusals | [`path`] |
//! | listing directories | [`directory`], [`expression`] |
//! | opening, reading, closing | [`volume`], [`open`], [`read`] |
//!
//! ```
//! use abi::{access::GENERIC_READ, file::FILE_OPEN, status::NtStatus};
//! use io::{BlockDevice, OpenRequest, Path, Volume};
//! use mm::machine::Machine;
//!
//! /// The first bytes of `C:\WINDOWS\win.ini`, and how many.
//! fn head<M: Machine, D: BlockDevice>(volume: &Volume<'_, M, D>, into: &mut [u8]) -> Result<u32, NtStatus> {
//!     let path: Vec<u16> = r"\??\C:\WINDOWS\win.ini".encode_utf16().collect();
//!     let request = OpenRequest { desired_access: GENERIC_READ, disposition: FILE_OPEN, options: 0, share_access: 0 };
//!     let opened = volume.open(&Path::parse(&path)?, &request)?;
//!     volume.read(opened.file, 0, into) // and then the object manager's release, and `Volume::close`
//! }
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod device;
pub mod directory;
pub mod expression;
pub mod fcb;
pub mod geometry;
mod locate;
pub mod open;
pub mod partition;
pub mod path;
pub mod ram_disk;
pub mod read;
pub mod source;
pub mod volume;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod test_volume;

pub use device::{BlockDevice, DeviceError, Direction, Piece, SECTOR};
pub use directory::{Listed, Scan};
pub use fcb::Fcb;
pub use geometry::{FatKind, Geometry, MountError};
pub use open::{OpenRequest, OpenedFile};
pub use partition::{Partition, PartitionEntry, PartitionError};
pub use path::Path;
pub use ram_disk::RamDisk;
pub use volume::Volume;
