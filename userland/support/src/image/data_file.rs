//! A PE file as it is on the disk, byte by byte, looked into for its resources: for whatever processor it is.
//!
//! Source: Microsoft's PE/COFF specification.

use super::resource::Placed;
use super::{Directory, Malformed, Table};
use crate::memory::Memory;

/// Offsets in the file's headers.
const NEW_HEADER: u32 = 0x3C;
const SECTION_COUNT: u32 = 6;
const OPTIONAL_SIZE: u32 = 20;
const OPTIONAL: u32 = 24;
/// `MZ`, and `PE` with two zeros.
const DOS_MAGIC: u16 = 0x5A4D;
const PE_MAGIC: u32 = 0x4550;
/// Optional headers: of 32 bits and of 64, with the offset of the number of tables in each.
const OPTIONAL_HEADERS: [(u16, u32); 2] = [(0x10B, 92), (0x20B, 108)];
/// Bytes of a section's header, and offsets in it.
const SECTION_SIZE: u32 = 40;
const SECTION_RVA: u32 = 12;
const RAW_SIZE: u32 = 16;
const RAW_OFFSET: u32 = 20;

/// The file, of which the section that holds the resources can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFile {
    base: u32,
    resources: Directory,
    /// Where the section would lie in memory, where it is in the file, and its bytes there.
    section: [u32; 3],
}

/// The bytes of the file, with every offset checked.
struct Bytes<'memory, M>(&'memory M, u32, u32);

impl<M: Memory> Bytes<'_, M> {
    fn at(&self, offset: u32, size: u32) -> Result<u32, Malformed> {
        match offset.checked_add(size) {
            Some(end) if end <= self.2 => self.1.checked_add(offset).ok_or(Malformed),
            _ => Err(Malformed),
        }
    }
    fn half(&self, offset: u32) -> Result<u16, Malformed> {
        Ok(self.0.read_u16(self.at(offset, 2)?))
    }
    fn word(&self, offset: u32) -> Result<u32, Malformed> {
        Ok(self.0.read_u32(self.at(offset, 4)?))
    }
}

impl DataFile {
    /// The file whose `length` bytes are at `base`.
    ///
    /// # Errors
    /// [`Malformed`] where it is no PE file, or its headers are cut.
    pub fn open<M: Memory>(memory: &M, base: u32, length: u32) -> Result<Self, Malformed> {
        let bytes = Bytes(memory, base, length);
        let header = bytes.word(NEW_HEADER)?;
        let from_header = |offset: u32| header.checked_add(offset).ok_or(Malformed);
        if bytes.half(0)? != DOS_MAGIC || bytes.word(header)? != PE_MAGIC {
            return Err(Malformed);
        }
        let optional = from_header(OPTIONAL)?;
        let magic = bytes.half(optional)?;
        let &(_, count_at) = OPTIONAL_HEADERS.iter().find(|(known, _)| *known == magic).ok_or(Malformed)?;
        let tables = optional.checked_add(count_at).ok_or(Malformed)?;
        let place = tables.checked_add(4 + 8 * Table::Resource as u32).ok_or(Malformed)?;
        let mut file = Self { base, resources: Directory::default(), section: [0; 3] };
        if bytes.word(tables)? > Table::Resource as u32 {
            file.resources = Directory { rva: bytes.word(place)?, size: bytes.word(place + 4)? };
        }
        let sections = optional.checked_add(bytes.half(from_header(OPTIONAL_SIZE)?)?.into()).ok_or(Malformed)?;
        for index in 0..u32::from(bytes.half(from_header(SECTION_COUNT)?)?) {
            let at = sections.checked_add(index * SECTION_SIZE).ok_or(Malformed)?;
            bytes.at(at, SECTION_SIZE)?;
            let [rva, size, offset] =
                [SECTION_RVA, RAW_SIZE, RAW_OFFSET].map(|field| memory.read_u32(base + at + field));
            if file.resources.rva.checked_sub(rva).is_some_and(|inside| inside < size) {
                bytes.at(offset, size)?;
                file.section = [rva, offset, size];
            }
        }
        Ok(file)
    }
}

impl Placed for DataFile {
    fn resources<M: Memory>(&self, _memory: &M) -> Directory {
        self.resources
    }

    fn place(&self, rva: u32, size: u32) -> Result<u32, Malformed> {
        let [start, offset, length] = self.section;
        let inside = rva.checked_sub(start).ok_or(Malformed)?;
        match inside.checked_add(size) {
            Some(end) if end <= length => Ok(self.base + offset + inside),
            _ => Err(Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{NoResource, ResourceName, Resources};
    use crate::memory::fake::Bytes as Fake;
    use std::vec;
    use std::vec::Vec;

    const BASE: u32 = 0x10_0000;

    /// A file with one resource, 1 of type 16, neutral, of four bytes.
    fn file(magic: u16, count_at: usize) -> Vec<u8> {
        let mut bytes = vec![0; 0x400];
        let mut put = |at: usize, word: u32| bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        put(0, 0x5A4D);
        put(0x3C, 0x80);
        put(0x80, 0x4550);
        put(0x84, 0x1_0000); // one section
        put(0x94, 0xF0); // size of the optional header
        put(0x98, magic.into());
        put(0x98 + count_at, 16);
        put(0x98 + count_at + 4 + 16, 0x3000);
        put(0x98 + count_at + 4 + 20, 0x80);
        let section = 0x98 + 0xF0;
        for (offset, word) in [(8, 0x100), (12, 0x3000), (16, 0x100), (20, 0x300)] {
            put(section + offset, word);
        }
        let flag = 0x8000_0000u32;
        for (at, word) in
            [(0xC, 0x1_0000), (0x10, 16), (0x14, flag | 0x18), (0x24, 0x1_0000), (0x28, 1), (0x2C, flag | 0x30)]
        {
            put(0x300 + at, word);
        }
        for (at, word) in [(0x3C, 0x1_0000), (0x44, 0x48), (0x48, 0x3060), (0x4C, 4), (0x60, 0x1234_5678)] {
            put(0x300 + at, word);
        }
        bytes
    }

    #[test]
    fn resources_of_files_for_either_kind_of_processor() {
        for (magic, count_at) in [(0x10B, 92), (0x20B, 108)] {
            let memory = Fake::new(BASE, file(magic, count_at));
            let opened = DataFile::open(&memory, BASE, 0x400).unwrap();
            let resources = Resources::open(&memory, &opened).unwrap();
            let leaf = resources.find(&ResourceName::Number(16), &ResourceName::Number(1), None).unwrap();
            assert_eq!(leaf, BASE + 0x348);
            let (rva, size) = (memory.read_u32(leaf), memory.read_u32(leaf + 4));
            assert_eq!(memory.read_u32(opened.place(rva, size).unwrap()), 0x1234_5678);
            assert_eq!(opened.place(0x30FE, 4), Err(Malformed));
            assert_eq!(opened.place(0x2FFF, 1), Err(Malformed));
        }
    }

    #[test]
    fn what_is_cut_or_no_program_is_refused() {
        let whole = file(0x10B, 92);
        for length in [0, 2, 0x40, 0x83, 0x9A, 0x100, 0x18A, 0x3FF] {
            assert_eq!(DataFile::open(&Fake::new(BASE, whole.clone()), BASE, length), Err(Malformed), "{length:x}");
        }
        let mut other = whole.clone();
        other[0] = 0;
        assert_eq!(DataFile::open(&Fake::new(BASE, other), BASE, 0x400), Err(Malformed));
        let mut without = whole;
        without[0x98 + 92 + 20..][..8].fill(0);
        let memory = Fake::new(BASE, without);
        let opened = DataFile::open(&memory, BASE, 0x400).unwrap();
        assert!(matches!(Resources::open(&memory, &opened), Err(NoResource::Data)));
    }
}
