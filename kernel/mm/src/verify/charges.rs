//! M1 and M3: what each VAD should be charged, by what the page tables say of its pages. M4: whether they are as even as its index says.

use abi::cell::Link;
use abi::nt::process::Eprocess;

use super::Corruption;
use crate::MemoryManager;
use crate::frame::Flags;
use crate::layout::VirtualPage;
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{LARGE_PAGE, Pte};
use crate::vad::{MmvadShort, VadFlags, VadLink, VadTree};

impl<M: Machine> MemoryManager<M> {
    pub(super) fn verify_charges(&self, process: Link<Eprocess>, tree: &VadTree<'_, M>) -> Result<(), Corruption> {
        for vad in tree.iter() {
            let node = tree.node(vad);
            let flags = node.flags();
            let (start, recorded) = (node.start(), flags.commit_charge().0);
            if self.has_hidden_entries(process, node) {
                continue;
            }
            if flags.has(VadFlags::PRIVATE_MEMORY) {
                let found = self.count_committed(process, node);
                if found != recorded {
                    return Err(Corruption::M1 { process, start, found, recorded });
                }
            } else {
                let found = self.count_view_charge(process, vad);
                if found != recorded {
                    return Err(Corruption::M3 { process, start, found, recorded });
                }
            }
        }
        Ok(())
    }

    /// Whether a page table of `node` is not in memory, or is just being read.
    pub(super) fn has_hidden_entries(&self, process: Link<Eprocess>, node: &MmvadShort) -> bool {
        (node.start().0 >> 9..=node.end().0 >> 9).any(|table| match Pte::decode(self.table_entry(process, table)) {
            Pte::PagingFile(_) => true,
            Pte::Transition(frame, _) => self.frame(frame).flags().contains(Flags::READ_IN_PROGRESS),
            _ => false,
        })
    }

    /// The entry of `process`'s page directories for its page table number `table`.
    pub(crate) fn table_entry(&self, process: Link<Eprocess>, table: u32) -> u64 {
        let [low, high, _] = self.process_directories(process);
        self.machine.read_entry(if table < 512 { low } else { high }, table & 0x1FF)
    }

    /// Committed pages of the private VAD `node`, by its flags and page tables.
    fn count_committed(&self, process: Link<Eprocess>, node: &MmvadShort) -> u32 {
        // What a window shows is charged to nobody's address space.
        if node.flags().has(VadFlags::USER_PHYSICAL_PAGES) {
            return 0;
        }
        let whole = node.flags().has(VadFlags::MEM_COMMIT);
        let mut found = if whole { node.pages().0 } else { 0 };
        self.vad_entries(process, node, |_, pte| match pte {
            Pte::Empty => {}
            Pte::DemandZero(Protection::DECOMMITTED) => found -= u32::from(whole),
            _ => found += u32::from(!whole),
        });
        found
    }

    /// M4.
    pub(super) fn verify_even(&self, process: Link<Eprocess>, tree: &VadTree<'_, M>) -> Result<(), Corruption> {
        for vad in tree.iter() {
            let node = tree.node(vad);
            let flags = node.flags();
            let is_named = flags.has(VadFlags::PRIVATE_MEMORY)
                && !flags.is_fixed()
                && !flags.has(VadFlags::WRITE_WATCH)
                && tree.named_protection(vad) != Protection::ZERO;
            if is_named && !self.has_hidden_entries(process, node) && !self.is_as_even_as_named(process, tree, vad) {
                return Err(Corruption::M4 { process, start: node.start() });
            }
        }
        Ok(())
    }

    /// Whether all pages of `vad` are committed under the protection that its index names.
    fn is_as_even_as_named(&self, process: Link<Eprocess>, tree: &VadTree<'_, M>, vad: VadLink) -> bool {
        let node = tree.node(vad);
        let flags = node.flags();
        let named = tree.named_protection(vad);
        let space = self.address_space(process);
        let (mut silent, mut even) = (node.pages().0, !named.is_guard());
        self.vad_entries(process, node, |page, pte| {
            if pte != Pte::Empty {
                silent -= 1;
                even &= space.protection_of(vad, page, pte) == Some(named);
            }
        });
        even && (silent == 0 || flags.has(VadFlags::MEM_COMMIT) && flags.protection() == named)
    }

    /// What the view `vad` should be charged.
    fn count_view_charge(&self, process: Link<Eprocess>, vad: VadLink) -> u32 {
        let space = self.address_space(process);
        // Frames that physical memory shows are charged to their owners (S8).
        if space.vads().node(vad).flags().has(VadFlags::PHYSICAL_MAPPING) {
            return 0;
        }
        let mut found = space.charge_of_view(vad).0;
        self.vad_entries(process, space.vads().node(vad), |page, pte| {
            let charged = pte != Pte::Empty && self.view_page_is_charged(space.inherited(vad, page), pte);
            found += u32::from(charged);
        });
        found
    }

    /// Calls `visit` with every page of `node` whose page table is present, and its PTE.
    fn vad_entries(&self, process: Link<Eprocess>, node: &MmvadShort, mut visit: impl FnMut(VirtualPage, Pte)) {
        for table in node.start().0 >> 9..=node.end().0 >> 9 {
            let frame = match Pte::decode(self.table_entry(process, table)) {
                // There is no page table.
                Pte::Valid(valid) if valid.has(LARGE_PAGE) => continue,
                Pte::Valid(valid) => valid.frame(),
                Pte::Transition(frame, _) => frame,
                _ => continue,
            };
            self.entries(frame, |index, raw| {
                let page = VirtualPage((table << 9) + index);
                if node.contains(page) {
                    visit(page, Pte::decode(raw));
                }
            });
        }
    }
}
