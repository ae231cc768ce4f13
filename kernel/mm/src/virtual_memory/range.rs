//! VADs as a whole, and the commitment of ranges within one.

use abi::status::NtStatus;

use super::PageRange;
use crate::MemoryManager;
use crate::address_space::AddressSpace;
use crate::commit::CommitLimit;
use crate::frame::NoFrame;
use crate::layout::{HIGHEST_VAD_ADDRESS, PAGE_SHIFT, PageCount, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::pool::Tag;
use crate::protection::Protection;
use crate::pte::{Pte, pte_of};
use crate::system::Exhausted;
use crate::vad::node::BLOCK_SIZE;
use crate::vad::{Room, VadFlags, VadForm, VadLink};

/// Why pages could not be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitError {
    /// `STATUS_COMMITMENT_LIMIT`.
    Limit,
    /// No frame for a page table: `STATUS_NO_MEMORY`.
    NoFrame,
}

impl From<CommitLimit> for CommitError {
    fn from(_: CommitLimit) -> Self {
        Self::Limit
    }
}

impl From<NoFrame> for CommitError {
    fn from(_: NoFrame) -> Self {
        Self::NoFrame
    }
}

impl From<CommitError> for NtStatus {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Limit => Self::COMMITMENT_LIMIT,
            CommitError::NoFrame => Self::NO_MEMORY,
        }
    }
}

impl From<CommitLimit> for NtStatus {
    fn from(_: CommitLimit) -> Self {
        Self::COMMITMENT_LIMIT
    }
}

impl From<Exhausted> for NtStatus {
    fn from(_: Exhausted) -> Self {
        Self::INSUFFICIENT_RESOURCES
    }
}

impl<M: Machine> MemoryManager<M> {
    /// Whether an operation was refused for want of a frame, for a page table, for pool or for a volume's own sectors: it has changed nothing, and may be
    /// asked for again when there are frames. Forgotten with the answer.
    pub fn take_lack_of_frame(&self) -> bool {
        let lacked = self.frame_lacked.get() != 0;
        self.frame_lacked.set(0);
        lacked
    }

    /// An operation will be refused for want of a frame.
    pub fn note_lack_of_frame(&self) {
        self.frame_lacked.set(1);
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Adds a VAD over `room`; its commit charge and its page tables are charged. `prepare` fills in what the form has
    /// beyond the flags.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES or COMMITMENT_LIMIT; nothing has changed.
    #[doc(alias = "MiInsertVad")]
    #[inline(always)]
    pub(crate) fn add_vad(
        &self,
        form: VadForm,
        room: Room,
        flags: VadFlags,
        prepare: impl FnOnce(VadLink),
    ) -> Result<VadLink, NtStatus> {
        let vad: VadLink = self.mm.allocate_pool(BLOCK_SIZE, Tag(form.tag()))?;
        let charge = flags.commit_charge().0;
        if let Err(limit) = self.charge_with_tables(charge, room.start, room.end) {
            self.mm.free_pool(vad);
            return Err(limit.into());
        }
        let tree = self.vads();
        tree.node(vad).initialize((room.start, room.end), flags);
        tree.name_protection(vad, Protection::ZERO);
        prepare(vad);
        tree.insert_below(vad, room.after);
        // What was just made is what is used next.
        self.process.vad_hint.set(vad);
        self.process.number_of_vads.update(|count| count + 1);
        let size = self.process.virtual_size.update(|size| size + ((room.end.0 - room.start.0 + 1) << PAGE_SHIFT));
        if size > self.process.peak_virtual_size.get() {
            self.process.peak_virtual_size.set(size);
        }
        Ok(vad)
    }

    /// Takes `vad`, whose pages are gone, away with its charges.
    #[doc(alias = "MiRemoveVad")]
    pub(crate) fn remove_vad(&self, vad: VadLink) {
        self.take_vad_out(vad);
    }

    /// The same, built into the path that most programs take.
    #[inline(always)]
    pub(crate) fn take_vad_out(&self, vad: VadLink) {
        let tree = self.vads();
        let node = tree.node(vad);
        let range = (node.start(), node.end());
        self.forget_hint(vad);
        let (before, after) = tree.remove(vad);
        self.release_range(range, before, after.map(|vad| tree.node(vad).start()));
        self.give_back(node.flags().commit_charge().0);
        self.process.number_of_vads.update(|count| count - 1);
        self.mm.free_pool(vad);
    }

    /// Returns the page tables and the virtual size of `range`, which belongs to no VAD any more; `before` and `after` are
    /// the last page below it and the first above that do.
    #[inline(always)]
    pub(crate) fn release_range(
        &self,
        range: (VirtualPage, VirtualPage),
        before: Option<VirtualPage>,
        after: Option<VirtualPage>,
    ) {
        self.uncommit_tables(range.0, range.1, before, after);
        self.process.virtual_size.update(|size| size - ((range.1.0 - range.0.0 + 1) << PAGE_SHIFT));
    }

    pub(crate) fn forget_hint(&self, vad: VadLink) {
        if self.process.vad_hint.get().address() == vad.address() {
            self.process.vad_hint.set(abi::cell::Link::NULL);
        }
    }

    /// The pages whose PTEs a change of protection may look at (A5).
    pub fn pages_to_protect(&self, base: u32, size: u32) -> PageRange {
        let last = base.saturating_add(size.saturating_sub(1)).min(HIGHEST_VAD_ADDRESS);
        PageRange { start: VirtualAddress(base.min(last)).page(), end: VirtualAddress(last).page() }
    }

    /// All pages of the allocation at `address`; the page alone where there is none.
    #[inline]
    pub fn pages_of_allocation(&self, address: u32) -> PageRange {
        let page = VirtualAddress(address).page();
        match self.find_vad(page) {
            Some(vad) => PageRange { start: self.vads().node(vad).start(), end: self.vads().node(vad).end() },
            None => PageRange { start: page, end: page },
        }
    }

    /// Pages of `start..=end`, within `vad`, that are committed.
    pub(crate) fn committed_pages(&self, vad: VadLink, start: VirtualPage, end: VirtualPage) -> u32 {
        let flags = self.vads().node(vad).flags();
        if !flags.has(VadFlags::PRIVATE_MEMORY) {
            return self.committed_in_view(vad, start, end);
        }
        let whole = flags.has(VadFlags::MEM_COMMIT);
        if !whole && flags.commit_charge().0 == 0 {
            // By M1 no page is.
            return 0;
        }
        let mut committed = if whole { end.0 - start.0 + 1 } else { 0 };
        for (first, last, _) in self.known_tables(start, end) {
            for page in (first.0..=last.0).map(VirtualPage) {
                let pte = Pte::decode(self.mm.machine.record(pte_of(page)).load());
                match pte {
                    Pte::Empty => {}
                    Pte::DemandZero(Protection::DECOMMITTED) if whole => committed -= 1,
                    Pte::DemandZero(Protection::DECOMMITTED) => {}
                    _ if whole => {}
                    _ => committed += 1,
                }
            }
        }
        committed
    }

    /// Makes sure that `start..=end` has page tables.
    ///
    /// # Errors
    /// [`NoFrame`]; tables added so far that are still empty are gone again.
    pub(crate) fn make_tables(&self, start: VirtualPage, end: VirtualPage) -> Result<(), NoFrame> {
        let mut page = start;
        while page <= end {
            // Asked for twice: all that were added would go for one that is refused though there are frames.
            if let Err(none) = self.table_or_new(page).or_else(|_| self.table_or_new(page)) {
                self.drop_empty_tables(start, page);
                self.mm.note_lack_of_frame();
                return Err(none);
            }
            page = VirtualPage((page.0 | 0x1FF) + 1);
        }
        Ok(())
    }

    /// Drops page tables of `start..=end` that have no entry.
    pub(crate) fn drop_empty_tables(&self, start: VirtualPage, end: VirtualPage) {
        for (first, _, _) in self.known_tables(start, end) {
            self.entry_filled(first);
            self.entries_emptied(first, 1);
        }
    }

    /// Commits `start..=end`, within one private VAD, under `protection`; what is committed already only changes its
    /// protection.
    pub(crate) fn commit_range(
        &self,
        start: VirtualPage,
        end: VirtualPage,
        protection: Protection,
    ) -> Result<(), CommitError> {
        let Some(vad) = self.find_vad(start) else { return Ok(()) };
        let new = end.0 - start.0 + 1 - self.committed_pages(vad, start, end);
        let charge = self.ask(new)?;
        self.make_tables(start, end)?;
        self.keep(charge);
        for page in (start.0..=end.0).map(VirtualPage) {
            if self.committed_protection(vad, page) != Some(protection) {
                self.protect_private_page(page, protection);
            }
        }
        self.note_protection(vad, PageRange { start, end }, protection);
        self.add_charge(vad, new as i32);
        self.drop_empty_tables(start, end);
        Ok(())
    }

    /// Notes that `range` of the private memory `vad` is committed under `protection` now (M4).
    #[inline]
    pub(crate) fn note_protection(&self, vad: VadLink, range: PageRange, protection: Protection) {
        let tree = self.vads();
        let node = tree.node(vad);
        let whole = (range.start, range.end) == (node.start(), node.end()) && !protection.is_guard();
        if whole {
            tree.set_even_protection(vad, protection);
        } else if tree.even_protection(vad, node.flags()) != Some(protection) {
            tree.set_even_protection(vad, Protection::ZERO);
        }
    }

    /// Changes the commit charge that `vad` records by `pages` (M1).
    pub(crate) fn add_charge(&self, vad: VadLink, pages: i32) {
        let node = self.vads().node(vad);
        let flags = node.flags();
        let charge = flags.commit_charge().0.wrapping_add_signed(pages);
        node.set_flags(flags.with_commit_charge(PageCount(charge)));
    }
}
