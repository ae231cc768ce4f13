//! The rows of `tests/rows` as their tests tell of them, on the host and in the guest: a line `rows FILE: COUNT` for each file.

use super::SuiteResult;

/// The count in a line that tells of rows.
pub(super) fn count_in(line: &str) -> Option<u32> {
    let (file, count) = line.trim_end().strip_prefix("rows ")?.split_once(": ")?;
    if file.is_empty() || file.contains(' ') { None } else { count.parse().ok() }
}

/// All rows that a program's output tells of.
pub(super) fn count_all(output: &[u8]) -> u32 {
    String::from_utf8_lossy(output).lines().filter_map(count_in).sum()
}

/// One line about all of them: how many there are, where they run, and how often a row ran.
#[must_use]
pub(super) fn summary(results: &[SuiteResult]) -> Option<String> {
    let most = |host: bool| {
        let suites = results.iter().filter(|result| result.name.starts_with("host ") == host);
        suites.map(|result| result.rows).max().unwrap_or_default()
    };
    let all: u32 = results.iter().map(|result| result.rows).sum();
    (all > 0).then(|| {
        format!("rows of tests/rows: {} on the host, {} in the guest, {all} runs of one", most(true), most(false))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_their_form_tell_of_rows() {
        for (line, count) in [
            ("rows allocate: 280", Some(280)),
            ("rows free: 0\r", Some(0)),
            ("rows: 3", None),
            ("rows of it: 3", None),
            ("rows free: many", None),
            ("row 3: rows free: 4", None),
        ] {
            assert_eq!(count_in(line), count, "{line}");
        }
        assert_eq!(count_all(b"a\r\nrows free: 2\r\nrows query: 40\r\nend"), 42);
    }

    #[test]
    fn the_summary_tells_distinct_rows_and_runs() {
        let suite = |name: &str, rows| SuiteResult { rows, ..SuiteResult::new(name) };
        let results =
            [suite("host rows", 500), suite("host mm", 0), suite("guest 32 MB", 520), suite("guest coreduo", 520)];
        let line = "rows of tests/rows: 500 on the host, 520 in the guest, 1540 runs of one";
        assert_eq!(summary(&results).as_deref(), Some(line));
        assert_eq!(summary(&results[1..2]), None);
    }
}
