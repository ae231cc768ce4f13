//! A mounted volume, and the list of what is open on it.
//!
//! Whoever calls holds the volume's lock, which is a wait and so the kernel's business (`ps`): other threads run while the device
//! works. Only pages are read and written without it.

use core::mem::offset_of;

use alloc::vec::Vec;

use abi::cell::{Field, Field64, Link, Record};
use abi::nt::device::DeviceObject;
use abi::nt::file::FileObject;
use abi::nt::list::ListEntry;
use abi::status::NtStatus;
use mm::MemoryManager;
use mm::list;
use mm::machine::Machine;
use mm::pool::Tag;
use mm::system::Exhausted;
use ob::ObjectManager;
use spin::Mutex;

use crate::chain::{Chain, Freed};
use crate::changes::Changes;
use crate::device::{BlockDevice, SECTOR};
use crate::fcb::{Fcb, fcb_flags};
use crate::file_object;
use crate::geometry::{FIRST_CLUSTER, Geometry, MountError};
use crate::locate::{FoundFile, Name};
use crate::metadata::Metadata;
use crate::path::{BACKSLASH, LONGEST_PATH, Path, same_name};
use crate::table::UNKNOWN;

const FILE: Tag = Tag(*b"FatF");
const LIST: Tag = Tag(*b"FatV");

/// A FAT volume on a device.
pub struct Volume<'m, M, D> {
    pub(crate) objects: &'m ObjectManager<'m, M>,
    pub(crate) device: D,
    /// What stands for the volume in the name space, once it does.
    pub(crate) device_object: Field<Link<DeviceObject>>,
    pub(crate) geometry: Geometry,
    /// Head of the list of FCBs.
    files: Link<ListEntry>,
    pub(crate) metadata: Metadata,
    /// Clusters to be freed when the disk has forgotten whose they were.
    pub(crate) freed: Mutex<Vec<Freed>>,
    /// Clusters of files that are to lead to others, once those are chained on the disk: which, and where to.
    pub(crate) links: Mutex<Vec<(u32, u32)>>,
    /// Free clusters in the table, or [`UNKNOWN`].
    pub(crate) free_count: Field<u32>,
    /// Where the next free cluster may be.
    pub(crate) next_free: Field<u32>,
    /// What the disk says of itself: `OpenMark` of `flush`.
    pub(crate) mark: Field<u32>,
    pub(crate) changes: Changes,
    clock: Field64,
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
        let metadata = Metadata::create(objects, device.sectors()).map_err(|_| MountError::Exhausted)?;
        let files = mm.allocate_zeroed_pool(bytes, LIST).map_err(|_| {
            metadata.delete(objects);
            MountError::Exhausted
        })?;
        list::initialise(&mm.machine, files);
        let volume = Self {
            objects,
            device,
            device_object: Field::<Link<DeviceObject>>::NULL,
            geometry,
            files,
            metadata,
            freed: Mutex::new(Vec::new()),
            links: Mutex::new(Vec::new()),
            free_count: Field::<u32>::new(UNKNOWN),
            next_free: Field::<u32>::new(FIRST_CLUSTER),
            mark: Field::<u32>::ZERO,
            changes: Changes::new(),
            clock: Field64 { low: Field::<u32>::ZERO, high: Field::<u32>::ZERO },
        };
        match volume.check_root().and_then(|()| volume.read_mark()) {
            Ok(()) => Ok(volume),
            Err(status) => {
                volume.metadata.delete(objects);
                mm.free_pool(files);
                Err(MountError::RootDirectory(status))
            }
        }
    }

    /// The volume's files are files of `device` from now on. Nothing has been opened yet.
    pub fn set_device_object(&self, device: Link<DeviceObject>) {
        self.device_object.set(device);
        file_object::lead_to(self.objects, self.metadata.file(), device);
    }

    /// What stands for the volume in the name space.
    #[inline(always)]
    pub fn device_object(&self) -> Link<DeviceObject> {
        self.device_object.get()
    }

    /// Gives the list of FCBs back, which is empty.
    pub(crate) fn delete_list(&self) {
        self.memory().free_pool(self.files);
    }

    /// Says what time it is: what is done from now on is done then.
    pub fn set_clock(&self, time: u64) {
        self.clock.set(time);
    }

    /// System time, as it was told last.
    pub(crate) fn now(&self) -> u64 {
        self.clock.get()
    }

    /// What it is on.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// Where the volume's parts are.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The FCB of `file`.
    pub fn fcb(&self, file: Link<FileObject>) -> &'m Fcb {
        self.record(self.fcb_of(file))
    }

    /// Where the FCB of `file` is.
    pub fn fcb_of(&self, file: Link<FileObject>) -> Link<Fcb> {
        Link::new(self.record(file).fs_context.get())
    }

    /// What is open on the volume.
    pub fn open_files(&self) -> impl Iterator<Item = Link<Fcb>> + '_ {
        list::entries(&self.memory().machine, self.files).map(|entry| Link::new(entry.address() - LINKS))
    }

    /// Whose directory entry is at `entry`, if somebody has it open.
    pub(crate) fn fcb_at(&self, entry: u64) -> Option<Link<Fcb>> {
        self.open_files().find(|fcb| self.record(*fcb).entry.get() == entry && self.is_named(*fcb))
    }

    fn is_named(&self, fcb: Link<Fcb>) -> bool {
        !self.record(fcb).has(fcb_flags::DELETED)
    }

    /// The FCB of the file called `name`, if somebody has it open.
    pub(crate) fn open_fcb(&self, name: &Name) -> Option<Link<Fcb>> {
        self.open_files().filter(|fcb| self.is_named(*fcb)).find(|fcb| {
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
        self.open_files().filter(|fcb| self.is_named(*fcb)).find(|fcb| {
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

    /// Makes the FCB of the file called `name`, whose clusters are `chain`, with nobody having it open.
    pub(crate) fn create_fcb(&self, name: &Name, found: &FoundFile, chain: Chain) -> Result<Link<Fcb>, Exhausted> {
        let fcb = self.allocate_fcb()?;
        self.fill_fcb(fcb, name, found, chain);
        Ok(fcb)
    }

    /// Room for the FCB of a file that is still to be made.
    pub(crate) fn allocate_fcb(&self) -> Result<Link<Fcb>, Exhausted> {
        self.memory().allocate_zeroed_pool(NAME + NAME_ROOM, FILE)
    }

    /// Makes `fcb`, just allocated, that of the file called `name`, whose clusters are `chain`.
    pub(crate) fn fill_fcb(&self, fcb: Link<Fcb>, name: &Name, found: &FoundFile, chain: Chain) {
        self.set_name(fcb, name);
        let record = self.record(fcb);
        record.attributes.set(found.attributes);
        record.file_size.set(found.size);
        record.valid_data_length.set(found.size);
        record.told_size.set(found.size);
        record.entry.set(found.entry);
        record.first_cluster.set(found.first_cluster);
        let [created, accessed, written] = found.times;
        record.creation_time.set(created);
        record.last_access_time.set(accessed);
        record.last_write_time.set(written);
        record.runs.set(chain.runs);
        record.run_count.set(chain.run_count);
        record.run_capacity.set(chain.capacity);
        record.clusters.set(chain.clusters);
        record.chained.set(chain.clusters);
        list::insert_tail(&self.memory().machine, self.files, fcb.offset(LINKS));
    }

    /// Calls the file of `fcb` `name`. The room for it is the longest's: file objects lead to it.
    pub(crate) fn set_name(&self, fcb: Link<Fcb>, name: &Name) {
        for (index, unit) in (0..LONGEST_PATH as u32).zip(name.units()) {
            self.record(fcb.offset::<Field<u16>>(NAME + index * 2)).set(*unit);
        }
        self.record(fcb).name.set(fcb.address() + NAME, size_of_val(name.units()) as u16);
    }

    /// The name of the file of `fcb`, from the root of the volume.
    pub(crate) fn name_of(&self, fcb: Link<Fcb>) -> Result<Name, NtStatus> {
        let recorded = &self.record(fcb).name;
        let units: Link<Field<u16>> = Link::new(recorded.buffer.get());
        let count = u32::from(recorded.length.get()) / 2;
        Name::copied((0..count).map(|index| self.record(units.offset::<Field<u16>>(index * 2)).get()))
    }

    /// The name of what `file` stands for, from the root of the volume: `\dir\file`.
    pub fn file_name(&self, file: Link<FileObject>) -> Vec<u16> {
        self.name_of(self.fcb_of(file)).map(|name| name.units().to_vec()).unwrap_or_default()
    }

    /// The path of what is called `name` in the directory behind `root`, an open file of the volume; of that itself where there
    /// is no name.
    ///
    /// # Errors
    /// OBJECT_NAME_INVALID for a name that begins with a backslash (a choice: what XP's FAT answers was not observed),
    /// NAME_TOO_LONG, INSUFFICIENT_RESOURCES.
    #[doc(alias = "RelatedFileObject")]
    pub fn path_below(&self, root: Link<FileObject>, name: &[u16]) -> Result<Vec<u16>, NtStatus> {
        let mut path = self.name_of(self.fcb_of(root))?;
        match name {
            [] => {}
            [BACKSLASH, ..] => return Err(NtStatus::OBJECT_NAME_INVALID),
            name if path.units() == [BACKSLASH] => path.extend(name.iter().copied())?,
            name => path.push(name.iter().copied())?,
        }
        Ok(path.into_units())
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
        debug_assert!(record.locks.get().is_null() && record.lock_waits.get().is_null(), "L4: a lock of nobody's");
        self.free_runs(record.runs.get(), record.run_capacity.get());
        list::remove(&self.memory().machine, fcb.offset(LINKS));
        self.memory().free_pool(fcb);
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
/// Room for it, in bytes.
const NAME_ROOM: u32 = 2 * LONGEST_PATH as u32;
