//! The line a person types: bytes in, what to echo out, and a whole line at the end of it.

/// Bytes a line may have.
const LONGEST: usize = 256;
/// Lines that are remembered.
const REMEMBERED: usize = 16;
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7F;
const ESCAPE: u8 = 0x1B;
/// Ctrl-C: stop the system.
const BREAK: u8 = 0x03;
/// Ctrl-D: nobody looks on any more.
const DETACH: u8 = 0x04;
/// Ctrl-U: forget what was typed.
const KILL: u8 = 0x15;

/// What was typed of a line.
#[derive(Clone, Copy, Debug)]
struct Text {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Text {
    const EMPTY: Self = Self { bytes: [0; LONGEST], length: 0 };

    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }
}

/// A line as it comes in, and those before it. It needs no heap: what a bugcheck interrupted may have that.
#[derive(Clone, Debug)]
pub struct Line {
    text: Text,
    escape: Escape,
    /// The last byte was a carriage return: a line feed after it is part of it.
    after_return: bool,
    /// Lines that were entered, the newest last; so many of them are used.
    remembered: [Text; REMEMBERED],
    count: usize,
    /// How far back the person went: 0 is the line that is being typed.
    back: usize,
}

/// Where in an escape sequence (a cursor key) the input is. Those for up and down lead to other lines; others are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    No,
    Begun,
    Within,
}

/// What a byte came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Nothing to show.
    Nothing,
    /// To be echoed.
    Echo(u8),
    /// So many characters are to be taken back.
    Erase(usize),
    /// The same, and then [`Line::text`] is to be shown.
    Replace(usize),
    /// The rest of a word is wanted: see [`Line::complete`].
    Complete,
    /// The line is whole: see [`Line::text`].
    Enter,
    /// The system is to stop.
    Break,
    /// Nobody looks on any more.
    Detach,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            text: Text::EMPTY,
            escape: Escape::No,
            after_return: false,
            remembered: [Text::EMPTY; REMEMBERED],
            count: 0,
            back: 0,
        }
    }
}

impl Line {
    /// Takes a byte.
    pub fn push(&mut self, byte: u8) -> Key {
        let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
        match (self.escape, byte) {
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Within,
            (Escape::Within, 0x20..=0x3F) => {}
            (Escape::Within, b'A' | b'B') => {
                self.escape = Escape::No;
                return self.recall(byte == b'A');
            }
            (Escape::Begun | Escape::Within, _) => self.escape = Escape::No,
            (Escape::No, ESCAPE) => self.escape = Escape::Begun,
            (Escape::No, _) => return self.key(byte, after_return),
        }
        Key::Nothing
    }

    fn key(&mut self, byte: u8, after_return: bool) -> Key {
        let Text { bytes, length } = &mut self.text;
        match byte {
            b'\n' if after_return => Key::Nothing,
            b'\r' | b'\n' => Key::Enter,
            BREAK => Key::Break,
            DETACH => Key::Detach,
            BACKSPACE | DELETE if *length > 0 => {
                *length -= 1;
                Key::Erase(1)
            }
            KILL => Key::Erase(core::mem::take(length)),
            b'\t' => Key::Complete,
            b' '..=b'~' if *length < LONGEST => {
                bytes[*length] = byte;
                *length += 1;
                Key::Echo(byte)
            }
            _ => Key::Nothing,
        }
    }

    /// The line before (`older`) or after the one that is shown takes its place; after the newest comes an empty one.
    fn recall(&mut self, older: bool) -> Key {
        match older {
            true if self.back < self.count => self.back += 1,
            false if self.back > 0 => self.back -= 1,
            _ => return Key::Nothing,
        }
        let shown = self.text.length;
        self.text = if self.back == 0 { Text::EMPTY } else { self.remembered[self.count - self.back] };
        Key::Replace(shown)
    }

    /// Completes the last word of the line from the words in `known`, as far as those that begin like it are the same; a space follows where there is
    /// only one. What came to the line's end, to be echoed.
    pub fn complete<'a>(&mut self, known: impl Iterator<Item = &'a str>) -> &str {
        let before = self.text.length;
        let typed = Text { ..self.text };
        let word = typed.as_str().rsplit([' ', ';']).next().unwrap_or("");
        let mut common: Option<&str> = None;
        let mut single = true;
        for name in known.filter(|name| !word.is_empty() && name.starts_with(word)) {
            let shared = common.map_or(name.len(), |other| {
                let same = name.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
                single &= same == name.len() && same == other.len();
                same
            });
            common = Some(&name[..name.floor_char_boundary(shared)]);
        }
        let Some(common) = common else { return "" };
        let rest = &common.as_bytes()[word.len()..];
        for byte in rest.iter().chain(single.then_some(&b' ')) {
            self.key(*byte, false);
        }
        self.text.as_str().get(before..).unwrap_or("")
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// Begins a new line. The one before is remembered, unless it is empty or the same as the last.
    pub fn clear(&mut self) {
        self.back = 0;
        let last = self.count.checked_sub(1).map(|last| self.remembered[last]);
        if self.text.length > 0 && last.is_none_or(|last| last.as_str() != self.text()) {
            if self.count == REMEMBERED {
                self.remembered.rotate_left(1);
                self.count -= 1;
            }
            self.remembered[self.count] = self.text;
            self.count += 1;
        }
        self.text = Text::EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line after `input`, and what was seen of it.
    fn typed(input: &[u8]) -> (String, String) {
        entered(input, false)
    }

    /// The same, where `remembers` says whether a line that was entered is followed by another.
    fn entered(input: &[u8], remembers: bool) -> (String, String) {
        let (mut line, mut seen) = (Line::default(), String::new());
        for byte in input {
            match line.push(*byte) {
                Key::Echo(byte) => seen.push(char::from(byte)),
                Key::Erase(count) => seen.truncate(seen.len() - count),
                Key::Replace(count) => {
                    seen.truncate(seen.len() - count);
                    seen.push_str(line.text());
                }
                Key::Complete => seen.push_str(line.complete(["!vad", "!vm", "!vtop", "u"].into_iter())),
                Key::Enter => {
                    seen.push('!');
                    if remembers {
                        line.clear();
                    }
                }
                Key::Break => seen.push('^'),
                Key::Detach => seen.push('.'),
                Key::Nothing => {}
            }
        }
        (line.text().into(), seen)
    }

    #[test]
    fn what_is_seen_is_what_was_typed() {
        assert_eq!(typed(b"!pte 10"), ("!pte 10".into(), "!pte 10".into()));
        assert_eq!(typed(b"\x7f\x08!vaf\x08d"), ("!vad".into(), "!vad".into()));
        assert_eq!(typed(b"dd 1\x15k"), ("k".into(), "k".into()));
        assert_eq!(typed(b"a\x1b[A\x1bOB\x1b[3~b\xff\x01"), ("ab".into(), "ab".into()));
        assert_eq!(typed(&[b'x'; 300]).0.len(), LONGEST);
    }

    #[test]
    fn a_line_ends_with_either_character_or_both() {
        assert_eq!(typed(b"g\r\n\n\r").1, "g!!!");
        assert_eq!(typed(b"\x03\x04").1, "^.");
        let mut line = Line::default();
        line.push(b'g');
        line.clear();
        assert_eq!(line.text(), "");
    }

    #[test]
    fn the_keys_up_and_down_lead_to_lines_that_were_entered() {
        let last = |input: &[u8]| entered(input, true).0;
        assert_eq!(last(b"r\r!vad\r\x1b[A"), "!vad");
        assert_eq!(last(b"r\r!vad\r\x1b[A\x1bOA"), "r");
        assert_eq!(last(b"r\r!vad\r\x1b[A\x1b[A\x1b[A"), "r", "there is none before");
        assert_eq!(last(b"r\r!vad\r\x1b[A\x1b[A\x1b[B 1"), "!vad 1");
        assert_eq!(last(b"r\rk\x1b[A\x1b[B"), "", "after the newest comes an empty one");
        assert_eq!(last(b"r\rr\r\rk\r\x1b[A\x1b[A"), "r", "the same twice, and an empty one, are not remembered");
        assert_eq!(entered(b"!vad\r\x1b[A", true).1, "!vad!!vad");
        let many: Vec<u8> = (0..30).flat_map(|number| format!("k {number}\r").into_bytes()).collect();
        assert_eq!(last(&[&many[..], &b"\x1b[A".repeat(40)].concat()), "k 14", "sixteen are remembered");
    }

    #[test]
    fn a_tab_completes_what_can_be_only_one() {
        assert_eq!(typed(b"!va\t"), ("!vad ".into(), "!vad ".into()));
        assert_eq!(typed(b"!v\t").0, "!v", "three begin like it");
        assert_eq!(typed(b"r; !vt\t7c800000").0, "r; !vtop 7c800000");
        assert_eq!(typed(b"\t").0, "");
        assert_eq!(typed(b"!x\t").0, "!x");
    }
}
