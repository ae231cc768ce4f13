//! Control registers, model-specific registers, flags and the time-stamp counter.

use core::arch::asm;

/// CR0: task switched; the next x87 or SSE instruction traps.
pub const CR0_TASK_SWITCHED: u32 = 1 << 3;
/// EFLAGS: maskable interrupts are taken.
pub const FLAGS_INTERRUPT: u32 = 1 << 9;
/// EFLAGS: a debug trap follows the next instruction.
pub const FLAGS_TRAP: u32 = 1 << 8;

macro_rules! control_register {
    ($read:ident, $write:ident, $name:literal) => {
        #[doc = concat!("The value of ", $name, ".")]
        #[inline(always)]
        pub fn $read() -> u32 {
            let value;
            // SAFETY: reading a control register changes nothing.
            unsafe { asm!(concat!("mov {}, ", $name), out(reg) value, options(nomem, nostack, preserves_flags)) };
            value
        }

        #[doc = concat!("Sets ", $name, ".")]
        ///
        /// # Safety
        /// The new value must leave the running code, its stack and the kernel's memory as they are.
        #[inline(always)]
        pub unsafe fn $write(value: u32) {
            // SAFETY: the caller's duty.
            unsafe { asm!(concat!("mov ", $name, ", {}"), in(reg) value, options(nostack, preserves_flags)) };
        }
    };
}
control_register!(cr0, set_cr0, "cr0");
control_register!(cr3, set_cr3, "cr3");
control_register!(cr4, set_cr4, "cr4");

/// The address of the last page fault.
#[inline(always)]
pub fn cr2() -> u32 {
    let value;
    // SAFETY: reading CR2 changes nothing.
    unsafe { asm!("mov {}, cr2", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

/// The time-stamp counter.
#[inline(always)]
pub fn time_stamp() -> u64 {
    // SAFETY: the entry code refuses a processor without a time-stamp counter.
    unsafe { core::arch::x86::_rdtsc() }
}

/// EFLAGS as they are.
#[inline(always)]
pub fn flags() -> u32 {
    let value;
    // SAFETY: pushes and pops one word.
    unsafe { asm!("pushfd", "pop {}", out(reg) value, options(preserves_flags)) };
    value
}

/// The frame pointer of the function this is inlined into.
#[inline(always)]
pub fn frame_pointer() -> u32 {
    let value;
    // SAFETY: reading EBP changes nothing.
    unsafe { asm!("mov {}, ebp", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

/// Sets a model-specific register.
///
/// # Safety
/// The processor must have the register, and the value must leave the running kernel as it is.
pub(crate) unsafe fn write_model_specific(register: u32, value: u64) {
    // SAFETY: the caller's duty.
    unsafe {
        asm!(
            "wrmsr",
            in("ecx") register,
            in("eax") value as u32,
            in("edx") (value >> 32) as u32,
            options(nostack, preserves_flags),
        )
    };
}
