//! A line being typed: what is in it, where the cursor is, and how the terminal comes to show it.
//!
//! The line is shown in a field of one row, which scrolls sideways when the line is longer, so that no terminal's way of
//! wrapping lines matters. After each change [`Editor::refresh`] writes what differs and no more: in the common case the
//! character that was typed.

use alloc::vec::Vec;
use core::fmt::Write;

use crate::key::{Key, virtual_key};

/// Columns that a field has at least, however far right it begins.
const NARROWEST: usize = 20;
const BACKSLASH: u16 = b'\\' as u16;

/// A change to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Puts a UTF-16 unit at the cursor.
    Insert(u16),
    /// The cursor one to the left.
    Left,
    /// The cursor one to the right.
    Right,
    /// The cursor to the start of the word.
    WordLeft,
    /// The cursor past the end of the word.
    WordRight,
    /// The cursor to the start.
    Home,
    /// The cursor to the end.
    End,
    /// Takes the unit before the cursor away.
    Backspace,
    /// Takes the unit at the cursor away.
    Delete,
    /// Takes the word before the cursor away.
    KillWord,
    /// Takes all from the cursor on away.
    KillToEnd,
    /// Takes all before the cursor away.
    KillToStart,
    /// Takes everything away.
    Clear,
    /// Typing replaces what is there, or does not any more.
    ToggleOverwrite,
}

impl Edit {
    /// The change that the keys of every line editor of Windows make; `None` for others.
    pub fn of_key(key: &Key) -> Option<Self> {
        let control = key.is_control();
        Some(match key.virtual_key {
            virtual_key::LEFT if control => Self::WordLeft,
            virtual_key::RIGHT if control => Self::WordRight,
            virtual_key::HOME if control => Self::KillToStart,
            virtual_key::END if control => Self::KillToEnd,
            virtual_key::LEFT => Self::Left,
            virtual_key::RIGHT => Self::Right,
            virtual_key::HOME => Self::Home,
            virtual_key::END => Self::End,
            virtual_key::BACK => Self::Backspace,
            virtual_key::DELETE => Self::Delete,
            virtual_key::INSERT => Self::ToggleOverwrite,
            virtual_key::ESCAPE => Self::Clear,
            _ => return None,
        })
    }
}

/// A line being typed.
#[derive(Clone, Debug)]
pub struct Editor {
    text: Vec<u16>,
    cursor: usize,
    overwrite: bool,
    /// Columns of the field.
    width: usize,
    /// The first cell of the line that the field shows.
    first: usize,
    /// What the field shows, cell by cell, and where in it the terminal's cursor is.
    shown: Vec<u16>,
    shown_cursor: usize,
}

impl Editor {
    /// An empty line in a field that begins in `column` of a terminal of `columns`.
    pub fn new(column: usize, columns: usize) -> Self {
        let width = columns.saturating_sub(column + 1).max(NARROWEST);
        Self { text: Vec::new(), cursor: 0, overwrite: false, width, first: 0, shown: Vec::new(), shown_cursor: 0 }
    }

    /// What has been typed.
    pub fn text(&self) -> &[u16] {
        &self.text
    }

    /// Where the cursor is: units before it.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Puts another line in place of this one, the cursor at its end.
    pub fn replace(&mut self, text: Vec<u16>) {
        self.cursor = text.len();
        self.text = text;
    }

    /// Puts `text` in place of the units from `start` to the cursor.
    pub fn replace_before_cursor(&mut self, start: usize, text: &[u16]) {
        let start = start.min(self.cursor);
        self.text.splice(start..self.cursor, text.iter().copied());
        self.cursor = start + text.len();
    }

    /// Changes the line.
    pub fn apply(&mut self, edit: Edit) {
        let (length, cursor) = (self.text.len(), self.cursor);
        match edit {
            Edit::Insert(unit) if self.overwrite && cursor < length => {
                self.text[cursor] = unit;
                self.cursor += 1;
            }
            Edit::Insert(unit) => {
                self.text.insert(cursor, unit);
                self.cursor += 1;
            }
            Edit::Left => self.cursor = cursor.saturating_sub(1),
            Edit::Right => self.cursor = (cursor + 1).min(length),
            Edit::WordLeft => self.cursor = self.word_start(),
            Edit::WordRight => self.cursor = self.word_end(),
            Edit::Home => self.cursor = 0,
            Edit::End => self.cursor = length,
            Edit::Backspace => self.remove(cursor.saturating_sub(1), cursor),
            Edit::Delete => self.remove(cursor, (cursor + 1).min(length)),
            Edit::KillWord => self.remove(self.word_start(), cursor),
            Edit::KillToEnd => self.remove(cursor, length),
            Edit::KillToStart => self.remove(0, cursor),
            Edit::Clear => self.remove(0, length),
            Edit::ToggleOverwrite => self.overwrite = !self.overwrite,
        }
    }

    /// Takes the units from `start` to `end` away; the cursor is left at `start`.
    fn remove(&mut self, start: usize, end: usize) {
        self.text.drain(start..end);
        self.cursor = start;
    }

    fn word_start(&self) -> usize {
        let before = &self.text[..self.cursor];
        let word = before.iter().rposition(|unit| !separates(*unit)).map_or(0, |last| last + 1);
        before[..word].iter().rposition(|unit| separates(*unit)).map_or(0, |space| space + 1)
    }

    fn word_end(&self) -> usize {
        let after = &self.text[self.cursor..];
        let word = after.iter().position(|unit| !separates(*unit)).unwrap_or(after.len());
        let end = after[word..].iter().position(|unit| separates(*unit)).unwrap_or(after.len() - word);
        self.cursor + word + end
    }

    /// Writes to `out` what makes the terminal show the line.
    pub fn refresh(&mut self, out: &mut Vec<u8>) {
        let (cells, cursor) = self.cells();
        self.scroll_to(cursor);
        let end = cells.len().min(self.first + self.width);
        let wanted = cells[self.first.min(end)..end].to_vec();
        let cursor = cursor - self.first;
        let same = wanted.iter().zip(&self.shown).take_while(|(new, old)| new == old).count();
        let differs = same < wanted.len() || same < self.shown.len();
        if differs {
            move_cursor(out, self.shown_cursor, same);
            wanted[same..].iter().for_each(|unit| push_unit(out, *unit));
            if wanted.len() < self.shown.len() {
                out.extend(b"\x1b[K");
            }
            self.shown_cursor = wanted.len();
        }
        move_cursor(out, self.shown_cursor, cursor);
        self.shown_cursor = cursor;
        self.shown = wanted;
    }

    /// Shows the line from its start on a field that has been left: after something else has been written.
    pub fn redraw(&mut self, out: &mut Vec<u8>) {
        self.shown.clear();
        self.shown_cursor = 0;
        self.refresh(out);
    }

    /// What the whole line looks like, and the cell of the cursor. A control character is two cells, `^` and a letter.
    fn cells(&self) -> (Vec<u16>, usize) {
        let (mut cells, mut cursor) = (Vec::new(), 0);
        for (index, unit) in self.text.iter().enumerate() {
            if index == self.cursor {
                cursor = cells.len();
            }
            match *unit {
                control @ 0..0x20 => cells.extend([u16::from(b'^'), control + 0x40]),
                other => cells.push(other),
            }
        }
        if self.cursor == self.text.len() {
            cursor = cells.len();
        }
        (cells, cursor)
    }

    fn scroll_to(&mut self, cursor: usize) {
        if cursor < self.first {
            self.first = cursor.saturating_sub(self.width / 2);
        } else if cursor - self.first >= self.width {
            self.first = cursor - self.width / 2;
        }
    }
}

/// Whether words end at `unit`.
fn separates(unit: u16) -> bool {
    unit == u16::from(b' ') || unit == BACKSLASH || unit == u16::from(b'/')
}

/// Moves the terminal's cursor within its row.
fn move_cursor(out: &mut Vec<u8>, from: usize, to: usize) {
    let mut text = alloc::string::String::new();
    let written = match to.cmp(&from) {
        core::cmp::Ordering::Less if from - to <= 3 => {
            out.extend(core::iter::repeat_n(8, from - to));
            return;
        }
        core::cmp::Ordering::Less => write!(text, "\x1b[{}D", from - to),
        core::cmp::Ordering::Equal => return,
        core::cmp::Ordering::Greater => write!(text, "\x1b[{}C", to - from),
    };
    debug_assert!(written.is_ok());
    out.extend(text.as_bytes());
}

/// Adds a UTF-16 unit as UTF-8.
pub fn push_unit(out: &mut Vec<u8>, unit: u16) {
    let character = char::from_u32(u32::from(unit)).unwrap_or('?');
    out.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{COLUMNS, ROWS, Screen};
    use core::sync::atomic::AtomicU16;

    fn typed(editor: &mut Editor, text: &str) {
        text.encode_utf16().for_each(|unit| editor.apply(Edit::Insert(unit)));
    }

    fn text(editor: &Editor) -> String {
        String::from_utf16_lossy(editor.text())
    }

    #[test]
    fn moving_inserting_and_deleting() {
        let mut editor = Editor::new(0, 80);
        typed(&mut editor, "one two three");
        editor.apply(Edit::WordLeft);
        editor.apply(Edit::WordLeft);
        assert_eq!(editor.cursor(), 4);
        editor.apply(Edit::KillWord);
        assert_eq!(text(&editor), "two three");
        editor.apply(Edit::WordRight);
        assert_eq!(editor.cursor(), 3);
        editor.apply(Edit::KillToEnd);
        editor.apply(Edit::Home);
        editor.apply(Edit::Delete);
        typed(&mut editor, "T");
        assert_eq!((text(&editor).as_str(), editor.cursor()), ("Two", 1));
        for edit in [Edit::Left, Edit::Left, Edit::Left, Edit::Backspace, Edit::End, Edit::Right, Edit::Delete] {
            editor.apply(edit);
        }
        assert_eq!((text(&editor).as_str(), editor.cursor()), ("Two", 3), "nothing beyond the ends");
        editor.apply(Edit::ToggleOverwrite);
        editor.apply(Edit::Home);
        typed(&mut editor, "to my");
        assert_eq!(text(&editor), "to my");
        editor.apply(Edit::KillToStart);
        assert_eq!(text(&editor), "");
    }

    #[test]
    fn a_word_ends_at_a_backslash() {
        let mut editor = Editor::new(0, 80);
        typed(&mut editor, "type C:\\WINDOWS\\x");
        editor.apply(Edit::KillWord);
        assert_eq!(text(&editor), "type C:\\WINDOWS\\");
        editor.apply(Edit::KillWord);
        assert_eq!(text(&editor), "type C:\\");
    }

    #[test]
    fn typing_at_the_end_writes_the_character_and_no_more() {
        let mut editor = Editor::new(2, 80);
        for (unit, expected) in [(b'a', &b"a"[..]), (b'b', b"b"), (26, b"^Z")] {
            let mut out = Vec::new();
            editor.apply(Edit::Insert(u16::from(unit)));
            editor.refresh(&mut out);
            assert_eq!(out, expected);
        }
        let mut out = Vec::new();
        editor.apply(Edit::Backspace);
        editor.refresh(&mut out);
        assert_eq!(out, b"\x08\x08\x1b[K", "two cells of one character");
    }

    /// Whatever is done, the screen shows the line and its cursor where they are.
    #[test]
    fn the_screen_shows_what_the_line_holds() {
        let cells: Vec<AtomicU16> = (0..COLUMNS * ROWS).map(|_| AtomicU16::new(0)).collect();
        let mut screen = Screen::new(&cells[..]);
        screen.write(b"C:\\>");
        let mut editor = Editor::new(4, COLUMNS);
        let mut state = 12345u32;
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let edit = match state >> 24 {
                0..=150 => Edit::Insert(u16::from(b'a' + (state >> 16 & 15) as u8)),
                151..=155 => Edit::Insert(u16::from(b' ')),
                156..=158 => Edit::Insert(3),
                159..=180 => Edit::Left,
                181..=195 => Edit::Right,
                196..=200 => Edit::WordLeft,
                201..=203 => Edit::WordRight,
                204..=206 => Edit::Home,
                207..=209 => Edit::End,
                210..=235 => Edit::Backspace,
                236..=245 => Edit::Delete,
                246..=247 => Edit::KillWord,
                248 => Edit::KillToEnd,
                249 => Edit::KillToStart,
                250 => Edit::Clear,
                _ => Edit::ToggleOverwrite,
            };
            editor.apply(edit);
            let mut out = Vec::new();
            editor.refresh(&mut out);
            screen.write(&out);
            let (all, cursor) = editor.cells();
            let end = all.len().min(editor.first + editor.width);
            let visible: String = String::from_utf16_lossy(&all[editor.first..end]);
            assert_eq!(screen.row(0).trim_end(), format!("C:\\>{visible}").trim_end());
            assert_eq!(screen.position(), (4 + cursor - editor.first, 0));
        }
    }
}
