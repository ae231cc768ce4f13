//! Taking pages away: what each form of PTE owes to whom when it goes.

use super::PageRange;
use crate::address_space::AddressSpace;
use crate::layout::{ENTRIES_PER_TABLE, FrameNumber, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{PROTOTYPE, Pte, PteCell, ValidPte, pte_of, table_of};
use crate::vad::{VadFlags, VadLink};

impl<M: Machine> AddressSpace<'_, M> {
    /// Takes all pages of `start..=end` away and leaves their PTEs empty.
    #[doc(alias = "MiDeleteVirtualAddresses")]
    #[inline(always)]
    pub(crate) fn delete_pages(&self, start: VirtualPage, end: VirtualPage) {
        match start.0 >> 9 == end.0 >> 9 {
            true => self.delete_pages_of_table(start, end),
            false => self.delete_pages_of_tables(start, end),
        }
    }

    #[inline(never)]
    fn delete_pages_of_tables(&self, start: VirtualPage, end: VirtualPage) {
        for (first, last, _) in self.known_tables(start, end) {
            self.delete_pages_of_table(first, last);
        }
    }

    /// The same for pages of one page table.
    #[inline(always)]
    fn delete_pages_of_table(&self, first: VirtualPage, last: VirtualPage) {
        debug_assert!(self.is_table_known(first), "A5: the page table of {first:?} is paged out");
        let Some(table) = self.table(first) else { return };
        let emptied = self.empty_entries(first, last, table);
        if emptied > 0 {
            self.entries_emptied(first, emptied);
        }
    }

    /// Takes all pages of the private memory `vad` away.
    #[inline(always)]
    pub(crate) fn delete_private_memory(&self, vad: VadLink) {
        let node = self.vads().node(vad);
        if node.flags().has(VadFlags::MEM_COMMIT) {
            return self.delete_pages(node.start(), node.end());
        }
        // As many entries are filled as pages are charged (M1). A stack's are its last ones.
        let mut left = node.flags().commit_charge().0;
        let (start, mut last) = (node.start(), node.end());
        while left > 0 {
            let first = VirtualPage((last.0 & !(ENTRIES_PER_TABLE - 1)).max(start.0));
            if let Some(table) = self.table(last) {
                let entries = self.mm.machine.record(table_of(first));
                let emptied = entries.last_filled(first, last, left, |page, cell| self.delete_entry(page, cell, table));
                left -= emptied;
                self.entries_emptied(first, emptied as u16);
            }
            if first == start {
                break;
            }
            last = VirtualPage(first.0 - 1);
        }
    }

    /// Takes all pages of `start..=end` away and marks them decommitted. Their page tables are there.
    pub(crate) fn decommit_pages(&self, start: VirtualPage, end: VirtualPage) {
        for (first, last, table) in self.known_tables(start, end) {
            let emptied = self.empty_entries(first, last, table);
            for page in (first.0..=last.0).map(VirtualPage) {
                let cell = self.mm.machine.record(pte_of(page));
                cell.store(Pte::DemandZero(Protection::DECOMMITTED).encode());
                self.entry_filled(page);
            }
            self.entries_emptied(first, emptied);
        }
    }

    /// The part of `start..=end` in each page table that is present, and its frame.
    #[inline(always)]
    pub(crate) fn known_tables(
        &self,
        start: VirtualPage,
        end: VirtualPage,
    ) -> impl Iterator<Item = (VirtualPage, VirtualPage, FrameNumber)> {
        debug_assert!(
            (start.0 >> 9..=end.0 >> 9).all(|table| self.is_table_known(VirtualPage(table << 9))),
            "A5: a page table of {start:?} to {end:?} is paged out"
        );
        self.present_tables(start, end)
    }

    /// The same, where it does not matter what the entries of paged-out page tables say: none of them is valid or in transition.
    #[inline(always)]
    pub(crate) fn present_tables(
        &self,
        start: VirtualPage,
        end: VirtualPage,
    ) -> impl Iterator<Item = (VirtualPage, VirtualPage, FrameNumber)> {
        PageRange { start, end }
            .by_tables()
            .filter_map(|(first, last)| self.table(first).map(|table| (first, last, table)))
    }

    /// Empties the entries of `first..=last` in the page table `table`; how many there were.
    #[inline(always)]
    fn empty_entries(&self, first: VirtualPage, last: VirtualPage, table: FrameNumber) -> u16 {
        let entries = self.mm.machine.record(table_of(first));
        let mut emptied = 0;
        entries.each_filled(first, last, |page, cell| {
            self.delete_entry(page, cell, table);
            emptied += 1;
        });
        emptied
    }

    /// Empties `cell`, the entry of `page` in the page table `table`, which is not zero.
    #[inline(never)]
    fn delete_entry(&self, page: VirtualPage, cell: &PteCell, table: FrameNumber) {
        match Pte::decode(cell.load()) {
            Pte::Valid(_) => {
                let old = ValidPte(self.mm.machine.exchange(cell, 0));
                self.mm.machine.flush(page);
                self.delete_valid_page(page, old);
                self.mm.release_share(table);
            }
            pte => {
                match pte {
                    Pte::Transition(frame, _) => {
                        self.mm.delete_transition_page(frame);
                        self.mm.release_share(table);
                        self.process.number_of_private_pages.update(|count| count - 1);
                    }
                    Pte::PagingFile(place) => self.mm.free_slot(place),
                    _ => {}
                }
                cell.store(0);
            }
        }
    }

    fn delete_valid_page(&self, page: VirtualPage, old: ValidPte) {
        let frame = old.frame();
        self.page_leaves(page, self.mm.frame(frame));
        if old.has(PROTOTYPE) {
            self.leave_dirt(frame, old);
            self.mm.release_share(frame);
        } else {
            self.mm.delete_private_page(frame);
            self.process.number_of_private_pages.update(|count| count - 1);
        }
    }
}
