//! The translation buffer (TLB) of the software machine.
//!
//! As large as the address space, it forgets nothing until told to: the worst a processor may do.

use std::collections::BTreeSet;

use mm::layout::{ENTRIES_PER_TABLE, VirtualPage};
use mm::pte::{GLOBAL, LARGE_PAGE, ValidPte};

const PAGES: usize = 1 << 20;

/// Cached translations: for each page the entry as it was walked, with the rights of both levels, or 0.
#[derive(Default)]
pub(super) struct TranslationBuffer {
    /// One per page of the address space; empty until the first translation.
    entries: Vec<u64>,
    /// Pages whose entry may be set.
    filled: Vec<u32>,
    /// First pages of large pages of which entries may be set.
    large: BTreeSet<u32>,
}

impl TranslationBuffer {
    pub(super) fn get(&self, page: VirtualPage) -> Option<ValidPte> {
        let raw = self.entries.get(page.0 as usize).copied().unwrap_or(0);
        (raw != 0).then_some(ValidPte(raw))
    }

    pub(super) fn fill(&mut self, page: VirtualPage, entry: ValidPte) {
        if self.entries.is_empty() {
            self.entries = vec![0; PAGES];
        }
        let slot = &mut self.entries[page.0 as usize];
        if *slot == 0 {
            self.filled.push(page.0);
        }
        *slot = entry.0;
        if entry.has(LARGE_PAGE) {
            self.large.insert(first_of_large(page));
        }
    }

    /// Drops the translation of `page`; that of a large page is one, so all of it goes.
    pub(super) fn drop_page(&mut self, page: VirtualPage) {
        if let Some(slot) = self.entries.get_mut(page.0 as usize) {
            *slot = 0;
            if self.large.remove(&first_of_large(page)) {
                let first = first_of_large(page) as usize;
                let all = &mut self.entries[first..first + ENTRIES_PER_TABLE as usize];
                all.iter_mut().filter(|slot| **slot & LARGE_PAGE != 0).for_each(|slot| *slot = 0);
            }
        }
    }

    pub(super) fn drop_all_but_global(&mut self) {
        let entries = &mut self.entries;
        self.filled.retain(|&page| {
            let slot = &mut entries[page as usize];
            if *slot & GLOBAL == 0 {
                *slot = 0;
            }
            *slot != 0
        });
    }

    /// All pages with a translation, each once.
    pub(super) fn pages(&mut self) -> Vec<VirtualPage> {
        let entries = &self.entries;
        self.filled.retain(|&page| entries[page as usize] != 0);
        self.filled.sort_unstable();
        self.filled.dedup();
        self.filled.iter().copied().map(VirtualPage).collect()
    }
}

/// The first page of the 2 MB that hold `page`.
fn first_of_large(page: VirtualPage) -> u32 {
    page.0 & !(ENTRIES_PER_TABLE - 1)
}
