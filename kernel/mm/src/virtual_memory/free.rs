//! Decommit and release.

use abi::memory::{MEM_DECOMMIT, MEM_RELEASE};
use abi::nt::process::support_flags;
use abi::status::NtStatus;

use super::PageRange;
use crate::address_space::AddressSpace;
use crate::layout::{HIGHEST_VAD_ADDRESS, PAGE_SIZE, PageCount, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::pool::Tag;
use crate::protection::Protection;
use crate::vad::node::{BLOCK_SIZE, SPLIT_TAG};
use crate::vad::{VadFlags, VadLink};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreeKind {
    /// `MEM_DECOMMIT`: the addresses stay reserved.
    Decommit,
    /// `MEM_RELEASE`.
    Release,
}

impl FreeKind {
    /// # Errors
    /// INVALID_PARAMETER_4 for anything else.
    pub fn check(kind: u32) -> Result<Self, NtStatus> {
        match kind {
            MEM_DECOMMIT => Ok(Self::Decommit),
            MEM_RELEASE => Ok(Self::Release),
            _ => Err(NtStatus::INVALID_PARAMETER_4),
        }
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Decommits or releases the pages that `size` bytes at `base` touch; `size` 0 is all of a VAD that starts at `base`.
    /// The range that was freed.
    ///
    /// # Errors
    /// XP's status for every refusal; nothing has changed.
    #[doc(alias = "NtFreeVirtualMemory")]
    pub fn free(&self, kind: FreeKind, base: u32, size: u32) -> Result<PageRange, NtStatus> {
        if base > HIGHEST_VAD_ADDRESS {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        if size > HIGHEST_VAD_ADDRESS + 1 - base {
            return Err(NtStatus::INVALID_PARAMETER_3);
        }
        let vad = self.find_vad(VirtualAddress(base).page()).ok_or(NtStatus::MEMORY_NOT_ALLOCATED)?;
        let node = self.vads().node(vad);
        let end = node.end();
        let range = if size == 0 {
            PageRange { start: VirtualAddress(base).page(), end }
        } else {
            PageRange::touched(base, size)
        };
        if range.end > end {
            return Err(NtStatus::UNABLE_TO_FREE_VM);
        }
        if !node.flags().is_plain() {
            if node.flags().is_fixed() && node.flags().has(VadFlags::PRIVATE_MEMORY) {
                return self.free_fixed(vad, kind, (base, size), range);
            }
            self.prepare_to_free(vad, kind, range, size)?;
        }
        if size == 0 && range.start != node.start() {
            return Err(NtStatus::FREE_VM_NOT_AT_BASE);
        }
        match kind {
            FreeKind::Decommit => self.decommit(vad, range)?,
            FreeKind::Release if size == 0 => {
                self.delete_private_memory(vad);
                self.take_vad_out(vad);
            }
            FreeKind::Release => self.release(vad, range)?,
        }
        Ok(range)
    }

    /// Windows and large pages, which go as a whole.
    #[cold]
    #[inline(never)]
    fn free_fixed(
        &self,
        vad: VadLink,
        kind: FreeKind,
        (base, size): (u32, u32),
        range: PageRange,
    ) -> Result<PageRange, NtStatus> {
        let node = self.vads().node(vad);
        if kind == FreeKind::Decommit {
            return Err(NtStatus::MEMORY_NOT_ALLOCATED);
        }
        if VirtualAddress(base).page() != node.start() {
            return Err(NtStatus::FREE_VM_NOT_AT_BASE);
        }
        if size != 0 && range.end != node.end() {
            return Err(NtStatus::UNABLE_TO_FREE_VM);
        }
        self.remove_fixed(vad);
        Ok(range)
    }

    /// Takes a window or large pages away.
    fn remove_fixed(&self, vad: VadLink) {
        let node = self.vads().node(vad);
        if node.flags().has(VadFlags::LARGE_PAGES) {
            self.delete_large_pages(vad);
        } else {
            self.clear_window(PageRange { start: node.start(), end: node.end() });
        }
        self.remove_vad(vad);
    }

    /// What freeing `range` of `vad`, which is not just private memory, asks for first.
    ///
    /// # Errors
    /// UNABLE_TO_DELETE_SECTION for a view; FREE_VM_NOT_AT_BASE as for other memory, and where only a part of watched memory would be released;
    /// INVALID_PAGE_PROTECTION where some of it is secured. Nothing has changed.
    #[cold]
    #[inline(never)]
    fn prepare_to_free(&self, vad: VadLink, kind: FreeKind, range: PageRange, size: u32) -> Result<(), NtStatus> {
        let node = self.vads().node(vad);
        let flags = node.flags();
        if !flags.has(VadFlags::PRIVATE_MEMORY) {
            return Err(NtStatus::UNABLE_TO_DELETE_SECTION);
        }
        if size == 0 && range.start != node.start() {
            return Err(NtStatus::FREE_VM_NOT_AT_BASE);
        }
        if flags.has(VadFlags::NO_CHANGE) {
            self.check_secured(vad, range, None)?;
        }
        if flags.has(VadFlags::WRITE_WATCH) {
            self.prepare_to_free_watched(vad, kind, range)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn decommit(&self, vad: VadLink, range: PageRange) -> Result<(), NtStatus> {
        let node = self.vads().node(vad);
        let flags = node.flags();
        let committed = self.committed_pages(vad, range.start, range.end);
        let whole = (range.start, range.end) == (node.start(), node.end());
        if !flags.has(VadFlags::MEM_COMMIT) {
            self.delete_pages(range.start, range.end);
        } else if whole {
            node.set_flags(flags.without(VadFlags::MEM_COMMIT));
            self.delete_pages(range.start, range.end);
        } else {
            self.make_tables(range.start, range.end).map_err(|_| NtStatus::NO_MEMORY)?;
            self.decommit_pages(range.start, range.end);
        }
        self.vads().set_even_protection(vad, Protection::ZERO);
        self.add_charge(vad, -(committed as i32));
        self.give_back(committed);
        Ok(())
    }

    /// Releases all of `vad`, of which nothing is secured or watched any more.
    #[inline(never)]
    fn release_all(&self, vad: VadLink) {
        self.delete_private_memory(vad);
        self.remove_vad(vad);
    }

    /// Releases all of a VAD, its head, its tail, or a part of its middle: then it becomes two.
    #[doc(alias = "MiReleaseVadRange")]
    #[inline(never)]
    fn release(&self, vad: VadLink, range: PageRange) -> Result<(), NtStatus> {
        let tree = self.vads();
        let node = tree.node(vad);
        let (start, end) = (node.start(), node.end());
        if (range.start, range.end) == (start, end) {
            self.release_all(vad);
            return Ok(());
        }
        let splits = range.start > start && range.end < end;
        let upper = if splits { Some(self.mm.allocate_pool(BLOCK_SIZE, Tag(SPLIT_TAG))?) } else { None };
        let committed = self.committed_pages(vad, range.start, range.end);
        self.delete_pages(range.start, range.end);
        self.add_charge(vad, -(committed as i32));
        self.give_back(committed);
        if range.start == start {
            tree.resize(vad, VirtualPage(range.end.0 + 1), end);
            let before = tree.previous(vad).map(|vad| tree.node(vad).end());
            self.release_range((range.start, range.end), before, Some(VirtualPage(range.end.0 + 1)));
        } else {
            if let Some(upper) = upper {
                self.split(vad, VirtualPage(range.start.0 - 1), upper, VirtualPage(range.end.0 + 1));
            } else {
                tree.resize(vad, start, VirtualPage(range.start.0 - 1));
            }
            let after = tree.next(vad).map(|vad| tree.node(vad).start());
            self.release_range((range.start, range.end), Some(VirtualPage(range.start.0 - 1)), after);
        }
        Ok(())
    }

    /// Ends `lower` at `last` and makes the node `upper`, just allocated, cover what it had from `first` on.
    fn split(&self, lower: VadLink, last: VirtualPage, upper: VadLink, first: VirtualPage) {
        let tree = self.vads();
        let node = tree.node(lower);
        let (start, end, flags) = (node.start(), node.end(), node.flags());
        let charge = self.committed_pages(lower, first, end);
        tree.resize(lower, start, last);
        self.add_charge(lower, -(charge as i32));
        let plain = flags.without(VadFlags::NO_CHANGE).with_commit_charge(PageCount(charge));
        tree.node(upper).initialize((first, end), plain);
        tree.set_even_protection(upper, tree.named_protection(lower));
        if flags.has(VadFlags::NO_CHANGE) {
            self.divide_secured(lower, upper);
        }
        tree.insert(upper);
        self.process.number_of_vads.update(|count| count + 1);
    }

    /// The pages of the lowest allocation.
    pub fn first_allocation(&self) -> Option<PageRange> {
        let node = self.vads().node(self.vads().first()?);
        Some(PageRange { start: node.start(), end: node.end() })
    }

    /// Takes the lowest VAD and its pages, whose page tables are known, away: the process ends. `delete` is called for the section that goes with
    /// its last view.
    #[doc(alias = "MmCleanProcessAddressSpace")]
    pub fn clean_first(&self, delete: impl FnOnce(abi::cell::Link<crate::section::ControlArea>)) {
        let Some(vad) = self.vads().first() else { return };
        self.process.vm.flags.set_bits(support_flags::ADDRESS_SPACE_BEING_DELETED);
        let flags = self.vads().node(vad).flags();
        if flags.has(VadFlags::PRIVATE_MEMORY) {
            if flags.is_fixed() { self.remove_fixed(vad) } else { self.delete_private_vad(vad) }
        } else if let crate::section::SectionFate::Delete(section) = self.remove_view(vad) {
            delete(section);
        }
    }

    /// Takes the private memory `vad` away, whatever is secured or watched of it.
    pub(super) fn delete_private_vad(&self, vad: VadLink) {
        let flags = self.vads().node(vad).flags();
        if flags.has(VadFlags::WRITE_WATCH) {
            self.forget_watch(vad);
        }
        if flags.has(VadFlags::NO_CHANGE) {
            self.forget_secured(vad);
        }
        self.release_all(vad);
    }

    /// Takes away what is left when no VAD is.
    pub fn clean_rest(&self) {
        let shared = VirtualAddress(crate::layout::USER_SHARED_DATA).page();
        // Where its page table is paged out, the page was never touched: it does not leave the working set.
        self.delete_pages(shared, shared);
        self.free_all_user_frames();
        debug_assert!(self.process.virtual_size.get() < PAGE_SIZE, "A3: addresses left in an empty address space");
    }
}
