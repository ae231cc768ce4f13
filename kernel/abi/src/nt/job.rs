//! Jobs: processes that are counted, limited and ended together.

use super::dispatcher::Kevent;
use super::list::ListEntry;
use crate::assert_layout;
use crate::cell::{Field, Field64, Record};

/// A job.
///
/// Source: symbol type of XP SP3; `winnt.h` for what its limits mean.
#[doc(alias = "_EJOB")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Ejob {
    /// Set when the job's time is over.
    pub event: Kevent,
    pub job_links: ListEntry,
    /// Its `_EPROCESS`es, by `JobLinks` at 184.
    pub process_list_head: ListEntry,
    pub job_lock: [Field<u32>; 14],
    /// Clock ticks of processes that have left, where NT has units of 100 ns of all; so are the other times.
    pub total_user_time: Field64,
    pub total_kernel_time: Field64,
    /// What was left over when the time was last set: it counts from there on.
    pub this_period_total_user_time: Field64,
    pub this_period_total_kernel_time: Field64,
    /// Of processes that have left.
    pub total_page_fault_count: Field<u32>,
    pub total_processes: Field<u32>,
    pub active_processes: Field<u32>,
    /// Those that a limit has ended.
    pub total_terminated_processes: Field<u32>,
    /// Units of 100 ns, as programs say it.
    pub per_process_user_time_limit: Field64,
    pub per_job_user_time_limit: Field64,
    /// Bits of [`limit`].
    pub limit_flags: Field<u32>,
    pub minimum_working_set_size: Field<u32>,
    pub maximum_working_set_size: Field<u32>,
    pub active_process_limit: Field<u32>,
    pub affinity: Field<u32>,
    pub priority_class: Field<u8>,
    pub reserved_ad: [Field<u8>; 3],
    pub ui_restrictions_class: Field<u32>,
    pub reserved_b4: [Field<u32>; 3],
    pub end_of_job_time_action: Field<u32>,
    pub completion_port: Field<u32>,
    pub completion_key: Field<u32>,
    pub session_id: Field<u32>,
    pub scheduling_class: Field<u32>,
    pub reserved_d4: [Field<u32>; 25],
    /// Pages that a process of it, and all of them, may have committed.
    pub process_memory_limit: Field<u32>,
    pub job_memory_limit: Field<u32>,
    /// Pages: the most that one had, and all of them.
    pub peak_process_memory_used: Field<u32>,
    pub peak_job_memory_used: Field<u32>,
    pub current_job_memory_used: Field<u32>,
    pub reserved_14c: [Field<u32>; 13],
}
impl Record for Ejob {}
assert_layout!(Ejob, 0x180, {
    event: 0, job_links: 0x10, process_list_head: 0x18, job_lock: 0x20, total_user_time: 0x58, total_kernel_time: 0x60,
    total_page_fault_count: 0x78, total_processes: 0x7C, active_processes: 0x80, total_terminated_processes: 0x84,
    per_process_user_time_limit: 0x88, per_job_user_time_limit: 0x90, limit_flags: 0x98, active_process_limit: 0xA4,
    affinity: 0xA8, priority_class: 0xAC, ui_restrictions_class: 0xB0, end_of_job_time_action: 0xC0, completion_port: 0xC4,
    session_id: 0xCC, scheduling_class: 0xD0, process_memory_limit: 0x138,
    current_job_memory_used: 0x148,
});

/// Bits of [`Ejob::limit_flags`].
#[doc(alias = "JOB_OBJECT_LIMIT")]
#[allow(missing_docs, reason = "the names are those of winnt.h")]
pub mod limit {
    pub const WORKING_SET: u32 = 0x1;
    pub const PROCESS_TIME: u32 = 0x2;
    pub const JOB_TIME: u32 = 0x4;
    pub const ACTIVE_PROCESS: u32 = 0x8;
    pub const AFFINITY: u32 = 0x10;
    pub const PRIORITY_CLASS: u32 = 0x20;
    pub const PRESERVE_JOB_TIME: u32 = 0x40;
    pub const SCHEDULING_CLASS: u32 = 0x80;
    pub const PROCESS_MEMORY: u32 = 0x100;
    pub const JOB_MEMORY: u32 = 0x200;
    pub const DIE_ON_UNHANDLED_EXCEPTION: u32 = 0x400;
    pub const BREAKAWAY_OK: u32 = 0x800;
    pub const SILENT_BREAKAWAY_OK: u32 = 0x1000;
    pub const KILL_ON_JOB_CLOSE: u32 = 0x2000;
    /// What the basic form may have, and the extended one.
    pub const BASIC: u32 = 0xFF;
    pub const EXTENDED: u32 = 0x3FFF;
}

/// Bits of a process's `JobStatus`, ours: NT's say whether what is reported here has been.
pub mod job_status {
    /// A limit has refused it memory, its own or the job's, which nobody has been told.
    pub const OWN_LIMIT_MET: u32 = 0x1_0000;
    /// The same of the job's limit.
    pub const JOB_LIMIT_MET: u32 = 0x2_0000;
}

/// What a completion port hears of a job.
#[doc(alias = "JOB_OBJECT_MSG")]
#[allow(missing_docs, reason = "the names are those of winnt.h")]
pub mod message {
    pub const END_OF_JOB_TIME: u32 = 1;
    pub const END_OF_PROCESS_TIME: u32 = 2;
    pub const ACTIVE_PROCESS_LIMIT: u32 = 3;
    pub const ACTIVE_PROCESS_ZERO: u32 = 4;
    pub const NEW_PROCESS: u32 = 6;
    pub const EXIT_PROCESS: u32 = 7;
    pub const ABNORMAL_EXIT_PROCESS: u32 = 8;
    pub const PROCESS_MEMORY_LIMIT: u32 = 9;
    pub const JOB_MEMORY_LIMIT: u32 = 10;
}
