//! What a PE file says about its image, checked. Pure: headers in, a layout or a refusal out.
//!
//! The layout borrows the section table and computes each run when it is asked for: a table of runs is too large for a
//! kernel stack.
//!
//! Source: PE/COFF specification (Microsoft); refusals as XP's section creation gives them.

use core::iter::once;

use abi::status::NtStatus;
use object::LittleEndian as LE;
use object::pe;
use object::read::pe::ImageNtHeaders;

use crate::layout::{PAGE_SIZE, PageCount, USER_PROBE_ADDRESS};
use crate::protection::Protection;
use crate::section::SECTOR;

/// Most sections an image may have; more do not fit one page of headers.
pub const MAXIMUM_SECTIONS: usize = 96;

/// Why a file is no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnImage {
    /// `STATUS_INVALID_IMAGE_NOT_MZ`.
    NotMz,
    /// `STATUS_INVALID_IMAGE_FORMAT`.
    Format,
}

impl From<NotAnImage> for NtStatus {
    fn from(reason: NotAnImage) -> Self {
        match reason {
            NotAnImage::NotMz => Self::INVALID_IMAGE_NOT_MZ,
            NotAnImage::Format => Self::INVALID_IMAGE_FORMAT,
        }
    }
}

/// Pages of an image that come from one run of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageRun {
    /// Its pages.
    pub pages: PageCount,
    /// First 512-byte sector in the file.
    pub sector: u32,
    /// Bytes the file has for it; the rest is zeros.
    pub bytes: u32,
    /// What its pages allow.
    pub protection: Protection,
}

/// The layout of an image whose headers live for `'data`.
#[derive(Clone, Copy, Debug)]
pub struct ImageLayout<'data> {
    /// Where the image wants to be, in bytes; a multiple of 64 KB.
    pub base: u32,
    /// All of it.
    pub pages: PageCount,
    /// The entry point, from the base, in bytes; 0 where there is none.
    pub entry: u32,
    /// Bytes of stack to reserve and to commit for the first thread.
    pub stack: (u32, u32),
    /// Win32 subsystem, and its version as major and minor.
    pub subsystem: (u16, u16, u16),
    /// COFF characteristics.
    pub characteristics: u16,
    /// DLL characteristics.
    pub dll_characteristics: u16,
    /// The headers; of a flat image, all of it.
    first: ImageRun,
    /// The sections that follow, all found sound; none in a flat image.
    sections: &'data [pe::ImageSectionHeader],
    /// What is asked of them.
    rules: SectionRules,
    /// What no section covers behind the last one.
    rest: Option<ImageRun>,
}

/// What a section header is measured against.
#[derive(Clone, Copy, Debug)]
struct SectionRules {
    /// Bytes that sections are aligned to in memory.
    alignment: u32,
    /// Bytes of the file.
    file_size: u64,
}

impl<'data> ImageLayout<'data> {
    /// The runs, in the order of their pages, without a gap.
    pub fn runs(&self) -> impl Iterator<Item = ImageRun> {
        let sections = self.sections.iter().filter_map(|section| self.rules.run(section).ok());
        once(self.first).chain(sections).chain(self.rest)
    }

    /// Pages that each mapping may come to own.
    pub fn copy_on_write_pages(&self) -> u32 {
        self.runs().filter(|run| run.protection.is_copy_on_write()).map(|run| run.pages.0).sum()
    }

    /// Reads a layout from the first bytes of a file: `headers` holds at least its DOS and PE headers and section table,
    /// where the file (`file_size` bytes) has them.
    ///
    /// # Errors
    /// [`NotAnImage`].
    pub fn parse(headers: &'data [u8], file_size: u64) -> Result<Self, NotAnImage> {
        if headers.get(..2) != Some(b"MZ") {
            return Err(NotAnImage::NotMz);
        }
        let dos = pe::ImageDosHeader::parse(headers).map_err(|_| NotAnImage::Format)?;
        let mut offset = u64::from(dos.nt_headers_offset());
        if !offset.is_multiple_of(4) {
            return Err(NotAnImage::Format);
        }
        let (nt, _) = pe::ImageNtHeaders32::parse(headers, &mut offset).map_err(|_| NotAnImage::Format)?;
        let file = nt.file_header();
        let optional = nt.optional_header();
        let table = nt.sections(headers, offset).map_err(|_| NotAnImage::Format)?;
        check_headers(file, optional)?;
        let size = optional.size_of_image.get(LE);
        let entry = optional.address_of_entry_point.get(LE);
        if entry >= size {
            return Err(NotAnImage::Format);
        }
        let rules = SectionRules { alignment: optional.section_alignment.get(LE), file_size };
        let flat = rules.alignment < PAGE_SIZE;
        let first = if flat { flat_run(optional, table.iter(), file_size) } else { rules.headers(optional) }?;
        let sections = if flat { &[] } else { table.iter().as_slice() };
        let rest = if flat { None } else { rules.rest(first, sections, PageCount::of_bytes(size))? };
        Ok(Self {
            base: optional.image_base.get(LE),
            pages: PageCount::of_bytes(size),
            entry,
            stack: (optional.size_of_stack_reserve.get(LE), optional.size_of_stack_commit.get(LE)),
            subsystem: (
                optional.subsystem.get(LE).0,
                optional.major_subsystem_version.get(LE),
                optional.minor_subsystem_version.get(LE),
            ),
            characteristics: file.characteristics.get(LE).0,
            dll_characteristics: optional.dll_characteristics.get(LE).0,
            first,
            sections,
            rules,
            rest,
        })
    }
}

impl SectionRules {
    /// The run of the headers.
    fn headers(self, optional: &pe::ImageOptionalHeader32) -> Result<ImageRun, NotAnImage> {
        let headers = optional.size_of_headers.get(LE);
        if u64::from(headers) > self.file_size {
            return Err(NotAnImage::Format);
        }
        let rounded = headers.checked_next_multiple_of(self.alignment).ok_or(NotAnImage::Format)?;
        let pages = PageCount::of_bytes(rounded).min(PageCount::of_bytes(optional.size_of_image.get(LE)));
        Ok(ImageRun { pages, sector: 0, bytes: headers, protection: Protection::READONLY })
    }

    /// Checks that behind `headers` every section is sound and starts where the one before it ends, and finds what they
    /// leave of `pages`.
    fn rest(
        self,
        headers: ImageRun,
        sections: &[pe::ImageSectionHeader],
        pages: PageCount,
    ) -> Result<Option<ImageRun>, NotAnImage> {
        let mut next = headers.pages.0;
        for section in sections {
            if section.virtual_address.get(LE) != next << 12 {
                return Err(NotAnImage::Format);
            }
            next = next.checked_add(self.run(section)?.pages.0).ok_or(NotAnImage::Format)?;
            if next > pages.0 {
                return Err(NotAnImage::Format);
            }
        }
        let pages = PageCount(pages.0 - next);
        Ok((pages.0 > 0).then_some(ImageRun { pages, sector: 0, bytes: 0, protection: Protection::NOACCESS }))
    }

    /// The run of a section.
    fn run(self, section: &pe::ImageSectionHeader) -> Result<ImageRun, NotAnImage> {
        let raw = section.size_of_raw_data.get(LE);
        let size = match section.virtual_size.get(LE) {
            0 => raw,
            size => size,
        };
        let rounded = size.checked_next_multiple_of(self.alignment).ok_or(NotAnImage::Format)?;
        let pages = PageCount::of_bytes(rounded);
        if pages.0 == 0 {
            return Err(NotAnImage::Format);
        }
        let pointer = section.pointer_to_raw_data.get(LE);
        let bytes = if pointer == 0 { 0 } else { raw.min(pages.0 << 12) };
        if bytes > 0 && u64::from(pointer) + u64::from(bytes) > self.file_size {
            return Err(NotAnImage::Format);
        }
        let protection = section_protection(section.characteristics.get(LE));
        Ok(ImageRun { pages, sector: pointer / SECTOR, bytes, protection })
    }
}

fn check_headers(file: &pe::ImageFileHeader, optional: &pe::ImageOptionalHeader32) -> Result<(), NotAnImage> {
    let alignment = optional.section_alignment.get(LE);
    let file_alignment = optional.file_alignment.get(LE);
    let size = optional.size_of_image.get(LE);
    let base = optional.image_base.get(LE);
    let sound = file.machine.get(LE) == pe::IMAGE_FILE_MACHINE_I386
        && file.characteristics.get(LE).contains(pe::IMAGE_FILE_EXECUTABLE_IMAGE)
        && usize::from(file.number_of_sections.get(LE)) <= MAXIMUM_SECTIONS
        && optional.magic.get(LE) == pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC
        && alignment.is_power_of_two()
        && file_alignment.is_power_of_two()
        && alignment >= file_alignment
        && base.is_multiple_of(0x1_0000)
        && size != 0
        && size < USER_PROBE_ADDRESS
        && optional.size_of_headers.get(LE) != 0
        && optional.size_of_headers.get(LE) <= size;
    sound.then_some(()).ok_or(NotAnImage::Format)
}

/// An image aligned to less than a page is mapped as the flat file it is, provided its sections lie where the file has them.
fn flat_run<'a>(
    optional: &pe::ImageOptionalHeader32,
    mut sections: impl Iterator<Item = &'a pe::ImageSectionHeader>,
    file_size: u64,
) -> Result<ImageRun, NotAnImage> {
    let size = optional.size_of_image.get(LE);
    let flat = sections.all(|section| {
        section.size_of_raw_data.get(LE) == 0 || section.virtual_address.get(LE) == section.pointer_to_raw_data.get(LE)
    });
    if !flat || optional.section_alignment.get(LE) != optional.file_alignment.get(LE) {
        return Err(NotAnImage::Format);
    }
    let bytes = u64::from(size).min(file_size) as u32;
    Ok(ImageRun { pages: PageCount::of_bytes(size), sector: 0, bytes, protection: Protection::EXECUTE_WRITECOPY })
}

/// What a section's flags allow: writable and not shared is copied when written.
#[doc(alias = "MiGetImageProtection")]
fn section_protection(flags: pe::SectionFlags) -> Protection {
    let execute = flags.contains(pe::IMAGE_SCN_MEM_EXECUTE);
    let read = flags.contains(pe::IMAGE_SCN_MEM_READ);
    let write = flags.contains(pe::IMAGE_SCN_MEM_WRITE);
    let shared = flags.contains(pe::IMAGE_SCN_MEM_SHARED);
    match (execute, write, shared, read) {
        (false, true, false, _) => Protection::WRITECOPY,
        (true, true, false, _) => Protection::EXECUTE_WRITECOPY,
        (false, true, true, _) => Protection::READWRITE,
        (true, true, true, _) => Protection::EXECUTE_READWRITE,
        (true, false, _, true) => Protection::EXECUTE_READ,
        (true, false, _, false) => Protection::EXECUTE,
        (false, false, _, true) => Protection::READONLY,
        (false, false, _, false) => Protection::NOACCESS,
    }
}
