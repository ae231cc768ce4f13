//! What a program finds about its process in its own memory: `_PEB`, the loader's lists of modules, and the parameters it
//! was started with. All pointers are addresses of the program.
//!
//! Source: symbol types of XP SP3; `winternl.h` for the part that Windows documents.

use super::list::ListEntry;
use super::string::UnicodeString;
use crate::assert_layout;
use crate::cell::{Field, Field64, Record};

/// Process environment block.
#[doc(alias = "_PEB")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Peb {
    pub inherited_address_space: Field<u8>,
    pub read_image_file_exec_options: Field<u8>,
    pub being_debugged: Field<u8>,
    pub reserved_3: Field<u8>,
    pub mutant: Field<u32>,
    pub image_base_address: Field<u32>,
    pub ldr: Field<u32>,
    pub process_parameters: Field<u32>,
    pub sub_system_data: Field<u32>,
    pub process_heap: Field<u32>,
    pub fast_peb_lock: Field<u32>,
    pub reserved_20: [Field<u32>; 8],
    pub tls_bitmap: Field<u32>,
    pub tls_bitmap_bits: [Field<u32>; 2],
    pub reserved_4c: [Field<u32>; 3],
    pub ansi_code_page_data: Field<u32>,
    pub oem_code_page_data: Field<u32>,
    pub unicode_case_table_data: Field<u32>,
    pub number_of_processors: Field<u32>,
    pub nt_global_flag: Field<u32>,
    pub reserved_6c: Field<u32>,
    pub critical_section_timeout: Field64,
    pub heap_segment_reserve: Field<u32>,
    pub heap_segment_commit: Field<u32>,
    pub heap_decommit_total_free_threshold: Field<u32>,
    pub heap_decommit_free_block_threshold: Field<u32>,
    pub number_of_heaps: Field<u32>,
    pub maximum_number_of_heaps: Field<u32>,
    pub process_heaps: Field<u32>,
    pub reserved_94: [Field<u32>; 3],
    pub loader_lock: Field<u32>,
    pub os_major_version: Field<u32>,
    pub os_minor_version: Field<u32>,
    pub os_build_number: Field<u16>,
    pub os_csd_version: Field<u16>,
    pub os_platform_id: Field<u32>,
    pub image_subsystem: Field<u32>,
    pub image_subsystem_major_version: Field<u32>,
    pub image_subsystem_minor_version: Field<u32>,
    pub image_process_affinity_mask: Field<u32>,
    pub reserved_c4: [Field<u32>; 35],
    pub tls_expansion_bitmap: Field<u32>,
    pub tls_expansion_bitmap_bits: [Field<u32>; 32],
    pub session_id: Field<u32>,
    pub reserved_1d8: [Field<u32>; 6],
    pub csd_version: UnicodeString,
    pub reserved_1f8: [Field<u32>; 4],
    pub minimum_stack_commit: Field<u32>,
    pub reserved_20c: Field<u32>,
}
impl Record for Peb {}
assert_layout!(Peb, 0x210, {
    being_debugged: 2, image_base_address: 8, ldr: 0xC, process_parameters: 0x10, process_heap: 0x18, fast_peb_lock: 0x1C,
    tls_bitmap: 0x40, ansi_code_page_data: 0x58, number_of_processors: 0x64, nt_global_flag: 0x68,
    critical_section_timeout: 0x70, heap_segment_reserve: 0x78, number_of_heaps: 0x88, process_heaps: 0x90,
    loader_lock: 0xA0, os_major_version: 0xA4, os_minor_version: 0xA8, os_build_number: 0xAC, os_csd_version: 0xAE,
    os_platform_id: 0xB0, image_subsystem: 0xB4, tls_expansion_bitmap: 0x150, session_id: 0x1D4, csd_version: 0x1F0,
    minimum_stack_commit: 0x208,
});

/// The heads of the loader's three lists.
#[doc(alias = "_PEB_LDR_DATA")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct PebLdrData {
    pub length: Field<u32>,
    pub initialized: Field<u8>,
    pub reserved_5: [Field<u8>; 3],
    pub ss_handle: Field<u32>,
    pub in_load_order_module_list: ListEntry,
    pub in_memory_order_module_list: ListEntry,
    pub in_initialization_order_module_list: ListEntry,
    pub entry_in_progress: Field<u32>,
}
impl Record for PebLdrData {}
assert_layout!(PebLdrData, 0x28, {
    length: 0, initialized: 4, ss_handle: 8, in_load_order_module_list: 0xC, in_memory_order_module_list: 0x14,
    in_initialization_order_module_list: 0x1C, entry_in_progress: 0x24,
});

/// One module; the kernel's own list, `PsLoadedModuleList`, is made of these too.
#[doc(alias = "_LDR_DATA_TABLE_ENTRY")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct LdrDataTableEntry {
    pub in_load_order_links: ListEntry,
    pub in_memory_order_links: ListEntry,
    pub in_initialization_order_links: ListEntry,
    pub dll_base: Field<u32>,
    pub entry_point: Field<u32>,
    pub size_of_image: Field<u32>,
    pub full_dll_name: UnicodeString,
    pub base_dll_name: UnicodeString,
    pub flags: Field<u32>,
    pub load_count: Field<u16>,
    pub tls_index: Field<u16>,
    pub hash_links: ListEntry,
    pub time_date_stamp: Field<u32>,
    pub entry_point_activation_context: Field<u32>,
    pub patch_information: Field<u32>,
}
impl Record for LdrDataTableEntry {}
assert_layout!(LdrDataTableEntry, 0x50, {
    in_memory_order_links: 8, in_initialization_order_links: 0x10, dll_base: 0x18, entry_point: 0x1C, size_of_image: 0x20,
    full_dll_name: 0x24, base_dll_name: 0x2C, flags: 0x34, load_count: 0x38, tls_index: 0x3A, hash_links: 0x3C,
    time_date_stamp: 0x44,
});

/// What the process was started with.
#[doc(alias = "_RTL_USER_PROCESS_PARAMETERS")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct RtlUserProcessParameters {
    /// Bytes there are for the structure and the strings behind it.
    pub maximum_length: Field<u32>,
    /// Bytes in use.
    pub length: Field<u32>,
    /// Bits of [`parameter_flags`].
    pub flags: Field<u32>,
    pub debug_flags: Field<u32>,
    pub console_handle: Field<u32>,
    pub console_flags: Field<u32>,
    pub standard_input: Field<u32>,
    pub standard_output: Field<u32>,
    pub standard_error: Field<u32>,
    pub current_directory: UnicodeString,
    pub current_directory_handle: Field<u32>,
    pub dll_path: UnicodeString,
    pub image_path_name: UnicodeString,
    pub command_line: UnicodeString,
    /// Address of the environment: `NAME=VALUE` strings of 16-bit characters, each ended by a NUL, and one NUL more.
    pub environment: Field<u32>,
    pub reserved_4c: [Field<u32>; 8],
    pub show_window_flags: Field<u32>,
    pub window_title: UnicodeString,
    pub desktop_info: UnicodeString,
    pub shell_info: UnicodeString,
    pub runtime_data: UnicodeString,
    pub reserved_90: [Field<u32>; 128],
    /// Bytes of the environment, as Vista and later tell them here, where XP's structure has ended: without them nobody outside the process
    /// knows where to stop reading.
    pub environment_size: Field<u32>,
}
impl Record for RtlUserProcessParameters {}
assert_layout!(RtlUserProcessParameters, 0x294, {
    maximum_length: 0, length: 4, flags: 8, standard_input: 0x18, standard_output: 0x1C, standard_error: 0x20,
    current_directory: 0x24, current_directory_handle: 0x2C, dll_path: 0x30, image_path_name: 0x38, command_line: 0x40,
    environment: 0x48, show_window_flags: 0x6C, window_title: 0x70, runtime_data: 0x88, environment_size: 0x290,
});

/// Bits of [`RtlUserProcessParameters::flags`].
pub mod parameter_flags {
    /// Strings are addresses, not offsets from the structure.
    #[doc(alias = "RTL_USER_PROCESS_PARAMETERS_NORMALIZED")]
    pub const NORMALIZED: u32 = 1;
}
