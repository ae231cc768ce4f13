//! The guest suite: the programs of `tests/guest` and `tests/crt`, all of them in one boot of each machine.
//!
//! A test with standard input has a boot of its own, because the link's input is one stream. A test with a
//! program beside it is not asked for balanced frames, and neither is that program.

use std::fs;
use std::time::{Duration, Instant};

use super::bochs;
use super::expectation::{Expected, GuestTest};
use super::judge::{self, Frames};
use super::machines::{BOCHS, Home, MACHINES, TestMachine, WITHOUT_SERIAL};
use super::{SuiteResult, Tally, TestOptions, rows};
use crate::boot::{self, Drive, Ending, Finished, Input, STATUS_BAD, STATUS_GOOD, Setup};
use crate::disk::{self, Care, Disk};
use crate::error::{Error, Result};
use crate::link::Bugcheck;
use crate::machine::{SerialPorts, names};
use crate::paths::Tree;
use crate::plan::{Job, Order};
use crate::process;
use crate::volume::Volume;

/// Lines of the kernel log shown with a boot that failed.
const LOG_LINES: usize = 25;

/// Runs the guest tests on every machine that was asked for.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, options: &TestOptions, tally: &Tally) -> Result<()> {
    let all = read_tests(tree)?;
    let volume = volume_with(tree)?;
    let chosen = chosen(&all, options);
    for machine in MACHINES.iter().filter(|machine| machine.name.contains(&options.machine)) {
        let (suite, elapsed) = timed(|| run_on(tree, machine, &volume, &chosen))?;
        tally.add(suite, elapsed);
    }
    if WITHOUT_SERIAL.name.contains(&options.machine) {
        let (suite, elapsed) = timed(|| run_without_serial(tree, &volume, &chosen))?;
        tally.add(suite, elapsed);
    }
    Ok(())
}

/// Runs them under Bochs, which takes as long as all the others together.
///
/// # Errors
/// What stops the runner itself.
pub fn run_bochs(tree: &Tree, options: &TestOptions, tally: &Tally) -> Result<()> {
    if !BOCHS.name.contains(&options.machine) {
        return Ok(());
    }
    let (all, volume) = (read_tests(tree)?, volume_with(tree)?);
    let (suite, elapsed) = timed(|| bochs::run(tree, &volume, &chosen(&all, options)))?;
    tally.add(suite, elapsed);
    Ok(())
}

fn chosen<'a>(all: &'a [GuestTest], options: &TestOptions) -> Vec<&'a GuestTest> {
    all.iter().filter(|test| test.name.contains(&options.name)).collect()
}

/// What `run` found, and how long it took.
fn timed(run: impl FnOnce() -> Result<SuiteResult>) -> Result<(SuiteResult, Duration)> {
    let began = Instant::now();
    Ok((run()?, began.elapsed()))
}

/// The folders of the tests' sources, and those of `out/` where the programs are: without the C library, and with it.
const FOLDERS: [(&str, &str); 2] = [("tests/guest", "guest"), ("tests/crt", "crt")];

/// Reads every test's head.
pub(super) fn read_tests(tree: &Tree) -> Result<Vec<GuestTest>> {
    let mut tests = Vec::new();
    for (folder, built) in FOLDERS {
        read_folder(tree, folder, built, &mut tests)?;
    }
    tests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tests)
}

fn read_folder(tree: &Tree, folder: &str, built: &str, tests: &mut Vec<GuestTest>) -> Result<()> {
    let folder = tree.file(folder);
    for entry in fs::read_dir(&folder).map_err(Error::file("reading", &folder))? {
        let path = entry.map_err(Error::file("reading", &folder))?.path();
        if path.extension().is_none_or(|extension| extension != "c" && extension != "cpp") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let source = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
        let test = GuestTest::parse(&name, &source);
        tests.push(test.map_err(|problem| Error::Malformed { path, problem })?);
        tree.built(&format!("{built}/{name}.exe"), "guest")?;
    }
    Ok(())
}

/// Drive C: with the system and everything built from the tests' folders.
pub(super) fn volume_with(tree: &Tree) -> Result<Volume> {
    let mut volume = tree.system_volume()?;
    for (_, built) in FOLDERS {
        volume.add_folder("", &tree.out(built))?;
    }
    // For the tests of where DLLs are looked for: in no folder of the search but by the current directory or the PATH.
    volume.add_file("elsewhere/placed.exe", &tree.built("guest/library_twin.exe", "guest")?)?;
    Ok(volume)
}

/// The jobs of a test: what runs beside it first, then itself.
#[must_use]
pub fn jobs(test: &GuestTest) -> Vec<Job> {
    let job = |name: &str, label: String, arguments: &str| Job {
        label,
        image: format!("C:\\{name}.exe"),
        command_line: format!("C:\\{name}.exe {arguments}").trim_end().to_owned(),
        ..Job::default()
    };
    let beside = test
        .beside
        .as_ref()
        .map(|other| Job { order: Order::Background, ..job(other, format!("{}:beside", test.name), "") });
    let environment = test.environment.clone();
    let own = Job { environment, ..job(&test.name, test.name.clone(), &test.arguments) };
    beside.into_iter().chain([own]).collect()
}

/// How the frames of a test are to be judged, given the test that ran before it.
#[must_use]
pub fn frames(test: &GuestTest) -> Frames {
    if test.beside.is_some() { Frames::Unwatched } else { Frames::Balanced }
}

/// Whether a test can share a boot: it is one, and it has no input.
#[must_use]
pub fn shares_a_boot(test: &GuestTest) -> bool {
    test.expected.is_some() && test.input.is_none()
}

fn run_on(tree: &Tree, machine: &TestMachine, volume: &Volume, tests: &[&GuestTest]) -> Result<SuiteResult> {
    let mut suite = SuiteResult::new(format!("guest {}", machine.name));
    let folder = process::scratch_folder()?;
    let path = folder.path().join(names::DISK);
    let drive = match machine.home {
        Home::Module => Drive::Volume(volume),
        Home::Disk => {
            disk::create(volume, disk::ROOM_FOR_TESTS, &path)?;
            Drive::Disk(Disk { path: &path, care: Care::Fresh, place: 0 })
        }
    };
    let suited = tests.iter().copied().filter(|test| machine.suits(test));
    let (together, alone): (Vec<&GuestTest>, Vec<&GuestTest>) =
        suited.filter(|test| test.expected.is_some()).partition(|test| shares_a_boot(test));
    if !together.is_empty() {
        let finished = boot_with(tree, machine, drive, &together)?;
        judge_boot(&mut suite, &together, &finished);
        if machine.home == Home::Disk && together.iter().any(|test| test.name == "pages_together") {
            suite.record("pages that several waited for", judge_collisions(&finished));
        }
    }
    for test in alone {
        judge_boot(&mut suite, &[test], &boot_with(tree, machine, drive, &[test])?);
    }
    Ok(suite)
}

fn boot_with(tree: &Tree, machine: &TestMachine, drive: Drive<'_>, tests: &[&GuestTest]) -> Result<Finished> {
    let jobs: Vec<Job> = tests.iter().flat_map(|test| jobs(test)).collect();
    let input = tests.iter().filter_map(|test| test.input.as_ref()).cloned().collect::<String>();
    let options = machine.options();
    let setup = Setup {
        tree,
        options: &options,
        medium: machine.medium,
        serial: SerialPorts::Linked,
        drive,
        jobs: &jobs,
        debugger: None,
        words: &["test"],
    };
    boot::boot(&setup, Input::Bytes(input.into_bytes()), &mut |_| Ok(()))
}

/// On a disk page faults have to have waited for another thread's read of the page.
fn judge_collisions(finished: &Finished) -> std::result::Result<(), String> {
    const LINE: &str = "page faults that waited for another's read: ";
    let count = finished.log.lines().find_map(|line| line.strip_prefix(LINE));
    match count.and_then(|count| count.trim().parse::<u32>().ok()) {
        Some(1..) => Ok(()),
        _ => Err(with_log("no page fault waited for another's read", &finished.log)),
    }
}

/// Records the tests of one boot, and the boot itself as one more test.
pub fn judge_boot(suite: &mut SuiteResult, tests: &[&GuestTest], finished: &Finished) {
    for test in tests {
        let record = finished.transcript.job(&test.name);
        let verdict = judge::judge(test, record, frames(test));
        if verdict.is_ok() {
            suite.rows += record.map_or(0, |record| rows::count_all(&record.output));
        }
        suite.record(&test.name, verdict);
    }
    suite.record("the boot", judge_ending(finished));
}

/// The machine has to work off its plan and end by itself.
///
/// # Errors
/// What it did instead, with the end of the kernel log.
pub(super) fn judge_ending(finished: &Finished) -> Result<(), String> {
    let problem = match (&finished.transcript.bugcheck, finished.ending) {
        (Some(Bugcheck { code, detail, .. }), _) => format!("bugcheck {code:08X} ({detail})"),
        (None, Ending::TimedOut) => "the time was up".to_owned(),
        (None, Ending::Status(status)) if !finished.transcript.done => {
            format!("the machine ended before its plan did (status {status:?})")
        }
        (None, Ending::Status(_)) => return Ok(()),
    };
    Err(with_log(&problem, &finished.log))
}

/// A problem with the end of the kernel log below it.
#[must_use]
pub fn with_log(problem: &str, log: &str) -> String {
    let mut lines = vec![problem];
    lines.extend(process::last_lines(log, LOG_LINES));
    lines.join("\n")
}

/// Without serial ports, the guest judges itself: 10h when every job ended with status 0 and a clean audit, 11h
/// otherwise. Both answers are asked for.
fn run_without_serial(tree: &Tree, volume: &Volume, tests: &[&GuestTest]) -> Result<SuiteResult> {
    let mut suite = SuiteResult::new(format!("guest {}", WITHOUT_SERIAL.name));
    let ends_with_zero =
        |test: &&GuestTest| shares_a_boot(test) && test.expected == Some(Expected::Exit(0)) && test.beside.is_none();
    let suited = || tests.iter().copied().filter(|test| WITHOUT_SERIAL.suits(test));
    let good: Vec<&GuestTest> = suited().filter(ends_with_zero).collect();
    let bad = suited().find(|test| shares_a_boot(test) && matches!(test.expected, Some(Expected::Exception { .. })));
    let bad: Vec<&GuestTest> = good.iter().copied().take(1).chain(bad).collect();
    for (name, tests, status) in [("all good", good, STATUS_GOOD), ("one ended by an exception", bad, STATUS_BAD)] {
        if tests.is_empty() {
            continue;
        }
        let jobs: Vec<Job> = tests.iter().flat_map(|test| jobs(test)).collect();
        let options = WITHOUT_SERIAL.options();
        let setup = Setup {
            tree,
            options: &options,
            medium: WITHOUT_SERIAL.medium,
            serial: SerialPorts::Absent,
            drive: Drive::Volume(volume),
            jobs: &jobs,
            debugger: None,
            words: &["test"],
        };
        let finished = boot::boot(&setup, Input::Bytes(Vec::new()), &mut |_| Ok(()))?;
        let verdict = match finished.ending {
            Ending::Status(Some(found)) if found == status => Ok(()),
            other => Err(format!("expected exit status {status}, got {other:?}")),
        };
        suite.record(name, verdict);
    }
    Ok(suite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_beside_a_test_starts_first_and_is_not_waited_for() {
        let test = GuestTest::parse("a", "// expect: exit 0\n// args: 1 2\n// beside: spin\n").unwrap();
        let jobs = jobs(&test);
        assert_eq!(jobs[0].image, "C:\\spin.exe");
        assert_eq!(jobs[0].order, Order::Background);
        assert_eq!((jobs[1].label.as_str(), jobs[1].command_line.as_str()), ("a", "C:\\a.exe 1 2"));
        assert_eq!(frames(&test), Frames::Unwatched);
    }
}
