//! Sections and views: images only, so far.
//!
//! Source: documented parameters and refusals of NtCreateSection, NtMapViewOfSection and NtUnmapViewOfSection.

use abi::access::{SECTION_ALL_ACCESS, SECTION_MAP_EXECUTE, SECTION_MAP_READ, SECTION_MAP_WRITE, SECTION_QUERY};
use abi::cell::Link;
use abi::memory::*;
use abi::nt::file::FileObject;
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use mm::layout::{ALLOCATION_GRANULARITY, HIGHEST_VAD_ADDRESS, PAGE_SIZE, VirtualAddress};
use mm::protection::Protection;
use mm::section::{ControlArea, Place, Segment};
use ob::{Handle, Kind};

use crate::executive::Executive;
use crate::platform::Platform;

/// Allocation attributes NtCreateSection knows.
const KNOWN_ATTRIBUTES: u32 = SEC_BASED | SEC_NO_CHANGE | SEC_IMAGE | SEC_RESERVE | SEC_COMMIT | SEC_NOCACHE;
/// Allocation types NtMapViewOfSection knows.
const KNOWN_TYPES: u32 = MEM_TOP_DOWN | MEM_LARGE_PAGES | MEM_DOS_LIM | SEC_NO_CHANGE | MEM_RESERVE;
/// Most high address bits a program may ask to be zero.
const MAXIMUM_ZERO_BITS: u32 = 21;
/// `SectionImageInformation` and `SectionBasicInformation` of NtQuerySection.
const BASIC_INFORMATION: u32 = 0;
const IMAGE_INFORMATION: u32 = 1;

impl<P: Platform> Executive<P> {
    pub(super) fn create_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, size_at, protect, attributes, file] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        check_attributes(attributes)?;
        check_section_protection(protect)?;
        self.probe_word(handle_at)?;
        if size_at != 0 {
            self.read_long(size_at)?;
        }
        if attributes_at != 0 && self.read_word(attributes_at)? != 0x18 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if attributes & SEC_IMAGE == 0 {
            return Err(NtStatus::NOT_IMPLEMENTED);
        }
        if file == 0 {
            return Err(NtStatus::INVALID_FILE_FOR_SECTION);
        }
        let file = self.file_by_handle(file, abi::access::FILE_EXECUTE)?;
        let section = self.create_image_section(file)?;
        self.machine_record(section).initial_page_protection.set(protect);
        let handle = self.insert_handle(section, access & (SECTION_ALL_ACCESS | abi::access::GENERIC_ALL))?;
        self.write_word(handle_at, handle)?;
        Ok(NtStatus::SUCCESS)
    }

    /// Opens a section by its name. The only names there are those of the DLLs that every process may map.
    pub(super) fn open_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        let name = self.read_object_name(attributes_at)?;
        let section = self.known_dlls.find(&name)?;
        self.objects().reference(section);
        let handle = self.insert_handle(section, Kind::Section.rights(access) & SECTION_ALL_ACCESS)?;
        self.write_word(handle_at, handle)?;
        Ok(NtStatus::SUCCESS)
    }

    /// A section object, with one reference, over the image in `file`.
    pub(crate) fn create_image_section(&self, file: Link<FileObject>) -> Result<Link<SectionObject>, NtStatus> {
        let control_area = self.image_of(file)?;
        let Ok(section) = self.objects().create::<SectionObject>() else {
            let _ = self.mm().release_section(control_area);
            return Err(NtStatus::INSUFFICIENT_RESOURCES);
        };
        let area = self.machine_record(control_area);
        let segment: Link<Segment> = area.segment.get();
        let body = self.machine_record(section);
        body.segment.set(segment.address());
        body.size_of_section.set(self.machine_record(segment).size_of_segment.get());
        body.flags.set(area.flags.get());
        Ok(section)
    }

    /// The control area of a section object.
    pub(crate) fn control_area_of(&self, section: Link<SectionObject>) -> Link<ControlArea> {
        let segment: Link<Segment> = Link::new(self.machine_record(section).segment.get());
        self.machine_record(segment).control_area.get()
    }

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
        if base % ALLOCATION_GRANULARITY != 0 || offset % u64::from(ALLOCATION_GRANULARITY) != 0 {
            return Err(NtStatus::MAPPED_ALIGNMENT);
        }
        let process = self.process_by_handle(process, abi::access::PROCESS_VM_OPERATION)?;
        let section = self.section_by_handle(section, needed_access(protection))?;
        let control_area = self.control_area_of(section);
        let whole = self.machine_record(section).size_of_section.get();
        if offset != 0 || u64::from(size) > whole {
            return Err(NtStatus::INVALID_VIEW_SIZE);
        }
        if u64::from(commit) > whole {
            return Err(NtStatus::INVALID_PARAMETER_5);
        }
        let wanted = (base != 0).then(|| VirtualAddress(base).page());
        let mapped = self.attached(process, |space| space.map_image(control_area, wanted))?;
        self.write_word(base_at, mapped.start.address().0)?;
        self.write_word(size_at, mapped.pages.0 * PAGE_SIZE)?;
        Ok(match mapped.place {
            Place::AtBase => NtStatus::SUCCESS,
            Place::Elsewhere => NtStatus::IMAGE_NOT_AT_BASE,
        })
    }

    pub(super) fn unmap_view_of_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[process, base] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        if base > HIGHEST_VAD_ADDRESS {
            return Err(NtStatus::NOT_MAPPED_VIEW);
        }
        let process = self.process_by_handle(process, abi::access::PROCESS_VM_OPERATION)?;
        let fate = self.attached(process, |space| space.unmap_view(VirtualAddress(base).page()))?;
        self.settle_section(fate);
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn query_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[section, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let needed = match class {
            BASIC_INFORMATION => 0x10,
            IMAGE_INFORMATION => 0x30,
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        };
        if length < needed {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        self.probe_optional(returned_at)?;
        let section = self.section_by_handle(Handle(section).0, SECTION_QUERY)?;
        let words = self.section_information(section, class);
        for (index, word) in words.iter().take(needed as usize / 4).enumerate() {
            self.write_word(buffer.wrapping_add(index as u32 * 4), *word)?;
        }
        self.write_optional(returned_at, needed)?;
        Ok(NtStatus::SUCCESS)
    }

    fn section_information(&self, section: Link<SectionObject>, class: u32) -> [u32; 12] {
        let body = self.machine_record(section);
        let information = self.mm().image_information(self.control_area_of(section));
        if class == BASIC_INFORMATION {
            let size = body.size_of_section.get();
            let mut words = [0; 12];
            words[..4].copy_from_slice(&[0, SEC_IMAGE | SEC_FILE, size as u32, (size >> 32) as u32]);
            return words;
        }
        let pair = |low: u16, high: u16| u32::from(low) | u32::from(high) << 16;
        [
            information.transfer_address.get(),
            information.zero_bits.get(),
            information.maximum_stack_size.get(),
            information.committed_stack_size.get(),
            information.subsystem.get(),
            information.subsystem_version.get(),
            information.gp_value.get(),
            pair(information.image_characteristics.get(), information.dll_characteristics.get()),
            pair(information.machine.get(), u16::from(information.image_contains_code.get())),
            information.loader_flags.get(),
            information.image_file_size.get(),
            0,
        ]
    }
}

fn check_attributes(attributes: u32) -> Result<(), NtStatus> {
    let any = |bits: u32| attributes & bits != 0;
    let image_alone = !any(SEC_IMAGE) || !any(SEC_COMMIT | SEC_RESERVE | SEC_NOCACHE | SEC_NO_CHANGE);
    let sound = attributes & !KNOWN_ATTRIBUTES == 0
        && any(SEC_COMMIT | SEC_RESERVE | SEC_IMAGE)
        && !(any(SEC_COMMIT) && any(SEC_RESERVE))
        && image_alone;
    sound.then_some(()).ok_or(NtStatus::INVALID_PARAMETER_6)
}

/// A section has a plain base protection.
fn check_section_protection(protect: u32) -> Result<(), NtStatus> {
    let plain = protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE | PAGE_GUARD | PAGE_NOACCESS) == 0;
    match Protection::from_win32(protect) {
        Ok(_) if plain => Ok(()),
        _ => Err(NtStatus::INVALID_PAGE_PROTECTION),
    }
}

/// What a handle must allow for a view of this protection.
fn needed_access(protection: Protection) -> u32 {
    let write = if protection.is_writable() && !protection.is_copy_on_write() { SECTION_MAP_WRITE } else { 0 };
    let execute = if protection.is_executable() { SECTION_MAP_EXECUTE } else { 0 };
    SECTION_MAP_READ | write | execute
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_refused_as_xp_refuses_them() {
        let rows = [
            (SEC_IMAGE, true),
            (SEC_COMMIT, true),
            (SEC_RESERVE, true),
            (0, false),
            (SEC_COMMIT | SEC_RESERVE, false),
            (SEC_IMAGE | SEC_COMMIT, false),
            (SEC_IMAGE | SEC_NO_CHANGE, false),
            (SEC_COMMIT | SEC_NO_CHANGE, true),
            (SEC_COMMIT | 1, false),
        ];
        for (attributes, sound) in rows {
            assert_eq!(check_attributes(attributes).is_ok(), sound, "{attributes:x}");
        }
    }

    #[test]
    fn a_section_takes_no_modifier() {
        assert_eq!(check_section_protection(PAGE_EXECUTE), Ok(()));
        for protect in [PAGE_NOACCESS, PAGE_READWRITE | PAGE_GUARD, PAGE_READWRITE | PAGE_NOCACHE, 0, 3] {
            assert_eq!(check_section_protection(protect), Err(NtStatus::INVALID_PAGE_PROTECTION));
        }
    }
}
