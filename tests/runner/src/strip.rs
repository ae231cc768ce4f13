//! Taking the debugging information out of a DLL before it goes onto drive C:.
//!
//! The linker puts the DWARF sections last, in the section table and in the file, so stripping is cutting: nothing
//! that stays moves. (binutils' strip drops sections without bytes in the file as well, and with them a DLL's
//! zero-initialised data.)

use std::fs;
use std::path::Path;

use object::read::pe::PeFile32;
use object::{LittleEndian, Object, ObjectSection};

use crate::error::{Error, Result};
use crate::{export_names, hint};

/// Offsets from the PE signature.
mod offset {
    pub const NUMBER_OF_SECTIONS: usize = 6;
    pub const POINTER_TO_SYMBOL_TABLE: usize = 12;
    pub const NUMBER_OF_SYMBOLS: usize = 16;
    pub const SIZE_OF_OPTIONAL_HEADER: usize = 20;
    pub const OPTIONAL_HEADER: usize = 24;
    pub const SIZE_OF_IMAGE: usize = OPTIONAL_HEADER + 56;
}
/// Bytes of one section header.
const SECTION_HEADER: usize = 40;

/// What stays of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    sections: usize,
    file_length: usize,
    image_length: u32,
}

/// Copies the PE file at `input` to `output` without its debugging information, with hints for what it imports from
/// DLLs beside it, and with an index of what it exports, the names in the lines of the file `first` before all others.
///
/// # Errors
/// [`Error::Malformed`] when it is not a 32-bit PE file, or its DWARF sections do not stand last.
pub fn strip(input: &Path, output: &Path, first: Option<&Path>) -> Result<()> {
    let bytes = fs::read(input).map_err(Error::file("reading", input))?;
    let first =
        first.map_or(Ok(String::new()), |path| fs::read_to_string(path).map_err(Error::file("reading", path)))?;
    let first: Vec<&str> = first.lines().collect();
    let beside = |library: &str| fs::read(input.with_file_name(library.to_lowercase())).ok();
    let stripped = strip_image(bytes).and_then(|bytes| hint::set(bytes, beside));
    let stripped = stripped.and_then(|bytes| export_names::index(bytes, &first));
    let stripped = stripped.map_err(|problem| Error::Malformed { path: input.to_owned(), problem })?;
    fs::write(output, stripped).map_err(Error::file("writing", output))
}

fn strip_image(mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let kept = measure(&bytes)?;
    let header = u32::from_le_bytes([bytes[0x3c], bytes[0x3d], bytes[0x3e], bytes[0x3f]]) as usize;
    let optional = header + offset::SIZE_OF_OPTIONAL_HEADER;
    let optional = usize::from(u16::from_le_bytes([bytes[optional], bytes[optional + 1]]));
    let table = header + offset::OPTIONAL_HEADER + optional;
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(header + offset::NUMBER_OF_SECTIONS, &(kept.sections as u16).to_le_bytes());
    put(header + offset::POINTER_TO_SYMBOL_TABLE, &[0; 4]);
    put(header + offset::NUMBER_OF_SYMBOLS, &[0; 4]);
    put(header + offset::SIZE_OF_IMAGE, &kept.image_length.to_le_bytes());
    let first_dropped = table + kept.sections * SECTION_HEADER;
    let headers_end = PeFile32::parse(&*bytes)
        .map_err(|error| error.to_string())?
        .nt_headers()
        .optional_header
        .size_of_headers
        .get(LittleEndian) as usize;
    bytes.get_mut(first_dropped..headers_end).ok_or("its headers are too short")?.fill(0);
    bytes.truncate(kept.file_length);
    Ok(bytes)
}

/// Finds where the debugging information begins.
fn measure(bytes: &[u8]) -> Result<Kept, String> {
    let file = PeFile32::parse(bytes).map_err(|error| error.to_string())?;
    let is_debug = |name: &str| name.starts_with(".debug_");
    let names: Vec<String> =
        file.sections().map(|section| section.name().map(str::to_owned)).collect::<Result<_, _>>().map_err(text)?;
    let sections = names.iter().take_while(|name| !is_debug(name)).count();
    if !names[sections..].iter().all(|name| is_debug(name)) {
        return Err("its debugging information does not stand last".into());
    }
    let alignment = file.nt_headers().optional_header.section_alignment.get(LittleEndian);
    let mut kept = Kept { sections, file_length: bytes.len(), image_length: 0 };
    for section in file.section_table().iter().take(sections) {
        let end = section.virtual_address.get(LittleEndian) + section.virtual_size.get(LittleEndian);
        kept.image_length = kept.image_length.max(end.next_multiple_of(alignment));
    }
    for section in file.section_table().iter().skip(sections) {
        kept.file_length = kept.file_length.min(section.pointer_to_raw_data.get(LittleEndian) as usize);
    }
    let is_whole = |section: &object::pe::ImageSectionHeader| {
        let end = section.pointer_to_raw_data.get(LittleEndian) + section.size_of_raw_data.get(LittleEndian);
        end as usize <= kept.file_length
    };
    if !file.section_table().iter().take(sections).all(is_whole) {
        return Err("its debugging information does not stand last in the file".into());
    }
    Ok(kept)
}

fn text(error: object::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: usize = 0x40;
    const TABLE: usize = HEADER + offset::OPTIONAL_HEADER + 224;

    /// A DLL of these sections: name, virtual size, bytes in the file.
    fn image(sections: &[(&str, u32, u32)]) -> Vec<u8> {
        let mut bytes = vec![0; 0x400];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, b"MZ");
        put(0x3c, &(HEADER as u32).to_le_bytes());
        put(HEADER, b"PE\0\0\x4c\x01");
        put(HEADER + offset::NUMBER_OF_SECTIONS, &(sections.len() as u16).to_le_bytes());
        put(HEADER + offset::SIZE_OF_OPTIONAL_HEADER, &[224, 0, 0x02, 0x21]);
        put(HEADER + offset::OPTIONAL_HEADER, &[0x0b, 0x01]);
        put(HEADER + offset::OPTIONAL_HEADER + 32, &0x1000u32.to_le_bytes());
        put(HEADER + offset::OPTIONAL_HEADER + 60, &0x400u32.to_le_bytes());
        put(HEADER + offset::OPTIONAL_HEADER + 92, &[16]);
        let (mut virtual_address, mut raw) = (0x1000u32, 0x400u32);
        for (index, (name, virtual_size, raw_size)) in sections.iter().enumerate() {
            let at = TABLE + index * SECTION_HEADER;
            put(at, &name.as_bytes()[..name.len().min(8)]);
            for (field, value) in [*virtual_size, virtual_address, *raw_size, raw].into_iter().enumerate() {
                put(at + 8 + field * 4, &value.to_le_bytes());
            }
            virtual_address += virtual_size.next_multiple_of(0x1000);
            raw += raw_size;
        }
        bytes.resize(raw as usize, 0x55);
        bytes
    }

    #[test]
    fn the_tail_is_cut_and_zero_initialised_data_stays() {
        let sections = [(".text", 0x1800, 0x200), (".data", 0x10, 0), (".debug_i", 0x300, 0x400)];
        let stripped = strip_image(image(&sections)).unwrap();
        assert_eq!(stripped.len(), 0x600);
        let file = PeFile32::parse(&*stripped).unwrap();
        let names: Vec<&str> = file.sections().map(|section| section.name().unwrap()).collect();
        assert_eq!(names, [".text", ".data"]);
        assert_eq!(file.nt_headers().optional_header.size_of_image.get(LittleEndian), 0x4000);
    }

    #[test]
    fn an_image_without_debugging_information_keeps_all_its_bytes() {
        let whole = image(&[(".text", 0x1000, 0x200)]);
        assert_eq!(strip_image(whole.clone()).unwrap().len(), whole.len());
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let sections = [(".debug_i", 0x300, 0x400), (".text", 0x1800, 0x200)];
        assert!(strip_image(image(&sections)).is_err());
        assert!(strip_image(b"MZ".to_vec()).is_err());
    }
}
