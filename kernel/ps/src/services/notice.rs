//! How a program hears that an operation on a file is over: an event that is set, a routine that is called in its thread.
//!
//! A service carries its operation out before it returns, so both come at once; but not where it failed, for that the service has told already.
//!
//! Source: documented parameters of NtReadFile; that an error which the service itself returns is told in no other way, as the driver kit describes
//! it for requests that were never pending.

use abi::access::EVENT_MODIFY_STATE;
use abi::cell::Link;
use abi::nt::dispatcher::{Kapc, Kevent};
use abi::status::NtStatus;
use ke::{Ring, WAKE_INCREMENT, initialise_apc};
use mm::pool::Tag;
use ob::Handle;

use crate::device::Held;
use crate::executive::Executive;
use crate::platform::Platform;

/// XP's tag of calls that input and output make.
const CALL: Tag = Tag(*b"Io  ");

/// Who hears of an operation, prepared before it begins, so that nothing can be missing when it is over.
pub(super) struct Notice<'a, P: Platform> {
    system: &'a Executive<P>,
    event: Option<Held<'a, P, Kevent>>,
    call: Option<Link<Kapc>>,
}

impl<P: Platform> Executive<P> {
    /// Prepares what `event` and `routine`, where they are not 0, are to hear of an operation that tells its end at `status_at`. The event is
    /// reset.
    ///
    /// # Errors
    /// That of the event's handle, INSUFFICIENT_RESOURCES.
    pub(super) fn prepare_notice(
        &self,
        event: u32,
        routine: u32,
        context: u32,
        status_at: u32,
    ) -> Result<Notice<'_, P>, NtStatus> {
        let mut notice = Notice { system: self, event: None, call: None };
        if event != 0 {
            let body = self.current_handles().get::<Kevent>(Handle(event), EVENT_MODIFY_STATE)?;
            notice.event = Some(self.hold(body));
        }
        if routine != 0 {
            notice.call = Some(self.prepare_call(routine, context, status_at)?);
        }
        if let Some(event) = &notice.event {
            self.dispatcher.reset_event(event.body());
        }
        Ok(notice)
    }

    fn prepare_call(&self, routine: u32, context: u32, status_at: u32) -> Result<Link<Kapc>, NtStatus> {
        let apc: Link<Kapc> = self.mm().allocate_zeroed_pool(size_of::<Kapc>() as u32, CALL)?;
        initialise_apc(self.platform(), apc, self.platform().current_thread().cast(), Ring::User);
        let call = self.machine_record(apc);
        call.normal_routine.set(routine);
        call.normal_context.set(context);
        call.system_argument_1.set(status_at);
        Ok(apc)
    }
}

impl<P: Platform> Notice<'_, P> {
    /// Takes over the reference to the event, and the call: the operation goes on when the service has returned.
    pub(super) fn keep(mut self) -> (Option<Link<Kevent>>, Option<Link<Kapc>>) {
        let event = self.event.take().map(|event| {
            self.system.objects().reference(event.body());
            event.body()
        });
        (event, self.call.take())
    }

    /// The operation is over, and the service answers `answer`.
    #[doc(alias = "IopCompleteRequest")]
    pub(super) fn give(mut self, answer: Result<NtStatus, NtStatus>) -> Result<NtStatus, NtStatus> {
        if answer.is_ok_and(|status| !status.is_error()) {
            if let Some(event) = &self.event {
                self.system.dispatcher.set_event(event.body(), WAKE_INCREMENT);
            }
            // A thread that is to end is called no more, and the call goes with the notice.
            self.call = self.call.take().filter(|call| self.system.dispatcher.queue_user_apc(*call).is_err());
        }
        answer
    }
}

impl<P: Platform> Drop for Notice<'_, P> {
    fn drop(&mut self) {
        if let Some(call) = self.call {
            self.system.mm().free_pool(call);
        }
    }
}
