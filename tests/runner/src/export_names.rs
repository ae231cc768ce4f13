//! The exported names of a DLL, made quick to find: an index of their hashes stands at the end of the headers, which grow to a page for it
//! (`user_support::image::NameIndex`), and the names that every program asks for stand first among the names, so that few pages of them
//! are touched. No name changes its number, nor any function.

use object::LittleEndian as LE;
use object::pe;
use object::read::pe::PeFile32;
use user_support::image::{NameIndex, OEM_ID, OEM_ID_AT};

/// What the headers become: what a page of them is in memory.
const HEADERS: usize = 0x1000;
/// Offset of the size of the headers from the PE signature, and of a section's place in the file from its header.
const SIZE_OF_HEADERS: usize = 24 + 60;
const POINTER_TO_RAW_DATA: usize = 20;
const SECTION_HEADER: usize = 40;
/// Bytes of an entry of the debug directory, and where in it the place in the file of what it describes is.
const DEBUG_ENTRY: usize = 28;
const DEBUG_POINTER: usize = 24;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The DLL `bytes` with an index of its exported names, those of `first` before all others. One that exports nothing, or whose headers
/// have no room for an index, stays as it is.
///
/// # Errors
/// What is wrong with the file.
pub fn index(mut bytes: Vec<u8>, first: &[&str]) -> std::result::Result<Vec<u8>, String> {
    put_first(&mut bytes, first).and_then(|()| add_index(bytes)).map_err(|error| error.to_string())
}

/// Where in the file what has this address is.
fn offset(file: &PeFile32<'_>, rva: u32) -> Result<usize> {
    Ok(file.section_table().pe_file_range_at(rva).ok_or("an address without bytes")?.0 as usize)
}

/// Orders the texts of the names. Texts that do not stand one behind the other, in the order of the table, stay where they are.
fn put_first(bytes: &mut [u8], first: &[&str]) -> Result<()> {
    let file = PeFile32::parse(&*bytes)?;
    let Some(exports) = file.export_table()? else { return Ok(()) };
    let (mut names, mut end) = (Vec::new(), None);
    for (number, pointer) in exports.name_pointers().iter().enumerate() {
        let (pointer, name) = (pointer.get(LE), exports.name_from_pointer(pointer.get(LE))?.to_vec());
        if end.replace(pointer + name.len() as u32 + 1).is_some_and(|end| end != pointer) {
            return Ok(());
        }
        names.push((number, pointer, name));
    }
    let Some(&(_, mut pointer, _)) = names.first() else { return Ok(()) };
    let mut place = offset(&file, pointer)?;
    let directory =
        file.data_directory(pe::IMAGE_DIRECTORY_ENTRY_EXPORT).map_or(0, |found| found.virtual_address.get(LE));
    let table = offset(&file, directory)? + 32;
    let pointers = offset(&file, u32::from_le_bytes(*bytes[table..].first_chunk().ok_or("no table of names")?))?;
    let is_first = |name: &[u8]| first.iter().any(|first| first.as_bytes() == name);
    names.sort_by_key(|(number, _, name)| (!is_first(name), *number));
    for (number, _, name) in names {
        bytes[place..][..name.len()].copy_from_slice(&name);
        bytes[place + name.len()] = 0;
        bytes[pointers + 4 * number..][..4].copy_from_slice(&pointer.to_le_bytes());
        place += name.len() + 1;
        pointer += name.len() as u32 + 1;
    }
    Ok(())
}

/// Puts the index at the end of the headers.
fn add_index(bytes: Vec<u8>) -> Result<Vec<u8>> {
    let file = PeFile32::parse(&*bytes)?;
    let Some(exports) = file.export_table()? else { return Ok(bytes) };
    let names =
        exports.name_iter().map(|(name, _)| exports.name_from_pointer(name)).collect::<object::Result<Vec<_>>>()?;
    let used = file.nt_headers().optional_header.size_of_headers.get(LE) as usize;
    // What the linker left free in its headers stays free, for the table of bound imports.
    let Some(index) = HEADERS.checked_sub(used).and_then(|room| NameIndex::build(&names, room)) else {
        return Ok(bytes);
    };
    let mut bytes = grow_headers(&file, &bytes, used)?;
    let at = HEADERS - index.len();
    bytes[at..HEADERS].copy_from_slice(&index);
    bytes[OEM_ID_AT as usize..][..2].copy_from_slice(&OEM_ID.to_le_bytes());
    bytes[OEM_ID_AT as usize + 2..][..2].copy_from_slice(&(at as u16).to_le_bytes());
    Ok(bytes)
}

/// The file with headers of a page, of which `used` bytes are there: all sections move back, in the file alone.
fn grow_headers(file: &PeFile32<'_>, bytes: &[u8], used: usize) -> Result<Vec<u8>> {
    let sections = file.section_table();
    let moved = (HEADERS - used) as u32;
    let is_ahead = |section: &pe::ImageSectionHeader| {
        let raw = section.pointer_to_raw_data.get(LE) as usize;
        section.virtual_address.get(LE) as usize >= HEADERS && (raw == 0 || raw >= used)
    };
    if !sections.iter().all(is_ahead) {
        return Err("a section begins in the headers".into());
    }
    let mut grown = bytes.get(..used).ok_or("its headers are cut off")?.to_vec();
    grown.resize(HEADERS, 0);
    grown.extend_from_slice(&bytes[used..]);
    let header = file.dos_header().nt_headers_offset() as usize;
    grown[header + SIZE_OF_HEADERS..][..4].copy_from_slice(&(HEADERS as u32).to_le_bytes());
    let table = header + 24 + usize::from(file.nt_headers().file_header.size_of_optional_header.get(LE));
    for (number, section) in sections.iter().enumerate() {
        let raw = section.pointer_to_raw_data.get(LE);
        if raw != 0 {
            let at = table + number * SECTION_HEADER + POINTER_TO_RAW_DATA;
            grown[at..at + 4].copy_from_slice(&(raw + moved).to_le_bytes());
        }
    }
    // What the debug directory describes is told by its place in the file, too.
    if let Some(directory) =
        file.data_directory(pe::IMAGE_DIRECTORY_ENTRY_DEBUG).filter(|found| found.size.get(LE) != 0)
    {
        let entries = offset(file, directory.virtual_address.get(LE))? + moved as usize;
        for at in (0..directory.size.get(LE) as usize / DEBUG_ENTRY)
            .map(|entry| entries + entry * DEBUG_ENTRY + DEBUG_POINTER)
        {
            let place = grown[at..].first_chunk().ok_or("a debug directory without end")?;
            let place = u32::from_le_bytes(*place);
            if place != 0 {
                grown[at..at + 4].copy_from_slice(&(place + moved).to_le_bytes());
            }
        }
    }
    Ok(grown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use user_support::image::{Export, ExportTable, Image, Symbol};
    use user_support::memory::fake::Bytes;

    const BASE: u32 = 0x1000_0000;
    const HEADER: usize = 0x40;
    const USED: usize = 0x400;
    /// Where the one section is in memory, and how large it is in the file.
    const RVA: u32 = 0x1000;
    const RAW: usize = 0x600;
    const NAMES: [&str; 5] = ["Alpha", "Beta", "Delta", "Gamma", "Zeta"];
    /// Where in the section the directories are.
    const EXPORTS: u32 = 0x100;
    const DEBUG: u32 = 0x40;

    fn put(bytes: &mut [u8], at: usize, words: &[u32]) {
        for (index, word) in words.iter().enumerate() {
            bytes[at + 4 * index..][..4].copy_from_slice(&word.to_le_bytes());
        }
    }

    /// A DLL whose functions have the addresses of their numbers, its names with `gap` bytes between them.
    fn dll(gap: u32) -> Vec<u8> {
        let mut bytes = vec![0; USED + RAW];
        bytes[..2].copy_from_slice(b"MZ");
        put(&mut bytes, 0x3c, &[HEADER as u32]);
        bytes[HEADER..HEADER + 8].copy_from_slice(b"PE\0\0\x4c\x01\x01\0");
        put(&mut bytes, HEADER + 20, &[0x2102_00E0, 0x10B]);
        put(&mut bytes, HEADER + 24 + 28, &[BASE, 0x1000, 0x200]);
        put(&mut bytes, HEADER + 24 + 56, &[0x2000, USED as u32]);
        put(&mut bytes, HEADER + 24 + 92, &[16, RVA + EXPORTS, 0x300]);
        put(&mut bytes, HEADER + 24 + 96 + 8 * 6, &[RVA + DEBUG, DEBUG_ENTRY as u32]);
        put(&mut bytes, HEADER + 24 + 224 + 8, &[RAW as u32, RVA, RAW as u32, USED as u32]);
        put(&mut bytes, HEADER + 24 + 224 + 36, &[0x4000_0040]);
        let section = &mut bytes[USED..];
        put(section, DEBUG as usize + 12, &[2, 0x10, RVA + 0x80, USED as u32 + 0x80]);
        let count = NAMES.len() as u32;
        let functions = RVA + EXPORTS + 40;
        let (names, ordinals) = (functions + 4 * count, functions + 8 * count);
        put(section, EXPORTS as usize + 12, &[RVA + 0x20, 1, count, count, functions, names, ordinals]);
        let mut text = ordinals + 2 * count;
        for (number, name) in (0..).zip(NAMES) {
            put(section, (functions - RVA + 4 * number) as usize, &[RVA + number]);
            put(section, (names - RVA + 4 * number) as usize, &[text]);
            section[(ordinals - RVA + 2 * number) as usize] = number as u8;
            section[(text - RVA) as usize..][..name.len()].copy_from_slice(name.as_bytes());
            text += name.len() as u32 + 1 + gap;
        }
        bytes
    }

    /// The file as it lies in memory.
    fn laid_out(bytes: &[u8]) -> Bytes {
        let file = PeFile32::parse(bytes).unwrap();
        let mut memory = vec![0; 0x2000];
        let headers = file.nt_headers().optional_header.size_of_headers.get(LE) as usize;
        memory[..headers].copy_from_slice(&bytes[..headers]);
        let raw = file.section_table().section(object::SectionIndex(1)).unwrap().pointer_to_raw_data.get(LE) as usize;
        memory[RVA as usize..][..RAW].copy_from_slice(&bytes[raw..raw + RAW]);
        Bytes::new(BASE, memory)
    }

    /// Where the text of each name is, all of which have been found; and whether the index knew all of them.
    fn places(bytes: &[u8]) -> (Vec<u32>, bool) {
        let memory = laid_out(bytes);
        let image = Image::open(&memory, BASE, 0x2000).unwrap();
        let table = ExportTable::open(&memory, &image).unwrap().unwrap();
        let file = PeFile32::parse(bytes).unwrap();
        let pointers = file.export_table().unwrap().unwrap().name_pointers();
        let mut known = true;
        let places = NAMES.iter().zip(pointers).enumerate().map(|(number, (name, pointer))| {
            let expected = Some(Export::Address(BASE + RVA + number as u32));
            let symbol = Symbol::Name { name: name.as_bytes(), hint: 0 };
            assert_eq!(table.find(&memory, symbol).unwrap(), expected, "{name}");
            let place = image.name_at(&memory, pointer.get(LE)).unwrap();
            assert_eq!(place.bytes(&memory), name.as_bytes());
            known &= table.find_indexed(&memory, &place).unwrap() == expected;
            pointer.get(LE)
        });
        (places.collect(), known)
    }

    #[test]
    fn names_are_indexed_and_those_of_every_program_stand_first() {
        let (before, known) = places(&dll(0));
        assert!(!known && before.is_sorted());
        let indexed = index(dll(0), &["Zeta", "Nothing", "Beta"]).unwrap();
        let (after, known) = places(&indexed);
        assert!(known);
        let mut by_place: Vec<(u32, &str)> = after.into_iter().zip(NAMES).collect();
        by_place.sort_unstable();
        assert_eq!(
            by_place.iter().map(|(_, name)| *name).collect::<Vec<_>>(),
            ["Beta", "Zeta", "Alpha", "Delta", "Gamma"]
        );
        assert_eq!(by_place[0].0, before[0], "they take the same room");
    }

    #[test]
    fn names_with_something_between_them_stay_where_they_are() {
        let indexed = index(dll(1), &["Zeta"]).unwrap();
        assert_eq!(places(&indexed), (places(&dll(1)).0, true));
    }

    #[test]
    fn the_headers_grow_and_what_follows_moves_along() {
        let indexed = index(dll(0), &[]).unwrap();
        assert_eq!(indexed.len(), HEADERS + RAW);
        assert_eq!(indexed[HEADERS..][..0x40], dll(0)[USED..][..0x40], "the section");
        let word = |at: usize| u32::from_le_bytes(*indexed[at..].first_chunk().unwrap());
        assert_eq!(
            word(HEADERS + DEBUG as usize + DEBUG_POINTER),
            HEADERS as u32 + 0x80,
            "what the debug directory describes"
        );
        assert!(
            indexed[HEADER + 24 + 224 + SECTION_HEADER..USED].iter().all(|byte| *byte == 0),
            "room for bound imports"
        );
    }

    #[test]
    fn what_has_no_names_or_no_room_stays_as_it_is() {
        let mut mute = dll(0);
        put(&mut mute, HEADER + 24 + 96, &[0, 0]);
        assert_eq!(index(mute.clone(), &[]), Ok(mute));
        let mut full = dll(0);
        put(&mut full, HEADER + SIZE_OF_HEADERS, &[HEADERS as u32 - 8]);
        assert_eq!(index(full.clone(), &[]), Ok(full));
        assert!(index(b"MZ".to_vec(), &[]).is_err());
    }
}
