//! Kernel stacks: where a thread's trap frame stands, how a new one begins, and the switch from one to another.
//!
//! ```text
//! base ─┬───────────────────────────────  StackBase, InitialStack
//!       │ x87 and SSE registers    210     _FX_SAVE_AREA
//!       │ _KTRAP_FRAME              8c     of the entry from ring 3; its last 10 bytes are for V86 mode only
//!       │ ...
//!       │ saved registers and return address of a thread that does not run     <- KernelStack
//!       │ ...
//! ──────┴───────────────────────────────  StackLimit, and an unmapped page below
//! ```
//!
//! Source: XP's stack layout, as `_KTHREAD` and `_KTRAP_FRAME` show it.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};

use abi::cell::Field;
use abi::trap_frame::TrapFrame;
use mm::layout::VirtualAddress;

use crate::descriptors::{USER_CODE, USER_DATA, USER_TEB, kernel_stack_pointer, set_user_teb};
use crate::fpu::{self, SAVE_AREA_SIZE};
use crate::page_tables::is_mapped;
use crate::registers::{FLAGS_INTERRUPT, cr3, set_cr3};
use crate::traps;

const FRAME_SIZE: u32 = size_of::<TrapFrame>() as u32;
/// Bytes of the frame that the processor skips because they matter to V86 mode only.
const V86_SIZE: u32 = 0x10;
/// EFLAGS bit that is always set.
const FLAGS_FIXED: u32 = 1 << 1;

unsafe extern "C" {
    fn vadose_switch_stacks(save: *mut u32, stack_pointer: u32);
    fn vadose_thread_start();
    fn vadose_trap_exit();
}

/// The page-directory-pointer table of the System process. Its threads use the kernel half only, so they run in the address space that
/// the thread before them had, until they attach to one.
static SYSTEM_TABLE: AtomicU32 = AtomicU32::new(0);

/// Says which page-directory-pointer table is the System process's.
pub fn set_system_table(directory_table: u32) {
    SYSTEM_TABLE.store(directory_table, Ordering::Relaxed);
}

/// A kernel stack, known by its base: the address just past its highest page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelStack {
    base: u32,
}

/// What changes with the thread.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Its kernel stack.
    pub stack: KernelStack,
    /// Its saved stack pointer (`_KTHREAD::KernelStack`).
    pub stack_pointer: u32,
    /// Physical address of its process's page-directory-pointer table (`DirectoryTableBase[0]`).
    pub directory_table: u32,
    /// Address of its TEB, or 0.
    pub teb: u32,
}

impl KernelStack {
    /// The stack below `base`, which is page-aligned; its highest page is mapped.
    ///
    /// A stack belongs to one thread. Only the thread itself, and whoever makes it, touch what is on it.
    ///
    /// # Panics
    /// If `base` cannot be the base of a kernel stack.
    pub fn new(base: u32) -> Self {
        let highest = VirtualAddress(base.wrapping_sub(4));
        assert!(
            base & 0xFFF == 0 && highest.0 >= 0x8000_0000 && is_mapped(highest),
            "no kernel stack below {base:08x}"
        );
        Self { base }
    }

    /// The stack that a thread has: checked by [`Self::new`] when it was prepared.
    #[inline(always)]
    pub const fn of_thread(base: u32) -> Self {
        Self { base }
    }

    /// The running thread's.
    #[inline(always)]
    pub fn running() -> Self {
        Self { base: kernel_stack_pointer() + V86_SIZE + SAVE_AREA_SIZE }
    }

    /// Address just past the highest page (`_KTHREAD::StackBase`).
    pub const fn base(self) -> u32 {
        self.base
    }

    #[inline(always)]
    pub(crate) const fn save_area(self) -> u32 {
        self.base - SAVE_AREA_SIZE
    }

    #[inline(always)]
    pub(crate) const fn entry_stack_pointer(self) -> u32 {
        self.save_area() - V86_SIZE
    }

    /// The frame that an entry from ring 3 builds on this stack.
    #[inline(always)]
    pub fn user_frame(self) -> &'static TrapFrame {
        let address = self.save_area() - FRAME_SIZE;
        // SAFETY: the frame lies in the highest page of a kernel stack, and any bits are a valid frame.
        unsafe { &*(address as *const TrapFrame) }
    }

    /// Makes the stack one on which a thread begins in `start(argument)`, with interrupts on, and returns its saved stack
    /// pointer. `start` must not return.
    #[doc(alias = "KiInitializeContextThread")]
    pub fn prepare(self, start: extern "C" fn(u32) -> !, argument: u32) -> u32 {
        self.store(self.save_area() + fpu::USED, 0);
        // EDI, ESI, EBX, EBP and the return address that `vadose_switch_stacks` pops. After them the stack pointer
        // is a multiple of 16.
        let words = [start as usize as u32, argument, 0, 0, vadose_thread_start as *const () as u32];
        let top = (self.save_area() - FRAME_SIZE) & !15;
        let stack_pointer = top - size_of_val(&words) as u32;
        for (index, word) in words.into_iter().enumerate() {
            self.store(stack_pointer + index as u32 * 4, word);
        }
        stack_pointer
    }

    fn store(self, address: u32, value: u32) {
        debug_assert!(self.base - address <= 0x1000);
        // SAFETY: the word lies in the stack's highest page, which is mapped, and no thread runs on the stack yet.
        unsafe { (address as *mut u32).write(value) };
    }
}

/// Fills `frame` so that ring 3 begins at `eip` with `esp`, all other registers 0 and FS the TEB.
pub fn begin_user_frame(frame: &TrapFrame, eip: u32, esp: u32) {
    for register in [&frame.eax, &frame.ebx, &frame.ecx, &frame.edx, &frame.esi, &frame.edi, &frame.ebp, &frame.seg_gs]
    {
        register.set(0);
    }
    frame.dbg_ebp.set(0);
    frame.dbg_eip.set(eip);
    frame.seg_ds.set(USER_DATA);
    frame.seg_es.set(USER_DATA);
    frame.seg_fs.set(USER_TEB);
    frame.exception_list.set(u32::MAX);
    frame.previous_previous_mode.set(1);
    frame.err_code.set(0);
    frame.eip.set(eip);
    frame.seg_cs.set(USER_CODE);
    frame.eflags.set(FLAGS_INTERRUPT | FLAGS_FIXED);
    frame.hardware_esp.set(esp);
    frame.hardware_ss.set(USER_DATA);
}

/// Leaves the kernel through the running thread's user frame, which [`begin_user_frame`] has filled. What is on the stack
/// below it is forgotten.
#[doc(alias = "KiServiceExit2")]
pub fn enter_user_mode() -> ! {
    let frame = core::ptr::from_ref(KernelStack::running().user_frame());
    // SAFETY: the frame is complete, and the exit path restores it from the stack pointer on.
    unsafe {
        asm!("mov esp, {frame}", "jmp {exit}", frame = in(reg) frame, exit = sym vadose_trap_exit, options(noreturn))
    };
}

/// Lets the thread of `next`, whose `DebugActive` is `debug_active`, run on, and returns when somebody switches back to the stack pointer
/// that `save` receives.
#[doc(alias = "KiSwapContext")]
pub fn switch(save: &Field<u32>, next: &Context, debug_active: &Field<u8>) {
    set_user_teb(next.teb);
    traps::switched_to(next.stack, debug_active);
    fpu::switched_to(next.stack);
    let table = next.directory_table;
    if table != cr3() && table != SYSTEM_TABLE.load(Ordering::Relaxed) {
        // SAFETY: the kernel half, the stacks among it, is the same in every address space.
        unsafe { set_cr3(table) };
    }
    let save = core::ptr::from_ref(save).cast::<u32>().cast_mut();
    // SAFETY: GS holds nothing the kernel uses. NT does not keep it from one thread to the next either.
    unsafe { asm!("mov gs, {:x}", in(reg) 0, options(nomem, nostack, preserves_flags)) };
    // SAFETY: `save` is a cell for the stack pointer, and the other one was saved by this function or made by `prepare`.
    unsafe { vadose_switch_stacks(save, next.stack_pointer) };
}

/// Loads CR3 with physical address `directory_table`, whose kernel half is everyone's.
#[doc(alias = "KiSwapProcess")]
pub fn load_address_space(directory_table: u32) {
    // SAFETY: the kernel half, the running stack in it, is the same in every address space.
    unsafe { set_cr3(directory_table) };
}
