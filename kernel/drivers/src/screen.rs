//! The text screen: 80 columns, 25 rows, a cursor, scrolling.

use core::fmt;
use core::sync::atomic::{AtomicU16, Ordering};

use hal::port::write_u8;
use hal::screen::{COLUMNS, ROWS, cells};

/// Registers of the CRT controller: index, then data.
const CONTROLLER_INDEX: u16 = 0x3D4;
const CONTROLLER_DATA: u16 = 0x3D5;
const CURSOR_HIGH: u8 = 0x0E;
const CURSOR_LOW: u8 = 0x0F;

/// Colours of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// Light grey on black.
    Normal,
    /// White on blue: a bugcheck.
    Stop,
}

/// The screen, from its upper left corner on.
pub struct Screen {
    cells: &'static [AtomicU16; COLUMNS * ROWS],
    position: usize,
    attribute: u16,
}

impl Screen {
    /// The screen, cleared.
    pub fn new() -> Self {
        let mut screen = Self { cells: cells(), position: 0, attribute: 0 };
        screen.clear(Colors::Normal);
        screen
    }

    /// Fills the screen with blanks in `colors` and goes on at the top.
    pub fn clear(&mut self, colors: Colors) {
        self.attribute = match colors {
            Colors::Normal => 0x0700,
            Colors::Stop => 0x1F00,
        };
        self.blank(0);
        self.position = 0;
        self.place_cursor();
    }

    fn blank(&self, from: usize) {
        let blank = self.attribute | u16::from(b' ');
        self.cells[from..].iter().for_each(|cell| cell.store(blank, Ordering::Relaxed));
    }

    fn put(&mut self, byte: u8) {
        match byte {
            b'\n' => self.position += COLUMNS - self.position % COLUMNS,
            b'\r' => self.position -= self.position % COLUMNS,
            8 => self.position = self.position.saturating_sub(1),
            b'\t' => self.position += 8 - self.position % COLUMNS % 8,
            _ => {
                self.cells[self.position].store(self.attribute | u16::from(byte), Ordering::Relaxed);
                self.position += 1;
            }
        }
        if self.position >= COLUMNS * ROWS {
            self.scroll();
        }
    }

    fn scroll(&mut self) {
        for index in COLUMNS..COLUMNS * ROWS {
            let cell = self.cells[index].load(Ordering::Relaxed);
            self.cells[index - COLUMNS].store(cell, Ordering::Relaxed);
        }
        self.blank(COLUMNS * (ROWS - 1));
        self.position = COLUMNS * (ROWS - 1) + self.position % COLUMNS;
    }

    fn place_cursor(&self) {
        for (register, value) in [(CURSOR_HIGH, self.position >> 8), (CURSOR_LOW, self.position)] {
            write_u8(CONTROLLER_INDEX, register);
            write_u8(CONTROLLER_DATA, value as u8);
        }
    }

    /// Writes bytes of code page 437; line feeds also return the carriage.
    pub fn write_bytes(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.put(*byte));
        self.place_cursor();
    }
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Write for Screen {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.put(if character.is_ascii() { character as u8 } else { b'?' });
        }
        self.place_cursor();
        Ok(())
    }
}
