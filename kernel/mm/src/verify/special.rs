//! Q1, Q2 and U1 to U3: what is watched of VADs, and what is secured.

use abi::cell::Link;
use abi::nt::list::ListEntry;
use abi::nt::process::{Eprocess, process_flags};
use core::mem::offset_of;

use super::Corruption;
use crate::MemoryManager;
use crate::address_space::AddressSpace;
use crate::layout::{PAGE_SIZE, VirtualPage};
use crate::list;
use crate::machine::Machine;
use crate::pool::Tag;
use crate::pte::Pte;
use crate::vad::node::SPLIT_TAG;
use crate::vad::{VadFlags, VadFlags2, VadForm, VadLink, VadTree};
use crate::virtual_memory::PhysicalView;

/// Bits of a word of a bitmap.
const BITS: u32 = 32;

impl<M: Machine> MemoryManager<M> {
    /// Q1 and Q2.
    pub(super) fn verify_watches(&self, process: Link<Eprocess>, tree: &VadTree<'_, M>) -> Result<(), Corruption> {
        let head: Link<ListEntry> = process.offset(offset_of!(Eprocess, physical_vad_list) as u32);
        let mut watched = 0;
        for vad in tree.iter().filter(|vad| tree.node(*vad).flags().has(VadFlags::WRITE_WATCH)) {
            let start = tree.node(vad).start();
            let view = tree.physical_view(vad);
            if !tree.node(vad).flags().has(VadFlags::PRIVATE_MEMORY) || !self.view_names(view, tree, vad) {
                return Err(Corruption::Q1 { process, start });
            }
            let pages = tree.node(vad).pages().0;
            let beyond = self.watch_word(view, pages - 1).get().unbounded_shr((pages - 1) % BITS + 1);
            if self.bitmap_of(view).size_of_bit_map.get() != pages || beyond != 0 {
                return Err(Corruption::Q2 { process, start });
            }
            watched += 1;
        }
        let flagged = self.machine.record(process).flags.get() & process_flags::WRITE_WATCH != 0;
        if list::entries(&self.machine, head).take(watched + 1).count() != watched || watched > 0 && !flagged {
            return Err(Corruption::Q1 { process, start: VirtualPage(0) });
        }
        Ok(())
    }

    /// Whether `view` names `vad` and its range, and is in a list.
    fn view_names(&self, view: Link<PhysicalView>, tree: &VadTree<'_, M>, vad: VadLink) -> bool {
        let (record, node) = (self.machine.record(view), tree.node(vad));
        let [next, before] =
            [&record.list_entry.flink, &record.list_entry.blink].map(|link| self.machine.record(link.get()));
        next.blink.get() == view.cast()
            && before.flink.get() == view.cast()
            && record.vad.get() == vad
            && record.start_va.get() == node.start().address().0
            && record.end_va.get() == node.end().address().0 | (PAGE_SIZE - 1)
    }

    /// U1 to U3.
    pub(super) fn verify_secured(&self, process: Link<Eprocess>, tree: &VadTree<'_, M>) -> Result<(), Corruption> {
        let space = self.address_space(process);
        for vad in tree.iter() {
            let node = tree.node(vad);
            let (start, flags2) = (node.start(), space.second_flags(vad));
            let fixed = [VadFlags2::SEC_NO_CHANGE, VadFlags2::ONE_SECURED, VadFlags2::MULTIPLE_SECURED];
            let is_fixed = fixed.iter().any(|flag| flags2.has(*flag));
            let form = VadForm::of(&self.machine, vad);
            let tag = self.pool_tag(vad);
            let tagged = tag == Tag(form.tag()) || form == VadForm::Short && tag == Tag(SPLIT_TAG);
            if is_fixed != node.flags().has(VadFlags::NO_CHANGE) || is_fixed && form != VadForm::Long || !tagged {
                return Err(Corruption::U1 { process, start });
            }
            if is_fixed {
                self.verify_ranges(process, &space, vad)?;
            }
        }
        Ok(())
    }

    /// U2 and U3 for one VAD.
    fn verify_ranges(
        &self,
        process: Link<Eprocess>,
        space: &AddressSpace<'_, M>,
        vad: VadLink,
    ) -> Result<(), Corruption> {
        let tree = space.vads();
        let node = tree.node(vad);
        let hidden = self.has_hidden_entries(process, node);
        let (mut found, mut within, mut unfit) = (0, true, None);
        space.each_secured(vad, |secured| {
            found += 1;
            let range = secured.range;
            within &= node.start() <= range.start && range.start <= range.end && range.end <= node.end();
            let mut pages = (range.start.0..=range.end.0).map(VirtualPage).filter(|_| within && !hidden);
            let is_good = |page| {
                space
                    .protection_of(vad, page, self.entry_of(process, page))
                    .is_some_and(|found| secured.mode.is_met_by(found))
            };
            unfit = unfit.or_else(|| pages.find(|page| !is_good(*page)));
        });
        let several = space.second_flags(vad).has(VadFlags2::MULTIPLE_SECURED);
        if !within || several && found == 0 {
            return Err(Corruption::U2 { process, start: node.start() });
        }
        unfit.map_or(Ok(()), |page| Err(Corruption::U3 { process, page }))
    }

    /// What the entry of `page` of `process`, whose page table is in memory or not there, says.
    fn entry_of(&self, process: Link<Eprocess>, page: VirtualPage) -> Pte {
        match Pte::decode(self.table_entry(process, page.0 >> 9)) {
            Pte::Valid(table) => Pte::decode(self.machine.read_entry(table.frame(), page.0 & 0x1FF)),
            Pte::Transition(frame, _) => Pte::decode(self.machine.read_entry(frame, page.0 & 0x1FF)),
            _ => Pte::Empty,
        }
    }
}
