//! Our own figures as they were last recorded, in `tests/bench/record.json`, and whether a row has become worse since.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::figures::grouped;
use super::table::Line;
use super::toolchain::Toolchain;
use crate::error::{Error, Result};
use crate::paths::Tree;

/// By how many hundredths a row may be above its record.
const LEEWAY: u64 = 3;

/// A recorded row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Guest instructions, or KB.
    pub count: u64,
    /// Nanoseconds without counting: to be looked at, not to be compared with.
    pub nanoseconds: Option<u64>,
}

/// The record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What it was made with.
    pub toolchain: Toolchain,
    /// The figures by the names of the rows.
    pub rows: BTreeMap<String, Recorded>,
}

/// Where it is.
pub fn path(tree: &Tree) -> PathBuf {
    tree.file("tests/bench/record.json")
}

impl Record {
    /// The record that `lines` make.
    #[must_use]
    pub fn of(lines: &[Line], toolchain: &Toolchain) -> Self {
        let measured = lines.iter().filter_map(|line| {
            Some((line.row.name.clone(), Recorded { count: line.count?, nanoseconds: line.nanoseconds }))
        });
        Self { toolchain: toolchain.clone(), rows: measured.collect() }
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Error::Host`] without the file, [`Error::Malformed`] for one that is no record.
    pub fn read(tree: &Tree) -> Result<Self> {
        let path = path(tree);
        let text = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
        Self::parse(&text).ok_or_else(|| Error::Malformed { path, problem: "it is no record of the benchmark".into() })
    }

    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let tool = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        let row = |(name, value): (&String, &Value)| {
            let nanoseconds = value.get("nanoseconds").and_then(Value::as_u64);
            Some((name.clone(), Recorded { count: value.get("count")?.as_u64()?, nanoseconds }))
        };
        Some(Self {
            toolchain: value.get("toolchain")?.as_object()?.iter().map(tool).collect::<Option<_>>()?,
            rows: value.get("rows")?.as_object()?.iter().map(row).collect::<Option<_>>()?,
        })
    }

    /// The text of its file.
    #[must_use]
    pub fn encode(&self) -> String {
        let row = |(name, recorded): (&String, &Recorded)| {
            let mut value = json!({ "count": recorded.count });
            if let Some(nanoseconds) = recorded.nanoseconds {
                value["nanoseconds"] = json!(nanoseconds);
            }
            (name.clone(), value)
        };
        let rows: Map<String, Value> = self.rows.iter().map(row).collect();
        format!("{:#}\n", json!({ "toolchain": self.toolchain, "rows": rows }))
    }

    /// What there is to say against a row: worse than recorded, not recorded, or not measured.
    ///
    /// # Errors
    /// Says it.
    pub fn judge(&self, line: &Line) -> Result<(), String> {
        let Some(recorded) = self.rows.get(&line.row.name) else {
            return Err("is not in the record: make bench-record".into());
        };
        let count = line.count.ok_or("was not measured")?;
        if u128::from(count) * 100 <= u128::from(recorded.count) * u128::from(100 + LEEWAY) {
            return Ok(());
        }
        let (now, before) = (grouped(count), grouped(recorded.count));
        Err(format!("takes {now}, which is more than {LEEWAY} % above the {before} that are recorded"))
    }

    /// The names of rows that are recorded and no longer there.
    #[must_use]
    pub fn strangers(&self, lines: &[Line]) -> Vec<String> {
        let known = |name: &&String| lines.iter().any(|line| line.row.name == **name);
        self.rows.keys().filter(|name| !known(name)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rows;
    use crate::bench::table::tests::lines;

    fn tools() -> Toolchain {
        [("rustc".to_owned(), "1.96".to_owned())].into()
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = Record::of(&lines(), &tools());
        assert_eq!(record.rows.len(), 2);
        assert_eq!(Record::parse(&record.encode()), Some(record));
        for text in ["", "{}", "{\"toolchain\": {}, \"rows\": {\"a\": {\"count\": -1}}}"] {
            assert_eq!(Record::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_row_may_be_three_hundredths_above_its_record_and_no_more() {
        let record = Record::of(&lines(), &tools());
        let judged = |count: Option<u64>| record.judge(&Line { count, ..lines()[1].clone() });
        // 5,001 are recorded.
        assert_eq!(judged(Some(1)), Ok(()));
        assert_eq!(judged(Some(5151)), Ok(()));
        assert!(judged(Some(5152)).unwrap_err().contains("5,152"));
        assert!(judged(None).unwrap_err().contains("not measured"));
        assert!(record.judge(&lines()[2]).unwrap_err().contains("not in the record"));
        let nothing = Record { rows: [("a".to_owned(), Recorded { count: 0, nanoseconds: None })].into(), ..record };
        assert!(nothing.judge(&Line { count: Some(1), ..lines()[0].clone() }).is_err());
    }

    #[test]
    fn recorded_rows_that_are_gone_are_found() {
        let record = Record::of(&lines(), &tools());
        assert_eq!(record.strangers(&lines()), Vec::<String>::new());
        assert_eq!(record.strangers(&lines()[1..]), ["a"]);
    }

    #[test]
    fn every_row_is_in_the_checked_in_record_and_the_record_has_no_others() {
        let tree = Tree::find();
        let record = Record::read(&tree).unwrap();
        let names: Vec<String> = rows::read(&tree).unwrap().into_iter().map(|row| row.name).collect();
        assert_eq!(names.iter().filter(|name| !record.rows.contains_key(*name)).count(), 0);
        assert_eq!(record.rows.len(), names.len());
    }
}
