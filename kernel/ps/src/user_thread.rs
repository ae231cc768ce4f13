//! Threads of programs: how one is made.
//!
//! A thread begins with a call that is made in it before its first instruction: ntdll's `LdrInitializeThunk`, which prepares
//! the thread and then goes on with the `CONTEXT` that its maker gave it.
//!
//! Source: `_INITIAL_TEB` and the start of threads as public symbols and debuggers show them.

use abi::cell::Link;
use abi::nt::context::PlainContext;
use abi::nt::dispatcher::Kapc;
use abi::nt::process::{Eprocess, process_flags};
use abi::nt::teb::Teb;
use abi::nt::thread::Ethread;
use abi::status::NtStatus;
use core::mem::offset_of;
use ke::{Ring, initialise_apc};
use mm::address_space::AddressSpace;
use mm::layout::{HIGHEST_VAD_ADDRESS, VirtualAddress};
use mm::pool::Tag;

use crate::context::Image;
use crate::executive::Executive;
use crate::platform::Platform;

const APC: Tag = Tag(*b"Psap");

/// The stack of a new thread, as its maker says.
#[doc(alias = "_INITIAL_TEB")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserStack {
    /// Just past it.
    pub base: u32,
    /// Its lowest committed address that is no guard page.
    pub limit: u32,
    /// The lowest address of its reservation.
    pub allocation: u32,
}

impl<P: Platform> Executive<P> {
    /// A thread of `process` that begins with the registers of `context`. It has one reference, and runs after
    /// [`ke::Dispatcher::ready`].
    ///
    /// # Errors
    /// PROCESS_IS_TERMINATING, INSUFFICIENT_RESOURCES, NO_MEMORY, COMMITMENT_LIMIT; nothing has changed.
    #[doc(alias = "PspCreateThread")]
    pub(crate) fn make_user_thread(
        &self,
        process: Link<Eprocess>,
        (context, extended): (&PlainContext, Option<&Image>),
        stack: &UserStack,
    ) -> Result<Link<Ethread>, NtStatus> {
        const ENDING: u32 = process_flags::PROCESS_DELETE | process_flags::PROCESS_EXITING;
        if self.machine_record(process).flags.get() & ENDING != 0 {
            return Err(NtStatus::PROCESS_IS_TERMINATING);
        }
        let ntdll = self.ntdll.get().ok_or(NtStatus::DLL_NOT_FOUND)?;
        let kernel_stack = self.stacks.create(self.mm())?;
        let made = self.make_thread_parts(process, stack);
        let (thread, id, teb, apc) = made.inspect_err(|_| self.stacks.delete(self.mm(), kernel_stack))?;
        let saved = self.platform().prepare_user_thread(kernel_stack, context.eip, context.esp);
        let priority = self.machine_record(process).pcb.base_priority.get();
        self.describe_thread(thread, process, id, (kernel_stack, saved, teb), priority);
        self.set_context(thread, context, extended);
        let record = self.machine_record(thread);
        record.start_address.set(context.eip);
        record.win32_start_address.set(context.eax);
        initialise_apc(self.platform(), apc, thread.cast(), Ring::User);
        let call = self.machine_record(apc);
        call.normal_routine.set(ntdll.entries.initialize_thunk);
        call.system_argument_1.set(ntdll.base);
        self.dispatcher.queue_user_apc(apc)?;
        record.tcb.apc_state.user_apc_pending.set(1);
        Ok(thread)
    }

    /// The object of a thread of `process`, its number, its TEB, and the call that it begins with.
    fn make_thread_parts(
        &self,
        process: Link<Eprocess>,
        stack: &UserStack,
    ) -> Result<(Link<Ethread>, u32, u32, Link<Kapc>), NtStatus> {
        let apc: Link<Kapc> = self.mm().allocate_zeroed_pool(size_of::<Kapc>() as u32, APC)?;
        let made = self.objects().create::<Ethread>().map_err(NtStatus::from).and_then(|thread| {
            let id = self
                .identifiers
                .take()
                .ok_or(NtStatus::INSUFFICIENT_RESOURCES)
                .inspect_err(|_| self.release(thread))?;
            // From here on the thread's end gives the number back.
            self.machine_record(thread).cid.unique_thread.set(id);
            let teb = self.make_teb(process, id, stack).inspect_err(|_| self.release(thread))?;
            Ok((thread, id, teb, apc))
        });
        made.inspect_err(|_| self.mm().free_pool(apc))
    }

    /// A TEB in `process`, for a thread numbered `id`.
    #[doc(alias = "MmCreateTeb")]
    fn make_teb(&self, process: Link<Eprocess>, id: u32, stack: &UserStack) -> Result<u32, NtStatus> {
        let record = self.machine_record(process);
        let peb = record.peb.get();
        self.attached(process, |space| {
            let teb = space.allocate_block(VirtualAddress(HIGHEST_VAD_ADDRESS).page())?.address().0;
            let words = [
                (0x00, u32::MAX),
                (0x04, stack.base),
                (0x08, stack.limit),
                (0x18, teb),
                (offset_of!(Teb, client_id), record.unique_process_id.get()),
                (offset_of!(Teb, client_id) + 4, id),
                (offset_of!(Teb, process_environment_block), peb),
                (offset_of!(Teb, deallocation_stack), stack.allocation),
            ];
            let written = words.into_iter().try_for_each(|(offset, word)| self.write_word(teb + offset as u32, word));
            written.map(|()| teb).inspect_err(|_| space.release_block(VirtualAddress(teb).page()))
        })
    }

    /// Gives a TEB back.
    #[doc(alias = "MmDeleteTeb")]
    pub(crate) fn free_teb(&self, process: Link<Eprocess>, teb: u32) {
        let needs = |space: &AddressSpace<'_, P>| space.pages_of_allocation(teb);
        // Without its page table, which no disk gives back, it goes with the process.
        let _ = self.with_tables(process, needs, |space| {
            space.release_block(VirtualAddress(teb).page());
            Ok(())
        });
    }
}
