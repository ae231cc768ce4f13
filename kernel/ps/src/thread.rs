//! Threads: how one is made, waits and ends, and the threads of the kernel's own.

use abi::cell::Link;
use abi::nt::process::{Eprocess, Kprocess};
use abi::nt::thread::{Ethread, Kthread};
use abi::status::NtStatus;
use core::mem::offset_of;
use ke::{Alertable, ContextSwitch, Ring, Switch, ThreadStart, WaitKind, WaitReason, WaitTerms};

use crate::executive::Executive;
use crate::platform::{KernelRoutine, Platform};
use crate::services::active_timers;
use crate::stacks::KernelStacks;
use crate::wait::Waited;

/// Length of a clock tick in units of 100 ns.
const TICK: u64 = 100_000;

impl<P: Platform> ContextSwitch for Executive<P> {
    fn switch(&self, from: Link<Kthread>, to: Link<Kthread>) {
        self.platform().switch(from, to);
        self.bury();
    }

    fn idle(&self) {
        self.platform().wait_for_interrupt();
    }
}

impl<P: Platform> Executive<P> {
    /// The first thread of `process`, numbered `id`: it begins in ring 3 at `entry`.
    pub(crate) fn create_user_thread(
        &self,
        process: Link<Eprocess>,
        id: u32,
        teb: u32,
        entry: u32,
        stack_pointer: u32,
    ) -> Result<(), NtStatus> {
        let stack = self.stacks.create(self.mm())?;
        let Ok(thread) = self.objects().create::<Ethread>() else {
            self.stacks.delete(self.mm(), stack);
            return Err(NtStatus::INSUFFICIENT_RESOURCES);
        };
        let saved = self.platform().prepare_user_thread(stack, entry, stack_pointer);
        let priority = self.machine_record(process).pcb.base_priority.get();
        self.describe_thread(thread, process, id, (stack, saved, teb), priority);
        let record = self.machine_record(thread);
        record.start_address.set(entry);
        self.dispatcher.ready(thread.cast());
        Ok(())
    }

    /// A thread of the System process that begins with `routine(argument)`.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    #[doc(alias = "PsCreateSystemThread")]
    pub fn create_system_thread(
        &self,
        routine: KernelRoutine,
        argument: u32,
        priority: u8,
    ) -> Result<Link<Ethread>, NtStatus> {
        let stack = self.stacks.create(self.mm())?;
        let (Ok(thread), Some(id)) = (self.objects().create::<Ethread>(), self.identifiers.take()) else {
            // Only while the system starts, which then cannot go on.
            self.stacks.delete(self.mm(), stack);
            return Err(NtStatus::INSUFFICIENT_RESOURCES);
        };
        let saved = self.platform().prepare_kernel_thread(stack, routine, argument);
        self.describe_thread(thread, self.system_process, id, (stack, saved, 0), priority);
        self.machine_record(thread).start_address.set(routine as *const () as u32);
        self.dispatcher.ready(thread.cast());
        Ok(thread)
    }

    pub(crate) fn describe_thread(
        &self,
        thread: Link<Ethread>,
        process: Link<Eprocess>,
        id: u32,
        (stack, saved, teb): (u32, u32, u32),
        priority: u8,
    ) {
        let start = ThreadStart {
            process: process.cast::<Kprocess>(),
            priority,
            stack_base: stack,
            stack_limit: stack - KernelStacks::size(),
            kernel_stack: saved,
            teb,
        };
        ke::initialise_thread(self.platform(), thread.cast::<Kthread>(), &start);
        mm::list::initialise(self.platform(), active_timers(thread));
        let record = self.machine_record(thread);
        record.tcb.disable_boost.set(self.machine_record(process).pcb.disable_boost.get());
        record.create_time.set(self.platform().system_time() << 3);
        record.cid.unique_process.set(self.machine_record(process).unique_process_id.get());
        record.cid.unique_thread.set(id);
        record.threads_process.set(process);
        self.objects().reference(process);
        let head = process.offset(offset_of!(Eprocess, thread_list_head) as u32);
        mm::list::insert_tail(self.platform(), head, thread.offset(offset_of!(Ethread, thread_list_entry) as u32));
        self.machine_record(process).active_threads.update(|count| count + 1);
    }

    /// Carries out what the dispatcher decided, and buries the thread that may have ended meanwhile.
    #[inline(always)]
    pub(crate) fn switch(&self, switch: Switch) {
        if self.mm().failing().is_armed() {
            return self.switch_while_refusing(switch);
        }
        if switch.from != switch.to {
            self.platform().switch(switch.from, switch.to);
        }
        self.bury();
    }

    /// The same where requests for memory may be refused: what was refused to the one is not the other's.
    #[cold]
    #[inline(never)]
    fn switch_while_refusing(&self, switch: Switch) {
        if switch.from != switch.to {
            if self.mm().failing().is_armed() {
                self.switch_with_refusals(switch);
            } else {
                self.platform().switch(switch.from, switch.to);
            }
        }
        self.bury();
    }

    /// The process the running thread belongs to.
    pub(crate) fn own_process(&self) -> Link<Eprocess> {
        self.machine_record(self.platform().current_thread()).threads_process.get()
    }

    /// Lets other threads run, where any can.
    pub fn yield_now(&self) -> bool {
        match self.dispatcher.yield_turn() {
            Some(switch) => {
                self.switch(switch);
                true
            }
            None => false,
        }
    }

    /// Waits for `ticks` clock ticks.
    pub fn sleep(&self, ticks: u64) {
        self.wait_at_most(ticks, WaitReason::DelayExecution, 0);
    }

    /// Waits until `address` is woken, or for a tick at most where `address` may have changed unseen.
    pub(crate) fn wait_for(&self, reason: WaitReason, address: u32) {
        self.wait_at_most(1, reason, address);
    }

    /// Waits until `address` is woken, or for `ticks` clock ticks at most.
    pub(crate) fn wait_at_most(&self, ticks: u64, reason: WaitReason, address: u32) {
        let due = self.platform().interrupt_time() + ticks.saturating_mul(TICK);
        let switch = self.dispatcher.wait(reason, address, Some(due));
        self.switch(switch);
    }

    /// Whether `process` has ended and nobody runs in it any more.
    pub fn has_ended(&self, process: Link<Eprocess>) -> bool {
        self.machine_record(process).pcb.header.signal_state.get() != 0
    }

    /// Waits for the end of `process`.
    pub(crate) fn wait_for_end(&self, process: Link<Eprocess>) {
        self.wait_for_end_until(process, None);
    }

    /// The same, until `deadline` (in units of 100 ns since the start) at most.
    pub(crate) fn wait_for_end_until(&self, process: Link<Eprocess>, deadline: Option<u64>) {
        let terms =
            WaitTerms { reason: WaitReason::UserRequest, mode: Ring::Kernel, alertable: Alertable::No, deadline };
        let waited = Waited { headers: &[process.cast()], bodies: &[process.cast()] };
        self.wait_for_objects(waited, WaitKind::Any, &terms);
    }

    /// Takes a process that has ended apart, and gives up the caller's reference.
    #[doc(alias = "PspProcessDelete")]
    pub(crate) fn reap(&self, process: Link<Eprocess>) {
        self.bury();
        self.release(process);
    }

    /// A clock interrupt: touches only atomics.
    pub fn clock_tick(&self, ring: Ring) {
        self.dispatcher.charge_tick(ring);
    }

    /// What the idle thread does for ever.
    #[doc(alias = "KiIdleLoop")]
    pub fn idle(&self) -> ! {
        loop {
            self.dispatcher.idle_once(self, || self.platform().interrupt_time());
        }
    }

    /// What the zero-page thread does for ever.
    #[doc(alias = "MmZeroPageThread")]
    pub fn zero_pages(&self) -> ! {
        loop {
            while self.mm().zero_frames() {
                if self.dispatcher.is_requested()
                    && let Some(switch) = self.dispatcher.dispatch(self.platform().interrupt_time())
                {
                    self.switch(switch);
                }
            }
            while !self.mm().zeroing_is_due() {
                self.wait_for(WaitReason::FreePage, 0);
            }
        }
    }
}
