//! Ages, and which pages go first.
//!
//! The processor notes in a page's entry that it was used. Each look at a working set takes that note: a page that was used is of age 0, any
//! other one older than before, up to 3. The clearing of the note is not flushed page by page: the translations of a process that is not current go with the
//! next load of CR3, those of the current one are dropped at the end.

use super::{FIRST_DYNAMIC, Trimmed, wsle};
use crate::address_space::AddressSpace;
use crate::layout::{PAGE_SHIFT, VirtualPage};
use crate::machine::Machine;
use crate::pte::{ACCESSED, DIRTY, ValidPte, pte_of};

/// How many pages of a working set are of each age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgeCounts(pub [u32; AgeCounts::AGES]);

impl AgeCounts {
    /// Ages there are: from 0, used since the last look, to 3.
    pub const AGES: usize = 4;
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Looks at all pages of the working set once: how many are of each age now.
    #[doc(alias = "MiAgeWorkingSet")]
    pub fn age_working_set(&self) -> AgeCounts {
        let mut counts = AgeCounts::default();
        for index in FIRST_DYNAMIC..=self.working_set_list().last_entry.get() {
            let entry = self.wsle(index);
            if !entry.has(wsle::VALID) {
                continue;
            }
            let age = if self.take_accessed(entry.page()) { 0 } else { (entry.age() + 1).min(3) };
            entry.set(entry.get() & !wsle::AGE | age << wsle::AGE_SHIFT);
            counts.0[age as usize] += 1;
        }
        self.mm.machine.flush_user();
        counts
    }

    /// Trims up to `most` pages that are at least of `age`, from where the last trim ended, and no further than to `floor` pages; how many went.
    #[doc(alias = "MiTrimWorkingSet")]
    pub fn trim_working_set(&self, age: u32, most: u32, floor: u32) -> u32 {
        self.sweep(most, floor, |entry| entry & wsle::AGE >= age << wsle::AGE_SHIFT)
    }

    /// Trims `count` pages that have not been used since they were looked at last, or any where all have.
    #[doc(alias = "MiReplaceWorkingSetEntry")]
    pub(super) fn replace_pages(&self, count: u32) -> u32 {
        let gone = self.sweep(count, 0, |entry| !self.take_accessed(VirtualPage(entry >> PAGE_SHIFT)));
        self.mm.machine.flush_user();
        if gone > 0 { gone } else { self.sweep(count, 0, |_| true) }
    }

    /// Goes once around the list and trims up to `most` pages whose entries `goes` says.
    #[inline(always)]
    fn sweep(&self, most: u32, floor: u32, goes: impl Fn(u32) -> bool) -> u32 {
        let list = self.working_set_list();
        let last = list.last_entry.get();
        let start = list.next_slot.get().clamp(FIRST_DYNAMIC, last.max(FIRST_DYNAMIC));
        let mut gone = 0;
        for part in [start..last + 1, FIRST_DYNAMIC..start] {
            for index in part {
                if gone == most || self.process.vm.working_set_size.get() <= floor {
                    list.next_slot.set(index);
                    return gone;
                }
                let entry = self.wsle(index).get();
                if entry & wsle::VALID != 0 && goes(entry) && self.trim_entry(index) == Trimmed::Gone {
                    gone += 1;
                }
            }
        }
        gone
    }

    /// Whether `page`, which is valid, was used since this was asked last.
    fn take_accessed(&self, page: VirtualPage) -> bool {
        // That of a page table is the page directory's: the self-map.
        let cell = self.mm.machine.record(pte_of(page));
        let valid = ValidPte(cell.load());
        if !valid.has(ACCESSED) {
            return false;
        }
        // The processor may set Dirty meanwhile: then the entry gets it back.
        let mut without = valid.0 & !ACCESSED;
        loop {
            let missed = self.mm.machine.exchange(cell, without) & DIRTY & !without;
            if missed == 0 {
                return true;
            }
            without |= missed;
        }
    }
}
