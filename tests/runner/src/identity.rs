//! What the kernel says of itself to debuggers: the record by which they find its symbols, made after linking.
//!
//! The image has an `RSDS` record in its first page, whose identifier is a hash of the linked file: another build is another kernel, and
//! nobody takes the symbols of one for the other's. The header's time stamp is part of it.

use object::read::elf::ElfFile32;
use object::{Object, ObjectSection};

/// The section of the image's first page.
const SECTION: &str = ".headers";
/// What a record begins with.
const TAG: &[u8; 4] = b"RSDS";
/// Bytes of the identifier, which follows.
const GUID: usize = 16;
/// Of the header that 3Ch leads to: where its time stamp is.
const TIME_STAMP: usize = 8;

/// The record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// As it stands in memory.
    pub guid: [u8; GUID],
    /// From 1 on.
    pub age: u32,
    /// The symbol file.
    pub name: String,
}

impl Identity {
    /// The record of the ELF file `image`.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn of(image: &[u8]) -> Result<Self, String> {
        let (start, length) = headers(image)?;
        let page = &image[start..start + length];
        let record = &page[record(page)?..];
        let missing = || "its symbol record is cut off".to_owned();
        let guid = record.get(4..4 + GUID).and_then(|bytes| bytes.try_into().ok()).ok_or_else(missing)?;
        let age = record.get(4 + GUID..8 + GUID).and_then(|bytes| bytes.try_into().ok()).ok_or_else(missing)?;
        let name = record[8 + GUID..].split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(Self { guid, age: u32::from_le_bytes(age), name: String::from_utf8_lossy(name).into_owned() })
    }

    /// The identifier as tools write it: the first three numbers, then the bytes.
    #[must_use]
    pub fn guid_text(&self) -> String {
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
        order.iter().map(|index| format!("{:02X}", self.guid[*index])).collect()
    }
}

/// Gives the ELF file `image` its identifier.
///
/// # Errors
/// What is missing, in words.
pub fn stamp(image: &mut [u8]) -> Result<(), String> {
    let (start, length) = headers(image)?;
    let hash = hash(image).to_le_bytes();
    let page = &mut image[start..start + length];
    let place = record(page)? + 4;
    let header = page.get(0x3C..0x40).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes) as usize;
    if page.get(header..header + 4) != Some(b"PE\0\0") || place + GUID > length || header + 12 > length {
        return Err(format!("{SECTION} has no image header"));
    }
    page[place..place + GUID].copy_from_slice(&hash);
    page[header + TIME_STAMP..header + TIME_STAMP + 4].copy_from_slice(&hash[..4]);
    Ok(())
}

/// Where in the file the first page is.
fn headers(image: &[u8]) -> Result<(usize, usize), String> {
    let file = ElfFile32::<object::LittleEndian>::parse(image).map_err(|error| error.to_string())?;
    let section = file.section_by_name(SECTION).ok_or_else(|| format!("it has no section {SECTION}"))?;
    let (start, length) = section.file_range().ok_or_else(|| format!("{SECTION} has no bytes in the file"))?;
    let (start, length) = (start as usize, length as usize);
    image.get(start..start + length).map(|_| (start, length)).ok_or_else(|| format!("{SECTION} lies outside the file"))
}

fn record(page: &[u8]) -> Result<usize, String> {
    page.windows(TAG.len()).position(|bytes| bytes == TAG).ok_or_else(|| format!("{SECTION} has no symbol record"))
}

/// FNV-1a of 128 bits, over words of four bytes.
fn hash(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.chunks(4).fold(BASIS, |hash, chunk| {
        let word = chunk.iter().rev().fold(0, |word, byte| word << 8 | u128::from(*byte));
        (hash ^ word).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use object::write::Object as Image;
    use object::{Architecture, BinaryFormat, Endianness, SectionKind};

    use super::*;

    fn kernel(page: &[u8]) -> Vec<u8> {
        let mut image = Image::new(BinaryFormat::Elf, Architecture::I386, Endianness::Little);
        let section = image.add_section(Vec::new(), SECTION.as_bytes().to_vec(), SectionKind::ReadOnlyData);
        image.append_section_data(section, page, 4);
        image.write().unwrap()
    }

    fn page() -> Vec<u8> {
        let mut page = vec![0; 0x100];
        page[0x3C] = 0x80;
        page[0x80..0x84].copy_from_slice(b"PE\0\0");
        page[0xA0..0xA4].copy_from_slice(TAG);
        page[0xB4] = 1;
        page[0xB8..0xC5].copy_from_slice(b"ntkrnlpa.pdb\0");
        page
    }

    #[test]
    fn another_image_has_another_identifier() {
        let mut one = kernel(&page());
        stamp(&mut one).unwrap();
        let identity = Identity::of(&one).unwrap();
        assert_eq!((identity.age, identity.name.as_str()), (1, "ntkrnlpa.pdb"));
        let mut other = page();
        other[0x10] = 1;
        let mut other = kernel(&other);
        stamp(&mut other).unwrap();
        assert_ne!(Identity::of(&other).unwrap().guid, identity.guid);
    }

    #[test]
    fn an_identifier_is_written_as_its_numbers() {
        let guid = core::array::from_fn(|index| index as u8);
        let identity = Identity { guid, age: 1, name: String::new() };
        assert_eq!(identity.guid_text(), "03020100050407060809 0A0B0C0D0E0F".replace(' ', ""));
    }

    #[test]
    fn what_has_no_record_is_refused() {
        let mut bare = kernel(&[0; 0x100]);
        assert!(stamp(&mut bare).unwrap_err().contains("symbol record"));
        assert!(Identity::of(b"MZ").is_err());
    }
}
