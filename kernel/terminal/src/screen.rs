//! The text screen: 80 columns and 25 rows of cells, a cursor, scrolling, and the ANSI sequences that line editing and the
//! console functions of Windows need.
//!
//! Understood are cursor movement (`CSI A B C D G H f`), erasing (`CSI J K`), colours (`CSI m`), saving and restoring the
//! cursor (`ESC 7`, `ESC 8`, `CSI s u`); other sequences, a window title among them, are passed over. A line feed also
//! returns the carriage, as on the console of Windows. Bytes beyond ASCII are UTF-8 or, where they cannot be, of code page 437;
//! a VGA shows what that has, and `?` for the rest.
//!
//! Source: ECMA-48 for the sequences; the attribute byte of the VGA.

use crate::cells::{Cell, Cells, of_code_page_437};

/// Columns.
pub const COLUMNS: usize = 80;
/// Rows.
pub const ROWS: usize = 25;
/// Light grey on black.
pub const NORMAL: u8 = 0x07;

const ESCAPE: u8 = 0x1B;
/// Numbers of a sequence that are kept.
const NUMBERS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ground,
    Escape,
    Sequence,
    /// A text for the terminal itself: up to BEL or `ESC \`.
    Text,
    TextEscape,
    /// Within a character of so many more bytes.
    Character(u8),
}

/// The screen.
#[derive(Debug)]
pub struct Screen<C> {
    cells: C,
    position: usize,
    attribute: u8,
    saved: usize,
    state: State,
    numbers: [u16; NUMBERS],
    number: usize,
    character: u32,
}

impl<C: Cells> Screen<C> {
    /// The screen over `cells`, cleared.
    pub fn new(cells: C) -> Self {
        let mut screen = Self {
            cells,
            position: 0,
            attribute: NORMAL,
            saved: 0,
            state: State::Ground,
            numbers: [0; NUMBERS],
            number: 0,
            character: 0,
        };
        screen.clear(NORMAL);
        screen
    }

    /// Fills the screen with blanks of `attribute` and goes on at the top.
    pub fn clear(&mut self, attribute: u8) {
        self.attribute = attribute;
        self.position = 0;
        self.state = State::Ground;
        self.blank(0, COLUMNS * ROWS);
    }

    /// Goes on at a cell, in other colours.
    pub fn place(&mut self, cell: usize, attribute: u8) {
        self.position = cell.min(COLUMNS * ROWS - 1);
        self.attribute = attribute;
        self.state = State::Ground;
    }

    /// Column and row of the cursor, from 0.
    pub fn position(&self) -> (usize, usize) {
        (self.position % COLUMNS, self.position / COLUMNS)
    }

    /// The cell of the cursor.
    pub fn cell(&self) -> usize {
        self.position
    }

    /// The colours of what is written next.
    pub fn attribute(&self) -> u8 {
        self.attribute
    }

    /// Writes `bytes`.
    pub fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.push(*byte));
    }

    /// The cells.
    pub fn cells(&self) -> &C {
        &self.cells
    }

    /// The text of a row, for tests.
    #[cfg(test)]
    pub fn row(&self, row: usize) -> String {
        let unit = |column| self.cells.get(row * COLUMNS + column).character;
        String::from_utf16_lossy(&(0..COLUMNS).map(unit).collect::<Vec<_>>())
    }

    fn push(&mut self, byte: u8) {
        match self.state {
            State::Ground => self.ground(byte),
            State::Escape => self.escape(byte),
            State::Sequence => self.sequence(byte),
            State::Text => match byte {
                0x07 => self.state = State::Ground,
                ESCAPE => self.state = State::TextEscape,
                _ => {}
            },
            State::TextEscape => self.state = if byte == b'\\' { State::Ground } else { State::Text },
            State::Character(left) => self.continued(byte, left),
        }
    }

    fn ground(&mut self, byte: u8) {
        match byte {
            b'\n' => self.position += COLUMNS - self.position % COLUMNS,
            b'\r' => self.position -= self.position % COLUMNS,
            8 => self.position = self.position.saturating_sub(1),
            b'\t' => self.position += 8 - self.position % COLUMNS % 8,
            ESCAPE => self.state = State::Escape,
            0 | 7 => {}
            0xC2..=0xDF => self.begin_character(byte & 0x1F, 1),
            0xE0..=0xEF => self.begin_character(byte & 0x0F, 2),
            0xF0..=0xF4 => self.begin_character(byte & 0x07, 3),
            _ => self.put(of_code_page_437(byte)),
        }
        self.scroll_if_past_end();
    }

    fn begin_character(&mut self, bits: u8, left: u8) {
        self.character = u32::from(bits);
        self.state = State::Character(left);
    }

    fn continued(&mut self, byte: u8, left: u8) {
        self.state = State::Ground;
        if byte & 0xC0 != 0x80 {
            self.put(u16::from(b'?'));
            return self.ground(byte);
        }
        self.character = self.character << 6 | u32::from(byte & 0x3F);
        match left {
            1 => self.put(u16::try_from(self.character).unwrap_or(u16::from(b'?'))),
            _ => self.state = State::Character(left - 1),
        }
    }

    fn put(&mut self, character: u16) {
        self.cells.set(self.position, Cell { character, attribute: self.attribute });
        self.position += 1;
        self.scroll_if_past_end();
    }

    fn scroll_if_past_end(&mut self) {
        if self.position >= COLUMNS * ROWS {
            self.scroll();
        }
    }

    fn scroll(&mut self) {
        for index in COLUMNS..COLUMNS * ROWS {
            self.cells.set(index - COLUMNS, self.cells.get(index));
        }
        self.blank(COLUMNS * (ROWS - 1), COLUMNS * ROWS);
        self.position = COLUMNS * (ROWS - 1) + self.position % COLUMNS;
    }

    fn blank(&self, from: usize, to: usize) {
        let blank = Cell { character: u16::from(b' '), attribute: self.attribute };
        (from..to).for_each(|index| self.cells.set(index, blank));
    }

    fn escape(&mut self, byte: u8) {
        self.state = State::Ground;
        match byte {
            b'[' => (self.state, self.numbers, self.number) = (State::Sequence, [0; NUMBERS], 0),
            b']' => self.state = State::Text,
            b'7' => self.saved = self.position,
            b'8' => self.position = self.saved,
            _ => {}
        }
    }

    fn sequence(&mut self, byte: u8) {
        match byte {
            b'0'..=b'9' => {
                if let Some(number) = self.numbers.get_mut(self.number) {
                    *number = number.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
                }
            }
            b';' => self.number += 1,
            0x20..=0x3F => {}
            ESCAPE => self.state = State::Escape,
            _ => {
                self.state = State::Ground;
                self.perform(byte);
            }
        }
    }

    fn perform(&mut self, letter: u8) {
        let count = usize::from(self.numbers[0].max(1));
        let (column, row) = self.position();
        match letter {
            b'A' => self.go(column, row.saturating_sub(count)),
            b'B' => self.go(column, row + count),
            b'C' => self.go(column + count, row),
            b'D' => self.go(column.saturating_sub(count), row),
            b'G' => self.go(count - 1, row),
            b'H' | b'f' => self.go(usize::from(self.numbers[1].max(1)) - 1, count - 1),
            b'J' => self.erase(0, COLUMNS * ROWS),
            b'K' => self.erase(row * COLUMNS, (row + 1) * COLUMNS),
            b'm' => (0..=self.number.min(NUMBERS - 1)).for_each(|index| self.color(self.numbers[index])),
            b's' => self.saved = self.position,
            b'u' => self.position = self.saved,
            _ => {}
        }
    }

    fn go(&mut self, column: usize, row: usize) {
        self.position = row.min(ROWS - 1) * COLUMNS + column.min(COLUMNS - 1);
    }

    /// Erases from the cursor to `end`, from `start` to the cursor, or everything between the two.
    fn erase(&self, start: usize, end: usize) {
        match self.numbers[0] {
            0 => self.blank(self.position, end),
            1 => self.blank(start, self.position + 1),
            2 => self.blank(start, end),
            _ => {}
        }
    }

    fn color(&mut self, number: u16) {
        let attribute = self.attribute;
        self.attribute = match number {
            0 => NORMAL,
            1 => attribute | 0x08,
            7 => attribute.rotate_right(4),
            22 => attribute & !0x08,
            30..=37 => attribute & 0xF8 | vga_color(number - 30),
            39 => attribute & 0xF0 | NORMAL,
            40..=47 => attribute & 0x8F | vga_color(number - 40) << 4,
            49 => attribute & 0x0F,
            90..=97 => attribute & 0xF0 | 0x08 | vga_color(number - 90),
            100..=107 => attribute & 0x0F | 0x80 | vga_color(number - 100) << 4,
            _ => attribute,
        };
    }
}

/// ANSI counts red, green, blue from the low bit up, the VGA from the high bit down. It is its own inverse.
pub const fn vga_color(color: u16) -> u8 {
    let color = color as u8;
    color & 2 | (color & 1) << 2 | color >> 2 & 1
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicU16, Ordering};

    use super::*;

    fn cells() -> Vec<AtomicU16> {
        (0..COLUMNS * ROWS).map(|_| AtomicU16::new(0)).collect()
    }

    fn attribute_at(cells: &[AtomicU16], cell: usize) -> u8 {
        (cells[cell].load(Ordering::Relaxed) >> 8) as u8
    }

    #[test]
    fn lines_wrap_and_the_screen_scrolls() {
        let cells = cells();
        let mut screen = Screen::new(&cells[..]);
        screen.write("x".repeat(81).as_bytes());
        assert_eq!((screen.position(), screen.row(1).trim_end()), ((1, 1), "x"));
        for number in 0..30 {
            screen.write(format!("\nline {number}").as_bytes());
        }
        assert_eq!(screen.row(24).trim_end(), "line 29");
        assert_eq!(screen.row(0).trim_end(), "line 5");
        assert_eq!(screen.position(), (7, 24));
    }

    #[test]
    fn control_characters_move() {
        let cells = cells();
        let mut screen = Screen::new(&cells[..]);
        screen.write(b"ab\tc\rX\x08Y\x07\0");
        assert_eq!(screen.row(0).trim_end(), "Yb      c");
        screen.write(b"\nz");
        assert_eq!((screen.row(1).trim_end(), screen.position()), ("z", (1, 1)));
        screen.write(b"\x1b[H\x08\x08");
        assert_eq!(screen.position(), (0, 0), "not before the first cell");
    }

    #[test]
    fn sequences_move_and_erase() {
        let cells = cells();
        let mut screen = Screen::new(&cells[..]);
        screen.write(b"hello world\x1b[5D\x1b[K");
        assert_eq!((screen.row(0).trim_end(), screen.position()), ("hello", (6, 0)));
        screen.write(b"\x1b[10;20Hx\x1b[2A\x1b[3Cy\x1b[99B\x1b[999Dz");
        assert_eq!((screen.row(9).trim(), screen.row(7).trim(), screen.row(24).trim()), ("x", "y", "z"));
        screen.write(b"\x1b7\x1b[2;2H**\x1b8!");
        assert_eq!((screen.row(1).trim(), screen.row(24).trim()), ("**", "z!"));
        screen.write(b"\x1b[2J\x1b[H");
        assert_eq!(screen.position(), (0, 0));
        assert!((0..ROWS).all(|row| screen.row(row).trim().is_empty()));
        screen.write(b"abc\x1b[2D\x1b[1K");
        assert_eq!(screen.row(0).trim_end(), "  c");
    }

    #[test]
    fn colours_become_attributes() {
        let cells = cells();
        let mut screen = Screen::new(&cells[..]);
        for (sequence, attribute) in [
            (&b"\x1b[31m"[..], 0x04),
            (b"\x1b[1;33m", 0x0E),
            (b"\x1b[44m", 0x1E),
            (b"\x1b[22m", 0x16),
            (b"\x1b[0m", 0x07),
            (b"\x1b[m", 0x07),
            (b"\x1b[94;101m", 0xC9),
            (b"\x1b[39;49m", 0x07),
            (b"\x1b[7m", 0x70),
        ] {
            screen.write(sequence);
            assert_eq!(screen.attribute(), attribute, "{sequence:?}");
        }
        screen.write(b"\x1b[0;32m\x1b[Hg");
        assert_eq!(attribute_at(&cells, 0), 0x02);
    }

    #[test]
    fn characters_beyond_ascii_are_shown_as_far_as_there_are_any() {
        let cells = cells();
        let mut screen = Screen::new(&cells[..]);
        screen.write("é│€\u{1F600}ß".as_bytes());
        let codes: Vec<u8> = cells[..5].iter().map(|cell| cell.load(Ordering::Relaxed) as u8).collect();
        assert_eq!(codes, [0x82, 0xB3, b'?', b'?', 0xE1]);
    }

    #[test]
    fn a_title_is_not_shown_and_rubbish_stays_on_the_screen() {
        let cells = cells();
        let mut screen = Screen::new(&cells[..]);
        screen.write(b"\x1b]0;title\x07a\x1b]0;t\x1b\\b\x1b[?25lc\x1b[99999999;;;;;;;;;;;;;mz");
        assert_eq!(screen.row(0).trim_end(), "abcz");
        let mut state = 1u32;
        for _ in 0..300_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let byte = (state >> 24) as u8;
            screen.write(&[if state & 0x30_0000 == 0 { ESCAPE } else { byte }]);
            assert!(screen.cell() < COLUMNS * ROWS);
        }
    }
}
