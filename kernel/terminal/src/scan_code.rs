//! Scan codes of a PS/2 keyboard, US layout, as the controller translates them (set 1); decoded by `pc-keyboard`.

use pc_keyboard::layouts::Us104Key;
use pc_keyboard::{DecodedKey, HandleControl, KeyCode, KeyState, Modifiers, PS2Keyboard, ScancodeSet1};

use crate::key::{Key, control, virtual_key, virtual_key_of};

/// The key's prefix: one of those that a PC/XT keyboard did not have.
const EXTENDED: u8 = 0xE0;
/// The bit of a scan code for a key let go.
const RELEASED: u8 = 0x80;

/// A keyboard: what is held and locked.
pub struct Keyboard {
    decoder: PS2Keyboard<Us104Key, ScancodeSet1>,
    extended: bool,
}

impl Keyboard {
    /// Nothing held; NumLock on, CapsLock off.
    pub const fn new() -> Self {
        let decoder = PS2Keyboard::new(ScancodeSet1::new(), Us104Key, HandleControl::MapLettersToUnicode);
        Self { decoder, extended: false }
    }

    /// Takes a byte from the keyboard; the key it completes.
    pub fn push(&mut self, byte: u8) -> Option<Key> {
        let was_extended = core::mem::replace(&mut self.extended, byte == EXTENDED);
        let event = self.decoder.add_byte(byte).ok().flatten()?;
        let (code, is_down) = (event.code, event.state != KeyState::Up);
        let decoded = self.decoder.process_keyevent(event);
        let modifiers = self.decoder.get_modifiers();
        let control = control_state(modifiers) | if was_extended { control::ENHANCED } else { 0 };
        let alternate = modifiers.is_alt() && !modifiers.is_altgr();
        // Without NumLock the keypad's keys are those that stand on them in small print.
        let (code, character) = match decoded {
            Some(DecodedKey::Unicode('\u{7f}')) => (KeyCode::Delete, 0),
            Some(DecodedKey::Unicode(character)) => (code, typed(character, modifiers)),
            Some(DecodedKey::RawKey(code)) => (code, 0),
            None => (code, 0),
        };
        let virtual_key = match virtual_key_of_code(code) {
            0 => virtual_key_of(character),
            known => known,
        };
        let character = if alternate && character < 0x20 { 0 } else { character };
        Some(Key { is_down, virtual_key, scan_code: u16::from(byte & !RELEASED), character, control })
    }
}

impl Default for Keyboard {
    fn default() -> Self {
        Self::new()
    }
}

/// What a key types: the crate's characters, but Enter is a carriage return unless Ctrl is held.
fn typed(character: char, modifiers: &Modifiers) -> u16 {
    match character {
        '\n' if modifiers.is_ctrl() => u16::from(b'\n'),
        '\n' => u16::from(b'\r'),
        other => u16::try_from(u32::from(other)).unwrap_or(0),
    }
}

fn control_state(modifiers: &Modifiers) -> u32 {
    let bits = [
        (modifiers.ralt, control::RIGHT_ALT),
        (modifiers.lalt, control::LEFT_ALT),
        (modifiers.rctrl, control::RIGHT_CTRL),
        (modifiers.lctrl, control::LEFT_CTRL),
        (modifiers.is_shifted(), control::SHIFT),
        (modifiers.numlock, control::NUMLOCK),
        (modifiers.capslock, control::CAPSLOCK),
    ];
    bits.iter().filter(|(held, _)| *held).map(|(_, bit)| bit).sum()
}

/// The virtual key of a key that has a name; 0 for those that only type.
fn virtual_key_of_code(code: KeyCode) -> u16 {
    const FUNCTION_KEYS: [KeyCode; 12] = [
        KeyCode::F1,
        KeyCode::F2,
        KeyCode::F3,
        KeyCode::F4,
        KeyCode::F5,
        KeyCode::F6,
        KeyCode::F7,
        KeyCode::F8,
        KeyCode::F9,
        KeyCode::F10,
        KeyCode::F11,
        KeyCode::F12,
    ];
    if let Some(index) = FUNCTION_KEYS.iter().position(|other| *other == code) {
        return virtual_key::F1 + index as u16;
    }
    match code {
        KeyCode::Backspace => virtual_key::BACK,
        KeyCode::Tab => virtual_key::TAB,
        KeyCode::Return | KeyCode::NumpadEnter => virtual_key::RETURN,
        KeyCode::LShift | KeyCode::RShift => virtual_key::SHIFT,
        KeyCode::LControl | KeyCode::RControl => virtual_key::CONTROL,
        KeyCode::LAlt | KeyCode::RAltGr => virtual_key::MENU,
        KeyCode::PauseBreak => virtual_key::PAUSE,
        KeyCode::CapsLock => virtual_key::CAPITAL,
        KeyCode::Escape => virtual_key::ESCAPE,
        KeyCode::PageUp => virtual_key::PRIOR,
        KeyCode::PageDown => virtual_key::NEXT,
        KeyCode::End => virtual_key::END,
        KeyCode::Home => virtual_key::HOME,
        KeyCode::ArrowLeft => virtual_key::LEFT,
        KeyCode::ArrowUp => virtual_key::UP,
        KeyCode::ArrowRight => virtual_key::RIGHT,
        KeyCode::ArrowDown => virtual_key::DOWN,
        KeyCode::Insert => virtual_key::INSERT,
        KeyCode::Delete => virtual_key::DELETE,
        KeyCode::NumpadLock => virtual_key::NUMLOCK,
        KeyCode::ScrollLock => virtual_key::SCROLL,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys that `bytes` press.
    fn pressed(bytes: &[u8]) -> Vec<Key> {
        let mut keyboard = Keyboard::new();
        bytes.iter().filter_map(|byte| keyboard.push(*byte)).filter(|key| key.is_down).collect()
    }

    fn text(bytes: &[u8]) -> String {
        pressed(bytes).iter().filter(|key| key.character != 0).map(|key| char::from(key.character as u8)).collect()
    }

    #[test]
    fn letters_follow_shift_and_caps_lock() {
        assert_eq!(text(&[0x1E, 0x9E, 0x2A, 0x1E, 0x9E, 0xAA, 0x1E, 0x9E]), "aAa");
        assert_eq!(text(&[0x3A, 0xBA, 0x1E, 0x9E, 0x2A, 0x1E, 0xAA, 0x3A, 0xBA, 0x1E]), "Aaa");
        assert_eq!(text(&[0x2A, 0x02, 0x82, 0xAA, 0x02, 0x82]), "!1");
    }

    #[test]
    fn control_makes_control_characters() {
        let keys = pressed(&[0x1D, 0x2E, 0xAE, 0x9D, 0x2E]);
        let typed: Vec<_> = keys.iter().map(|key| (key.virtual_key, key.character, key.is_control())).collect();
        assert_eq!(typed, [(virtual_key::CONTROL, 0, true), (0x43, 3, true), (0x43, u16::from(b'c'), false)]);
    }

    #[test]
    fn arrows_and_their_kin_are_enhanced_keys_without_characters() {
        let rows = [
            (0x4B, virtual_key::LEFT),
            (0x4D, virtual_key::RIGHT),
            (0x48, virtual_key::UP),
            (0x50, virtual_key::DOWN),
            (0x47, virtual_key::HOME),
            (0x4F, virtual_key::END),
            (0x53, virtual_key::DELETE),
            (0x52, virtual_key::INSERT),
            (0x49, virtual_key::PRIOR),
            (0x51, virtual_key::NEXT),
        ];
        for (code, virtual_key) in rows {
            let keys = pressed(&[0xE0, code, 0xE0, code | 0x80]);
            let expected = Key {
                is_down: true,
                virtual_key,
                scan_code: u16::from(code),
                character: 0,
                control: control::ENHANCED | control::NUMLOCK,
            };
            assert_eq!(keys, [expected]);
        }
    }

    #[test]
    fn the_keypad_types_digits_with_num_lock_and_moves_without() {
        assert_eq!(text(&[0x47, 0x48, 0x4C, 0x53, 0x4E]), "785.+");
        let keys = pressed(&[0x45, 0xC5, 0x4B, 0x53]);
        let keys: Vec<_> = keys.iter().map(|key| (key.virtual_key, key.character)).collect();
        assert_eq!(keys[1..], [(virtual_key::LEFT, 0), (virtual_key::DELETE, 0)]);
        assert_eq!(text(&[0xE0, 0x1C]), "\r");
    }

    #[test]
    fn enter_tab_backspace_and_escape_type() {
        let keys = pressed(&[0x1C, 0x0F, 0x0E, 0x01]);
        let keys: Vec<_> = keys.iter().map(|key| (key.virtual_key, key.character)).collect();
        let expected =
            [(virtual_key::RETURN, 13), (virtual_key::TAB, 9), (virtual_key::BACK, 8), (virtual_key::ESCAPE, 27)];
        assert_eq!(keys, expected);
    }

    #[test]
    fn rubbish_is_passed_over() {
        assert_eq!(text(&[0xFF, 0x00, 0xFA, 0xAA, 0xE0, 0xE0, 0x1E, 0x9E, 0x1E]), "aa");
    }
}
