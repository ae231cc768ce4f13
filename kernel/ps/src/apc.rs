//! Calls into programs, and what else a thread looks at on its way to ring 3.

use abi::cell::Link;
use abi::nt::context::{CONTEXT_DEBUG_REGISTERS, CONTEXT_FULL, Context, ExceptionRecord, PlainContext};
use abi::nt::dispatcher::Kapc;
use abi::status::NtStatus;

use crate::executive::Executive;
use crate::platform::Platform;

impl<P: Platform> Executive<P> {
    /// On the way back to ring 3, when it was asked for: other threads may run, and what the running one was told is done.
    #[doc(alias = "KiDispatchInterrupt")]
    #[doc(alias = "KiDeliverApc")]
    pub fn before_user_mode(&self) {
        if let Some(switch) = self.dispatcher.dispatch(self.platform().interrupt_time()) {
            self.switch(switch);
        }
        // A thread that has just begun did not come out of a switch.
        self.bury();
        self.dispatcher.clear_apc_request();
        let pending = &self.machine_record(self.platform().current_thread()).tcb.apc_state;
        if pending.kernel_apc_pending.get() != 0 {
            self.stop_where_suspended();
        }
        if self.is_told_to_end() {
            let status = self.machine_record(self.platform().current_thread()).exit_status.get();
            self.exit_thread(NtStatus(status));
        }
        if pending.user_apc_pending.get() != 0 {
            pending.user_apc_pending.set(0);
            if let Some(apc) = self.dispatcher.take_user_apc() {
                self.call_program(apc);
            }
        }
    }

    /// Makes the running thread go on in `KiUserApcDispatcher`, which makes the call and then goes on with the `CONTEXT`
    /// that is on the stack behind its arguments.
    #[doc(alias = "KiInitializeUserApc")]
    #[inline(never)]
    fn call_program(&self, apc: Link<Kapc>) {
        let Some(ntdll) = self.ntdll.get() else { return };
        let thread = self.platform().current_thread();
        // What `KiUserApcDispatcher` finds in front of the `CONTEXT`: a routine and its three arguments.
        let arguments = self.take_call(apc);
        let mut context = PlainContext { flags: CONTEXT_FULL | CONTEXT_DEBUG_REGISTERS, ..PlainContext::ZERO };
        self.capture_context(thread, &mut context, None);
        let mut words = [0; PlainContext::WORDS];
        context.to_words(&mut words);
        let context_at = (context.esp & !3).wrapping_sub(size_of::<Context>() as u32);
        let stack = context_at.wrapping_sub(size_of_val(&arguments) as u32);
        match self.write_words(stack, &arguments).and_then(|()| self.write_words(context_at, &words)) {
            Ok(()) => self.begin_at(thread, ntdll.entries.user_apc_dispatcher, stack),
            // Without a stack there is nothing that the program could be told.
            Err(status) => self.unhandled_exception(&ExceptionRecord::new(status.0, context.eip, &[])),
        }
    }
}
