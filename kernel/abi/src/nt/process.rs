//! Processes: `_EPROCESS`, with what the scheduler keeps of it (`_KPROCESS`) and its working-set figures (`_MMSUPPORT`).
//!
//! Source: symbol types of XP SP3.

use super::dispatcher::DispatcherHeader;
use super::list::ListEntry;
use super::object::HandleTable;
use crate::assert_layout;
use crate::cell::{Field, Field64, Link, Record};

/// What a link to a VAD of any form points to; its layout is the memory manager's business.
#[derive(Debug)]
pub enum VadNode {}

/// What the scheduler keeps of a process.
#[doc(alias = "_KPROCESS")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Kprocess {
    /// Bytes `03 00 1B 00` first, by which tools find processes.
    pub header: DispatcherHeader,
    pub profile_list_head: ListEntry,
    /// First the physical address of the page-directory-pointer table, 32-byte aligned and below 4 GB.
    pub directory_table_base: [Field<u32>; 2],
    pub ldt_descriptor: [Field<u32>; 2],
    pub reserved_28: [Field<u32>; 2],
    pub iopm_offset: Field<u16>,
    pub reserved_32: Field<u16>,
    pub active_processors: Field<u32>,
    /// Clock ticks its threads spent in ring 0.
    pub kernel_time: Field<u32>,
    /// Clock ticks its threads spent in ring 3.
    pub user_time: Field<u32>,
    pub ready_list_head: ListEntry,
    pub reserved_48: [Field<u32>; 2],
    /// Its `_KTHREAD`s, by `ThreadListEntry` at 1B0.
    pub thread_list_head: ListEntry,
    pub reserved_58: Field<u32>,
    pub affinity: Field<u32>,
    pub stack_count: Field<u16>,
    /// 0 to 31.
    pub base_priority: Field<u8>,
    /// What a new thread's quantum is, in thirds of a clock tick.
    pub thread_quantum: Field<u8>,
    pub reserved_64: Field<u8>,
    pub state: Field<u8>,
    pub reserved_66: Field<u8>,
    /// New threads gain no priority when they are woken.
    pub disable_boost: Field<u8>,
    pub reserved_68: [Field<u8>; 3],
    /// Bits of [`execute_options`].
    pub execute_options: Field<u8>,
}
impl Record for Kprocess {}
assert_layout!(Kprocess, 0x6C, {
    header: 0, profile_list_head: 0x10, directory_table_base: 0x18, ldt_descriptor: 0x20, iopm_offset: 0x30,
    active_processors: 0x34, kernel_time: 0x38, user_time: 0x3C, ready_list_head: 0x40, thread_list_head: 0x50,
    affinity: 0x5C, stack_count: 0x60, base_priority: 0x62, thread_quantum: 0x63, state: 0x65, disable_boost: 0x67, execute_options: 0x6B,
});

/// Working-set figures of a process; sizes in pages.
#[doc(alias = "_MMSUPPORT")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Mmsupport {
    pub last_trim_time: Field64,
    pub flags: Field<u32>,
    pub page_fault_count: Field<u32>,
    pub peak_working_set_size: Field<u32>,
    pub working_set_size: Field<u32>,
    pub minimum_working_set_size: Field<u32>,
    pub maximum_working_set_size: Field<u32>,
    pub vm_working_set_list: Field<u32>,
    pub working_set_expansion_links: ListEntry,
    pub claim: Field<u32>,
    pub next_estimation_slot: Field<u32>,
    pub next_aging_slot: Field<u32>,
    pub estimated_available: Field<u32>,
    pub growth_since_last_estimate: Field<u32>,
}
impl Record for Mmsupport {}
assert_layout!(Mmsupport, 0x40, {
    last_trim_time: 0, flags: 8, page_fault_count: 0xC, peak_working_set_size: 0x10, working_set_size: 0x14,
    minimum_working_set_size: 0x18, maximum_working_set_size: 0x1C, vm_working_set_list: 0x20,
    working_set_expansion_links: 0x24, claim: 0x2C, next_estimation_slot: 0x30, next_aging_slot: 0x34,
    estimated_available: 0x38, growth_since_last_estimate: 0x3C,
});

/// A process.
#[doc(alias = "_EPROCESS")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Eprocess {
    pub pcb: Kprocess,
    pub process_lock: Field<u32>,
    pub create_time: Field64,
    pub exit_time: Field64,
    pub rundown_protect: Field<u32>,
    pub unique_process_id: Field<u32>,
    /// All processes: the list whose head is `PsActiveProcessHead`.
    pub active_process_links: ListEntry,
    pub quota_usage: [Field<u32>; 3],
    pub quota_peak: [Field<u32>; 3],
    /// Pages charged to it.
    pub commit_charge: Field<u32>,
    pub peak_virtual_size: Field<u32>,
    /// Bytes.
    pub virtual_size: Field<u32>,
    pub reserved_b4: [Field<u32>; 2],
    pub debug_port: Field<u32>,
    pub reserved_c0: Field<u32>,
    pub object_table: Field<Link<HandleTable>>,
    pub token: Field<u32>,
    pub working_set_lock: [Field<u32>; 8],
    /// Frame number of the working-set list's first page.
    pub working_set_page: Field<u32>,
    pub address_creation_lock: [Field<u32>; 8],
    pub hyper_space_lock: Field<u32>,
    pub reserved_114: [Field<u32>; 2],
    pub vad_root: Field<Link<VadNode>>,
    pub vad_hint: Field<Link<VadNode>>,
    pub clone_root: Field<u32>,
    pub number_of_private_pages: Field<u32>,
    pub number_of_locked_pages: Field<u32>,
    pub reserved_130: Field<u32>,
    pub job: Field<u32>,
    /// The image section it runs.
    pub section_object: Field<u32>,
    pub section_base_address: Field<u32>,
    pub reserved_140: [Field<u32>; 3],
    pub inherited_from_unique_process_id: Field<u32>,
    pub reserved_150: Field<u32>,
    pub vad_free_hint: Field<u32>,
    pub reserved_158: Field<u32>,
    pub device_map: Field<u32>,
    pub physical_vad_list: ListEntry,
    pub page_directory_pte: Field64,
    pub session: Field<u32>,
    /// Up to 15 characters and a NUL.
    pub image_file_name: [Field<u8>; 16],
    pub job_links: ListEntry,
    pub locked_pages_list: Field<u32>,
    /// Its `_ETHREAD`s, by `ThreadListEntry` at 22C.
    pub thread_list_head: ListEntry,
    pub reserved_198: Field<u32>,
    /// Kernel address of the page-directory-pointer table.
    pub pae_top: Field<u32>,
    pub active_threads: Field<u32>,
    pub reserved_1a4: [Field<u32>; 2],
    pub last_thread_exit_status: Field<u32>,
    pub peb: Field<u32>,
    pub reserved_1b4: [Field<u32>; 13],
    pub commit_charge_limit: Field<u32>,
    pub commit_charge_peak: Field<u32>,
    pub awe_info: Field<u32>,
    /// `_SE_AUDIT_PROCESS_CREATION_INFO`: address of the `_OBJECT_NAME_INFORMATION` of the image, or 0.
    pub se_audit_process_creation_info: Field<u32>,
    pub vm: Mmsupport,
    pub last_fault_count: Field<u32>,
    pub modified_page_count: Field<u32>,
    pub number_of_vads: Field<u32>,
    /// Bits of [`job_status`](crate::nt::job::job_status).
    pub job_status: Field<u32>,
    /// Bits of [`process_flags`].
    pub flags: Field<u32>,
    pub exit_status: Field<u32>,
    pub next_page_color: Field<u16>,
    pub reserved_252: Field<u16>,
    pub priority_class: Field<u8>,
    pub reserved_255: [Field<u8>; 3],
    pub cookie: Field<u32>,
    pub reserved_25c: Field<u32>,
}
impl Record for Eprocess {}
assert_layout!(Eprocess, 0x260, {
    pcb: 0, create_time: 0x70, exit_time: 0x78, unique_process_id: 0x84, active_process_links: 0x88, quota_usage: 0x90,
    quota_peak: 0x9C, commit_charge: 0xA8, peak_virtual_size: 0xAC, virtual_size: 0xB0, debug_port: 0xBC,
    object_table: 0xC4, token: 0xC8, working_set_lock: 0xCC, working_set_page: 0xEC, address_creation_lock: 0xF0,
    hyper_space_lock: 0x110, vad_root: 0x11C, vad_hint: 0x120, clone_root: 0x124, number_of_private_pages: 0x128,
    number_of_locked_pages: 0x12C, job: 0x134, section_object: 0x138, section_base_address: 0x13C,
    inherited_from_unique_process_id: 0x14C, vad_free_hint: 0x154, device_map: 0x15C, physical_vad_list: 0x160,
    page_directory_pte: 0x168, session: 0x170, image_file_name: 0x174, job_links: 0x184, locked_pages_list: 0x18C,
    thread_list_head: 0x190, pae_top: 0x19C, active_threads: 0x1A0, last_thread_exit_status: 0x1AC, peb: 0x1B0,
    commit_charge_limit: 0x1E8, commit_charge_peak: 0x1EC, awe_info: 0x1F0, se_audit_process_creation_info: 0x1F4,
    vm: 0x1F8, last_fault_count: 0x238, modified_page_count: 0x23C, number_of_vads: 0x240, flags: 0x248,
    exit_status: 0x24C, next_page_color: 0x250, priority_class: 0x254, cookie: 0x258,
});

/// Bits of [`Kprocess::execute_options`], which are those of ProcessExecuteFlags too: what data execution prevention does for the process.
///
/// Source: symbol type `_KEXECUTE_OPTIONS` of XP SP3; the public names `MEM_EXECUTE_OPTION_*`.
#[doc(alias = "_KEXECUTE_OPTIONS")]
pub mod execute_options {
    /// Only code runs.
    pub const EXECUTE_DISABLE: u8 = 1 << 0;
    /// Whatever can be read runs.
    pub const EXECUTE_ENABLE: u8 = 1 << 1;
    /// Nothing is made good for programs that keep small routines in data.
    pub const DISABLE_THUNK_EMULATION: u8 = 1 << 2;
    /// The options stay as they are.
    pub const PERMANENT: u8 = 1 << 3;
    /// Handlers of exceptions may lie in data.
    pub const EXECUTE_DISPATCH_ENABLE: u8 = 1 << 4;
    /// Handlers of exceptions may lie in images that do not list them.
    pub const IMAGE_DISPATCH_ENABLE: u8 = 1 << 5;
    /// All of them.
    pub const ALL: u8 = (1 << 6) - 1;
}

/// Bits of [`Mmsupport::flags`].
pub mod support_flags {
    /// The address space goes, and the working set with it.
    pub const ADDRESS_SPACE_BEING_DELETED: u32 = 1 << 5;
}

/// Bits of [`Eprocess::flags`].
pub mod process_flags {
    /// Its last thread is on its way out.
    pub const PROCESS_EXITING: u32 = 1 << 2;
    /// It is being deleted.
    pub const PROCESS_DELETE: u32 = 1 << 3;
    /// Its address space is gone.
    pub const VM_DELETED: u32 = 1 << 5;
    /// Physical VADs exist.
    pub const HAS_PHYSICAL_VAD: u32 = 1 << 9;
    /// Both bits: the address space is ready.
    pub const ADDRESS_SPACE_INITIALIZED: u32 = 3 << 10;
    /// It has, or had, memory with MEM_WRITE_WATCH.
    pub const WRITE_WATCH: u32 = 1 << 15;
    /// It has an address space.
    pub const HAS_ADDRESS_SPACE: u32 = 1 << 18;
    /// Memory is allocated from the top.
    pub const VM_TOP_DOWN: u32 = 1 << 21;
}
