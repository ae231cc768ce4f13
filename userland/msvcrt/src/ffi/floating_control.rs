//! How the x87 rounds, and which of its exceptions are masked.

use core::arch::asm;

use user_crt::floating_control::{DENORMAL, from_x87, status_from_x87, to_x87};

fn control() -> u16 {
    let mut word = 0u16;
    // SAFETY: it stores the control word.
    unsafe { asm!("fnstcw [{}]", in(reg) &raw mut word, options(nostack)) };
    word
}

fn status() -> u32 {
    let word: u16;
    // SAFETY: it copies the status word.
    unsafe { asm!("fnstsw ax", out("ax") word, options(nomem, nostack)) };
    status_from_x87(word)
}

/// Sets the bits of `mask` in the control word, and returns the whole of it.
#[unsafe(no_mangle)]
pub extern "C" fn _control87(word: u32, mask: u32) -> u32 {
    let old = from_x87(control());
    let new = old & !mask | word & mask;
    if mask != 0 {
        let wanted = to_x87(new);
        // SAFETY: the program asks for the state.
        unsafe { asm!("fldcw [{}]", in(reg) &raw const wanted, options(nostack)) };
    }
    new
}

/// The same, but for the exception of denormals, which stays masked.
#[unsafe(no_mangle)]
pub extern "C" fn _controlfp(word: u32, mask: u32) -> u32 {
    _control87(word, mask & !DENORMAL)
}

/// Which exceptions there have been.
#[unsafe(no_mangle)]
pub extern "C" fn _statusfp() -> u32 {
    status()
}

/// Forgets which exceptions there have been, and returns them.
#[unsafe(no_mangle)]
pub extern "C" fn _clearfp() -> u32 {
    let old = status();
    // SAFETY: the program asks for it.
    unsafe { asm!("fnclex", options(nomem, nostack)) };
    old
}
