//! Paging files on disks: made, found again, grown, one beside another, without room, and where a sector of one fails.

use super::SuiteResult;
use super::disks::{Around, PROGRAM, Verdict, boot_with, ended, ended_with, errors};
use super::guest::with_log;
use super::judge::Frames;
use crate::boot::Drive;
use crate::disk::{self, Care, Disk};
use crate::error::Result;
use crate::paths::Tree;
use crate::power_cut;
use crate::process;
use crate::volume::Volume;

/// The program that uses more memory than there is, and checks every byte of it.
const STRESS: &str = "paging_stress.exe";
/// A machine that has not enough.
const SMALL: Around<'_> = Around { ram: 32, ..Around::USUAL };

/// Runs those whose name contains `name`.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, volume: &Volume, name: &str, suite: &mut SuiteResult) -> Result<()> {
    type Case = fn(&Tree, &Volume) -> Result<Verdict>;
    let cases: [(&str, Case); 6] = [
        ("paging files, and again after a restart", paging_files),
        ("a paging file for which there is no room", no_room_for_paging),
        ("a paging file that grows while pages go to it", |tree, volume| {
            stress(tree, volume, &["test", "pagefile=1-48"])
        }),
        ("two paging files at a time", |tree, volume| {
            stress(tree, volume, &["test", "pagefile=18", "pagefile=C:\\two.sys,8-24"])
        }),
        ("a sector of a paging file that cannot be written", |tree, volume| broken(tree, volume, "write", 0)),
        ("a sector of a paging file that cannot be read", |tree, volume| broken(tree, volume, "read", 1)),
    ];
    for (case, judge) in cases.iter().filter(|(case, _)| case.contains(name)) {
        suite.record(case, judge(tree, volume)?);
    }
    Ok(())
}

/// The volume with the program that needs too much.
fn with_stress(tree: &Tree, system: &Volume) -> Result<Volume> {
    let mut volume = system.clone();
    volume.add_file(STRESS, &tree.built(&format!("commands/{STRESS}"), "guest")?)?;
    Ok(volume)
}

/// Two processes need more than there is of RAM, and get it.
fn stress(tree: &Tree, system: &Volume, words: &[&str]) -> Result<Verdict> {
    let folder = process::scratch_folder()?;
    let path = folder.path().join("image");
    disk::create(&with_stress(tree, system)?, disk::ROOM_FOR_TESTS, &path)?;
    let disk = Disk { path: &path, care: Care::Unsafe, place: 0 };
    let line = format!("{STRESS} memory 2 24 4");
    let finished = boot_with(tree, Around { words, ..SMALL }, Drive::Disk(disk), &[&line, PROGRAM])?;
    let verdict =
        ended_with(&finished, &line, "exit 0", Frames::Unwatched).and_then(|()| ended(&finished, PROGRAM, "exit 0"));
    Ok(verdict.and(power_cut::whole(&path, folder.path())?))
}

/// QEMU fails to `read` or to `write` one sector of the paging file, which is on the disk already: what cannot be written goes to another place,
/// what cannot be read ends the process that needs it, and no other.
fn broken(tree: &Tree, system: &Volume, what: &str, processes_lost: u32) -> Result<Verdict> {
    const MEGABYTES: usize = 40;
    const MARK: &[u8] = b"A page without luck";
    /// The page of it with that sector: one of the first that are used.
    const PAGE: usize = 0x1000 * 40;
    let folder = process::scratch_folder()?;
    let path = folder.path().join("image");
    let mut volume = with_stress(tree, system)?;
    let mut bytes = vec![0; MEGABYTES << 20];
    bytes[PAGE..PAGE + MARK.len()].copy_from_slice(MARK);
    volume.add_bytes("pagefile.sys", bytes)?;
    disk::create(&volume, disk::ROOM_FOR_TESTS, &path)?;
    let errors = format!("{}iotype = \"{what}\"\n", errors(&format!("{what}_aio"), &path, MARK)?);
    let disk = Disk { path: &path, care: Care::Broken(&errors), place: 0 };
    let line = format!("{STRESS} memory 1 40 6");
    let word = format!("pagefile={MEGABYTES}");
    let finished = boot_with(tree, Around { words: &["test", &word], ..SMALL }, Drive::Disk(disk), &[&line, PROGRAM])?;
    let verdict = ended_with(&finished, &line, &format!("exit {processes_lost}"), Frames::Unwatched);
    Ok(verdict.and_then(|()| ended(&finished, PROGRAM, "exit 0")))
}

/// A disk on which the system makes a paging file, uses it, and finds it when it starts again; others that programs made are files then.
fn paging_files(tree: &Tree, system: &Volume) -> Result<Verdict> {
    const TESTER: &str = "paging_files.exe";
    let folder = process::scratch_folder()?;
    let path = folder.path().join("image");
    let mut volume = system.clone();
    volume.add_file(TESTER, &tree.built(&format!("commands/{TESTER}"), "guest")?)?;
    disk::create(&volume, disk::ROOM_FOR_TESTS, &path)?;
    let rows = [
        ("first", "pagefile=8-12", "paging file 0: C:\\pagefile.sys, 8 MB, up to 12"),
        ("second", "pagefile=4", "paging file 0: C:\\pagefile.sys, 4 MB, up to 4"),
    ];
    for (argument, word, said) in rows {
        let disk = Disk { path: &path, care: Care::Unsafe, place: 0 };
        let line = format!("{TESTER} {argument}");
        let finished =
            boot_with(tree, Around { words: &["test", word], ..Around::USUAL }, Drive::Disk(disk), &[&line, PROGRAM])?;
        if !finished.log.contains(said) {
            return Ok(Err(with_log(&format!("no line on COM1 mentions {said:?}"), &finished.log)));
        }
        // Who makes a paging file leaves it.
        let verdict = ended_with(&finished, &line, "exit 0", Frames::Unwatched);
        if let Err(problem) = verdict.and_then(|()| ended(&finished, PROGRAM, "exit 0")) {
            return Ok(Err(format!("{argument}: {problem}")));
        }
        if let Err(problem) = power_cut::whole(&path, folder.path())? {
            return Ok(Err(format!("after {argument}: {problem}")));
        }
    }
    Ok(Ok(()))
}

/// A disk that is smaller than the paging file that is asked for: there is none, and the system runs.
fn no_room_for_paging(tree: &Tree, volume: &Volume) -> Result<Verdict> {
    let folder = process::scratch_folder()?;
    let path = folder.path().join("image");
    disk::create(volume, disk::ROOM_FOR_TESTS, &path)?;
    let disk = Disk { path: &path, care: Care::Fresh, place: 0 };
    let finished =
        boot_with(tree, Around { words: &["test", "pagefile=4000"], ..Around::USUAL }, Drive::Disk(disk), &[PROGRAM])?;
    let said = "there is no paging file C:\\pagefile.sys: C000007F STATUS_DISK_FULL";
    if !finished.log.contains(said) {
        return Ok(Err(with_log(&format!("no line on COM1 mentions {said:?}"), &finished.log)));
    }
    // What the attempt needed comes free while the program runs.
    Ok(ended_with(&finished, PROGRAM, "exit 0", Frames::Unwatched))
}
