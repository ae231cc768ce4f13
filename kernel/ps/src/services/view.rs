//! Views of sections.
//!
//! Source: documented parameters and refusals of NtMapViewOfSection, NtUnmapViewOfSection, NtFlushVirtualMemory and
//! NtAreMappedFilesTheSame.

use abi::access::{PROCESS_VM_OPERATION, SECTION_MAP_EXECUTE, SECTION_MAP_READ, SECTION_MAP_WRITE};
use abi::cell::Link;
use abi::memory::*;
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use mm::address_space::AddressSpace;
use mm::layout::{ALLOCATION_GRANULARITY, HIGHEST_VAD_ADDRESS, PAGE_SIZE, VirtualAddress};
use mm::protection::{Caching, Protection};
use mm::section::{ControlAreaFlags, Disposition, Place, ViewRequest};

use crate::executive::Executive;
use crate::platform::Platform;

/// Allocation types NtMapViewOfSection knows.
const KNOWN_TYPES: u32 = MEM_TOP_DOWN | MEM_LARGE_PAGES | MEM_DOS_LIM | SEC_NO_CHANGE | MEM_RESERVE;
/// Most high address bits a program may ask to be zero.
const MAXIMUM_ZERO_BITS: u32 = 21;

impl<P: Platform> Executive<P> {
    pub(super) fn map_view_of_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[section, process, base_at, zero_bits, commit, offset_at, size_at, disposition, kind, protect] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        if disposition != VIEW_SHARE && disposition != VIEW_UNMAP {
            return Err(NtStatus::INVALID_PARAMETER_8);
        }
        if kind & !KNOWN_TYPES != 0 {
            return Err(NtStatus::INVALID_PARAMETER_9);
        }
        let protection = Protection::from_win32(protect).map_err(|_| NtStatus::INVALID_PAGE_PROTECTION)?;
        let base = self.probe_word(base_at)?;
        let size = self.probe_word(size_at)?;
        let offset = if offset_at == 0 { 0 } else { self.read_long(offset_at)? };
        if base > HIGHEST_VAD_ADDRESS || size > HIGHEST_VAD_ADDRESS - base {
            return Err(NtStatus::INVALID_PARAMETER_3);
        }
        if zero_bits > MAXIMUM_ZERO_BITS {
            return Err(NtStatus::INVALID_PARAMETER_4);
        }
        if base != 0 && size != 0 && base + (size - 1) > u32::MAX >> zero_bits {
            return Err(NtStatus::INVALID_PARAMETER_4);
        }
        let unit = if kind & MEM_DOS_LIM == 0 { ALLOCATION_GRANULARITY } else { PAGE_SIZE };
        if base % unit != 0 || offset % u64::from(ALLOCATION_GRANULARITY) != 0 {
            return Err(NtStatus::MAPPED_ALIGNMENT);
        }
        let process = self.process_by_handle(process, PROCESS_VM_OPERATION)?;
        let section = self.section_by_handle(section, needed_access(protection))?;
        let control_area = self.control_area_of(section);
        if !self.is_image(control_area) {
            if kind & MEM_RESERVE != 0 {
                return Err(NtStatus::INVALID_PARAMETER_9);
            }
            if protection.caching() == Caching::WriteCombined {
                return Err(NtStatus::INVALID_PARAMETER_10);
            }
            let disposition = if disposition == VIEW_SHARE { Disposition::Share } else { Disposition::Unmap };
            let request =
                ViewRequest { base, zero_bits, commit, section_size: 0, offset, size, kind, protection, disposition };
            let request = self.request_for(section, request)?;
            let range = self.attached(process, |space| space.map_data(control_area, &request))?;
            self.tell_view(base_at, size_at, range.base(), range.bytes());
            return Ok(NtStatus::SUCCESS);
        }
        let whole = self.machine_record(section).size_of_section.get();
        if offset != 0 || u64::from(size) > whole {
            return Err(NtStatus::INVALID_VIEW_SIZE);
        }
        if u64::from(commit) > whole {
            return Err(NtStatus::INVALID_PARAMETER_5);
        }
        let wanted = (base != 0).then(|| VirtualAddress(base).page());
        let mapped = self.attached(process, |space| space.map_image(control_area, wanted))?;
        self.tell_view(base_at, size_at, mapped.start.address().0, mapped.pages.0 * PAGE_SIZE);
        Ok(match mapped.place {
            Place::AtBase => NtStatus::SUCCESS,
            Place::Elsewhere => NtStatus::IMAGE_NOT_AT_BASE,
        })
    }

    /// `request` with what the section object decides: its size, its protection where the control area is one of a file, and where its
    /// views are if it has an address of its own. The address that the program wants does not count then.
    fn request_for(&self, section: Link<SectionObject>, request: ViewRequest) -> Result<ViewRequest, NtStatus> {
        let body = self.machine_record(section);
        let most = Protection::from_win32(body.initial_page_protection.get());
        if most.is_ok_and(|most| !most.covers(request.protection)) {
            return Err(NtStatus::SECTION_PROTECTION);
        }
        let flags = ControlAreaFlags::from_bits_truncate(body.flags.get());
        let fixed = if flags.contains(ControlAreaFlags::NO_CHANGE) { SEC_NO_CHANGE } else { 0 };
        let base = match body.starting_va.get() {
            0 => request.base,
            start => start.wrapping_add(request.offset as u32),
        };
        let section_size = body.size_of_section.get();
        Ok(ViewRequest { base, section_size, kind: request.kind | fixed, ..request })
    }

    /// Writes where a view is. The words were found writable before; what became of them since is the program's doing.
    fn tell_view(&self, base_at: u32, size_at: u32, base: u32, size: u32) {
        let _ = self.write_word(size_at, size);
        let _ = self.write_word(base_at, base);
    }

    pub(super) fn unmap_view_of_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, base] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if base > HIGHEST_VAD_ADDRESS {
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
        if base > HIGHEST_VAD_ADDRESS || size > HIGHEST_VAD_ADDRESS - base {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
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

/// What a handle must allow for a view of this protection.
#[doc(alias = "MmMakeSectionAccess")]
fn needed_access(protection: Protection) -> u32 {
    let execute = if protection.is_executable() { SECTION_MAP_EXECUTE } else { 0 };
    let writes = protection.is_writable() && !protection.is_copy_on_write();
    let access = match (writes, protection.without_guard()) {
        (true, _) => SECTION_MAP_WRITE,
        (_, Protection::EXECUTE) => 0,
        _ => SECTION_MAP_READ,
    };
    access | execute
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_asks_of_its_handle_what_it_lets_programs_do() {
        let (read, write, execute) = (SECTION_MAP_READ, SECTION_MAP_WRITE, SECTION_MAP_EXECUTE);
        let rows = [
            (PAGE_NOACCESS, read),
            (PAGE_READONLY, read),
            (PAGE_EXECUTE, execute),
            (PAGE_EXECUTE_READ, read | execute),
            (PAGE_READWRITE, write),
            (PAGE_READWRITE | PAGE_GUARD, write),
            (PAGE_WRITECOPY, read),
            (PAGE_EXECUTE_READWRITE, write | execute),
            (PAGE_EXECUTE_WRITECOPY, read | execute),
        ];
        for (protect, access) in rows {
            assert_eq!(Protection::from_win32(protect).map(needed_access), Ok(access), "{protect:x}");
        }
    }
}
