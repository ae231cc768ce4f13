//! The line a person types: bytes in, what to echo out, and a whole line at the end of it.

/// Bytes a line may have.
const LONGEST: usize = 256;
const BACKSPACE: u8 = 0x08;
const DELETE: u8 = 0x7F;
const ESCAPE: u8 = 0x1B;
/// Ctrl-C: stop the system.
const BREAK: u8 = 0x03;
/// Ctrl-D: nobody looks on any more.
const DETACH: u8 = 0x04;
/// Ctrl-U: forget what was typed.
const KILL: u8 = 0x15;

/// A line as it comes in.
#[derive(Clone, Debug)]
pub struct Line {
    bytes: [u8; LONGEST],
    length: usize,
    escape: Escape,
    /// The last byte was a carriage return: a line feed after it is part of it.
    after_return: bool,
}

/// Where in an escape sequence (a cursor key) the input is: they are passed over.
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
    /// The line is whole: see [`Line::text`].
    Enter,
    /// The system is to stop.
    Break,
    /// Nobody looks on any more.
    Detach,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; LONGEST], length: 0, escape: Escape::No, after_return: false }
    }
}

impl Line {
    /// Takes a byte.
    pub fn push(&mut self, byte: u8) -> Key {
        let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
        match (self.escape, byte) {
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Within,
            (Escape::Within, 0x20..=0x3F) => {}
            (Escape::Begun | Escape::Within, _) => self.escape = Escape::No,
            (Escape::No, ESCAPE) => self.escape = Escape::Begun,
            (Escape::No, _) => return self.key(byte, after_return),
        }
        Key::Nothing
    }

    fn key(&mut self, byte: u8, after_return: bool) -> Key {
        match byte {
            b'\n' if after_return => Key::Nothing,
            b'\r' | b'\n' => Key::Enter,
            BREAK => Key::Break,
            DETACH => Key::Detach,
            BACKSPACE | DELETE if self.length > 0 => {
                self.length -= 1;
                Key::Erase(1)
            }
            KILL => Key::Erase(core::mem::take(&mut self.length)),
            b'\t' | b' '..=b'~' if self.length < LONGEST => {
                let byte = if byte == b'\t' { b' ' } else { byte };
                self.bytes[self.length] = byte;
                self.length += 1;
                Key::Echo(byte)
            }
            _ => Key::Nothing,
        }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }

    /// Begins a new line.
    pub fn clear(&mut self) {
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line after `input`, and what was seen of it.
    fn typed(input: &[u8]) -> (String, String) {
        let (mut line, mut seen) = (Line::default(), String::new());
        for byte in input {
            match line.push(*byte) {
                Key::Echo(byte) => seen.push(char::from(byte)),
                Key::Erase(count) => seen.truncate(seen.len() - count),
                Key::Enter => seen.push('!'),
                Key::Break => seen.push('^'),
                Key::Detach => seen.push('.'),
                Key::Nothing => {}
            }
        }
        (line.text().into(), seen)
    }

    #[test]
    fn what_is_seen_is_what_was_typed() {
        assert_eq!(typed(b"!pte\t10"), ("!pte 10".into(), "!pte 10".into()));
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
}
