//! The rows of the benchmark, as `tests/bench/targets` has them.

use std::fs;

use crate::error::{Error, Result};
use crate::paths::Tree;

/// Between two rows of Linux's of which one is taken from the other.
const LESS: &str = " less ";

/// Who measures a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A program of tests/bench, by its name without the ending.
    Program(String),
    /// The kernel, which prints it in its log.
    Kernel,
    /// The kernel, from its entry to the first instruction in ring 3.
    Boot,
    /// The same on a machine with 60 GB.
    LargeBoot,
    /// The debugger, on a machine with 64 MB: KB, not instructions.
    Memory,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name, by which it can be asked for.
    pub name: String,
    /// Who measures it.
    pub source: Source,
    /// What is meant to be reached, in instructions or KB.
    pub target: u64,
    /// Linux's row, and one to take from it.
    pub linux: Option<(String, Option<String>)>,
    /// What it says in the table.
    pub title: String,
}

impl Row {
    /// Whether its figure is in instructions, and so in time as well.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.source != Source::Memory
    }
}

/// Reads `tests/bench/targets`.
///
/// # Errors
/// [`Error::Host`] without the file, [`Error::Malformed`] for a line that is no row or a name that is there twice.
pub fn read(tree: &Tree) -> Result<Vec<Row>> {
    let path = tree.file("tests/bench/targets");
    let text = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
    parse(&text).map_err(|problem| Error::Malformed { path, problem })
}

/// The rows in the text of that file.
pub(super) fn parse(text: &str) -> Result<Vec<Row>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut rows: Vec<Row> = Vec::new();
    for line in lines {
        let row = parse_row(line).ok_or_else(|| format!("{line:?} is not `name | who | target | linux | title`"))?;
        if rows.iter().any(|other| other.name == row.name) {
            return Err(format!("{} is there twice", row.name));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn parse_row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let &[name, source, target, linux, title] = fields.as_slice() else { return None };
    if [name, source, linux, title].contains(&"") {
        return None;
    }
    let source = match source {
        "kernel" => Source::Kernel,
        "boot" => Source::Boot,
        "boot 60 GB" => Source::LargeBoot,
        "memory 64 MB" => Source::Memory,
        program => Source::Program(program.to_owned()),
    };
    let linux = match linux.split_once(LESS) {
        _ if linux == "-" => None,
        Some((more, less)) => Some((more.to_owned(), Some(less.to_owned()))),
        None => Some((linux.to_owned(), None)),
    };
    Some(Row { name: name.to_owned(), source, target: target.parse().ok()?, linux, title: title.to_owned() })
}

/// The rows that were asked for: all, or the one of this name.
///
/// # Errors
/// [`Error::BadInput`] with all names where there is none of it.
pub fn chosen<'a>(rows: &'a [Row], name: Option<&str>) -> Result<Vec<&'a Row>> {
    let Some(name) = name else { return Ok(rows.iter().collect()) };
    if let Some(row) = rows.iter().find(|row| row.name == name) {
        return Ok(vec![row]);
    }
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    Err(Error::BadInput(format!("there is no row {name}; there are {}", names.join(" "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_five_fields() {
        let rows = parse("# rows\n\na | memory | 100 | 1 call (x) | A call\nb | boot | 5 | - | Boot\n").unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].source, Source::Program("memory".into()));
        assert_eq!(rows[0].linux, Some(("1 call (x)".into(), None)));
        assert_eq!((&rows[1].source, &rows[1].linux, rows[1].target), (&Source::Boot, &None, 5));
        assert_eq!(rows[1].title, "Boot");
    }

    #[test]
    fn a_row_of_linux_can_be_a_difference() {
        let row = parse_row("a | x | 1 | many less few | T").unwrap();
        assert_eq!(row.linux, Some(("many".into(), Some("few".into()))));
    }

    #[test]
    fn what_is_no_row_and_what_is_there_twice_are_refused() {
        for line in ["a | x | 1 | -", "a | x | many | - | T", "a | x | 1 |  | T", " | x | 1 | - | T"] {
            assert!(parse(line).is_err(), "{line}");
        }
        assert!(parse("a | x | 1 | - | T\na | y | 2 | - | U").unwrap_err().contains("twice"));
    }

    #[test]
    fn a_name_that_is_no_rows_is_answered_with_those_that_are() {
        let rows = parse("a | x | 1 | - | T\nb | x | 1 | - | U").unwrap();
        assert_eq!(chosen(&rows, None).unwrap().len(), 2);
        assert_eq!(chosen(&rows, Some("b")).unwrap()[0].name, "b");
        assert!(chosen(&rows, Some("c")).unwrap_err().to_string().contains("there are a b"));
    }

    #[test]
    fn the_checked_in_table_is_sound() {
        let rows = read(&Tree::find()).unwrap();
        assert!(rows.len() >= 34, "{}", rows.len());
        assert_eq!(rows.iter().filter(|row| !row.is_timed()).count(), 1);
    }
}
