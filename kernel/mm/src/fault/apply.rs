//! Carrying out what was planned. May fail only for lack of a frame.

use abi::cell::Link;

use super::in_page::{Materialised, UnreadPage};
use super::plan::{Plan, allowed};
use crate::address_space::AddressSpace;
use crate::frame::Flags;
use crate::frame::allocate::NoFrame;
use crate::layout::{FrameNumber, VirtualPage};
use crate::machine::Machine;
use crate::protection::{Access, Protection};
use crate::pte::{DIRTY, PROTOTYPE, Pte, PteCell, ValidPte, pte_of};
use crate::vad::Mmvad;

/// What became of a fault.
#[derive(Debug, PartialEq)]
#[must_use]
pub enum FaultOutcome {
    /// The access will succeed now.
    Resolved(Resolution),
    /// `STATUS_ACCESS_VIOLATION`.
    Denied,
    /// The guard is off now: `STATUS_GUARD_PAGE_VIOLATION`, unless the page is the guard of the thread's stack.
    GuardPage,
    /// [Start](crate::MemoryManager::start_in_page) to read this, [complete](crate::MemoryManager::complete_in_page) it, try again.
    Unread(UnreadPage),
    /// Another thread is reading the page into this frame: wait for it, try again.
    Collided(FrameNumber),
    /// No frame can be had: wait for one, try again.
    NoFrame,
}

/// How a fault was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Nothing had to be done.
    Nothing,
    /// `STATUS_PAGE_FAULT_DEMAND_ZERO`.
    DemandZero,
    /// `STATUS_PAGE_FAULT_TRANSITION`.
    Transition,
    /// `STATUS_PAGE_FAULT_COPY_ON_WRITE`.
    CopyOnWrite,
}

impl From<NoFrame> for FaultOutcome {
    fn from(_: NoFrame) -> Self {
        Self::NoFrame
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    #[inline(always)]
    pub(super) fn apply(&self, plan: Plan, page: VirtualPage, pte: Pte, access: Access) -> FaultOutcome {
        match plan {
            Plan::Retry => {
                self.mm.machine.flush(page);
                FaultOutcome::Resolved(Resolution::Nothing)
            }
            Plan::DemandZero(protection) => self.demand_zero(page, pte, protection).unwrap_or_else(FaultOutcome::from),
            Plan::SoftFault(frame, protection) => self.soft_fault(page, frame, protection),
            Plan::PageIn(_) => FaultOutcome::Unread(UnreadPage::of_process(pte_of(page), self.next_color())),
            Plan::Shared(cell, protection) => {
                self.shared(page, pte, cell, protection, access).unwrap_or_else(FaultOutcome::from)
            }
            Plan::CopyOnWrite(frame) => self.copy_on_write(page, frame).unwrap_or_else(FaultOutcome::from),
            Plan::Physical(frame, protection) => match self.map_physical_page(page, frame, protection) {
                Ok(()) => FaultOutcome::Resolved(Resolution::Nothing),
                Err(none) => none.into(),
            },
            Plan::Guard(protection) => self.take_guard_off(page, pte, protection).unwrap_or_else(FaultOutcome::from),
        }
    }

    /// Gives the page a frame of zeros.
    #[doc(alias = "MiResolveDemandZeroFault")]
    #[inline(always)]
    fn demand_zero(&self, page: VirtualPage, pte: Pte, protection: Protection) -> Result<FaultOutcome, NoFrame> {
        let table = self.table_or_new(page)?;
        let color = self.next_color();
        let frame = self.mm.allocate_zeroed_frame(color);
        let frame = match frame.or_else(|none| self.ask_again(page, none, || self.mm.allocate_zeroed_frame(color))) {
            Ok(frame) => frame,
            Err(none) => {
                self.drop_empty_table(page, pte);
                return Err(none);
            }
        };
        self.map_private(page, pte, table, frame, protection);
        Ok(FaultOutcome::Resolved(Resolution::DemandZero))
    }

    /// Makes `frame`, just allocated and filled, the private page at `page`, where the PTE was `before`, not valid. The processor notes in the entry
    /// whether the access was a store when it tries again: a watch asks for that. That the page has no copy anywhere stands in the frame's record.
    #[inline(always)]
    fn map_private(
        &self,
        page: VirtualPage,
        before: Pte,
        table: FrameNumber,
        frame: FrameNumber,
        protection: Protection,
    ) {
        let original = Pte::DemandZero(protection).encode();
        let record = self.mm.own_frame(frame, pte_of(page), table, original);
        record.insert_flags(Flags::MODIFIED);
        let valid = ValidPte::user(frame, protection, self.mm.no_execute);
        self.mm.machine.record(pte_of(page)).store(valid.0);
        self.mm.note_caching(record, protection);
        if before == Pte::Empty {
            self.entry_filled(page);
        }
        self.mm.add_share(table);
        self.process.number_of_private_pages.update(|count| count + 1);
        self.private_page_joins(page, record);
    }

    /// Asks for a frame once more where the page table of `page` is new: it would go with this attempt, so that each one might end
    /// where this one does.
    #[cold]
    fn ask_again(
        &self,
        page: VirtualPage,
        none: NoFrame,
        ask: impl FnOnce() -> Result<FrameNumber, NoFrame>,
    ) -> Result<FrameNumber, NoFrame> {
        if self.has_entries(page) { Err(none) } else { ask() }
    }

    /// Takes back a page table that was added for an entry which could not be filled.
    fn drop_empty_table(&self, page: VirtualPage, pte: Pte) {
        if pte == Pte::Empty {
            self.entry_filled(page);
            self.entries_emptied(page, 1);
        }
    }

    /// Takes a private page back from the list it is on.
    #[doc(alias = "MiResolveTransitionFault")]
    fn soft_fault(&self, page: VirtualPage, frame: FrameNumber, protection: Protection) -> FaultOutcome {
        let record = self.mm.frame(frame);
        if record.flags().contains(Flags::READ_IN_PROGRESS) {
            return FaultOutcome::Collided(frame);
        }
        self.mm.reclaim_transition_page(frame);
        let valid = ValidPte::user(frame, protection, self.mm.no_execute);
        self.mm.machine.record(pte_of(page)).store(valid.0);
        self.mm.note_caching(record, protection);
        self.private_page_joins(page, record);
        FaultOutcome::Resolved(Resolution::Transition)
    }

    /// Maps the page that the prototype PTE at `cell` names, once it is in memory.
    #[doc(alias = "MiResolveProtoPteFault")]
    #[inline(always)]
    fn shared(
        &self,
        page: VirtualPage,
        before: Pte,
        cell: Link<PteCell>,
        own: Option<Protection>,
        access: Access,
    ) -> Result<FaultOutcome, NoFrame> {
        // The plan asked `own` already, where there is one.
        let protection = own.unwrap_or_else(|| self.mm.prototype_protection(cell));
        if own.is_none() {
            match allowed(protection, access, self.mm.no_execute, Plan::Retry) {
                // The page comes as for a read, and the next fetch is let through.
                Err(_) if access == Access::Execute && self.executes_anything() => {}
                Err(_) => return Ok(FaultOutcome::Denied),
                Ok(Plan::Guard(protection)) => return self.take_guard_off(page, before, protection),
                Ok(_) => {}
            }
        }
        let copies = protection.is_copy_on_write() && access == Access::Write;
        if copies && self.mm.is_demand_zero(cell) {
            return self.demand_zero(page, before, protection.without_copy_on_write());
        }
        let (frame, resolution) = match self.mm.materialise(cell, self.next_color())? {
            Materialised::Ready(frame, resolution) => (frame, resolution),
            Materialised::Collided(frame) => return Ok(FaultOutcome::Collided(frame)),
            Materialised::Unread(unread) => {
                return Ok(FaultOutcome::Unread(unread.with_neighbours(self.neighbours(page))));
            }
        };
        let table = match self.table_or_new(page) {
            Ok(table) => table,
            Err(none) => {
                self.mm.release_share(frame);
                return Err(none);
            }
        };
        // What a page has from its prototype PTE can always be read back.
        if copies || own.is_some_and(|own| !self.may_stay_shared(page, own)) {
            return self.map_copy(page, before, table, frame, protection);
        }
        let valid = ValidPte::user(frame, protection, self.mm.no_execute).with(PROTOTYPE);
        self.mm.machine.record(pte_of(page)).store(valid.0);
        if before == Pte::Empty {
            self.entry_filled(page);
        }
        self.mm.add_share(table);
        let record = self.mm.frame(frame);
        self.mm.note_caching(record, protection);
        self.shared_page_joins(page, record);
        if access == Access::Write {
            record.insert_flags(Flags::MODIFIED);
        }
        Ok(FaultOutcome::Resolved(resolution))
    }

    /// How many pages behind `page`, in its view, have prototype PTEs that follow without a break.
    fn neighbours(&self, page: VirtualPage) -> u32 {
        let Some(vad) = self.find_vad(page) else { return 0 };
        let last = self.mm.machine.record(vad.cast::<Mmvad>()).last_contiguous_pte.get();
        self.prototype_of(vad, page).map_or(0, |cell| last.address().saturating_sub(cell.address()) / 8)
    }

    /// Whether the shared page at `page` may be mapped as it is under `protection`, or only copied.
    #[inline(always)]
    fn may_stay_shared(&self, page: VirtualPage, protection: Protection) -> bool {
        self.find_vad(page).is_none_or(|vad| self.mm.may_stay_shared(protection, self.inherited(vad, page)))
    }

    /// Maps a private copy of the shared page in `shared`, one share of which is for this page and goes, where the PTE was
    /// `before`, not valid. Without a frame for the copy the PTE stays as it was: it alone may know the page's protection.
    fn map_copy(
        &self,
        page: VirtualPage,
        before: Pte,
        table: FrameNumber,
        shared: FrameNumber,
        protection: Protection,
    ) -> Result<FaultOutcome, NoFrame> {
        let color = self.next_color();
        let copy = self.mm.allocate_any_frame(color);
        let copy = match copy.or_else(|none| self.ask_again(page, none, || self.mm.allocate_any_frame(color))) {
            Ok(copy) => copy,
            Err(none) => {
                self.mm.release_share(shared);
                self.drop_empty_table(page, before);
                return Err(none);
            }
        };
        self.mm.machine.copy(shared, copy);
        self.map_private(page, before, table, copy, protection.without_copy_on_write());
        self.mm.release_share(shared);
        Ok(FaultOutcome::Resolved(Resolution::CopyOnWrite))
    }

    /// Replaces the shared page in `shared`, which is mapped at `page`, by a private copy that may be written.
    #[doc(alias = "MiCopyOnWrite")]
    fn copy_on_write(&self, page: VirtualPage, shared: FrameNumber) -> Result<FaultOutcome, NoFrame> {
        let cell = self.mm.machine.record(pte_of(page));
        let valid = ValidPte(cell.load());
        let shown = self.find_vad(page).and_then(|vad| self.protection_of(vad, page, Pte::Valid(valid)));
        let protection = shown.unwrap_or(Protection::READWRITE).without_copy_on_write();
        let table = self.table_or_new(page)?;
        let copy = self.mm.allocate_any_frame(self.next_color())?;
        self.mm.machine.copy(shared, copy);
        let original = Pte::DemandZero(protection).encode();
        let record = self.mm.own_frame(copy, pte_of(page), table, original);
        record.insert_flags(Flags::MODIFIED);
        self.page_moves(page, self.mm.frame(shared), record);
        let dirty = if protection.is_writable() { DIRTY } else { 0 };
        let valid = ValidPte::user(copy, protection, self.mm.no_execute).with(dirty);
        self.mm.machine.exchange(cell, valid.0);
        self.mm.machine.flush(page);
        self.mm.note_caching(record, protection);
        self.mm.release_share(shared);
        self.process.number_of_private_pages.update(|count| count + 1);
        Ok(FaultOutcome::Resolved(Resolution::CopyOnWrite))
    }
}

/// Our own invariant broke.
#[cold]
#[track_caller]
pub(crate) fn corrupt(what: &str) -> ! {
    panic!("MEMORY_MANAGEMENT: {what}")
}
