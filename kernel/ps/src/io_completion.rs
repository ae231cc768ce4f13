//! Completion ports: queues of what has completed, which threads take out of.
//!
//! * **Q1** What is on a port's list is as many as its signal state says, and as many as threads have been let through to take.
//!
//! Source: `_KQUEUE` of public symbols; documented behaviour of GetQueuedCompletionStatus and PostQueuedCompletionStatus.

use abi::cell::Link;
use abi::nt::dispatcher::{CompletionPacket, Kqueue};
use abi::nt::list::ListEntry;
use abi::status::NtStatus;
use core::mem::offset_of;
use ke::WAKE_INCREMENT;
use mm::pool::Tag;

use crate::executive::Executive;
use crate::platform::Platform;

/// XP's tag of what is on its way through a port.
const PACKET: Tag = Tag(*b"Icp ");

/// Something that has completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Completed {
    pub key: u32,
    pub context: u32,
    pub status: u32,
    pub information: u32,
}

/// Head of the list of what is in a port.
const fn packets(port: Link<Kqueue>) -> Link<ListEntry> {
    port.offset(offset_of!(Kqueue, entry_list_head) as u32)
}

impl<P: Platform> Executive<P> {
    /// Puts something into a port.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    #[doc(alias = "IoSetIoCompletion")]
    pub(crate) fn post(&self, port: Link<Kqueue>, completed: Completed) -> Result<(), NtStatus> {
        let packet: Link<CompletionPacket> =
            self.mm().allocate_zeroed_pool(size_of::<CompletionPacket>() as u32, PACKET)?;
        let record = self.machine_record(packet);
        record.key_context.set(completed.key);
        record.apc_context.set(completed.context);
        record.io_status.set(completed.status);
        record.io_status_information.set(completed.information);
        mm::list::insert_tail(self.platform(), packets(port), packet.cast());
        self.dispatcher.count_into_queue(port, WAKE_INCREMENT);
        Ok(())
    }

    /// Takes the first thing out of a port, for a thread that was let through (Q1).
    pub(crate) fn take_packet(&self, port: Link<Kqueue>) -> Option<Completed> {
        let packet: Link<CompletionPacket> = mm::list::entries(self.platform(), packets(port)).next()?.cast();
        let record = self.machine_record(packet);
        let completed = Completed {
            key: record.key_context.get(),
            context: record.apc_context.get(),
            status: record.io_status.get(),
            information: record.io_status_information.get(),
        };
        mm::list::remove(self.platform(), packet.cast());
        self.mm().free_pool(packet);
        Some(completed)
    }

    /// Nobody refers to a port any more.
    #[doc(alias = "IopDeleteIoCompletion")]
    pub(crate) fn empty_port(&self, port: Link<Kqueue>) {
        // One that was never complete has no list.
        if self.machine_record(packets(port)).flink.get().is_null() {
            return;
        }
        while self.take_packet(port).is_some() {}
    }
}
