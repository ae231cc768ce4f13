//! The control region of the running processor, at FFDFF000 while there is one processor.

use abi::cell::Link;
use abi::processor::{Kpcr, PROCESSOR_CONTROL_REGION};

use crate::descriptors;

/// The control region. The boot code maps its page before anything asks.
#[doc(alias = "KeGetPcr")]
#[inline(always)]
pub fn get() -> &'static Kpcr {
    // SAFETY: the page at FFDFF000 is mapped for as long as the kernel runs, and every bit pattern is a valid `Kpcr`.
    unsafe { &*(PROCESSOR_CONTROL_REGION as *const Kpcr) }
}

/// A link to the control region.
pub const LINK: Link<Kpcr> = Link::new(PROCESSOR_CONTROL_REGION);

/// Fills in what the processor itself determines.
pub fn initialise() {
    let region = get();
    let (descriptor_table, interrupt_table, task_state) = descriptors::addresses();
    region.self_pcr.set(PROCESSOR_CONTROL_REGION);
    region.prcb.set(PROCESSOR_CONTROL_REGION + core::mem::offset_of!(Kpcr, prcb_data) as u32);
    region.gdt.set(descriptor_table);
    region.idt.set(interrupt_table);
    region.tss.set(task_state);
    region.major_version.set(1);
    region.minor_version.set(1);
    region.set_member.set(1);
    let block = &region.prcb_data;
    block.major_version.set(1);
    block.minor_version.set(1);
    block.set_member.set(1);
    let features = crate::cpu::features();
    block.cpu_type.set(features.family);
    block.cpu_id.set(1);
    block.cpu_step.set(u16::from(features.model) << 8 | u16::from(features.stepping));
    for (field, byte) in block.vendor_string.iter().zip(features.vendor) {
        field.set(byte);
    }
}
