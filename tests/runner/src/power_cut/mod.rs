//! `power-cut`: whether what a program was told is flushed survives the power cord.
//!
//! A program writes numbered records through a view, and files, and says each number when its flush has returned. QEMU's
//! `blklogwrites` keeps every write and flush of the disk. Afterwards the disk is built as it may have been at many moments of
//! that run, each time with a random part of what had not been flushed, and looked at: all records are there whose flush had
//! returned, and `fsck.fat` finds nothing that an unclean FAT may not have. Besides, QEMU itself is killed some times.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;

use crate::boot::{self, Drive, Finished, Input, Setup};
use crate::disk::{self, Care, Disk};
use crate::error::{Error, Result};
use crate::link::transcript::Passing;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;
use crate::process;

pub mod check;
pub mod log;
pub mod replay;

use check::Promises;
use log::Entry;
use replay::{Random, Replay};

/// The program, of `tests/commands`.
const PROGRAM: &str = "records.exe";
/// Failures that are told in full.
const TOLD: usize = 5;

/// Options of `power-cut`.
#[derive(Args, Clone, Debug)]
pub struct PowerCutOptions {
    /// Moments at which the power goes
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub cuts: u32,
    /// Times that QEMU is killed
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub kills: u32,
    /// What the choices follow from [default: the time]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Moments and kills that were looked at.
    pub looked_at: u32,
    /// What was wrong, a line each at least.
    pub failures: Vec<String>,
    /// Writes and flushes of the run that was recorded.
    pub entries: usize,
    /// What the program was promised in it.
    pub promised: Promises,
    /// How often `fsck.fat` said what it may say.
    pub said: BTreeMap<String, u32>,
}

/// Runs it and prints what came of it; exit code 1 where something was lost.
///
/// # Errors
/// [`Error::Unbuilt`], [`Error::Tool`], or what stops the runner itself.
pub fn run(tree: &Tree, options: &PowerCutOptions) -> Result<u8> {
    let outcome = cut(tree, options)?;
    let Promises { records, files } = outcome.promised;
    println!("{} writes and flushes, {records} records and {files} files promised", outcome.entries);
    outcome.said.iter().for_each(|(what, count)| println!("fsck.fat, {count} times: {what}"));
    outcome.failures.iter().take(TOLD).for_each(|failure| println!("FAILED {failure}"));
    println!("{} looked at, {} failed", outcome.looked_at, outcome.failures.len());
    Ok(u8::from(!outcome.failures.is_empty()))
}

/// Records a run, looks at it at so many moments, and kills QEMU so many times.
///
/// # Errors
/// As [`run`].
pub fn cut(tree: &Tree, options: &PowerCutOptions) -> Result<Outcome> {
    process::require("fsck.fat", "dosfstools")?;
    let now = || SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_nanos() as u64);
    let seed = options.seed.unwrap_or_else(now);
    println!("power-cut --seed {seed}");
    let mut random = Random::new(seed);
    let folder = process::scratch_folder()?;
    let original = folder.path().join("original");
    let mut volume = tree.system_volume()?;
    volume.add_file(PROGRAM, &tree.built(&format!("commands/{PROGRAM}"), "guest")?)?;
    disk::create(&volume, disk::ROOM_FOR_TESTS, &original)?;
    let mut outcome = Outcome::default();
    if options.cuts > 0 {
        replay_run(tree, &original, folder.path(), options.cuts, &mut random, &mut outcome)?;
    }
    for number in 0..options.kills {
        let wanted = random.below(200) as u32 + 1;
        let verdict = kill(tree, &original, folder.path(), wanted, &mut outcome.said)?;
        outcome.looked_at += 1;
        outcome.failures.extend(verdict.err().map(|why| format!("kill {number}, after {wanted} promises: {why}")));
    }
    Ok(outcome)
}

/// What the program said it had been promised, and when: the length of the log then, in bytes.
type Told = Vec<(Promises, u64)>;

fn replay_run(
    tree: &Tree,
    original: &Path,
    folder: &Path,
    cuts: u32,
    random: &mut Random,
    outcome: &mut Outcome,
) -> Result<()> {
    let path = copy(original, &folder.join("recorded"))?;
    let log_path = folder.join("log");
    let (told, finished) =
        record(tree, Disk { path: &path, care: Care::Logged(&log_path), place: 0 }, &log_path, None)?;
    if let Some(problem) = finished.and_then(|finished| incomplete(&finished)) {
        return Err(Error::Tool { program: PROGRAM.into(), problem });
    }
    let log = fs::read(&log_path).map_err(Error::file("reading", &log_path))?;
    let entries = log::parse(&log).map_err(|problem| Error::Malformed { path: log_path.clone(), problem })?;
    outcome.entries = entries.len();
    outcome.promised = told.last().map(|(promises, _)| promises.clone()).unwrap_or_default();
    let (image, place) = volume_of(original, &folder.join("volume"))?;
    let mut replay = Replay::new(&image, place, &log, &entries);
    let mut moments: Vec<usize> = (0..cuts).map(|_| random.below(entries.len() as u64 + 1) as usize).collect();
    moments.sort_unstable();
    for moment in moments {
        replay.cut(moment, random).map_err(Error::host("replaying the log"))?;
        let promises = promised_at(&told, &entries, moment);
        let verdict = look_at(&folder.join("volume"), &promises, &mut outcome.said)?;
        outcome.looked_at += 1;
        outcome.failures.extend(verdict.err().map(|why| format!("after {moment} of {} entries: {why}", entries.len())));
    }
    Ok(())
}

/// What had been promised when so many entries were in the log.
fn promised_at(told: &Told, entries: &[Entry], moment: usize) -> Promises {
    let length = moment.checked_sub(1).and_then(|last| entries.get(last)).map_or(0, |entry| entry.end);
    told.iter().rev().find(|(_, at)| *at <= length).map(|(promises, _)| promises.clone()).unwrap_or_default()
}

/// Runs the program; with `until`, until it has been promised so many things, and then QEMU is killed.
fn record(tree: &Tree, disk: Disk<'_>, log: &Path, until: Option<u32>) -> Result<(Told, Option<Finished>)> {
    let options = MachineOptions { ram: 64, timeout: Some(300), ..MachineOptions::default() };
    let image = format!("C:\\{PROGRAM}");
    let job = Job { label: "records".into(), command_line: image.clone(), image, ..Job::default() };
    let setup = Setup {
        tree,
        options: &options,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: Drive::Disk(disk),
        jobs: &[job],
        debugger: None,
        words: &[],
    };
    let mut told: Told = Vec::new();
    let mut line = Vec::new();
    let mut killed = false;
    let finished = boot::boot(&setup, Input::Bytes(Vec::new()), &mut |item| {
        let Passing::Output(bytes) = item else { return Ok(()) };
        // Everything that the guest had done when it said so is in the log by now, and more may be.
        let length = fs::metadata(log).map_or(0, |metadata| metadata.len());
        for byte in bytes {
            match byte {
                b'\n' => {
                    told.extend(promise(told.last(), &std::mem::take(&mut line)).map(|promises| (promises, length)))
                }
                byte => line.push(byte),
            }
        }
        killed = until.is_some_and(|until| told.last().is_some_and(|(last, _)| last.records + last.files >= until));
        // Any error ends the boot, and with it QEMU.
        if killed { Err(Error::Interrupted) } else { Ok(()) }
    });
    match finished {
        Err(Error::Interrupted) if killed => Ok((told, None)),
        other => other.map(|finished| (told, Some(finished))),
    }
}

/// What is promised when the program has said `line`, `r NUMBER` or `f NUMBER`.
fn promise(before: Option<&(Promises, u64)>, line: &[u8]) -> Option<Promises> {
    let mut promises = before.map(|(promises, _)| promises.clone()).unwrap_or_default();
    let text = std::str::from_utf8(line).ok()?.trim();
    let (kind, number) = text.split_once(' ')?;
    let count = number.parse::<u32>().ok()?.checked_add(1)?;
    match kind {
        "r" => promises.records = count,
        "f" => promises.files = count,
        _ => return None,
    }
    Some(promises)
}

fn incomplete(finished: &Finished) -> Option<String> {
    let end = finished.transcript.job("records").and_then(|job| job.end.as_ref());
    match end {
        Some(end) if end.status == 0 && end.audit == "ok" => None,
        Some(end) => Some(format!("ended with {:08X}, audit {}: {}", end.status, end.audit, end.message)),
        None => Some(format!("did not end\n{}", process::last_lines(&finished.log, 20).join("\n"))),
    }
}

/// Kills QEMU when the program has been promised `wanted` things.
fn kill(
    tree: &Tree,
    original: &Path,
    folder: &Path,
    wanted: u32,
    said: &mut BTreeMap<String, u32>,
) -> Result<std::result::Result<(), String>> {
    let path = copy(original, &folder.join("killed"))?;
    let (told, _) = record(tree, Disk { path: &path, care: Care::Safe, place: 0 }, &path, Some(wanted))?;
    let Some((promises, _)) = told.last() else { return Ok(Err("the program was promised nothing".into())) };
    volume_of(&path, &folder.join("volume"))?;
    look_at(&folder.join("volume"), promises, said)
}

/// Whether the volume of the disk at `path` is whole and was closed; `folder` is for a copy of it.
///
/// # Errors
/// [`Error::Tool`] without `fsck.fat`, or what stops the runner itself.
pub fn whole(path: &Path, folder: &Path) -> Result<std::result::Result<(), String>> {
    process::require("fsck.fat", "dosfstools")?;
    let copy = folder.join("volume");
    volume_of(path, &copy)?;
    Ok(check::fsck(&copy)?.and_then(|said| match said.keys().find(|what| !what.starts_with("fsck.fat")) {
        None => Ok(()),
        Some(what) => Err(format!("fsck.fat: {what}")),
    }))
}

/// Looks at a volume.
fn look_at(
    path: &Path,
    promises: &Promises,
    said: &mut BTreeMap<String, u32>,
) -> Result<std::result::Result<(), String>> {
    let file = File::open(path).map_err(Error::file("opening", path))?;
    let kept = check::promises(ReadOnly(file), promises);
    match check::fsck(path)? {
        Ok(lines) => lines.into_iter().for_each(|(what, count)| *said.entry(what).or_insert(0) += count),
        Err(problem) => return Ok(kept.and(Err(problem))),
    }
    Ok(kept)
}

fn copy(from: &Path, to: &Path) -> Result<PathBuf> {
    fs::copy(from, to).map_err(Error::file("copying", from))?;
    Ok(to.to_owned())
}

/// Copies the volume of the disk at `path` to `target`; the copy, and where on the disk it is.
fn volume_of(path: &Path, target: &Path) -> Result<(File, (u64, u64))> {
    let mut slice = disk::open(path)?;
    let place = slice.place();
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(target);
    let mut file = opened.map_err(Error::file("creating", target))?;
    let copied = io::copy(&mut slice, &mut file).map_err(Error::file("copying", path))?;
    debug_assert!(copied == place.1, "the whole volume");
    Ok((file, place))
}

/// A file that takes writes and forgets them: `fatfs` wants to be able to write.
struct ReadOnly(File);

impl Read for ReadOnly {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for ReadOnly {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::Current(from.len() as i64))?;
        Ok(from.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for ReadOnly {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// A whole run as a test in `make test` has it: few cuts, few kills.
///
/// # Errors
/// As [`run`].
pub fn short(tree: &Tree) -> Result<std::result::Result<(), String>> {
    let outcome = cut(tree, &PowerCutOptions { cuts: 60, kills: 2, seed: None })?;
    match outcome.failures.first() {
        None if outcome.promised.records > 0 && outcome.promised.files > 0 => Ok(Ok(())),
        None => Ok(Err("the program was promised nothing".into())),
        Some(first) => Ok(Err(format!("{} of {}: {first}", outcome.failures.len(), outcome.looked_at))),
    }
}

#[cfg(test)]
mod tests;
