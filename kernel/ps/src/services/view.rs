//! Views of sections.
//!
//! Source: documented parameters and refusals of NtMapViewOfSection, NtUnmapViewOfSection and NtFlushVirtualMemory.

use abi::access::{PROCESS_VM_OPERATION, SECTION_MAP_EXECUTE, SECTION_MAP_READ, SECTION_MAP_WRITE};
use abi::memory::*;
use abi::status::NtStatus;
use mm::layout::{ALLOCATION_GRANULARITY, HIGHEST_VAD_ADDRESS, PAGE_SIZE, VirtualAddress};
use mm::protection::{Caching, Protection};
use mm::section::{Disposition, Place, ViewRequest};

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
            let section_size = self.machine_record(section).size_of_section.get();
            let request =
                ViewRequest { base, zero_bits, commit, section_size, offset, size, kind, protection, disposition };
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
        let fate = self.attached(process, |space| space.unmap_view(VirtualAddress(base).page()))?;
        self.settle_section(fate);
        Ok(NtStatus::SUCCESS)
    }

    /// Writes the pages of a file's view to the file: there is no such view yet.
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
        Err(self.attached(process, |space| space.flush_refusal(VirtualAddress(base).page())))
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
