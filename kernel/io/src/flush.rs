//! When the volume's own sectors reach the disk, and in which order: what a loss of power leaves is a volume on which clusters may
//! be lost, but no entry leads to a cluster that is free, or to data that was not written.
//!
//! 1. The volume is marked open before anything else is written, and closed after everything is.
//! 2. Data is written before a flush, by whoever writes it.
//! 3. The tables are written: they only take clusters so far, and chain them. The device is flushed. Clusters of files that were
//!    on the disk before are made to lead to the new ones, and the same again.
//! 4. Directories are written, which now may tell of new clusters, and no longer of old ones. The device is flushed.
//! 5. Chains that have become shorter are ended, and the device is flushed.
//! 6. Only now are clusters freed that nothing on the disk leads to any more.
//!
//! Source: Microsoft, "FAT: General Overview of On-Disk Format", 1.03, for the marks.

use abi::cell::Link;
use abi::status::NtStatus;
use mm::machine::Machine;

use crate::device::{BlockDevice, SECTOR};
use crate::fcb::{Fcb, fcb_flags};
use crate::source::Sectors;
use crate::table::TableEntry;
use crate::volume::Volume;

/// The volume is marked open on the disk.
const OPEN: u32 = 1;
/// It was found marked: it was not closed when it was used last, and stays marked until somebody has checked it.
const FOUND_OPEN: u32 = 2;
/// Something was written that the tables will lead to.
pub(crate) const FRESH: u32 = 4;
/// The lowest bit of the boot sector's flags.
const BOOT_FLAG: u8 = 1;
/// Where in the information sector the numbers stand: free clusters, and where to look for one.
const FREE_COUNT: u64 = 488;
/// No number.
const NOT_TOLD: u32 = u32::MAX;

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Looks whether the volume was closed when it was used last.
    pub(crate) fn read_mark(&self) -> Result<(), NtStatus> {
        let mut flags = [0];
        self.read_bytes(self.geometry.flags_at(), &mut flags)?;
        self.mark.set(if flags[0] & BOOT_FLAG == 0 { 0 } else { FOUND_OPEN });
        Ok(())
    }

    /// Whether the volume was not closed when it was used last.
    pub fn was_found_open(&self) -> bool {
        self.mark.get() & FOUND_OPEN != 0
    }

    /// Marks the volume on the disk as one that is being written, unless it is marked.
    #[doc(alias = "FatMarkVolume")]
    pub(crate) fn mark_open(&self) -> Result<(), NtStatus> {
        if self.mark.get() & OPEN == 0 {
            self.set_mark(true, NOT_TOLD, NOT_TOLD)?;
            self.mark.set_bits(OPEN);
        }
        Ok(())
    }

    fn set_mark(&self, is_open: bool, free: u32, next: u32) -> Result<(), NtStatus> {
        let mut flags = [0];
        self.read_bytes(self.geometry.flags_at(), &mut flags)?;
        flags[0] = if is_open || self.was_found_open() { flags[0] | BOOT_FLAG } else { flags[0] & !BOOT_FLAG };
        self.write_bytes(self.geometry.flags_at(), &flags)?;
        self.set_closed_in_table(!is_open && !self.was_found_open())?;
        if self.geometry.information_sector != 0 {
            let mut numbers = [0; 8];
            numbers[..4].copy_from_slice(&free.to_le_bytes());
            numbers[4..].copy_from_slice(&next.to_le_bytes());
            self.write_bytes(self.geometry.information_sector + FREE_COUNT, &numbers)?;
        }
        // The first sector of a table with the mark in it has nothing else to be written now: either nothing has changed, or
        // everything has been flushed.
        self.write_out(0..self.geometry.tables_end() / u64::from(SECTOR))?;
        Ok(self.device.flush()?)
    }

    /// Writes what has changed of tables and directories, in an order that keeps the volume whole.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR; what was not written waits for the next flush.
    pub fn flush_metadata(&self) -> Result<(), NtStatus> {
        let tables = 0..self.geometry.tables_end() / u64::from(SECTOR);
        if !self.has_dirty_sectors() && self.freed.lock().is_empty() && self.links.lock().is_empty() {
            return Ok(());
        }
        if self.mark.get() & FRESH != 0 {
            self.device.flush()?;
            self.mark.clear_bits(FRESH);
        }
        self.write_out(tables.clone())?;
        self.device.flush()?;
        if self.link_chained()? {
            self.write_out(tables.clone())?;
            self.device.flush()?;
        }
        if self.write_out(tables.end..self.device.sectors())? || !self.freed.lock().is_empty() {
            self.device.flush()?;
        }
        if self.cut_forgotten()? {
            self.write_out(tables.clone())?;
            self.device.flush()?;
        }
        if self.free_forgotten()? {
            self.write_out(tables)?;
        }
        Ok(())
    }

    /// Makes the clusters lead on that wait for it; whether there were any. All clusters of files are chained on the disk now.
    fn link_chained(&self) -> Result<bool, NtStatus> {
        let mut any = false;
        loop {
            let Some((last, first)) = self.links.lock().last().copied() else { break };
            self.link_cluster(last, first)?;
            self.links.lock().pop();
            any = true;
        }
        self.open_files().for_each(|fcb| self.record(fcb).chained.set(self.record(fcb).clusters.get()));
        Ok(any)
    }

    /// Ends the chains of files whose last clusters are to be freed; whether there were any.
    fn cut_forgotten(&self) -> Result<bool, NtStatus> {
        let (mut index, mut any) = (0, false);
        loop {
            let Some(freed) = self.freed.lock().get(index).copied() else { return Ok(any) };
            if let Some(after) = freed.after
                && self.table_entry(after)? == TableEntry::Next(freed.run.first)
            {
                self.end_chain(after)?;
                any = true;
            }
            index += 1;
        }
    }

    /// Frees the clusters that nothing on the disk leads to any more; whether there were any.
    fn free_forgotten(&self) -> Result<bool, NtStatus> {
        let mut any = false;
        loop {
            let Some(freed) = self.freed.lock().last().copied() else { return Ok(any) };
            if let Err((left, status)) = self.free_run(freed.run) {
                // What is free already may be somebody else's when the rest is tried again.
                if let Some(freed) = self.freed.lock().last_mut() {
                    freed.run.count = left;
                }
                return Err(status);
            }
            self.freed.lock().pop();
            any = true;
        }
    }

    /// Tells what has changed of a file in its directory entry, after its dirty pages have been written: what is not written yet
    /// of it is zeros now.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR.
    pub fn tell_all(&self, fcb: Link<Fcb>) -> Result<(), NtStatus> {
        let record = self.record(fcb);
        if record.has(fcb_flags::DELETED) {
            return Ok(());
        }
        let size = record.file_size.get();
        self.zero_to(record, size)?;
        match record.has(fcb_flags::ENTRY_STALE) || record.told_size.get() != size {
            true => self.tell(fcb, size),
            false => Ok(()),
        }
    }

    /// Tells what has been written of a file: all of it, unless more has come since.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR.
    pub fn tell_written(&self, fcb: Link<Fcb>) -> Result<(), NtStatus> {
        let record = self.record(fcb);
        match self.has_dirty_pages(fcb) {
            true => self.tell(fcb, record.file_size.get().min(record.valid_data_length.get())),
            false => self.tell_all(fcb),
        }
    }

    /// Returns when what was written to the device is safe.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR.
    pub fn flush_device(&self) -> Result<(), NtStatus> {
        Ok(self.device.flush()?)
    }

    /// Writes everything that has changed.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR.
    #[doc(alias = "FatFlushVolume")]
    pub fn flush(&self) -> Result<(), NtStatus> {
        let mut result = Ok(());
        for fcb in self.open_files() {
            result = result.and(self.tell_written(fcb));
        }
        result?;
        self.flush_metadata()?;
        Ok(self.device.flush()?)
    }

    /// Whether nothing waits to be written.
    pub fn is_quiet(&self) -> bool {
        !self.has_dirty_sectors()
            && self.freed.lock().is_empty()
            && !self.open_files().any(|fcb| self.has_dirty_pages(fcb) || self.record(fcb).has(fcb_flags::ENTRY_STALE))
    }

    /// Writes everything that has changed, and marks the volume closed: the machine stops, or nothing has been written for a
    /// while.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR; the volume stays marked open.
    #[doc(alias = "FatCheckForDirtyVolume")]
    pub fn close_volume(&self) -> Result<(), NtStatus> {
        if self.mark.get() & OPEN == 0 {
            return Ok(());
        }
        self.flush()?;
        let free = self.free_in_table()?;
        self.set_mark(false, free, self.next_free.get())?;
        self.mark.clear_bits(OPEN);
        Ok(())
    }

    /// Writes everything, and gives all memory back: nobody has anything open on the volume.
    ///
    /// # Errors
    /// DEVICE_DATA_ERROR; what could not be written is lost.
    #[doc(alias = "FatPerformDismount")]
    pub fn unmount(self) -> Result<(), NtStatus> {
        self.forget_unused(0);
        let closed = self.close_volume();
        self.metadata.delete(self.objects);
        self.delete_list();
        closed
    }
}
