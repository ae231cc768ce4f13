//! Views of sections.
//!
//! Source: documented parameters and refusals of NtMapViewOfSection, NtUnmapViewOfSection, NtFlushVirtualMemory and
//! NtAreMappedFilesTheSame.

use abi::access::PROCESS_VM_OPERATION;
use abi::cell::Link;
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use mm::address_space::AddressSpace;
use mm::layout::{ALLOCATION_GRANULARITY, HIGHEST_USER_ADDRESS, PAGE_SIZE, VirtualAddress};
use mm::protection::Protection;
use mm::section::{
    ControlAreaFlags, Place, SectionLimits, ViewArguments, ViewRequest, check_flush_range, check_view_range,
};

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    pub(super) fn map_view_of_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[section, process, base_at, zero_bits, commit, offset_at, size_at, disposition, kind, protect] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let arguments = ViewArguments::check(disposition, kind, protect)?;
        let base = self.probe_word(base_at)?;
        let size = self.probe_word(size_at)?;
        let offset = if offset_at == 0 { 0 } else { self.probe_long(offset_at)? };
        check_view_range(base, size, zero_bits)?;
        let process = self.process_by_handle(process, PROCESS_VM_OPERATION)?;
        let section = self.section_by_handle(section, arguments.needed_access())?;
        let ViewArguments { disposition, protection, .. } = arguments;
        let request =
            ViewRequest { base, zero_bits, commit, section_size: 0, offset, size, kind, protection, disposition };
        let (area, limits) = (self.control_area_of(section), self.limits_of(section));
        let mapped = self.attached(process, |space| space.map_view(area, &limits, &request))?;
        self.tell_view(base_at, size_at, mapped.start.address().0, mapped.pages.0 * PAGE_SIZE);
        let unit = u64::from(if self.is_physical_memory(area) { PAGE_SIZE } else { ALLOCATION_GRANULARITY });
        if !offset.is_multiple_of(unit) {
            let _ = self.write_long(offset_at, offset - offset % unit);
        }
        Ok(match mapped.place {
            Place::AtBase => NtStatus::SUCCESS,
            Place::Elsewhere => NtStatus::IMAGE_NOT_AT_BASE,
        })
    }

    /// What the object `section` lets its views be.
    fn limits_of(&self, section: Link<SectionObject>) -> SectionLimits {
        let body = self.machine_record(section);
        let flags = ControlAreaFlags::from_bits_truncate(body.flags.get());
        SectionLimits {
            size: body.size_of_section.get(),
            protection: Protection::from_win32(body.initial_page_protection.get()).ok(),
            base: body.starting_va.get(),
            no_change: flags.contains(ControlAreaFlags::NO_CHANGE),
        }
    }

    /// Writes where a view is. The words were found writable before; what became of them since is the program's doing.
    fn tell_view(&self, base_at: u32, size_at: u32, base: u32, size: u32) {
        let _ = self.write_word(size_at, size);
        let _ = self.write_word(base_at, base);
    }

    pub(super) fn unmap_view_of_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, base] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if base > HIGHEST_USER_ADDRESS {
            return Err(NtStatus::NOT_MAPPED_VIEW);
        }
        let process = self.process_by_handle(process, PROCESS_VM_OPERATION)?;
        let needs = |space: &AddressSpace<'_, P>| space.pages_of_allocation(base);
        let fate = self.with_tables(process, needs, |space| space.unmap_view(VirtualAddress(base).page()))?;
        self.settle_section(fate);
        Ok(NtStatus::SUCCESS)
    }

    /// Writes what was stored in a part of a file's view to the file, and tells what pages that was.
    pub(super) fn flush_virtual_memory(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, base_at, size_at, status_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let base = self.probe_word(base_at)?;
        let size = self.probe_word(size_at)?;
        self.probe_word(status_at)?;
        self.probe_word(status_at.wrapping_add(4))?;
        check_flush_range(base, size)?;
        let process = self.process_by_handle(process, PROCESS_VM_OPERATION)?;
        let view = self.attached(process, |space| space.gather_view(base, size))?;
        let written = {
            // While the pages are written the view may go, and whoever else keeps the file.
            let _held = self.hold(self.machine_record(view.control_area).file_pointer.get());
            self.write_dirty_run(view.control_area, view.pages.start, view.pages.end)
        };
        self.write_word(size_at, view.range.bytes())?;
        self.write_word(base_at, view.range.base())?;
        let bytes = if written.is_ok() { view.range.bytes() } else { 0 };
        self.write_word(status_at, written.err().unwrap_or(NtStatus::SUCCESS).0)?;
        self.write_word(status_at.wrapping_add(4), bytes)?;
        written.map(|()| NtStatus::SUCCESS)
    }

    /// Whether two addresses show one file, at least once as an image.
    pub(super) fn are_mapped_files_the_same(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[one, other] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let page = |address| VirtualAddress(address).page();
        let same = self.mm().address_space(self.current_process()).show_same_file(page(one), page(other))?;
        if same { Ok(NtStatus::SUCCESS) } else { Err(NtStatus::NOT_SAME_DEVICE) }
    }
}
