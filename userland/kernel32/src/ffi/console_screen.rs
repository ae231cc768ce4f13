//! The console's screen as a whole: its cursor's look, its window, its code pages.

use core::cmp::Ordering;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use abi::console::{GET_SCREEN, SCREEN_SIZE, SET_WINDOW};

use alloc::vec::Vec;

use user_support::console::{COLUMNS, ROWS, show_cursor};
use user_support::console_cells::{Rectangle, place};
use user_support::error::Win32Error;

use super::code_page::code_page;
use super::console::{answered, control, is_console, refuse, show};
use super::last_error::{Bool, TRUE, fail};

/// The code page of the console unless a program sets another.
const CODE_PAGE: u32 = 1252;
/// Per cent of a cell that the cursor fills, unless a program says otherwise.
const CURSOR_SIZE: u32 = 25;
/// Where in what is told of the screen the window's edges are.
const WINDOW: usize = 10;

/// Code pages that the program set for what is typed and what is shown. Characters are those of 1252 all the same.
static INPUT_PAGE: AtomicU32 = AtomicU32::new(CODE_PAGE);
static OUTPUT_PAGE: AtomicU32 = AtomicU32::new(CODE_PAGE);
/// The cursor: its size, and whether it is shown.
static CURSOR: [AtomicU32; 2] = [AtomicU32::new(CURSOR_SIZE), AtomicU32::new(TRUE)];

/// The code page in which the console is read.
#[unsafe(no_mangle)]
pub extern "system" fn GetConsoleCP() -> u32 {
    INPUT_PAGE.load(Relaxed)
}

/// The code page in which the console is written.
#[unsafe(no_mangle)]
pub extern "system" fn GetConsoleOutputCP() -> u32 {
    OUTPUT_PAGE.load(Relaxed)
}

fn set_page(place: &AtomicU32, page: u32) -> Bool {
    match code_page(page) {
        Some(_) => {
            place.store(page, Relaxed);
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
    unsafe { information.write_unaligned([size.load(Relaxed), shown.load(Relaxed)]) };
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
        CURSOR[0].store(size, Relaxed);
        CURSOR[1].store(u32::from(shown != 0), Relaxed);
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

/// Makes the window a part of the screen: `window` are its edges, or, where `absolute` is 0, how far each of them moves. What is shown is the
/// whole screen all the same.
///
/// # Safety
/// `window` points to a `SMALL_RECT`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetConsoleWindowInfo(handle: u32, absolute: Bool, window: *const [u32; 2]) -> Bool {
    // SAFETY: the caller's promise.
    let mut window = Rectangle::of_words(unsafe { window.read_unaligned() });
    if absolute == 0 {
        let mut screen = [0; SCREEN_SIZE as usize];
        if let Err(status) = control(handle, GET_SCREEN, &[], &mut screen) {
            return refuse(status);
        }
        let half = |at: usize| i32::from(i16::from_le_bytes([screen[at], screen[at + 1]]));
        window.left += half(WINDOW);
        window.top += half(WINDOW + 2);
        window.right += half(WINDOW + 4);
        window.bottom += half(WINDOW + 6);
    }
    let bytes: Vec<u8> = window.to_words().into_iter().flat_map(u32::to_le_bytes).collect();
    answered(control(handle, SET_WINDOW, &bytes, &mut []))
}

/// Makes the screen larger or smaller: it is as large as it is. `size` is a `COORD`.
#[unsafe(no_mangle)]
pub extern "system" fn SetConsoleScreenBufferSize(handle: u32, size: u32) -> Bool {
    let ([columns, rows], screen) = (place(size), [COLUMNS as i32, ROWS as i32]);
    match [columns.cmp(&screen[0]), rows.cmp(&screen[1])] {
        _ if !is_console(handle) => fail(Win32Error::INVALID_HANDLE),
        [Ordering::Equal, Ordering::Equal] => TRUE,
        // Smaller than the window can be here, or there are no more cells.
        [Ordering::Less, _] | [_, Ordering::Less] => fail(Win32Error::INVALID_PARAMETER),
        _ => fail(Win32Error::NOT_ENOUGH_MEMORY),
    }
}

/// Buttons of the mouse: there is none.
///
/// # Safety
/// `count` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetNumberOfConsoleMouseButtons(count: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { count.write_unaligned(0) };
    TRUE
}

/// Whether the console has the whole screen to itself: it has, and the hardware writes its characters.
///
/// # Safety
/// `mode` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetConsoleDisplayMode(mode: *mut u32) -> Bool {
    /// `CONSOLE_FULLSCREEN`, `CONSOLE_FULLSCREEN_HARDWARE`.
    const FULL_SCREEN: u32 = 1 | 2;
    // SAFETY: the caller's promise.
    unsafe { mode.write_unaligned(FULL_SCREEN) };
    TRUE
}
