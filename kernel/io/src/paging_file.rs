//! Paging files: files whose clusters the memory manager fills with pages as it likes.
//!
//! Their clusters are taken without being written, neighbours where they can be had, and all of the file counts as written: so
//! reading and writing its pages ([`Volume::read_pages`], [`Volume::write_pages`]) takes its runs and the device, and no lock, no
//! memory and nothing of the volume's own. While it is a paging file nobody else opens it, deletes it or takes its name. What stands
//! in it means nothing after a restart; that the volume is whole does, so sizes and clusters change in the order that [`crate::flush`]
//! keeps.

use abi::access::{FILE_READ_DATA, FILE_WRITE_DATA, SYNCHRONIZE};
use abi::cell::Link;
use abi::file::*;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::machine::Machine;

use crate::device::BlockDevice;
use crate::fcb::{Fcb, fcb_flags};
use crate::open::{OpenRequest, Opener};
use crate::table::ClusterRun;
use crate::volume::Volume;

/// What everybody can see of a paging file.
const ATTRIBUTES: u32 = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM;

impl OpenRequest {
    /// A request to open a paging file, or to make one; alone, unless it is one already.
    pub fn paging_file() -> Self {
        Self {
            disposition: FILE_OPEN_IF,
            share_access: 0,
            attributes: ATTRIBUTES,
            opener: Opener::Pager,
            ..Self::existing(
                FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE,
                FILE_NON_DIRECTORY_FILE | FILE_NO_INTERMEDIATE_BUFFERING | FILE_SYNCHRONOUS_IO_NONALERT,
            )
        }
    }
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Whether the file of `file` is a paging file.
    pub fn is_paging_file(&self, file: Link<FileObject>) -> bool {
        self.fcb(file).has(fcb_flags::PAGING_FILE)
    }

    /// Makes the file of `file`, which was opened by [`OpenRequest::paging_file`], a paging file of `bytes` bytes.
    ///
    /// # Errors
    /// SHARING_VIOLATION where pages of it are in use; DISK_FULL, INSUFFICIENT_RESOURCES, DEVICE_DATA_ERROR: it is as large as it was.
    pub fn prepare_paging_file(&self, file: Link<FileObject>, bytes: u32) -> Result<(), NtStatus> {
        let (fcb, record) = (self.fcb_of(file), self.fcb(file));
        if !self.forget_data(fcb) {
            return Err(NtStatus::SHARING_VIOLATION);
        }
        self.extend_together(record, bytes)?;
        record.flags.set_bits(fcb_flags::PAGING_FILE);
        record.attributes.update(|attributes| attributes & !FILE_ATTRIBUTE_NORMAL | ATTRIBUTES);
        self.set_paging_size(fcb, bytes)
            .and_then(|()| self.cut_chain(record, bytes))
            .inspect_err(|_| record.flags.clear_bits(fcb_flags::PAGING_FILE))
    }

    /// Makes the paging file of `file` longer, that it has `bytes` bytes.
    ///
    /// # Errors
    /// DISK_FULL, INSUFFICIENT_RESOURCES, DEVICE_DATA_ERROR: it is as large as it was.
    pub fn extend_paging_file(&self, file: Link<FileObject>, bytes: u32) -> Result<(), NtStatus> {
        self.extend_together(self.fcb(file), bytes)?;
        self.set_paging_size(self.fcb_of(file), bytes)
    }

    /// The paging file of `file`, which nobody fills any more, is an ordinary file from now on, for all to see.
    ///
    /// # Errors
    /// What writing its entry in the directory gives.
    pub fn end_paging_file(&self, file: Link<FileObject>) -> Result<(), NtStatus> {
        self.fcb(file).flags.clear_bits(fcb_flags::PAGING_FILE);
        self.set_basic(file, [0; 3], FILE_ATTRIBUTE_ARCHIVE)
    }

    /// The file has `bytes` bytes now, for which it has clusters, and says so.
    fn set_paging_size(&self, fcb: Link<Fcb>, bytes: u32) -> Result<(), NtStatus> {
        let record = self.record(fcb);
        let changes = record.told_size.get() != bytes;
        let before = record.file_size.get();
        record.file_size.set(bytes);
        record.valid_data_length.set(bytes);
        if changes {
            self.note_written(record, true);
        }
        self.tell(fcb, bytes).inspect_err(|_| {
            record.file_size.set(before);
            record.valid_data_length.set(before);
        })
    }

    /// Gives the file clusters for `bytes` bytes, in as few runs as can be.
    fn extend_together(&self, fcb: &Fcb, bytes: u32) -> Result<(), NtStatus> {
        let before = fcb.clusters.get();
        let extended = self.extend_chain_by(fcb, bytes.into(), |last, missing| {
            let next = match last {
                Some(last) => self.free_run_at(last + 1, missing)?,
                None => None,
            };
            match next {
                Some(run) if run.count == missing => Ok(next),
                next => Ok(larger(next, self.largest_free_run(missing)?)),
            }
        });
        extended.inspect_err(|_| {
            // What it has got is of no use.
            let _ = self.cut_chain(fcb, before.saturating_mul(self.geometry.cluster_size));
        })
    }

    /// Bytes that the file of `file` could have: what is free, and what it has.
    ///
    /// # Errors
    /// What corrupt volumes and devices give.
    pub fn room_for_paging(&self, file: Link<FileObject>) -> Result<u64, NtStatus> {
        let clusters = u64::from(self.free_clusters()?) + u64::from(self.fcb(file).clusters.get());
        Ok(clusters * u64::from(self.geometry.cluster_size))
    }
}

/// The larger of two runs, the first where they are equal.
fn larger(one: Option<ClusterRun>, other: Option<ClusterRun>) -> Option<ClusterRun> {
    let count = |run: Option<ClusterRun>| run.map_or(0, |run| run.count);
    if count(other) > count(one) { other } else { one }
}

#[cfg(test)]
mod tests;
