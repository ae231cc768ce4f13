//! What came of one program, as an exit code, a line for a person and a JSON report.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::boot::{Ending, Finished, STATUS_BAD};
use crate::error::{self, Error, Result};
use crate::link::{Bugcheck, JobEnd, JobEndKind};
use crate::process;

/// Lines of the kernel log that are shown after a bugcheck.
const LOG_LINES: usize = 40;

/// What came of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ended with this status.
    Exited(u32),
    /// An exception that nothing handled ended it.
    Exception {
        /// The NTSTATUS.
        status: u32,
        /// The address the kernel names.
        address: u32,
        /// The kernel's words, possibly empty.
        message: String,
    },
    /// The loader did not start it.
    Refused {
        /// The NTSTATUS.
        status: u32,
        /// The loader's words.
        message: String,
    },
    /// The program ended, but the audit after it found fault.
    AuditFailed {
        /// The status of the program.
        status: u32,
        /// What the audit found.
        finding: String,
    },
    /// The kernel stopped, or the machine ended without a word.
    Stopped {
        /// One line about it.
        reason: String,
    },
    /// The deadline passed.
    TimedOut,
}

impl Outcome {
    /// Judges a boot that ran one job.
    #[must_use]
    pub fn of(finished: &Finished) -> Self {
        if let Some(Bugcheck { code, detail, .. }) = &finished.transcript.bugcheck {
            return Self::Stopped { reason: format!("bugcheck {code:08X} ({detail})") };
        }
        let end = finished.transcript.jobs.first().and_then(|job| job.end.as_ref());
        match (end, finished.ending) {
            (Some(end), Ending::Status(_)) if finished.transcript.done => Self::of_end(end),
            (Some(_), Ending::Status(_)) => Self::Stopped { reason: "the kernel stopped after the program".to_owned() },
            (None, Ending::Status(Some(STATUS_BAD))) => {
                Self::Stopped { reason: "the kernel stopped before the program ended".to_owned() }
            }
            (_, Ending::TimedOut) => Self::TimedOut,
            (None, Ending::Status(Some(status))) => {
                Self::Stopped { reason: format!("the machine ended (status {status}) before the program did") }
            }
            (None, Ending::Status(None)) => Self::Stopped { reason: "a signal ended the emulator".to_owned() },
        }
    }

    fn of_end(end: &JobEnd) -> Self {
        let (status, message) = (end.status, end.message.clone());
        if end.audit != "ok" {
            return Self::AuditFailed { status, finding: end.audit.clone() };
        }
        match end.kind {
            JobEndKind::Exit => Self::Exited(status),
            JobEndKind::Exception => Self::Exception { status, address: end.address, message },
            JobEndKind::Loader => Self::Refused { status, message },
        }
    }

    /// The exit code of `exec`.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            // A process of the host has eight bits to say how it ended.
            Self::Exited(status) => (status & 0xff) as u8,
            Self::Exception { .. } => error::EXCEPTION,
            Self::Refused { .. } => error::LOADER_REFUSED,
            Self::AuditFailed { .. } | Self::Stopped { .. } => error::KERNEL_FAILED,
            Self::TimedOut => error::TIMED_OUT,
        }
    }

    /// The word for it in reports.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Exited(_) => "exit",
            Self::Exception { .. } => "exception",
            Self::Refused { .. } => "loader",
            Self::AuditFailed { .. } => "audit",
            Self::Stopped { .. } => "stopped",
            Self::TimedOut => "time-out",
        }
    }

    /// The line for standard error; a program that simply ended needs none.
    #[must_use]
    pub fn line(&self, program: &str) -> Option<String> {
        Some(match self {
            Self::Exited(_) => return None,
            Self::Exception { status, address, message } => {
                let fallback = format!("{status:08X} at {address:08X}");
                format!("{program}: unhandled exception {}", own_words(program, message, fallback))
            }
            Self::Refused { status, message } => {
                format!("{program}: not started: {}", own_words(program, message, format!("status {status:08X}")))
            }
            Self::AuditFailed { finding, .. } => format!("{program}: the audit failed: {finding}"),
            Self::Stopped { reason } => format!("{program}: {reason}"),
            Self::TimedOut => format!("{program}: the time was up"),
        })
    }

    /// The 32-bit status of the program, where there is one.
    fn status(&self) -> Option<u32> {
        match self {
            Self::Exited(status)
            | Self::Exception { status, .. }
            | Self::Refused { status, .. }
            | Self::AuditFailed { status, .. } => Some(*status),
            Self::Stopped { .. } | Self::TimedOut => None,
        }
    }
}

/// What the kernel says, without the program's name before it; the fallback when it says nothing.
fn own_words(program: &str, message: &str, fallback: String) -> String {
    let words = message.strip_prefix(program).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message);
    if words.is_empty() { fallback } else { words.to_owned() }
}

/// The tail of the kernel log, for outcomes that are the kernel's fault.
#[must_use]
pub fn log_tail<'a>(outcome: &Outcome, log: &'a str) -> Vec<&'a str> {
    match outcome.exit_code() {
        error::KERNEL_FAILED => process::last_lines(log, LOG_LINES),
        _ => Vec::new(),
    }
}

/// Whether ticks of the guest's time-stamp counter are instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticks {
    /// They are (`--icount`).
    Instructions,
    /// They are some clock's.
    Time,
}

/// The report on a program that was booted. Instruction counts are null unless they were counted.
#[must_use]
pub fn of_run(program: &str, outcome: &Outcome, finished: &Finished, ticks: Ticks) -> Value {
    let end = finished.transcript.jobs.first().and_then(|job| job.end.as_ref());
    let counted = |count: Option<u64>| count.filter(|_| ticks == Ticks::Instructions);
    let address = match outcome {
        Outcome::Exception { address, .. } => Some(format!("{address:08X}")),
        _ => None,
    };
    json!({
        "program": program,
        "kind": outcome.kind(),
        "exit_code": outcome.exit_code(),
        "exit_status": outcome.status(),
        "exit_status_hex": outcome.status().map(|status| format!("{status:08X}")),
        "exception_address": address,
        "message": outcome.line(program),
        "bugcheck": finished.transcript.bugcheck.as_ref().map(of_bugcheck),
        "guest_instructions": counted(end.map(|end| end.instructions)),
        "boot_instructions": counted(finished.transcript.ready),
        "frames_before": end.and_then(|end| end.frames_before),
        "frames_after": end.and_then(|end| end.frames_after),
        "audit": end.map(|end| end.audit.clone()),
    })
}

/// What stopped the kernel, in the eight digits of a stop screen.
fn of_bugcheck(bugcheck: &Bugcheck) -> Value {
    let digits = |number: u32| format!("{number:08X}");
    json!({ "code": digits(bugcheck.code), "parameters": bugcheck.parameters.map(digits) })
}

/// The report on a program that was never booted, or on a runner that failed.
#[must_use]
pub fn of_failure(program: &str, error: &Error) -> Value {
    let kind = if error.exit_code() == error::BAD_INPUT { "bad-input" } else { "runner" };
    json!({
        "program": program,
        "kind": kind,
        "exit_code": error.exit_code(),
        "exit_status": null,
        "exit_status_hex": null,
        "exception_address": null,
        "message": error.to_string(),
        "bugcheck": null,
        "guest_instructions": null,
        "boot_instructions": null,
        "frames_before": null,
        "frames_after": null,
        "audit": null,
    })
}

/// Writes a report.
///
/// # Errors
/// [`Error::Host`].
pub fn write(path: &Path, report: &Value) -> Result<()> {
    fs::write(path, format!("{report:#}\n")).map_err(Error::file("writing the report", path))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::link::Transcript;
    use crate::link::frame::{Channel, encode_data};

    fn finished(lines: &[&str], ending: Ending) -> Finished {
        let mut transcript = Transcript::default();
        for line in lines {
            transcript.push(&encode_data(Channel::Events, line.as_bytes())).unwrap();
        }
        if !lines.is_empty() && ending == GOOD {
            transcript.push(&encode_data(Channel::Events, b"done")).unwrap();
        }
        let (log, emulator_log) = ("one\ntwo\n".to_owned(), String::new());
        Finished { transcript, log, emulator_log, ending, elapsed: Duration::ZERO, most_resident: None }
    }

    const GOOD: Ending = Ending::Status(Some(33));
    const EXIT_300: &str = "end label=p status=0000012C kind=exit instructions=77 audit=ok";
    const FAULT: &str = "end label=p status=C0000005 kind=exception address=80000000 instructions=1 audit=ok";
    const WORDS: &str = "end label=p status=C0000005 kind=exception address=00401000 \
                         message=p.exe:%20C0000005%20STATUS_X%20at%2000401000,%20writing%2080000000 instructions=1 audit=ok";
    const REFUSED: &str = "end label=p status=C0000135 kind=loader message=nothere.dll instructions=1 audit=ok";
    const AUDIT: &str = "end label=p status=0 kind=exit instructions=1 audit=frame%207%20lost";

    #[test]
    fn every_way_to_end_has_its_exit_code() {
        for (lines, ending, code, kind) in [
            (&[EXIT_300][..], GOOD, 0x2c, "exit"),
            (&[FAULT], GOOD, 134, "exception"),
            (&[REFUSED], GOOD, 127, "loader"),
            (&[AUDIT], GOOD, 125, "audit"),
            (&["bugcheck code=0000001A"], Ending::Status(Some(35)), 125, "stopped"),
            (&[EXIT_300, "bugcheck code=0000001A"], Ending::Status(Some(35)), 125, "stopped"),
            (&[EXIT_300], Ending::Status(Some(35)), 125, "stopped"),
            (&[], Ending::Status(Some(35)), 125, "stopped"),
            (&[], Ending::Status(Some(0)), 125, "stopped"),
            (&[], Ending::Status(None), 125, "stopped"),
            (&["begin label=p"], Ending::TimedOut, 124, "time-out"),
        ] {
            let outcome = Outcome::of(&finished(lines, ending));
            assert_eq!((outcome.exit_code(), outcome.kind()), (code, kind), "{lines:?}");
        }
    }

    #[test]
    fn the_line_names_status_address_and_reason() {
        let line = |event: &str| Outcome::of(&finished(&[event], GOOD)).line("p.exe");
        assert_eq!(line(FAULT).unwrap(), "p.exe: unhandled exception C0000005 at 80000000");
        assert_eq!(line(REFUSED).unwrap(), "p.exe: not started: nothere.dll");
        let words = "p.exe: unhandled exception C0000005 STATUS_X at 00401000, writing 80000000";
        assert_eq!(line(WORDS).unwrap(), words);
        assert_eq!(line(EXIT_300), None);
    }

    #[test]
    fn the_log_is_shown_only_when_the_kernel_is_to_blame() {
        let outcome = Outcome::of(&finished(&["bugcheck code=1"], Ending::Status(Some(35))));
        assert_eq!(log_tail(&outcome, "one\ntwo\n"), ["one", "two"]);
        assert!(log_tail(&Outcome::TimedOut, "one\n").is_empty());
    }

    #[test]
    fn the_report_tells_a_programs_own_134_from_an_exception() {
        let run = finished(&["ready tsc=9", EXIT_300], GOOD);
        let report = of_run("p.exe", &Outcome::of(&run), &run, Ticks::Instructions);
        assert_eq!(report["exit_status"], 300);
        assert_eq!(report["kind"], "exit");
        assert_eq!((&report["guest_instructions"], &report["boot_instructions"]), (&json!(77), &json!(9)));
        let report = of_run("p.exe", &Outcome::of(&run), &run, Ticks::Time);
        assert!(report["guest_instructions"].is_null(), "a clock's ticks are not instructions");
        assert!(report["bugcheck"].is_null());
        let run = finished(&["bugcheck code=0000004E p1=00000007 p2=1"], Ending::Status(Some(35)));
        let report = of_run("p.exe", &Outcome::of(&run), &run, Ticks::Time);
        let parameters = ["00000007", "00000001", "00000000", "00000000"];
        assert_eq!(report["bugcheck"], json!({ "code": "0000004E", "parameters": parameters }));
        assert_eq!(of_failure("p.exe", &Error::BadInput("no".into()))["kind"], "bad-input");
    }
}
