//! Tables of text: columns as wide as what is in them, numbers to the right.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// To which side of its column a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// To the left: names.
    Left,
    /// To the right: numbers.
    Right,
}

/// A table with a head.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of these columns.
    pub fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, a text for each column.
    pub fn row(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.columns.len());
        self.rows.push(row);
    }

    /// The table as lines, two spaces between columns.
    pub fn text(&self) -> String {
        let width = |index: usize| {
            let cells = self.rows.iter().map(|row| row[index].chars().count());
            cells.chain([self.columns[index].0.len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let head: Vec<String> = self.columns.iter().map(|(name, _)| String::from(*name)).collect();
        let mut text = String::new();
        for row in core::iter::once(&head).chain(&self.rows) {
            let cells = row.iter().zip(&widths).zip(&self.columns).map(|((cell, width), (_, align))| match align {
                Align::Left => format!("{cell:<width$}"),
                Align::Right => format!("{cell:>width$}"),
            });
            let line = cells.collect::<Vec<String>>().join("  ");
            text.push_str(line.trim_end());
            text.push_str("\r\n");
        }
        text
    }
}

/// `number` with a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = format!("{number}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Names side by side in as many columns as fit into `width`, in the order of the columns.
pub fn side_by_side(names: &[String], width: usize) -> String {
    let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) + 2;
    let columns = (width / widest).max(1);
    let rows = names.len().div_ceil(columns);
    let mut text = String::new();
    for row in 0..rows {
        let line: String = names.iter().skip(row).step_by(rows).map(|name| format!("{name:<widest$}")).collect();
        text.push_str(line.trim_end());
        text.push_str("\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let mut table = Table::new(&[("ID", Align::Right), ("NAME", Align::Left), ("KB", Align::Right)]);
        table.row(vec!["4".into(), "System".into(), "1,000".into()]);
        table.row(vec!["1234".into(), "a".into(), "7".into()]);
        assert_eq!(table.text(), "  ID  NAME       KB\r\n   4  System  1,000\r\n1234  a           7\r\n");
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn names_stand_side_by_side() {
        let names: Vec<String> = ["a", "bb", "ccc", "d", "e"].map(String::from).to_vec();
        assert_eq!(side_by_side(&names, 12), "a    d\r\nbb   e\r\nccc\r\n");
        assert_eq!(side_by_side(&names, 1), "a\r\nbb\r\nccc\r\nd\r\ne\r\n");
    }
}
