//! `__try`, `__except` and `__finally` of Visual C, and the filter around `main`.
//!
//! A function with such blocks has its registration at EBP - 16: the next one, the handler, the table of its blocks, the number of the block
//! it is in; the word before it gets the address of the exception's pointers. An entry of the table has the number of the block around,
//! the filter's code, or 0 for `__finally`, and the block's code.
//!
//! Source: the published descriptions of `_except_handler3`; signals for exceptions as in `signal.h`'s documentation.

use core::arch::naked_asm;

use user_crt::cpp_exception::CODE;
use user_support::memory::Memory;

use super::cpp_exception::{CONTINUE_SEARCH, RECORD_FLAGS, UNWINDING, call_in_frame};
use super::host::host;
use super::nt::{RtlUnwind, UnhandledExceptionFilter};
use super::signal::{DEFAULT, FLOATING_POINT, IGNORE, ILLEGAL, VIOLATION, take};
use super::terminate::terminate;

/// What a handler answers to let the thread go on.
const CONTINUE_EXECUTION: u32 = 0;
/// What a filter answers for the same.
const FILTER_CONTINUES: u32 = u32::MAX;
/// The number of the block outside all.
const NO_BLOCK: u32 = u32::MAX;
/// Offsets in a registration, and from it to EBP.
const TABLE: u32 = 8;
const BLOCK: u32 = 12;
const TO_FRAME: u32 = 16;

/// The entry of a block: the block around it, its filter, its code.
fn entry(registration: u32, number: u32) -> [u32; 3] {
    let at = host().read_u32(registration + TABLE).wrapping_add(12u32.wrapping_mul(number));
    [0, 4, 8].map(|offset| host().read_u32(at + offset))
}

/// The handler of functions with such blocks.
///
/// # Safety
/// As the system calls handlers: `registration` is that of a function with such blocks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _except_handler3(record: u32, registration: u32, context: u32, _dispatcher: u32) -> u32 {
    if host().read_u32(record + RECORD_FLAGS) & UNWINDING != 0 {
        // SAFETY: the caller's promise.
        unsafe { _local_unwind2(registration, NO_BLOCK) };
        return CONTINUE_SEARCH;
    }
    let pointers = [record, context];
    host().write_u32(registration - 4, pointers.as_ptr() as u32);
    let mut number = host().read_u32(registration + BLOCK);
    while number != NO_BLOCK {
        let [around, filter, code] = entry(registration, number);
        // SAFETY: the compiler made the filter for this frame.
        let answer = if filter == 0 { 0 } else { unsafe { call_in_frame(filter, registration + TO_FRAME, 0) } };
        match answer.cast_signed() {
            ..0 => return CONTINUE_EXECUTION,
            0 => number = around,
            1.. => {
                // SAFETY: the function's frame is still there, since its handler was called.
                unsafe { _global_unwind2(registration) };
                // SAFETY: as above.
                unsafe { _local_unwind2(registration, number) };
                host().write_u32(registration + BLOCK, around);
                // SAFETY: the compiler made the code for this frame; it sets the stack pointer.
                unsafe { enter(code, registration + TO_FRAME) }
            }
        }
    }
    CONTINUE_SEARCH
}

/// Lets the handlers before `registration` give up.
///
/// # Safety
/// The registration's frame is still there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _global_unwind2(registration: u32) {
    // SAFETY: the caller's promise.
    unsafe { RtlUnwind(registration, 0, core::ptr::null_mut(), 0) };
}

/// Runs the `__finally` blocks of a function that are left on the way to block `stop`.
///
/// # Safety
/// The registration's frame is still there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _local_unwind2(registration: u32, stop: u32) {
    loop {
        let number = host().read_u32(registration + BLOCK);
        if number == NO_BLOCK || number == stop {
            return;
        }
        let [around, filter, code] = entry(registration, number);
        host().write_u32(registration + BLOCK, around);
        if filter == 0 {
            // SAFETY: the compiler made the code for this frame.
            unsafe { call_in_frame(code, registration + TO_FRAME, 0) };
        }
    }
}

/// Goes on at `code` with EBP as in a function's frame.
#[unsafe(naked)]
unsafe extern "C" fn enter(code: u32, frame: u32) -> ! {
    naked_asm!("mov eax, [esp + 4]", "mov ebp, [esp + 8]", "jmp eax")
}

/// The signal that an exception is, if it is one.
fn signal_of(code: u32) -> Option<u32> {
    match code {
        0xC000_0005 => Some(VIOLATION),
        0xC000_001D | 0xC000_0096 => Some(ILLEGAL),
        0xC000_008D..=0xC000_0093 => Some(FLOATING_POINT),
        _ => None,
    }
}

/// The filter around `main`: an exception that is a signal goes to the program's handler for it, any other to the system. What
/// `throw` raised and nobody caught ends the program.
///
/// # Safety
/// `pointers` points to `EXCEPTION_POINTERS`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _XcptFilter(code: u32, pointers: *const [u32; 2]) -> u32 {
    if code == CODE {
        terminate();
    }
    match signal_of(code).map(|number| (number, take(number))) {
        None | Some((_, DEFAULT)) => {
            // SAFETY: the caller's promise.
            unsafe { UnhandledExceptionFilter(pointers) }
        }
        Some((_, IGNORE)) => FILTER_CONTINUES,
        Some((number, handler)) => {
            // SAFETY: the program said that this is a function of one number.
            let handler: extern "C" fn(u32) = unsafe { core::mem::transmute(handler) };
            handler(number);
            FILTER_CONTINUES
        }
    }
}
