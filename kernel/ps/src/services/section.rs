//! Sections: of images, of files' data, and of memory without a file. Their views are in `view`.
//!
//! Source: documented parameters and refusals of NtCreateSection, NtOpenSection, NtQuerySection and NtExtendSection.

use abi::access::{SECTION_EXTEND_SIZE, SECTION_QUERY};
use abi::cell::Link;
use abi::memory::PAGE_EXECUTE;
use abi::nt::file::FileObject;
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use mm::protection::Protection;
use mm::section::{ControlArea, ControlAreaFlags, SectionArguments, Segment, section_attributes, writes_through};
use ob::Handle;

use crate::data_sections::SectionParts;
use crate::executive::Executive;
use crate::platform::Platform;

/// `SectionImageInformation` and `SectionBasicInformation` of NtQuerySection.
const BASIC_INFORMATION: u32 = 0;
const IMAGE_INFORMATION: u32 = 1;

impl<P: Platform> Executive<P> {
    pub(super) fn create_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, size_at, protect, attributes, file] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        let asked = SectionArguments::check(attributes, protect)?;
        let size = if size_at == 0 { 0 } else { self.read_long(size_at)? };
        self.probe_word(handle_at)?;
        // What the section is over is there before the section has a name: making it may take a while, and nobody shall open
        // half a section.
        let made = match (asked.is_image(), file) {
            (true, 0) => return Err(NtStatus::INVALID_FILE_FOR_SECTION),
            (true, file) => self.section_of_image(self.file_for_section(file, asked)?, size, asked)?,
            (false, 0) => SectionParts::whole(self.mm().create_memory(size, asked.protection, asked.flags())?),
            (false, file) => self.data_section(self.file_for_section(file, asked)?, size, asked)?,
        };
        let mut left = Some(made.area);
        let created = self.create_object(access, attributes_at, handle_at, |section| {
            left = None;
            self.fill_section(section, made.area, protect);
            self.fill_attributes(section, &made, asked)
        });
        if let Some(area) = left {
            self.give_up_section(area);
        }
        created
    }

    /// The file that `handle` names, which lets such a section be made.
    fn file_for_section(&self, handle: u32, asked: SectionArguments) -> Result<Link<FileObject>, NtStatus> {
        self.file_by_handle(handle, asked.needed_file_access())
    }

    /// What a section of `size` bytes of the image in `file` is made of; no bytes stand for all there are.
    fn section_of_image(
        &self,
        file: Link<FileObject>,
        size: u64,
        asked: SectionArguments,
    ) -> Result<SectionParts, NtStatus> {
        let area = self.image_of(file)?;
        let segment: Link<Segment> = self.machine_record(area).segment.get();
        asked
            .image_size(self.machine_record(segment).size_of_segment.get(), size)
            .map(|size| SectionParts { area, size: Some(size) })
            .inspect_err(|_| self.give_up_section(area))
    }

    /// What the section object `section` has of its own: its size, where it is based, and what its views may not do.
    fn fill_attributes(
        &self,
        section: Link<SectionObject>,
        made: &SectionParts,
        asked: SectionArguments,
    ) -> Result<(), NtStatus> {
        let body = self.machine_record(section);
        let own = asked.flags() & (ControlAreaFlags::NO_CHANGE | ControlAreaFlags::BASED);
        body.flags.update(|flags| flags | own.bits());
        if let Some(size) = made.size {
            body.size_of_section.set(size);
        }
        if own.contains(ControlAreaFlags::BASED) { self.give_base(section) } else { Ok(()) }
    }

    /// A section object without a name over `area`, whose reference becomes the object's or is given up.
    pub(crate) fn create_section_object(&self, area: Link<ControlArea>) -> Result<Link<SectionObject>, NtStatus> {
        let section = self.objects().create::<SectionObject>().inspect_err(|_| self.give_up_section(area))?;
        self.fill_section(section, area, PAGE_EXECUTE);
        Ok(section)
    }

    /// Gives up a reference to `area` that no section object came to have.
    pub(crate) fn give_up_section(&self, area: Link<ControlArea>) {
        let fate = self.mm().release_section(area);
        self.settle_section(fate);
    }

    /// Makes the new object `section` one over `area`, whose reference it takes, for views of at most `protect`.
    pub(crate) fn fill_section(&self, section: Link<SectionObject>, area: Link<ControlArea>, protect: u32) {
        let record = self.machine_record(area);
        let segment: Link<Segment> = record.segment.get();
        let body = self.machine_record(section);
        body.segment.set(segment.address());
        body.size_of_section.set(self.machine_record(segment).size_of_segment.get());
        body.flags.set(record.flags.get());
        body.initial_page_protection.set(protect);
        self.mm().add_section_object(area);
    }

    /// The control area of a section object that has one.
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
        self.check_aligned_buffer(buffer, length, 4)?;
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
        let attributes = section_attributes(flags);
        let mut words = [0; 12];
        words[..4].copy_from_slice(&[body.starting_va.get(), attributes, size as u32, (size >> 32) as u32]);
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

    /// Whether `control_area` is that of physical memory.
    pub(crate) fn is_physical_memory(&self, control_area: Link<ControlArea>) -> bool {
        let flags = self.machine_record(control_area).flags.get();
        ControlAreaFlags::from_bits_truncate(flags).contains(ControlAreaFlags::PHYSICAL_MEMORY)
    }

    /// Only the section of a file's data can become longer; the file does with it. The size there is now goes back to the program.
    pub(super) fn extend_section(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[section, size_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(size_at)?;
        self.probe_word(size_at.wrapping_add(4))?;
        let wanted = self.read_long(size_at)?;
        let section = self.section_by_handle(section, SECTION_EXTEND_SIZE)?;
        let area = self.control_area_of(section);
        if !self.mm().is_data_file(area) {
            return Err(NtStatus::SECTION_NOT_EXTENDED);
        }
        let body = self.machine_record(section);
        if wanted > body.size_of_section.get() {
            let _held = self.hold(section);
            self.extend_data(area, wanted, body.initial_page_protection.get())?;
            body.size_of_section.set(wanted.max(body.size_of_section.get()));
            self.write_long(size_at, body.size_of_section.get())?;
            return Ok(NtStatus::SUCCESS);
        }
        self.write_long(size_at, body.size_of_section.get())?;
        Ok(NtStatus::SUCCESS)
    }

    /// Makes the file whose data `area` is at least `size` bytes long, for a section of protection `protect`.
    fn extend_data(&self, area: Link<ControlArea>, size: u64, protect: u32) -> Result<(), NtStatus> {
        if size <= self.mm().data_file_size(area) {
            return Ok(());
        }
        match Protection::from_win32(protect) {
            Ok(protection) if writes_through(protection) => {
                self.lengthen_file(self.machine_record(area).file_pointer.get(), size)
            }
            _ => Err(NtStatus::SECTION_NOT_EXTENDED),
        }
    }
}
