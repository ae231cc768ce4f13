//! What all who have a file open share: its FCB, with the file's control areas, size, times, and the runs of sectors that
//! hold its data.
//!
//! * **I1** Every file object of a volume leads to an FCB on the volume's list, whose `open_count` counts them; an FCB that
//!   nobody has open is gone.
//! * **I2** Runs are in the order of the file, without gaps, from its start to the end of its last cluster, each within the
//!   volume's data; together they are `clusters` clusters, enough for the file's size.
//! * **I4** What stands on the disk for the file (its directory entry) says nothing of data that is not on the disk: a size
//!   grows there when the bytes are written, and valid data never ends past the file's end.
//! * **I6** `clean_count` and `share` count the file objects that still have, or never had, a handle, and what these do and let.
//! * **I7** A file without a name has no handle.
//! * **I8** A file's control areas read through a file object of the file, and every control area of a file is one of its own.
//!
//! The locks on a file's bytes have invariants of their own ([`crate::lock`]).

use abi::cell::{Field, Field64, Link, Record};
use abi::nt::file::SectionObjectPointers;
use abi::nt::list::ListEntry;
use abi::nt::string::UnicodeString;

use crate::lock::{LockWait, RangeLock};

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
    /// Runs there is room for.
    pub run_capacity: Field<u32>,
    /// Clusters the file has.
    pub clusters: Field<u32>,
    /// How many of them the tables on the disk chain.
    pub chained: Field<u32>,
    /// The first of them, or 0.
    pub first_cluster: Field<u32>,
    /// Bytes from the start that have been written; what follows reads as zeros.
    pub valid_data_length: Field<u32>,
    /// The size that the directory entry tells.
    pub told_size: Field<u32>,
    /// Where the directory entry is, in bytes from the volume's start; 0 for the root, which has none.
    pub entry: Field64,
    /// File objects that lead here and still have a handle.
    pub clean_count: Field<u32>,
    /// Who reads, writes and deletes, and who lets others.
    pub share: ShareAccess,
    /// [`fcb_flags`].
    pub flags: Field<u32>,
    /// Locks on ranges of its bytes: the first of them, or null.
    pub locks: Field<Link<RangeLock>>,
    /// How many there are.
    pub lock_count: Field<u32>,
    /// Who waits for one: the first, or null.
    pub lock_waits: Field<Link<LockWait>>,
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

/// Flags of an FCB.
pub mod fcb_flags {
    /// The file goes when its last handle does.
    #[doc(alias = "FCB_STATE_DELETE_ON_CLOSE")]
    pub const DELETE_PENDING: u32 = 1;
    /// It has no name any more.
    pub const DELETED: u32 = 2;
    /// Its directory entry is older than the FCB.
    pub const ENTRY_STALE: u32 = 4;
    /// The memory manager keeps pages in it: it is nobody else's, all of it counts as written, and nothing of it is in memory as a
    /// file's page.
    #[doc(alias = "FCB_STATE_PAGING_FILE")]
    pub const PAGING_FILE: u32 = 8;
}

/// How those who have a file open share it.
#[doc(alias = "_SHARE_ACCESS")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ShareAccess {
    pub open_count: Field<u32>,
    pub readers: Field<u32>,
    pub writers: Field<u32>,
    pub deleters: Field<u32>,
    pub shared_read: Field<u32>,
    pub shared_write: Field<u32>,
    pub shared_delete: Field<u32>,
}
impl Record for ShareAccess {}
abi::assert_layout!(ShareAccess, 0x1C, { open_count: 0, readers: 4, deleters: 0xC, shared_read: 0x10, shared_delete: 0x18 });

impl Fcb {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.attributes.get() & abi::file::FILE_ATTRIBUTE_DIRECTORY != 0
    }

    /// Whether it is the root of the volume, which has no directory entry.
    pub fn is_root(&self) -> bool {
        self.entry.get() == 0
    }

    /// Bytes of its clusters, of `cluster_size` bytes each.
    pub fn allocation(&self, cluster_size: u32) -> u64 {
        u64::from(self.clusters.get()) * u64::from(cluster_size)
    }

    /// Whether it must not be written.
    pub fn is_read_only(&self) -> bool {
        self.attributes.get() & abi::file::FILE_ATTRIBUTE_READONLY != 0
    }

    /// Whether all of the [`fcb_flags`] in `bits` are set.
    pub fn has(&self, bits: u32) -> bool {
        self.flags.get() & bits == bits
    }
}
