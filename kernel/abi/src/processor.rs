//! The state of one processor: `_KPCR` and, inside it, `_KPRCB`. Processor 0 has its own at FFDFF000.
//!
//! The software-interrupt requests (`irr`) say what must happen before the processor goes back to ring 3: the exit
//! paths look at this word alone.
//!
//! Source: symbol types `_KPCR` and `_KPRCB` of XP SP3.

use crate::assert_layout;
use crate::cell::{Field, Record};

/// Where processor 0 has its control region, in every address space.
#[doc(alias = "KIP0PCRADDRESS")]
pub const PROCESSOR_CONTROL_REGION: u32 = 0xFFDF_F000;

/// Request in [`Kpcr::irr`]: an APC is to be delivered.
pub const APC_REQUEST: u32 = 1 << 1;
/// Request in [`Kpcr::irr`]: the scheduler is to run.
pub const DISPATCH_REQUEST: u32 = 1 << 2;

/// Processor control region.
#[doc(alias = "_KPCR")]
#[repr(C)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Kpcr {
    pub nt_tib: [Field<u32>; 7],
    pub self_pcr: Field<u32>,
    pub prcb: Field<u32>,
    pub irql: Field<u32>,
    /// What is to be done before the way back to ring 3: [`APC_REQUEST`], [`DISPATCH_REQUEST`].
    pub irr: Field<u32>,
    pub irr_active: Field<u32>,
    pub idr: Field<u32>,
    pub kd_version_block: Field<u32>,
    pub idt: Field<u32>,
    pub gdt: Field<u32>,
    pub tss: Field<u32>,
    pub major_version: Field<u16>,
    pub minor_version: Field<u16>,
    pub set_member: Field<u32>,
    pub stall_scale_factor: Field<u32>,
    pub debug_active: Field<u8>,
    pub number: Field<u8>,
    pub reserved: Field<u16>,
    pub reserved2: [Field<u32>; 51],
    pub prcb_data: Kprcb,
}

/// Processor control block.
#[doc(alias = "_KPRCB")]
#[repr(C)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Kprcb {
    pub minor_version: Field<u16>,
    pub major_version: Field<u16>,
    /// Address of the running `_KTHREAD`.
    pub current_thread: Field<u32>,
    /// Address of the `_KTHREAD` chosen to run next, or 0.
    pub next_thread: Field<u32>,
    /// Address of the idle `_KTHREAD`.
    pub idle_thread: Field<u32>,
    pub number: Field<u8>,
    pub reserved: Field<u8>,
    pub build_type: Field<u16>,
    pub set_member: Field<u32>,
    pub cpu_type: Field<u8>,
    pub cpu_id: Field<u8>,
    pub cpu_step: Field<u16>,
    pub processor_state: [Field<u32>; 0xC8],
    pub reserved2: [Field<u32>; 0x59],
    pub npx_thread: Field<u32>,
    pub interrupt_count: Field<u32>,
    /// Clock ticks spent in ring 0, the idle thread's among them.
    pub kernel_time: Field<u32>,
    /// Clock ticks spent in ring 3.
    pub user_time: Field<u32>,
    pub reserved3: [Field<u32>; 4],
    pub page_color: Field<u32>,
    pub reserved4: [Field<u32>; 14],
    #[doc(alias = "KeContextSwitches")]
    pub context_switches: Field<u32>,
    pub reserved5: [Field<u32>; 6],
    pub system_calls: Field<u32>,
    pub reserved6: [Field<u32>; 0xDC],
    /// Not 0: the running thread has used up its quantum.
    pub quantum_end: Field<u32>,
    pub reserved7: [Field<u32>; 0x1C],
    pub vendor_string: [Field<u8>; 13],
    pub reserved8: [Field<u8>; 3],
    pub mhz: Field<u32>,
    pub reserved9: [Field<u32>; 0xCF],
}

impl Record for Kpcr {}
impl Record for Kprcb {}

assert_layout!(Kpcr, 0xD70, {
    self_pcr: 0x1C, prcb: 0x20, irql: 0x24, irr: 0x28, kd_version_block: 0x34, idt: 0x38, gdt: 0x3C, tss: 0x40,
    number: 0x51, prcb_data: 0x120,
});
assert_layout!(Kprcb, 0xC50, {
    current_thread: 0x04, next_thread: 0x08, idle_thread: 0x0C, number: 0x10, cpu_type: 0x18, processor_state: 0x1C,
    npx_thread: 0x4A0, interrupt_count: 0x4A4, kernel_time: 0x4A8, user_time: 0x4AC, page_color: 0x4C0,
    context_switches: 0x4FC, system_calls: 0x518, quantum_end: 0x88C, vendor_string: 0x900, mhz: 0x910,
});
