//! The hash table of a working-set list: from a page number to the place of its indirect entry.
//!
//! Open addressing with linear probing; what is taken out is filled by what comes behind, so there are no marks of former entries.
//! It is made with the first indirect entry, and doubled when three quarters full. Where there is no page for it, entries stay out
//! of it and are looked for one by one.

use abi::assert_layout;
use abi::cell::{Field, Link, Record};

use super::{FIRST_DYNAMIC, wsle};
use crate::address_space::AddressSpace;
use crate::layout::{HYPERSPACE, PAGE_SHIFT, PAGE_SIZE, VirtualAddress, VirtualPage, WORKING_SET_LIST};
use crate::machine::Machine;

/// An entry of the table.
#[doc(alias = "_MMWSLE_HASH")]
#[repr(C)]
#[derive(Debug)]
struct HashEntry {
    /// The page's address and bit 0, or 0 where the entry is free.
    key: Field<u32>,
    index: Field<u32>,
}
impl Record for HashEntry {}
assert_layout!(HashEntry, 8, { key: 0, index: 4 });

/// Bytes of an entry.
pub(super) const ENTRY_SIZE: u32 = 8;
const PER_PAGE: u32 = PAGE_SIZE / ENTRY_SIZE;
/// Entries for which there is room below the list.
const MOST: u32 = 1 << ((WORKING_SET_LIST - HYPERSPACE) / ENTRY_SIZE).ilog2();

impl<M: Machine> AddressSpace<'_, M> {
    /// Counts the entry at `index`, which is valid and not direct, and enters it in the table where there is room (W4).
    #[inline(never)]
    pub(super) fn add_indirect(&self, index: u32) {
        let list = self.working_set_list();
        let count = list.non_direct_count.update(|count| count + 1);
        let size = list.hash_table_size.get();
        if count > size / 4 * 3 {
            // What is entered there is all that there is, and so this one.
            if self.grow_hash_table() || count >= size {
                return;
            }
        }
        self.enter(index);
    }

    fn enter(&self, index: u32) {
        let mask = self.working_set_list().hash_table_size.get() - 1;
        let entry = self.wsle(index);
        let mut at = home(entry.page(), mask);
        while self.hash_entry(at).key.get() != 0 {
            at = (at + 1) & mask;
        }
        self.hash_entry(at).key.set(key(entry.page()));
        self.hash_entry(at).index.set(index);
        entry.set(entry.get() | wsle::HASHED);
    }

    fn hash_entry(&self, at: u32) -> &HashEntry {
        self.mm.machine.record(Link::new(HYPERSPACE + at * ENTRY_SIZE))
    }

    /// Where in the table `page` is.
    fn find_in_table(&self, page: VirtualPage) -> Option<u32> {
        let mask = self.working_set_list().hash_table_size.get().checked_sub(1)?;
        let mut at = home(page, mask);
        loop {
            match self.hash_entry(at).key.get() {
                0 => return None,
                found if found == key(page) => return Some(at),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// The place of `page` in the list, where the table has it.
    pub(super) fn find_hashed(&self, page: VirtualPage) -> Option<u32> {
        self.find_in_table(page).map(|at| self.hash_entry(at).index.get())
    }

    /// The place of the indirect entry of `page`, which is one no longer.
    #[inline(never)]
    pub(super) fn take_out_indirect(&self, page: VirtualPage) -> u32 {
        let list = self.working_set_list();
        list.non_direct_count.update(|count| count - 1);
        if let Some(at) = self.find_in_table(page) {
            let index = self.hash_entry(at).index.get();
            self.close_gap(at);
            return index;
        }
        match self.find_one_by_one(page) {
            Some(index) => index,
            None => crate::fault::corrupt("a valid page that is in no working set"),
        }
    }

    /// Empties the entry `gap` and moves into it what a search would no longer find behind it.
    fn close_gap(&self, mut gap: u32) {
        let mask = self.working_set_list().hash_table_size.get() - 1;
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let found = self.hash_entry(at).key.get();
            if found == 0 {
                break;
            }
            let distance = at.wrapping_sub(home(VirtualPage(found >> PAGE_SHIFT), mask)) & mask;
            if distance >= at.wrapping_sub(gap) & mask {
                self.hash_entry(gap).key.set(found);
                self.hash_entry(gap).index.set(self.hash_entry(at).index.get());
                gap = at;
            }
        }
        self.hash_entry(gap).key.set(0);
    }

    /// Doubles the table, or begins it with one page, and enters all indirect entries; whether there were pages for it.
    #[doc(alias = "MiGrowWsleHash")]
    pub(super) fn grow_hash_table(&self) -> bool {
        let list = self.working_set_list();
        let before = list.hash_table_size.get();
        let after = (before * 2).max(PER_PAGE);
        if after > MOST {
            return false;
        }
        let page = |at: u32| VirtualAddress(HYPERSPACE + at * ENTRY_SIZE).page();
        let (first, end) = (page(before), page(after));
        for added in (first.0..end.0).map(VirtualPage) {
            if self.map_list_page(added).is_err() {
                (first.0..added.0).for_each(|page| self.unmap_list_page(VirtualPage(page)));
                return false;
            }
        }
        (0..before).for_each(|at| self.hash_entry(at).key.set(0));
        list.hash_table.set(HYPERSPACE);
        list.hash_table_size.set(after);
        for index in FIRST_DYNAMIC..=list.last_entry.get() {
            if self.wsle(index).get() & (wsle::VALID | wsle::DIRECT) == wsle::VALID {
                self.enter(index);
            }
        }
        true
    }
}

fn key(page: VirtualPage) -> u32 {
    page.0 << PAGE_SHIFT | 1
}

/// Where a search for `page` begins. Views lie at multiples of 64 KB: their pages must not all begin at the same places.
#[inline(always)]
pub(super) fn home(page: VirtualPage, mask: u32) -> u32 {
    // The golden ratio of 32 bits (Knuth, volume 3, section 6.4); the table has at most 65,536 entries.
    page.0.wrapping_mul(0x9E37_79B1) >> 16 & mask
}
const _: () = assert!(MOST <= 1 << 16);
