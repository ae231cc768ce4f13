//! The work of the zero-page thread: from the Free list to the Zeroed list, one frame at a time.
//!
//! The thread itself, priority 0, lives in the kernel. It wakes when enough frames are Free and works until none is.

use crate::MemoryManager;
use crate::frame::Location;
use crate::machine::Machine;

/// Frames on the Free list that wake the zero-page thread.
#[doc(alias = "MmZeroingPageEvent")]
pub const WAKE_AT: u32 = 8;

impl<M: Machine> MemoryManager<M> {
    /// Whether there is enough on the Free list to wake the zero-page thread.
    pub fn zeroing_is_due(&self) -> bool {
        self.list_length(Location::Free) >= WAKE_AT
    }

    /// Zeroes the oldest free frame; whether there was one.
    #[doc(alias = "MmZeroPageThread")]
    pub fn zero_one_frame(&self) -> bool {
        let Some(frame) = self.take_free_frame() else { return false };
        self.machine.zero(frame);
        self.insert_zeroed(frame);
        true
    }
}
