//! Pages for working-set lists and their hash tables: what is in hyperspace beyond the first page of the list.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use core::mem::offset_of;

use super::{ENTRIES, FIRST_DYNAMIC, LAST_ON_FIRST_PAGE, NO_SLOT, Places, WorkingSetList, wsle};
use crate::MemoryManager;
use crate::address_space::{AddressSpace, FIXED_FRAMES, HYPERSPACE_ENTRY};
use crate::frame::NoFrame;
use crate::layout::{
    ENTRIES_PER_TABLE, FrameNumber, HYPERSPACE, PAGE_SIZE, VirtualAddress, VirtualPage, WORKING_SET_LIST,
};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{GLOBAL, Pte, VALID, ValidPte, pde_of, pte_of};

/// Entries of a page of the list.
const PER_PAGE: u32 = PAGE_SIZE / 4;
/// Where hyperspace, and with it the list, ends.
const END: u32 = HYPERSPACE + 0x20_0000;
/// Pages that are trimmed at once where the list cannot grow.
const REPLACED_AT_ONCE: u32 = 8;

impl<M: Machine> MemoryManager<M> {
    /// Begins the list in `frame`, which is mapped nowhere yet, for `process`: the five frames it owns, `pages` being where they are seen.
    #[doc(alias = "MiInitializeWorkingSetList")]
    pub(crate) fn begin_working_set(
        &self,
        process: Link<Eprocess>,
        frame: FrameNumber,
        pages: [u32; FIXED_FRAMES as usize],
    ) {
        let mut head = [0u32; 15];
        head[offset_of!(WorkingSetList, first_free) / 4] = NO_SLOT;
        head[offset_of!(WorkingSetList, first_dynamic) / 4] = FIRST_DYNAMIC;
        head[offset_of!(WorkingSetList, last_entry) / 4] = FIRST_DYNAMIC - 1;
        head[offset_of!(WorkingSetList, next_slot) / 4] = FIRST_DYNAMIC;
        head[offset_of!(WorkingSetList, wsle) / 4] = ENTRIES;
        head[offset_of!(WorkingSetList, last_initialized_wsle) / 4] = LAST_ON_FIRST_PAGE;
        head[offset_of!(WorkingSetList, hash_table_start) / 4] = HYPERSPACE;
        self.write_words(frame, 0, &head);
        let entries = pages.map(|address| address | wsle::VALID | wsle::LOCKED_IN_WS);
        self.write_words(frame, ENTRIES - WORKING_SET_LIST, &entries);
        let support = &self.machine.record(process).vm;
        support.vm_working_set_list.set(WORKING_SET_LIST);
        support.working_set_size.set(FIXED_FRAMES);
        support.peak_working_set_size.set(FIXED_FRAMES);
    }

    fn write_words(&self, frame: FrameNumber, offset: u32, words: &[u32]) {
        for (place, word) in (offset..).step_by(4).zip(words) {
            self.machine.write(frame, place, &word.to_le_bytes());
        }
    }

    /// Gives back what the list in `frame`, of a process that is not current and whose hyperspace `table` maps, has beyond its first page; how many pages that was.
    pub(crate) fn end_working_set(&self, table: FrameNumber, frame: FrameNumber) -> u32 {
        let extra = self.extra_list_pages(frame);
        let first = VirtualAddress(HYPERSPACE).page();
        let mut left = extra;
        for index in 0..ENTRIES_PER_TABLE {
            if left == 0 {
                break;
            }
            let entry = ValidPte(self.machine.read_entry(table, index));
            if entry.has(VALID) && entry.frame() != frame {
                debug_assert!(
                    self.frame(entry.frame()).pte() == pte_of(VirtualPage(first.0 + index)),
                    "F6: a page of a working-set list"
                );
                self.machine.write_entry(table, index, 0);
                self.delete_private_page(entry.frame());
                left -= 1;
            }
        }
        extra
    }

    /// Pages beyond the first that the list in `frame` has, its hash table among them: each is a page of commit.
    pub(crate) fn extra_list_pages(&self, frame: FrameNumber) -> u32 {
        let word = |offset: usize| {
            let mut bytes = [0; 4];
            self.machine.read(frame, offset as u32, &mut bytes);
            u32::from_le_bytes(bytes)
        };
        let entries = word(offset_of!(WorkingSetList, last_initialized_wsle));
        let hash = word(offset_of!(WorkingSetList, hash_table_size));
        (entries - LAST_ON_FIRST_PAGE) / PER_PAGE + hash * super::hash::ENTRY_SIZE / PAGE_SIZE
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// The list is used up to its last places: free ones are counted, or it gets a page more, or pages of the process go for those that come.
    #[inline(never)]
    pub(super) fn find_places(&self) -> Result<Places, NoFrame> {
        if self.has_free_places() {
            return Ok(Places::There);
        }
        if self.grow_list().is_ok() {
            return Ok(Places::Made);
        }
        self.replace_pages(REPLACED_AT_ONCE);
        if self.has_free_places() { Ok(Places::Made) } else { Err(NoFrame) }
    }

    fn has_free_places(&self) -> bool {
        let list = self.working_set_list();
        let (mut free, mut places) = (list.first_free.get(), list.last_initialized_wsle.get() - list.last_entry.get());
        while free != NO_SLOT && places < super::PLACES_OF_A_FAULT {
            free = self.wsle(free).get() >> wsle::FREE_SHIFT;
            places += 1;
        }
        places >= super::PLACES_OF_A_FAULT
    }

    /// One page more for the list (W3).
    #[doc(alias = "MiAddWorkingSetPage")]
    fn grow_list(&self) -> Result<(), NoFrame> {
        let list = self.working_set_list();
        let next = ENTRIES + (list.last_initialized_wsle.get() + 1) * 4;
        if next >= END {
            return Err(NoFrame);
        }
        self.map_list_page(VirtualAddress(next).page())?;
        list.last_initialized_wsle.update(|last| last + PER_PAGE);
        Ok(())
    }

    /// Backs `page`, in the process's part of hyperspace, with a frame of zeros that is charged to the system.
    pub(super) fn map_list_page(&self, page: VirtualPage) -> Result<(), NoFrame> {
        let charge = self.mm.commit.charge(1).map_err(|_| NoFrame)?;
        let frame = self.mm.allocate_zeroed_frame(self.next_color())?;
        let table = ValidPte(self.mm.machine.record(pde_of(page)).load()).frame();
        self.mm.own_frame(frame, pte_of(page), table, Pte::DemandZero(Protection::READWRITE).encode());
        self.mm.machine.record(pte_of(page)).store(ValidPte::system(frame, self.mm.no_execute).0 & !GLOBAL);
        self.mm.add_share(table);
        charge.keep();
        Ok(())
    }

    /// Takes `page` of hyperspace, which [`Self::map_list_page`] backed, away again.
    pub(super) fn unmap_list_page(&self, page: VirtualPage) {
        let old = ValidPte(self.mm.machine.exchange(self.mm.machine.record(pte_of(page)), 0));
        self.mm.machine.flush(page);
        let table = self.mm.frame(old.frame()).pte_frame();
        self.mm.delete_private_page(old.frame());
        self.mm.release_share(table);
        self.mm.commit.give_back(1);
    }
}

const _: () = assert!(HYPERSPACE_ENTRY == HYPERSPACE >> 21 & 0x1FF && END == crate::layout::WINDOWS);
