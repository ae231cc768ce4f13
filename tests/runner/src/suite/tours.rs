//! The tours against a debugger: at every page-table entry and share count that a tour printed it stops, gdb reads the same
//! place through QEMU, and both must say the same.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use object::read::pe::PeFile32;
use object::{Object, ObjectSymbol};

use super::commands::{Commands, expect_code, text};
use crate::debug;
use crate::error::{Error, Result};
use crate::machine::{MachineOptions, names};
use crate::paths::Tree;
use crate::plan::{self, Handles, Job};
use crate::process::{self, Process, Streams, Waited};

/// The program.
const TOUR: &str = "programs/tour.exe";
/// Where it stops.
const STOP: &str = "tour_stop";
/// Words after `tour --stop`, each a run of its own, and how many entries and counts it prints.
const TOURS: [(&str, usize); 8] = [
    ("cow", 24),
    ("shared-memory", 16),
    ("mapped-file", 21),
    ("heap", 2),
    ("translate 7FFE0000", 4),
    ("translate 00401000", 4),
    ("translate FFDFF000", 4),
    ("address-space", 0),
];
/// The file with gdb's commands, and the one with what it said.
const SCRIPT: &str = "tours.gdb";
const GDB_LOG: &str = "gdb.log";
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// One entry: where it is and what it contains, as hexadecimal digits.
type Entry = (String, String);

/// Runs the tours under gdb and compares.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn compare(tree: &Tree) -> Result<std::result::Result<(), String>> {
    process::require("gdb", "gdb")?;
    let folder = process::scratch_folder()?;
    write_modules(tree, folder.path())?;
    let script = script(tree)?;
    let path = folder.path().join(SCRIPT);
    fs::write(&path, script).map_err(Error::file("writing", &path))?;
    let options = MachineOptions::default();
    let emulator = debug::start_stopped(tree, &options, folder.path(), "console=com1 poweroff=qemu debug")?;
    let words = ["-nx", "-q", "-batch", "-x", SCRIPT].map(str::to_owned);
    let mut gdb = Process::start("gdb", &words, folder.path(), Streams::Logged(GDB_LOG))?;
    let waited = gdb.wait(Instant::now().checked_add(PATIENCE))?;
    drop((gdb, emulator));
    let (printed, read) = (folder.path().join(names::KERNEL_LOG), folder.path().join(GDB_LOG));
    let (printed, read) = (process::read_log(&printed), process::read_log(&read));
    if waited == Waited::TimedOut {
        return Ok(Err(format!("gdb did not end; the console:\n{printed}\ngdb:\n{read}")));
    }
    Ok(judge(&printed, &read))
}

/// `tour page-life` on a machine with little RAM and a paging file: the page's entry has each form in its turn, and its record says
/// what the form asks for.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn page_life(commands: &Commands) -> Result<std::result::Result<(), String>> {
    const STOPS: [(&str, &str); 8] = [
        ("1. Demand zero", "empty: nothing is there"),
        ("2. Active", "active, modified, share count 1, reference count 1"),
        ("3. Trimmed", "on the list Modified, modified, reference count 0"),
        ("4. Written", "on the list Standby, clean, reference count 0"),
        ("5. Soft fault", "active, clean, share count 1, reference count 1"),
        ("6. Trimmed once more", "on the list Standby, clean, reference count 0"),
        ("7. Repurposed", ": in a paging file, READWRITE"),
        ("8. Hard fault", "active, clean, share count 1, reference count 1"),
    ];
    let folder = process::scratch_folder()?;
    let disk = folder.path().join(names::DISK).to_string_lossy().into_owned();
    let tour = commands.tree.built(TOUR, "guest")?.to_string_lossy().into_owned();
    let words = ["exec", "--ram", "32", "--timeout", "120", "--disk", &disk, "--cmdline", "debug", &tour, "page-life"];
    let output = commands.vadose(&words, b"")?;
    let said = text(&output.stdout);
    Ok(expect_code(&output, 0).and_then(|()| {
        let mut rest = said.as_str();
        for (title, words) in STOPS {
            let place = rest.split_once(title).and_then(|(_, rest)| rest.split_once(words));
            rest = place.ok_or_else(|| format!("no {words:?} after {title:?}:\n{said}"))?.1;
        }
        match said.matches("the byte is 2A\n").count() {
            2 => Ok(()),
            _ => Err(format!("another byte:\n{said}")),
        }
    }))
}

/// The volume and the plan: each tour once, on the console.
fn write_modules(tree: &Tree, folder: &Path) -> Result<()> {
    tree.system_volume()?.write(&folder.join(names::VOLUME))?;
    let jobs = TOURS.map(|(words, _)| Job {
        label: words.into(),
        image: "C:\\WINDOWS\\system32\\tour.exe".into(),
        command_line: format!("tour --stop {words}"),
        handles: Handles::Console,
        ..Job::default()
    });
    let path = folder.join(names::PLAN);
    fs::write(&path, plan::encode(&jobs)?).map_err(Error::file("writing", &path))
}

/// Stops in `tour_stop`, whose arguments say what is where: 0 an entry, 1 one at a physical address, 2 a word; low half, high
/// half. The script ends with the machine, when there is nothing left to continue.
fn script(tree: &Tree) -> Result<String> {
    let stop = address_of(&tree.built(TOUR, "guest")?, STOP)?;
    // On a busy host an answer may take longer than the usual two seconds: what gdb then asks once more would be done twice.
    Ok(format!(
        "set confirm off\nset pagination off\nset architecture i386\nset language c\n\
         set remotetimeout 60\ntarget remote {socket}\n\
         hbreak *{stop:#x}\n\
         while 1\n\
         continue\n\
         set $low = *(unsigned int *)($esp + 8)\n\
         set $high = *(unsigned int *)($esp + 12)\n\
         if *(unsigned int *)($esp + 4) == 0\n\
         printf \"entry %08x %08x%08x\\n\", $low, *(unsigned int *)($low + 4), *(unsigned int *)$low\n\
         end\n\
         if *(unsigned int *)($esp + 4) == 2\n\
         printf \"entry %08x %08x\\n\", $low, *(unsigned int *)$low\n\
         end\n\
         if *(unsigned int *)($esp + 4) == 1\n\
         printf \"physical entry\\n\"\n\
         eval \"monitor xp /2xw 0x%x%08x\", $high, $low\n\
         end\n\
         end\n",
        socket = names::GDB,
    ))
}

/// The address of the symbol `wanted` of a program.
///
/// # Errors
/// [`Error::Malformed`] where it has none.
pub(super) fn address_of(program: &Path, wanted: &str) -> Result<u64> {
    let malformed = |problem: String| Error::Malformed { path: program.to_owned(), problem };
    let bytes = fs::read(program).map_err(Error::file("reading", program))?;
    let image = PeFile32::parse(&*bytes).map_err(|error| malformed(error.to_string()))?;
    let is_stop = |name: &str| name.trim_start_matches('_') == wanted;
    let symbol = image.symbols().find(|symbol| symbol.name().is_ok_and(is_stop));
    symbol.map(|symbol| symbol.address()).ok_or_else(|| malformed(format!("it has no symbol {wanted}")))
}

/// Whether gdb read what was printed, entry by entry, and no tour printed fewer than it should.
fn judge(printed: &str, read: &str) -> std::result::Result<(), String> {
    let (tour, gdb) = (printed_entries(printed), entries_read(read));
    let expected: usize = TOURS.iter().map(|(_, entries)| entries).sum();
    let differs = tour.iter().zip(&gdb).position(|(one, other)| one != other);
    match differs {
        Some(index) => {
            let (told, found) = (&tour[index], &gdb[index]);
            Err(format!("entry {index}: printed {told:?}, gdb read {found:?}\n{printed}\n{read}"))
        }
        None if tour.len() == expected && gdb.len() == expected => Ok(()),
        None => {
            Err(format!("{} entries printed and {} read, not {expected}\n{printed}\n{read}", tour.len(), gdb.len()))
        }
    }
}

/// `PTE at C0001110 contains 0000000000000080: ...`, or `at physical 00016E008`.
fn printed_entries(console: &str) -> Vec<Entry> {
    let entry = |line: &str| {
        let (before, after) = line.split_once(" contains ")?;
        let (_, place) = before.split_once(" at ")?;
        let place = place.trim_start_matches("physical ");
        Some((canonical(place), canonical(after.split(':').next()?)))
    };
    console.lines().filter_map(entry).collect()
}

/// `entry c0001110 0000000000000080`, or after `physical entry` QEMU's `000000000016e008: 0x00011021 0x00000000`.
fn entries_read(log: &str) -> Vec<Entry> {
    let virtual_entry = |line: &str| {
        let (place, contents) = line.strip_prefix("entry ")?.split_once(' ')?;
        Some((canonical(place), canonical(contents)))
    };
    let physical_entry = |line: &str| {
        let (place, contents) = line.split_once(": 0x")?;
        let (low, high) = contents.split_once(" 0x")?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_number(place).then(|| (canonical(place), canonical(&format!("{high}{low}"))))
    };
    log.lines().map(str::trim).filter_map(|line| virtual_entry(line).or_else(|| physical_entry(line))).collect()
}

/// Hexadecimal digits without leading zeros.
fn canonical(digits: &str) -> String {
    let digits = digits.trim().to_lowercase();
    let short = digits.trim_start_matches('0');
    if short.is_empty() { "0".into() } else { short.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_in_what_tour_and_gdb_say() {
        let console = "    PTE at C0001110 contains 0000000000000080: demand zero\n\
                       noise\n    PDE at physical 100016E008 contains 8000000000011021: frame 11\n";
        let gdb = "Breakpoint 1, 0x00401784 in ?? ()\nentry c0001110 0000000000000080\nphysical entry\n\
                   000000100016e008: 0x00011021 0x80000000\n";
        let expected: Vec<Entry> = [("c0001110", "80"), ("100016e008", "8000000000011021")]
            .map(|(place, contents)| (place.to_owned(), contents.to_owned()))
            .into();
        assert_eq!(printed_entries(console), expected);
        assert_eq!(entries_read(gdb), expected);
    }

    #[test]
    fn a_difference_or_a_missing_entry_is_told() {
        let line = "    PTE at C0001110 contains 0000000000000080: x\n";
        assert!(judge(line, "entry c0001110 81\n").unwrap_err().contains("entry 0"));
        assert!(judge(line, "entry c0001110 80\n").unwrap_err().contains("1 entries printed and 1 read"));
    }
}
