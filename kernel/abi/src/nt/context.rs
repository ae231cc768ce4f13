//! What an exception handler is told, and what a thread goes on with: `EXCEPTION_RECORD` and `CONTEXT`. Both lie in the
//! memory of programs; the kernel copies them whole, as words.
//!
//! Source: `winnt.h` for i386.

use crate::assert_layout;

/// `CONTEXT_i386`: the processor the parts belong to; in every [`Context::flags`].
pub const CONTEXT_I386: u32 = 0x1_0000;
/// EBP, EIP, CS, EFLAGS, ESP, SS.
pub const CONTEXT_CONTROL: u32 = CONTEXT_I386 | 1;
/// EDI, ESI, EBX, EDX, ECX, EAX.
pub const CONTEXT_INTEGER: u32 = CONTEXT_I386 | 2;
/// GS, FS, ES, DS.
pub const CONTEXT_SEGMENTS: u32 = CONTEXT_I386 | 4;
/// The x87 registers, in [`Context::float_save`].
pub const CONTEXT_FLOATING_POINT: u32 = CONTEXT_I386 | 8;
/// DR0 to DR3, DR6, DR7.
pub const CONTEXT_DEBUG_REGISTERS: u32 = CONTEXT_I386 | 0x10;
/// The FXSAVE image, in [`Context::extended_registers`].
pub const CONTEXT_EXTENDED_REGISTERS: u32 = CONTEXT_I386 | 0x20;
/// Control, integer registers and segments.
pub const CONTEXT_FULL: u32 = CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_SEGMENTS;

/// `FLOATING_SAVE_AREA`: what FNSAVE stores, and CR0's NPX state.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct FloatingSaveArea {
    pub control_word: u32,
    pub status_word: u32,
    pub tag_word: u32,
    pub error_offset: u32,
    pub error_selector: u32,
    pub data_offset: u32,
    pub data_selector: u32,
    pub register_area: [u8; 80],
    pub cr0_npx_state: u32,
}

/// The registers of a thread.
#[doc(alias = "_CONTEXT")]
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Context {
    pub flags: u32,
    pub dr0: u32,
    pub dr1: u32,
    pub dr2: u32,
    pub dr3: u32,
    pub dr6: u32,
    pub dr7: u32,
    pub float_save: FloatingSaveArea,
    pub seg_gs: u32,
    pub seg_fs: u32,
    pub seg_es: u32,
    pub seg_ds: u32,
    pub edi: u32,
    pub esi: u32,
    pub ebx: u32,
    pub edx: u32,
    pub ecx: u32,
    pub eax: u32,
    pub ebp: u32,
    pub eip: u32,
    pub seg_cs: u32,
    pub eflags: u32,
    pub esp: u32,
    pub seg_ss: u32,
    pub extended_registers: [u8; 512],
}
assert_layout!(Context, 0x2CC, {
    flags: 0, dr0: 4, float_save: 0x1C, seg_gs: 0x8C, edi: 0x9C, ebx: 0xA4, eax: 0xB0, ebp: 0xB4, eip: 0xB8, seg_cs: 0xBC,
    eflags: 0xC0, esp: 0xC4, seg_ss: 0xC8, extended_registers: 0xCC,
});

/// Parameters that a record has room for.
pub const MAXIMUM_PARAMETERS: usize = 15;
/// `EXCEPTION_NONCONTINUABLE`: nobody may go on where it happened.
pub const EXCEPTION_NONCONTINUABLE: u32 = 1;

/// One exception.
#[doc(alias = "_EXCEPTION_RECORD")]
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ExceptionRecord {
    pub code: u32,
    pub flags: u32,
    /// Address of the record of an exception that this one followed from.
    pub nested: u32,
    pub address: u32,
    pub parameter_count: u32,
    pub information: [u32; MAXIMUM_PARAMETERS],
}
assert_layout!(ExceptionRecord, 0x50, { code: 0, flags: 4, nested: 8, address: 0xC, parameter_count: 0x10, information: 0x14 });
