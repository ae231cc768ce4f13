//! The console's screen as cells: characters and colours that a program reads and changes where they are. The cursor stays.
//!
//! `COORD`s are words with the column in the low half. Places count on from one row to the next; what would lie beyond the last cell is
//! left out. Bytes are of the console's output code page.

use abi::console::{CELL_CHARACTER, CELL_SIZE, READ_CELLS, WRITE_CELLS};
use alloc::vec;
use alloc::vec::Vec;
use user_ffi::{bytes, bytes_mut, wide, wide_mut};
use user_support::console_cells::{CELLS, Rectangle, SCREEN, Transfer, cell_at, place, scroll};
use user_support::memory::Memory;
use user_support::status::Status;
use user_support::text::{ansi_to_wide, wide_to_ansi};

use super::console::{control, refuse};
use super::last_error::{Bool, TRUE};
use super::startup::memory;

/// The bits of a cell that are its colours, and what is between them and the next cell.
const ATTRIBUTES: u32 = !CELL_CHARACTER;

/// How a function has characters: as bytes, or as UTF-16.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Characters {
    Bytes,
    Units,
}

impl Characters {
    /// The cell that `word` of a program's means.
    fn cell(self, word: u32) -> u32 {
        match self {
            Self::Bytes => word & ATTRIBUTES | u32::from(ansi_to_wide(word as u8)),
            Self::Units => word,
        }
    }

    /// What a program is given for a cell.
    fn word(self, cell: u32) -> u32 {
        match self {
            Self::Bytes => cell & ATTRIBUTES | u32::from(wide_to_ansi(cell as u16).unwrap_or(b'?')),
            Self::Units => cell,
        }
    }
}

/// As many cells as there are from `first` on, `count` at most.
fn read_cells(handle: u32, first: u32, count: u32) -> Result<Vec<u32>, Status> {
    let mut buffer = vec![0; (CELL_SIZE * count.min(CELLS as u32)) as usize];
    let length = control(handle, READ_CELLS, &first.to_le_bytes(), &mut buffer)?;
    Ok(buffer[..length as usize].as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

/// Changes the bits `mask` of cells from `first` on; how many there were.
fn write_cells(handle: u32, first: u32, mask: u32, cells: impl Iterator<Item = u32>) -> Result<u32, Status> {
    let words = [first, mask].into_iter().chain(cells.take(CELLS));
    let input: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    Ok(control(handle, WRITE_CELLS, &input, &mut [])? / CELL_SIZE)
}

/// The same from a place on; beyond the screen there is nothing to change.
///
/// # Safety
/// `written` points to a word.
unsafe fn write_at(handle: u32, at: u32, mask: u32, cells: impl Iterator<Item = u32>, written: *mut u32) -> Bool {
    match write_cells(handle, cell_at(at).unwrap_or(CELLS as u32), mask, cells) {
        Ok(count) => {
            // SAFETY: the caller's promise.
            unsafe { written.write_unaligned(count) };
            TRUE
        }
        Err(status) => refuse(status),
    }
}

/// Cells from a place on, and the word that is told how many there were.
///
/// # Safety
/// `read` points to a word.
unsafe fn read_at(handle: u32, at: u32, count: u32, read: *mut u32) -> Result<Vec<u32>, Bool> {
    let cells = read_cells(handle, cell_at(at).unwrap_or(CELLS as u32), count).map_err(refuse)?;
    // SAFETY: the caller's promise.
    unsafe { read.write_unaligned(cells.len() as u32) };
    Ok(cells)
}

/// Writes characters over those from a place on; their colours stay.
///
/// # Safety
/// `text` holds `count` bytes, `written` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleOutputCharacterA(
    handle: u32,
    text: *const u8,
    count: u32,
    at: u32,
    written: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let cells = unsafe { bytes(text, count) }.iter().map(|byte| Characters::Bytes.cell((*byte).into()));
    // SAFETY: the caller's promise.
    unsafe { write_at(handle, at, CELL_CHARACTER, cells, written) }
}

/// The same in UTF-16.
///
/// # Safety
/// `text` holds `count` units, `written` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleOutputCharacterW(
    handle: u32,
    text: *const u16,
    count: u32,
    at: u32,
    written: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let cells = unsafe { wide(text, count) }.iter().map(|unit| u32::from(*unit));
    // SAFETY: the caller's promise.
    unsafe { write_at(handle, at, CELL_CHARACTER, cells, written) }
}

/// Gives other colours to the characters from a place on.
///
/// # Safety
/// `attributes` holds `count` halves, `written` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleOutputAttribute(
    handle: u32,
    attributes: *const u16,
    count: u32,
    at: u32,
    written: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let cells = unsafe { wide(attributes, count) }.iter().map(|attribute| u32::from(*attribute) << 16);
    // SAFETY: the caller's promise.
    unsafe { write_at(handle, at, ATTRIBUTES, cells, written) }
}

/// Writes `count` times the same character from a place on; the colours stay.
///
/// # Safety
/// `written` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FillConsoleOutputCharacterA(
    handle: u32,
    character: u8,
    count: u32,
    at: u32,
    written: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { FillConsoleOutputCharacterW(handle, ansi_to_wide(character), count, at, written) }
}

/// The same in UTF-16.
///
/// # Safety
/// `written` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FillConsoleOutputCharacterW(
    handle: u32,
    character: u16,
    count: u32,
    at: u32,
    written: *mut u32,
) -> Bool {
    let cells = core::iter::repeat_n(u32::from(character), count as usize);
    // SAFETY: the caller's promise.
    unsafe { write_at(handle, at, CELL_CHARACTER, cells, written) }
}

/// Gives the same colours to `count` characters from a place on.
///
/// # Safety
/// `written` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FillConsoleOutputAttribute(
    handle: u32,
    attribute: u32,
    count: u32,
    at: u32,
    written: *mut u32,
) -> Bool {
    let cells = core::iter::repeat_n(attribute << 16, count as usize);
    // SAFETY: the caller's promise.
    unsafe { write_at(handle, at, ATTRIBUTES, cells, written) }
}

/// Reads the characters from a place on.
///
/// # Safety
/// `text` has room for `count` bytes, `read` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadConsoleOutputCharacterA(
    handle: u32,
    text: *mut u8,
    count: u32,
    at: u32,
    read: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let cells = match unsafe { read_at(handle, at, count, read) } {
        Ok(cells) => cells,
        Err(failed) => return failed,
    };
    // SAFETY: the caller's promise; no more cells came than were asked for.
    let text = unsafe { bytes_mut(text, cells.len() as u32) };
    text.iter_mut().zip(cells).for_each(|(byte, cell)| *byte = Characters::Bytes.word(cell) as u8);
    TRUE
}

/// The same in UTF-16.
///
/// # Safety
/// `text` has room for `count` units, `read` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadConsoleOutputCharacterW(
    handle: u32,
    text: *mut u16,
    count: u32,
    at: u32,
    read: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { read_halves(handle, text, count, at, read, |cell| cell as u16) }
}

/// Reads the colours of the characters from a place on.
///
/// # Safety
/// `attributes` has room for `count` halves, `read` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadConsoleOutputAttribute(
    handle: u32,
    attributes: *mut u16,
    count: u32,
    at: u32,
    read: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { read_halves(handle, attributes, count, at, read, |cell| (cell >> 16) as u16) }
}

/// # Safety
/// As [`ReadConsoleOutputAttribute`].
unsafe fn read_halves(
    handle: u32,
    into: *mut u16,
    count: u32,
    at: u32,
    read: *mut u32,
    half: impl Fn(u32) -> u16,
) -> Bool {
    // SAFETY: the caller's promise.
    let cells = match unsafe { read_at(handle, at, count, read) } {
        Ok(cells) => cells,
        Err(failed) => return failed,
    };
    // SAFETY: the caller's promise; no more cells came than were asked for.
    let into = unsafe { wide_mut(into, cells.len() as u32) };
    into.iter_mut().zip(cells).for_each(|(place, cell)| *place = half(cell));
    TRUE
}

macro_rules! rectangle_functions {
    ($($(#[$meta:meta])* $name:ident $characters:ident $work:ident;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// `field` points to as many `CHAR_INFO`s as `size` says, `region` to a `SMALL_RECT`.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(handle: u32, field: u32, size: u32, from: u32, region: u32) -> Bool {
            let wanted = Rectangle::of_words([memory().read_u32(region), memory().read_u32(region + 4)]);
            let transfer = Transfer::new(size, from, wanted);
            match $work(handle, field, transfer, Characters::$characters) {
                Ok(()) => {
                    let [first, last] = transfer.screen.to_words();
                    memory().write_u32(region, first);
                    memory().write_u32(region + 4, last);
                    TRUE
                }
                Err(status) => refuse(status),
            }
        }
    )*};
}

rectangle_functions! {
    /// Shows a field of cells, `size` columns and rows, from one of them on, in a rectangle of the screen, which becomes what was written.
    WriteConsoleOutputA Bytes write_rectangle;
    /// Shows a field of cells, `size` columns and rows, from one of them on, in a rectangle of the screen, which becomes what was written.
    WriteConsoleOutputW Units write_rectangle;
    /// Reads a rectangle of the screen into a field of cells, `size` columns and rows, from one of them on. It becomes what was read.
    ReadConsoleOutputA Bytes read_rectangle;
    /// Reads a rectangle of the screen into a field of cells, `size` columns and rows, from one of them on. It becomes what was read.
    ReadConsoleOutputW Units read_rectangle;
}

fn write_rectangle(handle: u32, field: u32, transfer: Transfer, characters: Characters) -> Result<(), Status> {
    // Whether it is a console shows even where there is nothing to write.
    read_cells(handle, 0, 0)?;
    for (on_screen, in_field, count) in transfer.rows() {
        let cell = |index: u32| characters.cell(memory().read_u32(field + 4 * (in_field + index)));
        write_cells(handle, on_screen, u32::MAX, (0..count).map(cell))?;
    }
    Ok(())
}

fn read_rectangle(handle: u32, field: u32, transfer: Transfer, characters: Characters) -> Result<(), Status> {
    let screen = read_cells(handle, 0, CELLS as u32)?;
    for (on_screen, in_field, count) in transfer.rows() {
        for index in 0..count {
            let word = characters.word(screen[(on_screen + index) as usize]);
            memory().write_u32(field + 4 * (in_field + index), word);
        }
    }
    Ok(())
}

/// Moves a rectangle of the screen so that its upper left cell is at `to`; what it leaves becomes `fill`. Nothing outside of `clip`
/// changes, where that is not null.
///
/// # Safety
/// `moved` points to a `SMALL_RECT`, so does `clip` or is null; `fill` points to a `CHAR_INFO`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScrollConsoleScreenBufferA(
    handle: u32,
    moved: u32,
    clip: u32,
    to: u32,
    fill: u32,
) -> Bool {
    scroll_screen(handle, [moved, clip], to, Characters::Bytes.cell(memory().read_u32(fill)))
}

/// The same in UTF-16.
///
/// # Safety
/// As [`ScrollConsoleScreenBufferA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScrollConsoleScreenBufferW(
    handle: u32,
    moved: u32,
    clip: u32,
    to: u32,
    fill: u32,
) -> Bool {
    scroll_screen(handle, [moved, clip], to, memory().read_u32(fill))
}

fn scroll_screen(handle: u32, [moved, clip]: [u32; 2], to: u32, fill: u32) -> Bool {
    let rectangle = |at: u32| Rectangle::of_words([memory().read_u32(at), memory().read_u32(at + 4)]);
    let clip = if clip == 0 { SCREEN } else { rectangle(clip) };
    let before = match read_cells(handle, 0, CELLS as u32) {
        Ok(cells) => cells,
        Err(status) => return refuse(status),
    };
    let mut cells: Vec<u32> = before.clone();
    scroll(&before, &mut cells, rectangle(moved), clip, place(to), fill);
    // Only from the first cell that changes to the last.
    let is_changed = |index: &usize| cells[*index] != before[*index];
    let (first, last) = ((0..cells.len()).find(is_changed), (0..cells.len()).rfind(is_changed));
    let (Some(first), Some(last)) = (first, last) else { return TRUE };
    match write_cells(handle, first as u32, u32::MAX, cells[first..=last].iter().copied()) {
        Ok(_) => TRUE,
        Err(status) => refuse(status),
    }
}
