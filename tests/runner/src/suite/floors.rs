//! The floors: how many tests each suite must at least run.
//!
//! `tests/floors` has one suite a line: its name, a colon, the number. The numbers are raised by hand when tests
//! are added; they catch the suite that is green because nothing ran. `rows SUITE` is how many rows of `tests/rows` a suite must run.

use std::fs;

use super::SuiteResult;
use crate::error::{Error, Result};
use crate::paths::Tree;

/// Before the name of a suite whose rows are counted.
const ROWS: &str = "rows ";

/// The floor of one suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// The suite's name.
    pub suite: String,
    /// The least number of tests it must run.
    pub tests: u32,
}

/// Reads `tests/floors`.
///
/// # Errors
/// [`Error::Host`] without the file, [`Error::Malformed`] for a line that is no floor.
pub fn read(tree: &Tree) -> Result<Vec<Floor>> {
    let path = tree.file("tests/floors");
    let text = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
    parse(&text).map_err(|problem| Error::Malformed { path, problem })
}

fn parse(text: &str) -> Result<Vec<Floor>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let floor = |line: &str| {
        let (suite, tests) = line.rsplit_once(':')?;
        Some(Floor { suite: suite.trim().to_owned(), tests: tests.trim().parse().ok()? })
    };
    lines.map(|line| floor(line).ok_or_else(|| format!("{line:?} is not `suite: number`"))).collect()
}

/// One line for each floor that was not reached and each suite with tests that has no floor.
#[must_use]
pub fn shortfalls(floors: &[Floor], results: &[SuiteResult]) -> Vec<String> {
    let mut lines = Vec::new();
    for Floor { suite, tests } in floors {
        if let Some(suite) = suite.strip_prefix(ROWS) {
            let rows = results.iter().find(|result| result.name == suite).map_or(0, |result| result.rows);
            if rows < *tests {
                lines.push(format!("{suite}: ran {rows} rows; its floor is {tests}"));
            }
            continue;
        }
        let executed = results.iter().find(|result| &result.name == suite).map(SuiteResult::executed);
        match executed {
            None => lines.push(format!("{suite}: the suite did not run; its floor is {tests}")),
            Some(executed) if executed < *tests => {
                lines.push(format!("{suite}: ran {executed} tests; its floor is {tests}"));
            }
            Some(_) => {}
        }
    }
    let unknown =
        results.iter().filter(|result| result.executed() > 0 && floors.iter().all(|floor| floor.suite != result.name));
    lines.extend(unknown.map(|result| {
        format!("{}: the suite has no line in tests/floors; it ran {} tests", result.name, result.executed())
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(name: &str, passed: u32) -> SuiteResult {
        SuiteResult { passed, ..SuiteResult::new(name) }
    }

    #[test]
    fn too_few_absent_and_unlisted_suites_are_all_found() {
        let floors = parse("# floors\nhost mm: 10\nguest pentium3: 3\nhost ke: 2\n").unwrap();
        let results = [suite("host mm", 9), suite("host new", 1), suite("host empty", 0)];
        let lines = shortfalls(&floors, &results);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[0].contains("ran 9") && lines[1].contains("did not run") && lines[2].contains("did not run"));
        assert!(lines[3].contains("no line"));
        assert!(shortfalls(&floors[..0], &results[2..]).is_empty());
    }

    #[test]
    fn rows_have_floors_of_their_own() {
        let floors = parse("guest pentium3: 1\nrows guest pentium3: 100\nrows host rows: 100\n").unwrap();
        let ran = |rows| SuiteResult { rows, ..suite("guest pentium3", 1) };
        let lines = shortfalls(&floors, &[ran(99)]);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("ran 99 rows") && lines[1].contains("host rows: ran 0 rows"));
        assert_eq!(shortfalls(&floors[..2], &[ran(100)]), Vec::<String>::new());
    }

    #[test]
    fn a_line_that_is_no_floor_is_refused() {
        assert!(parse("host mm 10").is_err());
        assert!(parse("host mm: many").is_err());
    }
}
