//! A section as a test looks into it.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::layout::VirtualAddress;
use mm::machine::Records;
use mm::protection::Protection;
use mm::pte::PrototypePte;
use mm::section::{ControlArea, ControlAreaFlags, Disposition, ImageInformation, SectionFate, ViewRequest};

use crate::calls::Bytes;
use crate::system::System;

/// A view of a whole section under `protect`, anywhere.
pub fn whole(protect: u32) -> ViewRequest {
    let protection = Protection::from_win32(protect).expect("a protection");
    let disposition = Disposition::Unmap;
    ViewRequest {
        base: 0,
        zero_bits: 0,
        commit: 0,
        section_size: u64::MAX,
        offset: 0,
        size: 0,
        kind: 0,
        protection,
        disposition,
    }
}

impl System {
    /// What the prototype PTE of page number `page` of `section` says.
    pub fn prototype(&self, section: Link<ControlArea>, page: u32) -> PrototypePte {
        let (_, cell) = self.mm.prototypes(section).find(|(number, _)| *number == page).expect("it was made");
        PrototypePte::decode(self.mm.machine.record(cell).load())
    }

    /// How many prototype PTEs `section` has.
    pub fn prototypes_of(&self, section: Link<ControlArea>) -> usize {
        self.mm.prototypes(section).count()
    }

    /// A section of `size` bytes without a file.
    ///
    /// # Errors
    /// As the service.
    pub fn add_memory(&self, size: u64, protect: u32, kind: ControlAreaFlags) -> Result<Link<ControlArea>, NtStatus> {
        self.mm.create_memory(size, Protection::from_win32(protect).expect("a protection"), kind)
    }

    /// Maps a view.
    ///
    /// # Errors
    /// As the service.
    pub fn map(
        &self,
        process: Link<Eprocess>,
        section: Link<ControlArea>,
        request: &ViewRequest,
    ) -> Result<Bytes, NtStatus> {
        self.space(process).map_data(section, request).map(|range| (range.base(), range.bytes()))
    }

    /// Unmaps the view at `address`, and deletes its section where that goes with it.
    ///
    /// # Errors
    /// As the service.
    pub fn unmap(&self, process: Link<Eprocess>, address: u32) -> Result<(), NtStatus> {
        let fate = self.space(process).unmap_view(VirtualAddress(address).page())?;
        self.settle(fate);
        Ok(())
    }

    /// Gives up the test's reference to `section`.
    pub fn release(&self, section: Link<ControlArea>) {
        self.settle(self.mm.release_section(section));
    }

    fn settle(&self, fate: SectionFate) {
        if let SectionFate::Delete(section) = fate {
            self.mm.delete_section(section);
        }
    }

    /// Pages of `section` that are charged once for all.
    pub fn shared_commit(&self, section: Link<ControlArea>) -> u32 {
        self.mm.machine.record(self.mm.machine.record(section).segment.get()).number_of_committed_pages.get()
    }

    /// Pages of `section` that are in memory and come from its file.
    pub fn pfn_references(&self, section: Link<ControlArea>) -> u32 {
        self.mm.machine.record(section).number_of_pfn_references.get()
    }

    /// What process start wants to know of the image in `section`.
    pub fn information(&self, section: Link<ControlArea>) -> &ImageInformation {
        self.mm.image_information(section)
    }
}
