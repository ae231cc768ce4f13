//! What the scheduler's part of a process and of a thread holds at the start.
//!
//! Source: symbol types `_KPROCESS` and `_KTHREAD` of XP SP3.

use core::mem::offset_of;

use abi::cell::Link;
use abi::nt::dispatcher::{DispatcherHeader, PROCESS_OBJECT, THREAD_OBJECT};
use abi::nt::list::ListEntry;
use abi::nt::process::Kprocess;
use abi::nt::thread::{KapcState, Kthread};
use mm::list;
use mm::machine::Records;

use crate::apc::initialise_suspension;

/// What a thread is doing; the number is in `_KTHREAD::State`.
#[doc(alias = "KTHREAD_STATE")]
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadState {
    /// Not started yet.
    Initialized = 0,
    /// On a ready list.
    Ready = 1,
    /// On the processor.
    Running = 2,
    /// Chosen to run next.
    Standby = 3,
    /// Over.
    Terminated = 4,
    /// Until something happens.
    Waiting = 5,
}

/// One clock tick in the units that quanta are counted in.
#[doc(alias = "CLOCK_QUANTUM_DECREMENT")]
pub const QUANTUM_OF_A_TICK: u8 = 3;
/// What the end of a wait takes off a turn, in the same units.
#[doc(alias = "WAIT_QUANTUM_DECREMENT")]
pub(crate) const QUANTUM_OF_A_WAIT: u8 = 1;
/// A thread's turn: two ticks, as XP's workstation has it for programs in the background.
pub const DEFAULT_QUANTUM: u8 = 2 * QUANTUM_OF_A_TICK;
/// The priority of ordinary programs.
#[doc(alias = "NORMAL_BASE_PRIORITY")]
pub const NORMAL_PRIORITY: u8 = 8;
/// The priority of the thread that zeroes pages: only the idle thread is beneath it.
pub const ZERO_PAGE_PRIORITY: u8 = 0;
/// Offset of the I/O permission bitmap that a process without one has: past the end of the TSS.
const NO_IO_BITMAP: u16 = 0x20AC;
const USER_MODE: u8 = 1;

/// What a new thread is made of.
#[derive(Clone, Copy, Debug)]
pub struct ThreadStart {
    /// The process it belongs to.
    pub process: Link<Kprocess>,
    /// 0 to 31.
    pub priority: u8,
    /// Address just past its kernel stack.
    pub stack_base: u32,
    /// Lowest address of its kernel stack.
    pub stack_limit: u32,
    /// Its saved stack pointer, as the context switch expects it.
    pub kernel_stack: u32,
    /// Address of its TEB, or 0 for a thread that never leaves ring 0.
    pub teb: u32,
}

/// Writes the scheduler's part of a process: `record` at `process`, otherwise zero, that runs in the address space whose
/// page-directory-pointer table is at physical address `directory_table`.
#[doc(alias = "KeInitializeProcess")]
pub fn initialise_process(records: &impl Records, process: Link<Kprocess>, base_priority: u8, directory_table: u32) {
    let record = records.record(process);
    initialise_header(records, process.cast(), PROCESS_OBJECT, size_of::<Kprocess>());
    for head in [offset_of!(Kprocess, profile_list_head), offset_of!(Kprocess, ready_list_head)] {
        list::initialise(records, process.offset(head as u32));
    }
    list::initialise(records, thread_list(process));
    record.directory_table_base[0].set(directory_table);
    record.base_priority.set(base_priority);
    record.thread_quantum.set(DEFAULT_QUANTUM);
    record.iopm_offset.set(NO_IO_BITMAP);
    record.affinity.set(1);
    record.stack_count.set(1);
}

/// Writes the scheduler's part of a thread, otherwise zero, and enters it into its process. It does not run before
/// [`Dispatcher::ready`](crate::Dispatcher::ready).
#[doc(alias = "KeInitializeThread")]
pub fn initialise_thread(records: &impl Records, thread: Link<Kthread>, start: &ThreadStart) {
    let record = records.record(thread);
    let process = records.record(start.process);
    initialise_header(records, thread.cast(), THREAD_OBJECT, size_of::<Kthread>());
    list::initialise(records, thread.offset(offset_of!(Kthread, mutant_list_head) as u32));
    for state in [offset_of!(Kthread, apc_state), offset_of!(Kthread, saved_apc_state)] {
        let lists: Link<KapcState> = thread.offset(state as u32);
        list::initialise(records, lists.cast());
        list::initialise(records, lists.offset(size_of::<ListEntry>() as u32));
    }
    list::insert_tail(
        records,
        thread_list(start.process),
        thread.offset(offset_of!(Kthread, thread_list_entry) as u32),
    );
    record.apc_state.process.set(start.process);
    record.initial_stack.set(start.stack_base);
    record.stack_base.set(start.stack_base);
    record.stack_limit.set(start.stack_limit);
    record.kernel_stack.set(start.kernel_stack);
    record.teb.set(start.teb);
    record.previous_mode.set(if start.teb == 0 { 0 } else { USER_MODE });
    record.priority.set(start.priority);
    record.base_priority.set(start.priority);
    record.quantum.set(process.thread_quantum.get());
    record.affinity.set(process.affinity.get());
    record.state.set(ThreadState::Initialized as u8);
    initialise_suspension(records, thread);
}

/// The head of the list of threads of `process`.
pub(crate) const fn thread_list(process: Link<Kprocess>) -> Link<ListEntry> {
    process.offset(offset_of!(Kprocess, thread_list_head) as u32)
}

/// Writes the header of a waitable object of `bytes` bytes that is not signalled.
pub(crate) fn initialise_header(records: &impl Records, header: Link<DispatcherHeader>, kind: u8, bytes: usize) {
    let record = records.record(header);
    record.kind.set(kind);
    record.size.set((bytes / 4) as u8);
    list::initialise(records, header.offset(offset_of!(DispatcherHeader, wait_list_head) as u32));
}

#[cfg(test)]
mod tests {
    use abi::cell::Field;

    use super::*;
    use crate::test_system::TestSystem;

    #[test]
    fn a_process_begins_with_the_bytes_that_tools_look_for() {
        let system = TestSystem::new();
        let word: Link<Field<u32>> = system.process.cast();
        assert_eq!(system.records().record(word).get(), 0x001B_0003);
    }

    #[test]
    fn a_thread_is_in_its_process_and_has_its_quantum() {
        let system = TestSystem::new();
        let thread = system.thread(9);
        let record = system.records().record(thread);
        assert_eq!((record.header.kind.get(), record.header.size.get()), (6, 0x70));
        assert_eq!((record.priority.get(), record.base_priority.get(), record.quantum.get()), (9, 9, DEFAULT_QUANTUM));
        let threads: Vec<_> = list::entries(system.records(), thread_list(system.process)).collect();
        assert_eq!(threads.last(), Some(&thread.offset(0x1B0)));
    }
}
