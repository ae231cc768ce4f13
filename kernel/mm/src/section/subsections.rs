//! The subsections of a file's data: which of them a page lies in, and their arrays of prototype PTEs.
//!
//! Those that the section was made with stand behind its control area, all of one capacity, and in an array where they are too
//! many for that; what the file grew by later stands in blocks of its own, each as large as all before it, up to a limit. An array is allocated when the first of its pages is asked
//! for, so that a large file costs only what is used of it, and it never moves: views and frames point into it.
//!
//! * **S5** The subsections of a file's data cover it without gaps: each begins where the one before ends, all are full but the
//!   last in use and those behind it, and their pages and bytes add up to the segment's.

use abi::cell::Link;

use super::blocks::{MOST_BEHIND, SUBSECTION_SIZE};
use super::records::{ControlArea, ControlAreaFlags, SECTOR, Subsection};
use crate::MemoryManager;
use crate::layout::{PAGE_SIZE, PageCount};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{PrototypePte, PteCell};
use crate::system::Exhausted;

/// Marks a subsection, for a moment, whose array is new: `ReadWrite` in NT's flag word, which nobody else looks at.
const MADE_NOW: u32 = 1 << 1;
/// Sectors of a page.
const SECTORS: u32 = PAGE_SIZE / SECTOR;
/// What pages of a file's data may have at most: what a section of it gives is known by the section object.
pub(super) const FILE_PROTECTION: Protection = Protection::EXECUTE_READWRITE;

impl<M: Machine> MemoryManager<M> {
    /// Whether `control_area` is that of a file's data.
    pub fn is_data_file(&self, control_area: Link<ControlArea>) -> bool {
        let flags = ControlAreaFlags::from_bits_truncate(self.machine.record(control_area).flags.get());
        flags.contains(ControlAreaFlags::FILE) && !flags.contains(ControlAreaFlags::IMAGE)
    }

    /// The subsections of `control_area`, in order.
    pub fn subsections(&self, control_area: Link<ControlArea>) -> impl Iterator<Item = Link<Subsection>> + '_ {
        self.subsections_from(Self::first_subsection(control_area))
    }

    pub(super) fn subsections_from(&self, first: Link<Subsection>) -> impl Iterator<Item = Link<Subsection>> + '_ {
        core::iter::successors(Some(first), |link| self.machine.record(*link).next_subsection.get().some())
    }

    /// The prototype PTEs of `control_area` that have been made, each with the number of its page.
    pub fn prototypes(&self, control_area: Link<ControlArea>) -> impl Iterator<Item = (u32, Link<PteCell>)> + '_ {
        let mut start = 0;
        self.subsections(control_area).flat_map(move |link| {
            let record = self.machine.record(link);
            let (first, base) = (start, record.subsection_base.get());
            start += record.ptes_in_subsection.get();
            let made = if base.is_null() { 0 } else { record.ptes_in_subsection.get() };
            (0..made).map(move |index| (first + index, base.offset(index * 8)))
        })
    }

    /// The first page of a data file's subsection.
    pub(super) fn first_page(&self, subsection: Link<Subsection>) -> u32 {
        self.machine.record(subsection).starting_sector.get() / SECTORS
    }

    /// The subsection of the data file `control_area` in which `page` lies or, if the file grows, will lie.
    pub(super) fn subsection_of(&self, control_area: Link<ControlArea>, page: u32) -> Option<Link<Subsection>> {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        let first = Self::first_subsection(control_area);
        if page < segment.non_extended_ptes.get() {
            return Some(self.nth_subsection(first, page / self.machine.record(first).capacity()));
        }
        let start = match segment.recent_subsection.get().some() {
            Some(recent) if self.first_page(recent) <= page => recent,
            _ => first,
        };
        let found = self.subsections_from(start).find(|link| {
            let capacity = self.machine.record(*link).capacity();
            page - self.first_page(*link) < capacity
        })?;
        segment.recent_subsection.set(found);
        Some(found)
    }

    /// The subsection number `index` of those that the section was made with, `first` being the first.
    pub(super) fn nth_subsection(&self, first: Link<Subsection>, index: u32) -> Link<Subsection> {
        if index < MOST_BEHIND {
            return first.offset(index * SUBSECTION_SIZE);
        }
        let last: Link<Subsection> = first.offset((MOST_BEHIND - 1) * SUBSECTION_SIZE);
        self.machine.record(last).next_subsection.get().offset((index - MOST_BEHIND) * SUBSECTION_SIZE)
    }

    /// The prototype PTE of `page` of the data file `control_area`, where the file reaches that far and it has been made.
    pub fn prototype_of_file(&self, control_area: Link<ControlArea>, page: u32) -> Option<Link<PteCell>> {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        if page >= segment.total_number_of_ptes.get() {
            return None;
        }
        let subsection = self.subsection_of(control_area, page)?;
        let base = self.machine.record(subsection).subsection_base.get().some()?;
        Some(base.offset((page - self.first_page(subsection)) * 8))
    }

    /// Makes sure that `subsection`, of a file's data, has its prototype PTEs; the first of them.
    pub(super) fn make_prototypes(&self, subsection: Link<Subsection>) -> Result<Link<PteCell>, Exhausted> {
        let record = self.machine.record(subsection);
        if let Some(base) = record.subsection_base.get().some() {
            return Ok(base);
        }
        let capacity = record.capacity();
        let base = self.allocate_prototypes(PageCount(capacity))?;
        let raw = PrototypePte::Subsection(subsection, FILE_PROTECTION).encode();
        for index in 0..capacity {
            self.machine.record(base.offset::<PteCell>(index * 8)).store(raw);
        }
        record.subsection_base.set(base);
        let control_area = record.control_area.get();
        if subsection == Self::first_subsection(control_area) {
            self.machine.record(self.machine.record(control_area).segment.get()).prototype_pte.set(base);
        }
        Ok(base)
    }

    /// Makes sure that the `pages` of a view that begins at page `first` of the data file `control_area` have prototype PTEs: the
    /// first, and the last that follows it without a break.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed.
    pub(super) fn prototypes_for_view(
        &self,
        control_area: Link<ControlArea>,
        first: u32,
        pages: PageCount,
    ) -> Result<(Link<PteCell>, Link<PteCell>), Exhausted> {
        let start = self.subsection_of(control_area, first).ok_or(Exhausted)?;
        let end = first + pages.0;
        let within = || self.subsections_from(start).take_while(|link| self.first_page(*link) < end);
        let missing = |link: &Link<Subsection>| self.machine.record(*link).subsection_base.get().is_null();
        let mut result = Ok(());
        for link in within().filter(missing) {
            result = self.make_prototypes(link).map(|_| ());
            if result.is_err() {
                break;
            }
            self.machine.record(link).flags.update(|flags| flags | MADE_NOW);
        }
        for record in within().map(|link| self.machine.record(link)).filter(|record| record.flags.get() & MADE_NOW != 0)
        {
            record.flags.update(|flags| flags & !MADE_NOW);
            if result.is_err() {
                self.free_prototypes(record.subsection_base.get(), PageCount(record.capacity()));
                record.subsection_base.set(Link::NULL);
            }
        }
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        segment.prototype_pte.set(self.machine.record(Self::first_subsection(control_area)).subsection_base.get());
        result?;
        let record = self.machine.record(start);
        let index = first - self.first_page(start);
        let cell = record.subsection_base.get().offset::<PteCell>(index * 8);
        let contiguous = (record.capacity() - index).min(pages.0);
        Ok((cell, cell.offset((contiguous - 1) * 8)))
    }

    /// Where the prototype PTE at `link` of `subsection` stands, if that is of a file's data: whether it is that of the file's
    /// first page, and how many pages of the subsection the file has from there on.
    pub(crate) fn place_in_data(&self, subsection: Link<Subsection>, link: Link<PteCell>) -> Option<(bool, u32)> {
        let record = self.machine.record(subsection);
        if !self.is_data_file(record.control_area.get()) {
            return None;
        }
        let index = (link.address() - record.subsection_base.get().address()) / 8;
        // What stands before the first of an array is not looked at.
        Some((index == 0, record.ptes_in_subsection.get() - index))
    }

    /// Which page of which control area the frame behind a prototype PTE of `subsection` at `link` holds.
    pub(super) fn page_of_prototype(
        &self,
        subsection: Link<Subsection>,
        link: Link<PteCell>,
    ) -> (Link<ControlArea>, u32) {
        let record = self.machine.record(subsection);
        let index = (link.address() - record.subsection_base.get().address()) / 8;
        (record.control_area.get(), self.first_page(subsection) + index)
    }

    /// Frees the subsections of the data file `control_area` with their arrays, but for those behind the control area.
    pub(super) fn free_subsections(&self, control_area: Link<ControlArea>) {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        let first = Self::first_subsection(control_area);
        let made_with = segment.non_extended_ptes.get() / self.machine.record(first).capacity();
        let beside = made_with.saturating_sub(MOST_BEHIND);
        let array = if beside > 0 { self.nth_subsection(first, MOST_BEHIND) } else { Link::NULL };
        let mut next = Some(first);
        for index in 0.. {
            let Some(link) = next else { break };
            let record = self.machine.record(link);
            next = record.next_subsection.get().some();
            if let Some(base) = record.subsection_base.get().some() {
                self.free_prototypes(base, PageCount(record.capacity()));
            }
            if index >= made_with {
                self.free_pool(link);
            }
        }
        if beside > 0 {
            self.free_subsection_array(array, beside);
        }
    }
}
