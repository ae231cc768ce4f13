//! The work of the zero-page thread: from the Free list to the Zeroed list, a few frames at a time.
//!
//! The thread itself, priority 0, lives in the kernel. It wakes when enough frames are Free and works until none is, or until
//! the Zeroed list is as long as it may become: on an emulated machine every zeroed page is memory of the host.

use crate::MemoryManager;
use crate::frame::Location;
use crate::layout::FrameNumber;
use crate::machine::Machine;

/// Frames on the Free list that wake the zero-page thread.
#[doc(alias = "MmZeroingPageEvent")]
pub const WAKE_AT: u32 = 8;
/// Most frames that are zeroed at a time: all that another thread, which is always of a higher priority, may have to wait for.
pub const ZERO_BATCH: usize = 8;

impl<M: Machine> MemoryManager<M> {
    /// Whether there is enough to do to wake the zero-page thread.
    pub fn zeroing_is_due(&self) -> bool {
        self.list_length(Location::Free) >= WAKE_AT && self.zeroed_room() >= WAKE_AT
    }

    /// From now on the zero-page thread stops when `frames` frames are on the Zeroed list.
    pub fn limit_zeroed(&self, frames: u32) {
        self.frames.zeroed_limit.set(frames);
    }

    /// Frames that the zero-page thread may add to the Zeroed list.
    fn zeroed_room(&self) -> u32 {
        self.frames.zeroed_limit.get().saturating_sub(self.list_length(Location::Zeroed))
    }

    /// Zeroes the oldest free frames, [`ZERO_BATCH`] at most; whether there was one.
    #[doc(alias = "MmZeroPageThread")]
    pub fn zero_frames(&self) -> bool {
        self.zero_up_to(ZERO_BATCH)
    }

    /// Zeroes the oldest free frame; whether there was one.
    pub fn zero_one_frame(&self) -> bool {
        self.zero_up_to(1)
    }

    fn zero_up_to(&self, most: usize) -> bool {
        let mut batch = [FrameNumber(0); ZERO_BATCH];
        let room = most.min(self.zeroed_room() as usize);
        let taken =
            batch[..room].iter_mut().map_while(|slot| self.take_free_frame().map(|frame| *slot = frame)).count();
        let batch = &batch[..taken];
        self.machine.zero_all(batch);
        batch.iter().for_each(|frame| self.insert_zeroed(*frame));
        !batch.is_empty()
    }
}
