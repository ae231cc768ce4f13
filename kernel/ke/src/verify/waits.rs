//! The part of the audit that looks at waits, mutants and calls.

use abi::cell::Link;
use abi::nt::dispatcher::{KwaitBlock, WAIT_ALL};
use abi::nt::list::ListEntry;
use abi::nt::thread::Kthread;
use mm::list;
use mm::machine::Records;

use super::DispatcherCorruption;
use crate::clock::Ring;
use crate::dispatcher::{Dispatcher, PRIORITIES, thread_of};
use crate::mutant::{mutant_list, mutant_of};
use crate::thread::ThreadState;
use crate::wait::wait_list;
use crate::{apc, suspend_semaphore};

/// More blocks than any wait has.
const LONGEST_RING: usize = 66;

impl<R: Records> Dispatcher<'_, R> {
    pub(super) fn verify_waits(&self) -> Result<(), DispatcherCorruption> {
        for thread in list::entries(self.records, self.waiting_list()).map(thread_of) {
            self.verify_ring(thread)?;
            self.verify_need(thread)?;
            self.verify_thread(thread)?;
        }
        for priority in 0..PRIORITIES {
            let ready = list::entries(self.records, self.ready_list(priority)).map(thread_of);
            ready.into_iter().try_for_each(|thread| self.verify_thread(thread))?;
        }
        self.verify_thread(self.current())
    }

    /// W2, and W1 of the lists that the blocks of `thread` are in.
    fn verify_ring(&self, thread: Link<Kthread>) -> Result<(), DispatcherCorruption> {
        let first = self.records.record(thread).wait_block_list.get();
        let mut block = first;
        for _ in 0..LONGEST_RING {
            if block.is_null() {
                return Ok(());
            }
            let record = self.records.record(block);
            if record.thread.get() != thread {
                return Err(DispatcherCorruption::W2(thread));
            }
            let head = wait_list(record.object.get());
            if !list::entries(self.records, head).any(|entry| entry == block.cast::<ListEntry>()) {
                return Err(DispatcherCorruption::W2(thread));
            }
            for entry in list::entries(self.records, head) {
                let other = self.records.record(entry.cast::<KwaitBlock>());
                let waits = self.records.record(other.thread.get()).state.get() == ThreadState::Waiting as u8;
                if other.object.get() != record.object.get() || !waits {
                    return Err(DispatcherCorruption::W1(entry.cast()));
                }
            }
            block = record.next_wait_block.get();
            if block == first {
                return Ok(());
            }
        }
        Err(DispatcherCorruption::W2(thread))
    }

    /// W3.
    fn verify_need(&self, thread: Link<Kthread>) -> Result<(), DispatcherCorruption> {
        let signalled = |block: &KwaitBlock| self.is_signalled(block.object.get(), thread);
        let Some(first) = self.wait_blocks(thread).next() else { return Ok(()) };
        let could_go_on = match first.wait_type.get() {
            WAIT_ALL => self.wait_blocks(thread).all(signalled),
            _ => self.wait_blocks(thread).any(signalled),
        };
        if could_go_on { Err(DispatcherCorruption::W3(thread)) } else { Ok(()) }
    }

    /// M1 of the mutants of `thread`, A1 and A2.
    fn verify_thread(&self, thread: Link<Kthread>) -> Result<(), DispatcherCorruption> {
        for mutant in list::entries(self.records, mutant_list(thread)).map(mutant_of) {
            let record = self.records.record(mutant);
            if record.owner_thread.get() != thread || record.header.signal_state.get() as i32 > 0 {
                return Err(DispatcherCorruption::M1(mutant));
            }
        }
        let record = self.records.record(thread);
        let queued = list::entries(self.records, apc::apc_list(thread, Ring::Kernel)).next().is_some();
        let suspended = record.suspend_count.get() > 0 || record.suspend_apc.inserted.get() != 0;
        let semaphore = self.records.record(suspend_semaphore(thread)).header.signal_state.get();
        if queued && record.apc_state.kernel_apc_pending.get() == 0 || !suspended && semaphore as i32 > 0 {
            return Err(DispatcherCorruption::A1(thread));
        }
        Ok(())
    }
}
