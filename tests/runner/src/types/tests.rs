//! The tables against the kernel's sources, and the translation on structures made by hand.

use std::fs;
use std::path::{Path, PathBuf};

use super::dwarf::{RustStructure, RustType};
use super::names::{self, STRUCTURES, nt_spelling};
use super::{Kind, TypeTable, added, notation};

/// The sources below `folder`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
}

#[test]
fn the_sources_give_the_structures_these_names() {
    let kernel = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("kernel");
    let mut files = Vec::new();
    ["abi/src", "mm/src"].iter().for_each(|folder| sources(&kernel.join(folder), &mut files));
    let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for (path, name) in STRUCTURES {
        let rust = path.rsplit("::").next().unwrap();
        let alias =
            text.find(&format!("#[doc(alias = \"{name}\")]")).unwrap_or_else(|| panic!("nothing is called {name}"));
        let declaration = text[alias..].find("pub struct ").unwrap() + alias + "pub struct ".len();
        let declared = text[declaration..].split(|letter: char| !letter.is_alphanumeric()).next();
        assert_eq!(declared, Some(rust), "{name}");
    }
}

/// What [`STRUCTURES`] asks for, with a member each.
fn found() -> std::collections::BTreeMap<String, RustStructure> {
    let field = |of: RustType| RustType::Named("abi::cell::Field".into(), vec![of]);
    let structure = |(path, _): &(&str, &str)| {
        let members = match *path {
            "abi::nt::process::Eprocess" => vec![
                ("pcb".into(), 0, RustType::Named("abi::nt::process::Kprocess".into(), Vec::new())),
                ("create_time".into(), 0x70, RustType::Named("abi::cell::Field64".into(), Vec::new())),
                (
                    "object_table".into(),
                    0xC4,
                    field(RustType::Named(
                        "abi::cell::Link".into(),
                        vec![RustType::Named("abi::nt::object::HandleTable".into(), Vec::new())],
                    )),
                ),
                ("vad_root".into(), 0x11C, field(RustType::Named("abi::cell::Link".into(), vec![RustType::Other]))),
                ("image_file_name".into(), 0x174, RustType::Array(16, Box::new(field(RustType::Number(1))))),
                ("peb".into(), 0x1B0, field(RustType::Number(4))),
                ("reserved_25c".into(), 0x25C, field(RustType::Number(4))),
            ],
            "mm::vad::node::MmvadShort" => vec![
                ("starting_vpn".into(), 0, field(RustType::Number(4))),
                ("flags".into(), 0x14, field(RustType::Number(4))),
            ],
            "mm::vad::node::Mmvad" => vec![
                ("short".into(), 0, RustType::Named("mm::vad::node::MmvadShort".into(), Vec::new())),
                ("flags2".into(), 0x24, field(RustType::Number(4))),
            ],
            "mm::vad::node::MmvadLong" => {
                vec![("mapped".into(), 0, RustType::Named("mm::vad::node::Mmvad".into(), Vec::new()))]
            }
            _ => vec![("first".into(), 0, field(RustType::Number(4)))],
        };
        ((*path).to_owned(), RustStructure { size: 8, members })
    };
    STRUCTURES.iter().map(structure).collect()
}

#[test]
fn members_have_nts_names_and_kinds() {
    let mut table = TypeTable::default();
    names::translate(&found(), &mut table).unwrap();
    added::add(&mut table);
    let process = &table.structures["_EPROCESS"].members;
    for (name, kind) in [
        ("Pcb", "=_KPROCESS"),
        ("CreateTime", "=_LARGE_INTEGER"),
        ("ObjectTable", "*=_HANDLE_TABLE"),
        ("VadRoot", "*void"),
        ("ImageFileName", "16[]u8"),
        ("Peb", "*=_PEB"),
    ] {
        assert_eq!(process[name].kind, notation::kind(kind), "{name}");
    }
    assert_eq!(process.len(), 6, "what is reserved is left out");
    // A larger VAD has the members of a smaller one, at its own level.
    let long = &table.structures["_MMVAD_LONG"].members;
    assert_eq!((long["StartingVpn"].offset, long["u"].offset, long["u2"].offset), (0, 0x14, 0x24));
    assert_eq!(long["u"].kind, Kind::Structure("_MMVAD_U".into()));
}

#[test]
fn every_structure_that_is_named_is_there() {
    let mut table = TypeTable::default();
    names::translate(&found(), &mut table).unwrap();
    added::add(&mut table);
    fn named(kind: &Kind) -> Option<&str> {
        match kind {
            Kind::Structure(name) | Kind::Enumeration(name) => Some(name),
            Kind::Pointer(to) | Kind::Array(_, to) => named(to),
            _ => None,
        }
    }
    let members = table.structures.values().flat_map(|structure| structure.members.values());
    for name in members.filter_map(|member| named(&member.kind)) {
        let known = table.structures.contains_key(name) || table.enumerations.contains_key(name);
        assert!(known, "there is no {name}");
    }
}

#[test]
fn a_kernel_without_a_structure_is_refused_by_its_name() {
    let mut found = found();
    found.remove("abi::nt::peb::Peb");
    let problem = names::translate(&found, &mut TypeTable::default()).unwrap_err();
    assert!(problem.ends_with("lacks abi::nt::peb::Peb"), "{problem}");
    assert!(TypeTable::of_image(b"no ELF").is_err());
}

#[test]
fn spellings_and_notations() {
    assert_eq!(nt_spelling("inherited_from_unique_process_id"), "InheritedFromUniqueProcessId");
    assert_eq!(nt_spelling("PS_ACTIVE_PROCESS_HEAD"), "PsActiveProcessHead");
    assert_eq!(notation::kind("9:7:u16"), Kind::Bits { first: 9, count: 7, bytes: 2 });
    assert_eq!(
        notation::kind("2[]*u16"),
        Kind::Array(2, Box::new(Kind::Pointer(Box::new(Kind::Number { bytes: 2, signed: false }))))
    );
}
