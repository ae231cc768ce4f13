//! Image sections: from a checked layout to a control area with its prototype PTEs.
//!
//! Nothing of the file is read here and no frame of it is taken: the first touch of a page does that. The section stays when
//! its last view goes, with its pages on Standby, so that the next process finds them; one whose pages can be written where
//! all see it goes with its last view, so that the next process starts with what the file says.
//!
//! * **S2** `NumberOfPfnReferences` is the number of its prototype PTEs that are in memory and come from the file.

use abi::cell::Link;
use abi::nt::file::FileObject;

use super::blocks::SUBSECTION_SIZE;
use super::image_layout::{ImageLayout, ImageRun};
use super::records::{ControlArea, ControlAreaFlags, ImageInformation, SECTOR, Segment, Subsection};
use crate::MemoryManager;
use crate::layout::{PAGE_SIZE, PageCount};
use crate::machine::Machine;
use crate::pool::Tag;
use crate::protection::Protection;
use crate::pte::{PrototypePte, PteCell};
use crate::system::Exhausted;

const INFORMATION: Tag = Tag(*b"MmIi");
const INFORMATION_SIZE: u32 = 0x30;
const IMAGE_CONTAINS_CODE: u8 = 1;

/// The pool blocks of an image section but for its prototype PTEs.
type ImageBlocks = (Link<ControlArea>, Link<Segment>, Link<ImageInformation>);

impl<M: Machine> MemoryManager<M> {
    /// Makes the image section of `file`, of `file_size` bytes, laid out as `layout`. The section has one reference.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed.
    #[doc(alias = "MiCreateImageFileMap")]
    pub fn create_image(
        &self,
        file: Link<FileObject>,
        file_size: u64,
        layout: &ImageLayout<'_>,
    ) -> Result<Link<ControlArea>, Exhausted> {
        let shared: u32 = layout.runs().filter(|run| is_shared_writable(run.protection)).map(|run| run.pages.0).sum();
        let charge = self.commit.charge(shared)?;
        let runs = layout.runs().count() as u32;
        let prototypes = self.allocate_prototypes(layout.pages)?;
        let blocks = self.allocate_image_blocks(runs);
        let Ok((control_area, segment, information)) = blocks else {
            self.free_prototypes(prototypes, layout.pages);
            return Err(Exhausted);
        };
        self.fill_control_area(control_area, segment, file, runs);
        self.fill_segment(segment, control_area, prototypes, layout);
        if shared > 0 {
            let flags = &self.machine.record(control_area).flags;
            flags.update(|flags| flags | ControlAreaFlags::USER_WRITABLE.bits());
        }
        self.machine.record(segment).number_of_committed_pages.set(charge.keep());
        self.machine.record(segment).image_information.set(information);
        self.fill_information(information, file_size, layout);
        self.fill_subsections(control_area, prototypes, layout);
        self.enlist_control_area(control_area);
        Ok(control_area)
    }

    fn allocate_image_blocks(&self, runs: u32) -> Result<ImageBlocks, Exhausted> {
        let control_area = self.allocate_control_area(runs)?;
        let segment = self.allocate_segment().inspect_err(|_| self.free_pool(control_area))?;
        let information = self.allocate_zeroed_pool(INFORMATION_SIZE, INFORMATION).inspect_err(|_| {
            self.free_pool(control_area);
            self.free_pool(segment);
        })?;
        Ok((control_area, segment, information))
    }

    fn fill_control_area(&self, link: Link<ControlArea>, segment: Link<Segment>, file: Link<FileObject>, runs: u32) {
        let record = self.machine.record(link);
        record.segment.set(segment);
        record.number_of_section_references.set(1);
        record.number_of_subsections.set(runs as u16);
        record.flags.set((ControlAreaFlags::IMAGE | ControlAreaFlags::FILE).bits());
        record.file_pointer.set(file);
    }

    fn fill_segment(
        &self,
        link: Link<Segment>,
        control_area: Link<ControlArea>,
        prototypes: Link<PteCell>,
        layout: &ImageLayout<'_>,
    ) {
        let record = self.machine.record(link);
        record.control_area.set(control_area);
        record.total_number_of_ptes.set(layout.pages.0);
        record.non_extended_ptes.set(layout.pages.0);
        record.size_of_segment.set(u64::from(layout.pages.0) * u64::from(PAGE_SIZE));
        let template = PrototypePte::DemandZero(Protection::EXECUTE_WRITECOPY).encode();
        record.segment_pte_template.set(template);
        record.based_address.set(layout.base);
        record.image_commitment.set(layout.copy_on_write_pages());
        record.prototype_pte.set(prototypes);
    }

    fn fill_information(&self, link: Link<ImageInformation>, file_size: u64, layout: &ImageLayout<'_>) {
        let record = self.machine.record(link);
        record.transfer_address.set(layout.base.wrapping_add(layout.entry));
        record.maximum_stack_size.set(layout.stack.0);
        record.committed_stack_size.set(layout.stack.1);
        let (subsystem, major, minor) = layout.subsystem;
        record.subsystem.set(u32::from(subsystem));
        record.subsystem_version.set(u32::from(minor) | u32::from(major) << 16);
        record.image_characteristics.set(layout.characteristics);
        record.dll_characteristics.set(layout.dll_characteristics);
        record.machine.set(object::pe::IMAGE_FILE_MACHINE_I386.0);
        record.image_contains_code.set(if layout.entry == 0 { 0 } else { IMAGE_CONTAINS_CODE });
        record.image_file_size.set(file_size as u32);
    }

    /// One subsection behind the other, each with its share of the prototype PTEs.
    fn fill_subsections(&self, control_area: Link<ControlArea>, prototypes: Link<PteCell>, layout: &ImageLayout<'_>) {
        let mut next = prototypes;
        let mut link = Self::first_subsection(control_area);
        let last = layout.runs().count() - 1;
        for (index, run) in layout.runs().enumerate() {
            let record = self.machine.record(link);
            record.control_area.set(control_area);
            record.set_flags(run.protection, run.bytes % SECTOR);
            record.starting_sector.set(run.sector);
            record.number_of_full_sectors.set(run.bytes / SECTOR);
            record.subsection_base.set(next);
            record.ptes_in_subsection.set(run.pages.0);
            self.fill_prototypes(next, link, run);
            next = next.offset(run.pages.0 * 8);
            let following = link.offset(SUBSECTION_SIZE);
            record.next_subsection.set(if index == last { Link::NULL } else { following });
            link = following;
        }
    }

    fn fill_prototypes(&self, first: Link<PteCell>, subsection: Link<Subsection>, run: ImageRun) {
        let in_file = PageCount::of_bytes(run.bytes).0;
        for index in 0..run.pages.0 {
            let pte = if index < in_file {
                PrototypePte::Subsection(subsection, run.protection)
            } else {
                PrototypePte::DemandZero(run.protection)
            };
            self.machine.record(first.offset::<PteCell>(index * 8)).store(pte.encode());
        }
    }

    /// What is known about the image in `control_area`.
    pub fn image_information(&self, control_area: Link<ControlArea>) -> &ImageInformation {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        self.machine.record(segment.image_information.get())
    }

    /// One more prototype PTE of `subsection`'s control area is in memory (S2).
    pub(crate) fn remember_frame_of(&self, subsection: Link<Subsection>) {
        let control_area = self.machine.record(subsection).control_area.get();
        self.machine.record(control_area).number_of_pfn_references.update(|count| count + 1);
    }

    /// One fewer (S2).
    pub(crate) fn forget_frame_of(&self, subsection: Link<Subsection>) {
        let control_area = self.machine.record(subsection).control_area.get();
        self.machine.record(control_area).number_of_pfn_references.update(|count| count - 1);
    }

    /// Where the page of the prototype PTE at `cell` is in its file: file, offset and length in bytes.
    pub(crate) fn file_page(&self, subsection: Link<Subsection>, cell: Link<PteCell>) -> (Link<FileObject>, u64, u32) {
        let record = self.machine.record(subsection);
        let within = (cell.address() - record.subsection_base.get().address()) / 8 * PAGE_SIZE;
        let file = self.machine.record(record.control_area.get()).file_pointer.get();
        let bytes = (record.file_bytes() - within).min(PAGE_SIZE);
        (file, record.file_offset() + u64::from(within), bytes)
    }
}

fn is_shared_writable(protection: Protection) -> bool {
    protection.is_writable() && !protection.is_copy_on_write()
}
