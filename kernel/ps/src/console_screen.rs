//! The console's cells, as programs read and change them.
//!
//! The platform keeps the cells of the screen buffer that is shown, for it shows what is written to the console as bytes, too. What a service changes it changes at
//! once, for nothing waits between the first cell and the last.
//!
//! Source: `wincon.h` for what is in a cell.

use alloc::string::String;
use alloc::vec::Vec;

use abi::console::{CELL_CHARACTER, CELL_COLORS, CELL_SIZE};
use abi::status::NtStatus;
use terminal::Cell;
use terminal::cells::{LONGEST_PAINT, paint};
use terminal::screen::{COLUMNS, ROWS};

use crate::buffer::room;
use crate::executive::Executive;
use crate::platform::Platform;

const CELLS: u32 = (COLUMNS * ROWS) as u32;

impl<P: Platform> Executive<P> {
    /// The cells from `first` on, as they lie in a program's memory, as many as fit into `length` bytes.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    pub(crate) fn console_cells(&self, buffer: u32, first: u32, length: u32) -> Result<Vec<u8>, NtStatus> {
        let cells = self.read_console_cells(buffer, first, length / CELL_SIZE)?;
        let mut bytes = room(cells.len() * CELL_SIZE as usize)?;
        bytes.extend(cells.iter().flat_map(|cell| word_of(*cell).to_le_bytes()));
        Ok(bytes)
    }

    fn read_console_cells(&self, buffer: u32, first: u32, most: u32) -> Result<Vec<Cell>, NtStatus> {
        let count = most.min(CELLS.saturating_sub(first)) as usize;
        let mut cells = room(count)?;
        cells.resize(count, Cell::default());
        self.read_buffer(buffer, first as usize, &mut cells);
        Ok(cells)
    }

    /// Changes the bits `mask` of the cells from `first` on to those of `bytes`; how many bytes there was a place for.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES; then nothing has changed.
    pub(crate) fn set_console_cells(&self, buffer: u32, first: u32, mask: u32, bytes: &[u8]) -> Result<u32, NtStatus> {
        let mut cells = self.read_console_cells(buffer, first, bytes.len() as u32 / CELL_SIZE)?;
        let mut painted = String::new();
        let longest = COLUMNS.min(cells.len()) * LONGEST_PAINT + LONGEST_PAINT;
        painted.try_reserve_exact(longest).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        for (cell, word) in cells.iter_mut().zip(bytes.as_chunks().0) {
            *cell = cell_of(word_of(*cell) & !mask | u32::from_le_bytes(*word) & mask);
        }
        if self.set_hidden_cells(buffer, first as usize, &cells) {
            return Ok(cells.len() as u32 * CELL_SIZE);
        }
        // Row by row, so that the painting of one needs little memory.
        let (mut at, mut left) = (first as usize, &cells[..]);
        while !left.is_empty() {
            let (row, below) = left.split_at(left.len().min(COLUMNS - at % COLUMNS));
            painted.clear();
            // What it needs is reserved.
            let _ = paint(at, row, &mut painted);
            self.platform().write_cells(at, row, painted.as_bytes());
            (at, left) = (at + row.len(), below);
        }
        Ok(cells.len() as u32 * CELL_SIZE)
    }
}

fn word_of(cell: Cell) -> u32 {
    u32::from(cell.attribute) << 16 | u32::from(cell.character)
}

fn cell_of(word: u32) -> Cell {
    Cell { character: (word & CELL_CHARACTER) as u16, attribute: ((word & CELL_COLORS) >> 16) as u8 }
}
