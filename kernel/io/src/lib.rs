//! Files and volumes.
//!
//! A volume is FAT12, FAT16 or FAT32. The names in it are read and changed by `lamfat`; where a file's data is, is a list of
//! runs of sectors, made once when the file is opened and kept up with the file, so that neither a page fault nor a read ever
//! goes through the crate. All who have a file open share one FCB, and with it the file's control areas.
//!
//! | to see | open |
//! |---|---|
//! | what a disk must do | [`device`], [`ram_disk`] |
//! | how a disk is divided | [`partition`] |
//! | which volumes are accepted | [`geometry`] |
//! | how the crate is kept from harm | [`source`] |
//! | paths of files and their refusals | [`path`] |
//! | listing directories | [`directory`], [`expression`] |
//! | opening, reading, writing, closing | [`volume`], [`open`], [`file_object`], [`share`], [`read`], [`mod@write`], [`close`] |
//! | locks on ranges of bytes | [`lock`] |
//! | pages of files in memory | [`pages`] |
//! | files that hold pages of programs | [`paging_file`] |
//! | names, times, attributes | [`information`], `names`, `transaction`, `entry` |
//! | clusters | `table`, `chain` |
//! | the audit of what is open | [`verify`] |
//! | what a loss of power leaves | `metadata`, [`flush`] |
//!
//! ```
//! use abi::{access::GENERIC_READ, status::NtStatus};
//! use io::{BlockDevice, OpenRequest, Path, Volume};
//! use mm::machine::Machine;
//!
//! /// The first bytes of `C:\WINDOWS\win.ini`, and how many.
//! fn head<M: Machine, D: BlockDevice>(volume: &Volume<'_, M, D>, into: &mut [u8]) -> Result<u32, NtStatus> {
//!     let path: Vec<u16> = r"\WINDOWS\win.ini".encode_utf16().collect();
//!     let request = OpenRequest::existing(GENERIC_READ, 0);
//!     let opened = volume.open(&Path::parse(&path)?, &request)?;
//!     volume.read(opened.file, 0, into) // and then the object manager's release, and `Volume::close`
//! }
//! ```
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod chain;
pub mod changes;
pub mod close;
pub mod device;
pub mod directory;
mod entry;
pub mod expression;
pub mod fcb;
pub mod file_object;
pub mod flush;
pub mod geometry;
pub mod information;
mod locate;
pub mod lock;
mod metadata;
mod names;
pub mod open;
pub mod pages;
pub mod paging_file;
pub mod partition;
pub mod path;
pub mod ram_disk;
pub mod read;
pub mod share;
pub mod source;
mod table;
mod transaction;
pub mod verify;
pub mod volume;
pub mod write;

#[cfg(test)]
mod exhaustion;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod random;
#[cfg(test)]
mod test_volume;

pub use changes::{Action, Change};
pub use device::{BlockDevice, DeviceError, Direction, Piece, SECTOR};
pub use directory::{Listed, Scan};
pub use fcb::Fcb;
pub use geometry::{FatKind, Geometry, MountError};
pub use lock::{ByteRange, Intent, LockOwner, LockRequest, Locked};
pub use open::{OpenRequest, OpenedFile, Opener};
pub use partition::{Partition, PartitionEntry, PartitionError};
pub use path::Path;
pub use ram_disk::RamDisk;
pub use verify::FileCorruption;
pub use volume::Volume;
