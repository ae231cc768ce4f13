//! What readers and writers do with the queues of an instance.

use abi::cell::Link;
use abi::status::NtStatus;
use mm::pool::Tag;

use super::queue::QueuePage;
use super::{Cursor, PipeEnd, Queue, Way, WriteMarks};
use crate::executive::Executive;
use crate::platform::Platform;

const WRITE: Tag = Tag(*b"NpFw");

impl<P: Platform> Executive<P> {
    /// What may be on the way to the server and to the client.
    pub(crate) fn pipe_quotas(&self, end: PipeEnd) -> [u32; 2] {
        self.machine_record(end.pipe).queues.each_ref().map(Queue::quota)
    }

    /// What is before `cursor` has been read.
    pub(crate) fn take_from_pipe(&self, end: PipeEnd, cursor: Cursor) {
        self.queue(end, Way::In).take(self.platform(), cursor, |page| self.free_queue_page(page));
        self.settle_pipe(end);
    }

    /// `end` begins to write.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    pub(crate) fn begin_write(&self, end: PipeEnd) -> Result<Link<WriteMarks>, NtStatus> {
        let marks = self.mm().allocate_zeroed_pool(size_of::<WriteMarks>() as u32, WRITE)?;
        self.queue(end, Way::Out).begin_write(self.platform(), marks);
        Ok(marks)
    }

    /// What it writes has been put there up to here.
    pub(crate) fn has_put(&self, end: PipeEnd, marks: Link<WriteMarks>) {
        self.queue(end, Way::Out).has_put(self.platform(), marks);
    }

    /// The write is over.
    pub(crate) fn end_write(&self, end: PipeEnd, marks: Link<WriteMarks>) {
        self.queue(end, Way::Out).end_write(self.platform(), marks);
        self.mm().free_pool(marks);
    }

    /// Takes back what has been written, as far as nobody has read it; whether somebody has read some of it.
    pub(crate) fn take_back_from_pipe(&self, end: PipeEnd, marks: Link<WriteMarks>) -> bool {
        self.queue(end, Way::Out).withdraw(self.platform(), marks, |page| self.free_queue_page(page))
    }

    /// Pages for `bytes` more that `end` writes, as a fragment.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES; pages that have come stay until something is read.
    pub(crate) fn make_room(&self, end: PipeEnd, bytes: u32) -> Result<(), NtStatus> {
        let queue = self.queue(end, Way::Out);
        for _ in 0..queue.lacking(bytes) {
            queue.add_page(self.platform(), self.mm().allocate_pool_pages(1)?);
        }
        Ok(())
    }

    pub(super) fn free_queue_page(&self, page: Link<QueuePage>) {
        self.mm().free_pool_pages(page, 1);
    }
}
