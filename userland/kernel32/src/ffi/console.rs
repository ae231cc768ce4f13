//! The console: modes, the screen, and characters written to it.
//!
//! A console is a device (see `abi::console`): what a function shows is written as bytes with ANSI sequences, what it asks is
//! asked with a control code. What is typed is in `console_input`.

use core::sync::atomic::{AtomicU32, Ordering};

use abi::console::{GET_MODE, GET_SCREEN, NEW_BUFFER, SCREEN_SIZE, SET_MODE, SHOW_BUFFER};
use alloc::vec::Vec;
use user_ffi::{bytes, c_string, wide, wide_string};
use user_support::console::{colors, go_to, title};
use user_support::error::Win32Error;
use user_support::file::CONSOLE_DEVICE;
use user_support::status::Status;
use user_support::text::ansi;

use super::directory::{copy_ansi, copy_wide};
use super::file::{create, write};
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::NtDeviceIoControlFile;
use super::object::{SecurityAttributes, inheritance};
use super::standard_handle::{INVALID_HANDLE, device_type, real_handle, with_status_block};

/// The console's device.
const DEVICE: &str = "\\Device\\ConDrv";
/// The title in UTF-16 with its zero, kept for good; 0 before there is one.
static TITLE: AtomicU32 = AtomicU32::new(0);

pub(super) fn is_console(handle: u32) -> bool {
    device_type(handle) == Ok(CONSOLE_DEVICE)
}

/// Asks the console behind `handle`: how many bytes of `output` it filled.
pub(super) fn control(handle: u32, code: u32, input: &[u8], output: &mut [u8]) -> Result<u32, Status> {
    let (from, from_length) = (input.as_ptr(), input.len() as u32);
    let (to, to_length) = (output.as_mut_ptr(), output.len() as u32);
    with_status_block(|block| {
        // SAFETY: both buffers live until the service returns; it writes at most as much as the output holds.
        unsafe { NtDeviceIoControlFile(real_handle(handle), 0, 0, 0, block, code, from, from_length, to, to_length) }
    })
}

/// What a function of the console fails with: what is no console has no such function.
pub(super) fn refuse(status: Status) -> Bool {
    if status == Status::INVALID_DEVICE_REQUEST { fail(Win32Error::INVALID_HANDLE) } else { fail_with(status) }
}

pub(super) fn answered(result: Result<u32, Status>) -> Bool {
    match result {
        Ok(_) => TRUE,
        Err(status) => refuse(status),
    }
}

/// Shows bytes, sequences among them, on a console.
pub(super) fn show(handle: u32, text: &[u8]) -> Bool {
    if !is_console(handle) {
        return fail(Win32Error::INVALID_HANDLE);
    }
    // SAFETY: nobody wants the count.
    unsafe { write(handle, text, core::ptr::null_mut()) }
}

/// How a console treats characters. Fails for what is no console, by which programs tell.
///
/// # Safety
/// `mode` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetConsoleMode(handle: u32, mode: *mut u32) -> Bool {
    let mut word = [0; 4];
    let result = control(handle, GET_MODE, &[], &mut word);
    if result.is_ok() {
        // SAFETY: the caller's promise.
        unsafe { mode.write_unaligned(u32::from_le_bytes(word)) };
    }
    answered(result)
}

/// Sets how a console treats characters.
#[unsafe(no_mangle)]
pub extern "system" fn SetConsoleMode(handle: u32, mode: u32) -> Bool {
    answered(control(handle, SET_MODE, &mode.to_le_bytes(), &mut []))
}

/// Writes characters to a console.
///
/// # Safety
/// `text` holds `count` bytes; `written` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleA(
    handle: u32,
    text: *const u8,
    count: u32,
    written: *mut u32,
    _reserved: u32,
) -> Bool {
    if !is_console(handle) {
        return fail(Win32Error::INVALID_HANDLE);
    }
    // SAFETY: the caller's promise.
    let text = unsafe { bytes(text, count) };
    // SAFETY: the caller's promise.
    unsafe { write(handle, text, written) }
}

/// Writes characters to a console.
///
/// # Safety
/// `text` holds `count` units; `written` is null or points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleW(
    handle: u32,
    text: *const u16,
    count: u32,
    written: *mut u32,
    _reserved: u32,
) -> Bool {
    if !is_console(handle) {
        return fail(Win32Error::INVALID_HANDLE);
    }
    // SAFETY: the caller's promise.
    let text = ansi(unsafe { wide(text, count) });
    // SAFETY: the caller's promise. A unit became a byte, so the count is right as it is.
    unsafe { write(handle, &text, written) }
}

/// The size of the screen, where its cursor is and which colours it writes in.
///
/// # Safety
/// `information` points to a `CONSOLE_SCREEN_BUFFER_INFO`, 22 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetConsoleScreenBufferInfo(
    handle: u32,
    information: *mut [u8; SCREEN_SIZE as usize],
) -> Bool {
    let mut screen = [0; SCREEN_SIZE as usize];
    let result = control(handle, GET_SCREEN, &[], &mut screen);
    if result.is_ok() {
        // SAFETY: the caller's promise.
        unsafe { information.write_unaligned(screen) };
    }
    answered(result)
}

/// Moves the cursor; `place` is a `COORD`, the column in its low half.
#[unsafe(no_mangle)]
pub extern "system" fn SetConsoleCursorPosition(handle: u32, place: u32) -> Bool {
    let (column, row) = (place & 0xFFFF, place >> 16);
    if column >= user_support::console::COLUMNS || row >= user_support::console::ROWS {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    show(handle, &go_to(column, row))
}

/// Writes in other colours from here on.
#[unsafe(no_mangle)]
pub extern "system" fn SetConsoleTextAttribute(handle: u32, attribute: u32) -> Bool {
    show(handle, &colors(attribute as u16))
}

/// Sets the title of the console's window.
///
/// # Safety
/// `text` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetConsoleTitleA(text: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    set_title(&user_support::text::wide(unsafe { c_string(text) }))
}

/// Sets the title of the console's window.
///
/// # Safety
/// `text` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetConsoleTitleW(text: *const u16) -> Bool {
    // SAFETY: the caller's promise.
    set_title(unsafe { wide_string(text) })
}

fn set_title(text: &[u16]) -> Bool {
    let mut kept = text.to_vec();
    kept.push(0);
    // What was the title before stays in memory: somebody may be reading it. Titles are few.
    TITLE.store(Vec::leak(kept).as_ptr() as u32, Ordering::Release);
    match super::standard_handle::console_output() {
        Some(handle) => show(handle, &title(&ansi(text))),
        None => TRUE,
    }
}

fn current_title<'title>() -> &'title [u16] {
    // SAFETY: null, or a string that `set_title` made and that is never freed.
    unsafe { wide_string(TITLE.load(Ordering::Acquire) as *const u16) }
}

/// The title of the console's window: its length, 0 where it has none.
///
/// # Safety
/// `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetConsoleTitleA(target: *mut u8, room: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { copy_ansi(current_title(), target, room) }
}

/// The same in UTF-16.
///
/// # Safety
/// `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetConsoleTitleW(target: *mut u16, room: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { copy_wide(current_title(), target, room) }
}

/// Makes a screen buffer, which is not shown; a handle to it, or -1.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES; `data` is only compared.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateConsoleScreenBuffer(
    access: u32,
    share: u32,
    security: *const SecurityAttributes,
    flags: u32,
    data: *const u8,
) -> u32 {
    const TEXT_MODE: u32 = 1;
    /// `FILE_OPEN`, `FILE_SYNCHRONOUS_IO_NONALERT`; what may be asked for.
    const OPEN: u32 = 1;
    const SYNCHRONOUS: u32 = 0x20;
    const ACCESS: u32 = 0xC000_0000;
    const SHARE: u32 = 3;
    if flags != TEXT_MODE || !data.is_null() || access & !ACCESS != 0 || share & !SHARE != 0 {
        fail(Win32Error::INVALID_PARAMETER);
        return INVALID_HANDLE;
    }
    // SAFETY: the caller's promise.
    let inherit = unsafe { inheritance(security) };
    let path: Vec<u16> = DEVICE.encode_utf16().chain(NEW_BUFFER.encode_utf16()).collect();
    match create(&path, access, share, OPEN, 0, SYNCHRONOUS, inherit) {
        Ok((handle, _)) => handle,
        Err(status) => {
            fail_with(status);
            INVALID_HANDLE
        }
    }
}

/// Shows a screen buffer.
#[unsafe(no_mangle)]
pub extern "system" fn SetConsoleActiveScreenBuffer(handle: u32) -> Bool {
    answered(control(handle, SHOW_BUFFER, &[], &mut []))
}
