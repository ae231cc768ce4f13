//! Semaphores: a count that each thread let through takes one from, and that is added to up to a limit; and queues, which count what is
//! in them.

use abi::cell::Link;
use abi::nt::dispatcher::{Kqueue, Ksemaphore, QUEUE_OBJECT, SEMAPHORE_OBJECT};
use abi::status::NtStatus;
use core::mem::offset_of;
use mm::machine::Records;

use crate::dispatcher::Dispatcher;
use crate::thread::initialise_header;

/// Writes a semaphore with `count` to give, at most `limit`.
#[doc(alias = "KeInitializeSemaphore")]
pub fn initialise_semaphore(records: &impl Records, semaphore: Link<Ksemaphore>, count: u32, limit: u32) {
    initialise_header(records, semaphore.cast(), SEMAPHORE_OBJECT, size_of::<Ksemaphore>());
    let record = records.record(semaphore);
    record.header.signal_state.set(count);
    record.limit.set(limit);
}

/// Writes a queue with nothing in it.
#[doc(alias = "KeInitializeQueue")]
pub fn initialise_queue(records: &impl Records, queue: Link<Kqueue>, threads: u32) {
    initialise_header(records, queue.cast(), QUEUE_OBJECT, size_of::<Kqueue>());
    for head in [offset_of!(Kqueue, entry_list_head), offset_of!(Kqueue, thread_list_head)] {
        mm::list::initialise(records, queue.offset(head as u32));
    }
    records.record(queue).maximum_count.set(threads);
}

impl<R: Records> Dispatcher<'_, R> {
    /// There is one more in a queue; how many there were.
    #[doc(alias = "KeInsertQueue")]
    pub fn count_into_queue(&self, queue: Link<Kqueue>, increment: u8) -> u32 {
        let before = self.records.record(queue).header.signal_state.update(|count| count + 1) - 1;
        self.wait_test(queue.cast(), increment);
        before
    }

    /// Adds `adjustment` (positive) to a semaphore; what it was before.
    ///
    /// # Errors
    /// SEMAPHORE_LIMIT_EXCEEDED; nothing has changed.
    #[doc(alias = "KeReleaseSemaphore")]
    pub fn release_semaphore(
        &self,
        semaphore: Link<Ksemaphore>,
        adjustment: i32,
        increment: u8,
    ) -> Result<u32, NtStatus> {
        let record = self.records.record(semaphore);
        let before = record.header.signal_state.get();
        let after = (before as i32).checked_add(adjustment).filter(|count| *count <= record.limit.get() as i32);
        record.header.signal_state.set(after.ok_or(NtStatus::SEMAPHORE_LIMIT_EXCEEDED)? as u32);
        if before as i32 <= 0 {
            self.wait_test(semaphore.cast(), increment);
        }
        Ok(before)
    }
}
