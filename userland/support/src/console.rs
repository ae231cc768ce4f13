//! The console's functions as the bytes that make a console do them: ANSI sequences.
//!
//! Source: ECMA-48 for the sequences; `wincon.h` for colours and coordinates.

use alloc::format;
use alloc::vec::Vec;

use crate::path::file_name;
use crate::text::{equal_ignoring_case, wide};

/// Attribute: the foreground is bright.
const FOREGROUND_INTENSITY: u16 = 0x08;
/// Attribute: the background is bright.
const BACKGROUND_INTENSITY: u16 = 0x80;
/// What is read of a screen: 80 by 25 cells.
pub const COLUMNS: u32 = 80;
/// Rows of the screen.
pub const ROWS: u32 = 25;

/// Goes to `column` and `row`, both from 0.
pub fn go_to(column: u32, row: u32) -> Vec<u8> {
    format!("\x1b[{};{}H", row + 1, column + 1).into_bytes()
}

/// Shows the cursor, or hides it.
pub fn show_cursor(shown: bool) -> Vec<u8> {
    if shown { b"\x1b[?25h".to_vec() } else { b"\x1b[?25l".to_vec() }
}

/// Writes in the colours of `attribute` from here on.
pub fn colors(attribute: u16) -> Vec<u8> {
    // Windows counts blue, green, red from the low bit up; ANSI the other way round.
    let ansi = |color: u16| (color & 1) << 2 | color & 2 | color >> 2 & 1;
    let base = |intensity: u16, normal: u16| if attribute & intensity == 0 { normal } else { normal + 60 };
    let foreground = base(FOREGROUND_INTENSITY, 30) + ansi(attribute & 7);
    let background = base(BACKGROUND_INTENSITY, 40) + ansi(attribute >> 4 & 7);
    match attribute & 0xFF {
        7 => b"\x1b[0m".to_vec(),
        low if low >> 4 == 0 => format!("\x1b[0;{foreground}m").into_bytes(),
        _ => format!("\x1b[0;{foreground};{background}m").into_bytes(),
    }
}

/// Sets the title of the terminal's window.
pub fn title(text: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x1b]0;".to_vec();
    bytes.extend(text.iter().filter(|byte| **byte >= b' '));
    bytes.push(7);
    bytes
}

/// The NT path of the console, or of the device that is nothing, where `name` is one of its names in any folder, as on Windows. `CON` is the side that
/// `writes` says.
pub fn console_path(name: &[u16], writes: bool) -> Option<Vec<u16>> {
    let is = |other: &[u8]| equal_ignoring_case(file_name(name), &wide(other));
    let input = is(b"CONIN$") || is(b"CON") && !writes;
    let output = is(b"CONOUT$") || is(b"CON") && writes;
    // A device is one with an extension, too.
    let stem = file_name(name).split(|&unit| unit == u16::from(b'.')).next().unwrap_or_default();
    if equal_ignoring_case(stem, &wide(b"NUL")) {
        return Some(wide(b"\\??\\NUL"));
    }
    match (input, output) {
        (true, _) => Some(wide(b"\\??\\CONIN$")),
        (_, true) => Some(wide(b"\\??\\CONOUT$")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_windows_are_colours_of_a_terminal() {
        let rows: [(u16, &[u8]); 6] = [
            (0x07, b"\x1b[0m"),
            (0x04, b"\x1b[0;31m"),
            (0x09, b"\x1b[0;94m"),
            (0x0E, b"\x1b[0;93m"),
            (0x1F, b"\x1b[0;97;44m"),
            (0xC2, b"\x1b[0;32;101m"),
        ];
        for (attribute, expected) in rows {
            assert_eq!(colors(attribute), expected, "{attribute:#x}");
        }
    }

    #[test]
    fn the_console_has_its_names_everywhere() {
        let path = |name: &[u8], writes| console_path(&wide(name), writes);
        assert_eq!(path(b"conin$", false), Some(wide(b"\\??\\CONIN$")));
        assert_eq!(path(b"C:\\x\\CON", true), Some(wide(b"\\??\\CONOUT$")));
        assert_eq!(path(b"CON", false), Some(wide(b"\\??\\CONIN$")));
        assert_eq!(path(b"CONX", false), None);
    }

    #[test]
    fn a_title_cannot_smuggle_in_a_sequence() {
        assert_eq!(title(b"a\x1b[2Jb\x07"), b"\x1b]0;a[2Jb\x07");
        assert_eq!(go_to(0, 24), b"\x1b[25;1H");
    }

    #[test]
    fn the_cursor_is_hidden_and_shown() {
        assert_eq!([show_cursor(false), show_cursor(true)], [b"\x1b[?25l", b"\x1b[?25h"]);
    }
}
