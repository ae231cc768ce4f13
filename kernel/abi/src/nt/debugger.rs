//! What the kernel tells debuggers and forensics tools of itself: `_KDDEBUGGER_DATA64`, `_DBGKD_GET_VERSION64`, and the regions of
//! the kernel half.
//!
//! Source: `wdbgexts.h` of the public Windows SDK; `_MI_VISIBLE_STATE` as Volatility reads it of later systems, for XP has none.

use crate::assert_layout;
use crate::cell::{Field, Field64, Link, Record};

/// What debuggers find by its tag, `KDBG`: 64-bit words, addresses of the kernel's variables for the most part. [`data`] has the places.
#[doc(alias = "_KDDEBUGGER_DATA64")]
#[repr(C)]
#[derive(Debug)]
pub struct KdDebuggerData64(pub [Field64; data::WORDS]);
impl Record for KdDebuggerData64 {}
assert_layout!(KdDebuggerData64, 0x290, {});

/// Words of [`KdDebuggerData64`], as far as this system has what they are for; the others are 0.
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub mod data {
    /// Words of XP's form.
    pub const WORDS: usize = 0x290 / 8;
    /// Its own address, twice: the list of such blocks, of which there is one.
    pub const LIST: [usize; 2] = [0, 1];
    /// The tag, and above it the size in bytes.
    pub const TAG_AND_SIZE: usize = 2;
    /// `KDBG`.
    pub const TAG: u32 = u32::from_le_bytes(*b"KDBG");
    pub const KERN_BASE: usize = 3;
    /// Of its last two bytes, bit 0 says that the system uses PAE.
    pub const FLAGS: usize = 6;
    pub const PAE_ENABLED: u64 = 1 << 48;
    pub const PS_LOADED_MODULE_LIST: usize = 9;
    pub const PS_ACTIVE_PROCESS_HEAD: usize = 10;
    pub const MM_PFN_DATABASE: usize = 24;
    pub const MM_HIGHEST_PHYSICAL_PAGE: usize = 30;
    pub const MM_NUMBER_OF_PHYSICAL_PAGES: usize = 31;
    pub const MM_NON_PAGED_POOL_START: usize = 34;
    pub const MM_NON_PAGED_POOL_END: usize = 35;
    pub const MM_PAGE_SIZE: usize = 39;
    pub const NT_BUILD_LAB: usize = 65;
    pub const CM_NT_CSD_VERSION: usize = 77;
}

/// What a debugger asks for first.
#[doc(alias = "_DBGKD_GET_VERSION64")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct DbgkdGetVersion64 {
    /// 15 for a free build, 12 for a checked one.
    pub major_version: Field<u16>,
    /// The build.
    pub minor_version: Field<u16>,
    pub protocol_version: Field<u16>,
    pub flags: Field<u16>,
    /// `IMAGE_FILE_MACHINE_`.
    pub machine_type: Field<u16>,
    pub max_packet_type: Field<u8>,
    pub max_state_change: Field<u8>,
    pub max_manipulate: Field<u8>,
    pub simulation: Field<u8>,
    pub unused: Field<u16>,
    pub kern_base: Field64,
    pub ps_loaded_module_list: Field64,
    pub debugger_data_list: Field64,
}
impl Record for DbgkdGetVersion64 {}
assert_layout!(DbgkdGetVersion64, 0x28, {
    major_version: 0, minor_version: 2, protocol_version: 4, flags: 6, machine_type: 8, max_packet_type: 0xA, kern_base: 0x10,
    ps_loaded_module_list: 0x18, debugger_data_list: 0x20,
});

/// Kinds of regions, as [`MiVisibleState`] counts them.
pub const SYSTEM_VA_TYPES: usize = 11;

/// Part of the kernel half.
#[doc(alias = "_MI_SYSTEM_VA_ASSIGNMENT")]
#[repr(C)]
#[derive(Debug)]
pub struct MiVaRegion {
    /// First address.
    pub base_address: Field<u32>,
    /// Bytes; 0 where there is none of this kind.
    pub number_of_bytes: Field<u32>,
}
impl Record for MiVaRegion {}
assert_layout!(MiVaRegion, 8, { base_address: 0, number_of_bytes: 4 });

impl MiVaRegion {
    /// None of its kind.
    pub const ABSENT: Self = Self { base_address: Field::ZERO, number_of_bytes: Field::ZERO };
}

/// The parts of the kernel half, by kind.
#[doc(alias = "_MI_VISIBLE_STATE")]
#[repr(C)]
#[derive(Debug)]
pub struct MiVisibleState {
    /// One of each kind: [`va_type`].
    pub system_va_regions: [MiVaRegion; SYSTEM_VA_TYPES],
}
impl Record for MiVisibleState {}

/// Kinds of regions: places in [`MiVisibleState::system_va_regions`].
#[doc(alias = "_MI_SYSTEM_VA_TYPE")]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub mod va_type {
    pub const PROCESS_SPACE: usize = 2;
    pub const BOOT_LOADED: usize = 3;
    pub const PFN_DATABASE: usize = 4;
    pub const NON_PAGED_POOL: usize = 5;
    /// Kernel stacks.
    pub const SYSTEM_PTES: usize = 9;
    pub const HAL: usize = 10;
}

/// Where the regions are is told by a link, as NT does.
pub type VisibleStateLink = Field<Link<MiVisibleState>>;
