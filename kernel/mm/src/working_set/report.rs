//! What programs are told of a working set: all its pages, or what is at addresses that they name.
//!
//! Source: `PSAPI_WORKING_SET_BLOCK` and `PSAPI_WORKING_SET_EX_BLOCK` of `psapi.h`.

use super::wsle;
use crate::address_space::AddressSpace;
use crate::layout::{HIGHEST_USER_ADDRESS, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{PROTOTYPE, Pte};

/// Processes that share a page are counted no further.
const MOST_SHARES: u32 = 7;
/// Bits of `PSAPI_WORKING_SET_EX_BLOCK`: shares from bit 1, a `PAGE_` protection from bit 4.
const VALID: u32 = 1 << 0;
const SHARES_SHIFT: u32 = 1;
const PROTECTION_SHIFT: u32 = 4;
const SHARED: u32 = 1 << 15;
const LOCKED: u32 = 1 << 22;
const LARGE_PAGE: u32 = 1 << 23;

impl<M: Machine> AddressSpace<'_, M> {
    /// Calls `visit` with each page of the working set, as `MEMORY_WORKING_SET_BLOCK` tells it: the page's address, in bits 0 to 4 what
    /// protects it, in bit 8 whether it is shared and in 5 to 7 by how many, 7 at most.
    pub fn each_in_working_set(&self, mut visit: impl FnMut(u32)) {
        for index in 0..=self.working_set_list().last_entry.get() {
            let entry = self.wsle(index);
            if entry.has(wsle::VALID) {
                visit(entry.page().address().0 | self.protection_and_shares(entry.page()));
            }
        }
    }

    fn protection_and_shares(&self, page: VirtualPage) -> u32 {
        let Some(vad) = self.find_vad(page) else { return Protection::READWRITE.code() };
        let protection = self.committed_protection(vad, page).unwrap_or(Protection::READWRITE).code();
        match self.decode(page) {
            Pte::Valid(valid) if valid.has(PROTOTYPE) => {
                protection | self.mm.frame(valid.frame()).share_count().min(MOST_SHARES) << 5 | 1 << 8
            }
            _ => protection,
        }
    }

    /// What is in memory at `address`, as `MEMORY_WORKING_SET_EX_INFORMATION` tells it: in bit 0 whether a page is; then in bits 1 to 3 how many
    /// share it (7 at most, 0 for one that is nobody else's), in 4 to 14 its `PAGE_` protection, in 15 whether it can be shared, in 22 whether it is
    /// locked, in 23 whether it is a large one. 0 where there is none, and above what programs may use.
    #[doc(alias = "MiGetWorkingSetInfoEx")]
    pub fn page_report(&self, address: u32) -> u32 {
        let page = VirtualAddress(address).page();
        // A page table that is paged out has no valid entry.
        if address > HIGHEST_USER_ADDRESS || !self.is_large_page(page) && !self.has_table(page) {
            return 0;
        }
        let vad = self.find_vad(page);
        // What has no VAD is the page that tells the time.
        let protection = vad
            .map_or(Protection::READONLY, |vad| self.committed_protection(vad, page).unwrap_or(Protection::READWRITE));
        let told = VALID | protection.to_win32() << PROTECTION_SHIFT;
        if self.is_large_page(page) {
            return told | LARGE_PAGE | LOCKED;
        }
        let Pte::Valid(valid) = self.decode(page) else { return 0 };
        if vad.is_some_and(|vad| self.vads().node(vad).flags().is_fixed()) {
            // It is in no working set, and stays.
            return told | LOCKED;
        }
        let frame = self.mm.frame(valid.frame());
        let shares =
            if valid.has(PROTOTYPE) { SHARED | frame.share_count().min(MOST_SHARES) << SHARES_SHIFT } else { 0 };
        let is_locked = self.locate(page, frame).is_some_and(|index| self.wsle(index).get() & wsle::LOCKED != 0);
        told | shares | if is_locked { LOCKED } else { 0 }
    }
}
