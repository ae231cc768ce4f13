//! The host suites: `cargo test` over the default members, cut into one result for each test binary.
//!
//! Both of cargo's streams go into one pipe, so that libtest's summaries stay behind the line that names their
//! binary.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{SuiteResult, Tally, rows};
use crate::error::{Error, Result};
use crate::paths::Tree;

/// The test suites that a package has.
#[derive(Debug, Default)]
struct Parser {
    suites: BTreeMap<String, (SuiteResult, Duration)>,
    order: Vec<String>,
    current: Option<String>,
    /// Lines since the current binary began, shown when one of its tests fails.
    lines: Vec<String>,
}

/// Runs `cargo test`; `VADOSE_CARGO` names another cargo, possibly with words before it.
///
/// # Errors
/// [`Error::Tool`] when cargo cannot be started.
pub fn run(tree: &Tree, tally: &Tally) -> Result<()> {
    eprintln!("vadose: building and running the host tests");
    let cargo = env::var("VADOSE_CARGO").unwrap_or_else(|_| "cargo".into());
    let mut words = cargo.split_whitespace();
    let (reader, writer) = io::pipe().map_err(Error::host("making a pipe"))?;
    let errors = writer.try_clone().map_err(Error::host("making a pipe"))?;
    let mut command = Command::new(words.next().unwrap_or("cargo"));
    command.args(words).args(["test", "--no-fail-fast", "--color", "never"]);
    command.current_dir(tree.root()).stdin(Stdio::null()).stdout(writer).stderr(errors);
    let mut child = command
        .spawn()
        .map_err(|error| Error::Tool { program: cargo.clone(), problem: format!("cannot be started: {error}") })?;
    // The command holds the pipe's writing end, and the reader waits until all of those are closed.
    drop(command);
    let mut parser = Parser::default();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line.map_err(Error::host("reading cargo's output"))?;
        parser.take(String::from_utf8_lossy(&line).trim_end());
    }
    let status = child.wait().map_err(Error::host("waiting for cargo"))?;
    for (suite, elapsed) in parser.finish(status.success()) {
        tally.add(suite, elapsed);
    }
    Ok(())
}

impl Parser {
    fn take(&mut self, line: &str) {
        if let Some(package) = package_of(line) {
            self.close();
            let name = format!("host {package}");
            if !self.order.contains(&name) {
                self.order.push(name.clone());
            }
            self.suites.entry(name.clone()).or_insert_with(|| (SuiteResult::new(name.clone()), Duration::ZERO));
            self.current = Some(name);
        } else if let Some((passed, failed)) = summary_of(line) {
            self.summary(passed, failed, seconds_of(line));
        } else if let Some(rows) = rows::count_in(line) {
            if let Some((suite, _)) = self.current.as_ref().and_then(|name| self.suites.get_mut(name)) {
                suite.rows += rows;
            }
        } else {
            self.lines.push(line.to_owned());
        }
    }

    /// Files a summary. Failed tests keep the name that libtest gave them, and the output goes with the first.
    fn summary(&mut self, passed: u32, failed: u32, elapsed: Duration) {
        let Some((suite, time)) = self.current.take().and_then(|name| self.suites.get_mut(&name)) else {
            return;
        };
        suite.passed += passed;
        *time += elapsed;
        let names = self.lines.iter().filter_map(|line| {
            let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
            Some(name.to_owned())
        });
        let mut names: Vec<String> = names.collect();
        names.resize(failed as usize, "a test without a line".into());
        if let Some(first) = names.first_mut() {
            first.push('\n');
            first.push_str(&failure_output(&self.lines).join("\n"));
        }
        suite.failures.extend(names);
        self.lines.clear();
    }

    /// Ends a binary; without a summary it crashed, which is a failure.
    fn close(&mut self) {
        if let Some((suite, _)) = self.current.take().and_then(|name| self.suites.get_mut(&name)) {
            let tail = self.lines.len().saturating_sub(20);
            suite.failures.push(format!("no summary\n{}", self.lines[tail..].join("\n")));
        }
        self.lines.clear();
    }

    fn finish(mut self, success: bool) -> Vec<(SuiteResult, Duration)> {
        let tail = self.lines.clone();
        self.close();
        let mut results: Vec<(SuiteResult, Duration)> =
            self.order.iter().filter_map(|name| self.suites.remove(name)).collect();
        // Cargo fails for a test that failed, which is counted, or for one that did not compile, which is not.
        if !success && results.iter().all(|(suite, _)| suite.failures.is_empty()) {
            let mut suite = SuiteResult::new("host build");
            let first = tail.iter().position(|line| line.starts_with("error")).unwrap_or_default();
            suite.failures.push(format!("cargo test failed\n{}", tail[first..].join("\n")));
            results.push((suite, Duration::ZERO));
        }
        results
    }
}

/// The package in a line that announces a test binary or doc tests.
fn package_of(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(package) = line.strip_prefix("Doc-tests ") {
        return Some(package.trim().to_owned());
    }
    let rest = line.strip_prefix("Running ")?;
    let path = rest.rsplit_once('(')?.1.strip_suffix(')')?;
    let file = path.rsplit('/').next()?;
    let binary = file.rsplit_once('-').map_or(file, |(name, _)| name);
    Some(binary.to_owned())
}

/// The counts of `test result: ok. 3 passed; 0 failed; ...`.
fn summary_of(line: &str) -> Option<(u32, u32)> {
    let rest = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let mut counts = rest.split("; ").map(|part| part.split_once(' '));
    let mut count = |word: &str| match counts.next()?? {
        (number, found) if found == word => number.parse().ok(),
        _ => None,
    };
    Some((count("passed")?, count("failed")?))
}

/// The time in a summary line, 0 if it has none.
fn seconds_of(line: &str) -> Duration {
    let seconds = line.rsplit_once("finished in ").and_then(|(_, rest)| rest.strip_suffix('s')?.parse().ok());
    seconds.map_or(Duration::ZERO, |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// The part of libtest's output that tells about failures.
fn failure_output(lines: &[String]) -> &[String] {
    let start = lines.iter().position(|line| line == "failures:").map_or(lines.len(), |at| at + 1);
    let rest = &lines[start..];
    // A second `failures:` lists the names again.
    let end = rest.iter().position(|line| line == "failures:").unwrap_or(rest.len());
    &rest[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, success: bool) -> Vec<SuiteResult> {
        let mut parser = Parser::default();
        text.lines().for_each(|line| parser.take(line));
        parser.finish(success).into_iter().map(|(suite, _)| suite).collect()
    }

    const GOOD: &str = "   Compiling mm v0.1.0\n     Running unittests src/lib.rs (target/debug/deps/mm-0a1b)\n\n\
        running 2 tests\ntest a ... ok\nrows a: 12\ntest b ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; \
        0 filtered out; finished in 0.00s\n\n     Running tests/exec.rs (target/debug/deps/exec-77)\n\nrunning 1 test\n\
        test c ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\n   Doc-tests mm\n\n\
        running 1 test\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";

    #[test]
    fn each_binary_is_a_suite_and_doc_tests_join_their_package() {
        let results = parse(GOOD, true);
        let counts: Vec<_> = results.iter().map(|suite| (suite.name.as_str(), suite.passed)).collect();
        assert_eq!(counts, [("host mm", 3), ("host exec", 1)]);
        assert_eq!(results.iter().map(|suite| suite.rows).collect::<Vec<_>>(), [12, 0]);
        assert!(results.iter().all(|suite| suite.failures.is_empty()));
    }

    #[test]
    fn failures_keep_their_names_and_their_output() {
        let text = "     Running unittests src/lib.rs (target/debug/deps/ke-1)\nrunning 2 tests\ntest a ... FAILED\n\
            test b ... ok\n\nfailures:\n\n---- a stdout ----\nassertion failed: 1 == 2\n\n\nfailures:\n    a\n\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored\n";
        let results = parse(text, false);
        assert_eq!((results[0].passed, results[0].failures.len()), (1, 1));
        assert!(results[0].failures[0].starts_with("a\n") && results[0].failures[0].contains("1 == 2"));
        assert!(!results[0].failures[0].contains("    a"));
    }

    #[test]
    fn a_binary_that_dies_and_a_build_that_fails_are_failures() {
        let died = "     Running unittests src/lib.rs (target/debug/deps/mm-1)\nrunning 2 tests\ntest a ... ok\n\
            error: test failed, to rerun pass `-p mm --lib`\nCaused by: signal: 6\n\
                 Running unittests src/lib.rs (target/debug/deps/ob-1)\ntest result: ok. 1 passed; 0 failed;\n";
        let results = parse(died, false);
        assert_eq!(results[0].failures.len(), 1);
        assert!(results[0].failures[0].contains("signal: 6"));
        let broken = "   Compiling mm v0.1.0\nwarning: unused\nerror[E0425]: cannot find value\n";
        let results = parse(broken, false);
        assert_eq!((results[0].name.as_str(), results[0].failures.len()), ("host build", 1));
        assert!(results[0].failures[0].contains("E0425") && !results[0].failures[0].contains("unused"));
    }
}
