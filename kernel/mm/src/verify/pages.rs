//! T3, F6 and the counts of A4: what one user PTE may say.

use abi::cell::Link;
use abi::nt::process::execute_options::EXECUTE_ENABLE;

use crate::address_space::AddressSpace;
use crate::frame::{Flags, Location};
use crate::layout::{FrameNumber, USER_SHARED_DATA, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{
    ACCESSED, CACHE_DISABLE, COPY_ON_WRITE, DIRTY, EXECUTABLE_ANYWAY, NO_EXECUTE, OWNER, PROTOTYPE, PrototypePte, Pte,
    PteCell, ValidPte, WRITE, WRITE_THROUGH, pte_of, software_protection,
};
use crate::vad::{VadFlags, VadLink};
use crate::virtual_memory::AWE_PROTECTION;

/// Bits of a valid entry that its protection decides.
const PERMISSIONS: u64 = WRITE | OWNER | WRITE_THROUGH | CACHE_DISABLE | COPY_ON_WRITE | NO_EXECUTE;

/// User PTEs of a process.
#[derive(Default)]
pub(super) struct PageCounts {
    /// Valid, and of a page that a working set has.
    pub(super) valid: u32,
    /// Valid, and of an AWE frame.
    pub(super) awe: u32,
    /// Valid or in transition, and the process's own.
    pub(super) private: u32,
    /// In transition.
    pub(super) parked: u32,
    /// In a paging file.
    pub(super) places: u32,
}

/// What is wrong with an entry.
pub(super) enum Wrong {
    /// F6: the record of the frame does not name the entry.
    Frame(FrameNumber, VirtualPage),
    /// T3.
    Entry(VirtualPage, u64),
    /// X2: the AWE frame that it maps.
    Awe(FrameNumber),
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Checks the entry `raw`, not zero, of `page` in the page table `table`, and counts it. `last` is the VAD met last.
    pub(super) fn verify_page(
        &self,
        page: VirtualPage,
        raw: u64,
        table: FrameNumber,
        last: &mut Option<VadLink>,
        counts: &mut PageCounts,
    ) -> Result<(), Wrong> {
        if !last.is_some_and(|vad| self.vads().node(vad).contains(page)) {
            *last = self.vads().find(page);
        }
        let flags = last.map_or(VadFlags::default(), |vad| self.vads().node(vad).flags());
        if let Some(vad) = last.filter(|_| flags.has(VadFlags::PHYSICAL_MAPPING)) {
            return self.verify_physical_entry(vad, page, raw);
        }
        let pte = Pte::decode(raw);
        let private = match pte {
            Pte::Valid(valid) if valid.has(PROTOTYPE) => None,
            Pte::Valid(valid) => Some(valid.frame()),
            Pte::Transition(frame, _) => Some(frame),
            _ => None,
        };
        if let Some(frame) = private {
            let record = self.mm.is_ram(frame).then(|| self.mm.frame(frame));
            if !record.is_some_and(|record| record.pte() == pte_of(page) && record.pte_frame() == table) {
                return Err(Wrong::Frame(frame, page));
            }
        }
        if flags.has(VadFlags::USER_PHYSICAL_PAGES) {
            counts.awe += 1;
            return self.verify_entry_of_window(page, raw);
        }
        counts.valid += u32::from(matches!(pte, Pte::Valid(_)));
        counts.private += u32::from(private.is_some());
        counts.parked += u32::from(matches!(pte, Pte::Transition(..)));
        if let Pte::PagingFile(place) = pte {
            counts.places += 1;
            if !self.mm.slot_is_taken(place.file, place.offset) {
                return Err(Wrong::Entry(page, raw));
            }
        }
        if self.entry_is_allowed(page, pte, *last) && self.may_be_marked(pte) {
            Ok(())
        } else {
            Err(Wrong::Entry(page, raw))
        }
    }

    /// Whether `pte` is not marked EXECUTABLE_ANYWAY, or may be (T4).
    pub(super) fn may_be_marked(&self, pte: Pte) -> bool {
        let Pte::Valid(valid) = pte else { return true };
        let enabled = self.process.pcb.execute_options.get() & EXECUTE_ENABLE != 0;
        !valid.has(EXECUTABLE_ANYWAY) || enabled && !valid.has(NO_EXECUTE)
    }

    /// X2 and X3 for the entry `raw`, not zero, of `page` in a window; F6 is checked.
    fn verify_entry_of_window(&self, page: VirtualPage, raw: u64) -> Result<(), Wrong> {
        let Pte::Valid(valid) = Pte::decode(raw) else { return Err(Wrong::Entry(page, raw)) };
        let expected = ValidPte::user(valid.frame(), AWE_PROTECTION, self.mm.no_execute).with(DIRTY);
        if (valid.as_protected().0 | ACCESSED) != expected.0 || !self.may_be_marked(Pte::Valid(valid)) {
            return Err(Wrong::Entry(page, raw));
        }
        if self.mm.frame(valid.frame()).is_awe() { Ok(()) } else { Err(Wrong::Awe(valid.frame())) }
    }

    fn entry_is_allowed(&self, page: VirtualPage, pte: Pte, vad: Option<VadLink>) -> bool {
        let Some(vad) = vad else {
            let shared = page == VirtualAddress(USER_SHARED_DATA).page();
            return shared && matches!(pte, Pte::Valid(valid) if self.maps(valid, self.mm.shared_data.prototype()));
        };
        let flags = self.vads().node(vad).flags();
        let view = !flags.has(VadFlags::PRIVATE_MEMORY);
        match pte {
            Pte::Empty => true,
            Pte::Valid(valid) if valid.has(PROTOTYPE) => {
                let writes = flags.has(VadFlags::IMAGE_MAP) || self.may_be_given(vad, Protection::READWRITE);
                let cell = self.prototype_of(vad, page);
                view && cell.is_some_and(|cell| self.maps(valid, cell)) && (!valid.has(WRITE) || writes)
            }
            Pte::Valid(valid) => self.is_own_page(valid),
            Pte::Transition(frame, protection) => {
                let record = self.mm.frame(frame);
                record.is_parked() && software_protection(record.original_pte.get()) == protection
            }
            Pte::DemandZero(Protection::DECOMMITTED) => flags.has(VadFlags::MEM_COMMIT) && !view,
            Pte::DemandZero(_) | Pte::PagingFile(_) => true,
            Pte::LookInVad(protection) => {
                view && (flags.has(VadFlags::IMAGE_MAP) || self.may_be_given(vad, protection))
            }
            Pte::Prototype(..) => view,
        }
    }

    /// Whether a page of `vad`, a view that is no image, may have `protection`: by the view's own, or because memory was committed so.
    fn may_be_given(&self, vad: VadLink, protection: Protection) -> bool {
        let area = self.control_area_of(vad);
        let memory = !self.mm.is_data_file(area);
        self.vads().node(vad).flags().protection().covers(protection)
            || memory && self.mm.may_be_committed_as(area, protection)
    }

    /// Whether `valid` maps the page of the prototype PTE at `cell`, for writing only where all may write it.
    fn maps(&self, valid: ValidPte, cell: Link<PteCell>) -> bool {
        let prototype = PrototypePte::decode(self.mm.machine.record(cell).load());
        let named = matches!(prototype, PrototypePte::Valid(prototype) if prototype.frame() == valid.frame());
        let own = self.mm.prototype_protection(cell);
        let shared_for_writing = own.is_writable() && !own.is_copy_on_write();
        named && valid.has(PROTOTYPE | OWNER) && (!valid.has(WRITE) || shared_for_writing)
    }

    /// Whether `valid`, a private entry, allows what the record of its frame says.
    fn is_own_page(&self, valid: ValidPte) -> bool {
        let record = self.mm.frame(valid.frame());
        let protection = software_protection(record.original_pte.get());
        let expected = ValidPte::user(valid.frame(), protection, self.mm.no_execute);
        let private =
            record.location() == Location::Active && !record.flags().contains(Flags::PROTOTYPE) && !record.is_fixed();
        private
            && (valid.as_protected().0 ^ expected.0) & PERMISSIONS == 0
            && !protection.denies_all()
            && !protection.is_guard()
    }
}
