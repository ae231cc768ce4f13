//! Physical memory as a section: its views show frames by their numbers, whoever owns them, and device memory where no RAM is.
//!
//! A view of it takes part in nothing: its pages have no prototype PTEs, are in no working set, and count for no frame. An entry is made when its
//! page is touched first and stays until the view goes. RAM can be read and never written; it is cached as its owner has it, and what is
//! no RAM as the view asks.
//!
//! * **S8** A view with PhysicalMapping is one of the one section of physical memory, is charged nothing, and has its first frame where other
//!   views have the first prototype PTE. Each of its entries is empty, or maps the frame that follows from that and allows what the VAD does; none
//!   allows a store to RAM.
//!
//! Source: `\Device\PhysicalMemory` and its use as Win32 programmers know it; flag PhysicalMemory of symbol type `_MMSECTION_FLAGS`. That RAM cannot
//! be written, and that views are filled page by page, is this system's.

use abi::cell::Link;
use abi::nt::process::process_flags;
use abi::status::NtStatus;

use super::ViewRequest;
use super::records::{ControlArea, ControlAreaFlags};
use crate::MemoryManager;
use crate::address_space::AddressSpace;
use crate::fault::plan::Backing;
use crate::frame::{Flags, FrameRun, Location, NoFrame};
use crate::layout::{FrameNumber, HIGHEST_VAD_ADDRESS, PAGE_SHIFT, PAGE_SIZE, PageCount, VirtualPage};
use crate::machine::Machine;
use crate::protection::{Caching, Protection};
use crate::pte::{DIRTY, PteCell, ValidPte, pte_of};
use crate::system::Exhausted;
use crate::vad::{Mmvad, VadFlags, VadForm, VadLink};
use crate::virtual_memory::PageRange;

impl<M: Machine> MemoryManager<M> {
    /// The section of all that an address of `address_bits` bits (32 to 36) can name. It has one reference.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed.
    pub fn create_physical_memory(&self, address_bits: u8) -> Result<Link<ControlArea>, Exhausted> {
        let (link, segment) = self.allocate_memory_blocks()?;
        self.fill_memory_area(link, segment, ControlAreaFlags::PHYSICAL_MEMORY);
        // Its subsection has no pages.
        let prototypes = (Link::NULL, PageCount(0));
        self.fill_memory_segment(segment, link, prototypes, Protection::EXECUTE_READWRITE);
        self.machine.record(segment).size_of_segment.set(1 << address_bits);
        self.enlist_control_area(link);
        Ok(link)
    }

    /// How an entry of `frame` in a view that asks for `protection` is protected.
    fn physical_protection(&self, frame: FrameNumber, protection: Protection) -> Protection {
        if !self.is_ram(frame) {
            return protection;
        }
        let record = self.frame(frame);
        match record.flags() & (Flags::CACHED | Flags::WRITE_COMBINED) {
            Flags::WRITE_COMBINED => protection.cached_as(Caching::WriteCombined),
            Flags::CACHED => protection,
            _ if record.location() == Location::Active => protection.cached_as(Caching::Uncached),
            _ => protection,
        }
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Maps a view of physical memory: any pages of it, by their numbers.
    ///
    /// # Errors
    /// INVALID_PAGE_PROTECTION for a view that denies everything, copies, or has guards; INVALID_VIEW_SIZE for addresses that there are not;
    /// INVALID_PARAMETER_5; ACCESS_DENIED where RAM could be written; CONFLICTING_ADDRESSES where it would be cached unlike its owner has it, or where
    /// the addresses are taken; NO_MEMORY, INSUFFICIENT_RESOURCES. Nothing has changed.
    #[doc(alias = "MiMapViewOfPhysicalSection")]
    pub(super) fn map_physical(
        &self,
        control_area: Link<ControlArea>,
        request: &ViewRequest,
    ) -> Result<PageRange, NtStatus> {
        let protection = request.protection;
        if protection.denies_all() || protection.is_guard() || protection.is_copy_on_write() {
            return Err(NtStatus::INVALID_PAGE_PROTECTION);
        }
        let (first, pages) = physical_pages(request)?;
        self.check_ram(first, pages, protection)?;
        let room = self.view_room(request, pages)?;
        let flags = VadFlags::PHYSICAL_MAPPING.with_protection(protection);
        self.add_vad(VadForm::Mapped, room, flags, |node| self.describe_physical(node, control_area, first, request))?;
        self.process.flags.update(|flags| flags | process_flags::HAS_PHYSICAL_VAD);
        let area = self.mm.machine.record(control_area);
        area.number_of_mapped_views.update(|count| count + 1);
        area.number_of_user_references.update(|count| count + 1);
        Ok(PageRange { start: room.start, end: room.end })
    }

    /// Whether a view under `protection` may show the RAM among the `pages` frames from `first` on.
    fn check_ram(&self, first: FrameNumber, pages: PageCount, protection: Protection) -> Result<(), NtStatus> {
        let shown = FrameRun { base: first, count: pages.0 };
        if self.mm.ram().iter().all(|run| shown.common(*run).count == 0) {
            Ok(())
        } else if protection.is_writable() {
            Err(NtStatus::ACCESS_DENIED)
        } else if protection.caching() != Caching::Cached {
            Err(NtStatus::CONFLICTING_ADDRESSES)
        } else {
            Ok(())
        }
    }

    fn describe_physical(
        &self,
        node: VadLink,
        control_area: Link<ControlArea>,
        first: FrameNumber,
        request: &ViewRequest,
    ) {
        let view = self.mm.machine.record(node.cast::<Mmvad>());
        view.control_area.set(control_area);
        view.first_prototype_pte.set(Link::new(first.0));
        view.last_contiguous_pte.set(Link::NULL);
        view.set_flags2(super::data_view::second_flags(request));
    }

    /// The frame that `page` of the view `vad` of physical memory shows.
    pub(crate) fn physical_frame(&self, vad: VadLink, page: VirtualPage) -> FrameNumber {
        let first = self.mm.machine.record(vad.cast::<Mmvad>()).first_prototype_pte.get();
        FrameNumber(first.address() + (page.0 - self.vads().node(vad).start().0))
    }

    /// What an empty entry for `page` of the view `vad` of physical memory is to become.
    #[cold]
    #[inline(never)]
    pub(crate) fn physical_backing(&self, vad: VadLink, page: VirtualPage) -> Backing {
        Backing::Physical(self.physical_frame(vad, page), self.vads().node(vad).flags().protection())
    }

    /// Makes the entry of `page` in a view of physical memory under `protection`.
    ///
    /// # Errors
    /// [`NoFrame`] for a page table; nothing has changed.
    #[cold]
    #[inline(never)]
    pub(crate) fn map_physical_page(
        &self,
        page: VirtualPage,
        frame: FrameNumber,
        protection: Protection,
    ) -> Result<(), NoFrame> {
        let table = self.table_or_new(page)?;
        self.mm.machine.record(pte_of(page)).store(self.physical_entry(frame, protection).0);
        self.entry_filled(page);
        self.mm.add_share(table);
        Ok(())
    }

    /// The entry of `frame` in a view of physical memory under `protection`: nobody asks whether it was written.
    pub(crate) fn physical_entry(&self, frame: FrameNumber, protection: Protection) -> ValidPte {
        let protection = self.mm.physical_protection(frame, protection);
        let entry = ValidPte::user(frame, protection, self.mm.no_execute);
        if protection.is_writable() { entry.with(DIRTY) } else { entry }
    }

    /// Empties all entries of the view `vad` of physical memory.
    #[cold]
    #[inline(never)]
    pub(super) fn delete_physical_pages(&self, vad: VadLink) {
        let node = self.vads().node(vad);
        for (first, last, table) in self.present_tables(node.start(), node.end()) {
            for page in (first.0..=last.0).map(VirtualPage) {
                let cell: &PteCell = self.mm.machine.record(pte_of(page));
                if self.mm.machine.exchange(cell, 0) != 0 {
                    self.mm.machine.flush(page);
                    self.entry_emptied_for_now(page);
                    self.mm.release_share(table);
                }
            }
            self.drop_table_without_entries(first);
        }
    }
}

/// The frames that `request` is for.
fn physical_pages(request: &ViewRequest) -> Result<(FrameNumber, PageCount), NtStatus> {
    let left = request.section_size.checked_sub(request.offset).filter(|left| *left > 0);
    let left = left.ok_or(NtStatus::INVALID_VIEW_SIZE)?;
    let size = if request.size == 0 { left } else { u64::from(request.size) };
    if size > left || size > u64::from(HIGHEST_VAD_ADDRESS) {
        return Err(NtStatus::INVALID_VIEW_SIZE);
    }
    if u64::from(request.commit) > size {
        return Err(NtStatus::INVALID_PARAMETER_5);
    }
    let size = size.next_multiple_of(u64::from(PAGE_SIZE));
    Ok((FrameNumber((request.offset >> PAGE_SHIFT) as u32), PageCount::of_bytes(size as u32)))
}
