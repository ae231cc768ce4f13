//! Threads: how one is made, waits and ends, and the threads of the kernel's own.

use abi::cell::Link;
use abi::nt::process::{Eprocess, Kprocess, process_flags};
use abi::nt::thread::{Ethread, Kthread};
use abi::status::NtStatus;
use core::mem::offset_of;
use ke::{ContextSwitch, Ring, Switch, ThreadStart, WaitReason};

use crate::endings::Ending;
use crate::executive::Executive;
use crate::platform::{KernelRoutine, Platform};
use crate::stacks::KernelStacks;

/// Length of a clock tick in units of 100 ns.
const TICK: u64 = 100_000;

impl<P: Platform> ContextSwitch for Executive<P> {
    fn switch(&self, from: Link<Kthread>, to: Link<Kthread>) {
        self.platform().switch(from, to);
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
    pub fn create_system_thread(&self, routine: KernelRoutine, argument: u32, priority: u8) -> Result<Link<Ethread>, NtStatus> {
        let stack = self.stacks.create(self.mm())?;
        let (Ok(thread), Some(id)) = (self.objects().create::<Ethread>(), self.identifiers.take()) else {
            // Only while the system starts, which then cannot go on.
            self.stacks.delete(self.mm(), stack);
            return Err(NtStatus::INSUFFICIENT_RESOURCES);
        };
        let saved = self.platform().prepare_kernel_thread(stack, routine, argument);
        self.describe_thread(thread, self.system_process, id, (stack, saved, 0), priority);
        self.dispatcher.ready(thread.cast());
        Ok(thread)
    }

    pub(crate) fn describe_thread(&self, thread: Link<Ethread>, process: Link<Eprocess>, id: u32, (stack, saved, teb): (u32, u32, u32), priority: u8) {
        let start = ThreadStart {
            process: process.cast::<Kprocess>(),
            priority,
            stack_base: stack,
            stack_limit: stack - KernelStacks::size(),
            kernel_stack: saved,
            teb,
        };
        ke::initialise_thread(self.platform(), thread.cast::<Kthread>(), &start);
        let record = self.machine_record(thread);
        record.create_time.set(self.platform().system_time() << 3);
        record.cid.unique_process.set(self.machine_record(process).unique_process_id.get());
        record.cid.unique_thread.set(id);
        record.threads_process.set(process);
        self.objects().reference(process);
        let head = process.offset(offset_of!(Eprocess, thread_list_head) as u32);
        mm::list::insert_tail(self.platform(), head, thread.offset(offset_of!(Ethread, thread_list_entry) as u32));
        self.machine_record(process).active_threads.update(|count| count + 1);
    }

    /// Carries out what the dispatcher decided. A thread that comes back to find its process condemned ends on its way to ring 3.
    pub(crate) fn switch(&self, switch: Switch) {
        if switch.from != switch.to {
            self.platform().switch(switch.from, switch.to);
        }
        if self.is_condemned(self.own_process()) {
            self.dispatcher.request();
        }
    }

    /// The process the running thread belongs to.
    fn own_process(&self) -> Link<Eprocess> {
        self.machine_record(self.platform().current_thread()).threads_process.get()
    }

    /// On the way back to ring 3, when it was asked for: other threads may run, and a condemned process ends here.
    #[doc(alias = "KiDispatchInterrupt")]
    pub fn before_user_mode(&self) {
        if let Some(switch) = self.dispatcher.dispatch(self.platform().interrupt_time()) {
            self.switch(switch);
        }
        let process = self.own_process();
        if self.is_condemned(process) {
            let status = self.machine_record(process).exit_status.get();
            self.exit_process(NtStatus(status));
        }
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
        let due = self.platform().interrupt_time() + ticks.saturating_mul(TICK);
        let switch = self.dispatcher.wait(WaitReason::DelayExecution, 0, Some(due));
        self.switch(switch);
    }

    /// Waits until `address` is woken, or for a tick at most where `address` may have changed unseen.
    pub(crate) fn wait_for(&self, reason: WaitReason, address: u32) {
        let due = self.platform().interrupt_time() + TICK;
        let switch = self.dispatcher.wait(reason, address, Some(due));
        self.switch(switch);
    }

    /// Says that `process`, another one, is to end with `status`.
    pub(crate) fn condemn_process(&self, process: Link<Eprocess>, status: NtStatus) {
        let record = self.machine_record(process);
        record.exit_status.set(status.0);
        record.flags.update(|flags| flags | process_flags::PROCESS_DELETE);
    }

    pub(crate) fn is_condemned(&self, process: Link<Eprocess>) -> bool {
        let flags = self.machine_record(process).flags.get();
        flags & (process_flags::PROCESS_DELETE | process_flags::PROCESS_EXITING) == process_flags::PROCESS_DELETE
    }

    /// Ends the current process. What only its own thread can give back goes now, the rest when somebody has noticed.
    #[doc(alias = "PspExitThread")]
    pub fn exit_process(&self, status: NtStatus) -> ! {
        let process = self.own_process();
        self.platform().process_exits(process, status);
        let record = self.machine_record(process);
        self.endings.record(record.unique_process_id.get(), Ending::Exit(status));
        record.exit_status.set(status.0);
        record.exit_time.set(self.platform().system_time());
        record.flags.update(|flags| flags | process_flags::PROCESS_EXITING);
        self.clean_address_space(process);
        self.close_all_handles(process);
        self.attach(self.system_process);
        self.machine_record(self.platform().current_thread()).exit_status.set(status.0);
        record.active_threads.set(0);
        record.pcb.header.signal_state.set(1);
        self.dispatcher.wake(process.address());
        let switch = self.dispatcher.terminate();
        self.platform().switch(switch.from, switch.to);
        unreachable!("a thread that has ended runs again")
    }

    /// Whether `process` has ended and nobody runs in it any more.
    pub fn has_ended(&self, process: Link<Eprocess>) -> bool {
        self.machine_record(process).pcb.header.signal_state.get() != 0
    }

    /// Waits for the end of `process`.
    pub(crate) fn wait_for_end(&self, process: Link<Eprocess>) {
        while !self.has_ended(process) {
            self.wait_for(WaitReason::UserRequest, process.address());
        }
    }

    /// Takes a process that has ended apart, and gives up the caller's reference.
    #[doc(alias = "PspProcessDelete")]
    pub(crate) fn reap(&self, process: Link<Eprocess>) {
        let head: Link<abi::nt::list::ListEntry> = process.offset(offset_of!(Eprocess, thread_list_head) as u32);
        loop {
            let entry = self.machine_record(head).flink.get();
            if entry == head {
                break;
            }
            mm::list::remove(self.platform(), entry);
            let thread: Link<Ethread> = Link::new(entry.address() - offset_of!(Ethread, thread_list_entry) as u32);
            let stack = self.machine_record(thread).tcb.stack_base.get();
            self.platform().forget_thread(stack);
            self.stacks.delete(self.mm(), stack);
            self.release(thread);
        }
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
            while self.mm().zero_one_frame() {
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
