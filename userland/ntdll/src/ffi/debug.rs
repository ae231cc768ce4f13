//! `DbgPrint`: messages for whoever debugs.

use core::arch::naked_asm;

use user_ffi::{ThisProcess, UnicodeString, c_string};
use user_support::format::format;
use user_support::memory::Memory;
use user_support::text::wide;

use super::services::NtDisplayString;

/// Sends `text` to the system's log.
pub(crate) fn display(text: &[u8]) -> u32 {
    let units = wide(text);
    let string = UnicodeString::over(&units);
    // SAFETY: the service only reads the string, which lives until it returns.
    unsafe { NtDisplayString((&raw const string).cast()) }
}

/// Formats and sends a message: `DbgPrint(format, ...)`.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn DbgPrint() {
    naked_asm!(
        "lea eax, [esp + 8]", // the first of the variable arguments
        "push eax",
        "push dword ptr [esp + 8]", // the format
        "call {print}",
        "ret",
        print = sym print,
    )
}

unsafe extern "system" fn print(template: *const u8, arguments: u32) -> u32 {
    // SAFETY: DbgPrint's contract: a zero-terminated format, and arguments that fit it.
    let template = unsafe { c_string(template) };
    // SAFETY: the same contract: only the arguments, and the strings among them, are read.
    let memory = unsafe { ThisProcess::new() };
    let mut next = arguments;
    let text = format(&memory, template, || {
        let word = memory.read_u32(next);
        next += 4;
        word
    });
    display(&text)
}
