//! What docs show of the benchmark: the table in `docs/performance.md` and the picture beside it, both made of the two records.

use std::fs;

use super::peer::record::PeerRecord;
use super::record::Record;
use super::table::Line;
use super::{plot, rows, table};
use crate::error::{Error, Result};
use crate::paths::Tree;

const PAGE: &str = "docs/performance.md";
const PICTURE: &str = "docs/performance.svg";
/// What stands before and behind the table on the page.
const BEGIN: &str = "<!-- the table: make bench-record -->\n";
const END: &str = "<!-- end of the table -->\n";

/// The lines of the table, by the records.
///
/// # Errors
/// Those of reading the rows and the records.
pub fn lines(tree: &Tree) -> Result<Vec<Line>> {
    let (ours, linux) = (Record::read(tree)?, PeerRecord::read(tree)?);
    let line = |row: rows::Row| {
        let recorded = ours.rows.get(&row.name);
        let (count, nanoseconds) = linux.twin(&row);
        Line {
            count: recorded.map(|recorded| recorded.count),
            nanoseconds: recorded.and_then(|recorded| recorded.nanoseconds),
            linux: count,
            linux_nanoseconds: nanoseconds,
            row,
        }
    };
    Ok(rows::read(tree)?.into_iter().map(line).collect())
}

/// Writes both anew.
///
/// # Errors
/// Those of [`lines`], and [`Error::Malformed`] for a page without a place for the table.
pub fn write(tree: &Tree) -> Result<()> {
    let lines = lines(tree)?;
    let path = tree.file(PAGE);
    let page = fs::read_to_string(&path).map_err(Error::file("reading", &path))?;
    let problem = "it has no place for the table".to_owned();
    let page = with_table(&page, &lines).ok_or(Error::Malformed { path: path.clone(), problem })?;
    fs::write(&path, page).map_err(Error::file("writing", &path))?;
    let path = tree.file(PICTURE);
    fs::write(&path, plot::svg(&lines)).map_err(Error::file("writing", &path))
}

/// The page with this table on it.
fn with_table(page: &str, lines: &[Line]) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}{END}{after}", table::markdown(lines)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_and_picture_show_what_is_recorded() {
        let tree = Tree::find();
        let (lines, again) = (lines(&tree).unwrap(), "; ./vadose bench --documents writes it anew");
        let page = fs::read_to_string(tree.file(PAGE)).unwrap();
        assert!(with_table(&page, &lines).as_ref() == Some(&page), "{PAGE} is old{again}");
        assert!(fs::read_to_string(tree.file(PICTURE)).unwrap() == plot::svg(&lines), "{PICTURE} is old{again}");
    }

    #[test]
    fn the_page_defines_every_row() {
        let tree = Tree::find();
        let page = fs::read_to_string(tree.file(PAGE)).unwrap();
        let (before, _) = page.split_once(BEGIN).unwrap();
        let (_, after) = page.split_once(END).unwrap();
        for row in rows::read(&tree).unwrap() {
            let start = format!("| `{}` |", row.name);
            assert!([before, after].iter().any(|part| part.contains(&start)), "{} is not defined", row.name);
        }
    }

    #[test]
    fn a_page_without_a_place_is_refused() {
        assert_eq!(with_table("nothing", &[]), None);
        assert_eq!(with_table(BEGIN, &[]), None);
    }
}
