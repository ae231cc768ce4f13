//! The tests: host suites, guest programs on every machine, boots that must refuse, and the commands themselves.
//!
//! Each suite gives one line; failures follow theirs. The last line is `N passed, N failed`. A suite that ran
//! fewer tests than the floor in `tests/floors` fails by one more, and so does a suite that did not run at all.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::error::Result;
use crate::paths::Tree;

pub mod bochs;
pub mod commands;
mod debuggers;
pub mod disks;
mod drives;
pub mod expectation;
mod failing;
pub mod floors;
mod forensics;
mod gdb;
pub mod guest;
pub mod host;
mod inspected;
pub mod judge;
pub mod large;
mod listings;
mod live_damage;
mod live_dump;
pub mod machines;
mod many_vads;
mod mutants;
mod paging;
mod pictures;
pub mod ram;
pub mod refusals;
mod rows;
mod screen_debugger;
mod session;
pub mod shell;
mod speed;
mod stress;
pub mod terminal;
mod tours;

/// A part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// `cargo test`: everything that needs no kernel
    Host,
    /// The programs of tests/guest on every machine
    Guest,
    /// The guest programs on machines that refuse every n-th request for memory; in whole runs not all of them
    Failing,
    /// Machines and modules that the kernel must refuse
    Refusals,
    /// 60 GB of RAM, RAM that is left out, frames that are bad
    Ram,
    /// Disks sound and corrupt, failing ones, and machines without any
    Disks,
    /// More memory than there is, on a machine of 32 MB with a paging file
    Stress,
    /// The commands, run as a user runs them
    Commands,
    /// A dump of a running system, as forensics tools see it
    Forensics,
    /// The benchmark, compared with its record
    Bench,
}

/// What is run, the longest first: each as soon as one of the [`LANES`] before it has ended.
const PIECES: [Piece; 11] = [
    Piece { part: Part::Guest, run: guest::run_bochs },
    Piece { part: Part::Guest, run: guest::run },
    Piece { part: Part::Host, run: |tree, _, tally| host::run(tree, tally) },
    Piece { part: Part::Failing, run: failing::run },
    Piece { part: Part::Commands, run: commands::run },
    Piece { part: Part::Bench, run: |tree, _, tally| speed::run(tree, tally) },
    Piece { part: Part::Forensics, run: |tree, _, tally| forensics::run(tree, tally) },
    Piece { part: Part::Disks, run: disks::run },
    Piece { part: Part::Stress, run: stress::run },
    Piece { part: Part::Refusals, run: refusals::run },
    Piece { part: Part::Ram, run: |tree, _, tally| ram::run(tree, tally).and_then(|()| large::run(tree, tally)) },
];

/// How many run at a time: an emulator keeps one processor busy.
const LANES: usize = 2;

/// What runs as a whole: a part, or a share of one.
struct Piece {
    part: Part,
    run: fn(&Tree, &TestOptions, &Tally) -> Result<()>,
}

/// Options of `test`.
#[derive(Args, Clone, Debug, Default)]
pub struct TestOptions {
    /// Run only these parts (repeatable); the floors hold for whole runs only
    #[arg(long = "part", value_enum, value_name = "PART")]
    pub parts: Vec<Part>,
    /// Run only guest tests and tests of commands whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub name: String,
    /// Run guest tests only on machines whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub machine: String,
    /// With `--part failing`: refuse only so: `7`, `frames:2,pool:3,commit:50`, `entry,7` once a program is loaded
    #[arg(long, value_name = "TERMS", default_value = "", hide_default_value = true)]
    pub fail: String,
    /// With `--part stress`: minutes of the guest's time, with eight processes of 24 MB; else a few seconds with four
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true)]
    pub minutes: u64,
    /// How many changed DLLs the guest is to load, rounded up to whole boots of 90
    #[arg(long, value_name = "COUNT", default_value_t = 90)]
    pub mutants: u64,
}

impl TestOptions {
    fn is_whole(&self) -> bool {
        self.parts.is_empty() && self.name.is_empty() && self.machine.is_empty()
    }
}

/// The result of one suite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuiteResult {
    /// Its name, as in the floors file.
    pub name: String,
    /// How many tests passed.
    pub passed: u32,
    /// One entry for each failed test: its name, then the reason, possibly of several lines.
    pub failures: Vec<String>,
    /// How many rows of `tests/rows` its tests ran.
    pub rows: u32,
    /// What else there is to tell of it; may be empty.
    pub note: String,
}

impl SuiteResult {
    /// An empty result.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Counts one test.
    pub fn record(&mut self, test: &str, verdict: std::result::Result<(), String>) {
        match verdict {
            Ok(()) => self.passed += 1,
            Err(reason) => self.failures.push(format!("{test}: {reason}")),
        }
    }

    /// How many tests ran.
    #[must_use]
    pub fn executed(&self) -> u32 {
        self.passed + self.failed()
    }

    fn failed(&self) -> u32 {
        u32::try_from(self.failures.len()).unwrap_or(u32::MAX)
    }
}

/// Prints suites as they finish and adds them up.
#[derive(Debug, Default)]
pub struct Tally {
    results: Mutex<Vec<SuiteResult>>,
}

impl Tally {
    /// Takes and prints one suite's result.
    pub fn add(&self, result: SuiteResult, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        let (name, passed, failed) = (&result.name, result.passed, result.failed());
        let mut results = self.results();
        let rows = if result.rows == 0 { String::new() } else { format!("  {:>5} rows", result.rows) };
        println!("{name:<28} {passed:>5} passed, {failed} failed  {seconds:>6.1} s{rows}");
        if !result.note.is_empty() {
            println!("  {}", result.note);
        }
        for failure in &result.failures {
            println!("  FAILED {}", failure.trim_end().replace('\n', "\n    "));
        }
        results.push(result);
    }

    fn results(&self) -> MutexGuard<'_, Vec<SuiteResult>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds everything up; shortfalls count as failures.
    #[must_use]
    pub fn sums(&self, shortfalls: usize) -> (u32, u32) {
        let results = self.results();
        let passed = results.iter().map(|result| result.passed).sum();
        let failed: u32 = results.iter().map(SuiteResult::failed).sum();
        (passed, failed.saturating_add(u32::try_from(shortfalls).unwrap_or(u32::MAX)))
    }
}

/// Runs the tests; exit code 0 when all passed.
///
/// # Errors
/// What stops the runner itself; a failed test is no error.
pub fn run(tree: &Tree, options: &TestOptions) -> Result<u8> {
    let tally = Tally::default();
    let next = AtomicUsize::new(0);
    let done: Vec<Result<()>> = thread::scope(|scope| {
        let lanes = [(); LANES].map(|()| scope.spawn(|| run_lane(tree, options, &next, &tally)));
        lanes.map(|lane| lane.join().unwrap_or_else(|panic| resume_unwind(panic))).into()
    });
    done.into_iter().collect::<Result<()>>()?;
    let shortfalls =
        if options.is_whole() { floors::shortfalls(&floors::read(tree)?, &tally.results()) } else { Vec::new() };
    for shortfall in &shortfalls {
        println!("FAILED {shortfall}");
    }
    if let Some(line) = rows::summary(&tally.results()) {
        println!("{line}");
    }
    let (passed, failed) = tally.sums(shortfalls.len());
    println!("{passed} passed, {failed} failed");
    Ok(u8::from(failed != 0 || passed == 0))
}

/// Takes one piece after the other that was asked for and that nobody has taken, and runs it.
fn run_lane(tree: &Tree, options: &TestOptions, next: &AtomicUsize, tally: &Tally) -> Result<()> {
    while let Some(piece) = PIECES.get(next.fetch_add(1, Ordering::Relaxed)) {
        if options.parts.is_empty() || options.parts.contains(&piece.part) {
            (piece.run)(tree, options, tally)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_count_failures_and_shortfalls() {
        let tally = Tally::default();
        let mut suite = SuiteResult::new("x");
        suite.record("one", Ok(()));
        suite.record("two", Err("why".into()));
        assert_eq!(suite.executed(), 2);
        tally.add(suite, Duration::ZERO);
        assert_eq!(tally.sums(0), (1, 1));
        assert_eq!(tally.sums(2), (1, 3));
    }
}
