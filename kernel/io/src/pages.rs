//! The pages of files in memory: from and to the disk, and when they go.
//!
//! Reading and writing pages takes no lock and no memory: a thread that writes pages to get frames free must not need one. Only
//! one thread at a time writes pages, though, or changes what is valid of a file (`ps` sees to it): what lies between what is
//! valid and what is written becomes zeros first.

use abi::cell::{Field, Link};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::fault::{InPageRequest, ReadResult};
use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::machine::Machine;
use mm::section::{Cluster, ControlArea, ControlAreaFlags, Truncation, WriteRequest, WriteResult};

use crate::device::{BlockDevice, Direction, Piece, SECTOR};
use crate::fcb::{Fcb, fcb_flags};
use crate::volume::Volume;

/// Pieces of frames that are moved at once at most.
const PIECES: usize = Cluster::MOST as usize + 1;
/// Zeros that are stored in a frame at once.
const ZEROS: [u8; SECTOR as usize] = [0; SECTOR as usize];

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Reads the pages that `request` asks for into their frames; what has not been written yet is zeros.
    #[doc(alias = "IoPageRead")]
    pub fn read_pages(&self, request: &InPageRequest) -> ReadResult {
        let fcb = self.fcb(request.file);
        let end = request.offset + u64::from(request.bytes);
        if end > u64::from(fcb.file_size.get()) {
            return ReadResult::Failed;
        }
        let valid = u64::from(fcb.valid_data_length.get()).clamp(request.offset, end) - request.offset;
        let moved = self.transfer(fcb, request.offset as u32, valid as u32, &request.frames, Direction::Read);
        // The last sector brings with it what stands behind the end of what is valid.
        let (mut at, end) = (valid as u32, request.bytes.next_multiple_of(SECTOR));
        while at < end {
            let step = (end - at).min(SECTOR - at % SECTOR);
            let frame = request.frames[(at / PAGE_SIZE) as usize];
            self.memory().machine.write(frame, at % PAGE_SIZE, &ZEROS[..step as usize]);
            at += step;
        }
        if moved.is_ok() { ReadResult::Done } else { ReadResult::Failed }
    }

    /// Writes the pages of `request`.
    #[doc(alias = "IoAsynchronousPageWrite")]
    pub fn write_pages(&self, request: &WriteRequest) -> WriteResult {
        let fcb = self.fcb(request.file);
        let end = (request.offset + u64::from(request.bytes)).min(u64::from(fcb.file_size.get())) as u32;
        let Some(bytes) = end.checked_sub(request.offset as u32).filter(|_| !fcb.has(fcb_flags::DELETED)) else {
            return WriteResult::Done;
        };
        let offset = request.offset as u32;
        let written = self
            .zero_to(fcb, offset)
            .and_then(|()| self.transfer(fcb, offset, bytes, &request.frames, Direction::Write));
        match written {
            Ok(()) => {
                fcb.valid_data_length.update(|valid| valid.max(end));
                WriteResult::Done
            }
            Err(_) => WriteResult::Failed,
        }
    }

    /// Moves the `bytes` bytes of the file from `offset` on, a multiple of a sector, from or to `frames`.
    fn transfer(
        &self,
        fcb: &Fcb,
        offset: u32,
        bytes: u32,
        frames: &[FrameNumber],
        direction: Direction,
    ) -> Result<(), NtStatus> {
        let (mut at, end) = (0, bytes.next_multiple_of(SECTOR));
        while at < end {
            let place = self.place_of(fcb, (offset + at) / SECTOR).ok_or(NtStatus::FILE_CORRUPT_ERROR)?;
            let (sector, available) = place;
            let until = end.min(at.saturating_add(available.saturating_mul(SECTOR)));
            let mut pieces = [Piece { frame: FrameNumber(0), offset: 0, bytes: 0 }; PIECES];
            let mut count = 0;
            while at < until && count < PIECES {
                let within = at % PAGE_SIZE;
                let step = (until - at).min(PAGE_SIZE - within);
                pieces[count] = Piece { frame: frames[(at / PAGE_SIZE) as usize], offset: within, bytes: step };
                (count, at) = (count + 1, at + step);
            }
            self.device.transfer(&self.memory().machine, u64::from(sector), direction, &pieces[..count])?;
        }
        Ok(())
    }

    /// The control area of the data of a file, if it has one.
    pub(crate) fn area_of(&self, fcb: &Fcb) -> Option<Link<ControlArea>> {
        Link::new(fcb.section_object_pointers.data_section_object.get()).some()
    }

    /// The control area of the data of `file`, made if there is none yet. It refers to a file object, and so the FCB stays as long
    /// as it.
    ///
    /// # Errors
    /// INVALID_DEVICE_REQUEST for a directory, INSUFFICIENT_RESOURCES.
    #[doc(alias = "CcInitializeCacheMap")]
    pub fn data_area(&self, file: Link<FileObject>) -> Result<Link<ControlArea>, NtStatus> {
        let fcb = self.fcb(file);
        if fcb.is_directory() {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        if let Some(area) = self.area_of(fcb) {
            return Ok(area);
        }
        let size = u64::from(fcb.file_size.get());
        let area = self.memory().create_data_file(file, size, ControlAreaFlags::empty())?;
        self.objects.reference(file);
        fcb.section_object_pointers.data_section_object.set(area.address());
        Ok(area)
    }

    /// Whether a program has a section or a view of the file's data.
    pub(crate) fn is_mapped(&self, fcb: &Fcb) -> bool {
        self.area_of(fcb).is_some_and(|area| self.record(area).number_of_user_references.get() > 0)
    }

    /// Whether others than the volume refer to `area`.
    fn is_used(&self, area: Link<ControlArea>) -> bool {
        let record = self.record(area);
        record.number_of_section_references.get() > 1 || record.number_of_mapped_views.get() > 0
    }

    /// The file will have `size` bytes: its pages in memory are to know.
    ///
    /// # Errors
    /// USER_MAPPED_FILE, CANT_WAIT, INSUFFICIENT_RESOURCES; nothing has changed.
    pub(crate) fn resize_area(&self, fcb: &Fcb, size: u32) -> Result<(), NtStatus> {
        let Some(area) = self.area_of(fcb) else { return Ok(()) };
        if size >= fcb.file_size.get() {
            return self.memory().extend_data_file(area, u64::from(size));
        }
        self.memory().truncate_data_file(area, u64::from(size)).map_err(|truncation| match truncation {
            Truncation::UserMapped => NtStatus::USER_MAPPED_FILE,
            Truncation::Busy(_) => NtStatus::CANT_WAIT,
        })
    }

    /// Lets go of the image that was made of the file, if nobody uses it: whether there is none now.
    #[doc(alias = "MmFlushImageSection")]
    pub(crate) fn forget_image(&self, fcb: Link<Fcb>) -> bool {
        let place: &Field<u32> = &self.record(fcb).section_object_pointers.image_section_object;
        let Some(area) = Link::<ControlArea>::new(place.get()).some() else { return true };
        if !self.memory().section_is_unused(area) {
            return false;
        }
        place.set(0);
        self.delete_area(area);
        true
    }

    /// Lets go of the file's pages in memory, unless somebody uses them, or they are still to be written: whether there are none
    /// now. Of a deleted file nothing is to be written.
    #[doc(alias = "CcPurgeCacheSection")]
    pub fn forget_data(&self, fcb: Link<Fcb>) -> bool {
        let record = self.record(fcb);
        let Some(area) = self.area_of(record) else { return true };
        let is_wanted = !record.has(fcb_flags::DELETED) && self.memory().is_dirty(area);
        if is_wanted || self.is_used(area) || self.memory().truncate_data_file(area, 0).is_err() {
            return false;
        }
        record.section_object_pointers.data_section_object.set(0);
        self.delete_area(area);
        true
    }

    /// Deletes `area`, to which no file leads any more, and gives up its file object.
    fn delete_area(&self, area: Link<ControlArea>) {
        let file = self.record(area).file_pointer.get();
        self.memory().delete_section(area);
        if let Some(condemned) = self.objects.release(file) {
            self.close(condemned);
        }
    }

    /// Whether pages of the file of `file` wait to be written.
    pub fn has_dirty_pages(&self, fcb: Link<Fcb>) -> bool {
        self.area_of(self.record(fcb)).is_some_and(|area| self.memory().is_dirty(area))
    }

    /// The file object that the pages of `fcb` are read and written through, and their control area.
    pub fn cached(&self, fcb: Link<Fcb>) -> Option<(Link<FileObject>, Link<ControlArea>)> {
        self.area_of(self.record(fcb)).map(|area| (self.record(area).file_pointer.get(), area))
    }

    /// Lets go of the pages of files that nobody has a handle to, down to `most` such files, and of deleted ones.
    pub fn forget_unused(&self, most: usize) {
        let unused = || {
            self.open_files()
                .filter(|fcb| self.record(*fcb).clean_count.get() == 0 && self.area_of(self.record(*fcb)).is_some())
        };
        let mut surplus = unused().count().saturating_sub(most);
        let mut skipped = 0;
        while let Some(fcb) = unused().nth(skipped) {
            let goes = surplus > 0 || self.record(fcb).has(fcb_flags::DELETED);
            match goes && self.forget_data(fcb) {
                true => surplus = surplus.saturating_sub(1),
                false => skipped += 1,
            }
        }
    }
}
