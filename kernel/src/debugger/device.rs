//! Where a person types the debugger's commands and sees what they print: COM2, or the machine's own keyboard and screen.

use core::fmt;

use drivers::serial::Serial;
use drivers::{keyboard, log};
use terminal::key::virtual_key;
use terminal::{Key, Keyboard};

/// Lines of the screen that are shown before somebody presses a key.
const SCREEN_LINES: u32 = 23;
/// Columns of the screen.
const COLUMNS: u32 = 80;
/// Bytes of a line that are sent at once.
const GATHERED: usize = 128;
const MORE: &[u8] = b"-- more: a key, or q --";
const CONTROL_C: u8 = 0x03;
const KILL: u8 = 0x15;

/// Such a place.
pub(super) enum Device {
    Port(Serial),
    Screen(Keyboard),
}

impl Device {
    pub(super) fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Port(port) => port.send(bytes),
            Self::Screen(_) => log::write_to_screen(bytes),
        }
    }

    /// What was typed; how many bytes. With `still` interrupts may be locked out, so that the keyboard is asked itself.
    pub(super) fn receive(&mut self, into: &mut [u8], still: bool) -> usize {
        match self {
            Self::Port(port) => port.receive(into),
            Self::Screen(decoder) => {
                if still {
                    keyboard::interrupt();
                }
                let mut count = 0;
                while into.len() - count >= LONGEST_KEY {
                    let Some(code) = keyboard::take() else { break };
                    let typed = decoder.push(code).filter(|key| key.is_down).map_or(&[][..], |key| typed(&key));
                    into[count..count + typed.len()].copy_from_slice(typed);
                    count += typed.len();
                }
                count
            }
        }
    }

    /// What was typed for programs is not for the debugger.
    pub(super) fn forget_input(&mut self) {
        if let Self::Screen(_) = self {
            while keyboard::take().is_some() {}
        }
    }

    /// Whether it is the machine's own.
    pub(super) fn is_screen(&self) -> bool {
        matches!(self, Self::Screen(_))
    }

    /// Shows what is printed in portions.
    pub(super) fn paged(&mut self, lines: Option<u32>, still: bool) -> Paged<'_> {
        let lines = lines.or(self.is_screen().then_some(SCREEN_LINES)).unwrap_or(0);
        Paged { device: self, lines, still, shown: 0, column: 0, skips: false, gathered: [0; GATHERED], length: 0 }
    }
}

/// Bytes of the longest key.
const LONGEST_KEY: usize = 3;
/// Every byte, for those that are characters.
const BYTES: [u8; 0x80] = {
    let mut bytes = [0; 0x80];
    let mut byte = 0;
    while byte < bytes.len() {
        bytes[byte] = byte as u8;
        byte += 1;
    }
    bytes
};

/// What a terminal sends for `key`.
fn typed(key: &Key) -> &'static [u8] {
    match (key.virtual_key, key.character) {
        (virtual_key::UP, _) => b"\x1b[A",
        (virtual_key::DOWN, _) => b"\x1b[B",
        (virtual_key::ESCAPE, _) => &[KILL],
        (_, character @ 1..=0x7F) => &BYTES[usize::from(character)..=usize::from(character)],
        _ => &[],
    }
}

/// What is printed, with a halt after each portion.
pub(super) struct Paged<'a> {
    device: &'a mut Device,
    /// Lines of a portion; 0 for no halt.
    lines: u32,
    still: bool,
    shown: u32,
    column: u32,
    /// Somebody has seen enough.
    skips: bool,
    /// What is sent with the end of the line: a port takes many bytes as soon as one.
    gathered: [u8; GATHERED],
    length: usize,
}

impl Drop for Paged<'_> {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Paged<'_> {
    fn put(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.length == GATHERED {
                self.flush();
            }
            self.gathered[self.length] = *byte;
            self.length += 1;
        }
    }

    fn flush(&mut self) {
        self.device.send(&self.gathered[..self.length]);
        self.length = 0;
    }

    /// Waits for a key; whether to go on.
    fn wait(&mut self) -> bool {
        self.device.send(MORE);
        let mut byte = [0; LONGEST_KEY];
        while self.device.receive(&mut byte, self.still) == 0 {
            core::hint::spin_loop();
        }
        self.device.send(b"\r");
        (0..MORE.len()).for_each(|_| self.device.send(b" "));
        self.device.send(b"\r");
        self.shown = 0;
        !matches!(byte[0], b'q' | b'Q' | CONTROL_C | KILL)
    }

    fn end_line(&mut self) {
        self.column = 0;
        self.shown += 1;
        if self.lines != 0 && self.shown >= self.lines {
            self.skips = !self.wait();
        }
    }
}

impl fmt::Write for Paged<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive('\n') {
            if self.skips {
                break;
            }
            let line = part.strip_suffix('\n').unwrap_or(part);
            self.put(line.as_bytes());
            self.column += line.len() as u32;
            self.shown += self.column / COLUMNS;
            self.column %= COLUMNS;
            if line.len() < part.len() {
                self.put(b"\r\n");
                self.flush();
                self.end_line();
            }
        }
        Ok(())
    }
}
