//! Traps: how the processor enters the kernel and leaves it.
//!
//! Exceptions, interrupts and system calls build a [`TrapFrame`] and call a hook of the kernel. A page fault's address is
//! read before interrupts come on again, so that no other fault can overwrite it. Before going back to ring 3 the exit
//! paths look at one word, `Kpcr::irr`, and call [`Hooks::return_to_user`] until it is zero.
//!
//! System calls come by `int 2E` or, where the processor has it, by SYSENTER; the latter goes back by SYSEXIT to the address
//! at 7FFE0304 unless [`TrapFrame::restore_fully`] was called.
//!
//! * **T1** A hook gets a frame that nobody else holds; it lies on the running thread's kernel stack.
//! * **T2** Interrupt hooks run with interrupts off and touch only atomics (H1); all others run with the interrupted code's
//!   interrupt flag.
//!
//! Source: Intel SDM volume 3, chapter 6, and volume 2, SYSENTER and SYSEXIT.

use core::arch::global_asm;
use core::sync::atomic::{AtomicU32, Ordering};

use abi::cell::Field;
use abi::trap_frame::TrapFrame;

use crate::context::KernelStack;
use crate::cpu::Features;
use crate::debug_registers;
use crate::descriptors::{self, GateAccess, InterruptedTask, KERNEL_CODE};
use crate::fpu;
use crate::registers::{cr3, write_model_specific};

global_asm!(include_str!("traps.s"));

const SYSENTER_CS: u32 = 0x174;
const SYSENTER_ESP: u32 = 0x175;
const SYSENTER_EIP: u32 = 0x176;

/// Vector of the first interrupt line.
pub const FIRST_INTERRUPT: u8 = 0x30;

/// Vector of `#NM`: an x87 or SSE instruction while CR0.TS is set.
const DEVICE_NOT_AVAILABLE: u32 = 7;

/// What the kernel does at each kind of entry. All are called on the running thread's kernel stack but `double_fault`.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// A system call: the number is the frame's EAX, the status goes there. The address of the arguments is the program's
    /// word: anything at all.
    pub system_call: extern "C" fn(frame: &TrapFrame, arguments: u32),
    /// A page fault at the linear address; the error code is the frame's.
    pub page_fault: extern "C" fn(frame: &TrapFrame, address: u32),
    /// An interrupt on a line, 0 to 15. Interrupts are off.
    pub interrupt: extern "C" fn(frame: &TrapFrame, line: u32),
    /// `Kpcr::irr` is not zero on the way back to ring 3. Must clear what it serves.
    pub return_to_user: extern "C" fn(frame: &TrapFrame),
    /// Any other exception.
    pub exception: extern "C" fn(frame: &TrapFrame, vector: u32),
    /// A double fault, on the handler's own stack. The machine is past saving.
    pub double_fault: extern "C" fn(&InterruptedTask) -> !,
}

/// Addresses of the hooks, in the order `traps.s` has them; the last two are called from here.
#[unsafe(export_name = "vadose_hooks")]
static HOOKS: [AtomicU32; 6] = [const { AtomicU32::new(0) }; 6];

const SYSTEM_CALL: usize = 0;
const PAGE_FAULT: usize = 1;
const EXCEPTION: usize = 4;
const DOUBLE_FAULT: usize = 5;

/// What a switch of threads has to see to. In one word, so that the usual case is one comparison.
static SWITCHES: AtomicU32 = AtomicU32::new(0);
/// There are SYSENTER registers to keep up to date.
const FAST_SYSTEM_CALLS: u32 = 1 << 0;
/// Threads may have breakpoints in debug registers.
const DEBUG_REGISTERS: u32 = 1 << 1;

#[repr(C)]
struct Gate {
    vector: u32,
    entry: u32,
    user: u32,
}

unsafe extern "C" {
    static vadose_gates: [Gate; 35];
    static vadose_double_fault_entry: u32;
    fn vadose_sysenter();
}

/// Sets up segments, gates and the double-fault task, and from here on sends every entry to `hooks`. Interrupts are off.
#[doc(alias = "KiInitializeIDT")]
pub fn initialise(hooks: &Hooks) {
    let addresses = [
        hooks.system_call as usize,
        hooks.page_fault as usize,
        hooks.interrupt as usize,
        hooks.return_to_user as usize,
        hooks.exception as usize,
        hooks.double_fault as usize,
    ];
    for (cell, address) in HOOKS.iter().zip(addresses) {
        cell.store(address as u32, Ordering::Relaxed);
    }
    descriptors::load_segments();
    // SAFETY: `traps.s` defines the table and nothing writes it.
    for gate in unsafe { &vadose_gates } {
        let access = if gate.user == 0 { GateAccess::Kernel } else { GateAccess::User };
        descriptors::set_gate(gate.vector, gate.entry, access);
    }
    // SAFETY: as above.
    let double_fault = unsafe { vadose_double_fault_entry };
    descriptors::set_double_fault_task(double_fault, cr3());
    descriptors::load_gates();
}

/// From here on sends system calls and page faults to other hooks.
pub fn replace(
    system_call: extern "C" fn(frame: &TrapFrame, arguments: u32),
    page_fault: extern "C" fn(frame: &TrapFrame, address: u32),
) {
    HOOKS[SYSTEM_CALL].store(system_call as usize as u32, Ordering::Relaxed);
    HOOKS[PAGE_FAULT].store(page_fault as usize as u32, Ordering::Relaxed);
}

/// Opens SYSENTER where the processor has it.
pub fn enable_fast_system_call(features: &Features) {
    if features.fast_system_call {
        let entry = vadose_sysenter as *const () as u32;
        // SAFETY: the processor has the register, and the entry path expects ring 0 with these segments.
        unsafe { write_model_specific(SYSENTER_CS, KERNEL_CODE.into()) };
        // SAFETY: as above.
        unsafe { write_model_specific(SYSENTER_EIP, entry.into()) };
        SWITCHES.fetch_or(FAST_SYSTEM_CALLS, Ordering::Relaxed);
    }
}

/// From here on switches look whether a thread has breakpoints in debug registers.
pub fn expect_debug_registers() {
    SWITCHES.fetch_or(DEBUG_REGISTERS, Ordering::Relaxed);
}

/// The thread on `stack` runs next: entries from ring 3 begin there.
#[inline(always)]
pub(crate) fn switched_to(stack: KernelStack, debug_active: &Field<u8>) {
    descriptors::set_kernel_stack_pointer(stack.entry_stack_pointer());
    match SWITCHES.load(Ordering::Relaxed) {
        FAST_SYSTEM_CALLS => set_fast_entry_stack(stack),
        work => switched_otherwise(stack, debug_active, work),
    }
}

#[cold]
#[inline(never)]
fn switched_otherwise(stack: KernelStack, debug_active: &Field<u8>, work: u32) {
    if work & FAST_SYSTEM_CALLS != 0 {
        set_fast_entry_stack(stack);
    }
    if work & DEBUG_REGISTERS != 0 {
        debug_registers::switched_to(stack, debug_active.get());
    }
}

#[inline(always)]
fn set_fast_entry_stack(stack: KernelStack) {
    // SAFETY: the processor has the register; the stack is the running thread's.
    unsafe { write_model_specific(SYSENTER_ESP, stack.entry_stack_pointer().into()) };
}

/// Every exception but a page fault comes here.
#[unsafe(no_mangle)]
extern "C" fn vadose_exception(frame: &TrapFrame, vector: u32) {
    if vector == DEVICE_NOT_AVAILABLE && frame.is_user() {
        fpu::load_current();
        return;
    }
    let address = HOOKS[EXCEPTION].load(Ordering::Relaxed);
    // SAFETY: `initialise` stored a function of this type before it loaded the gates.
    let hook = unsafe { core::mem::transmute::<u32, extern "C" fn(&TrapFrame, u32)>(address) };
    hook(frame, vector);
}

#[unsafe(no_mangle)]
extern "C" fn vadose_double_fault() -> ! {
    let address = HOOKS[DOUBLE_FAULT].load(Ordering::Relaxed);
    // SAFETY: `initialise` stored a function of this type before it loaded the gates.
    let hook = unsafe { core::mem::transmute::<u32, extern "C" fn(&InterruptedTask) -> !>(address) };
    hook(&descriptors::interrupted_task())
}
