//! A dump of a system with something to find: whether tools find the kernel in it and follow its page tables, and whether Volatility 3, where it
//! is to be had, prints what the kernel says.

use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use super::{SuiteResult, Tally};
use crate::dump;
use crate::error::Result;
use crate::forensics::images::{Image, SCENARIOS, Scenario};
use crate::forensics::{Outcome, Study, Volatility};
use crate::paths::Tree;
use crate::process;
use crate::truth::{Hidden, Page, Place};
use crate::types::{Kind, TypeTable};

type Verdict = std::result::Result<(), String>;

/// Plugins that show most of what a tool needs; `make forensics` runs all.
const PLUGINS: [&str; 6] = ["info", "pslist", "vadinfo", "handles", "cmdline", "memmap"];

/// A structure: its name, its bytes, names and offsets of members.
type Layout = (&'static str, u32, &'static [(&'static str, u32)]);

/// Where XP SP3 has these members. Source: its symbol types, as Volatility publishes them.
const OFFSETS: &[Layout] = &[
    (
        "_EPROCESS",
        0x260,
        &[
            ("Pcb", 0),
            ("CreateTime", 0x70),
            ("UniqueProcessId", 0x84),
            ("ActiveProcessLinks", 0x88),
            ("ObjectTable", 0xC4),
            ("Token", 0xC8),
            ("VadRoot", 0x11C),
            ("SectionBaseAddress", 0x13C),
            ("InheritedFromUniqueProcessId", 0x14C),
            ("Session", 0x170),
            ("ImageFileName", 0x174),
            ("ThreadListHead", 0x190),
            ("ActiveThreads", 0x1A0),
            ("Peb", 0x1B0),
            ("SeAuditProcessCreationInfo", 0x1F4),
            ("Vm", 0x1F8),
            ("Flags", 0x248),
        ],
    ),
    ("_KPROCESS", 0x6C, &[("DirectoryTableBase", 0x18), ("ThreadListHead", 0x50), ("BasePriority", 0x62)]),
    (
        "_ETHREAD",
        0x258,
        &[
            ("Tcb", 0),
            ("CreateTime", 0x1C0),
            ("ExitTime", 0x1C8),
            ("Cid", 0x1EC),
            ("ThreadsProcess", 0x220),
            ("StartAddress", 0x224),
            ("Win32StartAddress", 0x228),
            ("ThreadListEntry", 0x22C),
            ("CrossThreadFlags", 0x248),
        ],
    ),
    ("_KTHREAD", 0x1C0, &[("Teb", 0x20), ("State", 0x2D), ("WaitReason", 0x5B), ("ThreadListEntry", 0x1B0)]),
    ("_PEB", 0x210, &[("ImageBaseAddress", 8), ("Ldr", 0xC), ("ProcessParameters", 0x10), ("ProcessHeap", 0x18)]),
    (
        "_LDR_DATA_TABLE_ENTRY",
        0x50,
        &[("DllBase", 0x18), ("SizeOfImage", 0x20), ("FullDllName", 0x24), ("LoadCount", 0x38)],
    ),
    ("_RTL_USER_PROCESS_PARAMETERS", 0x294, &[("ImagePathName", 0x38), ("CommandLine", 0x40), ("Environment", 0x48)]),
    (
        "_MMVAD_SHORT",
        0x18,
        &[("StartingVpn", 0), ("EndingVpn", 4), ("Parent", 8), ("LeftChild", 0xC), ("RightChild", 0x10), ("u", 0x14)],
    ),
    (
        "_MMVAD",
        0x28,
        &[("StartingVpn", 0), ("u", 0x14), ("ControlArea", 0x18), ("FirstPrototypePte", 0x1C), ("u2", 0x24)],
    ),
    ("_MMVAD_LONG", 0x34, &[("StartingVpn", 0), ("ControlArea", 0x18), ("u2", 0x24)]),
    ("_CONTROL_AREA", 0x30, &[("Segment", 0), ("u", 0x20), ("FilePointer", 0x24)]),
    ("_FILE_OBJECT", 0x70, &[("Type", 0), ("DeviceObject", 4), ("FileName", 0x30)]),
    ("_OBJECT_HEADER", 0x20, &[("PointerCount", 0), ("Type", 8), ("NameInfoOffset", 0xC), ("Body", 0x18)]),
    ("_OBJECT_TYPE", 0x190, &[("Name", 0x40), ("Index", 0x4C), ("Key", 0xAC)]),
    ("_HANDLE_TABLE", 0x44, &[("TableCode", 0), ("UniqueProcessId", 8), ("HandleCount", 0x3C)]),
    ("_HANDLE_TABLE_ENTRY", 8, &[("Object", 0), ("GrantedAccess", 4)]),
    ("_MMPFN", 0x1C, &[("u1", 0), ("PteAddress", 4), ("u2", 8), ("OriginalPte", 0x10), ("u4", 0x18)]),
    (
        "_KUSER_SHARED_DATA",
        0x338,
        &[("SystemTime", 0x14), ("NtSystemRoot", 0x30), ("NtProductType", 0x264), ("NtMajorVersion", 0x26C)],
    ),
    ("_POOL_HEADER", 8, &[("PreviousSize", 0), ("BlockSize", 2), ("PoolType", 2), ("PoolTag", 4)]),
];

/// What Volatility 3 does not load a symbol file without.
const MANDATORY: [&str; 29] = [
    "_ETHREAD",
    "_KTHREAD",
    "_LIST_ENTRY",
    "_EPROCESS",
    "_ERESOURCE",
    "_UNICODE_STRING",
    "_EX_FAST_REF",
    "_TOKEN",
    "_OBJECT_HEADER",
    "_FILE_OBJECT",
    "_DEVICE_OBJECT",
    "_CM_KEY_BODY",
    "_CMHIVE",
    "_CM_KEY_NODE",
    "_CM_KEY_VALUE",
    "_HMAP_ENTRY",
    "_MMVAD_SHORT",
    "_MMVAD",
    "_KSYSTEM_TIME",
    "_KMUTANT",
    "_DRIVER_OBJECT",
    "_OBJECT_SYMBOLIC_LINK",
    "_CONTROL_AREA",
    "_SHARED_CACHE_MAP",
    "_VACB",
    "_POOL_TRACKER_BIG_PAGES",
    "_IMAGE_DOS_HEADER",
    "_KTIMER",
    "_LDR_DATA_TABLE_ENTRY",
];

/// Takes the dump once and judges all of that.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, tally: &Tally) -> Result<()> {
    let began = Instant::now();
    let mut suite = SuiteResult::new("forensics");
    let folder = process::scratch_folder()?;
    let study = Study::take(tree, folder.path())?;
    let table = TypeTable::of_kernel(study.kernel())?;
    suite.record("types are where XP has them", types(&table));
    suite.record("a tool that knows nothing finds the kernel", study.check_image());
    suite.record("page tables lead to where the kernel says that pages are", study.check_tables());
    suite.record("the dump has a page of each kind", kinds(&study));
    let crash_folder = process::scratch_folder()?;
    let crash = Study::take_crash(tree, crash_folder.path());
    let checked = crash.as_ref().map_err(ToString::to_string).and_then(|crash| crash.check_crash());
    suite.record("a kernel that stops writes RAM into its paging file, as Windows does", checked);
    let live_folder = process::scratch_folder()?;
    let live = Study::take_live(tree, live_folder.path());
    let checked = live.as_ref().map_err(ToString::to_string).and_then(|live| live.check_live());
    suite.record("the debugger's .dump writes RAM as it is", checked);
    match Volatility::ready(tree) {
        Ok(volatility) => {
            for (study, file, whose) in [(&crash, dump::CRASH, "kernel"), (&live, dump::LIVE, "debugger")] {
                if let Ok(study) = study {
                    let outcome = study.compare_written(&volatility, file)?;
                    suite.record(&format!("Volatility 3, pslist of the {whose}'s own dump"), judge(&outcome));
                }
            }
            let plugins = PLUGINS.map(str::to_owned);
            for outcome in study.compare(&volatility, &plugins)? {
                suite.record(&format!("Volatility 3, {}", outcome.plugin), judge(&outcome));
            }
        }
        Err(error) => suite.note = format!("Volatility 3 was left out: {error}"),
    }
    images(tree, &mut suite);
    tally.add(suite, began.elapsed());
    Ok(())
}

/// Each image with known answers: what it has to have, and, where Volatility is, what that makes of it. Two at a time.
fn images(tree: &Tree, suite: &mut SuiteResult) {
    let volatility = Volatility::ready(tree).ok();
    let names = |scenario: &Scenario| format!("image {}", scenario.name);
    let judged = |scenario: &'static Scenario| -> Result<Vec<(String, Verdict)>> {
        let folder = process::scratch_folder()?;
        let image = Image::build(tree, scenario, folder.path())?;
        let mut verdicts = vec![(names(scenario), image.check())];
        if let Some(volatility) = &volatility {
            let asked = image.ask(volatility)?.into_iter();
            verdicts.extend(
                asked.map(|(plugin, verdict)| (format!("{}, Volatility 3, {plugin}", names(scenario)), verdict)),
            );
        }
        verdicts.push((format!("{}: a byte that is another is noticed", names(scenario)), image.spoil()?));
        Ok(verdicts)
    };
    for pair in SCENARIOS.chunks(2) {
        let results = thread::scope(|scope| {
            let running: Vec<_> =
                pair.iter().map(|scenario| scope.spawn(move || (scenario, judged(scenario)))).collect();
            running
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect::<Vec<_>>()
        });
        for (scenario, result) in results {
            match result {
                Ok(verdicts) => verdicts.into_iter().for_each(|(name, verdict)| suite.record(&name, verdict)),
                Err(error) => suite.record(&names(scenario), Err(error.to_string())),
            }
        }
    }
}

fn types(table: &TypeTable) -> Verdict {
    if let Some(missing) = MANDATORY.iter().find(|name| !table.structures.contains_key(**name)) {
        return Err(format!("there is no {missing}"));
    }
    for (name, size, members) in OFFSETS {
        let structure = table.structures.get(*name).ok_or_else(|| format!("there is no {name}"))?;
        if structure.size != *size {
            return Err(format!("{name} has {:#x} bytes, and not {size:#x}", structure.size));
        }
        for (member, offset) in *members {
            let found = structure.members.get(*member).ok_or_else(|| format!("{name} has no {member}"))?;
            if found.offset != *offset {
                return Err(format!("{name}.{member} is at {:#x}, and not {offset:#x}", found.offset));
            }
        }
    }
    let kind = |structure: &str, member: &str| &table.structures[structure].members[member].kind;
    let pointer = |name: &str| Kind::Pointer(Box::new(Kind::Structure(name.into())));
    let checks = [
        ("_EPROCESS", "Peb", pointer("_PEB")),
        ("_EPROCESS", "ObjectTable", pointer("_HANDLE_TABLE")),
        ("_EPROCESS", "VadRoot", Kind::Pointer(Box::new(Kind::Void))),
        ("_MMVAD", "ControlArea", pointer("_CONTROL_AREA")),
        ("_FILE_OBJECT", "FileName", Kind::Structure("_UNICODE_STRING".into())),
        ("_MMVAD_FLAGS", "Protection", Kind::Bits { first: 24, count: 5, bytes: 4 }),
    ];
    let wrong = checks.iter().find(|(structure, member, expected)| kind(structure, member) != expected);
    wrong.map_or(Ok(()), |(structure, member, _)| Err(format!("{structure}.{member} is {:?}", kind(structure, member))))
}

/// Without them the comparison would say little.
fn kinds(study: &Study) -> Verdict {
    let pages = || study.truth().processes.iter().flat_map(|process| process.pages.values());
    let paged = |page: &Page| matches!(page.place, Place::PagingFile { .. });
    let checks: [(&str, usize, usize); 5] = [
        ("in RAM", pages().filter(|page| page.hidden.is_none() && !paged(page)).count(), 1000),
        ("in the paging file", pages().filter(|page| page.hidden.is_none() && paged(page)).count(), 500),
        ("paged out and read-only", pages().filter(|page| page.hidden == Some(Hidden::Protection)).count(), 10),
        ("known to a section only", pages().filter(|page| page.hidden == Some(Hidden::Section)).count(), 100),
        ("of processes", study.truth().processes.len(), 6),
    ];
    let short = checks.iter().find(|(_, count, least)| count < least);
    short.map_or(Ok(()), |(what, count, least)| Err(format!("{count} {what}; {least} were expected")))
}

fn judge(outcome: &Outcome) -> Verdict {
    let verdict = &outcome.verdict;
    match verdict.differing.as_slice() {
        [] if verdict.agreeing > 0 => Ok(()),
        [] => Err("no row was compared".into()),
        lines => Err(format!("{} rows differ\n{}", lines.len(), lines[..lines.len().min(5)].join("\n"))),
    }
}
