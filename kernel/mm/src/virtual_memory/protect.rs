//! Changing the protection of committed pages.

use abi::status::NtStatus;

use super::PageRange;
use crate::address_space::AddressSpace;
use crate::layout::{HIGHEST_VAD_ADDRESS, VirtualPage};
use crate::machine::Machine;
use crate::protection::{Caching, Protection, win32::PAGE_WRITECOMBINE};
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
        if flags.has(VadFlags::NO_CHANGE) {
            return Err(NtStatus::INVALID_PAGE_PROTECTION);
        }
        let private = flags.has(VadFlags::PRIVATE_MEMORY);
        if private && new.is_copy_on_write() || !private && new.caching() != Caching::Cached {
            return Err(NtStatus::INVALID_PARAMETER_4);
        }
        let old = self.committed_protection(vad, range.start).ok_or(NtStatus::NOT_COMMITTED)?;
        if self.committed_pages(vad, range.start, range.end) != range.pages() {
            return Err(NtStatus::NOT_COMMITTED);
        }
        if private {
            self.protect_private(vad, range, new)?;
        } else {
            self.protect_image(vad, range, new)?;
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
        self.drop_empty_tables(range.start, range.end);
        Ok(())
    }

    /// In an image a writable protection means a private copy, but where the section itself is shared and writable. Pages that
    /// could not be written before are charged.
    fn protect_image(&self, vad: VadLink, range: PageRange, new: Protection) -> Result<(), NtStatus> {
        let pages = || (range.start.0..=range.end.0).map(VirtualPage);
        let copies = if new.is_writable() { pages().filter(|page| self.is_new_copy(vad, *page)).count() as u32 } else { 0 };
        self.charge(copies)?;
        if self.make_tables(range.start, range.end).is_err() {
            self.give_back(copies);
            return Err(NtStatus::NO_MEMORY);
        }
        self.add_charge(vad, copies as i32);
        for page in pages() {
            let shared = self.own_protection(vad, page).is_some_and(|own| own.is_writable() && !own.is_copy_on_write());
            let new = if shared { new } else { new.with_copy_on_write() };
            if self.committed_protection(vad, page) != Some(new) {
                self.protect_image_page(vad, page, new);
            }
        }
        self.drop_empty_tables(range.start, range.end);
        Ok(())
    }

    /// Whether a page of an image that is about to become writable is neither counted as copy-on-write by the image nor
    /// made writable before.
    fn is_new_copy(&self, vad: VadLink, page: VirtualPage) -> bool {
        let own = self.own_protection(vad, page).is_some_and(Protection::is_writable);
        let now = self.committed_protection(vad, page).is_some_and(Protection::is_writable);
        !own && !now && self.is_shared_page(page)
    }

    fn own_protection(&self, vad: VadLink, page: VirtualPage) -> Option<Protection> {
        self.prototype_of(vad, page).map(|cell| self.mm.prototype_protection(cell))
    }

    /// Whether the page still is the section's own and no private copy.
    fn is_shared_page(&self, page: VirtualPage) -> bool {
        use crate::pte::{PROTOTYPE, Pte};
        match self.decode(page) {
            Pte::Empty | Pte::LookInVad(_) | Pte::Prototype(..) => true,
            Pte::Valid(valid) => valid.has(PROTOTYPE),
            Pte::DemandZero(_) | Pte::Transition(..) | Pte::PagingFile(_) => false,
        }
    }
}
