//! Texts in resources, and messages for people. There are no windows: a message goes to standard error, and is agreed to.

use alloc::vec::Vec;

use user_ffi::last_error::fail;
use user_ffi::{c_string, wide, wide_string};
use user_support::error::Win32Error;
use user_support::text;

use super::nt::{FindResourceW, GetStdHandle, LoadResource, SizeofResource, WriteFile};

/// `RT_STRING`, and texts in one such resource.
const STRINGS: u32 = 6;
const IN_BLOCK: u32 = 16;
/// `STD_ERROR_HANDLE`.
const STANDARD_ERROR: u32 = 0xFFFF_FFF4;
/// `IDOK`, `IDIGNORE`, `IDYES`: what is answered for each set of buttons.
const ANSWERS: [u32; 7] = [1, 1, 5, 6, 6, 2, 11];

/// The text `number` of a module; `None` where it has none.
///
/// # Safety
/// `module` is a module's base, or 0.
unsafe fn text_of<'module>(module: u32, number: u32) -> Option<&'module [u16]> {
    // SAFETY: numbers are names.
    let resource = unsafe { FindResourceW(module, (number & 0xFFFF) / IN_BLOCK + 1, STRINGS) };
    if resource == 0 {
        return None;
    }
    // SAFETY: the resource was just found there.
    let data = unsafe { LoadResource(module, resource) };
    // SAFETY: as above.
    let size = unsafe { SizeofResource(module, resource) };
    // SAFETY: a resource lies in its module, with all of its bytes.
    let mut block = unsafe { wide(data as *const u16, size / 2) };
    for index in 0..IN_BLOCK {
        let (&length, rest) = block.split_first()?;
        let (text, after) = rest.split_at_checked(length.into())?;
        if index == number % IN_BLOCK {
            return (!text.is_empty()).then_some(text);
        }
        block = after;
    }
    None
}

/// Copies a text from the resources; how many bytes, cut to the room there is.
///
/// # Safety
/// `target` has room for `room` bytes; `module` is a module's base, or 0.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LoadStringA(module: u32, number: u32, target: *mut u8, room: i32) -> u32 {
    if target.is_null() || room <= 0 {
        return 0;
    }
    // SAFETY: the caller's promise.
    let text = text::ansi(unsafe { text_of(module, number) }.unwrap_or_default());
    let length = text.len().min(room as usize - 1);
    // SAFETY: the caller's promise.
    unsafe { target.copy_from_nonoverlapping(text.as_ptr(), length) };
    // SAFETY: there is room for the zero.
    unsafe { target.wrapping_add(length).write(0) };
    length as u32
}

/// The same in UTF-16. With room for nothing, `target` points to a word that gets the text's address instead.
///
/// # Safety
/// As [`LoadStringA`], with units; or `target` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LoadStringW(module: u32, number: u32, target: *mut u16, room: i32) -> u32 {
    if target.is_null() || room < 0 {
        return 0;
    }
    // SAFETY: the caller's promise.
    let text = unsafe { text_of(module, number) }.unwrap_or_default();
    if room == 0 {
        let address = if text.is_empty() { 0 } else { text.as_ptr() as u32 };
        // SAFETY: the caller's promise.
        unsafe { target.cast::<u32>().write_unaligned(address) };
        return text.len() as u32;
    }
    let length = text.len().min(room as usize - 1);
    // SAFETY: the caller's promise.
    unsafe { target.copy_from_nonoverlapping(text.as_ptr(), length) };
    // SAFETY: there is room for the zero.
    unsafe { target.wrapping_add(length).write(0) };
    length as u32
}

/// Writes `caption: text` and answers for the buttons in `kind`.
fn show(caption: &[u8], text: &[u8], kind: u32) -> u32 {
    let Some(answer) = ANSWERS.get((kind & 0xF) as usize) else { return fail(Win32Error::INVALID_PARAMETER) };
    let caption = if caption.is_empty() { b"Error" } else { caption };
    let mut line = Vec::from(caption);
    line.extend(b": ");
    line.extend(text);
    line.extend(b"\r\n");
    let mut written = 0;
    // SAFETY: asking changes nothing.
    let error = unsafe { GetStdHandle(STANDARD_ERROR) };
    // SAFETY: the line lives until the function returns, and there is room for the count.
    unsafe { WriteFile(error, line.as_ptr(), line.len() as u32, &mut written, 0) };
    *answer
}

/// Tells people something.
///
/// # Safety
/// `text` and `caption` are null or texts.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MessageBoxA(_window: u32, text: *const u8, caption: *const u8, kind: u32) -> u32 {
    // SAFETY: the caller's promise.
    let caption = unsafe { c_string(caption) };
    // SAFETY: as above.
    let text = unsafe { c_string(text) };
    show(caption, text, kind)
}

/// The same in UTF-16.
///
/// # Safety
/// As [`MessageBoxA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn MessageBoxW(_window: u32, text: *const u16, caption: *const u16, kind: u32) -> u32 {
    // SAFETY: the caller's promise.
    let caption = unsafe { wide_string(caption) };
    // SAFETY: as above.
    let text = unsafe { wide_string(text) };
    show(&text::ansi(caption), &text::ansi(text), kind)
}

/// Makes no noise.
#[unsafe(no_mangle)]
pub extern "system" fn MessageBeep(_kind: u32) -> u32 {
    1
}

/// Measures of a screen of text: 80 by 25 characters of 8 by 16, one monitor, no mouse.
#[unsafe(no_mangle)]
pub extern "system" fn GetSystemMetrics(what: u32) -> u32 {
    match what {
        0 | 16 | 78 => 640,
        1 | 17 | 79 => 400,
        80 => 1,
        _ => 0,
    }
}

macro_rules! no_windows {
    ($($name:ident)*) => {$(
        #[doc = concat!("`", stringify!($name), "`: there is none.")]
        #[unsafe(no_mangle)]
        pub extern "system" fn $name() -> u32 {
            0
        }
    )*};
}

no_windows! { GetActiveWindow GetDesktopWindow GetForegroundWindow GetProcessWindowStation }
