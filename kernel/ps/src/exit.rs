//! The ends of threads and processes.
//!
//! A thread ends itself, on its way to ring 3. Who wants another one to end says so in its `CrossThreadFlags` and makes it
//! look; a process ends with its last thread. What a thread still needs while it ends (its kernel stack) is taken by whoever
//! runs after it: the reaper's list.

use abi::cell::Link;
use abi::nt::process::{Eprocess, process_flags};
use abi::nt::teb::Teb;
use abi::nt::thread::{Ethread, cross_thread_flags};
use abi::status::NtStatus;
use core::mem::offset_of;

use crate::endings::Ending;
use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    /// Says that `process` is to end with `status`: all its threads are told.
    pub(crate) fn condemn_process(&self, process: Link<Eprocess>, status: NtStatus) {
        let record = self.machine_record(process);
        if record.flags.get() & process_flags::PROCESS_DELETE == 0 {
            record.exit_status.set(status.0);
            record.flags.update(|flags| flags | process_flags::PROCESS_DELETE);
        }
        self.living_threads_of(process).for_each(|thread| self.condemn_thread(thread, status));
    }

    /// Says that all threads of `process` but the running one are to end with `status`.
    pub(crate) fn condemn_other_threads(&self, process: Link<Eprocess>, status: NtStatus) {
        let current = self.platform().current_thread();
        self.living_threads_of(process)
            .filter(|thread| *thread != current)
            .for_each(|thread| self.condemn_thread(thread, status));
    }

    /// Says that `thread` is to end with `status`, and makes it look.
    #[doc(alias = "PspTerminateThreadByPointer")]
    pub(crate) fn condemn_thread(&self, thread: Link<Ethread>, status: NtStatus) {
        let record = self.machine_record(thread);
        if record.cross_thread_flags.get() & cross_thread_flags::TERMINATED == 0 {
            record.cross_thread_flags.update(|flags| flags | cross_thread_flags::TERMINATED);
            record.exit_status.set(status.0);
        }
        while self.dispatcher.resume(thread.cast()) > 0 {}
        self.dispatcher.announce_kernel_apc(thread.cast());
    }

    /// Whether the running thread is to end.
    #[inline]
    pub(crate) fn is_told_to_end(&self) -> bool {
        let flags = self.machine_record(self.platform().current_thread()).cross_thread_flags.get();
        flags & cross_thread_flags::TERMINATED != 0
    }

    /// Ends the current process: the running thread here, the others as soon as they run.
    pub fn exit_process(&self, status: NtStatus) -> ! {
        let process = self.own_process();
        self.condemn_process(process, status);
        self.exit_thread(NtStatus(self.machine_record(process).exit_status.get()))
    }

    /// Ends the running thread, and with the last one its process. What only its own thread can give back goes now.
    #[doc(alias = "PspExitThread")]
    pub(crate) fn exit_thread(&self, status: NtStatus) -> ! {
        let (thread, process) = (self.platform().current_thread(), self.own_process());
        let record = self.machine_record(thread);
        record.cross_thread_flags.update(|flags| flags | cross_thread_flags::TERMINATED);
        self.dispatcher.refuse_apcs();
        self.cancel_timers_of_thread();
        if self.is_watching.get() != 0 {
            self.cancel_watches_of_thread();
        }
        while let Some(apc) = self.dispatcher.take_user_apc() {
            self.drop_call(apc);
        }
        record.exit_status.set(status.0);
        record.exit_time.set(self.platform().system_time());
        let owner = self.machine_record(process);
        owner.last_thread_exit_status.set(status.0);
        if owner.active_threads.update(|count| count - 1) == 0 {
            self.finish_process(process, status);
        } else {
            self.free_user_part(process, record.tcb.teb.get());
        }
        self.attach(self.system_process);
        self.bury();
        self.count_last_refusals();
        self.reaper.set(thread);
        let switch = self.dispatcher.terminate();
        self.platform().switch(switch.from, switch.to);
        unreachable!("a thread that has ended runs again")
    }

    /// Gives back the TEB of the running thread, and its stack where that was asked for.
    fn free_user_part(&self, process: Link<Eprocess>, teb: u32) {
        let mut free_stack = [0];
        let asked = self.platform().read_user(teb + offset_of!(Teb, free_stack_on_termination) as u32, &mut free_stack);
        let stack = self.read_word(teb + offset_of!(Teb, deallocation_stack) as u32);
        if let (Ok(()), Ok(stack)) = (asked, stack)
            && free_stack != [0]
        {
            // What stands there is the program's to say; if it is no such range, nothing is freed.
            self.release_allocation(process, stack);
        }
        self.free_teb(process, teb);
    }

    /// The last thread of `process` ends with `status`: so does the process, unless it was told another status before.
    fn finish_process(&self, process: Link<Eprocess>, status: NtStatus) {
        let record = self.machine_record(process);
        if record.flags.get() & process_flags::PROCESS_DELETE == 0 {
            record.exit_status.set(status.0);
        }
        let status = NtStatus(record.exit_status.get());
        self.platform().process_exits(process, status);
        self.endings.record(record.unique_process_id.get(), Ending::Exit(status));
        record.exit_time.set(self.platform().system_time());
        record.flags.update(|flags| flags | process_flags::PROCESS_EXITING);
        self.clean_address_space(process);
        self.close_all_handles(process);
        self.leave_job(process);
        self.dispatcher.signal(process.cast());
    }

    /// Takes what is left of the thread that ended last: its kernel stack, and the reference that it had to itself.
    #[doc(alias = "PspReaper")]
    #[inline(always)]
    pub(crate) fn bury(&self) {
        if let Some(thread) = self.reaper.get().some() {
            self.bury_thread(thread);
        }
    }

    #[inline(never)]
    fn bury_thread(&self, thread: Link<Ethread>) {
        self.reaper.set(Link::NULL);
        let stack = self.machine_record(thread).tcb.stack_base.get();
        self.platform().forget_thread(stack);
        self.stacks.delete(self.mm(), stack);
        self.release(thread);
    }
}
