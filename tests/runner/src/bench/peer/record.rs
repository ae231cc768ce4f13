//! What Linux takes, as `tests/bench/linux/record.json` has it: where it comes from, and one figure a row in both ways of measuring.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::bench::rows::Row;
use crate::error::{Error, Result};
use crate::paths::Tree;

/// What one row of Linux's takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PeerFigure {
    /// Guest instructions, or KB.
    pub count: f64,
    /// Nanoseconds without counting, where that was measured.
    pub nanoseconds: Option<f64>,
}

/// The record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PeerRecord {
    /// What was measured with what: package, hashes, tools, command lines.
    pub origin: BTreeMap<String, String>,
    /// The figures by the names that the program gives them.
    pub rows: BTreeMap<String, PeerFigure>,
}

/// Where it is.
pub fn path(tree: &Tree) -> PathBuf {
    tree.file("tests/bench/linux/record.json")
}

impl PeerRecord {
    /// Reads it.
    ///
    /// # Errors
    /// [`Error::Host`] without the file, [`Error::Malformed`] for one that is no record.
    pub fn read(tree: &Tree) -> Result<Self> {
        let path = path(tree);
        let text = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
        Self::parse(&text).ok_or_else(|| Error::Malformed { path, problem: "it is no record of Linux's rows".into() })
    }

    /// The record in the text of its file.
    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        let figure = |(name, value): (&String, &Value)| {
            let nanoseconds = value.get("nanoseconds").and_then(Value::as_f64);
            Some((name.clone(), PeerFigure { count: value.get("count")?.as_f64()?, nanoseconds }))
        };
        let origin = value.get("origin")?.as_object()?.iter().map(text).collect::<Option<_>>()?;
        let rows = value.get("rows")?.as_object()?.iter().map(figure).collect::<Option<_>>()?;
        Some(Self { origin, rows })
    }

    /// The text of its file.
    #[must_use]
    pub fn encode(&self) -> String {
        let rows: Map<String, Value> = self
            .rows
            .iter()
            .map(|(name, figure)| {
                let mut value = json!({ "count": figure.count });
                if let Some(nanoseconds) = figure.nanoseconds {
                    value["nanoseconds"] = json!(nanoseconds);
                }
                (name.clone(), value)
            })
            .collect();
        format!("{:#}\n", json!({ "origin": self.origin, "rows": rows }))
    }

    /// What the twin of `row` takes, rounded: instructions or KB, and nanoseconds.
    #[must_use]
    pub fn twin(&self, row: &Row) -> (Option<u64>, Option<u64>) {
        let Some((name, less)) = &row.linux else { return (None, None) };
        let Some(whole) = self.rows.get(name) else { return (None, None) };
        let part = match less {
            None => PeerFigure { count: 0.0, nanoseconds: Some(0.0) },
            Some(less) => match self.rows.get(less) {
                Some(part) => *part,
                None => return (None, None),
            },
        };
        let nanoseconds = whole.nanoseconds.zip(part.nanoseconds).map(|(whole, part)| rounded(whole - part));
        (Some(rounded(whole.count - part.count)), nanoseconds)
    }
}

/// A figure to the next whole number; what is below 0 is 0.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures are far below 2^53")]
pub(super) fn rounded(number: f64) -> u64 {
    number.round().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rows;

    fn record() -> PeerRecord {
        let figure = |count, nanoseconds| PeerFigure { count, nanoseconds };
        let rows = [("many", figure(30.6, Some(50.0))), ("few", figure(10.0, Some(20.5))), ("boot", figure(7.0, None))];
        PeerRecord {
            origin: [("package".to_owned(), "linux 1".to_owned())].into(),
            rows: rows.map(|(name, figure)| (name.to_owned(), figure)).into(),
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        assert_eq!(PeerRecord::parse(&record().encode()), Some(record()));
        for text in ["", "{}", "{\"origin\": {}, \"rows\": {\"a\": {}}}", "{\"origin\": {\"a\": 1}, \"rows\": {}}"] {
            assert_eq!(PeerRecord::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_twin_of_a_row_is_a_figure_or_what_one_has_beyond_another() {
        let rows = rows::parse(
            "a | x | 1 | many | T\nb | x | 1 | many less few | T\nc | x | 1 | boot | T\nd | x | 1 | - | T\n\
             e | x | 1 | many less none | T\nf | x | 1 | few less many | T",
        );
        let twins: Vec<_> = rows.unwrap().iter().map(|row| record().twin(row)).collect();
        assert_eq!(twins[0], (Some(31), Some(50)));
        assert_eq!(twins[1], (Some(21), Some(30)));
        assert_eq!(twins[2..5], [(Some(7), None), (None, None), (None, None)]);
        assert_eq!(twins[5], (Some(0), Some(0)));
    }

    #[test]
    fn every_twin_that_a_row_names_is_in_the_checked_in_record() {
        let tree = Tree::find();
        let record = PeerRecord::read(&tree).unwrap();
        for row in rows::read(&tree).unwrap().iter().filter(|row| row.linux.is_some()) {
            let (count, nanoseconds) = record.twin(row);
            assert!(count.is_some_and(|count| count > 0), "{}", row.name);
            assert!(nanoseconds.is_some() == row.is_timed(), "{}", row.name);
        }
    }
}
