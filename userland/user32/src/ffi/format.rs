//! wsprintf: the C library's formats, at most 1,024 characters with the zero.
//!
//! Source: documented formats of wsprintf: those of printf for integers, characters and strings. Floating point is not among
//! them; a program that asks for it gets what printf gives.

use core::arch::naked_asm;

use user_crt::printf::{Unit, format};
use user_ffi::{ThisProcess, c_string, wide_string};
use user_support::memory::Memory;

/// Characters of the longest text, with its zero.
const ROOM: usize = 1024;

fn memory() -> ThisProcess {
    // SAFETY: only what the program's format and arguments name is touched.
    unsafe { ThisProcess::new() }
}

/// Formats into `put`, as much as there is room for; how many characters that were.
fn print<U: Unit>(template: &[U], arguments: u32, mut put: impl FnMut(usize, u16)) -> usize {
    let (mut next, mut count) = (arguments, 0);
    let word = || {
        let word = memory().read_u32(next);
        next = next.wrapping_add(4);
        word
    };
    // What cannot be shown ends the text.
    let _ = format(&memory(), template, word, |unit| {
        if count + 1 < ROOM {
            put(count, unit);
            count += 1;
        }
    });
    count
}

/// Formats into a buffer.
///
/// # Safety
/// `template` is a string, the arguments at `arguments` fit it, and `buffer` has room for what they make or 1,024 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn wvsprintfA(buffer: *mut u8, template: *const u8, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { c_string(template) };
    // SAFETY: the caller's promise.
    let count = print(template, arguments, |at, unit| unsafe { buffer.wrapping_add(at).write(unit as u8) });
    // SAFETY: the caller's promise.
    unsafe { buffer.wrapping_add(count).write(0) };
    count as i32
}

/// The same in UTF-16.
///
/// # Safety
/// As [`wvsprintfA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn wvsprintfW(buffer: *mut u16, template: *const u16, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { wide_string(template) };
    // SAFETY: the caller's promise.
    let count = print(template, arguments, |at, unit| unsafe { buffer.wrapping_add(at).write(unit) });
    // SAFETY: the caller's promise.
    unsafe { buffer.wrapping_add(count).write(0) };
    count as i32
}

macro_rules! variadic {
    ($($(#[$meta:meta])* $name:ident $target:ident;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// As the function with a list of arguments.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            naked_asm!(
                "lea eax, [esp + 12]", // the first of the variable arguments
                "push eax",
                // Each push moves the next one to the same place.
                "push dword ptr [esp + 12]",
                "push dword ptr [esp + 12]",
                "call {target}",
                "ret",
                target = sym $target,
            )
        }
    )*};
}

variadic! {
    /// Formats into a buffer.
    wsprintfA wvsprintfA;
    /// The same in UTF-16.
    wsprintfW wvsprintfW;
}
