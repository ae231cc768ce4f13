//! Changing the protection of committed pages.

use abi::memory::PAGE_WRITECOMBINE;
use abi::status::NtStatus;

use super::PageRange;
use super::pages::Inherited;
use crate::address_space::AddressSpace;
use crate::layout::{FrameNumber, HIGHEST_VAD_ADDRESS, VirtualPage};
use crate::machine::Machine;
use crate::protection::{Caching, Protection};
use crate::pte::{PROTOTYPE, Pte, VALID, ValidPte, pte_of};
use crate::vad::{VadFlags, VadLink};

/// Checks the new protection by itself.
///
/// # Errors
/// INVALID_PAGE_PROTECTION.
pub fn check_protect(protect: u32) -> Result<Protection, NtStatus> {
    if protect & PAGE_WRITECOMBINE != 0 {
        return Err(NtStatus::INVALID_PAGE_PROTECTION);
    }
    Protection::from_win32(protect).map_err(|_| NtStatus::INVALID_PAGE_PROTECTION)
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Gives the pages that `size` bytes at `base` touch the protection `new`. The range, and the protection its first page had,
    /// as Win32 counts it.
    ///
    /// # Errors
    /// XP's status for every refusal; nothing has changed.
    #[doc(alias = "NtProtectVirtualMemory")]
    pub fn protect(&self, base: u32, size: u32, new: Protection) -> Result<(PageRange, u32), NtStatus> {
        if base > HIGHEST_VAD_ADDRESS {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        if size == 0 || size > HIGHEST_VAD_ADDRESS + 1 - base {
            return Err(NtStatus::INVALID_PARAMETER_3);
        }
        let range = PageRange::touched(base, size);
        let vad = self.enclosing_vad(range)?;
        let flags = self.vads().node(vad).flags();
        if let Some(old) = self.vads().even_protection(vad, flags) {
            if new.is_copy_on_write() {
                return Err(NtStatus::INVALID_PARAMETER_4);
            }
            if old != new {
                self.protect_even(vad, range, old, new)?;
            }
            return Ok((range, old.to_win32()));
        }
        self.protect_page_by_page(vad, range, new)
    }

    /// The same where the pages of `vad` may have different protections, or it is not just private memory.
    #[inline(never)]
    fn protect_page_by_page(
        &self,
        vad: VadLink,
        range: PageRange,
        new: Protection,
    ) -> Result<(PageRange, u32), NtStatus> {
        let flags = self.vads().node(vad).flags();
        if flags.is_fixed() {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        if flags.has(VadFlags::NO_CHANGE) {
            self.check_secured(vad, range, Some(new))?;
        }
        let private = flags.has(VadFlags::PRIVATE_MEMORY);
        if private && new.is_copy_on_write() || !private && new.caching() != Caching::Cached {
            return Err(NtStatus::INVALID_PARAMETER_4);
        }
        if !private {
            self.check_view_protection(vad, new)?;
        }
        let old = self.committed_protection(vad, range.start).ok_or(NtStatus::NOT_COMMITTED)?;
        if self.committed_pages(vad, range.start, range.end) != range.pages() {
            return Err(NtStatus::NOT_COMMITTED);
        }
        if private {
            self.protect_private(vad, range, new)?;
        } else {
            self.protect_view(vad, range, new, || {})?;
        }
        Ok((range, old.to_win32()))
    }

    fn protect_private(&self, vad: VadLink, range: PageRange, new: Protection) -> Result<(), NtStatus> {
        self.make_tables(range.start, range.end).map_err(|_| NtStatus::NO_MEMORY)?;
        for page in (range.start.0..=range.end.0).map(VirtualPage) {
            if self.committed_protection(vad, page) != Some(new) {
                self.protect_private_page(page, new);
            }
        }
        self.note_protection(vad, range, new);
        self.drop_empty_tables(range.start, range.end);
        Ok(())
    }

    /// Gives `range` of `vad`, all of which is committed under `old` (M4), the protection `new`, which is another.
    fn protect_even(&self, vad: VadLink, range: PageRange, old: Protection, new: Protection) -> Result<(), NtStatus> {
        if !self.has_table(range.start) || !range.is_in_one_table() {
            self.make_tables(range.start, range.end).map_err(|_| NtStatus::NO_MEMORY)?;
        }
        let cached = old.caching() == Caching::Cached && new.caching() == Caching::Cached;
        let stays = cached && !new.denies_all() && !new.is_guard();
        let permissions = ValidPte::user(FrameNumber(0), new, self.mm.no_execute);
        for page in (range.start.0..range.end.0 + 1).map(VirtualPage) {
            let cell = self.mm.machine.record(pte_of(page));
            match ValidPte(cell.load()) {
                valid if stays && valid.has(VALID) => self.change_permissions(page, cell, valid, permissions, new),
                _ => self.protect_private_page(page, new),
            }
        }
        self.note_protection(vad, range, new);
        Ok(())
    }

    /// In an image every protection can be had, if need be of a copy; elsewhere no more than what the view was mapped with.
    pub(crate) fn check_view_protection(&self, vad: VadLink, new: Protection) -> Result<(), NtStatus> {
        let flags = self.vads().node(vad).flags();
        if flags.has(VadFlags::IMAGE_MAP) || flags.protection().covers(new) {
            Ok(())
        } else {
            Err(NtStatus::SECTION_PROTECTION)
        }
    }

    /// Pages that the process owns now, or may come to own, and that the charge of the view as a whole does not count, are
    /// charged (M3); those that it can no longer come to own are given back. `first` is done before the first change, when nothing
    /// can fail any more.
    pub(crate) fn protect_view(
        &self,
        vad: VadLink,
        range: PageRange,
        new: Protection,
        first: impl FnOnce(),
    ) -> Result<(), NtStatus> {
        let pages = || (range.start.0..=range.end.0).map(VirtualPage);
        let charged = |under| pages().filter(|page| self.is_charged(vad, *page, under)).count() as u32;
        let (before, after) = (charged(None), charged(Some(new)));
        let charge = self.ask(after.saturating_sub(before))?;
        self.make_tables(range.start, range.end).map_err(|_| NtStatus::NO_MEMORY)?;
        first();
        self.keep(charge);
        self.give_back(before.saturating_sub(after));
        self.add_charge(vad, after as i32 - before as i32);
        for page in pages() {
            let new = self.view_protection(vad, page, new);
            if self.committed_protection(vad, page) != Some(new) {
                self.protect_view_page(vad, page, new);
            }
        }
        self.drop_empty_tables(range.start, range.end);
        Ok(())
    }

    /// In an image a writable protection means a private copy, but where the section itself is shared and writable.
    fn view_protection(&self, vad: VadLink, page: VirtualPage, new: Protection) -> Protection {
        match self.inherited(vad, page) {
            Inherited::FromView(given) if given.caching() == Caching::Uncached => new.without_cache(),
            Inherited::FromView(_) => new,
            Inherited::FromPage(own) if own.is_writable() && !own.is_copy_on_write() => new,
            Inherited::FromPage(_) => new.with_copy_on_write(),
        }
    }

    /// M3 for one page of a view, as it is or under the protection `new`.
    fn is_charged(&self, vad: VadLink, page: VirtualPage, new: Option<Protection>) -> bool {
        let pte = self.decode(page);
        let shared = match pte {
            Pte::Empty | Pte::LookInVad(_) | Pte::Prototype(..) => true,
            Pte::Valid(valid) => valid.has(PROTOTYPE),
            Pte::DemandZero(_) | Pte::Transition(..) | Pte::PagingFile(_) => false,
        };
        let then = match new {
            Some(new) if shared => Pte::LookInVad(self.view_protection(vad, page, new)),
            _ => pte,
        };
        self.mm.view_page_is_charged(self.inherited(vad, page), then)
    }
}
