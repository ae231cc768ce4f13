//! What the processor was doing when it entered the kernel: `_KTRAP_FRAME`, which the entry paths build on the kernel
//! stack and the exit paths restore.
//!
//! Its first two words repeat the interrupted EBP and EIP, so that a walk along frame pointers passes through it.
//! A trap out of ring 0 has no `hardware_esp` and `hardware_ss`: the processor does not switch stacks then.
//!
//! Source: symbol type `_KTRAP_FRAME` of XP SP3.

use crate::assert_layout;
use crate::cell::{Field, Record};

/// The registers of the interrupted code.
#[doc(alias = "_KTRAP_FRAME")]
#[repr(C)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct TrapFrame {
    pub dbg_ebp: Field<u32>,
    pub dbg_eip: Field<u32>,
    pub dbg_arg_mark: Field<u32>,
    pub dbg_arg_pointer: Field<u32>,
    pub temp_seg_cs: Field<u32>,
    pub temp_esp: Field<u32>,
    pub debug_registers: [Field<u32>; 6],
    pub seg_gs: Field<u32>,
    pub seg_es: Field<u32>,
    pub seg_ds: Field<u32>,
    pub edx: Field<u32>,
    pub ecx: Field<u32>,
    pub eax: Field<u32>,
    pub previous_previous_mode: Field<u32>,
    pub exception_list: Field<u32>,
    pub seg_fs: Field<u32>,
    pub edi: Field<u32>,
    pub esi: Field<u32>,
    pub ebx: Field<u32>,
    pub ebp: Field<u32>,
    pub err_code: Field<u32>,
    pub eip: Field<u32>,
    pub seg_cs: Field<u32>,
    pub eflags: Field<u32>,
    pub hardware_esp: Field<u32>,
    pub hardware_ss: Field<u32>,
    pub v86_segments: [Field<u32>; 4],
}

impl Record for TrapFrame {}

assert_layout!(TrapFrame, 0x8C, {
    debug_registers: 0x18, seg_gs: 0x30, seg_es: 0x34, seg_ds: 0x38, edx: 0x3C, ecx: 0x40, eax: 0x44,
    previous_previous_mode: 0x48, exception_list: 0x4C, seg_fs: 0x50, edi: 0x54, esi: 0x58, ebx: 0x5C, ebp: 0x60,
    err_code: 0x64, eip: 0x68, seg_cs: 0x6C, eflags: 0x70, hardware_esp: 0x74, hardware_ss: 0x78, v86_segments: 0x7C,
});

impl TrapFrame {
    /// Whether the interrupted code ran in ring 3, or in V86 mode, where CS may be anything. The kernel starts nobody in
    /// V86 mode and no processor lets a program go there by itself; QEMU does, by `iret` with the VM flag.
    #[inline(always)]
    pub fn is_user(&self) -> bool {
        const V86_MODE: u32 = 1 << 17;
        self.seg_cs.get() & 3 == 3 || self.eflags.get() & V86_MODE != 0
    }

    /// Makes the way back to ring 3 restore every register of the frame. A system call by SYSENTER returns by SYSEXIT
    /// otherwise, which sets EIP, ESP, EFLAGS, EAX, EBX, ESI, EDI and EBP only. Whoever changes other registers of a
    /// frame, its EIP or the trap flag calls this.
    pub fn restore_fully(&self) {
        self.err_code.set(1);
    }
}
