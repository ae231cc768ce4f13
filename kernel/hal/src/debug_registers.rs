//! The debug registers: breakpoints that the processor itself watches for.
//!
//! A thread's are in its user frame, which always lies at the same place of its kernel stack and whose entry paths leave those words
//! alone; `_KTHREAD::DebugActive` says whether any is enabled. The processor holds those of the running thread, in ring 0 too: until
//! the first breakpoint is set, a switch or an entry into the kernel costs nothing. XP disarms them on each entry instead.
//!
//! * **G1** Only addresses of programs are watched (`ps::context` sees to that). So the kernel meets a breakpoint only where it touches a
//!   program's memory: `exception_1` in `traps.s` lets it go on.
//!
//! Source: Intel SDM volume 3, chapter 17.

use core::arch::asm;
use core::sync::atomic::{AtomicU8, Ordering};

use abi::cell::Field;

use crate::context::KernelStack;

/// What DR6 says when nothing has happened.
const NOTHING_HAPPENED: u32 = 0xFFFF_0FF0;

/// Whether the processor holds breakpoints that are enabled.
static LOADED: AtomicU8 = AtomicU8::new(0);

macro_rules! debug_register {
    ($write:ident, $name:literal) => {
        #[doc = concat!("Sets ", $name, ".")]
        #[inline(always)]
        fn $write(value: u32) {
            // SAFETY: what the registers do is to raise `#DB`, which the kernel expects (G1).
            unsafe { asm!(concat!("mov ", $name, ", {}"), in(reg) value, options(nostack, preserves_flags)) };
        }
    };
}
debug_register!(set_dr0, "dr0");
debug_register!(set_dr1, "dr1");
debug_register!(set_dr2, "dr2");
debug_register!(set_dr3, "dr3");
debug_register!(set_dr6, "dr6");
debug_register!(set_dr7, "dr7");

/// The thread on `stack`, whose `DebugActive` is `active`, runs next.
pub(crate) fn switched_to(stack: KernelStack, active: u8) {
    if active != 0 {
        load(stack);
    } else if LOADED.load(Ordering::Relaxed) != 0 {
        unload();
    }
}

/// Arms the breakpoints of the thread on `stack`, the running one or the next.
#[inline(never)]
pub fn load(stack: KernelStack) {
    let [dr0, dr1, dr2, dr3, _, dr7] = stack.user_frame().debug_registers.each_ref().map(Field::get);
    // No breakpoint of two threads' halves.
    set_dr7(0);
    set_dr0(dr0);
    set_dr1(dr1);
    set_dr2(dr2);
    set_dr3(dr3);
    set_dr7(dr7);
    LOADED.store(1, Ordering::Relaxed);
}

/// Watches for nothing.
#[inline(never)]
pub fn unload() {
    set_dr7(0);
    LOADED.store(0, Ordering::Relaxed);
}

/// What the last `#DB` was about, told once.
pub fn take_status() -> u32 {
    let status;
    // SAFETY: reading DR6 changes nothing.
    unsafe { asm!("mov {}, dr6", out(reg) status, options(nomem, nostack, preserves_flags)) };
    set_dr6(NOTHING_HAPPENED);
    status
}
