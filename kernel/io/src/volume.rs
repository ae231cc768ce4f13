//! A mounted volume, and the list of what is open on it.

use core::mem::offset_of;

use abi::cell::{Field, Link, Record};
use abi::nt::file::FileObject;
use abi::nt::list::ListEntry;
use mm::MemoryManager;
use mm::layout::PageCount;
use mm::list;
use mm::machine::Machine;
use mm::pool::{LARGEST_BLOCK, Tag};
use mm::system::Exhausted;
use ob::{Condemned, ObjectManager};

use crate::device::{BlockDevice, SECTOR};
use crate::fcb::{Fcb, Run};
use crate::geometry::{Geometry, MountError};
use crate::locate::{FoundFile, Name};
use crate::path::{Path, same_name};

const FILE: Tag = Tag(*b"FatF");
const RUNS: Tag = Tag(*b"FatR");
const LIST: Tag = Tag(*b"FatV");

/// A FAT volume on a device.
pub struct Volume<'m, M, D> {
    pub(crate) objects: &'m ObjectManager<'m, M>,
    pub(crate) device: D,
    pub(crate) geometry: Geometry,
    /// Head of the list of FCBs.
    files: Link<ListEntry>,
}

impl<'m, M: Machine, D: BlockDevice> Volume<'m, M, D> {
    /// Mounts the volume on `device`.
    ///
    /// # Errors
    /// [`MountError`]: there is no volume, or it is corrupt, and nothing has changed.
    #[doc(alias = "FatMountVolume")]
    pub fn mount(objects: &'m ObjectManager<'m, M>, device: D) -> Result<Self, MountError> {
        let mut sector = [0; SECTOR as usize];
        device.read(0, &mut sector).map_err(MountError::Device)?;
        let geometry = Geometry::read(&sector, device.sectors().saturating_mul(u64::from(SECTOR)))?;
        let mm = objects.memory();
        let bytes = size_of::<ListEntry>() as u32;
        let files = mm.allocate_zeroed_pool(bytes, LIST).map_err(|_| MountError::Exhausted)?;
        list::initialise(&mm.machine, files);
        let volume = Self { objects, device, geometry, files };
        match volume.check_root() {
            Ok(()) => Ok(volume),
            Err(status) => {
                mm.free_pool(files);
                Err(MountError::RootDirectory(status))
            }
        }
    }

    /// Where the volume's parts are.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The FCB of `file`.
    pub fn fcb(&self, file: Link<FileObject>) -> &'m Fcb {
        self.record(self.fcb_of(file))
    }

    pub(crate) fn fcb_of(&self, file: Link<FileObject>) -> Link<Fcb> {
        Link::new(self.record(file).fs_context.get())
    }

    /// What is open on the volume.
    pub fn open_files(&self) -> impl Iterator<Item = Link<Fcb>> + '_ {
        list::entries(&self.memory().machine, self.files).map(|entry| Link::new(entry.address() - LINKS))
    }

    /// Takes a file object apart to which nobody refers any more, and deletes it.
    #[doc(alias = "IopDeleteFile")]
    pub fn close(&self, condemned: Condemned) {
        if let Some(file) = condemned.body::<FileObject>() {
            self.free_context(file);
            self.release_fcb(self.fcb_of(file));
        }
        self.objects.delete(condemned);
    }

    /// The FCB of the file called `name`, if somebody has it open.
    pub(crate) fn open_fcb(&self, name: &Name) -> Option<Link<Fcb>> {
        self.open_files().find(|fcb| {
            let recorded = &self.record(*fcb).name;
            let characters: Link<Field<u16>> = Link::new(recorded.buffer.get());
            let units = name.units();
            usize::from(recorded.length.get()) == size_of_val(units)
                && (0..)
                    .zip(units)
                    .all(|(index, unit)| self.record(characters.offset::<Field<u16>>(index * 2)).get() == *unit)
        })
    }

    /// The FCB of what `path` leads to, if somebody has it open under that name: whatever the case, but spelled out.
    pub(crate) fn open_fcb_at(&self, path: &Path<'_>) -> Option<Link<Fcb>> {
        let length = path.names().map(|name| name.len() + 1).sum::<usize>() * 2;
        self.open_files().find(|fcb| {
            let recorded = &self.record(*fcb).name;
            let characters: Link<Field<u16>> = Link::new(recorded.buffer.get());
            let unit = |index: u32| self.record(characters.offset::<Field<u16>>(index * 2)).get();
            let mut at = 0;
            length > 0
                && usize::from(recorded.length.get()) == length
                && path.names().all(|name| {
                    let start = at + 1;
                    at = start + name.len() as u32;
                    unit(start - 1) == u16::from(b'\\') && same_name(name, (start..at).map(unit))
                })
        })
    }

    /// Makes the FCB of the file called `name`, whose runs of sectors are `runs`, with nobody having it open.
    pub(crate) fn create_fcb(
        &self,
        name: &Name,
        found: &FoundFile,
        runs: (Link<Run>, u32),
    ) -> Result<Link<Fcb>, Exhausted> {
        let bytes = size_of_val(name.units()) as u32;
        let fcb: Link<Fcb> = self.memory().allocate_zeroed_pool(NAME + bytes, FILE)?;
        for (index, unit) in (0..).zip(name.units()) {
            self.record(fcb.offset::<Field<u16>>(NAME + index * 2)).set(*unit);
        }
        let record = self.record(fcb);
        record.name.set(fcb.address() + NAME, bytes as u16);
        record.attributes.set(found.attributes);
        record.file_size.set(found.size);
        record.creation_time.set(found.creation_time);
        record.last_access_time.set(found.last_access_time);
        record.last_write_time.set(found.last_write_time);
        record.runs.set(runs.0);
        record.run_count.set(runs.1);
        list::insert_tail(&self.memory().machine, self.files, fcb.offset(LINKS));
        Ok(fcb)
    }

    /// One file object fewer leads to `fcb`, or it was made in vain (I1).
    pub(crate) fn release_fcb(&self, fcb: Link<Fcb>) {
        let record = self.record(fcb);
        let users = record.open_count.update(|count| count.saturating_sub(1));
        if users > 0 {
            return;
        }
        let sections = &record.section_object_pointers;
        debug_assert!(sections.image_section_object.get() == 0, "I1: a section of a file that nobody has open");
        self.free_runs(record.runs.get(), record.run_count.get());
        list::remove(&self.memory().machine, fcb.offset(LINKS));
        self.memory().free_pool(fcb);
    }

    pub(crate) fn allocate_runs(&self, count: u32) -> Result<Link<Run>, Exhausted> {
        match run_bytes(count) {
            0 => Ok(Link::NULL),
            bytes @ 1..=LARGEST_BLOCK => self.memory().allocate_pool(bytes, RUNS),
            bytes => self.memory().allocate_pool_pages(PageCount::of_bytes(bytes).0),
        }
    }

    pub(crate) fn free_runs(&self, runs: Link<Run>, count: u32) {
        match run_bytes(count) {
            0 => {}
            1..=LARGEST_BLOCK => self.memory().free_pool(runs),
            bytes => self.memory().free_pool_pages(runs, PageCount::of_bytes(bytes).0),
        }
    }

    pub(crate) fn memory(&self) -> &'m MemoryManager<M> {
        self.objects.memory()
    }

    pub(crate) fn record<T: Record>(&self, link: Link<T>) -> &'m T {
        self.memory().machine.record(link)
    }
}

/// Offset of an FCB's place on the list.
const LINKS: u32 = offset_of!(Fcb, links) as u32;
/// Offset of an FCB's name.
const NAME: u32 = size_of::<Fcb>() as u32;

/// The run `index` of those at `runs`.
pub(crate) const fn nth_run(runs: Link<Run>, index: u32) -> Link<Run> {
    runs.offset(run_bytes(index))
}

const fn run_bytes(count: u32) -> u32 {
    count * size_of::<Run>() as u32
}
