//! Writing the dirty pages of a file's data: which are next, and what becomes of them.
//!
//! Nothing here writes: the caller gets neighbouring pages to write, and says how that ended. While a page is being written it may
//! be stored to again; then it is dirty again, and will be written again.
//!
//! * **S6** A frame that is being written has a reference for the write.
//! * **S7** The frames on ModifiedNoWrite, and no others that are parked and dirty, hold pages of sections that only their owner
//!   writes.

use abi::cell::Link;
use abi::nt::file::FileObject;

use super::cluster::{Cluster, MOST_WRITTEN};
use super::records::{ControlArea, ControlAreaFlags, Subsection};
use crate::MemoryManager;
use crate::events::Cause;
use crate::frame::{END_OF_LIST, Flags, Location, Mmpfn};
use crate::layout::FrameNumber;
use crate::machine::Machine;
use crate::pte::{PROTOTYPE, PagingFilePage, PteCell};

/// Neighbouring pages to be written to a file. Their frames are referenced until the write is complete (S6).
#[derive(Debug, PartialEq)]
#[must_use]
pub struct WriteRequest {
    /// The file.
    pub file: Link<FileObject>,
    /// Where in it the first page starts, in bytes.
    pub offset: u64,
    /// Bytes that the file has there, 1 to 65,536: whole pages but for the last.
    pub bytes: u32,
    /// Where from.
    pub frames: Cluster,
    /// Of a write to a paging file, the place of the first page.
    pub(crate) place: Option<PagingFilePage>,
}

impl WriteRequest {
    /// A write to a file that is no paging file to the memory manager.
    pub const fn new(file: Link<FileObject>, offset: u64, bytes: u32, frames: Cluster) -> Self {
        Self { file, offset, bytes, frames, place: None }
    }
}

/// What is to be written next.
#[derive(Debug, PartialEq)]
#[must_use]
pub enum DirtyRun {
    /// Write this, call [`MemoryManager::complete_write`].
    Write(WriteRequest),
    /// This page is being written already, from this frame. Who must know that it is on its medium waits and asks again, others ask
    /// for what is behind it.
    Busy(u32, FrameNumber),
    /// Nothing.
    Clean,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// The medium has it.
    Done,
    /// It has not; the pages are dirty as before.
    Failed,
}

impl<M: Machine> MemoryManager<M> {
    /// The first dirty pages of the data file `control_area` among those numbered `from..until`, up to [`MOST_WRITTEN`] neighbours: from now on
    /// they count as clean and as being written. What processes have stored through views and only their PTEs know is not found:
    /// see [`gather_dirty`](crate::address_space::AddressSpace::gather_dirty).
    #[doc(alias = "MiFlushSectionInternal")]
    pub fn next_dirty_run(&self, control_area: Link<ControlArea>, from: u32, until: u32) -> DirtyRun {
        let dirty = |(_, frame): &(u32, FrameNumber)| {
            self.frame(*frame).flags().intersects(Flags::MODIFIED | Flags::WRITE_IN_PROGRESS)
        };
        let Some((page, frame)) = self.resident_pages(control_area, from).find(dirty).filter(|(page, _)| *page < until)
        else {
            return DirtyRun::Clean;
        };
        if self.frame(frame).flags().contains(Flags::WRITE_IN_PROGRESS) {
            return DirtyRun::Busy(page, frame);
        }
        let Some(subsection) = self.subsection_of(control_area, page) else { return DirtyRun::Clean };
        DirtyRun::Write(self.start_write(subsection, page - self.first_page(subsection), until - page))
    }

    /// Starts to write the page `index` of `subsection`, which is dirty, and those behind it that are too: at most `most`.
    fn start_write(&self, subsection: Link<Subsection>, index: u32, most: u32) -> WriteRequest {
        let record = self.machine.record(subsection);
        let first: Link<PteCell> = record.subsection_base.get().offset(index * 8);
        let (file, offset, _) = self.file_page(subsection, first);
        let mut request = WriteRequest::new(file, offset, 0, Cluster::EMPTY);
        let most = most.min(record.ptes_in_subsection.get() - index).min(MOST_WRITTEN);
        for cell in (0..most).map(|page| first.offset::<PteCell>(page * 8)) {
            let Some(number) = self.resident_frame(cell) else { break };
            let frame = self.frame(number);
            let flags = frame.flags() & (Flags::MODIFIED | Flags::WRITE_IN_PROGRESS);
            if flags != Flags::MODIFIED {
                break;
            }
            if frame.reference_count.get() == 0 {
                self.unlink(number);
                frame.u2.set(0);
                self.move_frame(number, Location::Transition, Cause::Held);
            }
            self.add_reference(number);
            frame.remove_flags(Flags::MODIFIED);
            frame.insert_flags(Flags::WRITE_IN_PROGRESS);
            request.bytes += self.file_page(subsection, cell).2;
            request.frames.push(number);
        }
        request
    }

    /// Ends the write that `request` asked for.
    #[doc(alias = "MiWriteComplete")]
    pub fn complete_write(&self, request: WriteRequest, result: WriteResult) {
        for (index, number) in (0..).zip(request.frames.iter()) {
            let frame = self.frame(*number);
            frame.remove_flags(Flags::WRITE_IN_PROGRESS);
            if result == WriteResult::Failed {
                frame.insert_flags(Flags::MODIFIED);
            }
            if let Some(first) = request.place {
                self.settle_place(frame, PagingFilePage { offset: first.offset + index, ..first });
            }
            self.release_reference(*number);
        }
        if let (WriteResult::Failed, Some(first)) = (result, request.place) {
            self.quarantine(first.file, first.offset, request.frames.len() as u32);
        }
    }

    /// The page of a file that has been dirty and mapped by nobody for the longest time.
    #[doc(alias = "MiGatherMappedPages")]
    pub fn next_modified_file_page(&self) -> Option<(Link<ControlArea>, u32)> {
        let mut next = self.frames.list(Location::Modified).flink.get();
        while next != END_OF_LIST {
            let frame = self.frame(FrameNumber(next));
            if let Some(subsection) = self.subsection_of_frame(frame)
                && self.is_file_page(frame)
            {
                return Some(self.page_of_prototype(subsection, frame.pte()));
            }
            next = frame.u1.get();
        }
        None
    }

    /// The subsection that the page in `frame` belongs to, where that is a page of a file.
    #[inline(always)]
    pub(crate) fn subsection_of_frame(&self, frame: &Mmpfn) -> Option<Link<Subsection>> {
        // What a page of a section had before is never a valid entry: the bit alone tells.
        let original = &frame.original_pte;
        let of_section = frame.flags().contains(Flags::PROTOTYPE) && original.low.get() & PROTOTYPE as u32 != 0;
        of_section.then(|| Link::new(original.high.get()))
    }

    /// Whether the page in `frame` is written to a file that it belongs to: what was stored in an image never is.
    pub(crate) fn is_file_page(&self, frame: &Mmpfn) -> bool {
        self.subsection_of_frame(frame)
            .is_some_and(|subsection| self.is_data_file(self.machine.record(subsection).control_area.get()))
    }

    /// Whether the page in `frame` is written by its section's owner only (S7).
    pub(crate) fn is_written_by_owner(&self, frame: &Mmpfn) -> bool {
        self.subsection_of_frame(frame).is_some_and(|subsection| {
            let area = self.machine.record(self.machine.record(subsection).control_area.get());
            ControlAreaFlags::from_bits_truncate(area.flags.get()).contains(ControlAreaFlags::NO_MODIFIED_WRITING)
        })
    }

    /// Whether any page of the data file `control_area` is dirty or being written.
    pub fn is_dirty(&self, control_area: Link<ControlArea>) -> bool {
        self.resident_pages(control_area, 0)
            .any(|(_, frame)| self.frame(frame).flags().intersects(Flags::MODIFIED | Flags::WRITE_IN_PROGRESS))
    }
}
