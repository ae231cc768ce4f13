//! The debug registers: breakpoints that the processor itself watches for.
//!
//! A thread's are in its user frame, which always lies at the same place of its kernel stack and whose entry paths leave those words
//! alone; `_KTHREAD::DebugActive` says whether any is enabled. The processor holds those of the running thread, in ring 0 too: until
//! the first breakpoint is set, a switch or an entry into the kernel costs nothing. XP disarms them on each entry instead.
//!
//! The kernel's debugger may take registers of its own, from the first on: they hold for all threads and for ring 0, and a program's in the same
//! registers watch for nothing meanwhile.
//!
//! * **G1** Only addresses of programs are watched for programs (`ps::context` sees to that). So the kernel meets a program's breakpoint only where it
//!   touches a program's memory: `exception_1` in `traps.s` lets it go on. The debugger's own are in no bit of `vadose_program_watches`.
//!
//! Source: Intel SDM volume 3, chapter 17.

use core::arch::asm;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use abi::cell::Field;

use crate::context::KernelStack;

/// What DR6 says when nothing has happened.
const NOTHING_HAPPENED: u32 = 0xFFFF_0FF0;

/// DR7: the first register's breakpoint is enabled; its condition and length are from bit 16 on.
const ENABLED: u32 = 0b11;
const CONDITION: u32 = 0b1111;

/// Whether the processor holds breakpoints of programs that are enabled.
static LOADED: AtomicU8 = AtomicU8::new(0);

/// The bits of DR6 that tell of programs' breakpoints.
#[unsafe(export_name = "vadose_program_watches")]
static PROGRAM_WATCHES: AtomicU8 = AtomicU8::new(0xF);
/// What the debugger watches for: DR0 to DR3, and its part of DR7.
static DEBUGGERS: [AtomicU32; 5] = [const { AtomicU32::new(0) }; 5];

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
    set([dr0, dr1, dr2, dr3], dr7);
    LOADED.store(1, Ordering::Relaxed);
}

/// Watches for nothing that programs do.
#[inline(never)]
pub fn unload() {
    set([0; 4], 0);
    LOADED.store(0, Ordering::Relaxed);
}

/// Arms a program's breakpoints, and the debugger's over them.
fn set(program: [u32; 4], control: u32) {
    let [debuggers @ .., debuggers_control] = DEBUGGERS.each_ref().map(|register| register.load(Ordering::Relaxed));
    let (mut addresses, mut programs_control) = (program, control);
    for register in 0..4 {
        if debuggers_control & ENABLED << (register * 2) != 0 {
            addresses[register] = debuggers[register];
            programs_control &= !(ENABLED << (register * 2) | CONDITION << (16 + register * 4));
        }
    }
    // No breakpoint of two threads' halves.
    set_dr7(0);
    set_dr0(addresses[0]);
    set_dr1(addresses[1]);
    set_dr2(addresses[2]);
    set_dr3(addresses[3]);
    set_dr7(programs_control | debuggers_control);
}

/// From here on the debugger watches for what `control`, its part of DR7, says of `addresses`. The thread on `stack` runs.
pub fn watch_for_debugger(addresses: [u32; 4], control: u32, stack: KernelStack) {
    for (register, value) in DEBUGGERS.iter().zip(addresses.into_iter().chain([control])) {
        register.store(value, Ordering::Relaxed);
    }
    let is_debuggers = |register: &u32| control & ENABLED << (register * 2) != 0;
    let programs = (0..4).filter(|register| !is_debuggers(register)).fold(0, |bits, register| bits | 1 << register);
    PROGRAM_WATCHES.store(programs, Ordering::Relaxed);
    if LOADED.load(Ordering::Relaxed) != 0 { load(stack) } else { unload() }
}

/// What the last `#DB` was about.
pub fn status() -> u32 {
    let status;
    // SAFETY: reading DR6 changes nothing.
    unsafe { asm!("mov {}, dr6", out(reg) status, options(nomem, nostack, preserves_flags)) };
    status
}

/// The same, told once.
pub fn take_status() -> u32 {
    let status = status();
    set_dr6(NOTHING_HAPPENED);
    status
}
