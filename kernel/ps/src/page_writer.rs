//! The modified page writer: what has no file goes to the paging files.
//!
//! Source: Russinovich and Solomon on the modified page writer.

use ke::WaitReason;
use mm::layout::FrameNumber;
use mm::section::WriteResult;

use crate::executive::Executive;
use crate::platform::Platform;

/// Ticks between two looks when nobody wakes it.
const SECOND: u64 = 100;

impl<P: Platform> Executive<P> {
    /// What the thread does for ever.
    #[doc(alias = "MiModifiedPageWriter")]
    pub fn write_modified_pages(&self) -> ! {
        loop {
            if !self.mm().is_memory_short() || !self.write_one_cluster() {
                self.wait_at_most(SECOND, WaitReason::Executive, self.page_writer());
            }
        }
    }

    /// What it waits for.
    fn page_writer(&self) -> u32 {
        core::ptr::from_ref(&self.page_turns) as usize as u32
    }

    /// There may be something to write.
    pub(crate) fn wake_page_writer(&self) {
        self.wake(self.page_writer());
    }

    /// Writes up to sixteen pages; whether there were any and they could be written.
    fn write_one_cluster(&self) -> bool {
        let Some(request) = self.mm().next_page_out() else { return false };
        let frames = request.frames;
        let written = self.volume().write_pages(&request);
        self.mm().complete_write(request, written);
        self.dispatcher.wake_where(|address| frames.contains(&FrameNumber(address)));
        written == WriteResult::Done
    }
}
