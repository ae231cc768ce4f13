//! Waiting for an address: for what the kernel itself waits for, and for what has no object of its own.
//!
//! What such a thread waits for is named by an address: a frame that is being read, for example. Whoever changes what is
//! there wakes that address. The address stands where a wait for an object names the object; the block is in no list and in
//! no ring (`WaitBlockList` is 0), and nobody interrupts the wait.

use abi::cell::Link;
use abi::status::NtStatus;
use mm::machine::Records;

use crate::clock::Ring;
use crate::dispatcher::{Dispatcher, Switch, thread_of};
use crate::wait::{Alertable, WaitReason, WaitTerms};

impl<R: Records> Dispatcher<'_, R> {
    /// The running thread waits for `address` to be woken, at most until the interrupt time `deadline` (units of 100 ns).
    /// Address 0 is never woken. When the switch has been made and has come back, [`Self::wait_result`] tells how it ended:
    /// SUCCESS, or TIMEOUT where its deadline came first.
    pub fn wait(&self, reason: WaitReason, address: u32, deadline: Option<u64>) -> Switch {
        let thread = self.current();
        let record = self.records.record(thread);
        record.wait_blocks[0].object.set(Link::new(address));
        record.wait_block_list.set(Link::NULL);
        if let Some(deadline) = deadline {
            self.start_timer(thread, deadline);
        }
        self.enter_wait(thread, &WaitTerms { reason, mode: Ring::Kernel, alertable: Alertable::No, deadline })
    }

    /// What stands for the interrupts of `line` in [`Self::wait`]: nothing else waits for an address in the ready lists.
    pub fn interrupt_address(&self, line: u8) -> u32 {
        self.ready_list(0).address() + u32::from(line)
    }

    /// A device has interrupted on `line` (0 to 31): whoever waits for that is woken by the next [`Self::dispatch`]. An interrupt that comes
    /// between a thread's look at its device and its wait is not lost, for the thread is not preempted in between.
    pub fn note_interrupt(&self, line: u8) {
        self.database.interrupts.set_bits(1 << line);
        self.request();
    }

    /// Wakes the threads that wait for interrupts which have come.
    pub(crate) fn wake_interrupted(&self) {
        let mut lines = self.database.interrupts.get();
        if lines == 0 {
            return;
        }
        self.database.interrupts.clear_bits(lines);
        while lines != 0 {
            self.wake(self.interrupt_address(lines.trailing_zeros() as u8));
            lines &= lines - 1;
        }
    }

    /// Wakes all threads that wait for `address`; how many there were.
    pub fn wake(&self, address: u32) -> u32 {
        self.wake_where(|awaited| awaited == address)
    }

    /// Wakes all threads that wait for an address of which `has_changed` says so; how many there were.
    pub fn wake_where(&self, has_changed: impl Fn(u32) -> bool) -> u32 {
        let head = self.waiting_list();
        let mut woken = 0;
        let mut entry = self.records.record(head).flink.get();
        while entry != head {
            let thread = thread_of(entry);
            entry = self.records.record(entry).flink.get();
            let record = self.records.record(thread);
            let address = record.wait_blocks[0].object.get().address();
            if record.wait_block_list.get().is_null() && address != 0 && has_changed(address) {
                record.wait_blocks[0].object.set(Link::NULL);
                self.end_wait(thread, NtStatus::SUCCESS, 0);
                woken += 1;
            }
        }
        woken
    }
}
