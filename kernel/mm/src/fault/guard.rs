//! Guard pages, and the growth of user stacks through them.

use crate::address_space::AddressSpace;
use crate::fault::FaultOutcome;
use crate::frame::allocate::NoFrame;
use crate::layout::{PAGE_SIZE, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{Pte, pte_of, with_software_protection};
use crate::vad::VadFlags;
use crate::virtual_memory::CommitError;

/// What a hit on the guard page of a thread's stack led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackGrowth {
    /// The stack grew: this is the new `StackLimit`.
    Grown(VirtualAddress),
    /// That was the last page: the new `StackLimit`, and `STATUS_STACK_OVERFLOW`.
    Overflow(VirtualAddress),
    /// The next page may not be committed: as for the last page, unless paging files can become larger.
    NoCommit(VirtualAddress),
    /// There is no frame for a page table: nothing has changed.
    NoFrame,
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Takes the guard off `page`, whose PTE is not valid.
    pub(super) fn take_guard_off(
        &self,
        page: VirtualPage,
        pte: Pte,
        protection: Protection,
    ) -> Result<FaultOutcome, NoFrame> {
        let protection = protection.without_guard();
        let new = match pte {
            Pte::Transition(frame, _) => {
                let original = &self.mm.frame(frame).original_pte;
                original.set(with_software_protection(original.get(), protection));
                Pte::Transition(frame, protection)
            }
            Pte::PagingFile(place) => Pte::PagingFile(crate::pte::PagingFilePage { protection, ..place }),
            Pte::LookInVad(_) | Pte::Prototype(..) => Pte::LookInVad(protection),
            Pte::Empty if self.is_shared(page) => Pte::LookInVad(protection),
            Pte::Empty | Pte::DemandZero(_) | Pte::Valid(_) => Pte::DemandZero(protection),
        };
        self.table_or_new(page)?;
        self.mm.machine.record(pte_of(page)).store(new.encode());
        if pte == Pte::Empty {
            self.entry_filled(page);
        }
        Ok(FaultOutcome::GuardPage)
    }

    fn is_shared(&self, page: VirtualPage) -> bool {
        matches!(self.backing(page), super::plan::Backing::Shared(..))
    }

    /// Grows the stack whose guard page `fault` hit: the page below becomes the new guard. The lowest page of the stack,
    /// at `bottom` (its `DeallocationStack`), always stays out of reach. The program keeps that word and can store anything
    /// there: what is not private memory of the allocation that was hit never becomes a guard.
    #[doc(alias = "MiCheckForUserStackOverflow")]
    pub fn grow_stack(&self, fault: VirtualAddress, bottom: VirtualAddress) -> StackGrowth {
        let hit = fault.page().address().0;
        let next = hit.wrapping_sub(PAGE_SIZE);
        if next <= bottom.0 {
            return StackGrowth::Overflow(VirtualAddress(hit));
        }
        let page = VirtualAddress(next).page();
        let within = self.find_vad(fault.page()).is_some_and(|vad| {
            let node = self.vads().node(vad);
            node.contains(page) && node.flags().has(VadFlags::PRIVATE_MEMORY)
        });
        if !within {
            return StackGrowth::Overflow(VirtualAddress(hit));
        }
        match self.commit_range(page, page, Protection::from_code(Protection::READWRITE.code() | 0x10)) {
            Ok(()) => StackGrowth::Grown(VirtualAddress(hit)),
            Err(CommitError::Limit) => StackGrowth::NoCommit(VirtualAddress(hit)),
            Err(CommitError::NoFrame) => StackGrowth::NoFrame,
        }
    }
}
