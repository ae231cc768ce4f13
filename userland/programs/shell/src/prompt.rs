//! Reading a line: the editor, the history, and completion with Tab.

use alloc::string::String;
use alloc::vec::Vec;

use terminal::key::virtual_key;
use terminal::screen::COLUMNS;
use terminal::{Edit, Editor, History, Key};

use crate::complete::complete;
use crate::system::System;

/// Lines of the history.
const HISTORY: usize = 200;

/// How reading a line ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A line.
    Line(String),
    /// Ctrl-C: there is no line.
    Interrupted,
    /// There will be no more.
    End,
}

/// What reads lines.
#[derive(Debug)]
pub struct Prompt {
    history: History,
}

impl Default for Prompt {
    fn default() -> Self {
        Self { history: History::new(HISTORY) }
    }
}

/// What the keys of the shell do beyond those of every line editor.
fn edit_of(key: &Key) -> Option<Edit> {
    if key.is_alternate() {
        return match key.character as u8 {
            b'b' | b'B' => Some(Edit::WordLeft),
            b'f' | b'F' => Some(Edit::WordRight),
            8 => Some(Edit::KillWord),
            _ => None,
        };
    }
    match key.character as u8 {
        1 => Some(Edit::Home),
        4 => Some(Edit::Delete),
        5 => Some(Edit::End),
        11 => Some(Edit::KillToEnd),
        21 => Some(Edit::KillToStart),
        23 => Some(Edit::KillWord),
        _ => Edit::of_key(key),
    }
}

impl Prompt {
    /// Shows `prompt` and reads a line.
    pub fn read<S: System>(&mut self, system: &mut S, prompt: &str) -> Read {
        system.write(prompt.as_bytes());
        let mut editor = Editor::new(system.column(), COLUMNS);
        loop {
            let Some(key) = system.read_key() else {
                return if editor.text().is_empty() { Read::End } else { self.finish(system, editor) };
            };
            if !key.is_down {
                continue;
            }
            match (key.virtual_key, key.character) {
                (virtual_key::RETURN, _) => return self.finish(system, editor),
                (_, 3) => {
                    system.write(b"^C\r\n");
                    return Read::Interrupted;
                }
                (_, 4 | 26) if editor.text().is_empty() => return Read::End,
                (_, 12) => {
                    system.write(b"\x1b[2J\x1b[H");
                    system.write(prompt.as_bytes());
                    let mut out = Vec::new();
                    editor.redraw(&mut out);
                    system.write(&out);
                    continue;
                }
                (virtual_key::TAB, _) => self.complete(system, &mut editor, prompt),
                _ => self.edit(&mut editor, &key),
            }
            let mut out = Vec::new();
            editor.refresh(&mut out);
            system.write(&out);
        }
    }

    /// The lines read so far, oldest first.
    pub fn history(&self) -> impl Iterator<Item = String> + '_ {
        self.history.lines().map(String::from_utf16_lossy)
    }

    fn edit(&mut self, editor: &mut Editor, key: &Key) {
        let other = match (key.virtual_key, key.character) {
            (virtual_key::UP, _) | (_, 16) => self.history.older(editor.text()),
            (virtual_key::DOWN, _) | (_, 14) => self.history.newer(),
            _ => None,
        };
        if let Some(line) = other {
            editor.replace(line);
        } else if let Some(edit) = edit_of(key) {
            editor.apply(edit);
        } else if key.character >= 0x20 && !key.is_alternate() {
            editor.apply(Edit::Insert(key.character));
        }
    }

    fn finish<S: System>(&mut self, system: &mut S, mut editor: Editor) -> Read {
        let mut out = Vec::new();
        editor.apply(Edit::End);
        editor.refresh(&mut out);
        out.extend(b"\r\n");
        system.write(&out);
        self.history.add(editor.text());
        Read::Line(String::from_utf16_lossy(editor.text()))
    }

    /// Completes the word before the cursor, or shows what it could become.
    fn complete<S: System>(&self, system: &mut S, editor: &mut Editor, prompt: &str) {
        let before = String::from_utf16_lossy(&editor.text()[..editor.cursor()]);
        let completion = complete(system, &before);
        let units: Vec<u16> = completion.text.encode_utf16().collect();
        let start = before[..completion.start].encode_utf16().count();
        editor.replace_before_cursor(start, &units);
        if !completion.choices.is_empty() {
            system.write(b"\r\n");
            system.write(crate::table::side_by_side(&completion.choices, COLUMNS).as_bytes());
            system.write(prompt.as_bytes());
            let mut out = Vec::new();
            editor.redraw(&mut out);
            system.write(&out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::Fake;

    fn read(keys: &[u8]) -> (Read, String) {
        let mut system = Fake::typing(keys);
        let read = Prompt::default().read(&mut system, "> ");
        (read, system.output())
    }

    #[test]
    fn a_line_is_edited_with_arrows_and_control_keys() {
        let line = |text: &str| Read::Line(text.into());
        assert_eq!(read(b"helo\x1b[Dl\r").0, line("hello"));
        assert_eq!(read(b"one two\x17\x01X\x05Y\r").0, line("Xone Y"));
        assert_eq!(read(b"abc\x1b[D\x1b[D\x0b\r").0, line("a"));
        assert_eq!(read(b"abc def\x1b[1;5D\x15\r").0, line("def"));
        assert_eq!(read(b"abc\x1b[H\x1b[3~\x7f\x1b[F!\r").0, line("bc!"));
    }

    #[test]
    fn control_c_and_the_end_are_told_apart() {
        assert_eq!(read(b"abc\x03").0, Read::Interrupted);
        assert_eq!(read(b"\x04").0, Read::End);
        assert_eq!(read(b"").0, Read::End);
        assert_eq!(read(b"last").0, Read::Line("last".into()));
    }

    #[test]
    fn earlier_lines_come_back() {
        let mut system = Fake::typing(b"one\rtwo\r\x1b[A\x1b[A!\r");
        let mut prompt = Prompt::default();
        let lines: Vec<Read> = (0..3).map(|_| prompt.read(&mut system, "")).collect();
        assert_eq!(lines[2], Read::Line("one!".into()));
        assert_eq!(prompt.history().collect::<Vec<_>>(), ["one", "two", "one!"]);
    }

    #[test]
    fn tab_completes_or_shows_the_choices() {
        assert_eq!(read(b"type HE\t\r").0, Read::Line("type hello.txt".into()));
        let (line, output) = read(b"dir s\t\t\r");
        assert_eq!(line, Read::Line("dir s".into()));
        assert!(output.contains("samples") && output.contains("second file.txt"), "{output}");
        assert_eq!(read(b"type se\t\r").0, Read::Line("type \"second file.txt\"".into()));
        assert_eq!(read(b"shut\t\r").0, Read::Line("shutdown ".into()));
    }
}
