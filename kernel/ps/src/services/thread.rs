//! Threads, as services.

use abi::access::{
    PROCESS_CREATE_THREAD, THREAD_ALL_ACCESS, THREAD_SET_CONTEXT, THREAD_SUSPEND_RESUME, THREAD_TERMINATE,
};
use abi::cell::Link;
use abi::nt::dispatcher::Kapc;
use abi::nt::thread::{Ethread, cross_thread_flags};
use abi::status::NtStatus;
use ke::{Ring, initialise_apc};
use mm::pool::Tag;
use ob::{Handle, Kind};

use crate::executive::{CURRENT_PROCESS, CURRENT_THREAD, Executive};
use crate::platform::Platform;
use crate::user_thread::UserStack;

/// Words of INITIAL_TEB.
const INITIAL_TEB: usize = 5;
const APC: Tag = Tag(*b"Psap");

impl<P: Platform> Executive<P> {
    pub(super) fn create_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, process, client_at, context_at, stack_at, suspended] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_word(handle_at)?;
        if client_at != 0 {
            self.probe_word(client_at)?;
            self.probe_word(client_at.wrapping_add(4))?;
        }
        if context_at == 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let mut extended = None;
        let context = self.read_context(context_at, &mut extended)?;
        let mut stack = [0; INITIAL_TEB];
        self.platform().read_user_words(stack_at, &mut stack)?;
        let stack = match stack {
            [0, 0, base, limit, allocation] => UserStack { base, limit, allocation },
            [base, limit, ..] => UserStack { base, limit, allocation: 0 },
        };
        let attributes = self.read_attributes(attributes_at)?;
        let process = self.process_by_handle(process, PROCESS_CREATE_THREAD)?;
        let thread = self.make_user_thread(process, (&context, extended.as_ref()), &stack)?;
        if suspended & 0xFF != 0 {
            self.dispatcher.suspend(thread.cast())?;
        }
        // The creator's reference becomes the handle's; the thread has one to itself until it has ended.
        self.objects().reference(thread);
        let given = self.give_handle(thread, access, attributes, handle_at);
        let record = self.machine_record(thread);
        match given {
            Ok(_) if client_at != 0 => {
                let _ = self.write_words(client_at, &[record.cid.unique_process.get(), record.cid.unique_thread.get()]);
            }
            Ok(_) => {}
            // It ends before its first instruction.
            Err(_) => self.condemn_thread(thread, NtStatus::UNSUCCESSFUL),
        }
        self.dispatcher.ready(thread.cast());
        given
    }

    /// The thread that `handle` names, with at least `access`.
    pub(super) fn thread_by_handle(&self, handle: u32, access: u32) -> Result<Link<Ethread>, NtStatus> {
        match handle {
            CURRENT_THREAD => Ok(self.platform().current_thread()),
            CURRENT_PROCESS => Err(NtStatus::OBJECT_TYPE_MISMATCH),
            _ => self.current_handles().get(Handle(handle), access),
        }
    }

    /// With handle 0 a thread ends itself, unless it is the last one.
    pub(super) fn terminate_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let current = self.platform().current_thread();
        let thread = match handle {
            0 if self.machine_record(self.own_process()).active_threads.get() == 1 => {
                return Err(NtStatus::CANT_TERMINATE_SELF);
            }
            0 => current,
            _ => self.thread_by_handle(handle, THREAD_TERMINATE)?,
        };
        if thread == current {
            self.exit_thread(NtStatus(status));
        }
        if self.is_system_thread(thread) {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if self.machine_record(thread).cross_thread_flags.get() & cross_thread_flags::TERMINATED == 0 {
            self.condemn_thread(thread, NtStatus(status));
        }
        Ok(NtStatus::SUCCESS)
    }

    pub(crate) fn is_system_thread(&self, thread: Link<Ethread>) -> bool {
        self.machine_record(thread).threads_process.get() == self.system_process
    }

    pub(super) fn open_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, client_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(handle_at)?;
        let attributes = self.read_attributes(attributes_at)?;
        let (process, id) = (self.read_word(client_at)?, self.read_word(client_at.wrapping_add(4))?);
        let numbered = |thread: &Link<Ethread>| {
            let cid = &self.machine_record(*thread).cid;
            cid.unique_thread.get() == id && (process == 0 || cid.unique_process.get() == process)
        };
        let mut threads =
            self.processes().filter(|owner| *owner != self.system_process).flat_map(|owner| self.threads_of(owner));
        let thread = threads.find(numbered).ok_or(NtStatus::INVALID_CID)?;
        self.objects().reference(thread);
        self.give_handle(thread, access & (THREAD_ALL_ACCESS | 0xF200_0000), attributes, handle_at)
    }

    pub(super) fn suspend_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, before_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional(before_at)?;
        let thread = self.thread_by_handle(handle, THREAD_SUSPEND_RESUME)?;
        if self.machine_record(thread).cross_thread_flags.get() & cross_thread_flags::TERMINATED != 0 {
            return Err(NtStatus::THREAD_IS_TERMINATING);
        }
        let before = self.dispatcher.suspend(thread.cast())?;
        self.tell(before_at, u32::from(before))
    }

    pub(super) fn resume_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, before_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional(before_at)?;
        let before = self.dispatcher.resume(self.thread_by_handle(handle, THREAD_SUSPEND_RESUME)?.cast());
        self.tell(before_at, u32::from(before))
    }

    pub(super) fn alert_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let thread = self.thread_by_handle(handle, abi::access::THREAD_ALERT)?;
        self.dispatcher.alert(thread.cast(), Ring::User);
        Ok(NtStatus::SUCCESS)
    }

    pub(super) fn alert_resume_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, before_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional(before_at)?;
        let thread = self.thread_by_handle(handle, THREAD_SUSPEND_RESUME)?;
        self.dispatcher.alert(thread.cast(), Ring::Kernel);
        let before = self.dispatcher.resume(thread.cast());
        self.tell(before_at, u32::from(before))
    }

    pub(super) fn test_alert(&self) -> Result<NtStatus, NtStatus> {
        Ok(if self.dispatcher.test_alert() { NtStatus::ALERTED } else { NtStatus::SUCCESS })
    }

    pub(super) fn queue_apc_thread(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, routine, context, first, second] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let thread = self.thread_by_handle(handle, THREAD_SET_CONTEXT)?;
        if self.is_system_thread(thread) {
            return Err(NtStatus::INVALID_HANDLE);
        }
        let apc: Link<Kapc> = self.mm().allocate_zeroed_pool(size_of::<Kapc>() as u32, APC)?;
        initialise_apc(self.platform(), apc, thread.cast(), Ring::User);
        let call = self.machine_record(apc);
        call.normal_routine.set(routine);
        call.normal_context.set(context);
        call.system_argument_1.set(first);
        call.system_argument_2.set(second);
        self.dispatcher.queue_user_apc(apc).inspect_err(|_| self.mm().free_pool(apc))?;
        Ok(NtStatus::SUCCESS)
    }

    /// Stores a new handle to `body` at `handle_at`; takes over the caller's reference.
    pub(crate) fn give_handle<T: ob::Object>(
        &self,
        body: Link<T>,
        access: u32,
        attributes: u32,
        handle_at: u32,
    ) -> Result<NtStatus, NtStatus> {
        let rights = Kind::rights(T::KIND, access);
        let inserted = self.current_handles().insert(body, rights, attributes);
        if inserted.is_err() {
            self.objects().forget_unused_name(body);
        }
        self.release(body);
        let handle = inserted?;
        if let Err(status) = self.write_word(handle_at, handle.0) {
            let closed = self.current_handles().close(handle)?;
            self.dispose(self.current_process(), closed);
            return Err(status);
        }
        Ok(NtStatus::SUCCESS)
    }
}
