//! Instruction fetches that no protection allows, in a process that data execution prevention does not cover.
//!
//! The protections stay what they are, and an entry is made with NX as everywhere; the first fetch takes NX out of it and marks it (T4). So the
//! process may be covered later, and `VirtualQuery` tells the same in both cases.
//!
//! Source: `_KEXECUTE_OPTIONS`; that entries are opened one by one, at the fault, is inferred from the descriptions of ProcessExecuteFlags.

use abi::cell::Link;
use abi::nt::process::execute_options::EXECUTE_ENABLE;

use super::plan::{Plan, plan};
use super::{FaultOutcome, Resolution};
use crate::address_space::AddressSpace;
use crate::layout::{ENTRIES_PER_TABLE, VirtualPage};
use crate::machine::Machine;
use crate::protection::Access;
use crate::pte::{EXECUTABLE_ANYWAY, NO_EXECUTE, Pte, PteCell, ValidPte, pde_of, pte_of};
use crate::vad::{VadFlags, VadLink};
use crate::working_set::{FIRST_DYNAMIC, wsle};

impl<M: Machine> AddressSpace<'_, M> {
    /// Whether the process executes whatever it can read.
    #[cold]
    pub(super) fn executes_anything(&self) -> bool {
        self.process.pcb.execute_options.get() & EXECUTE_ENABLE != 0
    }

    /// A fetch from `page`, whose entry is `pte`, was denied: how to resolve it where the process may execute what it can read. The fetch comes
    /// again when the page is there.
    ///
    /// # Errors
    /// What became of it, where nothing is left to do.
    #[cold]
    #[inline(never)]
    pub(super) fn plan_anyway(&self, page: VirtualPage, pte: Pte) -> Result<Plan, FaultOutcome> {
        if !self.executes_anything() {
            return Err(FaultOutcome::Denied);
        }
        if let Pte::Valid(_) = pte {
            return Err(self.let_execute(pte_of(page), page));
        }
        // As if the processor had no NX.
        plan(pte, Access::Execute, 0, || self.backing(page)).map_err(|_| FaultOutcome::Denied)
    }

    /// Takes NX out of the valid entry `link` of `page`, and marks it.
    pub(super) fn let_execute(&self, link: Link<PteCell>, page: VirtualPage) -> FaultOutcome {
        let cell = self.mm.machine.record(link);
        self.mm.machine.exchange(cell, ValidPte(cell.load()).with(EXECUTABLE_ANYWAY).0 & !NO_EXECUTE);
        self.mm.machine.flush(page);
        FaultOutcome::Resolved(Resolution::Nothing)
    }

    /// Covers the process, the current one, by data execution prevention: what was let through before is not any more.
    pub fn prevent_execution(&self) {
        for index in FIRST_DYNAMIC..=self.working_set_list().last_entry.get() {
            let entry = self.wsle(index);
            if entry.has(wsle::VALID) && entry.page().address().is_user() {
                self.close_page(pte_of(entry.page()), entry.page());
            }
        }
        self.vads()
            .iter()
            .filter(|vad| self.vads().node(*vad).flags().is_fixed())
            .for_each(|vad| self.close_fixed(vad));
    }

    /// The same for what is in no working set.
    fn close_fixed(&self, vad: VadLink) {
        let node = self.vads().node(vad);
        let (start, end) = (node.start(), node.end());
        if node.flags().has(VadFlags::LARGE_PAGES) {
            let pages = (start.0..=end.0).step_by(ENTRIES_PER_TABLE as usize).map(VirtualPage);
            pages.for_each(|page| self.close_page(pde_of(page), page));
            // An emulator that translates code may know its way to all of a large page.
            return self.mm.machine.flush_user();
        }
        for (first, last, _) in self.present_tables(start, end) {
            (first.0..=last.0).map(VirtualPage).for_each(|page| self.close_page(pte_of(page), page));
        }
    }

    fn close_page(&self, link: Link<PteCell>, page: VirtualPage) {
        let cell = self.mm.machine.record(link);
        let valid = ValidPte(cell.load());
        if valid.has(EXECUTABLE_ANYWAY) {
            self.mm.machine.exchange(cell, valid.as_protected().0);
            self.mm.machine.flush(page);
        }
    }
}
