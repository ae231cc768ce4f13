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
pub(crate) const USED: u32 = 0x204;

/// The x87 control word XP starts threads with.
const CONTROL_WORD: u16 = 0x027F;
const SSE_CONTROL: u32 = 0x1F80;

/// Bytes that FXSAVE stores; FNSAVE stores fewer.
const IMAGE_SIZE: usize = 512;
/// Where FXSAVE stores MXCSR.
const MXCSR: u32 = 24;
/// The word of the image that says which bits of MXCSR the processor has, and what 0 there means.
const MXCSR_MASK: usize = 7;
const DEFAULT_MXCSR_MASK: u32 = 0xFFBF;

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

/// Whether images have the form of FXSAVE; else of FNSAVE.
pub fn is_extended() -> bool {
    has_fxsave()
}

/// The registers of the thread on `stack`, which is the running one or in the kernel.
pub fn registers(stack: KernelStack) -> [u8; IMAGE_SIZE] {
    let area = stack.save_area();
    put_away(area);
    // SAFETY: the word lies on the stack of a thread that exists, and is used here only (H1).
    let used = unsafe { ((area + USED) as *const u32).read() } != 0;
    let image = if used { area } else { core::ptr::from_ref(&FRESH) as u32 };
    // SAFETY: both are 512 bytes that nothing changes meanwhile (H1): the processor no longer holds the thread's registers.
    unsafe { (image as *const [u8; IMAGE_SIZE]).read() }
}

/// Replaces the registers of the thread on `stack`, which is the running one or in the kernel.
pub fn set_registers(stack: KernelStack, image: &[u8; IMAGE_SIZE]) {
    let area = stack.save_area();
    put_away(area);
    // SAFETY: the save area lies on the stack of a thread that exists, and is used here only (H1).
    unsafe { (area as *mut [u8; IMAGE_SIZE]).write(*image) };
    if has_fxsave() {
        let known = match FRESH.0[MXCSR_MASK].load(Ordering::Relaxed) {
            0 => DEFAULT_MXCSR_MASK,
            mask => mask,
        };
        let control = (area + MXCSR) as *mut u32;
        // SAFETY: a word of the area.
        let wanted = unsafe { control.read() };
        // SAFETY: as above.
        unsafe { control.write(wanted & known) };
    }
    // SAFETY: as above.
    unsafe { ((area + USED) as *mut u32).write(1) };
}

/// Makes the processor give up the registers whose save area is `area`, if it holds them.
fn put_away(area: u32) {
    if OWNER.load(Ordering::Relaxed) == area {
        // SAFETY: the flag is set again below.
        unsafe { asm!("clts", options(nomem, nostack, preserves_flags)) };
        // SAFETY: the owner's stack exists (P1), and its save area is used by nothing else.
        unsafe { save(area) };
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
/// `area` holds what [`save`] or [`set_registers`] stored, and CR0.TS is clear.
unsafe fn restore(area: u32) {
    if has_fxsave() {
        // SAFETY: the caller's duty.
        unsafe { asm!("fxrstor [{}]", in(reg) area, options(nostack)) };
    } else {
        // SAFETY: the caller's duty. Unlike FXRSTOR this would raise an exception that the registers still have pending.
        unsafe { asm!("fnclex", "frstor [{}]", in(reg) area, options(nostack)) };
    }
}
