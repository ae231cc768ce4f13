//! How long a section lives: its references, its views, and what goes with the last of them.
//!
//! A control area is used by section objects and by views. The one of a plain image, or of a file's data, stays when nobody uses it
//! any more, for the next process; any other goes, with all its pages.
//!
//! * **S1** A control area's views are the VADs that name it.

use abi::cell::Link;

use super::records::{ControlArea, ControlAreaFlags};
use crate::MemoryManager;
use crate::layout::PageCount;
use crate::machine::Machine;
use crate::pte::PrototypePte;

/// What is to become of a control area that lost a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum SectionFate {
    /// It stays.
    Kept,
    /// Its owner forgets it and calls [`MemoryManager::delete_section`].
    Delete(Link<ControlArea>),
}

impl<M: Machine> MemoryManager<M> {
    /// One more section object refers to `control_area`.
    pub fn reference_section(&self, control_area: Link<ControlArea>) {
        self.machine.record(control_area).number_of_section_references.update(|count| count + 1);
    }

    /// One section object fewer refers to `control_area`; whether the control area is gone with it.
    #[doc(alias = "MiCheckControlArea")]
    pub fn release_section(&self, control_area: Link<ControlArea>) -> SectionFate {
        self.machine.record(control_area).number_of_section_references.update(|count| count - 1);
        self.section_fate(control_area)
    }

    /// A section object of a program, which has a reference already, is one over `control_area`: as long as it is, the file does not
    /// become shorter.
    pub fn add_section_object(&self, control_area: Link<ControlArea>) {
        self.machine.record(control_area).number_of_user_references.update(|count| count + 1);
    }

    /// The section object is gone, with its reference.
    pub fn remove_section_object(&self, control_area: Link<ControlArea>) -> SectionFate {
        self.machine.record(control_area).number_of_user_references.update(|count| count - 1);
        self.release_section(control_area)
    }

    /// What is to become of `control_area` after it lost a reference or a view.
    pub(crate) fn section_fate(&self, control_area: Link<ControlArea>) -> SectionFate {
        let record = self.machine.record(control_area);
        let used = record.number_of_section_references.get() + record.number_of_mapped_views.get();
        let flags = ControlAreaFlags::from_bits_truncate(record.flags.get());
        let goes = flags.contains(ControlAreaFlags::USER_WRITABLE) || !flags.contains(ControlAreaFlags::FILE);
        if used == 0 && goes { SectionFate::Delete(control_area) } else { SectionFate::Kept }
    }

    /// Whether nobody uses `control_area`, so that it may be deleted.
    pub fn section_is_unused(&self, control_area: Link<ControlArea>) -> bool {
        let record = self.machine.record(control_area);
        record.number_of_section_references.get() + record.number_of_mapped_views.get() == 0
    }

    /// Deletes `control_area`, which nobody uses, with all its pages.
    #[doc(alias = "MiSegmentDelete")]
    pub fn delete_section(&self, control_area: Link<ControlArea>) {
        let record = self.machine.record(control_area);
        let segment_link = record.segment.get();
        let segment = self.machine.record(segment_link);
        for (_, cell) in self.prototypes(control_area) {
            match PrototypePte::decode(self.machine.record(cell).load()) {
                PrototypePte::Transition(frame, _) => self.delete_transition_page(frame),
                PrototypePte::PagingFile(place) => self.free_slot(place),
                _ => {}
            }
        }
        self.commit.give_back(segment.number_of_committed_pages.get());
        self.delist_control_area(control_area);
        if let Some(information) = segment.image_information.get().some() {
            self.free_pool(information);
        }
        if self.is_data_file(control_area) {
            self.free_subsections(control_area);
        } else {
            self.free_prototypes(segment.prototype_pte.get(), PageCount(segment.total_number_of_ptes.get()));
        }
        self.free_pool(segment_link);
        self.free_pool(control_area);
    }

    pub(super) fn enlist_control_area(&self, link: Link<ControlArea>) {
        let first = self.control_areas.get();
        self.machine.record(link).dereference_list[0].set(first.address());
        if let Some(first) = first.some() {
            self.machine.record(first).dereference_list[1].set(link.address());
        }
        self.control_areas.set(link);
    }

    fn delist_control_area(&self, link: Link<ControlArea>) {
        let [next, before] = &self.machine.record(link).dereference_list;
        let (next, before) = (Link::<ControlArea>::new(next.get()), Link::<ControlArea>::new(before.get()));
        if let Some(next) = next.some() {
            self.machine.record(next).dereference_list[1].set(before.address());
        }
        match before.some() {
            Some(before) => self.machine.record(before).dereference_list[0].set(next.address()),
            None => self.control_areas.set(next),
        }
    }

    /// The first control area, for who looks at each link before following it; null where there is none.
    pub fn first_control_area(&self) -> Link<ControlArea> {
        self.control_areas.get()
    }

    /// All control areas.
    pub fn control_areas(&self) -> impl Iterator<Item = Link<ControlArea>> + '_ {
        let next = |link: &Link<ControlArea>| Link::new(self.machine.record(*link).dereference_list[0].get()).some();
        core::iter::successors(self.control_areas.get().some(), next)
    }
}
