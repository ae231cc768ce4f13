//! The guest tests under Bochs, which checks what QEMU does not model (reserved bits, task switches, cache and
//! control-register rules) and stops on a triple fault.
//!
//! Bochs writes COM1 and COM3 to files, so the link is read after the end instead of while it runs. It cannot
//! be given input. Its exit status says nothing; its log says whether the guest asked for the shutdown.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::SuiteResult;
use super::expectation::GuestTest;
use super::guest::{self, judge_boot, shares_a_boot};
use super::machines::BOCHS;
use crate::boot::{Ending, Finished};
use crate::disk;
use crate::error::{Error, Result};
use crate::iso;
use crate::link::Transcript;
use crate::machine::names;
use crate::paths::Tree;
use crate::plan::{self, Job};
use crate::process::{self, Process, Streams, Waited};
use crate::volume::Volume;

/// How long Bochs may take.
const PATIENCE: Duration = Duration::from_mins(15);
/// What Bochs logs when the guest writes `Shutdown` to its port 8900h.
const SHUTDOWN: &str = "Shutdown port";
/// Where the bytes of the link end up.
const LINK: &str = "com3.link";

/// Runs the guest tests under Bochs.
///
/// # Errors
/// [`Error::Tool`] when Bochs is not installed, and what stops the runner itself.
pub fn run(tree: &Tree, volume: &Volume, tests: &[&GuestTest]) -> Result<SuiteResult> {
    process::require("bochs", "bochs")?;
    let mut suite = SuiteResult::new(format!("guest {}", BOCHS.name));
    let tests: Vec<&GuestTest> =
        tests.iter().copied().filter(|test| shares_a_boot(test) && BOCHS.suits(test) && !test.is_long).collect();
    if tests.is_empty() {
        // Without a plan the machine would wait for a user.
        return Ok(suite);
    }
    let jobs: Vec<Job> = tests.iter().flat_map(|test| guest::jobs(test)).collect();
    let folder = process::scratch_folder()?;
    lay_out(tree, volume, &jobs, folder.path())?;
    let began = Instant::now();
    let arguments = ["-q", "-f", "bochsrc", "-rc", "commands"].map(str::to_owned);
    let streams = Streams::Logged(names::EMULATOR_LOG);
    let mut emulator = Process::start("bochs", &arguments, folder.path(), streams)?;
    let ending = match emulator.wait(Some(began + PATIENCE))? {
        Waited::Ended(status) => Ending::Status(status.code()),
        Waited::TimedOut => Ending::TimedOut,
    };
    drop(emulator);
    let finished = collect(folder.path(), ending, began)?;
    judge_boot(&mut suite, &tests, &finished);
    let log = process::read_log(&folder.path().join("bochs.log"));
    suite.record("the shutdown", judge_shutdown(&log));
    Ok(suite)
}

fn lay_out(tree: &Tree, volume: &Volume, jobs: &[Job], folder: &Path) -> Result<()> {
    let plan_path = folder.join(names::PLAN);
    fs::write(&plan_path, plan::encode(jobs)?).map_err(Error::file("writing", &plan_path))?;
    disk::create(volume, disk::ROOM_FOR_TESTS, &folder.join(names::DISK))?;
    let modules = [(names::PLAN, plan_path)];
    let words = "link=com3 poweroff=bochs test";
    iso::build(tree, &tree.kernel()?, &modules, words, &folder.join(names::DISC))?;
    // The debugger is compiled into Debian's Bochs and waits for a command: continue.
    for (name, text) in [("commands", "c\n"), ("bochsrc", &configuration())] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(Error::file("writing", &path))?;
    }
    Ok(())
}

fn configuration() -> String {
    let mut text = String::from(
        "plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, serial=1, iodebug=1\n\
         config_interface: textconfig\n\
         display_library: rfb, options=\"timeout=0\"\n\
         romimage: file=/usr/share/bochs/BIOS-bochs-latest\n\
         vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest\n\
         ata0: enabled=1\n\
         boot: cdrom\n\
         log: bochs.log\n\
         panic: action=fatal\n\
         clock: sync=none, time0=1104537600\n",
    );
    let lines = [
        format!("memory: guest={0}, host={0}", BOCHS.ram),
        format!("cpu: model={}, ips=200000000, reset_on_triple_fault=0", BOCHS.cpu),
        format!("ata0-slave: type=disk, mode=flat, path=\"{}\"", names::DISK),
        format!("ata0-master: type=cdrom, path=\"{}\", status=inserted", names::DISC),
        format!("com1: enabled=1, mode=file, dev={}", names::KERNEL_LOG),
        format!("com3: enabled=1, mode=file, dev={LINK}"),
    ];
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    }
    text
}

fn collect(folder: &Path, ending: Ending, began: Instant) -> Result<Finished> {
    let mut transcript = Transcript::default();
    let bytes = fs::read(folder.join(LINK)).unwrap_or_default();
    transcript.push(&bytes)?;
    Ok(Finished {
        transcript,
        log: process::read_log(&folder.join(names::KERNEL_LOG)),
        emulator_log: process::read_log(&folder.join(names::EMULATOR_LOG)),
        ending,
        elapsed: began.elapsed(),
        most_resident: None,
    })
}

fn judge_shutdown(log: &str) -> std::result::Result<(), String> {
    if log.contains(SHUTDOWN) {
        return Ok(());
    }
    Err(guest::with_log("the guest did not switch the machine off", log))
}
