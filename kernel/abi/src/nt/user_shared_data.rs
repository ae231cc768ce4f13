//! `_KUSER_SHARED_DATA`: one page that every program reads at 7FFE0000 and the kernel writes at FFDF0000.
//!
//! Source: symbol type of XP SP3; `ntddk.h` for the meaning of its members.

use core::hint::spin_loop;

use crate::assert_layout;
use crate::cell::{Field, Field64, Record};

/// Where programs read it.
#[doc(alias = "MM_SHARED_USER_DATA_VA")]
pub const USER_SHARED_DATA: u32 = 0x7FFE_0000;
/// Where the kernel writes it.
#[doc(alias = "KI_USER_SHARED_DATA")]
pub const KERNEL_SHARED_DATA: u32 = 0xFFDF_0000;

/// A 64-bit count that is read without a lock: its high half stands there twice, and is written before and after the low one.
#[doc(alias = "_KSYSTEM_TIME")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct KsystemTime {
    pub low_part: Field<u32>,
    pub high1_time: Field<u32>,
    pub high2_time: Field<u32>,
}
impl Record for KsystemTime {}
assert_layout!(KsystemTime, 0xC, { low_part: 0, high1_time: 4, high2_time: 8 });

impl KsystemTime {
    /// Replaces the count, so that a reader who is interrupted by this notices.
    pub fn set(&self, value: u64) {
        self.high2_time.set((value >> 32) as u32);
        self.low_part.set(value as u32);
        self.high1_time.set((value >> 32) as u32);
    }

    /// The count.
    pub fn get(&self) -> u64 {
        loop {
            let high = self.high1_time.get();
            let low = self.low_part.get();
            if high == self.high2_time.get() {
                return u64::from(high) << 32 | u64::from(low);
            }
            spin_loop();
        }
    }
}

/// What the kernel tells every program.
#[doc(alias = "_KUSER_SHARED_DATA")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct KuserSharedData {
    #[doc(alias = "TickCountLowDeprecated")]
    pub tick_count_low: Field<u32>,
    /// Milliseconds a tick, times 2^24.
    pub tick_count_multiplier: Field<u32>,
    /// Since the start, in units of 100 ns.
    pub interrupt_time: KsystemTime,
    /// Since 1601-01-01 UTC, in units of 100 ns.
    pub system_time: KsystemTime,
    pub time_zone_bias: KsystemTime,
    pub image_number_low: Field<u16>,
    pub image_number_high: Field<u16>,
    pub nt_system_root: [Field<u16>; 260],
    pub max_stack_trace_depth: Field<u32>,
    pub crypto_exponent: Field<u32>,
    pub time_zone_id: Field<u32>,
    /// Bytes of a large page. Source: its place in Server 2003; in XP the word is reserved.
    pub large_page_minimum: Field<u32>,
    pub reserved_248: [Field<u32>; 7],
    pub nt_product_type: Field<u32>,
    pub product_type_is_valid: Field<u8>,
    pub reserved_269: [Field<u8>; 3],
    pub nt_major_version: Field<u32>,
    pub nt_minor_version: Field<u32>,
    pub processor_features: [Field<u8>; 64],
    pub reserved1: Field<u32>,
    pub reserved3: Field<u32>,
    pub time_slip: Field<u32>,
    pub alternative_architecture: Field<u32>,
    pub reserved_2c4: Field<u32>,
    pub system_expiration_date: Field64,
    pub suite_mask: Field<u32>,
    pub kd_debugger_enabled: Field<u8>,
    /// One of [`nx_policy`].
    pub nx_support_policy: Field<u8>,
    pub reserved_2d6: Field<u16>,
    pub active_console_id: Field<u32>,
    pub reserved_2dc: [Field<u32>; 3],
    pub number_of_physical_pages: Field<u32>,
    pub safe_boot_mode: Field<u8>,
    pub reserved_2ed: [Field<u8>; 3],
    pub reserved_2f0: [Field<u32>; 2],
    pub test_ret_instruction: Field64,
    /// Address in ntdll by which programs enter the kernel.
    pub system_call: Field<u32>,
    /// Address in ntdll to which SYSEXIT returns.
    pub system_call_return: Field<u32>,
    pub reserved_308: [Field<u32>; 6],
    /// Clock ticks since the start.
    pub tick_count: KsystemTime,
    pub reserved_32c: Field<u32>,
    pub cookie: Field<u32>,
    pub reserved_334: Field<u32>,
}
impl Record for KuserSharedData {}
assert_layout!(KuserSharedData, 0x338, {
    tick_count_low: 0, tick_count_multiplier: 4, interrupt_time: 8, system_time: 0x14, time_zone_bias: 0x20,
    image_number_low: 0x2C, image_number_high: 0x2E, nt_system_root: 0x30, large_page_minimum: 0x244, nt_product_type: 0x264,
    product_type_is_valid: 0x268, nt_major_version: 0x26C, nt_minor_version: 0x270, processor_features: 0x274,
    reserved1: 0x2B4, reserved3: 0x2B8, system_expiration_date: 0x2C8, suite_mask: 0x2D0, kd_debugger_enabled: 0x2D4,
    nx_support_policy: 0x2D5, active_console_id: 0x2D8, number_of_physical_pages: 0x2E8, test_ret_instruction: 0x2F8,
    system_call: 0x300, system_call_return: 0x304, tick_count: 0x320, cookie: 0x330,
});

/// Values of [`KuserSharedData::nx_support_policy`]: which programs data execution prevention covers.
///
/// Source: `DEP_SYSTEM_POLICY_TYPE` of the public headers.
pub mod nx_policy {
    /// None; the processor's protection is left alone.
    pub const ALWAYS_OFF: u8 = 0;
    /// All.
    pub const ALWAYS_ON: u8 = 1;
    /// Those that ask for it.
    pub const OPT_IN: u8 = 2;
    /// Those that do not ask to be left out.
    pub const OPT_OUT: u8 = 3;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_past_32_bits_reads_back() {
        let time = KsystemTime { low_part: Field::ZERO, high1_time: Field::ZERO, high2_time: Field::ZERO };
        time.set(0x1_2345_6789_ABCD);
        assert_eq!(time.get(), 0x1_2345_6789_ABCD);
        assert_eq!(time.high1_time.get(), time.high2_time.get());
    }
}
