//! Writing files: sectors straight to the device, through the runs, and the sizes that go with them.
//!
//! Source: statuses as XP's FAT file system gives them.

use alloc::vec::Vec;

use abi::cell::Link;
use abi::file::{FILE_NOTIFY_CHANGE_ATTRIBUTES, FILE_NOTIFY_CHANGE_LAST_WRITE, FILE_NOTIFY_CHANGE_SIZE};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::machine::Machine;

use crate::changes::Action;
use crate::device::{BlockDevice, SECTOR};
use crate::entry::rounded;
use crate::fcb::Fcb;
use crate::open::file_flags;
use crate::volume::Volume;

const SECTOR_LENGTH: usize = SECTOR as usize;
/// What is another of a file that was emptied.
const OVERWRITTEN: u32 = FILE_NOTIFY_CHANGE_ATTRIBUTES | FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE;
/// Bytes written to the device at once, where there is memory for them.
const BUFFER: usize = 128 * SECTOR as usize;

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Writes `from` at `offset` (bytes) of `file`, past the pages that are in memory; the file becomes longer where it must. How
    /// many bytes.
    ///
    /// # Errors
    /// DISK_FULL, and nothing has changed; INVALID_DEVICE_REQUEST for a directory, INSUFFICIENT_RESOURCES, DEVICE_DATA_ERROR.
    #[doc(alias = "FatCommonWrite")]
    pub fn write(&self, file: Link<FileObject>, offset: u64, from: &[u8]) -> Result<u32, NtStatus> {
        let fcb = self.fcb(file);
        if fcb.is_directory() {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        if from.is_empty() {
            return Ok(0);
        }
        let (offset, end) = span(offset, from.len())?;
        self.extend_chain(fcb, u64::from(end))?;
        self.mark_open()?;
        self.zero_to(fcb, offset)?;
        let mut rest = from;
        self.put(fcb, offset, from.len() as u32, |bytes| {
            let (now, later) = rest.split_at(bytes.len());
            bytes.copy_from_slice(now);
            rest = later;
        })?;
        fcb.valid_data_length.update(|valid| valid.max(end));
        let longer = if end > fcb.file_size.get() { file_flags::SIZE_CHANGED } else { 0 };
        fcb.file_size.update(|size| size.max(end));
        self.record(file).flags.set_bits(file_flags::MODIFIED | longer);
        self.note_written(fcb, self.sets_write_time(file));
        self.tell(self.fcb_of(file), fcb.file_size.get().min(fcb.valid_data_length.get()))?;
        Ok(from.len() as u32)
    }

    /// Whether what `file` writes changes the time of the last write: not where its user has set it.
    fn sets_write_time(&self, file: Link<FileObject>) -> bool {
        self.record(file).flags.get() & file_flags::KEEPS_WRITE_TIME == 0
    }

    /// Fills the file with zeros from where its valid data ends up to `end`, which is within its clusters.
    pub(crate) fn zero_to(&self, fcb: &Fcb, end: u32) -> Result<(), NtStatus> {
        let from = fcb.valid_data_length.get();
        if end > from {
            self.mark_open()?;
            self.put(fcb, from, end - from, |bytes| bytes.fill(0))?;
            fcb.valid_data_length.set(end);
        }
        Ok(())
    }

    /// Writes `length` bytes from `offset` on, all within the file's clusters; `fill` gives them piece by piece.
    fn put(&self, fcb: &Fcb, offset: u32, length: u32, mut fill: impl FnMut(&mut [u8])) -> Result<(), NtStatus> {
        let (mut small, mut large) = ([0; SECTOR as usize], Vec::new());
        let mut buffer = &mut small[..];
        if length > SECTOR && large.try_reserve_exact(BUFFER.min(length as usize + 2 * SECTOR_LENGTH)).is_ok() {
            large.resize(large.capacity() / SECTOR_LENGTH * SECTOR_LENGTH, 0);
            buffer = &mut large[..];
        }
        let (mut at, mut left) = (offset, length);
        while left > 0 {
            let (sector, available) = self.place_of(fcb, at / SECTOR).ok_or(NtStatus::FILE_CORRUPT_ERROR)?;
            let skip = (at % SECTOR) as usize;
            let count = (available as usize).saturating_mul(SECTOR_LENGTH).min(buffer.len());
            let bytes = (count - skip).min(left as usize);
            let sectors = &mut buffer[..(skip + bytes).next_multiple_of(SECTOR as usize)];
            self.read_around(fcb, u64::from(sector), at - skip as u32, sectors, skip..skip + bytes)?;
            fill(&mut sectors[skip..skip + bytes]);
            self.device.write(u64::from(sector), sectors)?;
            at += bytes as u32;
            left -= bytes as u32;
        }
        Ok(())
    }

    /// Reads what stays of the first and the last of the sectors from `sector` on, of which the bytes in `written` are replaced;
    /// they begin at `start` of the file. What is no valid data becomes zeros.
    fn read_around(
        &self,
        fcb: &Fcb,
        sector: u64,
        start: u32,
        sectors: &mut [u8],
        written: core::ops::Range<usize>,
    ) -> Result<(), NtStatus> {
        let valid = fcb.valid_data_length.get().saturating_sub(start) as usize;
        let length = SECTOR as usize;
        let last = sectors.len() - length;
        if written.start > 0 {
            self.device.read(sector, &mut sectors[..length])?;
        }
        if written.end < sectors.len() && (last > 0 || written.start == 0) {
            match written.end < valid {
                true => self.device.read(sector + (last / length) as u64, &mut sectors[last..])?,
                false => sectors[last..].fill(0),
            }
        }
        let end = sectors.len();
        sectors[valid.min(end)..].fill(0);
        Ok(())
    }

    /// Readies the file to be written through its pages up to `end` (bytes): it has clusters for that.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn prepare_write(&self, file: Link<FileObject>, end: u64) -> Result<(), NtStatus> {
        let fcb = self.fcb(file);
        let (_, end) = span(end, 0)?;
        self.extend_chain(fcb, u64::from(end))?;
        self.mark_open()
    }

    /// The file is about to be written through its pages up to `end`, for which it has clusters: it is that long now.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    pub fn grow(&self, file: Link<FileObject>, end: u64) -> Result<(), NtStatus> {
        let fcb = self.fcb(file);
        let (_, end) = span(end, 0)?;
        if end > fcb.file_size.get() {
            self.resize_area(fcb, end)?;
            fcb.file_size.set(end);
            self.record(file).flags.set_bits(file_flags::SIZE_CHANGED);
        }
        self.record(file).flags.set_bits(file_flags::MODIFIED);
        self.note_written(fcb, self.sets_write_time(file));
        Ok(())
    }

    /// Makes the file `size` bytes long. What it gains is zeros, and takes its clusters now.
    ///
    /// # Errors
    /// As [`Self::write`].
    #[doc(alias = "FatSetEndOfFileInfo")]
    pub fn set_end_of_file(&self, file: Link<FileObject>, size: u64) -> Result<(), NtStatus> {
        let fcb = self.fcb(file);
        if fcb.is_directory() {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        let (_, size) = span(size, 0)?;
        self.extend_chain(fcb, u64::from(size))?;
        let old = fcb.file_size.get();
        self.resize_area(fcb, size)?;
        fcb.file_size.set(size);
        if size < old {
            fcb.valid_data_length.update(|valid| valid.min(size));
        }
        if size != old {
            self.record(file).flags.set_bits(file_flags::MODIFIED);
            self.note_written(fcb, self.sets_write_time(file));
            self.tell(self.fcb_of(file), fcb.valid_data_length.get())?;
            self.note_change(self.fcb_of(file), Action::Modified, FILE_NOTIFY_CHANGE_SIZE);
        }
        // Clusters that were allocated beyond the old end go, too, where the file became shorter.
        if size < old { self.cut_chain(fcb, size) } else { Ok(()) }
    }

    /// Gives the file clusters for `bytes` bytes, and takes those from it that this many do not need, with the data in them.
    ///
    /// # Errors
    /// As [`Self::write`].
    #[doc(alias = "FatSetAllocationInfo")]
    pub fn set_allocation(&self, file: Link<FileObject>, bytes: u64) -> Result<(), NtStatus> {
        let fcb = self.fcb(file);
        if fcb.is_directory() {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        if bytes < u64::from(fcb.file_size.get()) {
            self.set_end_of_file(file, bytes)?;
        }
        self.extend_chain(fcb, bytes)?;
        self.cut_chain(fcb, u32::try_from(bytes).unwrap_or(u32::MAX))
    }

    /// Empties the file, which gets `attributes`, and new times.
    #[doc(alias = "FatSupersedeOrOverwriteFile")]
    pub(crate) fn overwrite(&self, fcb: Link<Fcb>, attributes: u32, keeps_old: bool) -> Result<(), NtStatus> {
        let record = self.record(fcb);
        self.resize_area(record, 0)?;
        record.file_size.set(0);
        record.valid_data_length.set(0);
        record.attributes.update(|old| if keeps_old { old | attributes } else { attributes });
        if !keeps_old {
            record.creation_time.set(rounded([self.now(); 3])[0]);
        }
        self.note_written(record, true);
        self.tell(fcb, 0)?;
        self.note_change(fcb, Action::Modified, OVERWRITTEN);
        self.cut_chain(record, 0)
    }
}

/// Where `length` bytes from `offset` on begin and end: a file of FAT is shorter than 4 GB.
fn span(offset: u64, length: usize) -> Result<(u32, u32), NtStatus> {
    let end = offset.checked_add(length as u64).and_then(|end| u32::try_from(end).ok());
    let end = end.ok_or(NtStatus::DISK_FULL)?;
    Ok((end - length as u32, end))
}

#[cfg(test)]
pub(crate) mod tests;
