//! Which of the kernel's structures are NT's, and what NT calls their members.
//!
//! A member's name is ours in NT's spelling (`image_file_name` is `ImageFileName`) unless [`RENAMED`] says otherwise; what it is follows from
//! its type unless [`RETYPED`] says otherwise, for an address of a program is a plain word in Rust. What begins with `reserved` is left out.

use std::collections::BTreeMap;

use super::dwarf::{RustStructure, RustType};
use super::notation;
use super::{Kind, Member, Structure, TypeTable};

/// Paths of structures, and NT's names.
pub(super) const STRUCTURES: &[(&str, &str)] = &[
    ("abi::nt::context::Context", "_CONTEXT"),
    ("abi::nt::debugger::DbgkdGetVersion64", "_DBGKD_GET_VERSION64"),
    ("abi::nt::debugger::MiVaRegion", "_MI_SYSTEM_VA_ASSIGNMENT"),
    ("abi::nt::debugger::MiVisibleState", "_MI_VISIBLE_STATE"),
    ("abi::nt::device::DeviceObject", "_DEVICE_OBJECT"),
    ("abi::nt::dispatcher::DispatcherHeader", "_DISPATCHER_HEADER"),
    ("abi::nt::dispatcher::Kapc", "_KAPC"),
    ("abi::nt::thread::KapcState", "_KAPC_STATE"),
    ("abi::nt::dispatcher::Kevent", "_KEVENT"),
    ("abi::nt::dispatcher::Kmutant", "_KMUTANT"),
    ("abi::nt::dispatcher::Ksemaphore", "_KSEMAPHORE"),
    ("abi::nt::file::FileObject", "_FILE_OBJECT"),
    ("abi::nt::file::SectionObjectPointers", "_SECTION_OBJECT_POINTERS"),
    ("abi::nt::list::ListEntry", "_LIST_ENTRY"),
    ("abi::nt::name_space::ObjectDirectory", "_OBJECT_DIRECTORY"),
    ("abi::nt::name_space::ObjectDirectoryEntry", "_OBJECT_DIRECTORY_ENTRY"),
    ("abi::nt::name_space::ObjectHeaderNameInfo", "_OBJECT_HEADER_NAME_INFO"),
    ("abi::nt::name_space::ObjectSymbolicLink", "_OBJECT_SYMBOLIC_LINK"),
    ("abi::nt::object::GenericMapping", "_GENERIC_MAPPING"),
    ("abi::nt::object::HandleTable", "_HANDLE_TABLE"),
    ("abi::nt::object::HandleTableEntry", "_HANDLE_TABLE_ENTRY"),
    ("abi::nt::object::ObjectHeader", "_OBJECT_HEADER"),
    ("abi::nt::object::ObjectType", "_OBJECT_TYPE"),
    ("abi::nt::object::ObjectTypeInitializer", "_OBJECT_TYPE_INITIALIZER"),
    ("abi::nt::peb::LdrDataTableEntry", "_LDR_DATA_TABLE_ENTRY"),
    ("abi::nt::peb::Peb", "_PEB"),
    ("abi::nt::peb::PebLdrData", "_PEB_LDR_DATA"),
    ("abi::nt::peb::RtlUserProcessParameters", "_RTL_USER_PROCESS_PARAMETERS"),
    ("abi::nt::process::Eprocess", "_EPROCESS"),
    ("abi::nt::process::Kprocess", "_KPROCESS"),
    ("abi::nt::process::Mmsupport", "_MMSUPPORT"),
    ("abi::nt::section::SectionObject", "_SECTION_OBJECT"),
    ("abi::nt::string::UnicodeString", "_UNICODE_STRING"),
    ("abi::nt::thread::ClientId", "_CLIENT_ID"),
    ("abi::nt::thread::Ethread", "_ETHREAD"),
    ("abi::nt::thread::Kthread", "_KTHREAD"),
    ("abi::nt::thread::Ktimer", "_KTIMER"),
    ("abi::nt::dispatcher::KwaitBlock", "_KWAIT_BLOCK"),
    ("abi::nt::timer::Etimer", "_ETIMER"),
    ("abi::nt::token::Token", "_TOKEN"),
    ("abi::nt::user_shared_data::KsystemTime", "_KSYSTEM_TIME"),
    ("abi::nt::user_shared_data::KuserSharedData", "_KUSER_SHARED_DATA"),
    ("abi::processor::Kpcr", "_KPCR"),
    ("abi::processor::Kprcb", "_KPRCB"),
    ("abi::trap_frame::TrapFrame", "_KTRAP_FRAME"),
    ("mm::frame::record::Mmpfn", "_MMPFN"),
    ("mm::section::records::ControlArea", "_CONTROL_AREA"),
    ("mm::section::records::Segment", "_SEGMENT"),
    ("mm::section::records::Subsection", "_SUBSECTION"),
    ("mm::vad::node::Mmvad", "_MMVAD"),
    ("mm::vad::node::MmvadLong", "_MMVAD_LONG"),
    ("mm::vad::node::MmvadShort", "_MMVAD_SHORT"),
];

/// Structures of ours that are other structures in NT.
const LIKE: &[(&str, &str)] = &[("abi::cell::Field64", "_LARGE_INTEGER"), ("mm::pte::PteCell", "_MMPTE")];

/// NT's names of members that are not ours in its spelling.
const RENAMED: &[(&str, &str, &str)] = &[
    ("_DEVICE_OBJECT", "kind", "Type"),
    ("_FILE_OBJECT", "kind", "Type"),
    ("_OBJECT_HEADER", "object_type", "Type"),
    ("_MMVAD_SHORT", "flags", "u"),
    ("_MMVAD", "flags2", "u2"),
    ("_CONTROL_AREA", "flags", "u"),
    ("_SUBSECTION", "flags", "u"),
    ("_PEB", "os_major_version", "OSMajorVersion"),
    ("_PEB", "os_minor_version", "OSMinorVersion"),
    ("_PEB", "os_build_number", "OSBuildNumber"),
    ("_PEB", "os_csd_version", "OSCSDVersion"),
    ("_PEB", "os_platform_id", "OSPlatformId"),
    ("_PEB", "csd_version", "CSDVersion"),
    ("_MMPFN", "u1", "u1"),
    ("_MMPFN", "u2", "u2"),
    ("_MMPFN", "e1", "e1"),
    ("_MMPFN", "u4", "u4"),
];

/// Structures whose members are their holder's too, as in NT: a larger VAD begins as a smaller one.
const INLINED: &[(&str, &str)] = &[("_MMVAD", "short"), ("_MMVAD_LONG", "mapped")];

/// What members are that Rust has as plain words.
const RETYPED: &[(&str, &str, &str)] = &[
    ("_CLIENT_ID", "UniqueProcess", "*void"),
    ("_CLIENT_ID", "UniqueThread", "*void"),
    ("_EPROCESS", "InheritedFromUniqueProcessId", "*void"),
    ("_EPROCESS", "Peb", "*=_PEB"),
    ("_EPROCESS", "SeAuditProcessCreationInfo", "=_SE_AUDIT_PROCESS_CREATION_INFO"),
    ("_EPROCESS", "SectionBaseAddress", "*void"),
    ("_EPROCESS", "SectionObject", "*void"),
    ("_EPROCESS", "Session", "*void"),
    ("_EPROCESS", "Token", "=_EX_FAST_REF"),
    ("_EPROCESS", "UniqueProcessId", "*void"),
    ("_ETHREAD", "StartAddress", "*void"),
    ("_ETHREAD", "Win32StartAddress", "*void"),
    ("_FILE_OBJECT", "FsContext", "*void"),
    ("_FILE_OBJECT", "FsContext2", "*void"),
    ("_DEVICE_OBJECT", "AttachedDevice", "*=_DEVICE_OBJECT"),
    ("_DEVICE_OBJECT", "DriverObject", "*=_DRIVER_OBJECT"),
    ("_DEVICE_OBJECT", "NextDevice", "*=_DEVICE_OBJECT"),
    ("_HANDLE_TABLE", "UniqueProcessId", "*void"),
    ("_HANDLE_TABLE_ENTRY", "Object", "*void"),
    ("_KTHREAD", "Teb", "*void"),
    ("_KUSER_SHARED_DATA", "NtProductType", "#_NT_PRODUCT_TYPE"),
    ("_LDR_DATA_TABLE_ENTRY", "DllBase", "*void"),
    ("_LDR_DATA_TABLE_ENTRY", "EntryPoint", "*void"),
    ("_MMPFN", "u4", "=_MMPFN_U4"),
    ("_MMPFN", "e1", "=_MMPFNENTRY"),
    ("_MMVAD", "u2", "=_MMVAD_U2"),
    ("_MMVAD_SHORT", "u", "=_MMVAD_U"),
    ("_MMVAD_SHORT", "Parent", "*=_MMVAD"),
    ("_MMVAD_SHORT", "LeftChild", "*=_MMVAD"),
    ("_MMVAD_SHORT", "RightChild", "*=_MMVAD"),
    ("_PEB", "ImageBaseAddress", "*void"),
    ("_PEB", "Ldr", "*=_PEB_LDR_DATA"),
    ("_PEB", "ProcessHeap", "*void"),
    ("_PEB", "ProcessParameters", "*=_RTL_USER_PROCESS_PARAMETERS"),
    ("_RTL_USER_PROCESS_PARAMETERS", "Environment", "*void"),
    ("_SECTION_OBJECT", "Segment", "*=_SEGMENT"),
    ("_UNICODE_STRING", "Buffer", "*u16"),
];

/// Puts NT's structures among `found` into `table`.
///
/// # Errors
/// Which structure is missing.
pub fn translate(found: &BTreeMap<String, RustStructure>, table: &mut TypeTable) -> Result<(), String> {
    let missing: Vec<_> = STRUCTURES.iter().map(|(path, _)| *path).filter(|path| !found.contains_key(*path)).collect();
    if !missing.is_empty() {
        return Err(format!("its debugging information lacks {}", missing.join(", ")));
    }
    for (path, name) in STRUCTURES {
        let Some(structure) = found.get(*path) else { continue };
        let mut translated = Structure { size: structure.size, members: BTreeMap::new() };
        add_members(found, name, structure, 0, &mut translated);
        table.structures.insert((*name).to_owned(), translated);
    }
    Ok(())
}

fn add_members(
    found: &BTreeMap<String, RustStructure>,
    name: &str,
    structure: &RustStructure,
    base: u32,
    into: &mut Structure,
) {
    for (member, offset, kind) in structure.members.iter().filter(|(member, ..)| !member.starts_with("reserved")) {
        let offset = base + offset;
        if INLINED.contains(&(name, member))
            && let RustType::Named(path, _) = kind
            && let Some(inner) = found.get(path)
        {
            add_members(found, nt_name(path).unwrap_or(name), inner, offset, into);
            continue;
        }
        let called = renamed(name, member);
        let kind = retyped(name, &called).unwrap_or_else(|| translate_type(kind));
        into.members.insert(called, Member { offset, kind });
    }
}

fn nt_name(path: &str) -> Option<&'static str> {
    STRUCTURES.iter().chain(LIKE).find(|(own, _)| *own == path).map(|(_, name)| *name)
}

fn renamed(structure: &str, member: &str) -> String {
    let entry = RENAMED.iter().find(|(holder, own, _)| (*holder, *own) == (structure, member));
    entry.map_or_else(|| nt_spelling(member), |(.., name)| (*name).to_owned())
}

fn retyped(structure: &str, member: &str) -> Option<Kind> {
    let entry = RETYPED.iter().find(|(holder, name, _)| (*holder, *name) == (structure, member))?;
    Some(notation::kind(entry.2))
}

/// `image_file_name`, and `IMAGE_FILE_NAME`, as NT spells it.
pub fn nt_spelling(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters.map(|letter| letter.to_ascii_lowercase())).collect::<String>()
    };
    name.split('_').map(word).collect()
}

fn translate_type(kind: &RustType) -> Kind {
    match kind {
        RustType::Number(bytes) => Kind::Number { bytes: *bytes, signed: false },
        RustType::Array(count, of) => Kind::Array(*count, Box::new(translate_type(of))),
        RustType::Named(path, parameters) => match (path.as_str(), parameters.as_slice()) {
            ("abi::cell::Field", [of]) => translate_type(of),
            ("abi::cell::Link", [to]) => Kind::Pointer(Box::new(pointed_to(to))),
            _ => nt_name(path).map_or(Kind::Void, |name| Kind::Structure(name.to_owned())),
        },
        RustType::Other => Kind::Void,
    }
}

fn pointed_to(to: &RustType) -> Kind {
    match translate_type(to) {
        known @ (Kind::Structure(_) | Kind::Pointer(_)) => known,
        _ => Kind::Void,
    }
}
