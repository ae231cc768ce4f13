//! The audit of what is open on a volume: FCBs against the file objects, sections and locks there are.
//!
//! Whoever calls sees to it that nobody is about to open or close a file: the volume's lock is theirs, or nobody's.

use alloc::vec::Vec;

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::nt::process::Eprocess;
use mm::machine::Machine;
use mm::section::{ControlArea, ControlAreaFlags};
use ob::Kind;

use crate::chain::nth_run;
use crate::device::{BlockDevice, SECTOR};
use crate::fcb::{Fcb, ShareAccess, fcb_flags};
use crate::lock::LockCorruption;
use crate::open::file_flags;
use crate::share::Sharing;
use crate::volume::Volume;

/// What is wrong with what is open on a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileCorruption {
    /// File objects that lead to an FCB, and how many it records; none for an FCB that is not on the list.
    I1 {
        /// The FCB.
        fcb: Link<Fcb>,
        /// Found.
        found: u32,
        /// `open_count`.
        recorded: u32,
    },
    /// A run of a file that is out of order or off the volume, by its number; the number of runs where their sum is wrong.
    I2(Link<Fcb>, u32),
    /// Sizes that contradict each other.
    I4(Link<Fcb>),
    /// The count of handles or of those who share is not what the file objects say.
    I6(Link<Fcb>),
    /// A deleted file that somebody has a handle to, or a deletion that nobody waits for.
    I7(Link<Fcb>),
    /// A section that its file does not name, or a file that names another's.
    I8(Link<ControlArea>),
    /// File objects found, and how many the type records.
    O3 {
        /// Found.
        found: u32,
        /// `TotalNumberOfObjects`.
        recorded: u32,
    },
    /// The locks of a file.
    Locks(Link<Fcb>, LockCorruption),
}

/// What the file objects of one FCB add up to.
struct Users {
    open: u32,
    clean: u32,
    share: ShareAccess,
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Checks I1, I2, I4 and I6 to I8, O3 of file objects, and the locks; how many files there are. `has_handle` tells whether a
    /// process has a handle to a file object. Without memory for a list of the file objects nothing is checked.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn verify_files(
        &self,
        has_handle: impl Fn(Link<Eprocess>, Link<FileObject>) -> bool,
    ) -> Result<u32, FileCorruption> {
        let recorded = self.objects.count(Kind::File);
        let (mut objects, mut found) = (Vec::<Link<FileObject>>::new(), 0);
        if objects.try_reserve_exact(recorded as usize).is_err() {
            return Ok(0);
        }
        self.objects.each_unnamed(|object| {
            found += 1;
            if found <= recorded {
                objects.push(object);
            }
        });
        if found != recorded {
            return Err(FileCorruption::O3 { found, recorded });
        }
        objects.retain(|object| self.record(*object).fs_context.get() != 0 && self.is_own(*object));
        let (mut files, mut users) = (0, 0);
        for fcb in self.open_files() {
            users += self.verify_users(fcb, &objects)?;
            self.verify_runs(fcb)?;
            self.verify_locks(fcb, &has_handle).map_err(|found| FileCorruption::Locks(fcb, found))?;
            files += 1;
        }
        if users != objects.len() as u32 {
            return Err(self.stray(&objects));
        }
        self.verify_areas()?;
        Ok(files)
    }

    /// Whether `file` is on this volume.
    fn is_own(&self, file: Link<FileObject>) -> bool {
        self.record(file).device_object.get() == self.device_object.get()
    }

    /// The first file object whose FCB is not on the list.
    fn stray(&self, objects: &[Link<FileObject>]) -> FileCorruption {
        let fcb = |object: &Link<FileObject>| self.fcb_of(*object);
        let stray = objects.iter().map(fcb).find(|fcb| !self.open_files().any(|other| other == *fcb));
        FileCorruption::I1 { fcb: stray.unwrap_or(Link::NULL), found: objects.len() as u32, recorded: 0 }
    }

    /// I1, I4, I6 and I7 of one file; how many file objects lead to it.
    fn verify_users(&self, fcb: Link<Fcb>, objects: &[Link<FileObject>]) -> Result<u32, FileCorruption> {
        let record = self.record(fcb);
        let mut users = Users { open: 0, clean: 0, share: ShareAccess::empty() };
        for object in objects.iter().filter(|object| self.fcb_of(**object) == fcb) {
            let object = self.record(*object);
            users.open += 1;
            if object.flags.get() & file_flags::CLEANUP_COMPLETE == 0 {
                users.clean += 1;
                users.share.add(&Sharing::of(object));
            }
        }
        let recorded = record.open_count.get();
        if users.open != recorded || recorded == 0 {
            return Err(FileCorruption::I1 { fcb, found: users.open, recorded });
        }
        if record.valid_data_length.get() > record.file_size.get() {
            return Err(FileCorruption::I4(fcb));
        }
        if users.clean != record.clean_count.get() || !users.share.is_like(&record.share) {
            return Err(FileCorruption::I6(fcb));
        }
        if record.has(fcb_flags::DELETED) && users.clean > 0 {
            return Err(FileCorruption::I7(fcb));
        }
        Ok(users.open)
    }

    /// I2 of one file.
    fn verify_runs(&self, fcb: Link<Fcb>) -> Result<(), FileCorruption> {
        let record = self.record(fcb);
        if record.is_directory() {
            return Ok(());
        }
        let (count, per_cluster) = (record.run_count.get(), self.geometry.cluster_sectors());
        let data = [self.geometry.data_start, self.geometry.data_end].map(|bytes| bytes / u64::from(SECTOR));
        let mut sectors = 0;
        for index in 0..count {
            let run = self.record(nth_run(record.runs.get(), index));
            let (at, length) = (run.volume_sector.get(), run.count.get());
            let fits = u64::from(at) >= data[0] && u64::from(at) + u64::from(length) <= data[1];
            if !fits || length == 0 || run.file_sector.get() != sectors {
                return Err(FileCorruption::I2(fcb, index));
            }
            sectors += length;
        }
        let clusters = record.clusters.get();
        let enough = record.allocation(self.geometry.cluster_size) >= u64::from(record.file_size.get());
        let sound = enough && sectors == clusters * per_cluster && count <= record.run_capacity.get();
        if sound { Ok(()) } else { Err(FileCorruption::I2(fcb, count)) }
    }

    /// I8.
    fn verify_areas(&self) -> Result<(), FileCorruption> {
        for area in self.memory().control_areas() {
            let record = self.record(area);
            let Some(file) = record.file_pointer.get().some() else { continue };
            // The section over the volume itself belongs to no file.
            if self.record(file).fs_context.get() == 0 || !self.is_own(file) {
                continue;
            }
            let pointers = &self.fcb(file).section_object_pointers;
            let flags = ControlAreaFlags::from_bits_truncate(record.flags.get());
            let is_image = flags.contains(ControlAreaFlags::IMAGE);
            let place = if is_image { &pointers.image_section_object } else { &pointers.data_section_object };
            if place.get() != area.address() {
                return Err(FileCorruption::I8(area));
            }
        }
        for fcb in self.open_files() {
            let pointers = &self.record(fcb).section_object_pointers;
            for place in [&pointers.data_section_object, &pointers.image_section_object] {
                let Some(area) = Link::<ControlArea>::new(place.get()).some() else { continue };
                let is_own = |area| self.fcb_of(self.record::<ControlArea>(area).file_pointer.get()) == fcb;
                if !self.memory().control_areas().any(|other| other == area) || !is_own(area) {
                    return Err(FileCorruption::I8(area));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
