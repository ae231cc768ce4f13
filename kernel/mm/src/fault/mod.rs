//! Page faults: from an address and an access to a PTE that allows it, or to a refusal.
//!
//! A fault is planned ([`plan`](plan::plan), pure) and then applied. What must come from a disk is returned as an
//! [`InPageRequest`]: the caller reads, calls [`complete_in_page`] and lets the program try again, which
//! then finds the page in transition. A second fault on the same page meanwhile is told to wait. So nothing here ever
//! blocks.
//!
//! [`complete_in_page`]: crate::MemoryManager::complete_in_page
//!
//! * **T1** A not-present entry that becomes present needs no flush; a present one that changes is flushed before anyone
//!   relies on the change.
//! * **T2** A frame that is being read is in transition with one reference, which the request holds.
//! * **T3** A PTE says what its VAD lets it say: outside all VADs nothing (but at 7FFE0000), in private memory nothing of
//!   sections, in a view nothing of another page's; and a valid entry allows what the protection on record does, no more.
//! * **T4** An entry that is marked EXECUTABLE_ANYWAY lacks NX although its protection forbids execution: such entries are only in processes
//!   whose options have ExecuteEnable.
//!
//! Source: Intel SDM volume 3, sections 4.7 and 4.10.4; order of checks as observed of XP.

mod apply;
mod execute;
mod guard;
mod in_page;
pub mod plan;

pub(crate) use apply::corrupt;
pub use apply::{FaultOutcome, Resolution};
pub use guard::StackGrowth;
pub use in_page::{InPageRequest, ReadResult, UnreadPage};
pub(crate) use in_page::{Materialised, prototype_valid};

use crate::address_space::AddressSpace;
use crate::frame::NoFrame;
use crate::layout::{USER_SHARED_DATA, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::protection::Access;
use crate::pte::{Pte, pde_of, pte_of};
use crate::vad::{VadFlags, VadLink};
use crate::working_set::Places;
use plan::{Backing, plan};

impl<M: Machine> AddressSpace<'_, M> {
    /// Resolves a fault at `address`, or says why not. Kernel addresses are denied.
    #[doc(alias = "MmAccessFault")]
    #[inline(always)]
    pub fn fault(&self, address: VirtualAddress, access: Access) -> FaultOutcome {
        if !address.is_user() {
            return FaultOutcome::Denied;
        }
        self.process.vm.page_fault_count.update(|count| count.wrapping_add(1));
        let page = address.page();
        let pte = if self.has_table(page) {
            Pte::decode(self.mm.machine.record(pte_of(page)).load())
        } else {
            match self.bring_table_in(page) {
                None if self.is_large_page(page) => return self.fault_in_large_page(page, access),
                None => self.decode(page),
                Some(first) => return first,
            }
        };
        // A list that grows takes a frame, perhaps that of this very page, or trims its page table: the entry is looked at anew then.
        match self.ensure_places() {
            Ok(Places::There) => {}
            Ok(Places::Made) => return FaultOutcome::Resolved(Resolution::Nothing),
            Err(NoFrame) => return FaultOutcome::NoFrame,
        }
        let plan = match plan(pte, access, self.mm.no_execute, || self.backing(page)) {
            Ok(plan) => plan,
            Err(plan::Denied) if access == Access::Execute => match self.plan_anyway(page, pte) {
                Ok(plan) => plan,
                Err(outcome) => return outcome,
            },
            Err(plan::Denied) => return FaultOutcome::Denied,
        };
        self.apply(plan, page, pte, access)
    }

    /// A large page is always there: the access is forbidden, or the translation was stale.
    #[cold]
    #[inline(never)]
    fn fault_in_large_page(&self, page: VirtualPage, access: Access) -> FaultOutcome {
        let entry = Pte::decode(self.mm.machine.record(pde_of(page)).load());
        match plan(entry, access, self.mm.no_execute, || Backing::Nothing) {
            Ok(_) => {
                self.mm.machine.flush(page);
                FaultOutcome::Resolved(Resolution::Nothing)
            }
            Err(plan::Denied) if access == Access::Execute && self.executes_anything() => {
                self.let_execute(pde_of(page), page)
            }
            Err(plan::Denied) => FaultOutcome::Denied,
        }
    }

    /// What the VAD tree says of `page`.
    #[doc(alias = "MiCheckVirtualAddress")]
    #[inline(always)]
    pub(crate) fn backing(&self, page: VirtualPage) -> Backing {
        if page == VirtualAddress(USER_SHARED_DATA).page() {
            return self.mm.shared_data.backing();
        }
        match self.find_vad(page) {
            None => Backing::Nothing,
            Some(vad) => self.backing_in(vad, page),
        }
    }

    /// What `vad`, which covers `page`, says of it.
    #[inline(always)]
    pub(crate) fn backing_in(&self, vad: VadLink, page: VirtualPage) -> Backing {
        let flags = self.vads().node(vad).flags();
        if flags.has(VadFlags::PRIVATE_MEMORY) {
            return if flags.has(VadFlags::MEM_COMMIT) {
                Backing::Private(flags.protection())
            } else {
                Backing::Reserved
            };
        }
        match self.prototype_of(vad, page) {
            Some(cell) if flags.has(VadFlags::IMAGE_MAP) => Backing::Shared(cell, None),
            _ if flags.has(VadFlags::PHYSICAL_MAPPING) => self.physical_backing(vad, page),
            None => Backing::Nothing,
            // Memory that is committed later has no prototype PTE to speak of before.
            Some(cell) if self.mm.machine.record(cell).load() == 0 => Backing::Reserved,
            Some(cell) => Backing::Shared(cell, Some(flags.protection())),
        }
    }

    /// The VAD that covers `page`; the last one found is tried first.
    #[doc(alias = "MiLocateAddress")]
    #[inline(always)]
    pub(crate) fn find_vad(&self, page: VirtualPage) -> Option<VadLink> {
        if let Some(hint) = self.process.vad_hint.get().some()
            && self.vads().node(hint).contains(page)
        {
            return Some(hint);
        }
        let found = self.vads().find(page)?;
        self.process.vad_hint.set(found);
        Some(found)
    }
}
