//! What Rust's structures do not say: unions and bits of words, and types that a reader wants the name of.
//!
//! Source: symbol types of XP SP3 with PAE; Volatility for the names it insists on.

use std::collections::BTreeMap;

use super::{Enumeration, Member, Structure, TypeTable, notation};

/// Name and size of a structure, and its members: name, offset, kind.
type Added = (&'static str, u32, &'static [(&'static str, u32, &'static str)]);

const STRUCTURES: &[Added] = &[
    ("_LARGE_INTEGER", 8, &[("LowPart", 0, "u32"), ("HighPart", 4, "i32"), ("QuadPart", 0, "i64")]),
    ("_EX_FAST_REF", 4, &[("Object", 0, "*void"), ("RefCnt", 0, "0:3:u32"), ("Value", 0, "u32")]),
    ("_QUAD", 8, &[("UseThisFieldToCopy", 0, "i64")]),
    ("_OBJECT_NAME_INFORMATION", 8, &[("Name", 0, "=_UNICODE_STRING")]),
    ("_SE_AUDIT_PROCESS_CREATION_INFO", 4, &[("ImageFileName", 0, "*=_OBJECT_NAME_INFORMATION")]),
    (
        "_POOL_HEADER",
        8,
        &[
            ("PreviousSize", 0, "0:9:u16"),
            ("PoolIndex", 0, "9:7:u16"),
            ("BlockSize", 2, "0:9:u16"),
            ("PoolType", 2, "9:7:u16"),
            ("Ulong1", 0, "u32"),
            ("PoolTag", 4, "u32"),
        ],
    ),
    ("_POOL_TRACKER_BIG_PAGES", 0xC, &[("Va", 0, "*void"), ("Key", 4, "u32"), ("NumberOfPages", 8, "u32")]),
    ("_MMVAD_U", 4, &[("LongFlags", 0, "u32"), ("VadFlags", 0, "=_MMVAD_FLAGS")]),
    ("_MMVAD_U2", 4, &[("LongFlags2", 0, "u32"), ("VadFlags2", 0, "=_MMVAD_FLAGS2")]),
    (
        "_MMVAD_FLAGS",
        4,
        &[
            ("CommitCharge", 0, "0:19:u32"),
            ("PhysicalMapping", 0, "19:1:u32"),
            ("ImageMap", 0, "20:1:u32"),
            ("UserPhysicalPages", 0, "21:1:u32"),
            ("NoChange", 0, "22:1:u32"),
            ("WriteWatch", 0, "23:1:u32"),
            ("Protection", 0, "24:5:u32"),
            ("LargePages", 0, "29:1:u32"),
            ("MemCommit", 0, "30:1:u32"),
            ("PrivateMemory", 0, "31:1:u32"),
        ],
    ),
    (
        "_MMVAD_FLAGS2",
        4,
        &[
            ("FileOffset", 0, "0:24:u32"),
            ("SecNoChange", 0, "24:1:u32"),
            ("OneSecured", 0, "25:1:u32"),
            ("MultipleSecured", 0, "26:1:u32"),
            ("ReadOnly", 0, "27:1:u32"),
            ("LongVad", 0, "28:1:u32"),
            ("ExtendableFile", 0, "29:1:u32"),
            ("Inherit", 0, "30:1:u32"),
            ("CopyOnWrite", 0, "31:1:u32"),
        ],
    ),
    ("_MMPTE", 8, &[("u", 0, "=_MMPTE_U")]),
    (
        "_MMPTE_U",
        8,
        &[
            ("Long", 0, "u64"),
            ("Hard", 0, "=_MMPTE_HARDWARE"),
            ("Soft", 0, "=_MMPTE_SOFTWARE"),
            ("Trans", 0, "=_MMPTE_TRANSITION"),
            ("Proto", 0, "=_MMPTE_PROTOTYPE"),
            ("Subsect", 0, "=_MMPTE_SUBSECTION"),
        ],
    ),
    (
        "_MMPTE_HARDWARE",
        8,
        &[
            ("Valid", 0, "0:1:u64"),
            ("Write", 0, "1:1:u64"),
            ("Owner", 0, "2:1:u64"),
            ("WriteThrough", 0, "3:1:u64"),
            ("CacheDisable", 0, "4:1:u64"),
            ("Accessed", 0, "5:1:u64"),
            ("Dirty", 0, "6:1:u64"),
            ("LargePage", 0, "7:1:u64"),
            ("Global", 0, "8:1:u64"),
            ("CopyOnWrite", 0, "9:1:u64"),
            ("Prototype", 0, "10:1:u64"),
            ("reserved0", 0, "11:1:u64"),
            ("PageFrameNumber", 0, "12:24:u64"),
            ("NoExecute", 0, "63:1:u64"),
        ],
    ),
    (
        "_MMPTE_SOFTWARE",
        8,
        &[
            ("Valid", 0, "0:1:u64"),
            ("PageFileLow", 0, "1:4:u64"),
            ("Protection", 0, "5:5:u64"),
            ("Prototype", 0, "10:1:u64"),
            ("Transition", 0, "11:1:u64"),
            ("PageFileHigh", 0, "32:32:u64"),
        ],
    ),
    (
        "_MMPTE_TRANSITION",
        8,
        &[
            ("Valid", 0, "0:1:u64"),
            ("Write", 0, "1:1:u64"),
            ("Owner", 0, "2:1:u64"),
            ("WriteThrough", 0, "3:1:u64"),
            ("CacheDisable", 0, "4:1:u64"),
            ("Protection", 0, "5:5:u64"),
            ("Prototype", 0, "10:1:u64"),
            ("Transition", 0, "11:1:u64"),
            ("PageFrameNumber", 0, "12:24:u64"),
        ],
    ),
    (
        "_MMPTE_PROTOTYPE",
        8,
        &[
            ("Valid", 0, "0:1:u64"),
            ("ReadOnly", 0, "8:1:u64"),
            ("Prototype", 0, "10:1:u64"),
            ("Protection", 0, "11:5:u64"),
            ("ProtoAddress", 0, "32:32:u64"),
        ],
    ),
    (
        "_MMPTE_SUBSECTION",
        8,
        &[
            ("Valid", 0, "0:1:u64"),
            ("Protection", 0, "5:5:u64"),
            ("Prototype", 0, "10:1:u64"),
            ("SubsectionAddress", 0, "32:32:u64"),
        ],
    ),
    (
        "_MMPFNENTRY",
        2,
        &[
            ("Modified", 0, "0:1:u16"),
            ("ReadInProgress", 0, "1:1:u16"),
            ("WriteInProgress", 0, "2:1:u16"),
            ("PrototypePte", 0, "3:1:u16"),
            ("PageColor", 0, "4:3:u16"),
            ("ParityError", 0, "7:1:u16"),
            ("PageLocation", 0, "8:3:u16"),
            ("RemovalRequested", 0, "11:1:u16"),
            ("CacheAttribute", 0, "12:2:u16"),
            ("ShortFlags", 0, "u16"),
        ],
    ),
    ("_MMPFN_U4", 4, &[("EntireFrame", 0, "u32"), ("PteFrame", 0, "0:26:u32"), ("AweAllocation", 0, "28:1:u32")]),
];

/// Members of structures that Rust has, for which Rust has no name.
const MEMBERS: &[(&str, &str, u32, &str)] = &[("_OBJECT_HEADER", "Body", 0x18, "=_QUAD")];

const ENUMERATIONS: &[(&str, &[(&str, i64)])] = &[
    ("_NT_PRODUCT_TYPE", &[("NtProductWinNt", 1), ("NtProductLanManNt", 2), ("NtProductServer", 3)]),
    (
        "_MI_SYSTEM_VA_TYPE",
        &[
            ("MiVaUnused", 0),
            ("MiVaSessionSpace", 1),
            ("MiVaProcessSpace", 2),
            ("MiVaBootLoaded", 3),
            ("MiVaPfnDatabase", 4),
            ("MiVaNonPagedPool", 5),
            ("MiVaPagedPool", 6),
            ("MiVaSpecialPool", 7),
            ("MiVaSystemCache", 8),
            ("MiVaSystemPtes", 9),
            ("MiVaHal", 10),
        ],
    ),
];

/// Types that Volatility 3 wants to be there and that this system has nothing of.
const NAMES: &[&str] = &[
    "_CMHIVE",
    "_CM_KEY_BODY",
    "_CM_KEY_NODE",
    "_CM_KEY_VALUE",
    "_DRIVER_OBJECT",
    "_ERESOURCE",
    "_HMAP_ENTRY",
    "_IMAGE_DOS_HEADER",
    "_SHARED_CACHE_MAP",
    "_VACB",
];

/// Adds all of it.
pub fn add(table: &mut TypeTable) {
    for (name, size, members) in STRUCTURES {
        let member = |(name, offset, kind): &(&str, u32, &str)| {
            ((*name).to_owned(), Member { offset: *offset, kind: notation::kind(kind) })
        };
        let members = members.iter().map(member).collect();
        table.structures.insert((*name).to_owned(), Structure { size: *size, members });
    }
    for (structure, name, offset, kind) in MEMBERS {
        let member = Member { offset: *offset, kind: notation::kind(kind) };
        let structure = table.structures.entry((*structure).to_owned()).or_default();
        structure.size = structure.size.max(offset + 8);
        structure.members.insert((*name).to_owned(), member);
    }
    for (name, values) in ENUMERATIONS {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        table.enumerations.insert((*name).to_owned(), Enumeration { values });
    }
    for name in NAMES {
        let nothing = || Structure { size: 8, members: BTreeMap::new() };
        table.structures.entry((*name).to_owned()).or_insert_with(nothing);
    }
}
