//! A PE image as it lies in memory, read with every offset checked.
//!
//! An image comes from a file that anybody may have written: its tables may point anywhere. All reading goes through
//! [`Image`], which knows how far the image reaches.
//!
//! Invariants:
//! - I1: no read or write of an [`Image`] leaves `base..base + limit`.
//! - I2: `limit` ends before the first section that the program may not read, and within the mapped view.
//! - I3: every loop over a table of the image ends: each step moves on by a fixed size below `limit`, or is counted.
//!
//! Source: Microsoft's PE/COFF specification; header layouts from the `object` crate.

mod bound;
mod data_file;
mod export;
mod import;
mod name;
mod name_index;
mod relocation;
mod resource;
mod tls;

pub use bound::is_bound;
pub use data_file::DataFile;
pub use export::{Export, ExportTable, Symbol};
pub use import::{Descriptor, Imports, Wanted};
pub use name::NameAt;
pub use name_index::{NameIndex, OEM_ID, OEM_ID_AT};
pub use relocation::relocate;
pub use resource::{NoResource, Placed, ResourceName, Resources};
pub use tls::ThreadLocalStorage;

use core::mem::offset_of;

use object::pe;

use crate::memory::Memory;

/// Longest name of a DLL or symbol that is followed, in bytes.
pub const MAXIMUM_NAME: u32 = 512;
/// Entries of the data directory.
const DIRECTORIES: u32 = 16;
const DIRECTORY_SIZE: u32 = 8;
/// Most sections an image may have: the limit of Windows's loader.
const MAXIMUM_SECTIONS: u32 = 96;

const HEADERS_SIZE: u32 = size_of::<pe::ImageNtHeaders32>() as u32;
const SECTION_SIZE: u32 = size_of::<pe::ImageSectionHeader>() as u32;
/// Where in a section's header its characteristics are.
const CHARACTERISTICS: u32 = offset_of!(pe::ImageSectionHeader, characteristics) as u32;
/// A section with none of these is mapped without access: execute, read, write.
const ACCESSIBLE: u32 = 0x2000_0000 | 0x4000_0000 | 0x8000_0000;
/// A section that holds code, or may be executed.
const EXECUTABLE: u32 = 0x2000_0000;
const WRITABLE: u32 = 0x8000_0000;
const RELOCATIONS_STRIPPED: u16 = 1;
const IS_DLL: u16 = 0x2000;

/// Where in the NT headers a field is.
macro_rules! field {
    ($($part:ident).+) => { offset_of!(pe::ImageNtHeaders32, $($part).+) as u32 };
}

/// The image is not what the PE specification calls one, or a table of it leads out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "STATUS_INVALID_IMAGE_FORMAT")]
pub struct Malformed;

/// Where a table lies: relative to the image's base, with its size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Offset from the image's base; 0 means that there is no such table.
    pub rva: u32,
    /// Size in bytes.
    pub size: u32,
}

/// The tables that the loader uses, by their index in the data directory.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub enum Table {
    /// Exported symbols.
    Export = 0,
    /// Imported DLLs and symbols.
    Import = 1,
    /// Resources.
    Resource = 2,
    /// What to add to where when the image moves.
    Relocation = 5,
    /// Thread-local storage.
    ThreadLocalStorage = 9,
    /// What the import address tables were filled with when the image was built.
    BoundImport = 11,
    /// All import address tables together.
    ImportAddress = 12,
}

/// One section, as far as the loader cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Offset from the image's base.
    pub rva: u32,
    /// Size in memory, in bytes.
    pub size: u32,
    characteristics: u32,
}

impl Section {
    /// The section whose header is at `header`.
    fn read<M: Memory>(memory: &M, header: u32) -> Self {
        let word = |offset: usize| memory.read_u32(header + offset as u32);
        let size = word(offset_of!(pe::ImageSectionHeader, virtual_size));
        let raw_size = || word(offset_of!(pe::ImageSectionHeader, size_of_raw_data));
        Self {
            rva: word(offset_of!(pe::ImageSectionHeader, virtual_address)),
            size: if size == 0 { raw_size() } else { size },
            characteristics: memory.read_u32(header + CHARACTERISTICS),
        }
    }

    /// The page protection the section is mapped with (`PAGE_` value), as a program sees it.
    pub fn protection(self) -> u32 {
        match (self.characteristics & WRITABLE != 0, self.characteristics & EXECUTABLE != 0) {
            (true, true) => 0x80,
            (true, false) => 0x08,
            (false, true) => 0x20,
            (false, false) => 0x02,
        }
    }

    /// Whether the program may write to the section as it is.
    pub fn is_writable(self) -> bool {
        self.characteristics & WRITABLE != 0
    }
}

/// A mapped image.
#[derive(Clone, Debug)]
pub struct Image {
    base: u32,
    limit: u32,
    headers: u32,
    size: u32,
    preferred_base: u32,
    entry: u32,
    characteristics: u16,
    subsystem: u16,
    stamp: u32,
    check_sum: u32,
    sections_at: u32,
    section_count: u32,
    directories_at: u32,
    directory_count: u32,
}

impl Image {
    /// Reads the headers of the image mapped at `base`, of which `view` bytes are mapped.
    ///
    /// # Errors
    /// [`Malformed`] if it is no 32-bit x86 image, or its headers leave the view.
    pub fn open<M: Memory>(memory: &M, base: u32, view: u32) -> Result<Self, Malformed> {
        let mut image = Self::read_headers(memory, base, view)?;
        image.limit = image.readable_limit(memory)?;
        Ok(image)
    }

    /// Reads the headers of the image mapped at `base` as a whole: as large as they say, and they lie in the first `piece` bytes.
    ///
    /// # Errors
    /// [`Malformed`] if it is no 32-bit x86 image, or its headers are longer than that.
    pub fn open_whole<M: Memory>(memory: &M, base: u32, piece: u32) -> Result<Self, Malformed> {
        let mut image = Self::read_headers(memory, base, piece)?;
        if image.section_count != 0 {
            image.section_table()?;
        }
        image.limit = image.size;
        image.limit = image.readable_limit(memory)?;
        Ok(image)
    }

    /// All but where the image ends that can be read (I2).
    fn read_headers<M: Memory>(memory: &M, base: u32, view: u32) -> Result<Self, Malformed> {
        let dos = checked(base, view, 0, size_of::<pe::ImageDosHeader>() as u32)?;
        let at = memory.read_u32(dos + offset_of!(pe::ImageDosHeader, e_lfanew) as u32);
        let header = checked(base, view, at, HEADERS_SIZE)?;
        if memory.read_u16(dos) != pe::IMAGE_DOS_SIGNATURE {
            return Err(Malformed);
        }
        let mut image = Self::from_headers(memory, header, base, view)?;
        let optional = memory.read_u16(header + field!(file_header.size_of_optional_header));
        let optional_at = at.checked_add(24).ok_or(Malformed)?;
        image.sections_at = optional_at.checked_add(optional.into()).ok_or(Malformed)?;
        let directories = memory.read_u32(header + field!(optional_header.number_of_rva_and_sizes));
        image.note_directories(directories, at + HEADERS_SIZE)?;
        Ok(image)
    }

    /// What the NT headers at address `header` say.
    fn from_headers<M: Memory>(memory: &M, header: u32, base: u32, view: u32) -> Result<Self, Malformed> {
        let half = |offset: u32| memory.read_u16(header + offset);
        let word = |offset: u32| memory.read_u32(header + offset);
        if word(0) != pe::IMAGE_NT_SIGNATURE || half(field!(file_header.machine)) != pe::IMAGE_FILE_MACHINE_I386.0 {
            return Err(Malformed);
        }
        let section_count = u32::from(half(field!(file_header.number_of_sections)));
        let size = word(field!(optional_header.size_of_image));
        if half(field!(optional_header.magic)) != 0x10B || section_count > MAXIMUM_SECTIONS || size == 0 {
            return Err(Malformed);
        }
        Ok(Self {
            base,
            limit: size.min(view),
            headers: word(field!(optional_header.size_of_headers)),
            size,
            preferred_base: word(field!(optional_header.image_base)),
            entry: word(field!(optional_header.address_of_entry_point)),
            characteristics: half(field!(file_header.characteristics)),
            subsystem: half(field!(optional_header.subsystem)),
            stamp: word(field!(file_header.time_date_stamp)),
            check_sum: word(field!(optional_header.check_sum)),
            sections_at: 0,
            section_count,
            directories_at: 0,
            directory_count: 0,
        })
    }

    /// Notes where the data directory is: as many entries as the image says it has and its optional header has room for.
    fn note_directories(&mut self, count: u32, from: u32) -> Result<(), Malformed> {
        let room = self.sections_at.saturating_sub(from) / DIRECTORY_SIZE;
        self.directory_count = count.min(room).min(DIRECTORIES);
        self.directories_at = self.address(from, self.directory_count * DIRECTORY_SIZE)?;
        Ok(())
    }

    /// Where the section table is, all of it inside the image.
    fn section_table(&self) -> Result<u32, Malformed> {
        self.address(self.sections_at, self.section_count * SECTION_SIZE)
    }

    /// I2: where the first section begins that the program may not read.
    fn readable_limit<M: Memory>(&self, memory: &M) -> Result<u32, Malformed> {
        let mut limit = self.limit;
        if self.section_count == 0 {
            return Ok(limit);
        }
        let (mut header, end) = (self.section_table()?, self.section_count * SECTION_SIZE);
        let end = header + end;
        while header != end {
            if memory.read_u32(header + CHARACTERISTICS) & ACCESSIBLE == 0 {
                let section = Section::read(memory, header);
                if section.size != 0 {
                    limit = limit.min(section.rva);
                }
            }
            header += SECTION_SIZE;
        }
        Ok(limit)
    }

    /// All sections.
    ///
    /// # Errors
    /// [`Malformed`] if the section table leaves the image.
    pub fn sections<M: Memory>(&self, memory: &M) -> Result<impl Iterator<Item = Section>, Malformed> {
        let table = if self.section_count == 0 { 0 } else { self.section_table()? };
        Ok((0..self.section_count).map(move |index| Section::read(memory, table + index * SECTION_SIZE)))
    }

    /// The address of `size` bytes at `rva`, all inside the image (I1).
    ///
    /// # Errors
    /// [`Malformed`] if they are not.
    pub fn address(&self, rva: u32, size: u32) -> Result<u32, Malformed> {
        match rva.checked_add(size) {
            Some(end) if end <= self.limit => self.base.checked_add(rva).ok_or(Malformed),
            _ => Err(Malformed),
        }
    }

    /// The address of the symbol at `rva`, which lies inside the image or at its very end.
    ///
    /// # Errors
    /// [`Malformed`] otherwise.
    pub fn symbol_address(&self, rva: u32) -> Result<u32, Malformed> {
        if rva > self.size { Err(Malformed) } else { self.base.checked_add(rva).ok_or(Malformed) }
    }

    /// The word at `rva`.
    ///
    /// # Errors
    /// [`Malformed`] if it is not inside the image.
    pub fn u32<M: Memory>(&self, memory: &M, rva: u32) -> Result<u32, Malformed> {
        Ok(memory.read_u32(self.address(rva, 4)?))
    }

    /// The half word at `rva`.
    ///
    /// # Errors
    /// [`Malformed`] if it is not inside the image.
    pub fn u16<M: Memory>(&self, memory: &M, rva: u32) -> Result<u16, Malformed> {
        Ok(memory.read_u16(self.address(rva, 2)?))
    }

    /// Copies the bytes at `rva`.
    ///
    /// # Errors
    /// [`Malformed`] if they are not inside the image.
    pub fn read<M: Memory>(&self, memory: &M, rva: u32, bytes: &mut [u8]) -> Result<(), Malformed> {
        memory.read_bytes(self.address(rva, bytes.len() as u32)?, bytes);
        Ok(())
    }

    /// One of the image's tables.
    pub fn directory<M: Memory>(&self, memory: &M, table: Table) -> Directory {
        let index = table as u32;
        if index >= self.directory_count {
            return Directory::default();
        }
        let at = self.directories_at + index * DIRECTORY_SIZE;
        Directory { rva: memory.read_u32(at), size: memory.read_u32(at + 4) }
    }

    /// Where the image lies.
    pub fn base(&self) -> u32 {
        self.base
    }

    /// Size of the image in memory, in bytes.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Size of the headers, in bytes.
    pub fn headers(&self) -> u32 {
        self.headers
    }

    /// Where the image was linked to lie.
    pub fn preferred_base(&self) -> u32 {
        self.preferred_base
    }

    /// Address of the entry point, or 0 if there is none.
    ///
    /// # Errors
    /// [`Malformed`] if it lies outside the image.
    pub fn entry_point(&self) -> Result<u32, Malformed> {
        match self.entry {
            0 => Ok(0),
            entry => self.address(entry, 1),
        }
    }

    /// Whether the image says that it is a DLL.
    pub fn is_dll(&self) -> bool {
        self.characteristics & IS_DLL != 0
    }

    /// Whether the image cannot lie anywhere but at its preferred base.
    pub fn is_fixed(&self) -> bool {
        self.characteristics & RELOCATIONS_STRIPPED != 0
    }

    /// `IMAGE_SUBSYSTEM_` value: 1 native, 2 windows, 3 console.
    pub fn subsystem(&self) -> u16 {
        self.subsystem
    }

    /// The linker's time stamp.
    pub fn stamp(&self) -> u32 {
        self.stamp
    }

    /// The header's check sum.
    pub fn check_sum(&self) -> u32 {
        self.check_sum
    }
}

/// The address of `size` bytes at `at` of a view.
fn checked(base: u32, view: u32, at: u32, size: u32) -> Result<u32, Malformed> {
    match at.checked_add(size) {
        Some(end) if end <= view => base.checked_add(at).ok_or(Malformed),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
pub(crate) mod build;
#[cfg(test)]
mod tests;
