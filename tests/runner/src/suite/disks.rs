//! Disks of every sort, on machines of several sorts: which of them becomes C:, what the kernel says of the others, and what
//! programs see of a disk that fails.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use super::expectation::GuestTest;
use super::guest::with_log;
use super::judge::{self, Frames};
use super::{SuiteResult, Tally, TestOptions, paging};
use crate::boot::{self, Drive, Finished, Input, Setup};
use crate::disk::{self, Care, Disk};
use crate::error::{Error, Result};
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;
use crate::power_cut;
use crate::process;
use crate::volume::Volume;

pub(super) type Verdict = std::result::Result<(), String>;

/// The program that shows that C: works.
pub(super) const PROGRAM: &str = "block_moves.exe";
/// Seconds that a boot may take.
const PATIENCE: u64 = 40;
/// Where in the first sector the entries of the partition table begin, and the length of one.
const TABLE: usize = 446;
const ENTRY: usize = 16;
/// Where the volume of a disk begins.
const VOLUME: u64 = 1 << 20;

/// What is done to the image of a sound disk.
#[derive(Clone, Copy)]
enum Harm {
    None,
    /// Bytes are put there instead of what is there.
    Bytes(u64, &'static [u8]),
    /// The volume alone, without a table before it.
    NoTable,
    /// Only so many bytes are left.
    Cut(u64),
}

/// One disk, and what is to become of it.
struct Case {
    name: &'static str,
    board: &'static str,
    place: u8,
    harm: Harm,
    /// Whether there is a boot module, too.
    module: bool,
    /// What the kernel's lines have to mention.
    mentions: &'static [&'static str],
    /// Whether the program runs.
    runs: bool,
}

const SOUND: Case = Case { name: "", board: "pc", place: 0, harm: Harm::None, module: true, mentions: &[], runs: true };
/// The end of the line that says that the module was taken.
const MODULE: &str = "C: is the boot module volume";

const CASES: [Case; 14] = [
    Case { name: "a disk comes before the module", mentions: &["DMA", "C: is partition 1 of disk 0"], ..SOUND },
    Case { name: "the second drive of the second channel", place: 3, mentions: &["partition 1 of disk 0"], ..SOUND },
    Case { name: "a machine without PCI", board: "isapc", mentions: &["PIO", "C: is partition 1"], ..SOUND },
    Case { name: "a disk without a table", harm: Harm::NoTable, mentions: &["C: is disk 0"], ..SOUND },
    Case {
        name: "a disk of zeros",
        harm: Harm::Bytes(0, &[0; 512]),
        mentions: &["disk 0 is not used: it has neither a partition table nor a FAT volume", MODULE],
        ..SOUND
    },
    Case {
        name: "a partition beyond the end",
        harm: Harm::Bytes((TABLE + 12) as u64, &[0xFF, 0xFF, 0xFF, 0x7F]),
        mentions: &["disk 0 is not used: its partition table is corrupt: partition 1 is out of range", MODULE],
        ..SOUND
    },
    Case {
        name: "partitions that overlap",
        harm: Harm::Bytes((TABLE + ENTRY) as u64, &[0, 0, 0, 0, 6, 0, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0]),
        mentions: &["partitions 1 and 2 overlap", MODULE],
        ..SOUND
    },
    Case {
        name: "logical partitions in a circle",
        // The extended partition is the volume; its second entry leads to itself.
        harm: Harm::Bytes((TABLE + 4) as u64, &[5]),
        mentions: &["disk 0 has no FAT partition", MODULE],
        ..SOUND
    },
    Case {
        name: "a status that is none",
        harm: Harm::Bytes(TABLE as u64, &[0x17]),
        mentions: &["the status of entry 1", MODULE],
        ..SOUND
    },
    Case {
        name: "a volume without a boot sector",
        harm: Harm::Bytes(VOLUME, &[0; 512]),
        mentions: &["partition 1 of disk 0 is not used: it holds no FAT volume", MODULE],
        ..SOUND
    },
    Case {
        name: "a volume with clusters of three sectors",
        harm: Harm::Bytes(VOLUME + 13, &[3]),
        mentions: &["is not used: its boot sector is corrupt: the size of a cluster", MODULE],
        ..SOUND
    },
    Case {
        name: "a disk that was cut off, and no module",
        harm: Harm::Cut(2 << 20),
        module: false,
        mentions: &["partition 1 is out of range", "cannot start: there is neither a FAT volume on a disk nor"],
        runs: false,
        ..SOUND
    },
    Case { name: "a machine without IDE", board: "q35", mentions: &["no IDE controller", MODULE], ..SOUND },
    Case {
        name: "neither disk nor module",
        board: "q35",
        module: false,
        mentions: &["no IDE controller", "C: is missing"],
        runs: false,
        ..SOUND
    },
];

/// Runs the disks, and the failures of one.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, options: &TestOptions, tally: &Tally) -> Result<()> {
    let began = Instant::now();
    let mut suite = SuiteResult::new("disks");
    let mut volume = tree.system_volume()?;
    volume.add_file(PROGRAM, &tree.built(&format!("guest/{PROGRAM}"), "guest")?)?;
    for case in CASES.iter().filter(|case| case.name.contains(&options.name)) {
        suite.record(case.name, judge(case, &boot_case(tree, case, &volume)?));
    }
    suite.record("a sector of a program that cannot be read", broken_sector(tree, &volume)?);
    suite.record("a sector of a file that cannot be read", broken_file(tree, &volume, "read_aio", "read")?);
    suite.record("a sector of a file that cannot be written", broken_file(tree, &volume, "write_aio", "write")?);
    paging::run(tree, &volume, &options.name, &mut suite)?;
    suite.record("cut power and killed machines", power_cut::short(tree)?);
    tally.add(suite, began.elapsed());
    Ok(())
}

fn boot_case(tree: &Tree, case: &Case, volume: &Volume) -> Result<Finished> {
    let folder = process::scratch_folder()?;
    let path = folder.path().join("image");
    make(case, volume, &path)?;
    // No IDE controller: the disk would hang at another one, where nobody looks.
    let disk = (case.board != "q35").then_some(Disk { path: &path, care: Care::Fresh, place: case.place });
    let drive = match (disk, case.module) {
        (Some(disk), true) => Drive::Both(volume, disk),
        (Some(disk), false) => Drive::Disk(disk),
        (None, true) => Drive::Volume(volume),
        (None, false) => Drive::Missing,
    };
    boot_with(tree, Around { board: case.board, ..Around::USUAL }, drive, &[PROGRAM])
}

/// What a disk hangs at, and what the kernel is told.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub board: &'a str,
    /// Megabytes of RAM.
    pub ram: u32,
    pub words: &'a [&'a str],
}

impl Around<'_> {
    pub const USUAL: Self = Self { board: "pc", ram: 128, words: &["test"] };
}

/// Boots with `drive` and runs `programs` of its root, which may have arguments.
pub(super) fn boot_with(tree: &Tree, around: Around<'_>, drive: Drive<'_>, programs: &[&str]) -> Result<Finished> {
    let options = MachineOptions {
        ram: around.ram,
        board: around.board.to_owned(),
        timeout: Some(PATIENCE),
        ..MachineOptions::default()
    };
    let job = |line: &&str| {
        let command_line = format!("C:\\{line}");
        let image = command_line.split(' ').next().unwrap_or_default().to_owned();
        Job { label: (*line).to_owned(), command_line, image, ..Job::default() }
    };
    let setup = Setup {
        tree,
        options: &options,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive,
        jobs: &programs.iter().map(job).collect::<Vec<Job>>(),
        words: around.words,
        debugger: None,
    };
    boot::boot(&setup, Input::Bytes(Vec::new()), &mut |_| Ok(()))
}

fn make(case: &Case, volume: &Volume, path: &Path) -> Result<()> {
    let harmed = |done: std::io::Result<()>| done.map_err(Error::file("harming", path));
    if let Harm::NoTable = case.harm {
        return volume.write(path);
    }
    disk::create(volume, disk::ROOM_FOR_TESTS, path)?;
    match case.harm {
        Harm::None | Harm::NoTable => Ok(()),
        Harm::Cut(length) => harmed(OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(length))),
        Harm::Bytes(at, bytes) => harmed(OpenOptions::new().write(true).open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(bytes)
        })),
    }
}

fn judge(case: &Case, finished: &Finished) -> Verdict {
    let problem = if let Some(absent) = case.mentions.iter().find(|text| !finished.log.contains(**text)) {
        format!("no line on COM1 mentions {absent:?}")
    } else if case.runs != finished.transcript.done {
        format!("the plan was worked off: {}", finished.transcript.done)
    } else if case.runs {
        return ended(finished, PROGRAM, "exit 0");
    } else {
        return Ok(());
    };
    Err(with_log(&problem, &finished.log))
}

/// Judges the end of one job: `expected` in the words of a guest test's head.
pub(super) fn ended(finished: &Finished, job: &str, expected: &str) -> Verdict {
    ended_with(finished, job, expected, Frames::Balanced)
}

pub(super) fn ended_with(finished: &Finished, job: &str, expected: &str, frames: Frames) -> Verdict {
    let test = GuestTest::parse(job, &format!("// expect: {expected}\n"))?;
    judge::judge(&test, finished.transcript.job(job), frames).map_err(|problem| with_log(&problem, &finished.log))
}

/// QEMU's `blkdebug` fails every read of one sector of a program: the program gets an exception, each time it is run, and
/// others run on.
fn broken_sector(tree: &Tree, system: &Volume) -> Result<Verdict> {
    const VICTIM: &str = "broken_sector.exe";
    const MARK: &[u8] = b"The sector without luck!";
    let folder = process::scratch_folder()?;
    let path = folder.path().join("image");
    let mut volume = system.clone();
    volume.add_file(VICTIM, &tree.built(&format!("commands/{VICTIM}"), "guest")?)?;
    disk::create(&volume, disk::ROOM_FOR_TESTS, &path)?;
    let errors = errors("read_aio", &path, MARK)?;
    let disk = Disk { path: &path, care: Care::Broken(&errors), place: 0 };
    let finished = boot_with(tree, Around::USUAL, Drive::Disk(disk), &[VICTIM, PROGRAM])?;
    Ok(ended(&finished, VICTIM, "exception C0000006").and_then(|()| ended(&finished, PROGRAM, "exit 0")))
}

/// The same with a file: who reads it or flushes what was written to it is told, each time, and its other bytes are there.
fn broken_file(tree: &Tree, system: &Volume, event: &str, what: &str) -> Result<Verdict> {
    const TESTER: &str = "broken_file.exe";
    /// Win32's ERROR_CRC: STATUS_DEVICE_DATA_ERROR.
    const STATUS: &str = "exit 23";
    const MARK: &[u8] = b"The sector of the file";
    let folder = process::scratch_folder()?;
    let path = folder.path().join("image");
    let mut volume = system.clone();
    volume.add_file(TESTER, &tree.built(&format!("commands/{TESTER}"), "guest")?)?;
    let mut bytes = vec![7; 0x8000];
    bytes[0x4000..0x4000 + MARK.len()].copy_from_slice(MARK);
    volume.add_bytes("victim.bin", bytes)?;
    disk::create(&volume, disk::ROOM_FOR_TESTS, &path)?;
    let errors = errors(event, &path, MARK)?;
    let disk = Disk { path: &path, care: Care::Broken(&errors), place: 0 };
    let line = format!("{TESTER} {what}");
    let finished = boot_with(tree, Around::USUAL, Drive::Disk(disk), &[&line, PROGRAM])?;
    // Pages that cannot be written stay in memory: the frames of the file are in use, and the audit knows whose they are.
    let frames = if event == "write_aio" { Frames::Unwatched } else { Frames::Balanced };
    let verdict = ended_with(&finished, &line, STATUS, frames);
    Ok(verdict.and_then(|()| ended(&finished, PROGRAM, "exit 0")))
}

/// What tells `blkdebug` to fail `event` at the sector of the image that begins with `mark`.
pub(super) fn errors(event: &str, image: &Path, mark: &[u8]) -> Result<String> {
    let bytes = fs::read(image).map_err(Error::file("reading", image))?;
    let sector = bytes.chunks_exact(SECTOR).position(|sector| sector.starts_with(mark));
    let sector = sector.ok_or_else(|| Error::Malformed {
        path: image.to_owned(),
        problem: "the mark is not there, or does not begin a sector".into(),
    })?;
    Ok(format!("[inject-error]\nevent = \"{event}\"\nerrno = \"5\"\nsector = \"{sector}\"\n"))
}

const SECTOR: usize = 512;
