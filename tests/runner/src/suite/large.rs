//! A machine with 60 GB: what a program holds there, what the debugger counts, and what the emulator takes of the host.
//!
//! Instructions are counted, so that a minute in which nothing happens takes a moment.

use std::time::Instant;

use super::expectation::GuestTest;
use super::guest::with_log;
use super::judge::{self, Frames};
use super::{SuiteResult, Tally};
use crate::boot::{self, Drive, Finished, Input, Setup};
use crate::disk::{self, Care, Disk};
use crate::error::Result;
use crate::link::transcript::Passing;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;
use crate::process;

type Verdict = std::result::Result<(), String>;

const PROGRAM: &str = "high_memory.exe";
/// RAM in MB, and in pages.
const RAM: u32 = 60 << 10;
const PAGES: u32 = RAM << 8;
/// Pages that the firmware keeps of it, at most: a megabyte.
const FIRMWARE: u32 = 256;
/// Pages on the Zeroed list at most: what `zeromax=1024` says.
const ZEROED: u32 = 1024 << 8;
/// Bytes of the host's memory that the emulator may take.
const RESIDENT: u64 = 4 << 30;
/// Bytes of the file that the program reads.
const FILE_SIZE: u32 = 0x10_0000;

/// Boots it once and judges all of that.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, tally: &Tally) -> Result<()> {
    let began = Instant::now();
    let mut suite = SuiteResult::new("large");
    let mut listing = String::new();
    let finished = boot_large(tree, &mut listing)?;
    let test = GuestTest::parse(PROGRAM, "// expect: exit 0\n");
    let held = test.and_then(|test| judge::judge(&test, finished.transcript.job(PROGRAM), Frames::Balanced));
    let logged = |verdict: Verdict| verdict.map_err(|problem| with_log(&problem, &finished.log));
    suite.record("pages, page tables and a file above 4 GB", logged(held));
    suite.record("what the disk could not reach", logged(judge_transfers(&finished)));
    suite.record("what the debugger counts", judge_counts(&listing, &finished));
    suite.record("what the host gave after an idle minute", judge_resident(finished.most_resident));
    tally.add(suite, began.elapsed());
    Ok(())
}

fn boot_large(tree: &Tree, listing: &mut String) -> Result<Finished> {
    let folder = process::scratch_folder()?;
    let path = folder.path().join("image");
    let mut volume = tree.system_volume()?;
    volume.add_file(PROGRAM, &tree.built(&format!("commands/{PROGRAM}"), "guest")?)?;
    #[allow(clippy::cast_possible_truncation, reason = "bytes of a pattern")]
    volume.add_bytes("high.dat", (0..FILE_SIZE).map(|index| (index + index / 256 * 3) as u8).collect())?;
    disk::create(&volume, disk::ROOM_FOR_TESTS, &path)?;
    let options = MachineOptions { ram: RAM, icount: true, timeout: Some(120), ..MachineOptions::default() };
    let image = format!("C:\\{PROGRAM}");
    let job = Job { label: PROGRAM.into(), command_line: image.clone(), image, ..Job::default() };
    let setup = Setup {
        tree,
        options: &options,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: Drive::Disk(Disk { path: &path, care: Care::Fresh, place: 0 }),
        jobs: &[job],
        debugger: Some("!memusage"),
        words: &["test", "debug"],
    };
    boot::boot(&setup, Input::Bytes(Vec::new()), &mut |item| {
        if let Passing::Debugger(bytes) = item {
            listing.push_str(&String::from_utf8_lossy(&bytes));
        }
        Ok(())
    })
}

/// The number behind `label` at the beginning of a line of `text`.
pub(super) fn number(text: &str, label: &str) -> std::result::Result<u32, String> {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(label));
    let digits = line.map(|rest| rest.trim_start().split(|unit: char| !unit.is_ascii_digit()).next());
    digits
        .flatten()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| format!("no number behind {label:?} in\n{text}"))
}

/// The file's pages came through the bounce pages.
fn judge_transfers(finished: &Finished) -> Verdict {
    match number(&finished.log, "pieces of transfers above 4 GB:")? {
        0 => Err("nothing was read into a frame above 4 GB".into()),
        _ => Ok(()),
    }
}

/// The total is all RAM, and no more is zeroed than the runner asked for.
fn judge_counts(listing: &str, finished: &Finished) -> Verdict {
    let (total, zeroed) = (number(listing, "TOTAL:")?, number(listing, "Zeroed:")?);
    let known = number(&finished.log, "memory manager:")?;
    if total == known && (PAGES - FIRMWARE..PAGES).contains(&total) && (ZEROED - 64..=ZEROED).contains(&zeroed) {
        return Ok(());
    }
    Err(format!("total {total}, in the log {known}, of {PAGES}; zeroed {zeroed}\n{listing}"))
}

fn judge_resident(most: Option<u64>) -> Verdict {
    match most {
        Some(bytes) if bytes < RESIDENT => Ok(()),
        Some(bytes) => Err(format!("{} MB were resident", bytes >> 20)),
        None => Err("the host does not tell".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_behind_their_labels() {
        let text = "x\nmemory manager: 15728510 frames, 3 of them free\n              TOTAL: 15728510 (62914040 kb)\n";
        assert_eq!(number(text, "TOTAL:"), Ok(15_728_510));
        assert_eq!(number(text, "memory manager:"), Ok(15_728_510));
        assert!(number(text, "Zeroed:").is_err());
        assert!(judge_resident(Some(RESIDENT)).is_err() && judge_resident(None).is_err());
    }
}
