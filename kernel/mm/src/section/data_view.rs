//! Views of sections that are no images: any part of the section, at any free address, with less than the section allows.
//!
//! * **S4** The prototype PTEs of such a view are those of its section from the view's offset on, one for each page. Those of a
//!   file may stand in several arrays, all of which are made: the node names what is in the first.
//!
//! Source: documented parameters of NtMapViewOfSection and its refusals.

use abi::cell::Link;
use abi::memory::{MEM_TOP_DOWN, SEC_NO_CHANGE};
use abi::status::NtStatus;

use super::records::{ControlArea, ControlAreaFlags};
use crate::address_space::AddressSpace;
use crate::layout::{HIGHEST_VAD_ADDRESS, PAGE_SIZE, PageCount, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::protection::{Caching, Protection};
use crate::pte::PteCell;
use crate::vad::{Alignment, Mmvad, MmvadLong, Room, VadFlags, VadFlags2, VadForm, VadLink};
use crate::virtual_memory::PageRange;

/// What a program asks for. Base and offset are aligned as they must be.
#[derive(Clone, Copy, Debug)]
pub struct ViewRequest {
    /// The first address, 0 for anywhere.
    pub base: u32,
    /// High address bits that must be zero, 0 to 21, where the address is free to choose.
    pub zero_bits: u32,
    /// Bytes at the beginning of the view that are to be committed where the section's pages are not.
    pub commit: u32,
    /// Bytes of the section object, which may be less than its control area has.
    pub section_size: u64,
    /// Where in the section the view begins, in bytes.
    pub offset: u64,
    /// Bytes, 0 for all that follow.
    pub size: u32,
    /// `MEM_TOP_DOWN` and `SEC_NO_CHANGE` are looked at.
    pub kind: u32,
    /// What the view allows.
    pub protection: Protection,
    /// Whether children of the process get it.
    pub disposition: Disposition,
}

/// What becomes of a view when a process is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// `ViewShare`.
    Share,
    /// `ViewUnmap`.
    Unmap,
}

/// The pages of a section that a view shows.
#[derive(Clone, Copy)]
struct Part {
    first: Link<PteCell>,
    /// The last that follows the first without a break.
    last: Link<PteCell>,
    pages: PageCount,
    /// Pages to be committed, and how many of them are not.
    commit: (u32, u32),
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Maps a view of `control_area`, which is no image. The range that became of it.
    ///
    /// # Errors
    /// SECTION_PROTECTION, INVALID_VIEW_SIZE, INVALID_PARAMETER_5, CONFLICTING_ADDRESSES, NO_MEMORY, COMMITMENT_LIMIT,
    /// INSUFFICIENT_RESOURCES; nothing has changed.
    #[doc(alias = "MiMapViewOfDataSection")]
    pub fn map_data(&self, control_area: Link<ControlArea>, request: &ViewRequest) -> Result<PageRange, NtStatus> {
        let protection = self.given_protection(control_area, request.protection)?;
        let part = self.part(control_area, request)?;
        let room = self.view_room(request, part.pages)?;
        let shared = self.mm.commit.charge(part.commit.1)?;
        let area = self.mm.machine.record(control_area);
        let section = ControlAreaFlags::from_bits_truncate(area.flags.get());
        let fixed = request.kind & SEC_NO_CHANGE != 0 || section.contains(ControlAreaFlags::NO_CHANGE);
        let own = if protection.is_copy_on_write() { part.pages } else { PageCount(0) };
        let mut flags = VadFlags::default().with_protection(protection).with_commit_charge(own);
        if fixed {
            flags = flags.with(VadFlags::NO_CHANGE);
        }
        let form = if fixed { VadForm::Long } else { VadForm::Mapped };
        self.add_vad(form, room, flags, |node| self.describe_view(node, control_area, part, request, fixed))?;
        self.mm.commit_prototypes(control_area, part.first, part.commit.0, shared.keep());
        area.number_of_mapped_views.update(|count| count + 1);
        area.number_of_user_references.update(|count| count + 1);
        Ok(PageRange { start: room.start, end: room.end })
    }

    /// The protection of a view for which `asked` was asked: uncached where the section is.
    fn given_protection(&self, control_area: Link<ControlArea>, asked: Protection) -> Result<Protection, NtStatus> {
        let section = self.mm.section_protection(control_area);
        if !section.covers(asked) {
            return Err(NtStatus::SECTION_PROTECTION);
        }
        Ok(if section.caching() == Caching::Uncached { asked.without_cache() } else { asked })
    }

    fn part(&self, control_area: Link<ControlArea>, request: &ViewRequest) -> Result<Part, NtStatus> {
        let area = self.mm.machine.record(control_area);
        let segment = self.mm.machine.record(area.segment.get());
        let whole = segment.size_of_segment.get().min(request.section_size);
        let left = whole.checked_sub(request.offset).filter(|left| *left > 0).ok_or(NtStatus::INVALID_VIEW_SIZE)?;
        let size = if request.size == 0 { left } else { u64::from(request.size) };
        if size > left || size > u64::from(HIGHEST_VAD_ADDRESS) {
            return Err(NtStatus::INVALID_VIEW_SIZE);
        }
        if u64::from(request.commit) > size {
            return Err(NtStatus::INVALID_PARAMETER_5);
        }
        let pages = PageCount::of_bytes(size as u32);
        let first_page = (request.offset / u64::from(PAGE_SIZE)) as u32;
        if self.mm.is_data_file(control_area) {
            let (first, last) = self.mm.prototypes_for_view(control_area, first_page, pages)?;
            return Ok(Part { first, last, pages, commit: (0, 0) });
        }
        let first: Link<PteCell> = segment.prototype_pte.get().offset(first_page * 8);
        let last = first.offset((pages.0 - 1) * 8);
        let commit = PageCount::of_bytes(request.commit).0;
        let missing = self.mm.uncommitted_prototypes(first, commit);
        Ok(Part { first, last, pages, commit: (commit, missing) })
    }

    pub(super) fn view_room(&self, request: &ViewRequest, pages: PageCount) -> Result<Room, NtStatus> {
        if request.base != 0 {
            let start = VirtualAddress(request.base).page();
            let end = VirtualPage(start.0 + (pages.0 - 1));
            let within = start >= VirtualPage::LOWEST_USER && end <= VirtualPage::HIGHEST_VAD;
            let room = if within { self.vads().room_at(start, end) } else { None };
            return room.ok_or(NtStatus::CONFLICTING_ADDRESSES);
        }
        let highest = VirtualAddress((u32::MAX >> request.zero_bits).min(HIGHEST_VAD_ADDRESS)).page();
        let bounds = (VirtualPage::LOWEST_USER, highest);
        let room = if request.kind & MEM_TOP_DOWN != 0 {
            self.vads().highest_room(pages, Alignment::Granularity, bounds)
        } else {
            self.vads().lowest_room(pages, Alignment::Granularity, bounds)
        };
        room.ok_or(NtStatus::NO_MEMORY)
    }

    /// Fills in what the node of a view has beyond its range and flags; `fixed` is whether its protection may not change.
    fn describe_view(
        &self,
        node: VadLink,
        control_area: Link<ControlArea>,
        part: Part,
        request: &ViewRequest,
        fixed: bool,
    ) {
        let view = self.mm.machine.record(node.cast::<Mmvad>());
        view.control_area.set(control_area);
        view.first_prototype_pte.set(part.first);
        view.last_contiguous_pte.set(part.last);
        let mut flags = second_flags(request);
        if request.protection.is_copy_on_write() {
            flags = flags.with(VadFlags2::COPY_ON_WRITE);
        }
        if fixed {
            flags = flags.with(VadFlags2::SEC_NO_CHANGE).with(VadFlags2::LONG_VAD);
            let long = self.mm.machine.record(node.cast::<MmvadLong>());
            long.secured.iter().for_each(|word| word.set(0));
            long.extended.set(0);
        }
        view.set_flags2(flags);
    }

    /// What the view `vad` is charged as a whole (M3).
    pub(crate) fn charge_of_view(&self, vad: VadLink) -> PageCount {
        let node = self.vads().node(vad);
        if node.flags().has(VadFlags::IMAGE_MAP) {
            let area = self.mm.machine.record(self.control_area_of(vad));
            return PageCount(self.mm.machine.record(area.segment.get()).image_commitment.get());
        }
        if node.flags().protection().is_copy_on_write() { node.pages() } else { PageCount(0) }
    }

    /// The control area of the view `vad`.
    pub(crate) fn control_area_of(&self, vad: VadLink) -> Link<ControlArea> {
        self.mm.machine.record(vad.cast::<Mmvad>()).control_area.get()
    }

    /// Whether the pages of the view `vad` are committed one by one.
    fn is_committed_later(&self, vad: VadLink) -> bool {
        let flags = self.mm.machine.record(self.control_area_of(vad)).flags.get();
        ControlAreaFlags::from_bits_truncate(flags).contains(ControlAreaFlags::RESERVE)
    }

    /// Pages of `start..=end`, within the view `vad`, that are committed.
    pub(crate) fn committed_in_view(&self, vad: VadLink, start: VirtualPage, end: VirtualPage) -> u32 {
        let pages = end.0 - start.0 + 1;
        match self.prototype_of(vad, start) {
            Some(first) if self.is_committed_later(vad) => pages - self.mm.uncommitted_prototypes(first, pages),
            _ => pages,
        }
    }

    /// Whether pages of `vad` that have no PTE of their own are all alike.
    pub(crate) fn is_even_without_entries(&self, vad: VadLink) -> bool {
        let flags = self.vads().node(vad).flags();
        flags.has(VadFlags::PRIVATE_MEMORY) || !flags.has(VadFlags::IMAGE_MAP) && !self.is_committed_later(vad)
    }

    /// Commits `range` of the view `vad` under `protection`: pages of the section that are committed already only change their
    /// protection in this view; the others are there for all views from now on. The protection may be more than the view was mapped
    /// with, as on Windows, but nobody comes to store in a section that takes no stores.
    ///
    /// # Errors
    /// ALREADY_COMMITTED where the section has a file, SECTION_PROTECTION, INVALID_PAGE_PROTECTION where the view's may not change, COMMITMENT_LIMIT,
    /// NO_MEMORY; nothing has changed.
    pub(crate) fn commit_in_view(
        &self,
        vad: VadLink,
        protection: Protection,
        range: PageRange,
    ) -> Result<(), NtStatus> {
        let control_area = self.control_area_of(vad);
        let flags = ControlAreaFlags::from_bits_truncate(self.mm.machine.record(control_area).flags.get());
        let Some(first) = self.prototype_of(vad, range.start) else { return Err(NtStatus::ALREADY_COMMITTED) };
        if flags.intersects(ControlAreaFlags::FILE | ControlAreaFlags::IMAGE) {
            return Err(NtStatus::ALREADY_COMMITTED);
        }
        if !self.mm.may_be_committed_as(control_area, protection) {
            return Err(NtStatus::SECTION_PROTECTION);
        }
        if self.vads().node(vad).flags().has(VadFlags::NO_CHANGE) {
            self.check_secured(vad, range, Some(protection))?;
        }
        let pages = range.pages();
        let charge = self.mm.commit.charge(self.mm.uncommitted_prototypes(first, pages))?;
        self.protect_view(vad, range, protection, || {
            self.mm.commit_prototypes(control_area, first, pages, charge.keep());
        })
    }
}

/// What `u2` says of any view that `request` is for.
pub(super) fn second_flags(request: &ViewRequest) -> VadFlags2 {
    let flags = VadFlags2::default().with_file_offset(request.offset);
    if request.disposition == Disposition::Share { flags.with(VadFlags2::INHERIT) } else { flags }
}
