//! The x87 and SSE registers of threads, switched when they are used.
//!
//! The kernel itself is compiled without them. A thread's registers are kept in the 528 bytes at the top of its kernel stack
//! (NT's `FX_SAVE_AREA`); the processor holds those of at most one thread, the owner. While another runs CR0.TS is set, its
//! first x87 or SSE instruction traps, and the registers change hands then.
//!
//! * **P1** [`OWNER`] is 0 or the save area of a thread whose stack exists: a thread that ends is forgotten first.
//!
//! Source: symbol type `_FX_SAVE_AREA` of XP SP3; Intel SDM volume 1, section 10.5 (FXSAVE).

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::context::KernelStack;
use crate::cpu::{has_fxsave, has_sse};
use crate::registers::{CR0_TASK_SWITCHED, cr0, set_cr0};

/// Bytes at the top of a kernel stack.
pub(crate) const SAVE_AREA_SIZE: u32 = 0x210;
/// Word of the area that says whether the thread has ever used the registers (NT's `Cr0NpxState`).
const USED: u32 = 0x204;

/// The x87 control word XP starts threads with.
const CONTROL_WORD: u16 = 0x027F;
const SSE_CONTROL: u32 = 0x1F80;

#[repr(C, align(16))]
struct Image([AtomicU32; 128]);

/// The registers of a thread that has not used them.
static FRESH: Image = Image([const { AtomicU32::new(0) }; 128]);
static OWNER: AtomicU32 = AtomicU32::new(0);

/// Prepares the state threads start with. CR0.TS is clear.
pub fn initialise() {
    // SAFETY: sets x87 registers, which nobody uses yet.
    unsafe { asm!("fninit", "fldcw [{}]", in(reg) &CONTROL_WORD, options(nostack)) };
    let image = core::ptr::from_ref(&FRESH) as u32;
    // SAFETY: the image is 512 bytes, aligned, and a static of atomics.
    unsafe { save(image) };
    if has_fxsave() {
        // What the boot loader left in the x87 and SSE registers is nobody's business.
        FRESH.0[8..].iter().for_each(|word| word.store(0, Ordering::Relaxed));
        FRESH.0[6].store(if has_sse() { SSE_CONTROL } else { 0 }, Ordering::Relaxed);
    }
    trap_next_use();
}

/// The running thread uses the registers: they become its own.
#[doc(alias = "KiTrap07")]
pub(crate) fn load_current() {
    // SAFETY: the registers are put in order before ring 3 goes on.
    unsafe { asm!("clts", options(nomem, nostack, preserves_flags)) };
    let current = KernelStack::running().save_area();
    let owner = OWNER.swap(current, Ordering::Relaxed);
    if owner == current {
        return;
    }
    if owner != 0 {
        // SAFETY: the owner's stack exists (P1), and its save area is used by nothing else.
        unsafe { save(owner) };
    }
    let used = (current + USED) as *mut u32;
    // SAFETY: the save area of the running thread lies on its stack and is used here only (H1).
    let fresh = unsafe { used.replace(1) } == 0;
    let image = if fresh { core::ptr::from_ref(&FRESH) as u32 } else { current };
    // SAFETY: the image was stored by `save`, or is the prepared one.
    unsafe { restore(image) };
}

/// The thread on `stack` runs next.
#[inline]
pub(crate) fn switched_to(stack: KernelStack) {
    if OWNER.load(Ordering::Relaxed) == stack.save_area() {
        // SAFETY: the registers are the running thread's.
        unsafe { asm!("clts", options(nomem, nostack, preserves_flags)) };
    } else {
        trap_next_use();
    }
}

/// The thread on `stack` has ended: its registers are not worth saving.
pub fn forget(stack: KernelStack) {
    if OWNER.load(Ordering::Relaxed) == stack.save_area() {
        OWNER.store(0, Ordering::Relaxed);
        trap_next_use();
    }
}

fn trap_next_use() {
    // SAFETY: the bit only makes x87 and SSE instructions trap.
    unsafe { set_cr0(cr0() | CR0_TASK_SWITCHED) };
}

/// # Safety
/// `area` is 512 writable bytes, 16-byte aligned, and CR0.TS is clear.
unsafe fn save(area: u32) {
    if has_fxsave() {
        // SAFETY: the caller's duty.
        unsafe { asm!("fxsave [{}]", in(reg) area, options(nostack)) };
    } else {
        // SAFETY: the caller's duty; the older form is 108 bytes.
        unsafe { asm!("fnsave [{}]", "fwait", in(reg) area, options(nostack)) };
    }
}

/// # Safety
/// `area` holds what [`save`] stored, and CR0.TS is clear.
unsafe fn restore(area: u32) {
    if has_fxsave() {
        // SAFETY: the caller's duty.
        unsafe { asm!("fxrstor [{}]", in(reg) area, options(nostack)) };
    } else {
        // SAFETY: the caller's duty.
        unsafe { asm!("frstor [{}]", in(reg) area, options(nostack)) };
    }
}
