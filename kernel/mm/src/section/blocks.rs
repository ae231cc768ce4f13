//! The pool blocks that sections are made of.

use abi::cell::Link;

use super::records::{ControlArea, Segment, Subsection};
use crate::MemoryManager;
use crate::layout::PageCount;
use crate::machine::Machine;
use crate::pool::{LARGEST_BLOCK, Tag};
use crate::pte::PteCell;
use crate::system::Exhausted;

const CONTROL_AREA: Tag = Tag(*b"MmCa");
const SUBSECTION: Tag = Tag(*b"MmSb");
const SEGMENT: Tag = Tag(*b"MmSg");
const PROTOTYPES: Tag = Tag(*b"MmSt");
const CONTROL_AREA_SIZE: u32 = 0x30;
/// Subsections that fit behind a control area in one block.
pub(super) const MOST_BEHIND: u32 = (LARGEST_BLOCK - CONTROL_AREA_SIZE) / SUBSECTION_SIZE;
/// Bytes of a subsection.
pub(super) const SUBSECTION_SIZE: u32 = 0x20;
const SEGMENT_SIZE: u32 = 0x40;

impl<M: Machine> MemoryManager<M> {
    /// A control area with room for `subsections` behind it, all zeros.
    pub(super) fn allocate_control_area(&self, subsections: u32) -> Result<Link<ControlArea>, Exhausted> {
        self.allocate_zeroed_pool(CONTROL_AREA_SIZE + subsections * SUBSECTION_SIZE, CONTROL_AREA)
    }

    /// An array of `count` subsections, all zeros: what does not fit behind the control area of a large file.
    pub(super) fn allocate_subsections(&self, count: u32) -> Result<Link<Subsection>, Exhausted> {
        let bytes = count * SUBSECTION_SIZE;
        self.allocate_zeroed_pool_pages(PageCount::of_bytes(bytes).0)
    }

    /// Gives back an array of `count` subsections.
    pub(super) fn free_subsection_array(&self, array: Link<Subsection>, count: u32) {
        self.free_pool_pages(array, PageCount::of_bytes(count * SUBSECTION_SIZE).0);
    }

    /// A subsection by itself, all zeros: what is added to a file's data.
    pub(super) fn allocate_subsection(&self) -> Result<Link<Subsection>, Exhausted> {
        self.allocate_zeroed_pool(SUBSECTION_SIZE, SUBSECTION)
    }

    /// A segment, all zeros.
    pub(super) fn allocate_segment(&self) -> Result<Link<Segment>, Exhausted> {
        self.allocate_zeroed_pool(SEGMENT_SIZE, SEGMENT)
    }

    /// Where the first subsection of `control_area` is.
    pub(super) fn first_subsection(control_area: Link<ControlArea>) -> Link<Subsection> {
        control_area.offset(CONTROL_AREA_SIZE)
    }

    /// Room for the prototype PTEs of `pages`; contents are rubbish.
    pub(super) fn allocate_prototypes(&self, pages: PageCount) -> Result<Link<PteCell>, Exhausted> {
        let bytes = pages.0 * 8;
        if bytes <= LARGEST_BLOCK {
            self.allocate_pool(bytes, PROTOTYPES)
        } else {
            self.allocate_pool_pages(PageCount::of_bytes(bytes).0)
        }
    }

    /// Gives back the prototype PTEs of `pages`.
    pub(super) fn free_prototypes(&self, prototypes: Link<PteCell>, pages: PageCount) {
        let bytes = pages.0 * 8;
        if bytes <= LARGEST_BLOCK {
            self.free_pool(prototypes);
        } else {
            self.free_pool_pages(prototypes, PageCount::of_bytes(bytes).0);
        }
    }
}
