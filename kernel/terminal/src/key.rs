//! A key that was pressed or let go, as a program's `KEY_EVENT_RECORD` has it.
//!
//! Source: public Windows headers (`wincon.h`, `winuser.h`).

/// Virtual-key codes.
#[allow(missing_docs, reason = "the names are those of winuser.h")]
pub mod virtual_key {
    pub const BACK: u16 = 0x08;
    pub const TAB: u16 = 0x09;
    pub const RETURN: u16 = 0x0D;
    pub const SHIFT: u16 = 0x10;
    pub const CONTROL: u16 = 0x11;
    pub const MENU: u16 = 0x12;
    pub const PAUSE: u16 = 0x13;
    pub const CAPITAL: u16 = 0x14;
    pub const ESCAPE: u16 = 0x1B;
    pub const SPACE: u16 = 0x20;
    pub const PRIOR: u16 = 0x21;
    pub const NEXT: u16 = 0x22;
    pub const END: u16 = 0x23;
    pub const HOME: u16 = 0x24;
    pub const LEFT: u16 = 0x25;
    pub const UP: u16 = 0x26;
    pub const RIGHT: u16 = 0x27;
    pub const DOWN: u16 = 0x28;
    pub const INSERT: u16 = 0x2D;
    pub const DELETE: u16 = 0x2E;
    pub const F1: u16 = 0x70;
    pub const NUMLOCK: u16 = 0x90;
    pub const SCROLL: u16 = 0x91;
}

/// Bits of [`Key::control`].
#[allow(missing_docs, reason = "the names are those of wincon.h")]
pub mod control {
    pub const RIGHT_ALT: u32 = 0x01;
    pub const LEFT_ALT: u32 = 0x02;
    pub const RIGHT_CTRL: u32 = 0x04;
    pub const LEFT_CTRL: u32 = 0x08;
    pub const SHIFT: u32 = 0x10;
    pub const NUMLOCK: u32 = 0x20;
    pub const CAPSLOCK: u32 = 0x80;
    pub const ENHANCED: u32 = 0x100;
}

/// A key that was pressed or let go.
#[doc(alias = "KEY_EVENT_RECORD")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Pressed, not let go.
    pub is_down: bool,
    /// Virtual-key code.
    pub virtual_key: u16,
    /// Scan code of set 1, without its prefix; 0 where no keyboard made it.
    pub scan_code: u16,
    /// The UTF-16 unit it types; 0 for none.
    pub character: u16,
    /// Shift, Ctrl and so on: bits of [`control`].
    pub control: u32,
}

impl Key {
    /// A key pressed that types `character`, or nothing.
    pub const fn pressed(virtual_key: u16, character: u16, control: u32) -> Self {
        Self { is_down: true, virtual_key, scan_code: 0, character, control }
    }

    /// The same key let go.
    pub const fn released(self) -> Self {
        Self { is_down: false, ..self }
    }

    /// Whether a Ctrl key is held.
    pub const fn is_control(&self) -> bool {
        self.control & (control::LEFT_CTRL | control::RIGHT_CTRL) != 0
    }

    /// Whether an Alt key is held.
    pub const fn is_alternate(&self) -> bool {
        self.control & (control::LEFT_ALT | control::RIGHT_ALT) != 0
    }
}

/// The virtual key that types `character` on a US keyboard; 0 where none does.
pub fn virtual_key_of(character: u16) -> u16 {
    const OTHERS: [(&[u8; 2], u16); 11] = [
        (b";:", 0xBA),
        (b"=+", 0xBB),
        (b",<", 0xBC),
        (b"-_", 0xBD),
        (b".>", 0xBE),
        (b"/?", 0xBF),
        (b"`~", 0xC0),
        (b"[{", 0xDB),
        (b"\\|", 0xDC),
        (b"]}", 0xDD),
        (b"'\"", 0xDE),
    ];
    const SHIFTED_DIGITS: &[u8; 10] = b")!@#$%^&*(";
    let Ok(byte) = u8::try_from(character) else { return 0 };
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' => u16::from(byte.to_ascii_uppercase()),
        b'0'..=b'9' => u16::from(byte),
        b' ' => virtual_key::SPACE,
        // Ctrl with a letter.
        1..=26 => u16::from(byte - 1 + b'A'),
        _ => {
            let digit = SHIFTED_DIGITS.iter().position(|other| *other == byte).map(|index| 0x30 + index as u16);
            let other = || OTHERS.iter().find(|(pair, _)| pair.contains(&byte)).map(|(_, key)| *key);
            digit.or_else(other).unwrap_or(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_lead_to_the_keys_that_type_them() {
        for (character, key) in
            [(b'a', 0x41), (b'Z', 0x5A), (b'7', 0x37), (b'&', 0x37), (b')', 0x30), (b'_', 0xBD), (3, 0x43)]
        {
            assert_eq!(virtual_key_of(u16::from(character)), key, "{character:#x}");
        }
        assert_eq!(virtual_key_of(0x20AC), 0);
    }
}
