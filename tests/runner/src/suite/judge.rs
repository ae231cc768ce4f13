//! The verdict on one guest test: what it promised against what the guest reported.

use super::expectation::{Expected, GuestTest};
use crate::link::{JobEnd, JobEndKind, JobRecord};

/// Whether frames in use before and after the job have to be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// They have to be.
    Balanced,
    /// Something else runs beside it, so they need not be.
    Unwatched,
}

/// Judges one test.
///
/// # Errors
/// Why it failed, for a person.
pub fn judge(test: &GuestTest, record: Option<&JobRecord>, frames: Frames) -> Result<(), String> {
    let record = record.ok_or("it was not started")?;
    let end = record.end.as_ref().ok_or("it did not end")?;
    judge_end(test, end).map_err(|problem| with_output(&problem, record))?;
    judge_state(end, frames)?;
    judge_output(test, record)
}

/// Judges in what state a job, however it ended, has left the system.
///
/// # Errors
/// What is wrong with it.
pub(super) fn judge_state(end: &JobEnd, frames: Frames) -> Result<(), String> {
    if end.audit != "ok" {
        return Err(format!("the audit failed: {}", end.audit));
    }
    if frames == Frames::Balanced { judge_frames(end) } else { Ok(()) }
}

fn judge_end(test: &GuestTest, end: &JobEnd) -> Result<(), String> {
    let fine = match test.expected {
        Some(Expected::Exit(status)) => end.kind == JobEndKind::Exit && end.status == status,
        Some(Expected::Exception { status, address }) => {
            end.kind == JobEndKind::Exception
                && end.status == status
                && address.is_none_or(|address| names_address(end, address))
        }
        Some(Expected::Loader) => end.kind == JobEndKind::Loader,
        None => true,
    };
    if !fine {
        let expected = describe_expected(test.expected);
        return Err(format!("expected {expected}, got {}", describe_end(end)));
    }
    match &test.message {
        Some(words) if !end.message.contains(words) => {
            Err(format!("the message should contain {words:?}, but is {:?}", end.message))
        }
        _ => Ok(()),
    }
}

/// Whether `address` is where the exception happened, or what the message says the instruction was after.
fn names_address(end: &JobEnd, address: u32) -> bool {
    end.address == address || end.message.contains(&format!("{address:08X}"))
}

fn judge_frames(end: &JobEnd) -> Result<(), String> {
    match (end.frames_before, end.frames_after) {
        (Some(before), Some(after)) if before == after => Ok(()),
        (Some(before), Some(after)) => Err(format!("{before} frames in use before, {after} after")),
        _ => Err("the frames were not counted".into()),
    }
}

fn judge_output(test: &GuestTest, record: &JobRecord) -> Result<(), String> {
    let Some(expected) = &test.output else {
        return Ok(());
    };
    let output = String::from_utf8_lossy(&record.output).replace("\r\n", "\n");
    if &output == expected {
        return Ok(());
    }
    Err(format!("expected the output\n{expected}but got\n{output}"))
}

/// Adds what the program printed: tests say there what they found wrong.
pub(super) fn with_output(problem: &str, record: &JobRecord) -> String {
    let mut text = problem.to_owned();
    for stream in [&record.output, &record.errors] {
        if !stream.is_empty() {
            text.push('\n');
            text.push_str(String::from_utf8_lossy(stream).replace('\r', "").trim_end());
        }
    }
    text
}

fn describe_expected(expected: Option<Expected>) -> String {
    match expected {
        Some(Expected::Exit(status)) => format!("exit {status:08X}"),
        Some(Expected::Exception { status, address: None }) => format!("exception {status:08X}"),
        Some(Expected::Exception { status, address: Some(address) }) => {
            format!("exception {status:08X} at {address:08X}")
        }
        Some(Expected::Loader) => "a refusal by the loader".into(),
        None => "anything".into(),
    }
}

fn describe_end(end: &JobEnd) -> String {
    let what = match end.kind {
        JobEndKind::Exit => format!("exit {:08X}", end.status),
        JobEndKind::Exception => format!("exception {:08X} at {:08X}", end.status, end.address),
        JobEndKind::Loader => format!("a refusal by the loader, {:08X}", end.status),
    };
    if end.message.is_empty() { what } else { format!("{what} ({})", end.message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Event;

    fn test(head: &str) -> GuestTest {
        GuestTest::parse("x", head).unwrap()
    }

    fn record(output: &str, end: &str) -> JobRecord {
        let line = format!("end label=x instructions=1 {end}");
        let Ok(Event::End(end)) = Event::parse(&line) else { panic!("{line}") };
        JobRecord { label: "x".into(), output: output.into(), errors: Vec::new(), end: Some(end) }
    }

    const GOOD: &str = "status=00000000 kind=exit frames_before=5 frames_after=5 audit=ok";

    #[test]
    fn what_was_promised_passes() {
        let expected = test("// expect: exit 0\n// stdout: hello\n");
        assert_eq!(judge(&expected, Some(&record("hello\r\n", GOOD)), Frames::Balanced), Ok(()));
        let expected = test("// expect: exception C0000005 at 00001000\n");
        let fault = "status=C0000005 kind=exception address=00001000 frames_before=1 frames_after=1 audit=ok";
        assert_eq!(judge(&expected, Some(&record("", fault)), Frames::Balanced), Ok(()));
        let expected = test("// expect: exception C0000005 at 80000000\n");
        let fault = "status=C0000005 kind=exception address=00401000 message=x%20writing%2080000000 frames_before=1 \
                     frames_after=1 audit=ok";
        assert_eq!(judge(&expected, Some(&record("", fault)), Frames::Balanced), Ok(()));
        let expected = test("// expect: loader\n// message: nothere.dll\n");
        let refusal = "status=C0000135 kind=loader message=no%20nothere.dll audit=ok";
        assert_eq!(judge(&expected, Some(&record("", refusal)), Frames::Unwatched), Ok(()));
    }

    #[test]
    fn every_broken_promise_fails_with_its_reason() {
        for (head, output, end, reason) in [
            ("// expect: exit 1\n", "", GOOD, "expected exit 00000001, got exit 00000000"),
            ("// expect: exit 1\n", "line 7 failed\n", GOOD, "line 7 failed"),
            ("// expect: loader\n", "", GOOD, "refusal by the loader"),
            ("// expect: exception C0000005\n", "", GOOD, "expected exception C0000005"),
            ("// expect: exit 0\n// stdout: hello\n", "hullo\n", GOOD, "hullo"),
            ("// expect: exit 0\n// message: x\n", "", GOOD, "message"),
            ("// expect: exit 0\n", "", "status=0 kind=exit frames_before=5 frames_after=6 audit=ok", "6 after"),
            ("// expect: exit 0\n", "", "status=0 kind=exit audit=ok", "not counted"),
            (
                "// expect: exit 0\n",
                "",
                "status=0 kind=exit frames_before=5 frames_after=5 audit=V3%20broken",
                "V3 broken",
            ),
            (
                "// expect: exception C0000005 at 80000000\n",
                "",
                "status=C0000005 kind=exception address=00401000 frames_before=5 frames_after=5 audit=ok",
                "at 00401000",
            ),
        ] {
            let verdict = judge(&test(head), Some(&record(output, end)), Frames::Balanced);
            let problem = verdict.expect_err(head);
            assert!(problem.contains(reason), "{head}: {problem}");
        }
    }

    #[test]
    fn a_test_that_never_ran_or_never_ended_fails() {
        let expected = test("// expect: exit 0\n");
        assert!(judge(&expected, None, Frames::Balanced).is_err());
        let running = JobRecord { end: None, ..record("", GOOD) };
        assert!(judge(&expected, Some(&running), Frames::Balanced).is_err());
    }
}
