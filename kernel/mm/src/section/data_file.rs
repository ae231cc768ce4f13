//! The data of a file as a section: one control area for each file, whose size follows the file's.
//!
//! Making it takes no page and reads nothing. The section stays when nobody uses it, with its pages, for whoever opens the file
//! next; its owner, the file system, deletes it, after what is dirty has been written.
//!
//! Source: symbol types of XP SP3; `MmCanFileBeTruncated`, `MmExtendSection`, as the documentation of file systems has them.

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;

use super::blocks::{MOST_BEHIND, SUBSECTION_SIZE};
use super::records::{ControlArea, ControlAreaFlags, SECTOR, Segment, Subsection};
use super::subsections::FILE_PROTECTION;
use crate::MemoryManager;
use crate::frame::{Flags, Location};
use crate::layout::{FrameNumber, PAGE_SIZE};
use crate::machine::Machine;
use crate::pte::{PrototypePte, PteCell};
use crate::system::Exhausted;

/// Bytes of a file at most: its sectors are counted in 32 bits.
pub const LARGEST_FILE: u64 = (u32::MAX as u64) * SECTOR as u64;
/// Pages of the smallest subsection; larger ones are of a multiple of it.
const SMALLEST: u32 = 16;
/// Pages of a subsection at most: its array is a page.
const LARGEST: u32 = 512;
/// The same for files of more than [`MANY`] pages (4 GB), so that the subsections themselves do not cost too much.
const LARGEST_OF_MANY: u32 = 0x2000;
const MANY: u32 = 0x10_0000;

/// The pool blocks of a file's data section but for its prototype PTEs.
type FileBlocks = (Link<ControlArea>, Link<Segment>, Link<Subsection>);

/// Why a file cannot become shorter now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncation {
    /// A program has a section or a view of it: `STATUS_USER_MAPPED_FILE`.
    UserMapped,
    /// What is in this frame is being read or written: wait for it, try again.
    Busy(FrameNumber),
}

impl<M: Machine> MemoryManager<M> {
    /// Makes the data section of `file`, which has `size` bytes. It has one reference. `flags` is empty, or
    /// NO_MODIFIED_WRITING for what only its owner writes.
    ///
    /// # Errors
    /// SECTION_TOO_BIG, INSUFFICIENT_RESOURCES; nothing has changed.
    #[doc(alias = "MiCreateDataFileMap")]
    pub fn create_data_file(
        &self,
        file: Link<FileObject>,
        size: u64,
        flags: ControlAreaFlags,
    ) -> Result<Link<ControlArea>, NtStatus> {
        if size > LARGEST_FILE {
            return Err(NtStatus::SECTION_TOO_BIG);
        }
        let pages = pages_of(size);
        let capacity = capacity_for(pages);
        let count = pages.div_ceil(capacity).max(1);
        let (control_area, segment, array) = self.allocate_file_blocks(count)?;
        let record = self.machine.record(control_area);
        record.segment.set(segment);
        record.number_of_section_references.set(1);
        record.number_of_subsections.set(count.min(u16::MAX.into()) as u16);
        record.flags.set((ControlAreaFlags::FILE | flags & ControlAreaFlags::NO_MODIFIED_WRITING).bits());
        record.file_pointer.set(file);
        self.fill_file_segment(segment, control_area, count * capacity);
        let first = Self::first_subsection(control_area);
        let mut link = first;
        for index in 0..count {
            let next = match index + 1 {
                next if next == count => Link::NULL,
                MOST_BEHIND => array,
                _ => link.offset(SUBSECTION_SIZE),
            };
            self.fill_file_subsection(link, control_area, index * capacity, capacity);
            self.machine.record(link).next_subsection.set(next);
            link = next;
        }
        self.resize(control_area, first, size);
        self.enlist_control_area(control_area);
        Ok(control_area)
    }

    /// A control area, a segment, and the array of the subsections of `count` that do not fit behind the control area.
    fn allocate_file_blocks(&self, count: u32) -> Result<FileBlocks, Exhausted> {
        let control_area = self.allocate_control_area(count.min(MOST_BEHIND))?;
        let segment = self.allocate_segment().inspect_err(|_| self.free_pool(control_area))?;
        if count <= MOST_BEHIND {
            return Ok((control_area, segment, Link::NULL));
        }
        let array = self.allocate_subsections(count - MOST_BEHIND).inspect_err(|_| {
            self.free_pool(control_area);
            self.free_pool(segment);
        })?;
        Ok((control_area, segment, array))
    }

    fn fill_file_segment(&self, link: Link<Segment>, control_area: Link<ControlArea>, capacity: u32) {
        let record = self.machine.record(link);
        record.control_area.set(control_area);
        record.non_extended_ptes.set(capacity);
        let template = PrototypePte::Subsection(Self::first_subsection(control_area), FILE_PROTECTION);
        record.segment_pte_template.set(template.encode());
    }

    fn fill_file_subsection(&self, link: Link<Subsection>, area: Link<ControlArea>, first_page: u32, capacity: u32) {
        let record = self.machine.record(link);
        record.control_area.set(area);
        record.starting_sector.set(first_page * (PAGE_SIZE / SECTOR));
        record.unused_ptes.set(capacity);
        record.set_flags(FILE_PROTECTION, 0);
    }

    /// Records that the file has `size` bytes, in its segment and in its subsections from `first` on (S5).
    fn resize(&self, control_area: Link<ControlArea>, first: Link<Subsection>, size: u64) {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        segment.total_number_of_ptes.set(pages_of(size));
        segment.size_of_segment.set(size);
        for link in self.subsections_from(first) {
            let record = self.machine.record(link);
            let capacity = record.capacity();
            let bytes =
                size.saturating_sub(record.file_offset()).min(u64::from(capacity) * u64::from(PAGE_SIZE)) as u32;
            record.set_flags(FILE_PROTECTION, bytes % SECTOR);
            record.number_of_full_sectors.set(bytes / SECTOR);
            record.ptes_in_subsection.set(bytes.div_ceil(PAGE_SIZE));
            record.unused_ptes.set(capacity - bytes.div_ceil(PAGE_SIZE));
        }
    }

    /// Bytes of the file whose data `control_area` is.
    pub fn data_file_size(&self, control_area: Link<ControlArea>) -> u64 {
        self.machine.record(self.machine.record(control_area).segment.get()).size_of_segment.get()
    }

    /// The file has become longer: it has `size` bytes now. What is behind its old end reads as zeros until it is written, in
    /// memory; that the reader of the medium sees to the same is the file system's business.
    ///
    /// # Errors
    /// SECTION_TOO_BIG, INSUFFICIENT_RESOURCES; nothing has changed.
    #[doc(alias = "MmExtendSection")]
    pub fn extend_data_file(&self, control_area: Link<ControlArea>, size: u64) -> Result<(), NtStatus> {
        let old = self.data_file_size(control_area);
        if size > LARGEST_FILE {
            return Err(NtStatus::SECTION_TOO_BIG);
        }
        if size <= old {
            return Ok(());
        }
        let first = self.last_in_use(control_area);
        self.add_subsections(control_area, first, pages_of(size))?;
        self.zero_behind_end(control_area, old);
        self.resize(control_area, first, size);
        Ok(())
    }

    /// The subsection with the file's last byte, or the first.
    fn last_in_use(&self, control_area: Link<ControlArea>) -> Link<Subsection> {
        let pages = pages_of(self.data_file_size(control_area));
        let last = self.subsection_of(control_area, pages.saturating_sub(1));
        last.unwrap_or(Self::first_subsection(control_area))
    }

    /// Adds subsections, all or none, until there is room for `pages`; the search for the last one there is begins at `first`.
    fn add_subsections(&self, area: Link<ControlArea>, first: Link<Subsection>, pages: u32) -> Result<(), Exhausted> {
        let last = self.subsections_from(first).last().unwrap_or(first);
        let mut room = self.first_page(last) + self.machine.record(last).capacity();
        let mut end = last;
        while room < pages {
            let limit = capacity_for(pages).max(LARGEST);
            let capacity = (pages - room).max(room).next_multiple_of(SMALLEST).min(limit);
            let Ok(added) = self.allocate_subsection() else {
                self.remove_subsections_behind(last);
                return Err(Exhausted);
            };
            self.fill_file_subsection(added, area, room, capacity);
            self.machine.record(end).next_subsection.set(added);
            (end, room) = (added, room + capacity);
        }
        let added = self.subsections_from(last).count() - 1;
        let count = &self.machine.record(area).number_of_subsections;
        count.update(|count| count.saturating_add(added.min(u16::MAX.into()) as u16));
        Ok(())
    }

    /// Takes subsections away that were added behind `last` in vain.
    fn remove_subsections_behind(&self, last: Link<Subsection>) {
        let mut next = self.machine.record(last).next_subsection.get();
        self.machine.record(last).next_subsection.set(Link::NULL);
        while let Some(link) = next.some() {
            next = self.machine.record(link).next_subsection.get();
            self.free_pool(link);
        }
    }

    /// The file becomes shorter: it will have `size` bytes. Pages behind are gone, whatever was stored in them; the rest of the
    /// last page is zeros.
    ///
    /// # Errors
    /// [`Truncation`]; nothing has changed.
    #[doc(alias = "MmCanFileBeTruncated")]
    pub fn truncate_data_file(&self, control_area: Link<ControlArea>, size: u64) -> Result<(), Truncation> {
        let old = self.data_file_size(control_area);
        if size >= old {
            return Ok(());
        }
        let pages = pages_of(size);
        let goes = |page: &u32| *page >= pages;
        if pages < pages_of(old) && self.machine.record(control_area).number_of_user_references.get() > 0 {
            return Err(Truncation::UserMapped);
        }
        for page in self.resident_pages(control_area, pages.saturating_sub(1)) {
            let frame = self.frame(page.1);
            let busy = goes(&page.0) && frame.reference_count.get() > 0;
            if busy || frame.flags().contains(Flags::READ_IN_PROGRESS) {
                return Err(Truncation::Busy(page.1));
            }
        }
        for (_, number) in self.resident_pages(control_area, pages) {
            let frame = self.frame(number);
            debug_assert!(frame.location() != Location::Active, "a page that is held while its file is cut");
            let original = frame.original_pte.get();
            self.machine.record(frame.pte()).store(original);
            if let PrototypePte::Subsection(subsection, _) = PrototypePte::decode(original) {
                self.forget_frame_of(subsection);
            }
            self.delete_transition_page(number);
        }
        let first = self.subsection_of(control_area, pages.saturating_sub(1));
        self.resize(control_area, first.unwrap_or(Self::first_subsection(control_area)), size);
        self.zero_behind_end(control_area, size);
        Ok(())
    }

    /// The pages of a data file from `first` on that are in memory or being read, with their frames.
    pub(super) fn resident_pages(
        &self,
        control_area: Link<ControlArea>,
        first: u32,
    ) -> impl Iterator<Item = (u32, FrameNumber)> + '_ {
        let from = self.subsection_of(control_area, first);
        from.into_iter().flat_map(|from| self.subsections_from(from)).flat_map(move |link| {
            let record = self.machine.record(link);
            let (start, base) = (self.first_page(link), record.subsection_base.get());
            let made = if base.is_null() { 0 } else { record.ptes_in_subsection.get() };
            (first.saturating_sub(start).min(made)..made).filter_map(move |index| {
                self.resident_frame(base.offset(index * 8)).map(|frame| (start + index, frame))
            })
        })
    }

    /// The frame behind the prototype PTE at `link`, where its page is in memory or being read.
    pub(super) fn resident_frame(&self, link: Link<PteCell>) -> Option<FrameNumber> {
        match PrototypePte::decode(self.machine.record(link).load()) {
            PrototypePte::Valid(valid) => Some(valid.frame()),
            PrototypePte::Transition(frame, _) => Some(frame),
            _ => None,
        }
    }

    /// S5 for the data file `control_area`.
    pub(crate) fn subsections_are_sound(&self, control_area: Link<ControlArea>) -> bool {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        let size = segment.size_of_segment.get();
        let (mut start, mut pages) = (0, 0);
        let each = self.subsections(control_area).all(|link| {
            let record = self.machine.record(link);
            let room = u64::from(record.capacity()) * u64::from(PAGE_SIZE);
            let bytes = size.saturating_sub(u64::from(start) * u64::from(PAGE_SIZE)).min(room);
            let sound = record.control_area.get() == control_area
                && self.first_page(link) == start
                && u64::from(record.file_bytes()) == bytes
                && record.ptes_in_subsection.get() == pages_of(bytes);
            start += record.capacity();
            pages += record.ptes_in_subsection.get();
            sound
        });
        each && pages == segment.total_number_of_ptes.get() && pages == pages_of(size)
    }

    /// Fills the last page with zeros behind the file's end at `size`, where it is in memory: views may have stored there.
    fn zero_behind_end(&self, control_area: Link<ControlArea>, size: u64) {
        let within = (size % u64::from(PAGE_SIZE)) as u32;
        let last = (size / u64::from(PAGE_SIZE)) as u32;
        let cell = if within == 0 { None } else { self.prototype_of_file(control_area, last) };
        // One that is being read gets its zeros when the read ends.
        if let Some(frame) = cell.and_then(|cell| self.resident_frame(cell)) {
            self.zero_rest(frame, within);
        }
    }
}

/// Pages of `size` bytes, at most [`LARGEST_FILE`].
pub(super) fn pages_of(size: u64) -> u32 {
    size.div_ceil(u64::from(PAGE_SIZE)) as u32
}

/// Pages of a subsection of a file of `pages`.
fn capacity_for(pages: u32) -> u32 {
    match pages {
        0..LARGEST => pages.max(1).next_multiple_of(SMALLEST),
        LARGEST..MANY => LARGEST,
        _ => LARGEST_OF_MANY,
    }
}
