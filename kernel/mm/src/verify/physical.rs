//! S8: views of physical memory.

use abi::cell::Link;
use abi::nt::process::{Eprocess, process_flags};

use super::Corruption;
use super::pages::Wrong;
use crate::MemoryManager;
use crate::address_space::AddressSpace;
use crate::layout::VirtualPage;
use crate::machine::Machine;
use crate::pte::{ACCESSED, CACHE_DISABLE, Pte, ValidPte, WRITE, WRITE_THROUGH};
use crate::section::ControlAreaFlags;
use crate::vad::{Mmvad, VadFlags, VadLink, VadTree};

impl<M: Machine> MemoryManager<M> {
    /// Whether `page` of `process` is in a view of physical memory: what its entry names does not know of it.
    pub fn shows_physical_memory(&self, process: Link<Eprocess>, page: VirtualPage) -> bool {
        let record = self.machine.record(process);
        record.flags.get() & process_flags::HAS_PHYSICAL_VAD != 0 && {
            let tree = VadTree::new(&record.vad_root, &self.machine);
            tree.find(page).is_some_and(|vad| tree.node(vad).flags().has(VadFlags::PHYSICAL_MAPPING))
        }
    }

    /// The view `vad` of `process`, but for its entries.
    pub(super) fn verify_physical_view(
        &self,
        process: Link<Eprocess>,
        tree: &VadTree<'_, M>,
        vad: VadLink,
    ) -> Result<(), Corruption> {
        let node = tree.node(vad);
        let view = self.machine.record(vad.cast::<Mmvad>());
        let area = ControlAreaFlags::from_bits_truncate(self.machine.record(view.control_area.get()).flags.get());
        let is_sound = area.contains(ControlAreaFlags::PHYSICAL_MEMORY)
            && node.flags().commit_charge().0 == 0
            && self.machine.record(process).flags.get() & process_flags::HAS_PHYSICAL_VAD != 0;
        if is_sound { Ok(()) } else { Err(Corruption::S8 { process, start: node.start() }) }
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// The entry `raw`, not zero, of `page` in the view `vad`. How RAM is cached is told by what its owner did when the entry was made.
    pub(super) fn verify_physical_entry(&self, vad: VadLink, page: VirtualPage, raw: u64) -> Result<(), Wrong> {
        const FREE: u64 = ACCESSED | CACHE_DISABLE | WRITE_THROUGH;
        let Pte::Valid(valid) = Pte::decode(raw) else { return Err(Wrong::Entry(page, raw)) };
        let frame = self.physical_frame(vad, page);
        let expected = self.physical_entry(frame, self.vads().node(vad).flags().protection());
        let is_stored = valid.has(WRITE) && self.mm.is_ram(frame);
        let is_like = |expected: ValidPte| valid.as_protected().0 | FREE == expected.0 | FREE;
        if is_like(expected) && !is_stored && self.may_be_marked(Pte::Valid(valid)) {
            Ok(())
        } else {
            Err(Wrong::Entry(page, raw))
        }
    }
}
