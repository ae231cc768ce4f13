//! Instruction fetches that no protection allows, in a process that data execution prevention does not cover.
//!
//! The protections stay what they are, and an entry is made with NX as everywhere; the first fetch takes NX out of it and marks it (T4). So the
//! process may be covered later, and `VirtualQuery` tells the same in both cases.
//!
//! Source: `_KEXECUTE_OPTIONS`; that entries are opened one by one, at the fault, is inferred from the descriptions of ProcessExecuteFlags.

use abi::nt::process::execute_options::EXECUTE_ENABLE;

use super::plan::{Plan, plan};
use super::{FaultOutcome, Resolution};
use crate::address_space::AddressSpace;
use crate::layout::VirtualPage;
use crate::machine::Machine;
use crate::protection::Access;
use crate::pte::{EXECUTABLE_ANYWAY, NO_EXECUTE, Pte, ValidPte, pte_of};
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
        if let Pte::Valid(valid) = pte {
            let entry = valid.with(EXECUTABLE_ANYWAY).0 & !NO_EXECUTE;
            self.mm.machine.exchange(self.mm.machine.record(pte_of(page)), entry);
            self.mm.machine.flush(page);
            return Err(FaultOutcome::Resolved(Resolution::Nothing));
        }
        // As if the processor had no NX.
        plan(pte, Access::Execute, 0, || self.backing(page)).map_err(|_| FaultOutcome::Denied)
    }

    /// Covers the process, the current one, by data execution prevention: what was let through before is not any more.
    pub fn prevent_execution(&self) {
        for index in FIRST_DYNAMIC..=self.working_set_list().last_entry.get() {
            let entry = self.wsle(index);
            if entry.has(wsle::VALID) && entry.page().address().is_user() {
                self.close_page(entry.page());
            }
        }
        // What is in no working set.
        for vad in self.vads().iter() {
            let node = self.vads().node(vad);
            if node.flags().is_fixed() {
                self.each_present_table(node.start(), node.end(), |first, last, _| {
                    (first.0..=last.0).for_each(|page| self.close_page(VirtualPage(page)));
                });
            }
        }
    }

    fn close_page(&self, page: VirtualPage) {
        let cell = self.mm.machine.record(pte_of(page));
        let valid = ValidPte(cell.load());
        if valid.has(EXECUTABLE_ANYWAY) {
            self.mm.machine.exchange(cell, valid.as_protected().0);
            self.mm.machine.flush(page);
        }
    }
}
