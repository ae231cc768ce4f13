//! Between `CONTEXT` and the trap frame.
//!
//! What a program asks for is made harmless on the way into the frame:
//!
//! * **C1** CS is ring 3's code, SS its stack, FS its TEB; DS, ES and GS are selectors that the way out can load.
//! * **C2** EFLAGS has the interrupt flag, IOPL 0, no V86 mode, no nested task, no virtual interrupts.
//!
//! Source: `winnt.h`; Intel SDM volume 1, section 3.4.3 (EFLAGS); what XP keeps of each as debuggers show it.

use abi::nt::context::{CONTEXT_CONTROL, CONTEXT_INTEGER, CONTEXT_SEGMENTS, PlainContext};
use abi::trap_frame::TrapFrame;

const USER_CODE: u32 = 0x1B;
const USER_DATA: u32 = 0x23;
const USER_TEB: u32 = 0x3B;

const FLAG_FIXED: u32 = 1 << 1;
const FLAG_INTERRUPT: u32 = 1 << 9;
/// Carry, parity, adjust, zero, sign, trap, direction, overflow, resume, alignment check and CPUID.
const FLAGS_OF_PROGRAMS: u32 = 0x0025_0DD5;
/// What a routine finds clear that nobody called: trap, direction, resume, alignment check.
const FLAGS_CLEAR_AT_ENTRY: u32 = 0x0005_0500;

/// Copies what `context.flags` name out of the frame.
pub(super) fn capture(frame: &TrapFrame, context: &mut PlainContext) {
    if context.has(CONTEXT_CONTROL) {
        context.ebp = frame.ebp.get();
        context.eip = frame.eip.get();
        context.seg_cs = frame.seg_cs.get();
        context.eflags = frame.eflags.get();
        context.esp = frame.hardware_esp.get();
        context.seg_ss = frame.hardware_ss.get();
    }
    if context.has(CONTEXT_INTEGER) {
        context.edi = frame.edi.get();
        context.esi = frame.esi.get();
        context.ebx = frame.ebx.get();
        context.edx = frame.edx.get();
        context.ecx = frame.ecx.get();
        context.eax = frame.eax.get();
    }
    if context.has(CONTEXT_SEGMENTS) {
        // The upper halves are whatever the pushes left there.
        context.seg_gs = frame.seg_gs.get() & 0xFFFF;
        context.seg_fs = frame.seg_fs.get() & 0xFFFF;
        context.seg_es = frame.seg_es.get() & 0xFFFF;
        context.seg_ds = frame.seg_ds.get() & 0xFFFF;
    }
}

/// Puts what `context.flags` name into the frame (C1, C2).
pub(super) fn restore(frame: &TrapFrame, context: &PlainContext) {
    if context.has(CONTEXT_CONTROL) {
        frame.ebp.set(context.ebp);
        frame.dbg_ebp.set(context.ebp);
        frame.eip.set(context.eip);
        frame.dbg_eip.set(context.eip);
        frame.seg_cs.set(USER_CODE);
        frame.eflags.set(flags_of(context.eflags));
        frame.hardware_esp.set(context.esp);
        frame.hardware_ss.set(USER_DATA);
    }
    if context.has(CONTEXT_INTEGER) {
        frame.edi.set(context.edi);
        frame.esi.set(context.esi);
        frame.ebx.set(context.ebx);
        frame.edx.set(context.edx);
        frame.ecx.set(context.ecx);
        frame.eax.set(context.eax);
    }
    if context.has(CONTEXT_SEGMENTS) {
        frame.seg_gs.set(data_selector(context.seg_gs, 0));
        frame.seg_fs.set(USER_TEB);
        frame.seg_es.set(data_selector(context.seg_es, USER_DATA));
        frame.seg_ds.set(data_selector(context.seg_ds, USER_DATA));
    }
    frame.restore_fully();
}

/// Makes the frame one that enters `eip` with `esp`, as if called by nobody: everything but the general registers is as a
/// routine may expect it.
pub(crate) fn begin_at(frame: &TrapFrame, eip: u32, esp: u32) {
    frame.eip.set(eip);
    frame.dbg_eip.set(eip);
    frame.seg_cs.set(USER_CODE);
    frame.eflags.set(flags_of(frame.eflags.get()) & !FLAGS_CLEAR_AT_ENTRY);
    frame.hardware_esp.set(esp);
    frame.hardware_ss.set(USER_DATA);
    frame.seg_gs.set(0);
    frame.seg_fs.set(USER_TEB);
    frame.seg_es.set(USER_DATA);
    frame.seg_ds.set(USER_DATA);
    frame.restore_fully();
}

const fn flags_of(wanted: u32) -> u32 {
    wanted & FLAGS_OF_PROGRAMS | FLAG_INTERRUPT | FLAG_FIXED
}

/// A selector that ring 3 may have in a data segment register, or `otherwise`.
const fn data_selector(wanted: u32, otherwise: u32) -> u32 {
    match wanted & 0xFFFF {
        0..=3 => 0,
        // Whatever privilege level it asks for, the descriptor is ring 3's.
        selector => match selector | 3 {
            USER_CODE => USER_CODE,
            USER_DATA => USER_DATA,
            USER_TEB => USER_TEB,
            _ => otherwise,
        },
    }
}

#[cfg(test)]
pub(super) mod tests {
    use abi::cell::Field;
    use abi::nt::context::CONTEXT_FULL;

    use super::*;

    pub(in super::super) fn blank() -> TrapFrame {
        let field = || Field::new(0);
        TrapFrame {
            dbg_ebp: field(),
            dbg_eip: field(),
            dbg_arg_mark: field(),
            dbg_arg_pointer: field(),
            temp_seg_cs: field(),
            temp_esp: field(),
            debug_registers: core::array::from_fn(|_| field()),
            seg_gs: field(),
            seg_es: field(),
            seg_ds: field(),
            edx: field(),
            ecx: field(),
            eax: field(),
            previous_previous_mode: field(),
            exception_list: field(),
            seg_fs: field(),
            edi: field(),
            esi: field(),
            ebx: field(),
            ebp: field(),
            err_code: field(),
            eip: field(),
            seg_cs: field(),
            eflags: field(),
            hardware_esp: field(),
            hardware_ss: field(),
            v86_segments: core::array::from_fn(|_| field()),
        }
    }

    fn full() -> PlainContext {
        PlainContext {
            flags: CONTEXT_FULL,
            seg_gs: 0,
            seg_fs: 0x3B,
            seg_es: 0x23,
            seg_ds: 0x23,
            edi: 1,
            esi: 2,
            ebx: 3,
            edx: 4,
            ecx: 5,
            eax: 6,
            ebp: 7,
            eip: 8,
            seg_cs: 0x1B,
            eflags: 0x202,
            esp: 9,
            seg_ss: 0x23,
            ..PlainContext::ZERO
        }
    }

    #[test]
    fn a_harmless_context_comes_back_as_it_was() {
        let frame = blank();
        restore(&frame, &full());
        let mut context = PlainContext { flags: CONTEXT_FULL, ..PlainContext::ZERO };
        capture(&frame, &mut context);
        assert_eq!(context, full());
        assert_eq!(frame.err_code.get(), 1, "the way out restores every register");
        assert_eq!((frame.dbg_ebp.get(), frame.dbg_eip.get()), (7, 8));
    }

    #[test]
    fn only_the_parts_that_are_named_move() {
        let frame = blank();
        restore(&frame, &PlainContext { flags: CONTEXT_INTEGER, ..full() });
        assert_eq!((frame.eax.get(), frame.eip.get(), frame.seg_ds.get()), (6, 0, 0));
        restore(&frame, &PlainContext { flags: CONTEXT_CONTROL, eax: 99, ..full() });
        assert_eq!((frame.eax.get(), frame.eip.get(), frame.seg_ds.get()), (6, 8, 0));
        let mut context = PlainContext { flags: CONTEXT_SEGMENTS, ..PlainContext::ZERO };
        frame.seg_ds.set(0xABCD_0023);
        capture(&frame, &mut context);
        assert_eq!((context.seg_ds, context.eax, context.eip), (0x23, 0, 0));
        // The processor's bit alone names nothing.
        restore(&frame, &PlainContext { flags: abi::nt::context::CONTEXT_I386, eip: 77, ..full() });
        assert_eq!(frame.eip.get(), 8);
    }

    #[test]
    fn selectors_of_the_kernel_never_reach_the_frame() {
        for selector in (0..=0xFFFF).chain([0xFFFF_0008, 0x8000_0010, u32::MAX]) {
            let frame = blank();
            let context = PlainContext {
                seg_gs: selector,
                seg_fs: selector,
                seg_es: selector,
                seg_ds: selector,
                seg_cs: selector,
                seg_ss: selector,
                ..full()
            };
            restore(&frame, &context);
            assert_eq!((frame.seg_cs.get(), frame.hardware_ss.get(), frame.seg_fs.get()), (0x1B, 0x23, 0x3B));
            for field in [&frame.seg_gs, &frame.seg_es, &frame.seg_ds] {
                assert!(matches!(field.get(), 0 | 0x1B | 0x23 | 0x3B), "{selector:x} became {:x}", field.get());
            }
        }
        assert_eq!(data_selector(0x20, 0), 0x23);
        assert_eq!(data_selector(0x10, USER_DATA), USER_DATA);
    }

    #[test]
    fn no_flag_gives_a_program_more_than_it_has() {
        for bit in 0..32 {
            let flags = flags_of(1 << bit);
            assert_eq!(flags & 0x202, 0x202, "interrupts stay on");
            let kept = matches!(bit, 0 | 2 | 4 | 6 | 7 | 8 | 10 | 11 | 16 | 18 | 21);
            assert_eq!(flags & !0x202, if kept { 1 << bit } else { 0 }, "bit {bit}");
        }
        assert_eq!(flags_of(0), 0x202);
        assert_eq!(flags_of(u32::MAX), 0x0025_0FD7);
    }

    #[test]
    fn a_routine_begins_with_quiet_flags_and_flat_segments() {
        let frame = blank();
        restore(&frame, &PlainContext { eflags: u32::MAX, seg_ds: 0, seg_es: 0x3B, seg_gs: 0x23, ..full() });
        begin_at(&frame, 0x7C90_0000, 0x12_F000);
        assert_eq!((frame.eip.get(), frame.hardware_esp.get()), (0x7C90_0000, 0x12_F000));
        assert_eq!(frame.eflags.get() & 0x0005_0500, 0);
        let segments = [&frame.seg_ds, &frame.seg_es, &frame.seg_fs, &frame.seg_gs].map(Field::get);
        assert_eq!(segments, [0x23, 0x23, 0x3B, 0]);
        assert_eq!(frame.eax.get(), 6, "general registers stay");
    }
}
