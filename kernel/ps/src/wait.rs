//! Waits of threads in services: what they hold meanwhile, and who interrupts them.

use abi::cell::Link;
use abi::nt::dispatcher::{DispatcherHeader, KwaitBlock};
use abi::nt::object::ObjectBody;
use abi::status::NtStatus;
use ke::{Alertable, Ring, THREAD_WAIT_OBJECTS, WaitKind, WaitReason, WaitTerms, suspend_semaphore};
use mm::pool::Tag;

use crate::executive::Executive;
use crate::platform::Platform;

const WAIT_BLOCKS: Tag = Tag(*b"Wait");

/// What a thread waits for.
#[derive(Clone, Copy)]
pub(crate) struct Waited<'a> {
    /// What of each object can be signalled.
    pub headers: &'a [Link<DispatcherHeader>],
    /// The objects.
    pub bodies: &'a [Link<ObjectBody>],
}

impl<P: Platform> Executive<P> {
    /// The running thread waits for `waited` on `terms`; what the wait answers. While it waits it holds references to them,
    /// so that they stay when their handles are closed.
    #[doc(alias = "ObWaitForSingleObject")]
    #[inline]
    pub(crate) fn wait_for_objects(&self, waited: Waited<'_>, kind: WaitKind, terms: &WaitTerms) -> NtStatus {
        let objects = waited.headers;
        if !objects.is_empty()
            && let Some(answer) = self.dispatcher.try_wait(objects, kind)
        {
            return answer;
        }
        self.wait_for_unsignalled(waited, kind, terms)
    }

    /// The same where nothing lets the thread go on now.
    #[inline(never)]
    pub(crate) fn wait_for_unsignalled(&self, waited: Waited<'_>, kind: WaitKind, terms: &WaitTerms) -> NtStatus {
        let objects = waited.headers;
        if let Some(interruption) = self.dispatcher.interruption(terms) {
            return interruption;
        }
        if terms.deadline.is_some_and(|deadline| deadline <= self.platform().interrupt_time()) {
            return NtStatus::TIMEOUT;
        }
        let array = match self.wait_array(objects.len()) {
            Ok(array) => array,
            Err(status) => return status,
        };
        waited.bodies.iter().for_each(|body| self.objects().reference(*body));
        let answer = self.wait_until_over(objects, kind, array, terms);
        waited.bodies.iter().for_each(|body| self.release(*body));
        if let Some(array) = array {
            self.mm().free_pool(array);
        }
        answer
    }

    fn wait_until_over(
        &self,
        objects: &[Link<DispatcherHeader>],
        kind: WaitKind,
        array: Option<Link<KwaitBlock>>,
        terms: &WaitTerms,
    ) -> NtStatus {
        loop {
            let switch = self.dispatcher.block_on(objects, kind, array, terms);
            self.switch(switch);
            match self.dispatcher.wait_result() {
                // Suspended, or told to end: what was waited for may have come meanwhile.
                NtStatus::KERNEL_APC => {}
                answer => {
                    if answer == NtStatus::USER_APC {
                        self.dispatcher.request_apcs();
                    }
                    return answer;
                }
            }
            if self.is_told_to_end() {
                return NtStatus::USER_APC;
            }
            self.stop_where_suspended();
            if self.is_told_to_end() {
                return NtStatus::USER_APC;
            }
            let answer = match objects {
                [] => None,
                _ => self.dispatcher.try_wait(objects, kind),
            };
            if let Some(answer) = answer.or_else(|| self.dispatcher.interruption(terms)) {
                return answer;
            }
        }
    }

    /// Blocks for so many objects, where the thread's own are too few.
    fn wait_array(&self, count: usize) -> Result<Option<Link<KwaitBlock>>, NtStatus> {
        if count <= THREAD_WAIT_OBJECTS {
            return Ok(None);
        }
        let bytes = count * size_of::<KwaitBlock>();
        Ok(Some(self.mm().allocate_zeroed_pool(bytes as u32, WAIT_BLOCKS)?))
    }

    /// The running thread stays here while it is suspended.
    #[doc(alias = "KiSuspendThread")]
    pub(crate) fn stop_where_suspended(&self) {
        while self.dispatcher.take_suspension() && !self.is_told_to_end() {
            let semaphore: Link<DispatcherHeader> = suspend_semaphore(self.platform().current_thread().cast()).cast();
            if self.dispatcher.try_wait(&[semaphore], WaitKind::Any).is_some() {
                continue;
            }
            let terms = WaitTerms {
                reason: WaitReason::Suspended,
                mode: Ring::Kernel,
                alertable: Alertable::No,
                deadline: None,
            };
            let switch = self.dispatcher.block_on(&[semaphore], WaitKind::Any, None, &terms);
            self.switch(switch);
        }
    }
}
