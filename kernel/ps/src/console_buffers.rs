//! Screen buffers: one is shown, and what is written to another is kept until that is.
//!
//! The platform keeps the buffer that is shown, as it keeps the console's screen, for it shows what is written as bytes. All others are kept
//! here, and so is the look of the first one, which is always there, while it is not shown. A buffer that a program has made lasts as long as
//! file objects lead to it; where it was shown then, the first one is.
//!
//! Source: documented behaviour of CreateConsoleScreenBuffer and SetConsoleActiveScreenBuffer. That it is the first one which is shown again is ours.

use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::AtomicU32;

use abi::status::NtStatus;
use terminal::cells::{LONGEST_PAINT, paint, paint_place};
use terminal::console::{ENABLE_PROCESSED_OUTPUT, ENABLE_WRAP_AT_EOL_OUTPUT};
use terminal::screen::{COLUMNS, ROWS};
use terminal::{Cell, Cells, Screen};

use crate::buffer::room;
use crate::executive::Executive;
use crate::platform::{Platform, Stream};

/// The number of the buffer that was there from the start.
pub(crate) const FIRST: u32 = 0;
/// Buffers that there may be.
const MOST: usize = 64;

/// All that are not shown, and the places of the one that is.
pub(crate) struct Buffers {
    all: Vec<Buffer>,
    shown: u32,
    last: u32,
}

struct Buffer {
    number: u32,
    /// File objects that lead to it; not counted for the first.
    files: u32,
    /// What it looks like, while it is not shown.
    screen: Screen<Vec<AtomicU32>>,
    window: [u16; 4],
    mode: u32,
}

impl Buffers {
    pub(crate) const fn new() -> Self {
        Self { all: Vec::new(), shown: FIRST, last: FIRST }
    }

    /// The buffer with a number, where it is not the one that is shown.
    fn hidden(&mut self, number: u32) -> Option<&mut Buffer> {
        if number == self.shown { None } else { self.all.iter_mut().find(|buffer| buffer.number == number) }
    }
}

impl Buffer {
    fn new(number: u32) -> Result<Self, NtStatus> {
        let mut cells: Vec<AtomicU32> = room(COLUMNS * ROWS)?;
        cells.resize_with(COLUMNS * ROWS, AtomicU32::default);
        let mode = ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT;
        Ok(Self { number, files: 1, screen: Screen::new(cells), window: [0; 4], mode })
    }
}

impl<P: Platform> Executive<P> {
    /// Makes a screen buffer, blank in the colours of the one that is shown; its number. One file object is to lead to it.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    pub(crate) fn make_screen_buffer(&self) -> Result<u32, NtStatus> {
        let (_, attribute) = self.platform().console_place();
        let (window, mut buffers) = (self.shown_window(), self.console.buffers.lock());
        let is_first = buffers.all.is_empty();
        if buffers.all.len() >= MOST || buffers.all.try_reserve(2).is_err() {
            return Err(NtStatus::INSUFFICIENT_RESOURCES);
        }
        // Numbers that are taken again after so many would still be told apart by their handles.
        let number = (buffers.last + 1..).find(|number| buffers.all.iter().all(|other| other.number != *number));
        let number = number.ok_or(NtStatus::INSUFFICIENT_RESOURCES)?;
        let mut buffer = Buffer::new(number)?;
        buffer.screen.clear(attribute);
        buffer.window = window;
        if is_first {
            // The place of the first buffer, for when it will not be shown.
            buffers.all.push(Buffer::new(FIRST)?);
        }
        buffers.last = number;
        buffers.all.push(buffer);
        Ok(number)
    }

    /// The buffer that is shown, to which another file object leads from now on.
    pub(crate) fn take_shown_buffer(&self) -> u32 {
        let mut buffers = self.console.buffers.lock();
        let shown = buffers.shown;
        if let Some(buffer) = buffers.all.iter_mut().find(|buffer| buffer.number == shown) {
            buffer.files += 1;
        }
        shown
    }

    /// A file object less leads to a buffer.
    pub(crate) fn leave_buffer(&self, number: u32) {
        let mut buffers = self.console.buffers.lock();
        let Some(buffer) = buffers.all.iter_mut().find(|buffer| buffer.number == number) else { return };
        buffer.files -= 1;
        if number == FIRST || buffer.files > 0 {
            return;
        }
        let was_shown = buffers.shown == number;
        drop(buffers);
        if was_shown {
            self.show_buffer(FIRST);
        }
        self.console.buffers.lock().all.retain(|buffer| buffer.number != number);
    }

    /// Shows a buffer.
    #[doc(alias = "SetConsoleActiveScreenBuffer")]
    pub(crate) fn show_buffer(&self, number: u32) {
        let mut buffers = self.console.buffers.lock();
        let shown = buffers.shown;
        if number == shown || buffers.hidden(number).is_none() {
            return;
        }
        // What is shown is kept.
        let ((column, row), attribute) = self.platform().console_place();
        let mut cells = [Cell::default(); COLUMNS];
        let mut kept = (self.shown_window(), self.shown_mode());
        if let Some(buffer) = buffers.all.iter_mut().find(|buffer| buffer.number == shown) {
            for first in (0..ROWS).map(|row| row * COLUMNS) {
                self.platform().read_cells(first, &mut cells);
                (first..).zip(&cells).for_each(|(index, cell)| buffer.screen.cells().set(index, *cell));
            }
            buffer.screen.place(row * COLUMNS + column, attribute);
            (buffer.window, buffer.mode) = kept;
        }
        buffers.shown = number;
        let Some(buffer) = buffers.all.iter_mut().find(|buffer| buffer.number == number) else { return };
        let mut painted = String::new();
        for first in (0..ROWS).map(|row| row * COLUMNS) {
            for (index, cell) in (first..).zip(&mut cells) {
                *cell = buffer.screen.cells().get(index);
            }
            painted.clear();
            if painted.try_reserve((COLUMNS + 1) * LONGEST_PAINT).is_ok() {
                // What it needs is reserved.
                let _ = paint(first, &cells, &mut painted);
            }
            self.platform().write_cells(first, &cells, painted.as_bytes());
        }
        painted.clear();
        if painted.try_reserve(LONGEST_PAINT * 2).is_ok() {
            let _ = paint_place(buffer.screen.cell(), buffer.screen.attribute(), &mut painted);
            self.platform().write_stream(Stream::Console, painted.as_bytes());
        }
        kept = (buffer.window, buffer.mode);
        drop(buffers);
        self.set_shown(kept);
    }

    /// Writes bytes, sequences among them, to a buffer.
    pub(crate) fn write_buffer(&self, number: u32, bytes: &[u8]) {
        let mut buffers = self.console.buffers.lock();
        match buffers.hidden(number) {
            Some(buffer) => buffer.screen.write(bytes),
            None => {
                drop(buffers);
                self.platform().write_stream(Stream::Console, bytes);
            }
        }
    }

    /// The cells of a buffer from `first` on.
    pub(crate) fn read_buffer(&self, number: u32, first: usize, into: &mut [Cell]) {
        match self.console.buffers.lock().hidden(number) {
            Some(buffer) => {
                (first..).zip(into).for_each(|(index, cell)| *cell = buffer.screen.cells().get(index));
            }
            None => self.platform().read_cells(first, into),
        }
    }

    /// Changes them, where the buffer is not shown; whether it is not.
    pub(crate) fn set_hidden_cells(&self, number: u32, first: usize, cells: &[Cell]) -> bool {
        let mut buffers = self.console.buffers.lock();
        let Some(buffer) = buffers.hidden(number) else { return false };
        (first..).zip(cells).for_each(|(index, cell)| buffer.screen.cells().set(index, *cell));
        true
    }

    /// Column and row of a buffer's cursor, its colours, and its window.
    pub(crate) fn buffer_place(&self, number: u32) -> ((usize, usize), u8, [u16; 4]) {
        match self.console.buffers.lock().hidden(number) {
            Some(buffer) => (buffer.screen.position(), buffer.screen.attribute(), buffer.window),
            None => {
                let (place, attribute) = self.platform().console_place();
                (place, attribute, self.shown_window())
            }
        }
    }

    /// Does something with window and output mode of a buffer that is not shown.
    pub(crate) fn with_hidden<T>(&self, number: u32, act: impl FnOnce(&mut [u16; 4], &mut u32) -> T) -> Option<T> {
        let mut buffers = self.console.buffers.lock();
        let buffer = buffers.hidden(number)?;
        Some(act(&mut buffer.window, &mut buffer.mode))
    }
}
