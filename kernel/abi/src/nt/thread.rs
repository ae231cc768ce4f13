//! Threads: `_ETHREAD`, with what the scheduler keeps of it (`_KTHREAD`).
//!
//! Source: symbol types of XP SP3.

use super::dispatcher::{DispatcherHeader, Kapc, Ksemaphore, KwaitBlock};
use super::list::ListEntry;
use super::process::{Eprocess, Kprocess};
use crate::assert_layout;
use crate::cell::{Field, Field64, Link, Record};
use crate::trap_frame::TrapFrame;

/// Where a thread's APCs wait, and whose address space it runs in.
#[doc(alias = "_KAPC_STATE")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct KapcState {
    pub apc_list_head: [ListEntry; 2],
    pub process: Field<Link<Kprocess>>,
    pub kernel_apc_in_progress: Field<u8>,
    pub kernel_apc_pending: Field<u8>,
    pub user_apc_pending: Field<u8>,
    pub reserved_17: Field<u8>,
}
impl Record for KapcState {}
assert_layout!(KapcState, 0x18, { apc_list_head: 0, process: 0x10, kernel_apc_in_progress: 0x14, user_apc_pending: 0x16 });

/// When a wait ends by time.
#[doc(alias = "_KTIMER")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Ktimer {
    pub header: DispatcherHeader,
    /// Interrupt time, in units of 100 ns.
    pub due_time: Field64,
    pub timer_list_entry: ListEntry,
    pub dpc: Field<u32>,
    pub period: Field<u32>,
}
impl Record for Ktimer {}
assert_layout!(Ktimer, 0x28, { header: 0, due_time: 0x10, timer_list_entry: 0x18, dpc: 0x20, period: 0x24 });

/// What the scheduler keeps of a thread.
#[doc(alias = "_KTHREAD")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Kthread {
    pub header: DispatcherHeader,
    pub mutant_list_head: ListEntry,
    pub initial_stack: Field<u32>,
    pub stack_limit: Field<u32>,
    pub teb: Field<u32>,
    pub tls_array: Field<u32>,
    /// The saved stack pointer while the thread does not run.
    pub kernel_stack: Field<u32>,
    pub debug_active: Field<u8>,
    /// A value of the scheduler's `ThreadState`.
    pub state: Field<u8>,
    pub alerted: [Field<u8>; 2],
    pub reserved_30: [Field<u8>; 2],
    /// Not 0: its base priority was set to an end of its class's range, whatever that is.
    pub saturation: Field<u8>,
    /// 0 to 31, as it is now.
    pub priority: Field<u8>,
    pub apc_state: KapcState,
    pub context_switches: Field<u32>,
    pub reserved_50: Field<u32>,
    /// What the wait it is in, or was in last, answers.
    pub wait_status: Field<u32>,
    pub wait_irql: Field<u8>,
    pub wait_mode: Field<u8>,
    pub wait_next: Field<u8>,
    pub wait_reason: Field<u8>,
    /// The first block of the wait it is in.
    pub wait_block_list: Field<Link<KwaitBlock>>,
    /// Its place on a ready list, or on the list of waiting threads.
    pub wait_list_entry: ListEntry,
    /// The tick it began to wait or became ready at.
    pub wait_time: Field<u32>,
    /// 0 to 31, without boosts.
    pub base_priority: Field<u8>,
    pub decrement_count: Field<u8>,
    pub priority_decrement: Field<u8>,
    /// What is left of its turn, in thirds of a clock tick; negative as two's complement.
    pub quantum: Field<u8>,
    /// For up to three objects; the fourth is the timer's.
    #[doc(alias = "WaitBlock")]
    pub wait_blocks: [KwaitBlock; 4],
    pub reserved_d0: [Field<u32>; 4],
    pub service_table: Field<u32>,
    pub queue: Field<u32>,
    pub reserved_e8: [Field<u32>; 2],
    pub timer: Ktimer,
    pub reserved_118: [Field<u32>; 3],
    pub affinity: Field<u32>,
    pub preempted: Field<u8>,
    pub reserved_129: [Field<u8>; 3],
    pub reserved_12c: [Field<u32>; 2],
    pub trap_frame: Field<Link<TrapFrame>>,
    pub apc_state_pointer: [Field<u32>; 2],
    pub previous_mode: Field<u8>,
    pub reserved_141: [Field<u8>; 3],
    /// Clock ticks spent in ring 0.
    pub kernel_time: Field<u32>,
    /// Clock ticks spent in ring 3.
    pub user_time: Field<u32>,
    pub saved_apc_state: KapcState,
    pub alertable: Field<u8>,
    pub apc_state_index: Field<u8>,
    pub apc_queueable: Field<u8>,
    pub auto_alignment: Field<u8>,
    pub stack_base: Field<u32>,
    pub suspend_apc: Kapc,
    pub suspend_semaphore: Ksemaphore,
    /// Its place among the threads of its `_KPROCESS`.
    pub thread_list_entry: ListEntry,
    pub freeze_count: Field<u8>,
    pub suspend_count: Field<u8>,
    pub ideal_processor: Field<u8>,
    pub disable_boost: Field<u8>,
    pub reserved_1bc: Field<u32>,
}
impl Record for Kthread {}
assert_layout!(Kthread, 0x1C0, {
    header: 0, mutant_list_head: 0x10, initial_stack: 0x18, stack_limit: 0x1C, teb: 0x20, kernel_stack: 0x28, state: 0x2D,
    alerted: 0x2E, saturation: 0x32, priority: 0x33, apc_state: 0x34, context_switches: 0x4C, wait_status: 0x54, wait_mode: 0x59,
    wait_reason: 0x5B, wait_block_list: 0x5C, wait_list_entry: 0x60, wait_time: 0x68, base_priority: 0x6C, quantum: 0x6F, wait_blocks: 0x70,
    service_table: 0xE0, timer: 0xF0, affinity: 0x124, trap_frame: 0x134, previous_mode: 0x140, kernel_time: 0x144,
    user_time: 0x148, saved_apc_state: 0x14C, alertable: 0x164, apc_queueable: 0x166, suspend_apc: 0x16C, suspend_semaphore: 0x19C, stack_base: 0x168, thread_list_entry: 0x1B0,
    suspend_count: 0x1B9, disable_boost: 0x1BB,
});

/// Who a thread is: its process and itself.
#[doc(alias = "_CLIENT_ID")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ClientId {
    pub unique_process: Field<u32>,
    pub unique_thread: Field<u32>,
}
impl Record for ClientId {}
assert_layout!(ClientId, 8, { unique_process: 0, unique_thread: 4 });

/// A thread.
#[doc(alias = "_ETHREAD")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Ethread {
    pub tcb: Kthread,
    /// System time, in units of 100 ns, shifted left by 3.
    pub create_time: Field64,
    pub exit_time: Field64,
    pub exit_status: Field<u32>,
    pub post_block_list: ListEntry,
    pub termination_port: Field<u32>,
    pub active_timer_list_lock: Field<u32>,
    /// The timers that call this thread.
    pub active_timer_list_head: ListEntry,
    pub cid: ClientId,
    pub reserved_1f4: [Field<u32>; 11],
    pub threads_process: Field<Link<Eprocess>>,
    pub start_address: Field<u32>,
    pub win32_start_address: Field<u32>,
    /// Its place among the threads of its `_EPROCESS`.
    pub thread_list_entry: ListEntry,
    pub rundown_protect: Field<u32>,
    pub reserved_238: [Field<u32>; 2],
    pub read_cluster_size: Field<u32>,
    pub granted_access: Field<u32>,
    pub cross_thread_flags: Field<u32>,
    pub reserved_24c: [Field<u32>; 2],
    pub forward_cluster_only: Field<u8>,
    pub disable_page_fault_clustering: Field<u8>,
    pub reserved_256: Field<u16>,
}
impl Record for Ethread {}
assert_layout!(Ethread, 0x258, {
    tcb: 0, create_time: 0x1C0, exit_time: 0x1C8, exit_status: 0x1D0, active_timer_list_head: 0x1E4, cid: 0x1EC, threads_process: 0x220,
    start_address: 0x224, win32_start_address: 0x228, thread_list_entry: 0x22C, rundown_protect: 0x234,
    read_cluster_size: 0x240, granted_access: 0x244, cross_thread_flags: 0x248, forward_cluster_only: 0x254,
    disable_page_fault_clustering: 0x255,
});

/// Bits of [`Ethread::cross_thread_flags`].
pub mod cross_thread_flags {
    /// It has been told to end.
    #[doc(alias = "PS_CROSS_THREAD_FLAGS_TERMINATED")]
    pub const TERMINATED: u32 = 1 << 0;
    /// It never got as far as ring 3.
    #[doc(alias = "PS_CROSS_THREAD_FLAGS_DEADTHREAD")]
    pub const DEAD_THREAD: u32 = 1 << 1;
    /// It belongs to the System process.
    #[doc(alias = "PS_CROSS_THREAD_FLAGS_SYSTEM")]
    pub const SYSTEM: u32 = 1 << 4;
}
