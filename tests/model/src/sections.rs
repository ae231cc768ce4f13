//! A section as a test looks into it.

use abi::cell::Link;
use mm::machine::Records;
use mm::pte::{PrototypePte, PteCell};
use mm::section::{ControlArea, ImageInformation};

use crate::system::System;

impl System {
    /// What the prototype PTE of page number `page` of `section` says.
    pub fn prototype(&self, section: Link<ControlArea>, page: u32) -> PrototypePte {
        let segment = self.mm.machine.record(self.mm.machine.record(section).segment.get());
        let cell: Link<PteCell> = segment.prototype_pte.get().offset(page * 8);
        PrototypePte::decode(self.mm.machine.record(cell).load())
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
