//! The memory manager: Windows XP's, x86 with PAE, as data structures and rules that do not know that they
//! are in a kernel.
//!
//! No `unsafe`, no I/O, no hardware. Mechanism comes through the traits of [`machine`]; what must be read from
//! a disk is returned as a request and never waited for.
//!
//! | to see | open |
//! |---|---|
//! | the address map | [`layout`] |
//! | what a PTE can say | [`pte`], [`protection`] |
//! | frames, the six lists, who gets which frame | [`frame`] |
//! | where frames have been | [`events`] |
//! | the address space of a process | [`address_space`], [`vad`] |
//! | a page fault, from plan to PTE | [`fault`] |
//! | VirtualAlloc and its family | [`virtual_memory`] |
//! | images and what processes share | [`section`] |
//! | where pages go that leave memory | [`paging_file`], [`commit`], `job_memory` |
//! | who may stay in memory, and who goes first | [`working_set`] |
//! | what is written to the paging files | [`writer`] |
//! | requests that are made to fail | [`failing`] |
//! | the audit of all of it | [`verify`] |
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod address_space;
pub mod balance;
pub mod commit;
pub mod events;
pub mod failing;
pub mod fault;
pub mod frame;
mod job_memory;
pub mod layout;
pub mod list;
pub mod machine;
pub mod memory_map;
pub mod memory_test;
pub mod paging_file;
pub mod pool;
pub mod protection;
pub mod pte;
pub mod section;
pub mod system;
pub mod vad;
pub mod verify;
pub mod virtual_memory;
pub mod working_set;
pub mod writer;
pub mod zero;

use abi::cell::{Field, Link};
use abi::nt::list::ListEntry;

use address_space::SharedEntries;
use commit::Commit;
use frame::{BootMemory, FrameLists, NoExecute};
use layout::FrameNumber;
use machine::Machine;
use pool::Pool;
use section::SharedData;

/// The memory manager's own state: list heads and counters. All else lives in the NT structures themselves.
pub struct MemoryManager<M> {
    /// The machine it manages.
    pub machine: M,
    pub(crate) frames: FrameLists,
    pub(crate) pool: Pool,
    /// The system's commit account.
    pub commit: Commit,
    pub(crate) paging_files: paging_file::PagingFiles,
    /// Frames the kernel has taken for itself since start-up.
    pub(crate) kernel_frames: Field<u32>,
    /// AWE frames of all processes: each is a page of commit.
    pub(crate) awe_frames: Field<u32>,
    /// [`pte::NO_EXECUTE`] where the processor has it, else 0.
    pub(crate) no_execute: u64,
    /// The System process's page directories; number 2 is everyone's.
    pub(crate) directories: [FrameNumber; 4],
    pub(crate) pointer_tables: address_space::PointerTables,
    /// Page tables of the top directory that all processes share.
    pub(crate) shared_entries: SharedEntries,
    /// All address spaces but the System process's, by their `WorkingSetExpansionLinks`.
    #[doc(alias = "MmWorkingSetExpansionHead")]
    pub(crate) processes: Field<Link<ListEntry>>,
    pub(crate) control_areas: Field<Link<section::ControlArea>>,
    pub(crate) shared_data: SharedData,
    /// Page tables that no disk gave back: what they named in paging files is lost.
    pub(crate) lost_tables: Field<u32>,
    /// Page tables that are in transition or in a paging file (A6).
    pub(crate) tables_out: Field<u32>,
    /// Not 0 where an operation was given up for want of a frame, and may be asked for again.
    pub(crate) frame_lacked: Field<u32>,
}

impl<M: Machine> MemoryManager<M> {
    /// Takes over the memory that the boot code describes.
    ///
    /// # Errors
    /// [`system::Exhausted`] where there is not even enough for the first structures.
    #[doc(alias = "MmInitSystem")]
    pub fn new(machine: M, boot: &BootMemory<'_>) -> Result<Self, system::Exhausted> {
        let total: u32 = boot.ram.iter().map(|run| run.count).sum();
        let used: u32 = boot.used.iter().map(|run| run.count).sum();
        let bad = boot.unused_bad().map(|run| run.count).sum::<u32>();
        let mut this = Self {
            machine,
            frames: FrameLists::new(boot.ram),
            pool: Pool::new(),
            commit: Commit::new(commit_limit(total - bad, used)),
            paging_files: paging_file::PagingFiles::new(),
            kernel_frames: Field::ZERO,
            awe_frames: Field::ZERO,
            no_execute: match boot.no_execute {
                NoExecute::Enabled => pte::NO_EXECUTE,
                NoExecute::Absent => 0,
            },
            directories: boot.directories,
            pointer_tables: address_space::PointerTables::new(boot.pointer_tables),
            shared_entries: SharedEntries::default(),
            processes: Field::<Link<ListEntry>>::NULL,
            control_areas: Field::<Link<section::ControlArea>>::NULL,
            shared_data: SharedData::new(),
            lost_tables: Field::ZERO,
            tables_out: Field::ZERO,
            frame_lacked: Field::ZERO,
        };
        this.initialise_frames(boot);
        this.machine.events().restart(0);
        this.shared_entries = SharedEntries::of(&this.machine, boot.directories[3]);
        this.start_pool()?;
        let head = this.allocate_pool(8, pool::Tag(*b"MmWs"))?;
        list::initialise(&this.machine, head);
        this.processes.set(head);
        this.share_user_data(boot.shared_data)?;
        Ok(this)
    }
}

impl<M> MemoryManager<M> {
    /// The switch that makes requests fail.
    #[inline(always)]
    pub fn failing(&self) -> &failing::Failing {
        &self.commit.failing
    }

    /// The System process's page directories.
    pub fn system_directories(&self) -> [FrameNumber; 4] {
        self.directories
    }
}

/// Frames that may be promised without a paging file: all but what the boot code uses and a reserve, so that a promise
/// kept never takes the last frame.
fn commit_limit(total: u32, used: u32) -> u32 {
    let free = total.saturating_sub(used);
    free.saturating_sub(COMMIT_RESERVE.min(free / 8))
}

/// Frames never promised: 1 MB.
const COMMIT_RESERVE: u32 = 256;
