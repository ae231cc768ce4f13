//! Mapping AWE frames into windows, and taking them out.
//!
//! A request is all or nothing: every entry is checked before the first is carried out. What it overwrites counts as unmapped already, so
//! that two frames may change places. Whether a frame that is mapped is among those that the request overwrites, and whether it is
//! named twice, is found by two marks in the low bits of `u1` of its record, where the owner's address has zeros: no request needs memory
//! for that, however long it is.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;

use super::{AWE_PROTECTION, AweInfo};
use crate::address_space::AddressSpace;
use crate::layout::{FrameNumber, VirtualPage};
use crate::machine::Machine;
use crate::pte::{DIRTY, Pte, ValidPte, page_of, pte_of};
use crate::virtual_memory::PageRange;

/// Mark: what is at the frame's place goes, for the request has another use for the place.
const LEAVES: u32 = 1 << 0;
/// Mark: the request maps the frame.
const COMES: u32 = 1 << 1;
const MARKS: u32 = LEAVES | COMES;
const _: () = assert!(MARKS < align_of::<Eprocess>() as u32, "an owner's address has room for them");
/// Pages from which on all translations are dropped at once.
const MANY: u32 = 32;

/// What a request asks of one page: which frame is to be there, or that none is.
pub type UserMapping = (VirtualPage, Option<FrameNumber>);

/// When the translation of a page that is unmapped is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    /// At once.
    Now,
    /// With all others, before anyone relies on it (T1).
    Later,
}

/// A process that owns AWE frames.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) process: Link<Eprocess>,
    pub(super) info: &'a AweInfo,
}

impl<'a, M: Machine> AddressSpace<'a, M> {
    /// The process as an owner of frames; none where it has none.
    pub(super) fn owner(&self) -> Option<Owner<'a>> {
        let process = self.mm.owner_of_directory(self.directory(VirtualPage(0)));
        self.mm.awe_info(process).map(|info| Owner { process, info })
    }

    /// Carries out a request of `count` entries, one after the other, whose page tables are known. What was mapped at a page is not any
    /// more, whether a frame comes there or not.
    ///
    /// # Errors
    /// INVALID_PARAMETER_1 for a page that is in no window; CONFLICTING_ADDRESSES for a frame that is not the process's, is named twice, or is
    /// mapped where the request leaves it; NO_MEMORY for lack of a page table. Nothing has changed.
    #[doc(alias = "NtMapUserPhysicalPages")]
    #[doc(alias = "NtMapUserPhysicalPagesScatter")]
    pub fn map_user_frames(&self, count: u32, entry: impl Fn(u32) -> UserMapping) -> Result<(), NtStatus> {
        let entries = || (0..count).map(&entry);
        let Some(owner) = self.owner() else {
            return self.check_unowned(entries);
        };
        let checked = self.check_user_mappings(owner, entries);
        self.clear_marks(owner, entries);
        checked?;
        self.make_window_tables(entries)?;
        let flush = if count < MANY { Flush::Now } else { Flush::Later };
        entries().for_each(|(page, _)| self.unmap_user_page(owner, page, flush));
        if flush == Flush::Later {
            self.mm.machine.flush_user();
        }
        for (page, frame) in entries() {
            // A page that is named twice has what came first.
            self.unmap_user_page(owner, page, Flush::Now);
            if let Some(frame) = frame {
                self.map_user_page(owner, page, frame);
            }
        }
        entries().for_each(|(page, _)| self.drop_table_without_entries(page));
        Ok(())
    }

    /// What a process that owns no frame is answered: nothing is mapped, and there is nothing to map.
    fn check_unowned<I: Iterator<Item = UserMapping>>(&self, entries: impl Fn() -> I) -> Result<(), NtStatus> {
        entries().try_for_each(|(page, _)| self.check_window(PageRange { start: page, end: page }))?;
        if entries().any(|(_, frame)| frame.is_some()) { Err(NtStatus::CONFLICTING_ADDRESSES) } else { Ok(()) }
    }

    /// Whether the request may be carried out; marks are left.
    fn check_user_mappings<I: Iterator<Item = UserMapping>>(
        &self,
        owner: Owner<'_>,
        entries: impl Fn() -> I,
    ) -> Result<(), NtStatus> {
        for (page, _) in entries() {
            self.check_window(PageRange { start: page, end: page })?;
            if let Some(frame) = self.user_frame_at(page) {
                self.mm.frame(frame).u1.update(|word| word | LEAVES);
            }
        }
        for frame in entries().filter_map(|(_, frame)| frame) {
            if !self.owns(owner, frame) {
                return Err(NtStatus::CONFLICTING_ADDRESSES);
            }
            let record = self.mm.frame(frame);
            let marks = record.u1.get() & MARKS;
            let stays = !record.pte().is_null() && marks & LEAVES == 0;
            if marks & COMES != 0 || stays {
                return Err(NtStatus::CONFLICTING_ADDRESSES);
            }
            record.u1.update(|word| word | COMES);
        }
        Ok(())
    }

    /// Takes all marks away that a check may have left (X4).
    fn clear_marks<I: Iterator<Item = UserMapping>>(&self, owner: Owner<'_>, entries: impl Fn() -> I) {
        let clear = |frame: FrameNumber| _ = self.mm.frame(frame).u1.update(|word| word & !MARKS);
        for (page, frame) in entries() {
            if self.check_window(PageRange { start: page, end: page }).is_ok() {
                self.user_frame_at(page).into_iter().for_each(clear);
            }
            frame.into_iter().filter(|frame| self.owns(owner, *frame)).for_each(clear);
        }
    }

    /// Makes sure that all pages to which a frame comes have page tables.
    fn make_window_tables<I: Iterator<Item = UserMapping>>(&self, entries: impl Fn() -> I) -> Result<(), NtStatus> {
        let pages = || entries().filter(|(_, frame)| frame.is_some()).map(|(page, _)| page);
        let made = pages().try_for_each(|page| {
            // Asked for twice: all that were added would go for one that is refused though there are frames.
            self.table_or_new(page).or_else(|_| self.table_or_new(page)).map(drop)
        });
        // One that was added first may have gone for a place in the working set that another needed.
        if made.is_ok() && pages().all(|page| self.table(page).is_some()) {
            return Ok(());
        }
        pages().for_each(|page| self.drop_table_without_entries(page));
        self.mm.note_lack_of_frame();
        Err(NtStatus::NO_MEMORY)
    }

    /// Whether `number` is a frame of `owner`'s.
    pub(super) fn owns(&self, owner: Owner<'_>, number: FrameNumber) -> bool {
        self.mm.is_ram(number) && {
            let record = self.mm.frame(number);
            record.is_awe() && record.u1.get() & !MARKS == owner.process.address()
        }
    }

    /// The frame that is mapped at `page` of a window.
    fn user_frame_at(&self, page: VirtualPage) -> Option<FrameNumber> {
        match self.decode(page) {
            Pte::Valid(valid) => Some(valid.frame()),
            _ => None,
        }
    }

    /// Maps `number`, a frame of `owner`'s that is not mapped, at `page`, which has a page table and is empty (X2).
    fn map_user_page(&self, owner: Owner<'_>, page: VirtualPage, number: FrameNumber) {
        let Some(table) = self.table(page) else { return };
        let valid = ValidPte::user(number, AWE_PROTECTION, self.mm.no_execute).with(DIRTY);
        let record = self.mm.frame(number);
        record.set_pte_of_fixed(pte_of(page), table);
        record.u2.update(|shares| shares + 1);
        self.mm.machine.record(pte_of(page)).store(valid.0);
        self.entry_filled(page);
        self.mm.add_share(table);
        owner.info.mapped.update(|count| count + 1);
    }

    /// Takes the frame at `page` of a window out, where there is one; the page table stays.
    fn unmap_user_page(&self, owner: Owner<'_>, page: VirtualPage, flush: Flush) {
        let Some(number) = self.user_frame_at(page) else { return };
        self.mm.machine.exchange(self.mm.machine.record(pte_of(page)), 0);
        if flush == Flush::Now {
            self.mm.machine.flush(page);
        }
        let record = self.mm.frame(number);
        let table = record.pte_frame();
        record.set_pte_of_fixed(Link::NULL, FrameNumber(0));
        record.u2.update(|shares| shares - 1);
        self.entry_emptied_for_now(page);
        self.mm.release_share(table);
        owner.info.mapped.update(|count| count - 1);
    }

    /// Unmaps the frame `number` of `owner`'s, where it is mapped.
    pub(super) fn unmap_user_frame(&self, owner: Owner<'_>, number: FrameNumber) {
        if let Some(page) = self.mm.frame(number).pte().some().map(page_of) {
            self.unmap_user_page(owner, page, Flush::Now);
            self.drop_table_without_entries(page);
        }
    }

    /// Takes all frames out of the window `range`: it goes.
    pub(in crate::virtual_memory) fn clear_window(&self, range: PageRange) {
        let Some(owner) = self.owner() else { return };
        for (first, last, _) in self.known_tables(range.start, range.end) {
            (first.0..=last.0).for_each(|page| self.unmap_user_page(owner, VirtualPage(page), Flush::Now));
            self.drop_table_without_entries(first);
        }
    }
}
