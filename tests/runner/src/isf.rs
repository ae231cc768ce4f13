//! Volatility 3's symbol files (ISF): the kernel's types and variables in JSON, compressed with xz, under the name that the kernel itself bears.
//!
//! Source: schema 6.2.0 of Volatility 3; what its Windows plugins insist on is in `docs/forensics.md`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use lzma_rust2::{XzOptions, XzWriter};
use object::read::elf::ElfFile32;
use object::{Object, ObjectSymbol};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::types::nt_spelling;
use crate::types::{Kind, Structure, TypeTable};

/// The module of the kernel whose variables debuggers know.
const VARIABLES: &str = "debugger_data";
/// Symbol of the image's first byte, from which symbols are counted.
const BASE: &str = "image_start";
/// Compression: the file is a hundred kilobytes, and nobody waits for the last of them.
const PRESET: u32 = 3;
/// What the system says it is: XP.
const VERSION: [u32; 3] = [5, 1, 2600];
const MACHINE_I386: u32 = 0x14C;

/// Names of the numbers that the format knows, with bytes and sign.
const NUMBERS: &[(&str, u32, bool)] = &[
    ("unsigned char", 1, false),
    ("char", 1, true),
    ("unsigned short", 2, false),
    ("short", 2, true),
    ("unsigned long", 4, false),
    ("long", 4, true),
    ("unsigned long long", 8, false),
    ("long long", 8, true),
];
/// Others that plugins ask for.
const MORE: &[(&str, u32, bool)] = &[("unsigned int", 4, false), ("int", 4, true), ("wchar", 2, false)];

/// What the kernel's symbol file is made of.
#[derive(Clone, Debug)]
pub struct Symbols {
    /// What it is called, and by what it is found.
    pub identity: Identity,
    /// NT's names of the kernel's variables, and how far behind the image's first byte they are.
    pub variables: BTreeMap<String, u32>,
}

impl Symbols {
    /// Those of the kernel at `path`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is no kernel of ours, [`Error::Host`].
    pub fn of_kernel(path: &Path) -> Result<Self> {
        let image = fs::read(path).map_err(Error::file("reading", path))?;
        let read = || Ok(Self { identity: Identity::of(&image)?, variables: variables(&image)? });
        read().map_err(|problem| Error::Malformed { path: path.to_owned(), problem })
    }

    /// Where Volatility looks for the file: `windows/NAME.pdb/GUID-AGE.json.xz`.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        let Identity { age, name, .. } = &self.identity;
        Path::new("windows").join(name).join(format!("{}-{age}.json.xz", self.identity.guid_text()))
    }
}

/// Writes the symbol file of the kernel at `kernel` below `folder`.
///
/// # Errors
/// [`Error::Malformed`] when it is no kernel of ours, [`Error::Host`].
pub fn write(kernel: &Path, folder: &Path) -> Result<PathBuf> {
    let symbols = Symbols::of_kernel(kernel)?;
    let table = TypeTable::of_kernel(kernel)?;
    let path = folder.join(symbols.file());
    let folder = path.parent().unwrap_or(folder);
    fs::create_dir_all(folder).map_err(Error::file("making", folder))?;
    let text = document(&table, &symbols).to_string();
    fs::write(&path, compressed(text.as_bytes())?).map_err(Error::file("writing", &path))?;
    Ok(path)
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>> {
    let write = || -> std::io::Result<Vec<u8>> {
        let mut writer = XzWriter::new(Vec::new(), XzOptions::with_preset(PRESET))?;
        writer.write_all(bytes)?;
        writer.finish()
    };
    write().map_err(Error::host("compressing the symbols"))
}

fn variables(image: &[u8]) -> std::result::Result<BTreeMap<String, u32>, String> {
    let file = ElfFile32::<object::LittleEndian>::parse(image).map_err(|error| error.to_string())?;
    let base =
        file.symbols().find(|symbol| symbol.name() == Ok(BASE)).ok_or_else(|| format!("it has no symbol {BASE}"))?;
    let base = base.address();
    let offset = |address: u64| u32::try_from(address.checked_sub(base)?).ok();
    let known = file.symbols().filter_map(|symbol| {
        let name = nt_spelling(variable(symbol.name().ok()?)?);
        Some((name, offset(symbol.address())?))
    });
    Ok(known.collect())
}

/// The name of the variable whose symbol is `mangled`, if it is one of those. In both of Rust's manglings a name follows its length, and the
/// module stands before it.
fn variable(mangled: &str) -> Option<&str> {
    let (_, rest) = mangled.split_once(&format!("{}{VARIABLES}", VARIABLES.len()))?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
    let length: usize = rest[..digits].parse().ok()?;
    rest.get(digits..digits + length)
}

fn document(table: &TypeTable, symbols: &Symbols) -> Value {
    let [major, minor, revision] = VERSION;
    let identity = &symbols.identity;
    let symbols: Map<_, _> =
        symbols.variables.iter().map(|(name, offset)| (name.clone(), json!({ "address": offset }))).collect();
    json!({
        "metadata": {
            "format": "6.2.0",
            "producer": { "name": "vadose", "version": env!("CARGO_PKG_VERSION"), "datetime": "2026-01-01T00:00:00" },
            "windows": {
                "pdb": {
                    "GUID": identity.guid_text(), "age": identity.age, "database": identity.name,
                    "machine_type": MACHINE_I386,
                },
                "pe": { "major": major, "minor": minor, "revision": revision, "build": 0 },
            },
        },
        "base_types": base_types(),
        "enums": enumerations(table),
        "user_types": structures(table),
        "symbols": symbols,
    })
}

fn base_types() -> Map<String, Value> {
    let number = |(name, bytes, signed): &(&str, u32, bool)| {
        let kind = if *name == "char" { "char" } else { "int" };
        ((*name).to_owned(), json!({ "size": bytes, "signed": signed, "kind": kind, "endian": "little" }))
    };
    let mut types: Map<_, _> = NUMBERS.iter().chain(MORE).map(number).collect();
    types.insert("pointer".into(), json!({ "size": 4, "signed": false, "kind": "int", "endian": "little" }));
    types.insert("void".into(), json!({ "size": 0, "signed": false, "kind": "void", "endian": "little" }));
    types
}

fn enumerations(table: &TypeTable) -> Map<String, Value> {
    let entry = |(name, enumeration): (&String, &crate::types::Enumeration)| {
        (name.clone(), json!({ "size": 4, "base": "int", "constants": enumeration.values }))
    };
    table.enumerations.iter().map(entry).collect()
}

fn structures(table: &TypeTable) -> Map<String, Value> {
    table.structures.iter().map(|(name, structure)| (name.clone(), structure_entry(structure))).collect()
}

fn structure_entry(structure: &Structure) -> Value {
    let field = |(name, member): (&String, &crate::types::Member)| {
        (name.clone(), json!({ "offset": member.offset, "type": kind(&member.kind) }))
    };
    let fields: Map<_, _> = structure.members.iter().map(field).collect();
    json!({ "kind": "struct", "size": structure.size, "fields": fields })
}

fn kind(of: &Kind) -> Value {
    match of {
        Kind::Void => json!({ "kind": "base", "name": "void" }),
        Kind::Number { bytes, signed } => json!({ "kind": "base", "name": number(*bytes, *signed) }),
        Kind::Pointer(to) => json!({ "kind": "pointer", "subtype": kind(to) }),
        Kind::Array(count, of) => json!({ "kind": "array", "count": count, "subtype": kind(of) }),
        Kind::Structure(name) => json!({ "kind": "struct", "name": name }),
        Kind::Enumeration(name) => json!({ "kind": "enum", "name": name }),
        Kind::Bits { first, count, bytes } => json!({
            "kind": "bitfield", "bit_position": first, "bit_length": count,
            "type": { "kind": "base", "name": number(*bytes, false) },
        }),
    }
}

fn number(bytes: u32, signed: bool) -> &'static str {
    let entry = NUMBERS.iter().find(|(_, size, sign)| (*size, *sign) == (bytes, signed));
    entry.map_or("unsigned long", |(name, ..)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_those_of_one_module() {
        let name = "_ZN13vadose_kernel13debugger_data22PS_ACTIVE_PROCESS_HEAD17h0123456789abcdefE";
        assert_eq!(variable(name).map(nt_spelling).as_deref(), Some("PsActiveProcessHead"));
        let newer = "_RNvNtCsk5JWCDLgbh3_13vadose_kernel13debugger_data22PS_ACTIVE_PROCESS_HEAD";
        assert_eq!(variable(newer), Some("PS_ACTIVE_PROCESS_HEAD"));
        assert_eq!(variable("_ZN13vadose_kernel6system9EXECUTIVE17h0123456789abcdefE"), None);
        assert_eq!(variable("boot_entry"), None);
        assert_eq!(variable("_ZN99short"), None);
    }

    #[test]
    fn what_is_compressed_is_xz() {
        assert_eq!(compressed(b"{}").unwrap()[..6], *b"\xfd7zXZ\0");
    }

    #[test]
    fn kinds_are_written_in_the_formats_words() {
        let bits = Kind::Bits { first: 9, count: 7, bytes: 2 };
        let expected = json!({
            "kind": "bitfield", "bit_position": 9, "bit_length": 7, "type": { "kind": "base", "name": "unsigned short" },
        });
        assert_eq!(kind(&bits), expected);
        let list = Kind::Array(2, Box::new(Kind::Pointer(Box::new(Kind::Structure("_PEB".into())))));
        assert_eq!(kind(&list)["subtype"]["subtype"], json!({ "kind": "struct", "name": "_PEB" }));
    }
}
