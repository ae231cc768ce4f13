//! S1 to S5, S8 and C1: control areas, their views, and the sum of all commit.

use abi::cell::Link;
use abi::nt::process::Eprocess;

use super::{Audit, Corruption};
use crate::MemoryManager;
use crate::address_space::FIXED_FRAMES;
use crate::frame::{Flags, Location};
use crate::layout::{FrameNumber, PAGE_SIZE, VirtualPage};
use crate::machine::Machine;
use crate::pte::{PrototypePte, PteCell};
use crate::section::{ControlArea, ControlAreaFlags};
use crate::vad::{Mmvad, VadFlags, VadTree};

impl<M: Machine> MemoryManager<M> {
    pub(super) fn verify_sections(&self, audit: &mut Audit) -> Result<(), Corruption> {
        for section in self.control_areas() {
            audit.sections += 1;
            let record = self.machine.record(section);
            let found = self.views_of(section);
            let recorded = record.number_of_mapped_views.get();
            if found != recorded {
                return Err(Corruption::S1 { section, found, recorded });
            }
            let found = self.verify_prototypes(section, audit)?;
            let recorded = record.number_of_pfn_references.get();
            if found != recorded {
                return Err(Corruption::S2 { section, found, recorded });
            }
            self.verify_committed(section)?;
            if self.is_data_file(section) && !self.subsections_are_sound(section) {
                return Err(Corruption::S5(section));
            }
        }
        self.address_spaces().try_for_each(|process| self.verify_views(process))
    }

    /// S3.
    fn verify_committed(&self, section: Link<ControlArea>) -> Result<(), Corruption> {
        let record = self.machine.record(section);
        let flags = ControlAreaFlags::from_bits_truncate(record.flags.get());
        if flags.contains(ControlAreaFlags::FILE) {
            return Ok(());
        }
        let segment = self.machine.record(record.segment.get());
        let pages = segment.total_number_of_ptes.get();
        let found = pages - self.uncommitted_prototypes(segment.prototype_pte.get(), pages);
        let recorded = segment.number_of_committed_pages.get();
        let whole = flags.contains(ControlAreaFlags::RESERVE) || found == pages;
        if found == recorded && whole { Ok(()) } else { Err(Corruption::S3 { section, found, recorded }) }
    }

    /// S4 for the views of `process`.
    fn verify_views(&self, process: Link<Eprocess>) -> Result<(), Corruption> {
        let tree = VadTree::new(&self.machine.record(process).vad_root, &self.machine);
        for vad in tree.iter() {
            let node = tree.node(vad);
            if node.flags().has(VadFlags::PRIVATE_MEMORY) || node.flags().has(VadFlags::IMAGE_MAP) {
                continue;
            }
            if node.flags().has(VadFlags::PHYSICAL_MAPPING) {
                self.verify_physical_view(process, &tree, vad)?;
                continue;
            }
            let view = self.machine.record(vad.cast::<Mmvad>());
            if !self.view_is_sound(view, node.pages().0) {
                return Err(Corruption::S4 { process, start: node.start() });
            }
        }
        Ok(())
    }

    /// S4 for one view of `pages`.
    fn view_is_sound(&self, view: &Mmvad, pages: u32) -> bool {
        let area = view.control_area.get();
        let segment = self.machine.record(self.machine.record(area).segment.get());
        let offset = view.flags2().file_offset() / u64::from(PAGE_SIZE);
        let first = view.first_prototype_pte.get();
        if offset + u64::from(pages) > u64::from(segment.total_number_of_ptes.get()) {
            return false;
        }
        let offset = offset as u32;
        if !self.is_data_file(area) {
            let last = first.offset::<PteCell>((pages - 1) * 8);
            return first == segment.prototype_pte.get().offset(offset * 8) && view.last_contiguous_pte.get() == last;
        }
        let made = |page| self.prototype_of_file(area, page);
        let contiguous = (view.last_contiguous_pte.get().address() - first.address()) / 8;
        made(offset) == Some(first)
            && contiguous < pages
            && made(offset + contiguous) == Some(view.last_contiguous_pte.get())
            && (offset..offset + pages).all(|page| made(page).is_some())
    }

    fn views_of(&self, section: Link<ControlArea>) -> u32 {
        let mut views = 0;
        for process in self.address_spaces() {
            let tree = VadTree::new(&self.machine.record(process).vad_root, &self.machine);
            for vad in tree.iter() {
                let mapped = !tree.node(vad).flags().has(VadFlags::PRIVATE_MEMORY);
                if mapped && self.machine.record(vad.cast::<Mmvad>()).control_area.get() == section {
                    views += 1;
                }
            }
        }
        views
    }

    /// F6 for the frames behind prototype PTEs; how many of them come from the file.
    fn verify_prototypes(&self, section: Link<ControlArea>, audit: &mut Audit) -> Result<u32, Corruption> {
        let mut from_file = 0;
        for (index, cell) in self.prototypes(section) {
            let frame = match PrototypePte::decode(self.machine.record(cell).load()) {
                PrototypePte::Valid(valid) => valid.frame(),
                PrototypePte::Transition(frame, _) => frame,
                PrototypePte::PagingFile(place) if self.slot_is_taken(place.file, place.offset) => {
                    audit.places += 1;
                    continue;
                }
                PrototypePte::PagingFile(place) => return Err(Corruption::G4 { found: place.offset, recorded: 0 }),
                _ => continue,
            };
            self.verify_prototype_frame(frame, cell, index)?;
            audit.parked += u32::from(self.frame(frame).location() != Location::Active);
            let original = PrototypePte::decode(self.frame(frame).original_pte.get());
            from_file += u32::from(matches!(original, PrototypePte::Subsection(..)));
        }
        Ok(from_file)
    }

    fn verify_prototype_frame(&self, frame: FrameNumber, cell: Link<PteCell>, index: u32) -> Result<(), Corruption> {
        let valid = matches!(PrototypePte::decode(self.machine.record(cell).load()), PrototypePte::Valid(_));
        let sound = self.is_ram(frame) && {
            let record = self.frame(frame);
            let named = record.pte() == cell && record.flags().contains(Flags::PROTOTYPE);
            named && if valid { record.location() == Location::Active } else { record.is_parked() }
        };
        if sound { Ok(()) } else { Err(Corruption::F6 { frame, page: VirtualPage(index) }) }
    }

    pub(super) fn verify_commit(&self, audit: &mut Audit) -> Result<(), Corruption> {
        let mut found = self.kernel_frames() + self.awe_frames.get();
        for process in self.address_spaces() {
            let record = self.machine.record(process);
            let list = self.extra_list_pages(FrameNumber(record.working_set_page.get()));
            found += FIXED_FRAMES + list + record.commit_charge.get();
        }
        for section in self.control_areas() {
            found += self.machine.record(self.machine.record(section).segment.get()).number_of_committed_pages.get();
        }
        let recorded = self.commit.current();
        audit.committed = recorded;
        if found == recorded { Ok(()) } else { Err(Corruption::C1 { found, recorded }) }
    }
}
