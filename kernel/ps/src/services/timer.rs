//! Timers, as services, and the calls they make in threads.
//!
//! A timer that calls a thread stands in the list of that thread, which refers to it: it comes also after its last handle was
//! closed. It leaves the list when the call of a timer that comes once is made, when it is cancelled or set anew, and with
//! the thread.
//!
//! Source: `_ETIMER` and the list in `_ETHREAD` of XP SP3; the semantics that Windows documents of SetWaitableTimer.

use core::mem::offset_of;

use abi::access::{TIMER_MODIFY_STATE, TIMER_QUERY_STATE};
use abi::cell::Link;
use abi::nt::dispatcher::Kapc;
use abi::nt::list::ListEntry;
use abi::nt::thread::Ethread;
use abi::nt::timer::Etimer;
use abi::status::NtStatus;
use ke::{Ring, TimerKind, initialise_apc, initialise_timer, timer_call};
use ob::Handle;

use super::event::BASIC_INFORMATION;
use crate::executive::Executive;
use crate::platform::Platform;

/// `_KAPC::KernelRoutine` of a timer's call, where NT has the address of a function; 0 in every other.
#[doc(alias = "ExpTimerApcRoutine")]
const TIMER_ROUTINE: u32 = 1;
/// Bytes of TIMER_BASIC_INFORMATION.
const INFORMATION_LENGTH: u32 = 0x10;

impl<P: Platform> Executive<P> {
    pub(super) fn create_timer(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle_at, access, attributes_at, kind] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        let kind = match kind {
            0 => TimerKind::Notification,
            1 => TimerKind::Synchronization,
            _ => return Err(NtStatus::INVALID_PARAMETER_4),
        };
        self.probe_word(handle_at)?;
        self.create_object(access, attributes_at, handle_at, |timer: Link<Etimer>| {
            initialise_timer(self.platform(), timer, kind);
            Ok(())
        })
    }

    /// There is no sleep to wake the machine from: a timer that is to do so is set like any other, and that is said.
    pub(super) fn set_timer(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, due_at, routine, context, resume, period, before_at] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        self.probe_optional_byte(before_at)?;
        let due = self.read_long(due_at)?;
        if (period as i32) < 0 {
            return Err(NtStatus::INVALID_PARAMETER_6);
        }
        let timer: Link<Etimer> = self.current_handles().get(Handle(handle), TIMER_MODIFY_STATE)?;
        let before = self.machine_record(timer).ke_timer.header.signal_state.get();
        let is_absolute = due as i64 > 0;
        let due = self.interrupt_time_of(due);
        // The handle's reference would do, but for the handle: leaving the thread's list may be the last of the others.
        self.objects().reference(timer);
        self.dissociate(timer);
        if routine != 0 {
            self.associate(timer, routine, context);
        }
        self.dispatcher.mark_absolute(timer, is_absolute);
        self.dispatcher.set_timer(timer, due, period, self.platform().interrupt_time());
        self.release(timer);
        self.tell_byte(before_at, before);
        Ok(if resume & 0xFF != 0 { NtStatus::TIMER_RESUME_IGNORED } else { NtStatus::SUCCESS })
    }

    pub(super) fn cancel_timer(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, state_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_optional_byte(state_at)?;
        let timer: Link<Etimer> = self.current_handles().get(Handle(handle), TIMER_MODIFY_STATE)?;
        let state = self.machine_record(timer).ke_timer.header.signal_state.get();
        self.dispatcher.cancel_timer(timer);
        self.dissociate(timer);
        self.tell_byte(state_at, state);
        Ok(NtStatus::SUCCESS)
    }

    /// The time that is left, in units of 100 ns, and the state. Of a timer that is not set the time is that since the start,
    /// negative.
    pub(super) fn query_timer(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, class, buffer, length, returned_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        match (class, length) {
            (BASIC_INFORMATION, INFORMATION_LENGTH) => self.probe_optional(returned_at)?,
            (BASIC_INFORMATION, _) => return Err(NtStatus::INFO_LENGTH_MISMATCH),
            _ => return Err(NtStatus::INVALID_INFO_CLASS),
        }
        let timer: Link<Etimer> = self.current_handles().get(Handle(handle), TIMER_QUERY_STATE)?;
        let record = &self.machine_record(timer).ke_timer;
        let due = if record.header.inserted.get() != 0 { record.due_time.get() } else { 0 };
        let left = due.wrapping_sub(self.platform().interrupt_time());
        let state = record.header.signal_state.get();
        self.write_words(buffer, &[left as u32, (left >> 32) as u32, state, 0])?;
        self.write_optional(returned_at, INFORMATION_LENGTH)?;
        Ok(NtStatus::SUCCESS)
    }

    /// Makes `timer` call the running thread whenever it comes.
    fn associate(&self, timer: Link<Etimer>, routine: u32, context: u32) {
        let thread = self.platform().current_thread();
        initialise_apc(self.platform(), timer_call(timer), thread.cast(), Ring::User);
        let record = self.machine_record(timer);
        record.timer_apc.kernel_routine.set(TIMER_ROUTINE);
        record.timer_apc.normal_routine.set(routine);
        record.timer_apc.normal_context.set(context);
        record.apc_associated.set(1);
        self.objects().reference(timer);
        mm::list::insert_tail(self.platform(), active_timers(thread), active_entry(timer));
    }

    /// Makes `timer` call nobody any more.
    fn dissociate(&self, timer: Link<Etimer>) {
        let record = self.machine_record(timer);
        if record.apc_associated.get() == 0 {
            return;
        }
        record.apc_associated.set(0);
        self.dispatcher.remove_user_apc(timer_call(timer));
        mm::list::remove(self.platform(), active_entry(timer));
        self.release(timer);
    }

    /// The running thread ends, and no timer calls it any more: those that would are cancelled.
    #[doc(alias = "ExTimerRundown")]
    pub(crate) fn cancel_timers_of_thread(&self) {
        let head = active_timers(self.platform().current_thread());
        loop {
            let first = self.machine_record(head).flink.get();
            if first == head {
                return;
            }
            let timer: Link<Etimer> = Link::new(first.address() - offset_of!(Etimer, active_timer_list_entry) as u32);
            self.dispatcher.cancel_timer(timer);
            self.dissociate(timer);
        }
    }

    /// The routine and the three arguments of a call that is about to be made, and what it took is given back.
    pub(crate) fn take_call(&self, apc: Link<Kapc>) -> [u32; 4] {
        let call = self.machine_record(apc);
        let mut words = [
            call.normal_routine.get(),
            call.normal_context.get(),
            call.system_argument_1.get(),
            call.system_argument_2.get(),
        ];
        if call.kernel_routine.get() == TIMER_ROUTINE {
            // The interrupt time it came at becomes the system time.
            let came = u64::from(words[2]) | u64::from(words[3]) << 32;
            let since = self.platform().interrupt_time().saturating_sub(came);
            let time = self.platform().system_time().saturating_sub(since);
            [words[2], words[3]] = [time as u32, (time >> 32) as u32];
        }
        self.drop_call(apc);
        words
    }

    /// Gives back what a call took that is not on a list any more.
    pub(crate) fn drop_call(&self, apc: Link<Kapc>) {
        if self.machine_record(apc).kernel_routine.get() != TIMER_ROUTINE {
            return self.mm().free_pool(apc);
        }
        let timer: Link<Etimer> = Link::new(apc.address() - offset_of!(Etimer, timer_apc) as u32);
        if self.machine_record(timer).period.get() == 0 {
            self.dissociate(timer);
        }
    }

    /// Checks that a byte can be stored where the program wants one.
    fn probe_optional_byte(&self, at: u32) -> Result<(), NtStatus> {
        if at == 0 {
            return Ok(());
        }
        let mut byte = [0];
        self.platform().read_user(at, &mut byte)?;
        self.platform().write_user(at, &byte)
    }

    /// Stores a state where the program wants to know. The work is done whether that succeeds or not.
    fn tell_byte(&self, at: u32, state: u32) {
        if at != 0 {
            let _ = self.platform().write_user(at, &[u8::from(state != 0)]);
        }
    }
}

/// Head of the list of timers that call `thread`.
pub(crate) const fn active_timers(thread: Link<Ethread>) -> Link<ListEntry> {
    thread.offset(offset_of!(Ethread, active_timer_list_head) as u32)
}

const fn active_entry(timer: Link<Etimer>) -> Link<ListEntry> {
    timer.offset(offset_of!(Etimer, active_timer_list_entry) as u32)
}
