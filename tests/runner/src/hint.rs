//! Hints of imports: the index of each imported name in the exporting DLL's table, so that the loader finds it with one
//! comparison. The linker does not know the tables and writes 0 everywhere. A wrong hint costs a search, no more.

use object::LittleEndian;
use object::pe::ImageNtHeaders32;
use object::read::pe::{ImageThunkData, PeFile32};

/// Sets the hints of everything that the PE file `bytes` imports from DLLs that `library` knows.
///
/// # Errors
/// What is wrong with one of the files.
pub fn set(mut bytes: Vec<u8>, library: impl Fn(&str) -> Option<Vec<u8>>) -> Result<Vec<u8>, String> {
    for (offset, hint) in hints(&bytes, library).map_err(|error| error.to_string())? {
        bytes[offset..offset + 2].copy_from_slice(&hint.to_le_bytes());
    }
    Ok(bytes)
}

/// Where in the file hints stand, and what they should be.
fn hints(bytes: &[u8], library: impl Fn(&str) -> Option<Vec<u8>>) -> object::Result<Vec<(usize, u16)>> {
    let (file, mut found) = (PeFile32::parse(bytes)?, Vec::new());
    let Some(imports) = file.import_table()? else { return Ok(found) };
    let mut descriptors = imports.descriptors()?;
    while let Some(descriptor) = descriptors.next()? {
        let dll = String::from_utf8_lossy(imports.name(descriptor.name.get(LittleEndian))?).into_owned();
        let Some(exporter) = library(&dll) else { continue };
        let names = exported_names(&exporter)?;
        let mut thunks = imports.thunks(descriptor.original_first_thunk.get(LittleEndian))?;
        while let Some(thunk) = thunks.next::<ImageNtHeaders32>()? {
            if thunk.is_ordinal() {
                continue;
            }
            let (_, wanted) = imports.hint_name(thunk.address())?;
            let index = names.iter().position(|name| name == wanted).and_then(|index| u16::try_from(index).ok());
            let place = file.section_table().iter().find_map(|section| section.pe_file_range_at(thunk.address()));
            if let (Some(index), Some((offset, 2..))) = (index, place) {
                found.push((offset as usize, index));
            }
        }
    }
    Ok(found)
}

/// The names that a DLL exports, in the order of its table.
fn exported_names(bytes: &[u8]) -> object::Result<Vec<Vec<u8>>> {
    let file = PeFile32::parse(bytes)?;
    let Some(exports) = file.export_table()? else { return Ok(Vec::new()) };
    exports.name_iter().map(|(name, _)| exports.name_from_pointer(name).map(<[u8]>::to_vec)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_image_is_refused() {
        assert!(set(b"MZ".to_vec(), |_| None).is_err());
    }
}
