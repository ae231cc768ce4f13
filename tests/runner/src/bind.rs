//! Binding: the import address tables of a DLL are filled when it is built, with the addresses in the DLLs that it is going to
//! be run with, so that the loader has nothing to do where those lie at their own bases.
//!
//! What the addresses hold for is noted in the bound import table, which stands between the section table and the end of the
//! headers: each DLL's name and time stamp. The loader does its work after all where one of them is another.

use std::fs;
use std::path::{Path, PathBuf};

use object::read::pe::{ExportTarget, ImageThunkData, Import, PeFile32};
use object::{LittleEndian as LE, pe};

use crate::error::{Error, Result};

/// Bytes of an import descriptor, of a descriptor in the bound import table, of a section header.
const IMPORT_DESCRIPTOR: usize = 20;
const BOUND_DESCRIPTOR: usize = 8;
const SECTION_HEADER: usize = 40;
/// What an import descriptor says instead of a time stamp where the bound import table has it.
const SEE_BOUND_TABLE: [u8; 4] = [0xFF; 4];
/// Index of the bound import table in the data directory.
const BOUND_IMPORT: usize = 11;

/// Binds the DLL at `path` to those at `others`, in place. A DLL that imports from none of them stays as it is; one that cannot
/// be bound is taken away, so that nobody takes it for a finished one.
///
/// # Errors
/// [`Error::Malformed`] when something is missing, or the headers have no room.
pub fn bind(path: &Path, others: &[PathBuf]) -> Result<()> {
    let read = |path: &Path| fs::read(path).map_err(Error::file("reading", path));
    let exporters = others.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    let names = others.iter().map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let exporters: Vec<(String, Vec<u8>)> = names.zip(exporters).collect();
    let bound = bind_image(read(path)?, &exporters);
    let bound = bound.map_err(|problem| {
        let _ = fs::remove_file(path);
        Error::Malformed { path: path.to_owned(), problem }
    })?;
    fs::write(path, bound).map_err(Error::file("writing", path))
}

/// What binding writes: bytes at places in the file, and the DLLs that were bound to with their time stamps.
#[derive(Default)]
struct Changes {
    words: Vec<(usize, [u8; 4])>,
    bound: Vec<(String, u32)>,
}

fn bind_image(mut bytes: Vec<u8>, exporters: &[(String, Vec<u8>)]) -> std::result::Result<Vec<u8>, String> {
    let changes = plan(&bytes, exporters).map_err(|error| error.to_string())?;
    for (at, word) in &changes.words {
        bytes[*at..at + 4].copy_from_slice(word);
    }
    if !changes.bound.is_empty() {
        write_table(&mut bytes, &changes.bound)?;
    }
    Ok(bytes)
}

fn plan(bytes: &[u8], exporters: &[(String, Vec<u8>)]) -> std::result::Result<Changes, Box<dyn std::error::Error>> {
    let file = PeFile32::parse(bytes)?;
    let sections = file.section_table();
    let offset = |rva: u32| sections.pe_file_range_at(rva).map(|(at, _)| at as usize).ok_or("an address without bytes");
    let mut changes = Changes::default();
    let Some(imports) = file.import_table()? else { return Ok(changes) };
    let table = offset(file.data_directory(pe::IMAGE_DIRECTORY_ENTRY_IMPORT).map_or(0, |d| d.virtual_address.get(LE)))?;
    let mut descriptors = imports.descriptors()?;
    let mut index = 0;
    while let Some(descriptor) = descriptors.next()? {
        let dll = String::from_utf8_lossy(imports.name(descriptor.name.get(LE))?).into_owned();
        let at = table + index * IMPORT_DESCRIPTOR;
        index += 1;
        let Some((_, exporter)) = exporters.iter().find(|(name, _)| name.eq_ignore_ascii_case(&dll)) else { continue };
        let exporter = PeFile32::parse(&**exporter)?;
        let addresses = offset(descriptor.first_thunk.get(LE))?;
        let mut thunks = imports.thunks(descriptor.original_first_thunk.get(LE))?;
        let mut place = addresses;
        while let Some(thunk) = thunks.next::<pe::ImageNtHeaders32>()? {
            let Import::Name(_, name) = imports.import::<pe::ImageNtHeaders32>(thunk)? else {
                return Err(format!("{dll}: an import by number ({:#x})", thunk.raw()).into());
            };
            changes.words.push((place, address_in(&exporter, name)?.to_le_bytes()));
            place += 4;
        }
        changes.words.extend([(at + 4, SEE_BOUND_TABLE), (at + 8, SEE_BOUND_TABLE)]);
        changes.bound.push((dll, exporter.nt_headers().file_header.time_date_stamp.get(LE)));
    }
    Ok(changes)
}

/// The address of the export `name` of the DLL `file`, at its own base.
fn address_in(file: &PeFile32<'_>, name: &[u8]) -> std::result::Result<u32, Box<dyn std::error::Error>> {
    let exports = file.export_table()?.ok_or("no exports")?;
    let told = || String::from_utf8_lossy(name).into_owned();
    for (pointer, index) in exports.name_iter() {
        if exports.name_from_pointer(pointer)? == name {
            return match exports.target_by_index(index)? {
                ExportTarget::Address(rva) => Ok(file.nt_headers().optional_header.image_base.get(LE) + rva),
                _ => Err(format!("{}: a forwarder", told()).into()),
            };
        }
    }
    Err(format!("{} is not exported", told()).into())
}

/// Writes the bound import table behind the section table, and where it is into the data directory.
fn write_table(bytes: &mut [u8], bound: &[(String, u32)]) -> std::result::Result<(), String> {
    let half = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize;
    let header = word(0x3C);
    let (optional, count) = (header + 24, half(header + 6));
    let table = optional + half(header + 20) + count * SECTION_HEADER;
    let headers_end = word(optional + 60);
    let mut image = vec![0; (bound.len() + 1) * BOUND_DESCRIPTOR];
    for (index, (name, stamp)) in bound.iter().enumerate() {
        let place = image.len() as u16;
        image.extend(name.bytes().chain([0]));
        let at = index * BOUND_DESCRIPTOR;
        image[at..at + 4].copy_from_slice(&stamp.to_le_bytes());
        image[at + 4..at + 6].copy_from_slice(&place.to_le_bytes());
    }
    let directory = optional + 96 + BOUND_IMPORT * 8;
    let room = bytes.get_mut(table..headers_end).ok_or("its headers are cut off")?;
    let room = room.get_mut(..image.len()).filter(|room| room.iter().all(|byte| *byte == 0));
    room.ok_or("its headers have no room for a bound import table")?.copy_from_slice(&image);
    bytes[directory..directory + 4].copy_from_slice(&(table as u32).to_le_bytes());
    bytes[directory + 4..directory + 8].copy_from_slice(&(image.len() as u32).to_le_bytes());
    Ok(())
}
