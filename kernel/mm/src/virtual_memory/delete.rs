//! Taking pages away: what each form of PTE owes to whom when it goes.

use crate::address_space::AddressSpace;
use crate::layout::{ENTRIES_PER_TABLE, FrameNumber, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{PROTOTYPE, Pte, PteCell, ValidPte, table_of};

/// What stands in a page's PTE afterwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Nothing.
    Empty,
    /// "Decommitted", so that a committed VAD does not bring the page back.
    Decommitted,
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Takes all pages of `start..=end` away and leaves their PTEs empty.
    #[doc(alias = "MiDeleteVirtualAddresses")]
    #[inline]
    pub(crate) fn delete_pages(&self, start: VirtualPage, end: VirtualPage) {
        self.each_table(start, end, |first, last, table| self.delete_in_table(first, last, table, Leave::Empty));
    }

    /// Takes all pages of `start..=end` away and marks them decommitted. Their page tables are there.
    pub(crate) fn decommit_pages(&self, start: VirtualPage, end: VirtualPage) {
        self.each_table(start, end, |first, last, table| self.delete_in_table(first, last, table, Leave::Decommitted));
    }

    /// Calls `visit` with the part of `start..=end` in each page table that is present, and its frame.
    #[inline]
    pub(crate) fn each_table(&self, start: VirtualPage, end: VirtualPage, mut visit: impl FnMut(VirtualPage, VirtualPage, FrameNumber)) {
        let mut first = start;
        while first <= end {
            let last = VirtualPage((first.0 | (ENTRIES_PER_TABLE - 1)).min(end.0));
            if let Some(table) = self.table(first) {
                visit(first, last, table);
            }
            first = VirtualPage(last.0 + 1);
        }
    }

    #[inline]
    fn delete_in_table(&self, first: VirtualPage, last: VirtualPage, table: FrameNumber, leave: Leave) {
        let mut emptied = 0;
        for (page, cell) in self.mm.machine.record(table_of(first)).entries(first, last) {
            let raw = cell.load();
            if raw != 0 {
                emptied += 1;
                self.delete_entry(page, cell, raw, table);
            }
            if leave == Leave::Decommitted {
                cell.store(Pte::DemandZero(Protection::DECOMMITTED).encode());
                self.entry_filled(page);
            }
        }
        if emptied > 0 {
            self.entries_emptied(first, emptied);
        }
    }

    /// Empties `cell`, the entry of `page` in the page table `table`, which is `raw` and not zero.
    fn delete_entry(&self, page: VirtualPage, cell: &PteCell, raw: u64, table: FrameNumber) {
        match Pte::decode(raw) {
            Pte::Valid(_) => {
                let old = ValidPte(self.mm.machine.exchange(cell, 0));
                self.mm.machine.flush(page);
                self.delete_valid_page(old);
                self.mm.release_share(table);
            }
            pte => {
                if let Pte::Transition(frame, _) = pte {
                    self.mm.delete_transition_page(frame);
                    self.mm.release_share(table);
                    self.process.number_of_private_pages.update(|count| count - 1);
                }
                cell.store(0);
            }
        }
    }

    fn delete_valid_page(&self, old: ValidPte) {
        let frame = old.frame();
        self.page_leaves();
        if old.has(PROTOTYPE) {
            self.leave_dirt(frame, old);
            self.mm.release_share(frame);
        } else {
            self.mm.delete_private_page(frame);
            self.process.number_of_private_pages.update(|count| count - 1);
        }
    }
}
