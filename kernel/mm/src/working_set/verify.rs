//! W1 to W5: a process's working-set list against its page tables.

use abi::cell::Link;
use abi::nt::process::{Eprocess, support_flags};

use super::{ENTRIES, FIRST_DYNAMIC, LAST_ON_FIRST_PAGE, NO_SLOT, WorkingSetList, wsle};
use crate::MemoryManager;
use crate::address_space::{FIXED_FRAMES, HYPERSPACE_ENTRY};
use crate::layout::{FrameNumber, HYPERSPACE, PAGE_SHIFT, PAGE_SIZE, VirtualPage, WORKING_SET_LIST};
use crate::machine::Machine;
use crate::pte::{PteCell, VALID, ValidPte, pte_of};
use crate::verify::Corruption;

/// Words of the list that are read at a time.
const CHUNK: usize = 64;

/// The list of a process that need not be current.
struct ListReader<'a, M> {
    mm: &'a MemoryManager<M>,
    /// The page table of hyperspace.
    table: FrameNumber,
    process: Link<Eprocess>,
    last: u32,
    cache: [u32; CHUNK],
    cached: u32,
}

impl<M: Machine> ListReader<'_, M> {
    fn word(&mut self, address: u32) -> Option<u32> {
        let start = address & !(CHUNK as u32 * 4 - 1);
        if self.cached != start {
            let entry = ValidPte(self.mm.machine.read_entry(self.table, (start / PAGE_SIZE) & 0x1FF));
            if !entry.has(VALID) {
                return None;
            }
            let mut bytes = [0; CHUNK * 4];
            self.mm.machine.read(entry.frame(), start % PAGE_SIZE, &mut bytes);
            for (word, bytes) in self.cache.iter_mut().zip(bytes.as_chunks::<4>().0) {
                *word = u32::from_le_bytes(*bytes);
            }
            self.cached = start;
        }
        Some(self.cache[(address - start) as usize / 4])
    }

    fn entry(&mut self, index: u32) -> Option<u32> {
        self.word(ENTRIES + index * 4)
    }
}

impl<M: Machine> MemoryManager<M> {
    /// Checks the list of `process`, whose valid user PTEs and page tables are `valid` in number.
    pub(crate) fn verify_working_set(&self, process: Link<Eprocess>, valid: u32) -> Result<(), Corruption> {
        let record = self.machine.record(process);
        let pointers: Link<PteCell> = Link::new(record.pae_top.get());
        let top = ValidPte(self.machine.record(pointers.offset::<PteCell>(24)).load()).frame();
        let table = ValidPte(self.machine.read_entry(top, HYPERSPACE_ENTRY)).frame();
        let mut list = ListReader { mm: self, table, process, last: 0, cache: [0; CHUNK], cached: 0 };
        let size = record.vm.working_set_size.get();
        if size != valid + FIXED_FRAMES {
            return Err(Corruption::W1 { process, found: valid + FIXED_FRAMES, recorded: size });
        }
        if record.vm.flags.get() & support_flags::ADDRESS_SPACE_BEING_DELETED != 0 {
            return Ok(());
        }
        self.verify_entries(&mut list, size).ok_or(Corruption::W3(process))?
    }

    /// W1 to W5; nothing where an entry is on no page.
    fn verify_entries(&self, list: &mut ListReader<'_, M>, size: u32) -> Option<Result<(), Corruption>> {
        let process = list.process;
        let mut head = |offset: usize| list.word(WORKING_SET_LIST + offset as u32);
        let last = head(core::mem::offset_of!(WorkingSetList, last_entry))?;
        let initialised = head(core::mem::offset_of!(WorkingSetList, last_initialized_wsle))?;
        let first_free = head(core::mem::offset_of!(WorkingSetList, first_free))?;
        let indirect = head(core::mem::offset_of!(WorkingSetList, non_direct_count))?;
        let hash_size = head(core::mem::offset_of!(WorkingSetList, hash_table_size))?;
        let pages_end =
            (ENTRIES + (initialised + 1) * 4).is_multiple_of(PAGE_SIZE) && initialised >= LAST_ON_FIRST_PAGE;
        if last > initialised || last + 1 < FIRST_DYNAMIC || !pages_end {
            return Some(Err(Corruption::W3(process)));
        }
        list.last = last;
        let (mut found, mut found_indirect, mut hashed, mut locked) = (FIXED_FRAMES, 0, 0, 0);
        for index in FIRST_DYNAMIC..=last {
            let entry = list.entry(index)?;
            if entry & wsle::VALID == 0 {
                continue;
            }
            found += 1;
            locked += u32::from(entry & wsle::LOCKED != 0);
            let direct = entry & wsle::DIRECT != 0;
            if self.entry_is_direct(list, index, entry) != Some(direct) || direct && entry & wsle::HASHED != 0 {
                return Some(Err(Corruption::W2 { process, index }));
            }
            found_indirect += u32::from(!direct);
            if entry & wsle::HASHED != 0 {
                hashed += 1;
                if hash_size == 0 || find_hashed(list, hash_size, VirtualPage(entry >> PAGE_SHIFT))? != index {
                    return Some(Err(Corruption::W4 { process, index }));
                }
            }
        }
        if found != size {
            return Some(Err(Corruption::W1 { process, found, recorded: size }));
        }
        if found_indirect != indirect {
            return Some(Err(Corruption::W2 { process, index: 0 }));
        }
        if locked != self.machine.record(process).number_of_locked_pages.get() {
            return Some(Err(Corruption::W5 { process, found: locked }));
        }
        let (mut in_table, mut free, mut next) = (0, last + 1 - found, first_free);
        for at in 0..hash_size {
            in_table += u32::from(list.word(HYPERSPACE + at * super::hash::ENTRY_SIZE)? != 0);
        }
        if in_table != hashed {
            return Some(Err(Corruption::W4 { process, index: 0 }));
        }
        while next != NO_SLOT && free > 0 {
            let entry = if (FIRST_DYNAMIC..=last).contains(&next) { list.entry(next)? } else { wsle::VALID };
            if entry & wsle::VALID != 0 {
                return Some(Err(Corruption::W3(process)));
            }
            (next, free) = (entry >> wsle::FREE_SHIFT, free - 1);
        }
        Some(if next == NO_SLOT && free == 0 { Ok(()) } else { Err(Corruption::W3(process)) })
    }

    /// Whether the frame behind the valid `entry` at `index` names it; nothing where no frame is behind it.
    fn entry_is_direct(&self, list: &ListReader<'_, M>, index: u32, entry: u32) -> Option<bool> {
        let pte = self.user_entry(list.process, VirtualPage(entry >> PAGE_SHIFT))?;
        let valid = ValidPte(pte);
        let frame = (valid.has(VALID) && self.is_ram(valid.frame())).then(|| self.frame(valid.frame()))?;
        if entry & wsle::DIRECT == 0 {
            return Some(false);
        }
        Some(frame.u1.get() == index)
    }

    /// The PTE of `page` of `process`, or the entry of the page directory where `page` is a page table in the self-map.
    fn user_entry(&self, process: Link<Eprocess>, page: VirtualPage) -> Option<u64> {
        let self_map = pte_of(VirtualPage(0)).address() >> PAGE_SHIFT;
        let table_entry = |table: u32| (table < 1024).then(|| self.table_entry(process, table));
        if page.0 >= self_map {
            return table_entry(page.0 - self_map);
        }
        let pde = ValidPte(table_entry(page.0 >> 9)?);
        pde.has(VALID).then(|| self.machine.read_entry(pde.frame(), page.0 & 0x1FF))
    }
}

/// Where the hash table of `size` entries says that `page` is; a place that no entry has where it says nothing.
fn find_hashed<M: Machine>(list: &mut ListReader<'_, M>, size: u32, page: VirtualPage) -> Option<u32> {
    let mask = size - 1;
    for step in 0..size {
        let at = HYPERSPACE + ((super::hash::home(page, mask) + step) & mask) * super::hash::ENTRY_SIZE;
        match list.word(at)? {
            0 => break,
            key if key == page.0 << PAGE_SHIFT | 1 => return list.word(at + 4),
            _ => {}
        }
    }
    Some(NO_SLOT)
}
