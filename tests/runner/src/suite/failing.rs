//! The guest suite on a machine that refuses every n-th request for a frame, pool or commit.
//!
//! A test passes, or it is refused: something was refused to it or to a program it started, no service answered a refusal with
//! anything but XP's statuses for a lack of memory (the kernel watches that, see `kernel/ps/src/refusals.rs`), and it ended in
//! a way that is its own. Whatever becomes of it, nothing may leak, the audit must be clean, and the kernel must not stop.
//!
//! Programs that wait for what a refusal has kept from coming are ended by the kernel when all of them have waited for a second: the
//! runner names them.

use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use super::expectation::GuestTest;
use super::guest::{self, judge_ending, shares_a_boot};
use super::judge::{self, Frames};
use super::machines::MACHINES;
use super::{SuiteResult, Tally, TestOptions};
use crate::boot::{self, Drive, Finished, Input, Setup};
use crate::error::Result;
use crate::link::{JobEnd, JobEndKind, JobRecord};
use crate::machine::{MachineOptions, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;
use crate::volume::Volume;

/// One run of the suite, and the least that must come of it.
struct Run {
    /// For the kernel: `fail=` this.
    terms: &'static str,
    /// Tests to which something must have been refused.
    touched: u32,
    /// Tests that must have passed all the same.
    passed: u32,
    /// Whether it is part of every whole run of the tests.
    always: bool,
}

/// Where the programs themselves are loaded under the switch, hardly any of them starts while it refuses pool: each takes more requests than
/// come through in a row. A frame is waited for, so with frames alone nearly all of them run.
const RUNS: [Run; 9] = [
    Run { terms: "2", touched: 290, passed: 0, always: true },
    Run { terms: "3", touched: 290, passed: 0, always: true },
    Run { terms: "7", touched: 290, passed: 0, always: true },
    Run { terms: "50", touched: 225, passed: 90, always: true },
    Run { terms: "frames:2", touched: 285, passed: 275, always: false },
    Run { terms: "entry,2", touched: 200, passed: 160, always: false },
    Run { terms: "entry,3", touched: 175, passed: 170, always: false },
    Run { terms: "entry,7", touched: 115, passed: 190, always: true },
    Run { terms: "entry,50", touched: 45, passed: 240, always: false },
];

/// Seconds that one run may take: it takes a twentieth of that where nothing else runs on the host.
const PATIENCE: u64 = 900;
/// From here on there are DLLs of the system only.
const SYSTEM_DLLS: u32 = 0x7000_0000;
/// Status of a program that the kernel ended for having waited too long.
const STOPPED: u32 = 0x102;
/// Exceptions of the processor with which a DLL that takes a refusal for an address, or the like, would end: an access violation,
/// an instruction that is none, a division by zero, a privileged instruction.
const FAULTS: [u32; 4] = [0xC000_0005, 0xC000_001D, 0xC000_0094, 0xC000_0096];
/// What XP answers for a lack of memory.
const LACKS: [u32; 4] = [0xC000_0017, 0xC000_009A, 0xC000_012D, 0xC000_0007];

/// What became of a test that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Refused,
    Stopped,
}

/// Runs those runs that were asked for: `terms`, or every one, or those that are always run.
///
/// # Errors
/// What stops the runner itself.
pub fn run(tree: &Tree, options: &TestOptions, tally: &Tally) -> Result<()> {
    let all = guest::read_tests(tree)?;
    let volume = guest::volume_with(tree)?;
    let chosen: Vec<&GuestTest> =
        all.iter().filter(|test| test.name.contains(&options.name) && shares_a_boot(test)).collect();
    let whole = options.name.is_empty();
    if !options.fail.is_empty() {
        let (suite, elapsed) = run_once(tree, options, &volume, &chosen, &options.fail, None)?;
        tally.add(suite, elapsed);
        return Ok(());
    }
    let every = !options.parts.is_empty();
    let runs: Vec<&Run> = RUNS.iter().filter(|run| every || run.always).collect();
    let once = |run: &Run| run_once(tree, options, &volume, &chosen, run.terms, whole.then_some(run));
    // A machine keeps one processor busy: two at a time.
    for pair in runs.chunks(2) {
        let results = thread::scope(|scope| {
            let threads: Vec<_> = pair.iter().map(|run| scope.spawn(|| once(run))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect::<Vec<_>>()
        });
        for result in results {
            let (suite, elapsed) = result?;
            tally.add(suite, elapsed);
        }
    }
    Ok(())
}

fn run_once(
    tree: &Tree,
    options: &TestOptions,
    volume: &Volume,
    tests: &[&GuestTest],
    terms: &str,
    least: Option<&Run>,
) -> Result<(SuiteResult, Duration)> {
    let began = Instant::now();
    let wanted = if options.machine.is_empty() { "coreduo" } else { &options.machine };
    let machine = MACHINES.iter().find(|machine| machine.name.contains(wanted)).unwrap_or(&MACHINES[1]);
    let tests: Vec<&GuestTest> = tests.iter().copied().filter(|test| machine.suits(test)).collect();
    let jobs: Vec<Job> = tests.iter().flat_map(|test| guest::jobs(test)).collect();
    let machine_options = MachineOptions { timeout: Some(PATIENCE), ..machine.options() };
    let word = format!("fail={terms}");
    let setup = Setup {
        tree,
        options: &machine_options,
        medium: machine.medium,
        serial: SerialPorts::Linked,
        drive: Drive::Volume(volume),
        jobs: &jobs,
        debugger: None,
        words: &["test", &word],
    };
    let finished = boot::boot(&setup, Input::Bytes(Vec::new()), &mut |_| Ok(()))?;
    Ok((judge_run(terms, &tests, &finished, least), began.elapsed()))
}

fn judge_run(terms: &str, tests: &[&GuestTest], finished: &Finished, least: Option<&Run>) -> SuiteResult {
    let mut suite = SuiteResult::new(format!("failing {terms}"));
    let (mut passed, mut refused, mut touched) = (0, 0, 0);
    let mut stopped = Vec::new();
    let begun = |test: &&&GuestTest| finished.transcript.job(&test.name).is_some();
    if let Some(first) = tests.iter().find(|test| !begun(test)) {
        let problem =
            format!("not started, and neither were {} more", tests.iter().filter(|test| !begun(test)).count() - 1);
        suite.record(&first.name, Err(problem));
    }
    for test in tests.iter().filter(begun) {
        let record = finished.transcript.job(&test.name);
        let beside = finished.transcript.job(&format!("{}:beside", test.name));
        let verdict = judge(test, record, beside, guest::frames(test));
        match verdict {
            Ok(Outcome::Passed) => passed += 1,
            Ok(Outcome::Refused) => refused += 1,
            Ok(Outcome::Stopped) => stopped.push(test.name.as_str()),
            Err(_) => {}
        }
        touched += u32::from(is_touched(record) || is_touched(beside));
        suite.record(&test.name, verdict.map(|_| ()));
    }
    suite.record("the boot", judge_ending(finished));
    if let Some(least) = least {
        suite.record("enough was refused", at_least("tests had something refused", touched, least.touched));
        suite.record("enough passed", at_least("tests passed", passed, least.passed));
    }
    suite.note = format!("{passed} passed and {refused} refused of {}, {touched} touched", tests.len());
    if !stopped.is_empty() {
        suite.note += &format!("; ended while they waited: {}", stopped.join(" "));
    }
    suite
}

fn at_least(what: &str, count: u32, least: u32) -> std::result::Result<(), String> {
    if count >= least { Ok(()) } else { Err(format!("{count} {what}, of at least {least}")) }
}

/// Whether something was refused to a program.
fn is_touched(record: Option<&JobRecord>) -> bool {
    let end = record.and_then(|record| record.end.as_ref());
    end.is_some_and(|end| end.refused.is_some_and(|count| count > 0))
}

/// Judges one test. Where the program `beside` it was refused something, it may have done without.
///
/// # Errors
/// Why it failed, for a person.
fn judge(
    test: &GuestTest,
    record: Option<&JobRecord>,
    beside: Option<&JobRecord>,
    frames: Frames,
) -> std::result::Result<Outcome, String> {
    let Some((record, end)) = record.and_then(|record| Some((record, record.end.as_ref()?))) else {
        return judge::judge(test, record, frames).map(|()| Outcome::Passed);
    };
    if end.violations > 0 {
        return Err(judge::with_output(
            &format!("{} answers hide a refusal: {}", end.violations, end.violation),
            record,
        ));
    }
    judge::judge_state(end, frames)?;
    if frames == Frames::Balanced && !end.leak.is_empty() {
        return Err(format!("it left something behind: {}", end.leak));
    }
    let Err(problem) = judge::judge(test, Some(record), frames) else { return Ok(Outcome::Passed) };
    if !is_touched(Some(record)) && !is_touched(beside) {
        Err(format!("though nothing was refused: {problem}"))
    } else if end.kind == JobEndKind::Exit && end.status == STOPPED {
        Ok(Outcome::Stopped)
    } else if is_own_end(end) {
        Ok(Outcome::Refused)
    } else {
        Err(problem)
    }
}

/// Whether a program to which something was refused may end so: the loader tells of it, an exception does, or is the
/// program's own; nothing goes wrong within a DLL of the system.
fn is_own_end(end: &JobEnd) -> bool {
    match end.kind {
        JobEndKind::Exit => true,
        JobEndKind::Loader => LACKS.contains(&end.status),
        JobEndKind::Exception => end.address < SYSTEM_DLLS || !FAULTS.contains(&end.status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Event;

    fn record(end: &str) -> JobRecord {
        let line = format!("end label=x instructions=1 frames_before=5 frames_after=5 audit=ok {end}");
        let Ok(Event::End(end)) = Event::parse(&line) else { panic!("{line}") };
        JobRecord { label: "x".into(), output: Vec::new(), errors: Vec::new(), end: Some(end) }
    }

    fn judged(head: &str, end: &str) -> std::result::Result<Outcome, String> {
        let test = GuestTest::parse("x", head).unwrap();
        judge(&test, Some(&record(end)), None, Frames::Balanced)
    }

    #[test]
    fn a_test_passes_or_is_refused() {
        let zero = "// expect: exit 0\n";
        let rows = [
            ("status=0 kind=exit refused=0 violations=0", Outcome::Passed),
            ("status=0 kind=exit refused=9 violations=0", Outcome::Passed),
            ("status=1 kind=exit refused=1 violations=0", Outcome::Refused),
            ("status=C000009A kind=loader refused=1 violations=0", Outcome::Refused),
            ("status=C0000017 kind=exception address=7C801000 refused=1 violations=0", Outcome::Refused),
            ("status=C0000005 kind=exception address=00401000 refused=1 violations=0", Outcome::Refused),
            ("status=102 kind=exit refused=1 violations=0", Outcome::Stopped),
        ];
        for (end, expected) in rows {
            assert_eq!(judged(zero, end), Ok(expected), "{end}");
        }
    }

    #[test]
    fn everything_else_fails() {
        let rows = [
            ("status=1 kind=exit refused=0 violations=0", "nothing was refused"),
            ("status=0 kind=exit refused=3 violations=1 violation=NtOpenFile:C0000034", "NtOpenFile:C0000034"),
            ("status=C0000135 kind=loader refused=1 violations=0", "C0000135"),
            ("status=0 kind=exit refused=1 violations=0 leak=commit:1,blocks:2-commit:1,blocks:3", "blocks:3"),
            ("status=C0000005 kind=exception address=7C801000 refused=1 violations=0", "C0000005"),
        ];
        for (end, reason) in rows {
            let problem = judged("// expect: exit 0\n", end).expect_err(end);
            assert!(problem.contains(reason), "{end}: {problem}");
        }
        let test = GuestTest::parse("x", "// expect: exit 0\n").unwrap();
        assert!(judge(&test, None, None, Frames::Balanced).is_err());
    }

    #[test]
    fn a_test_does_without_what_was_to_run_beside_it() {
        let test = GuestTest::parse("x", "// expect: exit 0\n// beside: spin\n").unwrap();
        let own = record("status=1 kind=exit refused=0 violations=0");
        let beside = |refused| record(&format!("status=C000009A kind=loader refused={refused} violations=0"));
        assert_eq!(judge(&test, Some(&own), Some(&beside(1)), Frames::Unwatched), Ok(Outcome::Refused));
        assert!(judge(&test, Some(&own), Some(&beside(0)), Frames::Unwatched).is_err());
    }
}
