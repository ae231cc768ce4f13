//! What a terminal on a serial port sends for keys: characters in UTF-8, and sequences for the keys that have none.
//!
//! Source: ECMA-48 for the form of the sequences; xterm's and the VT220's for what they mean.

use crate::key::{Key, control, virtual_key, virtual_key_of};

const ESCAPE: u8 = 0x1B;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ground,
    /// After ESC, which may be a key of its own.
    Escape,
    /// After `ESC [`: the numbers so far.
    Sequence,
    /// After `ESC O`.
    Single,
    /// Within a character of so many more bytes.
    Character(u8),
}

/// Makes keys of bytes.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    numbers: [u16; 2],
    number: usize,
    character: u32,
    after_return: bool,
}

impl Decoder {
    /// One that has seen nothing.
    pub const fn new() -> Self {
        Self { state: State::Ground, numbers: [0; 2], number: 0, character: 0, after_return: false }
    }

    /// Takes a byte; the key it completes, pressed.
    pub fn push(&mut self, byte: u8) -> Option<Key> {
        match self.state {
            State::Ground => self.ground(byte, 0),
            State::Escape => self.escape(byte),
            State::Sequence => self.sequence(byte),
            State::Single => {
                self.state = State::Ground;
                named(byte, 0)
            }
            State::Character(left) => self.continued(byte, left),
        }
    }

    /// Nothing more has come for a while: an ESC was the key.
    pub fn idle(&mut self) -> Option<Key> {
        let waited = core::mem::replace(&mut self.state, State::Ground);
        (waited == State::Escape).then_some(Key::pressed(virtual_key::ESCAPE, u16::from(ESCAPE), 0))
    }

    /// Whether [`Self::idle`] has something to tell.
    pub fn is_waiting(&self) -> bool {
        self.state == State::Escape
    }

    fn ground(&mut self, byte: u8, held: u32) -> Option<Key> {
        self.state = State::Ground;
        let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
        match byte {
            ESCAPE => {
                self.state = State::Escape;
                None
            }
            b'\n' if after_return => None,
            b'\r' | b'\n' => Some(Key::pressed(virtual_key::RETURN, u16::from(b'\r'), held)),
            b'\t' => Some(Key::pressed(virtual_key::TAB, u16::from(byte), held)),
            0x08 | 0x7F => Some(Key::pressed(virtual_key::BACK, 8, held)),
            0 => Some(Key::pressed(virtual_key::SPACE, 0, held | control::LEFT_CTRL)),
            1..=0x1F => Some(Key::pressed(virtual_key_of(u16::from(byte)), u16::from(byte), held | control::LEFT_CTRL)),
            0x20..=0x7E => {
                let shift = if byte.is_ascii_uppercase() { control::SHIFT } else { 0 };
                Some(Key::pressed(virtual_key_of(u16::from(byte)), u16::from(byte), held | shift))
            }
            0xC2..=0xDF => self.begin_character(byte & 0x1F, 1),
            0xE0..=0xEF => self.begin_character(byte & 0x0F, 2),
            0xF0..=0xF4 => self.begin_character(byte & 0x07, 3),
            // A terminal that speaks a code page of bytes.
            _ => Some(Key::pressed(0, u16::from(byte), held)),
        }
    }

    fn begin_character(&mut self, bits: u8, left: u8) -> Option<Key> {
        self.character = u32::from(bits);
        self.state = State::Character(left);
        None
    }

    fn continued(&mut self, byte: u8, left: u8) -> Option<Key> {
        if byte & 0xC0 != 0x80 {
            return self.ground(byte, 0);
        }
        self.character = self.character << 6 | u32::from(byte & 0x3F);
        if left > 1 {
            self.state = State::Character(left - 1);
            return None;
        }
        self.state = State::Ground;
        Some(Key::pressed(0, u16::try_from(self.character).unwrap_or(u16::from(b'?')), 0))
    }

    fn escape(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'[' => {
                (self.numbers, self.number, self.state) = ([0; 2], 0, State::Sequence);
                None
            }
            b'O' => {
                self.state = State::Single;
                None
            }
            ESCAPE => Some(Key::pressed(virtual_key::ESCAPE, u16::from(ESCAPE), 0)),
            // Alt is sent as an ESC in front.
            _ => self.ground(byte, control::LEFT_ALT),
        }
    }

    fn sequence(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'0'..=b'9' => {
                if let Some(number) = self.numbers.get_mut(self.number) {
                    *number = number.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
                }
                return None;
            }
            b';' => {
                self.number += 1;
                return None;
            }
            0x20..=0x3F => return None,
            _ => self.state = State::Ground,
        }
        let held = held(self.numbers[1]);
        match byte {
            b'~' => numbered(self.numbers[0], held),
            b'Z' => Some(Key::pressed(virtual_key::TAB, u16::from(b'\t'), control::SHIFT)),
            ESCAPE => {
                self.state = State::Escape;
                None
            }
            _ => named(byte, held),
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// The keys held, from xterm's number: one more than the sum of Shift 1, Alt 2, Ctrl 4.
fn held(number: u16) -> u32 {
    let bits = number.saturating_sub(1);
    [(1, control::SHIFT), (2, control::LEFT_ALT), (4, control::LEFT_CTRL)]
        .iter()
        .filter(|(bit, _)| bits & bit != 0)
        .map(|(_, key)| key)
        .sum()
}

/// The key of a sequence that ends with a letter.
fn named(letter: u8, held: u32) -> Option<Key> {
    let key = match letter {
        b'A' => virtual_key::UP,
        b'B' => virtual_key::DOWN,
        b'C' => virtual_key::RIGHT,
        b'D' => virtual_key::LEFT,
        b'H' => virtual_key::HOME,
        b'F' => virtual_key::END,
        b'P'..=b'S' => virtual_key::F1 + u16::from(letter - b'P'),
        _ => return None,
    };
    Some(Key::pressed(key, 0, held | control::ENHANCED))
}

/// The key of a sequence that ends with `~`.
fn numbered(number: u16, held: u32) -> Option<Key> {
    let key = match number {
        1 | 7 => virtual_key::HOME,
        2 => virtual_key::INSERT,
        3 => virtual_key::DELETE,
        4 | 8 => virtual_key::END,
        5 => virtual_key::PRIOR,
        6 => virtual_key::NEXT,
        11..=15 => virtual_key::F1 + number - 11,
        17..=21 => virtual_key::F1 + number - 12,
        23 | 24 => virtual_key::F1 + number - 13,
        _ => return None,
    };
    Some(Key::pressed(key, 0, held | control::ENHANCED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<(u16, u16, u32)> {
        let mut decoder = Decoder::new();
        let mut keys: Vec<Key> = bytes.iter().filter_map(|byte| decoder.push(*byte)).collect();
        keys.extend(decoder.idle());
        keys.iter().map(|key| (key.virtual_key, key.character, key.control & !control::ENHANCED)).collect()
    }

    #[test]
    fn plain_characters_are_themselves() {
        assert_eq!(keys(b"a1"), [(0x41, 97, 0), (0x31, 49, 0)]);
        assert_eq!(keys("é€".as_bytes()), [(0, 0xE9, 0), (0, 0x20AC, 0)]);
        assert_eq!(keys(b"\x7f\x08\t"), [(8, 8, 0), (8, 8, 0), (9, 9, 0)]);
        assert_eq!(keys(b"\x03"), [(0x43, 3, control::LEFT_CTRL)]);
    }

    #[test]
    fn each_kind_of_line_end_is_one_enter() {
        assert_eq!(keys(b"\r").len(), 1);
        assert_eq!(keys(b"\n").len(), 1);
        assert_eq!(keys(b"\r\n").len(), 1);
        assert_eq!(keys(b"\n\n\r\r\n").len(), 4);
    }

    #[test]
    fn sequences_are_keys() {
        let rows: [(&[u8], u16, u32); 12] = [
            (b"\x1b[A", virtual_key::UP, 0),
            (b"\x1bOB", virtual_key::DOWN, 0),
            (b"\x1b[C", virtual_key::RIGHT, 0),
            (b"\x1b[1;5D", virtual_key::LEFT, control::LEFT_CTRL),
            (b"\x1b[H", virtual_key::HOME, 0),
            (b"\x1b[4~", virtual_key::END, 0),
            (b"\x1b[3~", virtual_key::DELETE, 0),
            (b"\x1b[3;2~", virtual_key::DELETE, control::SHIFT),
            (b"\x1b[6~", virtual_key::NEXT, 0),
            (b"\x1bOR", virtual_key::F1 + 2, 0),
            (b"\x1b[15~", virtual_key::F1 + 4, 0),
            (b"\x1b[24~", virtual_key::F1 + 11, 0),
        ];
        for (bytes, key, held) in rows {
            assert_eq!(keys(bytes), [(key, 0, held)], "{bytes:?}");
        }
    }

    #[test]
    fn an_escape_alone_waits_for_what_may_follow() {
        assert_eq!(keys(b"\x1b"), [(virtual_key::ESCAPE, 27, 0)]);
        assert_eq!(keys(b"\x1bb"), [(0x42, 98, control::LEFT_ALT)]);
        assert_eq!(keys(b"\x1b\x1b"), [(virtual_key::ESCAPE, 27, 0), (virtual_key::ESCAPE, 27, 0)]);
    }

    #[test]
    fn what_is_no_sequence_does_no_harm() {
        assert_eq!(keys(b"\x1b[999999999999;;;;9xa"), [(0x41, 97, 0)]);
        assert_eq!(keys(b"\x1b[\x1b[A"), [(virtual_key::UP, 0, 0)]);
        assert_eq!(keys(b"\xC3a"), [(0x41, 97, 0)], "a character cut short");
        for first in 0..=255u8 {
            for second in 0..=255u8 {
                keys(&[first, second, b'a']);
            }
        }
    }
}
