//! Packing symbols: the kernel's function names, and NT's structures, travel in its own image, so that a bugcheck can name functions
//! without a debugger at hand, and the debugger knows what it looks at.
//!
//! The linked kernel reserves a section for them, which begins with a magic and its own size. The runner reads the
//! functions out of the ELF symbol table and fills the section in place, so that no address moves. The encoding is
//! [`kd::symbols`]'s, which the kernel reads it with.

use std::fs;
use std::path::Path;

use kd::symbols::{self, TooLarge};
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

use crate::error::{Error, Result};
use crate::identity;
use crate::types::{self, TypeTable};

/// The section that the kernel reserves.
const SECTION: &str = ".symbols";

/// What the symbol table says about the kernel's code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Functions {
    /// Address and mangled name. Of several names for one address, a function's comes before a mere label's.
    names: Vec<(u32, String)>,
    /// Where the code ends.
    end: u32,
}

/// Copies the kernel at `input` to `output` with its symbols packed, and its [identifier](crate::identity) in place.
///
/// # Errors
/// [`Error::Malformed`] when it is not a kernel of ours, or its room is too small.
pub fn pack(input: &Path, output: &Path) -> Result<()> {
    let mut image = fs::read(input).map_err(Error::file("reading", input))?;
    // The identifier last: it is that of all the rest.
    let done = TypeTable::of_image(&image)
        .and_then(|types| fill(&mut image, &types::pack(&types)))
        .and_then(|()| identity::stamp(&mut image));
    done.map_err(|problem| Error::Malformed { path: input.to_owned(), problem })?;
    fs::write(output, image).map_err(Error::file("writing", output))
}

/// Fills the reserved section of a kernel image, with `types` behind its functions.
fn fill(image: &mut [u8], types: &[u8]) -> Result<(), String> {
    let file = ElfFile32::<object::Endianness>::parse(&*image).map_err(|error| error.to_string())?;
    let section = file.section_by_name(SECTION).ok_or_else(|| format!("it has no section {SECTION}"))?;
    let (start, length) = section.file_range().ok_or_else(|| format!("{SECTION} has no bytes in the file"))?;
    let functions = functions(&file);
    let (start, length) = (start as usize, length as usize);
    let room = image.get_mut(start..start + length).ok_or_else(|| format!("{SECTION} lies outside the file"))?;
    if !room.starts_with(&symbols::MAGIC) {
        return Err(format!("{SECTION} does not begin with its magic"));
    }
    let names = functions.names.iter().map(|(address, name)| (*address, name.as_str()));
    let packed = symbols::encode(names, functions.end, types, length).map_err(|TooLarge { needed, room }| {
        format!("the symbols take {needed} bytes, and {SECTION} has room for {room}: make it larger")
    })?;
    room.copy_from_slice(&packed);
    Ok(())
}

fn functions(file: &ElfFile32<'_>) -> Functions {
    let mut found = Functions::default();
    let mut names: Vec<(u32, bool, String)> = Vec::new();
    for section in file.sections().filter(|section| section.kind() == SectionKind::Text) {
        let end = section.address().saturating_add(section.size());
        found.end = found.end.max(u32::try_from(end).unwrap_or(u32::MAX));
        // A linker script can give a section's symbol an address elsewhere: the entry's physical one.
        let here = file.symbols().filter(|symbol| {
            symbol.section_index() == Some(section.index()) && (section.address()..end).contains(&symbol.address())
        });
        names.extend(here.filter_map(|symbol| {
            let is_label = match symbol.kind() {
                SymbolKind::Text => false,
                SymbolKind::Unknown | SymbolKind::Label => true,
                _ => return None,
            };
            let name = symbol.name().ok().filter(|name| !name.is_empty())?;
            Some((u32::try_from(symbol.address()).ok()?, is_label, name.to_owned()))
        }));
    }
    names.sort();
    found.names = names.into_iter().map(|(address, _, name)| (address, name)).collect();
    found
}

#[cfg(test)]
mod tests {
    use kd::symbols::Symbols;
    use object::write::{Object as Image, Symbol, SymbolSection};
    use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolScope};

    use super::*;

    /// An ELF file with two functions, a label that shares an address with one, and room for symbols.
    fn kernel(room: usize, magic: &[u8]) -> Vec<u8> {
        let mut image = Image::new(BinaryFormat::Elf, Architecture::I386, Endianness::Little);
        let text = image.add_section(Vec::new(), b".text".to_vec(), SectionKind::Text);
        image.append_section_data(text, &[0x90; 0x40], 16);
        for (name, value, kind) in [
            (&b"a_label"[..], 0x10, SymbolKind::Label),
            (b"_ZN6kernel4main17h0123456789abcdefE", 0x10, SymbolKind::Text),
            (b"assembled", 0, SymbolKind::Text),
        ] {
            let scope = SymbolScope::Compilation;
            let section = SymbolSection::Section(text);
            let (name, size) = (name.to_vec(), 0);
            image.add_symbol(Symbol { name, value, size, kind, scope, weak: false, section, flags: SymbolFlags::None });
        }
        let symbols = image.add_section(Vec::new(), SECTION.as_bytes().to_vec(), SectionKind::ReadOnlyData);
        let mut content = magic.to_vec();
        content.resize(room, 0);
        image.append_section_data(symbols, &content, 4);
        image.write().unwrap()
    }

    fn section_of(image: &[u8]) -> Vec<u8> {
        let file = ElfFile32::<object::Endianness>::parse(image).unwrap();
        file.section_by_name(SECTION).unwrap().data().unwrap().to_vec()
    }

    #[test]
    fn the_kernel_finds_its_functions_in_what_was_packed() {
        let mut image = kernel(200, &symbols::MAGIC);
        let length = image.len();
        fill(&mut image, &[]).unwrap();
        assert_eq!(image.len(), length);
        let section = section_of(&image);
        let symbols = Symbols::new(&section);
        assert_eq!(symbols.lookup(0x12), Some(("kernel::main", 2)));
        assert_eq!(symbols.lookup(0x0f), Some(("assembled", 15)));
        assert_eq!(symbols.lookup(0x40), None);
    }

    #[test]
    fn what_is_no_kernel_of_ours_is_refused_with_the_reason() {
        assert!(fill(&mut kernel(200, b"SOMETHIN"), &[]).unwrap_err().contains("magic"));
        assert!(fill(&mut kernel(24, &symbols::MAGIC), &[]).unwrap_err().contains("room for 24"));
        assert!(fill(b"MZ".to_vec().as_mut_slice(), &[]).is_err());
    }
}
