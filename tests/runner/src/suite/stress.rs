//! More memory than there is: programs that fill several times the RAM with patterns, in private memory and in views of files, and check every byte of it
//! while a paging file and the files take what does not fit.

use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use super::expectation::GuestTest;
use super::guest::with_log;
use super::judge::{self, Frames};
use super::{SuiteResult, Tally, TestOptions};
use crate::boot::{self, Drive, Finished, Input, Setup};
use crate::disk::{self, Care, Disk};
use crate::error::Result;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;
use crate::process;

/// The program, of `tests/commands`.
const PROGRAM: &str = "paging_stress.exe";
/// Megabytes of the machine, of its paging file, and of free space on its disk.
const RAM: u32 = 32;
const PAGING_FILE: u32 = 512;
const ROOM: u64 = 1100;
/// Seconds that the machine has beyond those of the programs: filling memory and the last look at every byte take a minute, on a busy host
/// several.
const PATIENCE: u64 = 600;

/// How much is done.
struct Length {
    processes: u32,
    /// Of each process.
    megabytes: u32,
    seconds: u64,
}

/// Runs both kinds: for a few seconds, or for as many minutes of the guest's time as `options` says.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, options: &TestOptions, tally: &Tally) -> Result<()> {
    let began = Instant::now();
    let mut suite = SuiteResult::new("stress");
    let length = match options.minutes {
        0 => Length { processes: 4, megabytes: 16, seconds: 6 },
        minutes => Length { processes: 8, megabytes: 24, seconds: minutes * 60 },
    };
    let kinds = [("memory", "private memory"), ("views", "views of files")];
    // A machine keeps one processor busy: both at a time.
    let verdicts = thread::scope(|scope| {
        let chosen = kinds.into_iter().filter(|(_, name)| name.contains(&options.name));
        let threads: Vec<_> = chosen.map(|(kind, name)| (name, scope.spawn(|| stress(tree, kind, &length)))).collect();
        let verdict =
            |thread: thread::ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        threads.into_iter().map(|(name, thread)| (name, verdict(thread))).collect::<Vec<_>>()
    });
    for (name, verdict) in verdicts {
        suite.record(name, verdict?);
    }
    tally.add(suite, began.elapsed());
    Ok(())
}

fn stress(tree: &Tree, kind: &str, length: &Length) -> Result<std::result::Result<(), String>> {
    let folder = process::scratch_folder()?;
    let path = folder.path().join("image");
    let mut volume = tree.system_volume()?;
    volume.add_file(PROGRAM, &tree.built(&format!("commands/{PROGRAM}"), "guest")?)?;
    disk::create(&volume, ROOM, &path)?;
    let options = MachineOptions { ram: RAM, timeout: Some(length.seconds + PATIENCE), ..MachineOptions::default() };
    let Length { processes, megabytes, seconds } = length;
    let command_line = format!("C:\\{PROGRAM} {kind} {processes} {megabytes} {seconds}");
    let job = Job { label: PROGRAM.to_owned(), image: format!("C:\\{PROGRAM}"), command_line, ..Job::default() };
    let paging_file = format!("pagefile={PAGING_FILE}");
    let setup = Setup {
        tree,
        options: &options,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: Drive::Disk(Disk { path: &path, care: Care::Unsafe, place: 0 }),
        jobs: &[job],
        words: &["test", &paging_file],
        debugger: None,
    };
    Ok(judge_run(&boot::boot(&setup, Input::Bytes(Vec::new()), &mut |_| Ok(()))?, length))
}

/// Every process says that its bytes were right, the program ends with 0, and the audit after it is clean.
fn judge_run(finished: &Finished, length: &Length) -> std::result::Result<(), String> {
    let job = finished.transcript.job(PROGRAM);
    let test = GuestTest::parse(PROGRAM, "// expect: exit 0\n")?;
    judge::judge(&test, job, Frames::Unwatched).map_err(|problem| with_log(&problem, &finished.log))?;
    let output = job.map(|job| String::from_utf8_lossy(&job.output).into_owned()).unwrap_or_default();
    let right = output.lines().filter(|line| line.starts_with("right: ")).count();
    if right == length.processes as usize { Ok(()) } else { Err(format!("{right} processes were right:\n{output}")) }
}
