//! The address space that is worked on: of any process, for a while.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::address_space::AddressSpace;

use crate::executive::{CURRENT_PROCESS, Executive};
use crate::platform::Platform;

/// A process whose address space is the current one for as long as this lives.
pub(crate) struct Attached<'a, P: Platform> {
    executive: &'a Executive<P>,
    process: Link<Eprocess>,
    before: Link<Eprocess>,
}

impl<'a, P: Platform> Attached<'a, P> {
    /// The process.
    pub(crate) const fn process(&self) -> Link<Eprocess> {
        self.process
    }

    /// The address space.
    #[inline(always)]
    pub(crate) fn space(&self) -> AddressSpace<'a, P> {
        self.executive.mm().address_space(self.process)
    }
}

impl<P: Platform> Drop for Attached<'_, P> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.before != self.process {
            self.executive.attach(self.before);
        }
    }
}

impl<P: Platform> Executive<P> {
    /// Makes the address space of `process` the current one for as long as what is returned lives.
    #[doc(alias = "KeStackAttachProcess")]
    #[inline(always)]
    pub(crate) fn attach_for_a_while(&self, process: Link<Eprocess>) -> Attached<'_, P> {
        let before = self.current_process();
        if before != process || process == self.system_process {
            self.attach(process);
        }
        Attached { executive: self, process, before }
    }

    /// The same for the process that `handle` names, with at least `access`. That of the caller is the current one anyway.
    ///
    /// # Errors
    /// As for other objects; PROCESS_IS_TERMINATING.
    #[inline(always)]
    pub(crate) fn attach_by_handle(&self, handle: u32, access: u32) -> Result<Attached<'_, P>, NtStatus> {
        if handle == CURRENT_PROCESS {
            let process = self.current_process();
            return Ok(Attached { executive: self, process, before: process });
        }
        self.process_by_handle(handle, access).map(|process| self.attach_for_a_while(process))
    }

    /// Does `work` with the address space of `process`, which is the current one meanwhile.
    #[inline(always)]
    pub(crate) fn attached<T>(&self, process: Link<Eprocess>, work: impl FnOnce(AddressSpace<'_, P>) -> T) -> T {
        let attached = self.attach_for_a_while(process);
        work(attached.space())
    }

    /// Makes the address space of `process` the current one. The debugger does so for the time of a command.
    #[inline(never)]
    pub fn attach(&self, process: Link<Eprocess>) {
        let thread = self.machine_record(self.platform().current_thread());
        thread.tcb.apc_state.process.set(process.cast());
        self.platform().load_address_space(self.machine_record(process).pcb.directory_table_base[0].get());
    }
}
