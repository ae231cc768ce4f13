//! Names of functions in programs and DLLs, in the form in which the kernel's debugger reads them from C:.
//!
//! They come from the COFF symbol table that the linker left in an image, and where there is none from what a DLL exports.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kd::symbols::{self, TooLarge};
use object::read::pe::{ExportTarget, PeFile32};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};

use crate::error::{Error, Result};
use crate::paths::Tree;
use crate::volume::Volume;

/// Where they are on C:.
const FOLDER: &str = "WINDOWS/symbols";

/// Adds those of the system's own images, and of the images `others` called as they are on C:, to `volume`. Of two images with one name, but for what
/// stands behind the dot, the later's.
///
/// # Errors
/// [`Error::Unbuilt`], [`Error::Host`].
pub fn add(tree: &Tree, volume: &mut Volume, others: &[(&str, &[u8])]) -> Result<()> {
    let folder = tree.built("symbols", "userland")?;
    let reading = || Error::file("reading", &folder);
    let mut images: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    for entry in fs::read_dir(&folder).map_err(reading())? {
        let path = entry.map_err(reading())?.path();
        let bytes = fs::read(&path).map_err(Error::file("reading", &path))?;
        images.insert(stem(&path), packed(&bytes));
    }
    images.extend(others.iter().map(|(name, bytes)| (stem(Path::new(name)), packed(bytes))));
    for (name, symbols) in images {
        if let Some(symbols) = symbols {
            volume.add_bytes(&format!("{FOLDER}/{name}.sym"), symbols)?;
        }
    }
    Ok(())
}

/// An image's name without what stands behind the dot, in lower case.
fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The functions of `image` by their distance from its base; `None` where it names none.
pub(crate) fn packed(image: &[u8]) -> Option<Vec<u8>> {
    let file = PeFile32::parse(image).ok()?;
    let base = file.relative_address_base();
    let code: Vec<_> = file
        .sections()
        .filter(|section| section.kind() == SectionKind::Text)
        .map(|section| section.address()..section.address() + section.size())
        .collect();
    let end = u32::try_from(code.iter().map(|range| range.end).max()?.checked_sub(base)?).ok()?;
    let distance = |address: u64| {
        code.iter().any(|range| range.contains(&address)).then(|| u32::try_from(address - base).ok()).flatten()
    };
    let from_table =
        file.symbols().filter_map(|symbol| Some((distance(symbol.address())?, plain(symbol.name().ok()?)?)));
    let mut names: Vec<_> = from_table.collect();
    if names.is_empty() {
        let table = file.export_table().ok()??;
        let exported = table.exports().ok()?.into_iter().filter_map(|export| match export.target {
            ExportTarget::Address(distance) => Some((distance, String::from_utf8(export.name?.to_vec()).ok()?)),
            _ => None,
        });
        names = exported.collect();
    }
    // Of several names of one address the first in the alphabet.
    names.sort();
    let pack = |room| symbols::encode(names.iter().map(|(at, name)| (*at, name.as_str())), end, &[], room);
    match pack(0) {
        _ if names.is_empty() => None,
        Err(TooLarge { needed, .. }) => pack(needed).ok(),
        Ok(_) => None,
    }
}

/// A function's name without what the calling convention adds; `None` for a label that is none.
fn plain(name: &str) -> Option<String> {
    if name.starts_with('.') || name.is_empty() {
        return None;
    }
    let name = name.strip_prefix(['_', '@']).unwrap_or(name);
    let name = match name.rsplit_once('@') {
        Some((function, bytes)) if !function.is_empty() && bytes.bytes().all(|byte| byte.is_ascii_digit()) => function,
        _ => name,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_were_written() {
        let rows = [
            ("_WriteFile@20", Some("WriteFile")),
            ("_main", Some("main")),
            ("@fast@8", Some("fast")),
            ("__ZN5ntdll4heap17h0123456789abcdefE", Some("_ZN5ntdll4heap17h0123456789abcdefE")),
            (".text", None),
            ("", None),
            ("_a@b", Some("a@b")),
        ];
        for (written, wanted) in rows {
            assert_eq!(plain(written).as_deref(), wanted, "{written}");
        }
    }

    #[test]
    fn what_is_no_image_has_no_names() {
        assert_eq!(packed(b"MZ"), None);
        assert_eq!(packed(&[]), None);
    }
}
