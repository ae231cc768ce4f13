//! The console's screen as cells, its cursor's look, its code pages, and which process has it.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::vec::Vec;

use user_support::console::{COLUMNS, ROWS, cells, show_cursor};
use user_support::error::Win32Error;
use user_support::memory::Memory;
use user_support::text::wide_to_ansi;

use super::code_page::code_page;
use super::console::{is_console, show};
use super::last_error::{Bool, TRUE, fail};
use super::startup::memory;

/// The code page of the console unless a program sets another.
const CODE_PAGE: u32 = 1252;
/// Per cent of a cell that the cursor fills, unless a program says otherwise.
const CURSOR_SIZE: u32 = 25;

/// Code pages that the program set for what is typed and what is shown. Characters are those of 1252 all the same.
static INPUT_PAGE: AtomicU32 = AtomicU32::new(CODE_PAGE);
static OUTPUT_PAGE: AtomicU32 = AtomicU32::new(CODE_PAGE);
/// The cursor: its size, and whether it is shown.
static CURSOR: [AtomicU32; 2] = [AtomicU32::new(CURSOR_SIZE), AtomicU32::new(TRUE)];

/// The code page in which the console is read.
#[unsafe(no_mangle)]
pub extern "system" fn GetConsoleCP() -> u32 {
    INPUT_PAGE.load(Ordering::Relaxed)
}

/// The code page in which the console is written.
#[unsafe(no_mangle)]
pub extern "system" fn GetConsoleOutputCP() -> u32 {
    OUTPUT_PAGE.load(Ordering::Relaxed)
}

fn set_page(place: &AtomicU32, page: u32) -> Bool {
    match code_page(page) {
        Some(_) => {
            place.store(page, Ordering::Relaxed);
            TRUE
        }
        None => fail(Win32Error::INVALID_PARAMETER),
    }
}

/// Sets the code page in which the console is read.
#[unsafe(no_mangle)]
pub extern "system" fn SetConsoleCP(page: u32) -> Bool {
    set_page(&INPUT_PAGE, page)
}

/// Sets the code page in which the console is written.
#[unsafe(no_mangle)]
pub extern "system" fn SetConsoleOutputCP(page: u32) -> Bool {
    set_page(&OUTPUT_PAGE, page)
}

/// Shows cells: the part of `source`, a field of the width `size` begins with, from `from` on, that fits into the rectangle at `target`,
/// which becomes what was written. `COORD`s have the column in their low half.
///
/// # Safety
/// `source` points to such a field of `CHAR_INFO`s, `target` to a `SMALL_RECT`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleOutputA(handle: u32, source: u32, size: u32, from: u32, target: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { write_cells(handle, source, [size, from], target, |unit| unit as u8) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`WriteConsoleOutputA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleOutputW(handle: u32, source: u32, size: u32, from: u32, target: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { write_cells(handle, source, [size, from], target, |unit| wide_to_ansi(unit).unwrap_or(b'?')) }
}

/// # Safety
/// As [`WriteConsoleOutputA`].
unsafe fn write_cells(handle: u32, source: u32, [size, from]: [u32; 2], target: u32, byte: impl Fn(u16) -> u8) -> Bool {
    let halves = |word: u32| [word & 0xFFFF, word >> 16];
    let ([width, height], [from_column, from_row]) = (halves(size), halves(from));
    let edge = |index: u32| u32::from(memory().read_u16(target + 2 * index));
    let [left, top, right, bottom] = [edge(0), edge(1), edge(2).min(COLUMNS - 1), edge(3).min(ROWS - 1)];
    if !is_console(handle) {
        return fail(Win32Error::INVALID_HANDLE);
    }
    let columns = (right + 1).saturating_sub(left).min(width.saturating_sub(from_column));
    let rows = (bottom + 1).saturating_sub(top).min(height.saturating_sub(from_row));
    let row = |row: u32| -> Vec<(u8, u16)> {
        let first = source + 4 * ((from_row + row) * width + from_column);
        let cell = |index: u32| (byte(memory().read_u16(first + 4 * index)), memory().read_u16(first + 4 * index + 2));
        (0..columns).map(cell).collect()
    };
    let rows: Vec<Vec<(u8, u16)>> = (0..rows).map(row).collect();
    let last = [left + columns, top + rows.len() as u32].map(|edge| (edge as u16).wrapping_sub(1));
    memory().write_u16(target + 4, last[0]);
    memory().write_u16(target + 6, last[1]);
    show(handle, &cells(&rows, left, top))
}

/// Colours cells that are on the screen already. A console of bytes can only colour what is written: they stay as they are.
///
/// # Safety
/// `written` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FillConsoleOutputAttribute(
    handle: u32,
    _attribute: u32,
    count: u32,
    place: u32,
    written: *mut u32,
) -> Bool {
    if !is_console(handle) {
        return fail(Win32Error::INVALID_HANDLE);
    }
    let left = (COLUMNS * ROWS).saturating_sub((place >> 16) * COLUMNS + (place & 0xFFFF));
    // SAFETY: the caller's promise.
    unsafe { written.write_unaligned(count.min(left)) };
    TRUE
}

/// How the cursor looks: its size in per cent of a cell, and whether it is shown.
///
/// # Safety
/// `information` points to two words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetConsoleCursorInfo(handle: u32, information: *mut [u32; 2]) -> Bool {
    if !is_console(handle) {
        return fail(Win32Error::INVALID_HANDLE);
    }
    let [size, shown] = &CURSOR;
    // SAFETY: the caller's promise.
    unsafe { information.write_unaligned([size.load(Ordering::Relaxed), shown.load(Ordering::Relaxed)]) };
    TRUE
}

/// Shows the cursor or hides it; its size is only noted.
///
/// # Safety
/// `information` points to two words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetConsoleCursorInfo(handle: u32, information: *const [u32; 2]) -> Bool {
    // SAFETY: the caller's promise.
    let [size, shown] = unsafe { information.read_unaligned() };
    if !(1..=100).contains(&size) {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let done = show(handle, &show_cursor(shown != 0));
    if done == TRUE {
        CURSOR[0].store(size, Ordering::Relaxed);
        CURSOR[1].store(u32::from(shown != 0), Ordering::Relaxed);
    }
    done
}

/// The size of the largest window: that of the screen, as a `COORD`.
#[unsafe(no_mangle)]
pub extern "system" fn GetLargestConsoleWindowSize(handle: u32) -> u32 {
    if is_console(handle) { ROWS << 16 | COLUMNS } else { fail(Win32Error::INVALID_HANDLE) }
}

/// The console's window: it has none.
#[unsafe(no_mangle)]
pub extern "system" fn GetConsoleWindow() -> u32 {
    0
}

/// Makes a console for a process that has none; every process here has one.
#[unsafe(no_mangle)]
pub extern "system" fn AllocConsole() -> Bool {
    fail(Win32Error::ACCESS_DENIED)
}
