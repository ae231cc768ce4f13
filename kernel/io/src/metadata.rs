//! The volume's own sectors: boot sector, tables, directories. They are read and written through the pages of a section over the
//! whole volume, whose dirty pages nobody writes but a flush of the volume, in an order that a loss of power cannot turn against it
//! (`flush`). So they wait on ModifiedNoWrite, however short of frames the machine is.
//!
//! * **I5** Between flushes no sector of the volume's own reaches the device, but those that say that the volume is open, and the
//!   clusters of directories before anything leads to them.

use alloc::vec::Vec;
use core::ops::Range;

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use mm::fault::{InPageRequest, ReadResult};
use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::machine::Machine;
use mm::section::{Cluster, ControlArea, ControlAreaFlags, DirtyRun, HeldPage, Need, WriteResult};
use ob::ObjectManager;
use spin::Mutex;

use crate::device::{BlockDevice, DeviceError, Direction, Piece, SECTOR};
use crate::file_object;
use crate::source::Sectors;
use crate::volume::Volume;

/// Sectors of a page.
const PAGE_SECTORS: u64 = (PAGE_SIZE / SECTOR) as u64;

/// The section over a volume, and the file object that stands for the volume in it.
pub(crate) struct Metadata {
    file: Link<FileObject>,
    area: Link<ControlArea>,
    /// Sectors that wait to be written, in order. A page may hold a file's data beside them, which goes its own way.
    dirty: Mutex<Vec<u64>>,
}

impl Metadata {
    /// The section over a volume of `sectors` sectors.
    pub fn create<M: Machine>(objects: &ObjectManager<'_, M>, sectors: u64) -> Result<Self, NtStatus> {
        let file = objects.create::<FileObject>().map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        file_object::lead_to(objects, file, Link::NULL);
        let (bytes, flags) = (sectors * u64::from(SECTOR), ControlAreaFlags::NO_MODIFIED_WRITING);
        match objects.memory().create_data_file(file, bytes, flags) {
            Ok(area) => Ok(Self { file, area, dirty: Mutex::new(Vec::new()) }),
            Err(status) => {
                release(objects, file);
                Err(status)
            }
        }
    }

    /// Gives it back; what is dirty is lost.
    pub fn delete<M: Machine>(&self, objects: &ObjectManager<'_, M>) {
        let _ = objects.memory().truncate_data_file(self.area, 0);
        objects.memory().delete_section(self.area);
        release(objects, self.file);
    }

    /// The file object that stands for the volume.
    pub fn file(&self) -> Link<FileObject> {
        self.file
    }
}

impl Metadata {
    /// Notes that `sector` waits to be written.
    fn note(&self, sector: u64) -> Result<(), DeviceError> {
        let mut dirty = self.dirty.lock();
        if let Err(place) = dirty.binary_search(&sector) {
            dirty.try_reserve(1).map_err(|_| DeviceError::NoMemory)?;
            dirty.insert(place, sector);
        }
        Ok(())
    }

    /// The first sectors of `range` that wait and follow each other.
    fn waiting(&self, range: Range<u64>) -> Option<Range<u64>> {
        let dirty = self.dirty.lock();
        let from = dirty.partition_point(|sector| *sector < range.start);
        let first = *dirty.get(from).filter(|sector| **sector < range.end)?;
        let count = dirty[from..].iter().zip(first..range.end).take_while(|(sector, next)| *sector == next).count();
        Some(first..first + count as u64)
    }

    /// The sectors of `range` have been written.
    fn written(&self, range: &Range<u64>) {
        self.dirty.lock().retain(|sector| !range.contains(sector));
    }
}

fn release<M: Machine>(objects: &ObjectManager<'_, M>, file: Link<FileObject>) {
    if let Some(condemned) = objects.release(file) {
        file_object::delete(objects, condemned);
    }
}

/// Pages of the volume's own sectors that stay in memory.
#[must_use = "dropping it lets the pages go"]
pub(crate) struct HeldSectors<'v, M: Machine, D: BlockDevice> {
    volume: &'v Volume<'v, M, D>,
    frames: Vec<FrameNumber>,
}

impl<M: Machine, D: BlockDevice> Drop for HeldSectors<'_, M, D> {
    fn drop(&mut self) {
        self.frames.iter().for_each(|frame| self.volume.memory().release_file_page(*frame, false));
    }
}

impl<M: Machine, D: BlockDevice> Sectors for Volume<'_, M, D> {
    fn sectors(&self) -> u64 {
        self.device.sectors()
    }

    fn read_sector(&self, sector: u64, offset: usize, into: &mut [u8]) -> Result<(), DeviceError> {
        let (frame, within) = self.hold_own(sector)?;
        self.memory().machine.read(frame, within + offset as u32, into);
        self.memory().release_file_page(frame, false);
        Ok(())
    }

    fn write_sector(&self, sector: u64, offset: usize, from: &[u8]) -> Result<(), DeviceError> {
        let (frame, within) = self.hold_own(sector)?;
        if let Err(error) = self.metadata.note(sector) {
            self.memory().release_file_page(frame, false);
            return Err(error);
        }
        self.memory().machine.write(frame, within + offset as u32, from);
        self.memory().release_file_page(frame, true);
        Ok(())
    }
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Holds the pages of `sectors`, all of which can be written then: no memory is lacking any more.
    ///
    /// # Errors
    /// [`DeviceError`], and none is held.
    pub(crate) fn hold_sectors(
        &self,
        sectors: impl Iterator<Item = u64> + Clone,
    ) -> Result<HeldSectors<'_, M, D>, DeviceError> {
        let mut held = HeldSectors { volume: self, frames: Vec::new() };
        let count = sectors.clone().count();
        held.frames.try_reserve_exact(count).map_err(|_| DeviceError::NoMemory)?;
        self.metadata.dirty.lock().try_reserve(count).map_err(|_| DeviceError::NoMemory)?;
        for sector in sectors {
            held.frames.push(self.hold_own(sector)?.0);
        }
        Ok(held)
    }

    /// Holds the page with `sector`, and where in it that is.
    fn hold_own(&self, sector: u64) -> Result<(FrameNumber, u32), DeviceError> {
        let page = u32::try_from(sector / PAGE_SECTORS).map_err(|_| DeviceError::OutOfRange)?;
        let within = (sector % PAGE_SECTORS) as u32 * SECTOR;
        loop {
            match self.memory().hold_file_page(self.metadata.area, page, Need::Contents) {
                HeldPage::Ready(frame) => return Ok((frame, within)),
                HeldPage::Unread(page) => {
                    self.read_own(self.memory().start_in_page(page).map_err(|_| self.no_frame())?)?;
                }
                // Whoever has the volume's lock is the only one to read here.
                HeldPage::Collided(_) => return Err(DeviceError::NoMemory),
                HeldPage::NoFrame => return Err(self.no_frame()),
                HeldPage::Beyond => return Err(DeviceError::OutOfRange),
            }
        }
    }

    /// Whoever asked may ask again when there is a frame.
    fn no_frame(&self) -> DeviceError {
        self.memory().note_lack_of_frame();
        DeviceError::NoMemory
    }

    /// Reads pages of the section; at least the first.
    fn read_own(&self, request: InPageRequest) -> Result<(), DeviceError> {
        let mut request = request;
        let mut result = self.transfer_own(request.offset, request.bytes, &request.frames, Direction::Read);
        if result.is_err() && request.frames.len() > 1 {
            request = self.memory().narrow_in_page(request);
            result = self.transfer_own(request.offset, request.bytes, &request.frames, Direction::Read);
        }
        let outcome = if result.is_ok() { ReadResult::Done } else { ReadResult::Failed };
        self.memory().complete_in_page(request, outcome);
        result
    }

    /// Moves `bytes` bytes of the volume from `offset` on, whole sectors, from or to `frames`; the first of them is the page in
    /// which `offset` lies.
    fn transfer_own(
        &self,
        offset: u64,
        bytes: u32,
        frames: &[FrameNumber],
        direction: Direction,
    ) -> Result<(), DeviceError> {
        let mut pieces = [Piece { frame: FrameNumber(0), offset: 0, bytes: 0 }; Cluster::MOST as usize];
        let first = (offset % u64::from(PAGE_SIZE)) as u32;
        let (mut at, mut count) = (first, 0);
        while at < first + bytes {
            let within = at % PAGE_SIZE;
            let step = (first + bytes - at).min(PAGE_SIZE - within);
            pieces[count] = Piece { frame: frames[(at / PAGE_SIZE) as usize], offset: within, bytes: step };
            (at, count) = (at + step, count + 1);
        }
        self.device.transfer(&self.memory().machine, offset / u64::from(SECTOR), direction, &pieces[..count])
    }

    /// Writes the sectors of `range` to the device that wait for it; whether there were any.
    pub(crate) fn write_out(&self, range: Range<u64>) -> Result<bool, DeviceError> {
        let (mut from, until) = ((range.start / PAGE_SECTORS) as u32, range.end.div_ceil(PAGE_SECTORS) as u32);
        let mut any = false;
        while from < until {
            let request = match self.memory().next_dirty_run(self.metadata.area, from, until) {
                DirtyRun::Clean => break,
                // Nobody else writes these pages.
                DirtyRun::Busy(..) => return Err(DeviceError::NoMemory),
                DirtyRun::Write(request) => request,
            };
            let first = request.offset / u64::from(SECTOR);
            let last = first + u64::from(request.bytes.div_ceil(SECTOR));
            from = (first / PAGE_SECTORS) as u32 + request.frames.len() as u32;
            let mut result = Ok(());
            while let Some(run) = self.metadata.waiting(first.max(range.start)..last.min(range.end)) {
                let frames = &request.frames[((run.start - first) / PAGE_SECTORS) as usize..];
                let bytes = (run.end - run.start) as u32 * SECTOR;
                result = self.transfer_own(run.start * u64::from(SECTOR), bytes, frames, Direction::Write);
                if result.is_err() {
                    break;
                }
                self.metadata.written(&run);
                any = true;
            }
            let is_clean = self.metadata.waiting(first..last).is_none();
            self.memory().complete_write(request, if is_clean { WriteResult::Done } else { WriteResult::Failed });
            result?;
        }
        Ok(any)
    }

    /// Whether any of the volume's own sectors wait to be written.
    pub(crate) fn has_dirty_sectors(&self) -> bool {
        !self.metadata.dirty.lock().is_empty()
    }
}
