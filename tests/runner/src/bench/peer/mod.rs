//! Linux on the same machine: its figures as they are recorded, and how they are measured anew.
//!
//! `bench --peer` takes Debian's kernel package, builds the program of `tests/bench/linux` with the host's C compiler, boots both alone, and
//! compares with the record. The kernel is told to be as lean as it can be: no clearing of pages that are handed on in the kernel, no
//! accounting, no mitigations.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::boots::PROCESSOR;
use super::figures::grouped;
use super::rows::{self, Row};
use crate::error::{Error, Result};
use crate::paths::Tree;
use crate::process::{self, Process, Streams, Waited};

pub mod cpio;
pub mod output;
pub mod record;

use self::record::{PeerFigure, PeerRecord};

const QEMU: &str = "qemu-system-i386";
/// RAM of the machine in MB, and of the one on which the kernel's memory is counted.
const RAM: u32 = 512;
const SMALL_RAM: u32 = 64;
/// The kernel's command line; and what makes it lean, which the rows are measured with.
const LINE: &str = "console=ttyS0 mitigations=off quiet nokaslr norandmaps tsc=reliable clocksource=tsc panic=-1";
const LEAN: &str = "init_on_alloc=0 preempt=none cgroup_disable=memory audit=0 lsm=capability randomize_kstack_offset=off \
                    hardened_usercopy=off";
/// What takes most of its start otherwise: tests of its own, and devices that are not there.
const QUICK_START: &str = "cryptomgr.notests noisapnp init_on_alloc=0";
/// The program then tells of memory and measures nothing.
const ONLY_MEMORY: &str = "bench=mem";
/// Names of the rows that the program does not print.
const BOOT: &str = "boot";
const MEMORY: &str = "kernel memory at 64 MB";
/// What the emulator's output goes to.
const LOG: &str = "linux.log";
/// How long a boot may take.
const PATIENCE: Duration = Duration::from_secs(900);
/// By how many thousandths a count may be another than recorded without being told.
const LEEWAY: f64 = 10.0;

/// A kernel and the files it starts with.
struct Linux {
    folder: PathBuf,
    kernel: PathBuf,
    first_files: PathBuf,
}

/// What Linux takes, measured now: prints where that differs from the record, and writes the record if it is to be written. `kernel` is its vmlinuz; one of
/// the host's or, where there is none, one that apt fetches, if it is not said.
///
/// # Errors
/// [`Error::Tool`] with what the compiler, apt or Linux itself said last.
pub fn run(tree: &Tree, kernel: Option<&Path>, is_recorded: bool) -> Result<PeerRecord> {
    let kernel = match kernel {
        Some(path) => path.to_owned(),
        None => installed().map_or_else(|| fetched(tree), Ok)?,
    };
    println!("Linux: {}", kernel.display());
    let linux = build(tree, kernel)?;
    let now = measure(tree, &linux)?;
    let before = PeerRecord::read(tree).unwrap_or_default();
    print!("{}", comparison(&before, &now, &rows::read(tree)?));
    if is_recorded {
        let path = record::path(tree);
        fs::write(&path, now.encode()).map_err(Error::file("writing", &path))?;
        super::documents::write(tree)?;
    }
    Ok(now)
}

/// The host's own kernel of that flavour.
fn installed() -> Option<PathBuf> {
    let entries = fs::read_dir("/boot").ok()?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("vmlinuz-") && name.ends_with("-686-pae")
    };
    entries.filter(is_one).max()
}

fn fetched(tree: &Tree) -> Result<PathBuf> {
    println!("Linux: fetching Debian's linux-image-686-pae with apt");
    let script = tree.file("tests/bench/linux/fetch.sh");
    let said = process::run_tool(Command::new(script).arg(tree.out("linux")))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&said).trim_end()))
}

/// Builds the program and the archive that it is in.
fn build(tree: &Tree, kernel: PathBuf) -> Result<Linux> {
    let folder = tree.out("linux");
    fs::create_dir_all(&folder).map_err(Error::file("making", &folder))?;
    let compile = |source: &str, name: &str, flags: &[&str]| {
        let path = folder.join(name);
        let mut gcc = Command::new("gcc");
        gcc.args(["-m32", "-static", "-no-pie", "-s", "-o"]).arg(&path).args(flags);
        process::run_tool(gcc.arg(tree.file(&format!("tests/bench/linux/{source}"))))?;
        fs::read(&path).map_err(Error::file("reading", &path))
    };
    let flags = ["-O2", "-march=i686", "-fno-pie", "-pthread", "-Wall", "-Wno-misleading-indentation"];
    let init = compile("peer.c", "init", &flags)?;
    let tiny = compile("tiny.S", "tiny", &["-nostdlib", "-Wl,--build-id=none,-z,noseparate-code"])?;
    let first_files = folder.join("initrd");
    let archive = cpio::archive(&[("init", &init), ("tiny", &tiny)]);
    fs::write(&first_files, archive).map_err(Error::file("writing", &first_files))?;
    Ok(Linux { folder, kernel, first_files })
}

/// How the emulator keeps time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    Counted,
    Plain,
}

/// The emulator's arguments but for the kernel and its files.
fn machine(time: Time, ram: u32) -> Vec<String> {
    let counted: &[&str] = match time {
        Time::Counted => &["-icount", "shift=0,sleep=off"],
        Time::Plain => &[],
    };
    let ram = ram.to_string();
    let front =
        ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-machine", "pc", "-cpu", PROCESSOR];
    let middle = ["-m", &ram, "-smp", "1", "-accel", "tcg"];
    let end = ["-rtc", "base=2020-01-01,clock=vm", "-serial", "stdio", "-monitor", "none"];
    [&front[..], &middle, counted, &end].concat().into_iter().map(str::to_owned).collect()
}

/// Boots `kernel` with these words on its command line and returns what it said.
fn boot(linux: &Linux, kernel: &Path, time: Time, ram: u32, words: &str) -> Result<String> {
    let mut arguments = machine(time, ram);
    let mut add = |words: [&str; 2]| arguments.extend(words.map(str::to_owned));
    add(["-device", "isa-debug-exit,iobase=0xf4"]);
    add(["-kernel", &kernel.to_string_lossy()]);
    add(["-initrd", &linux.first_files.to_string_lossy()]);
    add(["-append", &format!("{LINE} {words}")]);
    let mut emulator = Process::start(QEMU, &arguments, &linux.folder, Streams::Logged(LOG))?;
    let waited = emulator.wait(Some(Instant::now() + PATIENCE))?;
    drop(emulator);
    let log = process::read_log(&linux.folder.join(LOG));
    match waited {
        Waited::Ended(_) => Ok(log),
        Waited::TimedOut => Err(failure("did not end", &log)),
    }
}

fn failure(problem: &str, log: &str) -> Error {
    let last = process::last_lines(log, 10).join("\n");
    Error::Tool { program: "Linux".into(), problem: format!("{problem}\n{last}") }
}

/// All boots, and the record that comes of them.
fn measure(tree: &Tree, linux: &Linux) -> Result<PeerRecord> {
    let full = |time| {
        let log = boot(linux, &linux.kernel, time, RAM, LEAN)?;
        if log.lines().any(|line| line.trim_end() == "# END") {
            Ok(log)
        } else {
            Err(failure("did not come to the end", &log))
        }
    };
    let counted = full(Time::Counted)?;
    let mut times: BTreeMap<String, f64> = BTreeMap::new();
    let mut per_microsecond = 0.0;
    for _ in 0..super::TIMES {
        let plain = full(Time::Plain)?;
        per_microsecond = output::number(&plain, "TSC_PER_US").unwrap_or(0.0);
        for (name, time) in output::nanoseconds(&plain) {
            times.entry(name).and_modify(|least| *least = least.min(time)).or_insert(time);
        }
    }
    let figure = |(name, count): (String, f64)| {
        let nanoseconds = times.get(&name).copied();
        (name, PeerFigure { count, nanoseconds })
    };
    let mut rows: BTreeMap<String, PeerFigure> = output::rows(&counted).into_iter().map(figure).collect();
    let instructions = start(tree, linux, Time::Counted)?;
    let nanoseconds = (start(tree, linux, Time::Plain)? * 1000.0 / per_microsecond).round();
    rows.insert(BOOT.into(), PeerFigure { count: instructions, nanoseconds: Some(nanoseconds) });
    let small = boot(linux, &linux.kernel, Time::Counted, SMALL_RAM, ONLY_MEMORY)?;
    let kilobytes = output::kernel_memory(&small).ok_or_else(|| failure("did not tell of its memory", &small))?;
    #[allow(clippy::cast_precision_loss, reason = "KB of a small machine")]
    rows.insert(MEMORY.into(), PeerFigure { count: kilobytes as f64, nanoseconds: None });
    Ok(PeerRecord { origin: origin(linux, &counted)?, rows })
}

/// Ticks from the entry of the unpacked kernel to its first program. A copy of the kernel tells of its entry and goes no further.
fn start(tree: &Tree, linux: &Linux, time: Time) -> Result<f64> {
    let patched = linux.folder.join("vmlinuz.patched");
    let script = tree.file("tests/bench/linux/bootprobe.py");
    process::run_tool(Command::new("python3").arg(script).arg(&linux.kernel).arg(&patched).arg("vmlinux"))?;
    let words = format!("{ONLY_MEMORY} {QUICK_START}");
    let entry = boot(linux, &patched, time, RAM, &words)?;
    let entered = output::ticks_at_entry(&entry).ok_or_else(|| failure("did not tell of its entry", &entry))?;
    let log = boot(linux, &linux.kernel, time, RAM, &words)?;
    let begun = output::number(&log, "INIT_TSC").ok_or_else(|| failure("did not tell of its first program", &log))?;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    Ok(begun - entered as f64)
}

/// What was measured, and with what.
fn origin(linux: &Linux, log: &str) -> Result<BTreeMap<String, String>> {
    let said = |program: &str| {
        let said = process::run_tool(Command::new(program).arg("--version"))?;
        Ok::<_, Error>(String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned())
    };
    let sum = |path: &Path| {
        let said = process::run_tool(Command::new("sha256sum").arg(path))?;
        Ok::<_, Error>(String::from_utf8_lossy(&said).split_whitespace().next().unwrap_or_default().to_owned())
    };
    let began = log.lines().find_map(|line| line.strip_prefix("# BEGIN ")).unwrap_or_default();
    let mut origin: BTreeMap<String, String> = [
        ("kernel", began.trim().to_owned()),
        ("vmlinuz sha256", sum(&linux.kernel)?),
        ("qemu", said(QEMU)?),
        ("gcc", said("gcc")?),
        ("counted with", format!("{QEMU} {}", machine(Time::Counted, RAM).join(" "))),
        ("timed with", format!("{QEMU} {}", machine(Time::Plain, RAM).join(" "))),
        ("command line", format!("{LINE} {LEAN}")),
        ("command line of the start", format!("{LINE} {QUICK_START}")),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    // The package lies beside what was unpacked from it.
    let beside = linux.kernel.parent().and_then(Path::parent).and_then(|folder| fs::read_dir(folder).ok());
    let packages = beside.into_iter().flatten().filter_map(|entry| entry.ok().map(|entry| entry.path()));
    if let Some(package) = packages.filter(|path| path.extension().is_some_and(|ending| ending == "deb")).max() {
        origin.insert("package".into(), package.file_name().unwrap_or_default().to_string_lossy().into_owned());
        origin.insert("package sha256".into(), sum(&package)?);
    }
    Ok(origin)
}

/// Where `now` is another than `before`: what was measured with what, and the counts of the rows that `ours` name.
fn comparison(before: &PeerRecord, now: &PeerRecord, ours: &[Row]) -> String {
    let mut lines = Vec::new();
    let mut keys: Vec<&String> = before.origin.keys().chain(now.origin.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let shown = |record: &PeerRecord| record.origin.get(key).cloned().unwrap_or_else(|| "nothing".into());
        if before.origin.get(key) != now.origin.get(key) {
            lines.push(format!("{key}: {}; recorded is {}", shown(now), shown(before)));
        }
    }
    let named =
        ours.iter().filter_map(|row| row.linux.as_ref()).flat_map(|(name, less)| std::iter::once(name).chain(less));
    let mut names: Vec<&String> = named.collect();
    names.sort();
    names.dedup();
    let mut other = 0;
    for name in &names {
        let difference = match (before.rows.get(*name), now.rows.get(*name)) {
            (Some(recorded), Some(measured)) => {
                let thousandths = (measured.count - recorded.count).abs() * 1000.0 / recorded.count.max(1.0);
                let shown = |count: f64| grouped(record::rounded(count));
                (thousandths > LEEWAY)
                    .then(|| format!("{name}: {}; recorded is {}", shown(measured.count), shown(recorded.count)))
            }
            (None, Some(_)) => Some(format!("{name}: not recorded")),
            (_, None) => Some(format!("{name}: not measured")),
        };
        other += usize::from(difference.is_some());
        lines.extend(difference);
    }
    let same = names.len() - other;
    lines.push(format!("{same} of {} rows of Linux's take what is recorded, to {LEEWAY} in a thousand", names.len()));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(rows: &[(&str, f64)], kernel: &str) -> PeerRecord {
        let figure =
            |(name, count): &(&str, f64)| ((*name).to_owned(), PeerFigure { count: *count, nanoseconds: None });
        PeerRecord {
            origin: [("kernel".to_owned(), kernel.to_owned())].into(),
            rows: rows.iter().map(figure).collect(),
        }
    }

    #[test]
    fn what_differs_from_the_record_is_said() {
        let ours = rows::parse("a | x | 1 | A | T\nb | x | 1 | B less C | T\nc | x | 1 | D | T").unwrap();
        let before = record(&[("A", 1000.0), ("B", 1000.0), ("C", 10.0)], "6.1");
        let now = record(&[("A", 1010.0), ("B", 1011.0), ("D", 7.0)], "6.2");
        let text = comparison(&before, &now, &ours);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "kernel: 6.2; recorded is 6.1");
        assert_eq!(lines[1], "B: 1,011; recorded is 1,000");
        assert_eq!(lines[2..4], ["C: not measured", "D: not recorded"]);
        assert!(lines[4].starts_with("1 of 4 rows"), "{text}");
        assert_eq!(comparison(&before, &before, &ours[..2]).lines().count(), 1);
    }

    #[test]
    fn the_machine_is_the_one_of_our_rows() {
        let counted = machine(Time::Counted, RAM).join(" ");
        assert!(
            counted.contains("-cpu qemu32,+pae,+nx,+sep -m 512 -smp 1 -accel tcg -icount shift=0,sleep=off"),
            "{counted}"
        );
        assert!(!machine(Time::Plain, RAM).join(" ").contains("icount"));
    }
}
