//! Maskable interrupts: short sections without them, and waiting for one.

use core::arch::asm;

use crate::control_region;
use crate::registers::{FLAGS_INTERRUPT, flags};

/// Lets interrupts in.
#[inline(always)]
pub fn enable() {
    // SAFETY: the interrupt table is loaded before anything calls this, and handlers touch only atomics (H1).
    unsafe { asm!("sti", options(nostack, preserves_flags)) };
}

/// Keeps interrupts out.
#[inline(always)]
pub fn disable() {
    // SAFETY: masking interrupts endangers no memory.
    unsafe { asm!("cli", options(nostack, preserves_flags)) };
}

/// Runs `section` with interrupts kept out.
#[inline(always)]
pub fn without<R>(section: impl FnOnce() -> R) -> R {
    let enabled = flags() & FLAGS_INTERRUPT != 0;
    disable();
    let result = section();
    if enabled {
        enable();
    }
    result
}

/// Sleeps until an interrupt comes, unless a software interrupt is requested already. Interrupts are enabled after it.
#[doc(alias = "KiIdleLoop")]
pub fn wait() {
    disable();
    if control_region::get().irr.get() != 0 {
        enable();
        return;
    }
    // SAFETY: `sti` takes effect after the next instruction, so that no interrupt slips between the check and the halt.
    unsafe { asm!("sti", "hlt", options(nomem, nostack)) };
}

/// Sleeps until an interrupt comes. Interrupts are enabled after it.
pub fn sleep() {
    // SAFETY: `sti` takes effect after the next instruction: the halt ends with the next interrupt, which changes only atomics.
    unsafe { asm!("sti", "hlt", options(nomem, nostack)) };
}

/// Stops the processor for good.
pub fn halt_forever() -> ! {
    loop {
        // SAFETY: nothing follows.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}
