//! The address space that is worked on: of any process, for a while.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use mm::address_space::AddressSpace;

use crate::executive::Executive;
use crate::platform::Platform;

/// A process whose address space is the current one for as long as this lives.
pub(crate) struct Attached<'a, P: Platform> {
    executive: &'a Executive<P>,
    process: Link<Eprocess>,
    before: Link<Eprocess>,
}

impl<'a, P: Platform> Attached<'a, P> {
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

    /// Does `work` with the address space of `process`, which is the current one meanwhile.
    #[inline(always)]
    pub(crate) fn attached<T>(&self, process: Link<Eprocess>, work: impl FnOnce(AddressSpace<'_, P>) -> T) -> T {
        let attached = self.attach_for_a_while(process);
        work(attached.space())
    }

    /// Makes the address space of `process` the current one. The debugger does so for the time of a command.
    pub fn attach(&self, process: Link<Eprocess>) {
        let thread = self.machine_record(self.platform().current_thread());
        thread.tcb.apc_state.process.set(process.cast());
        self.platform().load_address_space(self.machine_record(process).pcb.directory_table_base[0].get());
    }
}
