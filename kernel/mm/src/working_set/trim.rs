//! Trimming: a page leaves the working set, its frame goes to Standby or Modified, its entry says where it can be found.
//!
//! A page of the process's own leaves a transition entry. A shared page leaves an entry that leads to its prototype PTE, which goes into
//! transition when the last process lets go. A page table goes when none of its entries needs a frame. What is dirty and has no
//! file is only trimmed where a paging file has room.
//!
//! Source: Russinovich and Solomon on working-set trimming; the PTE forms of the symbol types.

use super::wsle;
use crate::address_space::AddressSpace;
use crate::frame::Flags;
use crate::layout::{PAGE_TABLES, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{DIRTY, PROTOTYPE, Pte, ValidPte, pte_of, software_protection};
use crate::vad::VadFlags;
use crate::virtual_memory::Inherited;

/// Whether a page left its working set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trimmed {
    /// It did.
    Gone,
    /// It could not.
    Kept,
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Takes the page of the valid entry at `index` out of the working set, where it can go.
    #[doc(alias = "MiFreeWsle")]
    pub(super) fn trim_entry(&self, index: u32) -> Trimmed {
        let entry = self.wsle(index);
        if entry.get() & (wsle::VALID | wsle::LOCKED) != wsle::VALID {
            return Trimmed::Kept;
        }
        let page = entry.page();
        if page.address().0 >= PAGE_TABLES {
            return self.trim_table(page);
        }
        let valid = ValidPte(self.mm.machine.record(pte_of(page)).load());
        if valid.has(PROTOTYPE) { self.trim_shared(page, valid) } else { self.trim_private(page, valid) }
    }

    fn trim_private(&self, page: VirtualPage, valid: ValidPte) -> Trimmed {
        let frame = self.mm.frame(valid.frame());
        let dirty = valid.has(DIRTY) || frame.flags().contains(Flags::MODIFIED);
        if dirty {
            // What stands in its old place is of no use any more, and the place may be the only one there is.
            self.mm.drop_slot(frame);
            if !self.mm.has_room_to_page() {
                return Trimmed::Kept;
            }
        }
        let protection = software_protection(frame.original_pte.get());
        let cell = self.mm.machine.record(pte_of(page));
        let old = self.mm.machine.exchange(cell, Pte::Transition(valid.frame(), protection).encode());
        self.mm.machine.flush(page);
        self.leave_dirt(valid.frame(), ValidPte(old));
        self.keep_write(page, ValidPte(old));
        self.page_leaves(page, frame);
        self.mm.release_share(valid.frame());
        Trimmed::Gone
    }

    fn trim_shared(&self, page: VirtualPage, valid: ValidPte) -> Trimmed {
        let Some(left) = self.entry_without_frame(page, valid) else { return Trimmed::Kept };
        let number = valid.frame();
        let frame = self.mm.frame(number);
        let dirty = valid.has(DIRTY) || frame.flags().contains(Flags::MODIFIED);
        if dirty {
            self.mm.drop_slot(frame);
            if frame.share_count() == 1 && !self.mm.is_file_page(frame) && !self.mm.has_room_to_page() {
                return Trimmed::Kept;
            }
        }
        let cell = self.mm.machine.record(pte_of(page));
        let old = ValidPte(self.mm.machine.exchange(cell, left.encode()));
        self.mm.machine.flush(page);
        self.leave_dirt(number, old);
        self.page_leaves(page, frame);
        self.mm.release_share(number);
        self.mm.release_share(self.mm.frame_of_pool(pte_of(page)));
        Trimmed::Gone
    }

    /// What the entry of the shared page `page`, `valid`, says while the page is not mapped. The page that programs read the time from has
    /// no VAD to lead back to it, and stays.
    fn entry_without_frame(&self, page: VirtualPage, valid: ValidPte) -> Option<Pte> {
        let vad = self.find_vad(page)?;
        let inherited = self.inherited(vad, page);
        let protection = self.mm.shared_protection(valid, inherited.protection());
        match inherited {
            Inherited::FromPage(own) if own == protection => {
                debug_assert!(
                    self.vads().node(vad).flags().has(VadFlags::IMAGE_MAP),
                    "only pages of images inherit from themselves"
                );
                Some(Pte::Prototype(self.prototype_of(vad, page)?, Protection::ZERO))
            }
            _ => Some(Pte::LookInVad(protection)),
        }
    }

    /// Takes the page table seen at `page` of the self-map out of memory, where no entry of it has a frame.
    fn trim_table(&self, page: VirtualPage) -> Trimmed {
        // In the self-map its PTE is the page directory's entry.
        let pde = self.mm.machine.record(pte_of(page));
        let number = ValidPte(pde.load()).frame();
        let frame = self.mm.frame(number);
        if frame.share_count() != 1 {
            return Trimmed::Kept;
        }
        self.mm.drop_slot(frame);
        if !self.mm.has_room_to_page() {
            return Trimmed::Kept;
        }
        self.mm.machine.exchange(pde, Pte::Transition(number, Protection::READWRITE).encode());
        self.mm.machine.flush(page);
        self.mm.tables_out.update(|count| count + 1);
        // Stores through the self-map are not noted where the entry would show them.
        frame.insert_flags(Flags::MODIFIED);
        self.page_leaves(page, frame);
        self.mm.release_share(number);
        Trimmed::Gone
    }
}
