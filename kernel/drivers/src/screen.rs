//! The text screen of a PC: `terminal`'s screen over the cells of the VGA, and the cursor that blinks.

use core::fmt;
use core::sync::atomic::{AtomicU16, AtomicU32};

use hal::port::write_u8;
use hal::screen::cells;
use terminal::screen::{COLUMNS, NORMAL, ROWS};
use terminal::{Cell, Cells};

use crate::graphics;

/// Registers of the CRT controller: index, then data.
const CONTROLLER_INDEX: u16 = 0x3D4;
const CONTROLLER_DATA: u16 = 0x3D5;
const CURSOR_HIGH: u8 = 0x0E;
const CURSOR_LOW: u8 = 0x0F;
/// White on blue: a bugcheck.
const STOP: u8 = 0x1F;

/// Colours of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// Light grey on black.
    Normal,
    /// White on blue: a bugcheck.
    Stop,
}

/// The screen, from its upper left corner on.
pub struct Screen(terminal::Screen<&'static [AtomicU16]>);

/// What the console shows, with all that a VGA has no character for: the same screen again, in memory.
pub type Text = terminal::Screen<&'static [AtomicU32]>;

static TEXT: [AtomicU32; COLUMNS * ROWS] = [const { AtomicU32::new(0) }; COLUMNS * ROWS];

/// The console's text, cleared.
pub fn text() -> Text {
    Text::new(&TEXT)
}

impl Screen {
    /// The screen, cleared.
    pub fn new() -> Self {
        graphics::leave();
        let screen = Self(terminal::Screen::new(cells().as_slice()));
        screen.place_cursor();
        screen
    }

    /// Fills the screen with blanks in `colors` and goes on at the top.
    pub fn clear(&mut self, colors: Colors) {
        graphics::leave();
        self.0.clear(if colors == Colors::Stop { STOP } else { NORMAL });
        self.place_cursor();
    }

    /// Shows cells from place `first` on.
    pub fn set(&self, first: usize, cells: &[Cell]) {
        graphics::leave();
        (first..).zip(cells).for_each(|(index, cell)| self.0.cells().set(index, *cell));
    }

    fn place_cursor(&self) {
        let cell = self.0.cell();
        for (register, value) in [(CURSOR_HIGH, cell >> 8), (CURSOR_LOW, cell)] {
            write_u8(CONTROLLER_INDEX, register);
            write_u8(CONTROLLER_DATA, value as u8);
        }
    }

    /// Writes bytes, sequences among them.
    pub fn write_bytes(&mut self, bytes: &[u8]) {
        graphics::leave();
        self.0.write(bytes);
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
        self.write_bytes(text.as_bytes());
        Ok(())
    }
}
