//! Views: a section's pages at addresses of a process.

use core::ops::Range;

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::status::NtStatus;

use super::lifetime::SectionFate;
use super::records::ControlArea;
use crate::address_space::AddressSpace;
use crate::layout::{GRANULARITY_PAGES, PAGE_SIZE, PageCount, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{DIRTY, PROTOTYPE, PteCell, VALID, ValidPte, table_of};
use crate::vad::{Alignment, Mmvad, Room, VadFlags, VadFlags2, VadForm, VadLink};
use crate::virtual_memory::PageRange;

/// Where a view ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Its first page.
    pub start: VirtualPage,
    /// How many.
    pub pages: PageCount,
    /// Whether an image is where it wanted to be; where it is not, the loader relocates it.
    pub place: Place,
}

/// Whether an image is at its own base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is.
    AtBase,
    /// It is not: `STATUS_IMAGE_NOT_AT_BASE`.
    Elsewhere,
}

/// What of a file a part of a view shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatheredView {
    /// The part.
    pub range: PageRange,
    /// The file's data.
    pub control_area: Link<ControlArea>,
    /// The numbers of the file's pages.
    pub pages: Range<u32>,
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Maps the image of `control_area`: at `wanted`, at its own base, or, where that is taken, at the lowest free range.
    ///
    /// # Errors
    /// CONFLICTING_ADDRESSES where `wanted` is taken, NO_MEMORY where there is no room, COMMITMENT_LIMIT,
    /// INSUFFICIENT_RESOURCES; nothing has changed.
    #[doc(alias = "MiMapViewOfImageSection")]
    pub fn map_image(&self, control_area: Link<ControlArea>, wanted: Option<VirtualPage>) -> Result<Mapped, NtStatus> {
        let area = self.mm.machine.record(control_area);
        let segment = self.mm.machine.record(area.segment.get());
        let pages = PageCount(segment.total_number_of_ptes.get());
        let base = VirtualAddress(segment.based_address.get()).page();
        let room = match wanted {
            Some(start) => self.image_room_at(start, pages).ok_or(NtStatus::CONFLICTING_ADDRESSES)?,
            None => {
                let bounds = (VirtualPage::LOWEST_USER, VirtualPage::HIGHEST_VAD);
                let lowest = || self.vads().lowest_room(pages, Alignment::Granularity, bounds);
                self.image_room_at(base, pages).or_else(lowest).ok_or(NtStatus::NO_MEMORY)?
            }
        };
        let start = room.start;
        let charge = segment.image_commitment.get();
        let flags =
            VadFlags::IMAGE_MAP.with_protection(Protection::EXECUTE_WRITECOPY).with_commit_charge(PageCount(charge));
        let first = segment.prototype_pte.get();
        self.add_vad(VadForm::Mapped, room, flags, |node| {
            let view = self.mm.machine.record(node.cast::<Mmvad>());
            view.control_area.set(control_area);
            view.first_prototype_pte.set(first);
            view.last_contiguous_pte.set(first.offset((pages.0 - 1) * 8));
            view.set_flags2(VadFlags2::default());
        })?;
        area.number_of_mapped_views.update(|count| count + 1);
        area.number_of_user_references.update(|count| count + 1);
        let place = if start == base { Place::AtBase } else { Place::Elsewhere };
        Ok(Mapped { start, pages, place })
    }

    /// Removes the view that covers `page`. The caller deletes the section where it is told to.
    ///
    /// # Errors
    /// NOT_MAPPED_VIEW where there is none, INVALID_PAGE_PROTECTION where some of it is secured; nothing has changed.
    #[doc(alias = "MmUnmapViewOfSection")]
    pub fn unmap_view(&self, page: VirtualPage) -> Result<SectionFate, NtStatus> {
        let view = self.find_vad(page).ok_or(NtStatus::NOT_MAPPED_VIEW)?;
        let node = self.vads().node(view);
        if node.flags().has(VadFlags::PRIVATE_MEMORY) {
            return Err(NtStatus::NOT_MAPPED_VIEW);
        }
        if node.flags().has(VadFlags::NO_CHANGE) {
            self.check_secured(view, PageRange { start: node.start(), end: node.end() }, None)?;
        }
        Ok(self.remove_view(view))
    }

    /// What the processor has noted of stores to `first..=last` through views goes to the frames' records: who writes a file's
    /// pages finds it there. Later stores are noted anew (T1).
    #[doc(alias = "MiFlushDirtyBitsToPfn")]
    pub fn gather_dirty(&self, first: VirtualPage, last: VirtualPage) {
        for (first, last, _) in self.present_tables(first, last) {
            self.mm.machine.record(table_of(first)).each_filled(first, last, |page, cell| {
                let valid = ValidPte(cell.load());
                if valid.has(VALID | PROTOTYPE | DIRTY) {
                    let old = ValidPte(self.mm.machine.exchange(cell, valid.0 & !DIRTY));
                    self.mm.machine.flush(page);
                    self.leave_dirt(old.frame(), old);
                }
            });
        }
    }

    /// The part of a file that `size` bytes of a view at `base` show, or all that follows of the view where `size` is 0; what has been
    /// stored there is known from then on to those who write the file's pages.
    ///
    /// # Errors
    /// NOT_MAPPED_VIEW where there is no view, NOT_MAPPED_DATA where it shows no file's data, INVALID_VIEW_SIZE where it ends
    /// earlier.
    #[doc(alias = "MmFlushVirtualMemory")]
    pub fn gather_view(&self, base: u32, size: u32) -> Result<GatheredView, NtStatus> {
        let first = VirtualAddress(base).page();
        let vad = self.find_vad(first).ok_or(NtStatus::NOT_MAPPED_VIEW)?;
        let node = self.vads().node(vad);
        if node.flags().has(VadFlags::PRIVATE_MEMORY) {
            return Err(NtStatus::NOT_MAPPED_VIEW);
        }
        let view = self.mm.machine.record(vad.cast::<Mmvad>());
        let control_area = view.control_area.get();
        if !self.mm.is_data_file(control_area) {
            return Err(NtStatus::NOT_MAPPED_DATA);
        }
        let last = if size == 0 { node.end() } else { PageRange::touched(base, size).end };
        if last > node.end() {
            return Err(NtStatus::INVALID_VIEW_SIZE);
        }
        self.gather_dirty(first, last);
        let start = (view.flags2().file_offset() / u64::from(PAGE_SIZE)) as u32 + (first.0 - node.start().0);
        let range = PageRange { start: first, end: last };
        Ok(GatheredView { range, control_area, pages: start..start + range.pages() })
    }

    /// [`gather_dirty`](Self::gather_dirty) for all that the process has mapped of the data file `control_area`.
    pub fn gather_views(&self, control_area: Link<ControlArea>) {
        for vad in self.vads().iter() {
            let node = self.vads().node(vad);
            if !node.flags().has(VadFlags::PRIVATE_MEMORY) && self.control_area_of(vad) == control_area {
                self.gather_dirty(node.start(), node.end());
            }
        }
    }

    /// The file that the view at `page` shows, as an image or as data.
    ///
    /// # Errors
    /// INVALID_ADDRESS where there is no view, FILE_INVALID where it is one of memory.
    #[doc(alias = "MmGetFileNameForAddress")]
    pub fn file_at(&self, page: VirtualPage) -> Result<Link<FileObject>, NtStatus> {
        let vad = self.find_vad(page).ok_or(NtStatus::INVALID_ADDRESS)?;
        if self.vads().node(vad).flags().has(VadFlags::PRIVATE_MEMORY) {
            return Err(NtStatus::INVALID_ADDRESS);
        }
        self.mm.machine.record(self.control_area_of(vad)).file_pointer.get().some().ok_or(NtStatus::FILE_INVALID)
    }

    /// Whether the views at `one` and `other` show the same file: they are one view, or one of them is an image of the file that
    /// the other shows.
    ///
    /// # Errors
    /// INVALID_ADDRESS where nothing is, CONFLICTING_ADDRESSES where what is there has no file.
    #[doc(alias = "NtAreMappedFilesTheSame")]
    pub fn show_same_file(&self, one: VirtualPage, other: VirtualPage) -> Result<bool, NtStatus> {
        let find = |page| self.find_vad(page).ok_or(NtStatus::INVALID_ADDRESS);
        let vads = [find(one)?, find(other)?];
        if vads.iter().any(|vad| self.vads().node(*vad).flags().has(VadFlags::PRIVATE_MEMORY)) {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        let areas = vads.map(|vad| self.control_area_of(vad));
        let files = areas.map(|area| self.mm.machine.record(area).file_pointer.get());
        if files.iter().any(|file| file.is_null()) {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        let images = files.map(|file| {
            let pointers = self.mm.machine.record(self.mm.machine.record(file).section_object_pointer.get());
            pointers.image_section_object.get()
        });
        let shows = |area: Link<ControlArea>, image: u32| area.address() == image;
        Ok(vads[0] == vads[1] || shows(areas[0], images[1]) || shows(areas[1], images[0]))
    }

    pub(crate) fn remove_view(&self, view: VadLink) -> SectionFate {
        let node = self.vads().node(view);
        let control_area = self.control_area_of(view);
        if node.flags().has(VadFlags::NO_CHANGE) {
            self.forget_secured(view);
        }
        if node.flags().has(VadFlags::PHYSICAL_MAPPING) {
            self.delete_physical_pages(view);
        } else {
            self.delete_pages(node.start(), node.end());
        }
        self.remove_vad(view);
        let area = self.mm.machine.record(control_area);
        area.number_of_mapped_views.update(|count| count - 1);
        area.number_of_user_references.update(|count| count - 1);
        self.mm.section_fate(control_area)
    }

    /// The prototype PTE of `page` in the view `vad`, where the section reaches that far.
    #[doc(alias = "MiGetProtoPteAddress")]
    #[inline(always)]
    pub(crate) fn prototype_of(&self, vad: VadLink, page: VirtualPage) -> Option<Link<PteCell>> {
        let view = self.mm.machine.record(vad.cast::<Mmvad>());
        let index = page.0 - self.vads().node(vad).start().0;
        let cell = view.first_prototype_pte.get().offset::<PteCell>(index * 8);
        if cell.address() <= view.last_contiguous_pte.get().address() {
            return Some(cell);
        }
        self.prototype_further_on(view, index)
    }

    /// The prototype PTE of page number `index` of a view that its first array does not reach.
    #[inline(never)]
    fn prototype_further_on(&self, view: &Mmvad, index: u32) -> Option<Link<PteCell>> {
        let area = view.control_area.get();
        let first = (view.flags2().file_offset() / u64::from(PAGE_SIZE)) as u32;
        if self.mm.is_data_file(area) { self.mm.prototype_of_file(area, first + index) } else { None }
    }

    /// The `pages` from `start` on, if an image may be mapped there and they are free.
    fn image_room_at(&self, start: VirtualPage, pages: PageCount) -> Option<Room> {
        let end = VirtualPage(start.0.checked_add(pages.0 - 1)?);
        let may_be = start >= VirtualPage::LOWEST_USER
            && end <= VirtualPage::HIGHEST_VAD
            && start.0.is_multiple_of(GRANULARITY_PAGES);
        if may_be { self.vads().room_at(start, end) } else { None }
    }
}
