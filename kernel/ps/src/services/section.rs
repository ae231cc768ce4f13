//! Sections: of images and of memory without a file, so far. Their views are in `view`.
//!
//! Source: documented parameters and refusals of NtCreateSection, NtOpenSection, NtQuerySection and NtExtendSection.

use abi::access::{SECTION_ALL_ACCESS, SECTION_EXTEND_SIZE, SECTION_QUERY};
use abi::cell::Link;
use abi::memory::*;
use abi::nt::file::FileObject;
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use mm::protection::Protection;
use mm::section::{ControlArea, ControlAreaFlags, Segment};
use ob::{Handle, Kind};

use crate::executive::Executive;
use crate::platform::Platform;

/// Allocation attributes NtCreateSection knows.
const KNOWN_ATTRIBUTES: u32 = SEC_BASED | SEC_NO_CHANGE | SEC_IMAGE | SEC_RESERVE | SEC_COMMIT | SEC_NOCACHE;
/// `SectionImageInformation` and `SectionBasicInformation` of NtQuerySection.
const BASIC_INFORMATION: u32 = 0;
const IMAGE_INFORMATION: u32 = 1;
/// How the attributes of a section stand in its flags.
const ATTRIBUTES: [(u32, ControlAreaFlags); 6] = [
    (SEC_NO_CHANGE, ControlAreaFlags::NO_CHANGE),
    (SEC_FILE, ControlAreaFlags::FILE),
    (SEC_IMAGE, ControlAreaFlags::IMAGE),
    (SEC_RESERVE, ControlAreaFlags::RESERVE),
    (SEC_COMMIT, ControlAreaFlags::COMMIT),
    (SEC_NOCACHE, ControlAreaFlags::NO_CACHE),
];

impl<P: Platform> Executive<P> {
    pub(super) fn create_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, size_at, protect, attributes, file] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        check_attributes(attributes)?;
        let protection = check_section_protection(protect)?;
        self.probe_word(handle_at)?;
        let size = if size_at == 0 { 0 } else { self.read_long(size_at)? };
        let inherit = self.read_attributes(attributes_at)?;
        let section = match (attributes & SEC_IMAGE != 0, file) {
            (true, 0) => return Err(NtStatus::INVALID_FILE_FOR_SECTION),
            (true, file) => self.create_image_section(self.file_by_handle(file, abi::access::FILE_EXECUTE)?)?,
            (false, 0) => self.create_memory_section(size, protection, attributes)?,
            (false, _) => return Err(NtStatus::NOT_IMPLEMENTED),
        };
        self.machine_record(section).initial_page_protection.set(protect);
        self.give_handle(section, access, inherit, handle_at)
    }

    /// A section object, with one reference, over new memory that has no file.
    fn create_memory_section(
        &self,
        size: u64,
        protection: Protection,
        attributes: u32,
    ) -> Result<Link<SectionObject>, NtStatus> {
        if attributes & SEC_BASED != 0 {
            return Err(NtStatus::NOT_IMPLEMENTED);
        }
        let kind = ATTRIBUTES.into_iter().filter(|(attribute, _)| attributes & attribute != 0).map(|(_, flag)| flag);
        let control_area = self.mm().create_memory(size, protection, kind.collect())?;
        self.create_section_object(control_area)
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
        self.create_section_object(control_area)
    }

    /// A section object over `control_area`, whose reference becomes the object's or is given up.
    fn create_section_object(&self, control_area: Link<ControlArea>) -> Result<Link<SectionObject>, NtStatus> {
        let Ok(section) = self.objects().create::<SectionObject>() else {
            let fate = self.mm().release_section(control_area);
            self.settle_section(fate);
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
        let words = match class {
            BASIC_INFORMATION => self.basic_section_information(section),
            _ => self.section_image_information(section)?,
        };
        for (index, word) in words.iter().take(needed as usize / 4).enumerate() {
            self.write_word(buffer.wrapping_add(index as u32 * 4), *word)?;
        }
        self.write_optional(returned_at, needed)?;
        Ok(NtStatus::SUCCESS)
    }

    fn basic_section_information(&self, section: Link<SectionObject>) -> [u32; 12] {
        let body = self.machine_record(section);
        let (size, flags) = (body.size_of_section.get(), ControlAreaFlags::from_bits_truncate(body.flags.get()));
        let attributes = ATTRIBUTES.into_iter().filter(|(_, flag)| flags.contains(*flag));
        let attributes = attributes.fold(0, |sum, (attribute, _)| sum | attribute);
        let mut words = [0; 12];
        words[..4].copy_from_slice(&[0, attributes, size as u32, (size >> 32) as u32]);
        words
    }

    fn section_image_information(&self, section: Link<SectionObject>) -> Result<[u32; 12], NtStatus> {
        let control_area = self.control_area_of(section);
        if !self.is_image(control_area) {
            return Err(NtStatus::SECTION_NOT_IMAGE);
        }
        let information = self.mm().image_information(control_area);
        let pair = |low: u16, high: u16| u32::from(low) | u32::from(high) << 16;
        Ok([
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
        ])
    }

    /// Whether `control_area` is that of an image.
    pub(crate) fn is_image(&self, control_area: Link<ControlArea>) -> bool {
        let flags = self.machine_record(control_area).flags.get();
        ControlAreaFlags::from_bits_truncate(flags).contains(ControlAreaFlags::IMAGE)
    }

    /// Only the section of a file's data can become longer, and there is none yet.
    pub(super) fn extend_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[section, size_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(size_at)?;
        self.probe_word(size_at.wrapping_add(4))?;
        self.section_by_handle(section, SECTION_EXTEND_SIZE)?;
        Err(NtStatus::SECTION_NOT_EXTENDED)
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
fn check_section_protection(protect: u32) -> Result<Protection, NtStatus> {
    let plain = protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE | PAGE_GUARD | PAGE_NOACCESS) == 0;
    match Protection::from_win32(protect) {
        Ok(protection) if plain => Ok(protection),
        _ => Err(NtStatus::INVALID_PAGE_PROTECTION),
    }
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
        assert_eq!(check_section_protection(PAGE_EXECUTE), Ok(Protection::EXECUTE));
        for protect in [PAGE_NOACCESS, PAGE_READWRITE | PAGE_GUARD, PAGE_READWRITE | PAGE_NOCACHE, 0, 3] {
            assert_eq!(check_section_protection(protect), Err(NtStatus::INVALID_PAGE_PROTECTION));
        }
    }
}
