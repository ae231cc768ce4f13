//! The console's cells: which of them a rectangle means, and what they are when part of the screen has moved.
//!
//! A cell is a word as `CHAR_INFO` has it: the UTF-16 unit in the low half, the attributes in the high one. The screen is 80 by 25 of
//! them, row by row.
//!
//! Source: Microsoft's documentation of WriteConsoleOutput, ReadConsoleOutput and ScrollConsoleScreenBuffer.

use crate::console::{COLUMNS, ROWS};

/// Cells of the screen.
pub const CELLS: usize = (COLUMNS * ROWS) as usize;

/// A rectangle of cells, all four edges of which belong to it. It is empty where right is left of left, or bottom above top.
#[doc(alias = "SMALL_RECT")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangle {
    /// The first column.
    pub left: i32,
    /// The first row.
    pub top: i32,
    /// The last column.
    pub right: i32,
    /// The last row.
    pub bottom: i32,
}

/// The whole screen.
pub const SCREEN: Rectangle = Rectangle { left: 0, top: 0, right: COLUMNS as i32 - 1, bottom: ROWS as i32 - 1 };

impl Rectangle {
    /// The rectangle in two words as it lies in memory.
    pub fn of_words([first, last]: [u32; 2]) -> Self {
        let [[left, top], [right, bottom]] = [first, last].map(place);
        Self { left, top, right, bottom }
    }

    /// As it lies in memory.
    pub fn to_words(self) -> [u32; 2] {
        let word = |column: i32, row: i32| u32::from(row as u16) << 16 | u32::from(column as u16);
        [word(self.left, self.top), word(self.right, self.bottom)]
    }

    /// What is in both.
    pub fn intersection(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.left > self.right || self.top > self.bottom
    }

    fn has(self, column: i32, row: i32) -> bool {
        (self.left..=self.right).contains(&column) && (self.top..=self.bottom).contains(&row)
    }

    fn moved(self, columns: i32, rows: i32) -> Self {
        Self {
            left: self.left + columns,
            top: self.top + rows,
            right: self.right + columns,
            bottom: self.bottom + rows,
        }
    }
}

/// Column and row of a word that has them in its halves.
#[doc(alias = "COORD")]
pub fn place(word: u32) -> [i32; 2] {
    [i32::from(word as i16), i32::from((word >> 16) as i16)]
}

/// The number of the cell that a `COORD` means, or none beyond the screen.
pub fn cell_at(word: u32) -> Option<u32> {
    let [column, row] = place(word);
    SCREEN.has(column, row).then(|| row as u32 * COLUMNS + column as u32)
}

/// What is moved between a program's field of cells and the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The part of the screen. Where it is empty, nothing is moved.
    pub screen: Rectangle,
    /// Column and row in the field of its first cell.
    pub from: [u32; 2],
    /// Columns of the field.
    pub width: u32,
}

impl Transfer {
    /// Between a field of `size` columns and rows, from a cell of it on, and as much of `wanted` as is on the screen. `size` and `from` are
    /// `COORD`s.
    pub fn new(size: u32, from: u32, wanted: Rectangle) -> Self {
        let ([width, height], [column, row]) = (place(size), place(from));
        let room =
            Rectangle { right: wanted.left + (width - column) - 1, bottom: wanted.top + (height - row) - 1, ..wanted };
        let mut screen = wanted.intersection(SCREEN).intersection(room);
        if column < 0 || row < 0 {
            screen.right = screen.left - 1;
        }
        let from = [column + screen.left - wanted.left, row + screen.top - wanted.top].map(|at| at.max(0) as u32);
        Self { screen, from, width: width.max(0) as u32 }
    }

    /// Row by row, the number of the first cell on the screen, of the first in the field, and how many there are.
    pub fn rows(self) -> impl Iterator<Item = (u32, u32, u32)> {
        let [column, row] = self.from;
        let rows = if self.screen.is_empty() { 0..0 } else { 0..(self.screen.bottom - self.screen.top + 1) as u32 };
        rows.map(move |index| {
            let on_screen = (self.screen.top as u32 + index) * COLUMNS + self.screen.left as u32;
            let count = (self.screen.right - self.screen.left + 1) as u32;
            (on_screen, (row + index) * self.width + column, count)
        })
    }
}

/// Moves what `moved` has so that its upper left cell is at `to`; what it leaves becomes `fill`. Nothing outside of `clip` changes.
/// `before` is the whole screen, and `cells` the same when it begins.
pub fn scroll(before: &[u32], cells: &mut [u32], moved: Rectangle, clip: Rectangle, to: [i32; 2], fill: u32) {
    let source = moved.intersection(SCREEN);
    let clip = clip.intersection(SCREEN);
    if source.is_empty() || clip.is_empty() {
        return;
    }
    let [columns, rows] = [to[0] - moved.left, to[1] - moved.top];
    let target = source.moved(columns, rows);
    let index = |column: i32, row: i32| (row * COLUMNS as i32 + column) as usize;
    for row in clip.top..=clip.bottom {
        for column in clip.left..=clip.right {
            if target.has(column, row) {
                cells[index(column, row)] = before[index(column - columns, row - rows)];
            } else if source.has(column, row) {
                cells[index(column, row)] = fill;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn rectangle(left: i32, top: i32, right: i32, bottom: i32) -> Rectangle {
        Rectangle { left, top, right, bottom }
    }

    #[test]
    fn a_place_beyond_the_screen_is_no_cell() {
        let cells = [0x0001_0002, 0xFFFF_0000, 0x0000_FFFF, 0x0019_0000].map(cell_at);
        assert_eq!(cells, [Some(82), None, None, None]);
    }

    #[test]
    fn a_rectangle_lies_in_memory_as_windows_has_it() {
        let words = [0xFFFE_0001, 0x0004_0003];
        assert_eq!(Rectangle::of_words(words), rectangle(1, -2, 3, 4));
        assert_eq!(rectangle(1, -2, 3, 4).to_words(), words);
        assert_eq!([0, 0x18_004F, 0x18_0050, 0x19_0000, 0xFFFF].map(cell_at), [Some(0), Some(1999), None, None, None]);
    }

    #[test]
    fn only_what_is_on_the_screen_and_in_the_field_is_moved() {
        let rows = |size, from, wanted| Transfer::new(size, from, wanted).rows().collect::<Vec<_>>();
        assert_eq!(rows(0x2_0003, 0, rectangle(4, 5, 6, 6)), [(404, 0, 3), (484, 3, 3)]);
        assert_eq!(rows(0x2_0003, 0x1_0001, rectangle(4, 5, 60, 60)), [(404, 4, 2)], "the field ends");
        assert_eq!(rows(0x4_0004, 0, rectangle(-1, -2, 2, 1)), [(0, 9, 3), (80, 13, 3)], "before the first cell");
        assert_eq!(rows(0x4_0004, 0, rectangle(78, 24, 81, 27)), [(1998, 0, 2)]);
        assert_eq!(rows(0x4_0004, 0, rectangle(80, 0, 83, 3)), []);
        assert_eq!(rows(0x4_0004, 0x4_0000, rectangle(0, 0, 3, 3)), []);
        assert_eq!(rows(0x4_0004, 0xFFFF, rectangle(0, 0, 3, 3)), []);
        assert_eq!(rows(0, 0, rectangle(0, 0, 3, 3)), []);
        assert!(Transfer::new(0x4_0004, 0, rectangle(80, 0, 83, 3)).screen.is_empty());
    }

    #[test]
    fn what_moves_leaves_the_fill_behind() {
        let numbered = || core::array::from_fn::<u32, CELLS, _>(|index| index as u32);
        let row = |cells: &[u32; CELLS], row: usize| cells[row * 80..][..5].to_vec();
        let mut cells = numbered();
        scroll(&numbered(), &mut cells, rectangle(0, 1, 79, 24), SCREEN, [0, 0], 7777);
        assert_eq!(row(&cells, 0), [80, 81, 82, 83, 84]);
        assert_eq!(row(&cells, 24), [7777; 5]);
        let mut cells = numbered();
        scroll(&numbered(), &mut cells, rectangle(0, 0, 1, 1), SCREEN, [1, 1], 7777);
        assert_eq!([row(&cells, 0), row(&cells, 1)], [[7777, 7777, 2, 3, 4], [7777, 0, 1, 83, 84]]);
        assert_eq!(row(&cells, 2), [160, 80, 81, 163, 164]);
        let mut cells = numbered();
        scroll(&numbered(), &mut cells, rectangle(0, 0, 3, 0), rectangle(1, 0, 2, 0), [2, 0], 7777);
        assert_eq!(row(&cells, 0), [0, 7777, 0, 3, 4], "clipped on both sides");
        let mut cells = numbered();
        scroll(&numbered(), &mut cells, rectangle(-5, 0, 1, 0), SCREEN, [0, 1], 7777);
        assert_eq!([row(&cells, 0), row(&cells, 1)], [[7777, 7777, 2, 3, 4], [80, 81, 82, 83, 84]]);
        assert_eq!(cells[85..88], [0, 1, 87], "what is cut off counts");
    }
}
