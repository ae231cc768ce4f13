//! Debug registers between `CONTEXT` and the trap frame.
//!
//! A thread none of whose breakpoints is enabled has no debug registers: they read as 0. What a program asks for is made harmless:
//!
//! * **C3** No breakpoint is at an address of the kernel: such an address becomes 0. What is enabled is so for the thread, never for all
//!   tasks; the watch over the debug registers themselves (GD) and the reserved bits are off.
//!
//! Source: Intel SDM volume 3, section 17.2; which bits XP keeps is inferred from what `GetThreadContext` gives back there.

use abi::cell::Field;
use abi::nt::context::PlainContext;
use abi::trap_frame::TrapFrame;
use mm::layout::HIGHEST_USER_ADDRESS;

/// DR6: which breakpoint, access to a debug register, single step, task switch.
const STATUS_BITS: u32 = 0x0000_E00F;
/// DR7: kinds and lengths, exact data breakpoints, the four that enable for a task.
const CONTROL_BITS: u32 = 0xFFFF_0155;
/// DR7: the four that enable for a task.
const ENABLED: u32 = 0x55;

/// Whether `context` enables a breakpoint.
#[inline(always)]
pub(super) const fn enables(context: &PlainContext) -> bool {
    context.dr7 & ENABLED != 0
}

/// Copies the debug registers out of the frame of a thread that has some.
pub(super) fn capture(frame: &TrapFrame, context: &mut PlainContext) {
    [context.dr0, context.dr1, context.dr2, context.dr3, context.dr6, context.dr7] =
        frame.debug_registers.each_ref().map(Field::get);
}

/// Puts the debug registers into the frame (C3).
pub(super) fn restore(frame: &TrapFrame, context: &PlainContext) {
    let [dr0, dr1, dr2, dr3] = [context.dr0, context.dr1, context.dr2, context.dr3].map(address_of);
    let registers = [dr0, dr1, dr2, dr3, context.dr6 & STATUS_BITS, context.dr7 & CONTROL_BITS];
    for (field, register) in frame.debug_registers.iter().zip(registers) {
        field.set(register);
    }
}

/// The processor says in `status` what an exception was about: in DR6 the program finds this one only.
pub(crate) fn set_status(frame: &TrapFrame, status: u32) {
    frame.debug_registers[4].set(status & STATUS_BITS);
}

/// What [`set_status`] was told.
pub(crate) fn status(frame: &TrapFrame) -> u32 {
    frame.debug_registers[4].get()
}

const fn address_of(wanted: u32) -> u32 {
    if wanted <= HIGHEST_USER_ADDRESS { wanted } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::frame::tests::blank;
    use super::*;

    fn read_back(dr0: u32, dr6: u32, dr7: u32) -> PlainContext {
        let frame = blank();
        restore(&frame, &PlainContext { dr0, dr3: dr0, dr6, dr7, ..PlainContext::ZERO });
        let mut read = PlainContext::ZERO;
        capture(&frame, &mut read);
        assert_eq!((read.dr1, read.dr2, read.dr3), (0, 0, read.dr0));
        read
    }

    #[test]
    fn no_breakpoint_is_in_the_kernel() {
        let kept = |address| read_back(address, 0, 0).dr0;
        assert_eq!([0, 1, 0x40_1000, 0x7FFE_FFFF].map(kept), [0, 1, 0x40_1000, 0x7FFE_FFFF]);
        assert_eq!([0x7FFF_0000, 0x7FFF_FFFF, 0x8000_0000, 0xC000_0000, u32::MAX].map(kept), [0; 5]);
    }

    #[test]
    fn each_bit_of_the_control_is_kept_or_dropped() {
        for bit in 0..32 {
            let read = read_back(0, 0, 1 << bit);
            let kept = matches!(bit, 0 | 2 | 4 | 6 | 8 | 16..);
            assert_eq!(read.dr7, if kept { 1 << bit } else { 0 }, "bit {bit}");
            assert_eq!(enables(&read), matches!(bit, 0 | 2 | 4 | 6), "bit {bit}");
        }
    }

    #[test]
    fn the_status_is_what_the_processor_or_the_program_said_last() {
        assert_eq!(read_back(0, u32::MAX, 0).dr6, 0xE00F);
        let frame = blank();
        restore(&frame, &PlainContext { dr6: 0x8001, ..PlainContext::ZERO });
        set_status(&frame, 0xFFFF_4FF2);
        assert_eq!(status(&frame), 0x4002);
    }
}
