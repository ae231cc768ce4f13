//! RAM that is not to be used: what the command line leaves out, frames that are bad from the start, and frames that a test or the
//! debugger finds bad.

use std::time::Instant;

use super::SuiteResult;
use super::Tally;
use super::expectation::GuestTest;
use super::guest::with_log;
use super::judge::{self, Frames};
use super::large::number;
use crate::boot::{self, Drive, Finished, Input, Setup};
use crate::error::Result;
use crate::link::transcript::Passing;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;

type Verdict = std::result::Result<(), String>;

/// One boot.
struct Case {
    name: &'static str,
    ram: u32,
    /// Whether 4 MB of it cannot be written.
    dead: bool,
    words: &'static [&'static str],
    program: &'static str,
    debugger: &'static str,
    /// Lines that the kernel writes.
    log: &'static [&'static str],
    /// Lines that the debugger prints, and how many of each.
    listing: &'static [(&'static str, usize)],
    /// Frames of RAM, and frames on the Bad list, as the debugger counts them.
    frames: u32,
    bad: u32,
}

/// Frames of a machine of 64 MB.
const OF_64_MB: u32 = 0x4000 - BELOW_1_MB - AT_THE_END;
/// Frames that are not RAM below 1 MB: the first, and what lies between that of the firmware and 1 MB.
const BELOW_1_MB: u32 = 1 + 0x61;
/// Frames that the firmware keeps at the end.
const AT_THE_END: u32 = 0x20;

const USUAL: Case = Case {
    name: "",
    ram: 64,
    dead: false,
    words: &[],
    program: "block_moves.exe",
    debugger: "!memusage",
    log: &[],
    listing: &[],
    frames: OF_64_MB,
    bad: 0,
};

const CASES: [Case; 6] = [
    Case {
        name: "maxmem",
        ram: 512,
        words: &["maxmem=64"],
        log: &["447 MB of RAM are left alone: maxmem"],
        frames: OF_64_MB + AT_THE_END,
        ..USUAL
    },
    Case {
        name: "client4gb",
        ram: 6144,
        words: &["client4gb"],
        log: &["3072 MB of RAM above 4 GB are left out, as in Windows XP: client4gb"],
        frames: 0xC_0000 - BELOW_1_MB - AT_THE_END,
        ..USUAL
    },
    Case {
        name: "badpages",
        words: &["badpages=2000-20ff,1f3a,200,10,a0"],
        log: &[
            "bad: frames 2000 to 20ff, 256 of RAM, 0 of them in use and kept",
            "bad: frames 200 to 200, 1 of RAM, 1 of them in use",
        ],
        // Frame 200 is the kernel's, and A0 no RAM.
        bad: 0x100 + 2,
        ..USUAL
    },
    Case { name: "memtest of sound memory", words: &["memtest"], log: &["memtest: "], ..USUAL },
    Case {
        name: "memtest of memory that is not",
        dead: true,
        words: &["memtest"],
        log: &["bad: frames 2000 to 23ff, 1024 of RAM, 0 of them in use and kept"],
        bad: 0x400,
        ..USUAL
    },
    Case {
        name: "badpage",
        words: &["debug"],
        program: "retire_page.exe",
        debugger: "!badpage @ebx;!verify;!memusage",
        listing: &[("is on the Bad list", 2), ("The audit is clean", 2)],
        bad: 1,
        ..USUAL
    },
];

/// Boots all of them.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, tally: &Tally) -> Result<()> {
    let began = Instant::now();
    let mut suite = SuiteResult::new("ram");
    for case in &CASES {
        let mut listing = String::new();
        let finished = boot_case(tree, case, &mut listing)?;
        let verdict = judge(case, &finished, &listing);
        suite.record(case.name, verdict.map_err(|problem| with_log(&format!("{problem}\n{listing}"), &finished.log)));
    }
    tally.add(suite, began.elapsed());
    Ok(())
}

fn boot_case(tree: &Tree, case: &Case, listing: &mut String) -> Result<Finished> {
    let mut volume = tree.system_volume()?;
    let folder = if case.program == USUAL.program { "guest" } else { "commands" };
    volume.add_file(case.program, &tree.built(&format!("{folder}/{}", case.program), "guest")?)?;
    let options = MachineOptions { ram: case.ram, dead: case.dead, timeout: Some(60), ..MachineOptions::default() };
    let image = format!("C:\\{}", case.program);
    let job = Job { label: case.program.into(), command_line: image.clone(), image, ..Job::default() };
    let setup = Setup {
        tree,
        options: &options,
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: Drive::Volume(&volume),
        jobs: &[job],
        debugger: Some(case.debugger),
        words: case.words,
    };
    boot::boot(&setup, Input::Bytes(Vec::new()), &mut |item| {
        if let Passing::Debugger(bytes) = item {
            listing.push_str(&String::from_utf8_lossy(&bytes));
        }
        Ok(())
    })
}

fn judge(case: &Case, finished: &Finished, listing: &str) -> Verdict {
    if let Some(absent) = case.log.iter().find(|line| !finished.log.contains(**line)) {
        return Err(format!("no line of the log has {absent:?}"));
    }
    if let Some((line, count)) = case.listing.iter().find(|(line, count)| listing.matches(line).count() != *count) {
        return Err(format!("the debugger does not say {line:?} {count} times"));
    }
    let (frames, bad) = (number(listing, "TOTAL:")?, number(listing, "Bad:")?);
    if (frames, bad) != (case.frames, case.bad) {
        return Err(format!("{frames} frames, {bad} of them bad, and not {} and {}", case.frames, case.bad));
    }
    let test = GuestTest::parse(case.program, "// expect: exit 0\n")?;
    // A frame that was retired is one that the program did not give back.
    let balance = if case.bad == 1 { Frames::Unwatched } else { Frames::Balanced };
    judge::judge(&test, finished.transcript.job(case.program), balance)
}
