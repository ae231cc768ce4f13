//! Sections without a file: memory that processes share, backed by the paging file.
//!
//! Making one takes no page: the first touch does that. With SEC_COMMIT all its pages are charged at once and once for all; with
//! SEC_RESERVE a page is committed through whichever view asks for it first, and then all views have it. The section goes with
//! the last of its handles and views, and its pages with it: nobody could find them again.
//!
//! * **S3** The prototype PTEs of such a section that are not zero are its committed pages, and `NumberOfCommittedPages`
//!   counts them; only one made with SEC_RESERVE has others.
//!
//! Source: documented attributes of NtCreateSection and its refusals; the structures are those of every section.

use abi::cell::Link;
use abi::status::NtStatus;

use super::arguments::writes_through;
use super::records::{ControlArea, ControlAreaFlags, Segment, Subsection};
use crate::MemoryManager;
use crate::layout::{PAGE_SIZE, PageCount};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{PrototypePte, PteCell, software_protection};
use crate::system::Exhausted;

/// Bytes from which on the prototype PTEs alone would not fit an address space.
const TOO_BIG: u64 = (u32::MAX as u64 / 8) * PAGE_SIZE as u64;

impl<M: Machine> MemoryManager<M> {
    /// Makes a section of `size` bytes, rounded up to pages, that has no file; views may have what `protection` covers. `kind` is
    /// COMMIT or RESERVE, with NO_CHANGE and NO_CACHE as wanted. The section has one reference.
    ///
    /// # Errors
    /// INVALID_PARAMETER_4 for no bytes, SECTION_TOO_BIG, COMMITMENT_LIMIT, INSUFFICIENT_RESOURCES; nothing has changed.
    #[doc(alias = "MiCreatePagingFileMap")]
    pub fn create_memory(
        &self,
        size: u64,
        protection: Protection,
        kind: ControlAreaFlags,
    ) -> Result<Link<ControlArea>, NtStatus> {
        if size == 0 {
            return Err(NtStatus::INVALID_PARAMETER_4);
        }
        if size > TOO_BIG {
            return Err(NtStatus::SECTION_TOO_BIG);
        }
        let pages = PageCount(size.div_ceil(u64::from(PAGE_SIZE)) as u32);
        let committed = kind.contains(ControlAreaFlags::COMMIT);
        let charge = self.commit.charge(if committed { pages.0 } else { 0 })?;
        let uncached = kind.contains(ControlAreaFlags::NO_CACHE);
        let protection = if uncached { protection.without_cache() } else { protection };
        let prototypes = self.allocate_prototypes(pages)?;
        let Ok((control_area, segment)) = self.allocate_memory_blocks() else {
            self.free_prototypes(prototypes, pages);
            return Err(NtStatus::INSUFFICIENT_RESOURCES);
        };
        self.fill_memory_area(control_area, segment, kind);
        self.fill_memory_segment(segment, control_area, (prototypes, pages), protection);
        self.machine.record(segment).number_of_committed_pages.set(charge.keep());
        let first = if committed { PrototypePte::DemandZero(protection) } else { PrototypePte::Empty };
        for index in 0..pages.0 {
            self.machine.record(prototypes.offset::<PteCell>(index * 8)).store(first.encode());
        }
        self.enlist_control_area(control_area);
        Ok(control_area)
    }

    pub(super) fn allocate_memory_blocks(&self) -> Result<(Link<ControlArea>, Link<Segment>), Exhausted> {
        let control_area = self.allocate_control_area(1)?;
        let segment = self.allocate_segment().inspect_err(|_| self.free_pool(control_area))?;
        Ok((control_area, segment))
    }

    pub(super) fn fill_memory_area(&self, link: Link<ControlArea>, segment: Link<Segment>, kind: ControlAreaFlags) {
        let record = self.machine.record(link);
        record.segment.set(segment);
        record.number_of_section_references.set(1);
        record.number_of_subsections.set(1);
        record.flags.set(kind.bits());
    }

    /// Fills the segment, and the one subsection behind its control area.
    pub(super) fn fill_memory_segment(
        &self,
        link: Link<Segment>,
        control_area: Link<ControlArea>,
        (prototypes, pages): (Link<PteCell>, PageCount),
        protection: Protection,
    ) {
        let record = self.machine.record(link);
        record.control_area.set(control_area);
        record.total_number_of_ptes.set(pages.0);
        record.non_extended_ptes.set(pages.0);
        record.size_of_segment.set(u64::from(pages.0) * u64::from(PAGE_SIZE));
        record.segment_pte_template.set(PrototypePte::DemandZero(protection).encode());
        record.prototype_pte.set(prototypes);
        let subsection: &Subsection = self.machine.record(Self::first_subsection(control_area));
        subsection.control_area.set(control_area);
        subsection.set_flags(protection, 0);
        subsection.subsection_base.set(prototypes);
        subsection.ptes_in_subsection.set(pages.0);
    }

    /// What views of `control_area`, which is no image, may have at most.
    pub(crate) fn section_protection(&self, control_area: Link<ControlArea>) -> Protection {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        software_protection(segment.segment_pte_template.get())
    }

    /// Whether pages of `control_area`, which is memory, may get `protection` when they are committed through a view.
    pub(crate) fn may_be_committed_as(&self, control_area: Link<ControlArea>, protection: Protection) -> bool {
        !writes_through(protection) || writes_through(self.section_protection(control_area))
    }

    /// How many of the `count` pages from the prototype PTE `first` on are not committed.
    pub(crate) fn uncommitted_prototypes(&self, first: Link<PteCell>, count: u32) -> u32 {
        let empty = |index: &u32| self.machine.record(first.offset::<PteCell>(index * 8)).load() == 0;
        (0..count).filter(empty).count() as u32
    }

    /// Commits the `count` pages of `control_area` from the prototype PTE `first` on, `charged` of which were not and have been
    /// charged by the caller (S3).
    pub(crate) fn commit_prototypes(
        &self,
        control_area: Link<ControlArea>,
        first: Link<PteCell>,
        count: u32,
        charged: u32,
    ) {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        for index in 0..count {
            let cell = self.machine.record(first.offset::<PteCell>(index * 8));
            if cell.load() == 0 {
                cell.store(segment.segment_pte_template.get());
            }
        }
        segment.number_of_committed_pages.update(|pages| pages + charged);
    }
}
