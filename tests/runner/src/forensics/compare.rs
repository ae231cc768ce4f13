//! Rows that a tool printed against rows that the truth expects.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A row that the truth expects.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Columns that tell which row it is.
    pub key: Vec<(&'static str, Value)>,
    /// The others.
    pub rest: Vec<(&'static str, Value)>,
    /// Why the tool cannot know it, if it cannot.
    pub hidden: Option<String>,
}

/// What came of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Rows that it printed.
    pub rows: usize,
    /// Rows that are as the truth has them.
    pub agreeing: usize,
    /// Rows that are not, are missing, or should not be there: a line on each.
    pub differing: Vec<String>,
    /// Rows of the truth that cannot be seen, by reason.
    pub invisible: BTreeMap<String, usize>,
}

impl Verdict {
    /// Counts a row that cannot be seen.
    pub fn hide(&mut self, why: &str) {
        *self.invisible.entry(why.to_owned()).or_default() += 1;
    }
}

/// Compares the rows of a plugin.
#[must_use]
pub fn compare(expected: &[Expected], printed: Vec<Map<String, Value>>) -> Verdict {
    let mut verdict = Verdict { rows: printed.len(), ..Verdict::default() };
    let mut printed: Vec<Option<Map<String, Value>>> = printed.into_iter().map(Some).collect();
    for row in expected {
        let is_it = |candidate: &Option<Map<String, Value>>| {
            candidate
                .as_ref()
                .is_some_and(|candidate| row.key.iter().all(|(name, value)| candidate.get(*name) == Some(value)))
        };
        let found = printed.iter_mut().find(|candidate| is_it(candidate)).and_then(Option::take);
        let wrong = found.as_ref().and_then(|found| mismatch(row, found));
        match (found, wrong, &row.hidden) {
            (Some(_), None, _) => verdict.agreeing += 1,
            (_, _, Some(why)) => verdict.hide(why),
            (Some(_), Some(wrong), None) => verdict.differing.push(format!("{}: {wrong}", key(row))),
            (None, _, None) => verdict.differing.push(format!("{}: is missing", key(row))),
        }
    }
    for row in printed.into_iter().flatten() {
        match made_up(expected, &row) {
            Some(why) => verdict.hide(&why),
            None => verdict.differing.push(format!("{}: not in the truth", Value::Object(row))),
        }
    }
    verdict
}

/// Why the tool may have made `row` up: what it followed in that process is hidden from it.
fn made_up(expected: &[Expected], row: &Map<String, Value>) -> Option<String> {
    let same = |expected: &&Expected| expected.key.first().is_some_and(|(name, value)| row.get(*name) == Some(value));
    let why = expected.iter().filter(same).find_map(|expected| expected.hidden.as_ref())?;
    Some(format!("made up: {why}"))
}

/// The first column that is not as expected.
fn mismatch(row: &Expected, found: &Map<String, Value>) -> Option<String> {
    row.rest.iter().find_map(|(name, value)| {
        let printed = found.get(*name).unwrap_or(&Value::Null);
        (printed != value).then(|| format!("{name} is {printed}, and not {value}"))
    })
}

fn key(row: &Expected) -> String {
    row.key.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(pid: u32, name: &str) -> Map<String, Value> {
        let Value::Object(row) = json!({ "PID": pid, "Name": name }) else { panic!("an object") };
        row
    }

    fn expected(pid: u32, name: &str, hidden: Option<&str>) -> Expected {
        let hidden = hidden.map(str::to_owned);
        Expected { key: vec![("PID", json!(pid))], rest: vec![("Name", json!(name))], hidden }
    }

    #[test]
    fn rows_agree_differ_are_missing_or_too_many() {
        let truth = [expected(4, "System", None), expected(8, "a", None), expected(12, "b", None)];
        let verdict = compare(&truth, vec![row(4, "System"), row(8, "x"), row(16, "c")]);
        assert_eq!((verdict.rows, verdict.agreeing), (3, 1));
        assert_eq!(verdict.differing.len(), 3, "{:?}", verdict.differing);
        assert!(verdict.differing[0].contains("Name is \"x\", and not \"a\""));
        assert!(verdict.differing[1].contains("missing") && verdict.differing[2].contains("not in the truth"));
    }

    #[test]
    fn what_cannot_be_seen_counts_for_itself_unless_it_is_there() {
        let truth = [expected(4, "System", Some("paged out")), expected(8, "a", Some("paged out"))];
        let verdict = compare(&truth, vec![row(8, "a")]);
        assert_eq!((verdict.agreeing, verdict.differing.len(), verdict.invisible["paged out"]), (1, 0, 1));
        let wrong = compare(&truth, vec![row(8, "y")]);
        assert_eq!((wrong.agreeing, wrong.differing.len(), wrong.invisible["paged out"]), (0, 0, 2));
    }
}
