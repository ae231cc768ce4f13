//! How many frames should be there before anybody asks.
//!
//! Source: `MmAvailablePages` and the thresholds around it, as Russinovich and Solomon describe them; the figures are ours.

use crate::MemoryManager;
use crate::frame::Location;
use crate::machine::Machine;

/// Part of all frames that should be on Zeroed, Free and Standby: one of so many.
const KEPT: u32 = 8;
/// Where there are more than these, the list of those to come is long enough whatever the size of memory.
const ENOUGH: u32 = 0x1000;
/// The least that is aimed at.
const LEAST: u32 = 64;

impl<M: Machine> MemoryManager<M> {
    /// Frames that should be available.
    #[doc(alias = "MmFreeGoal")]
    pub fn frames_wanted(&self) -> u32 {
        (self.physical_pages().2 / KEPT).clamp(LEAST, ENOUGH)
    }

    /// Whether working sets should be looked at: there are fewer frames than should be.
    #[doc(alias = "MmEnoughFreePages")]
    pub fn is_memory_short(&self) -> bool {
        self.available_frames() < self.frames_wanted()
    }

    /// Pages that should leave working sets: what is on its way to a disk counts as available. 0 while memory is not short.
    pub fn frames_short(&self) -> u32 {
        if !self.is_memory_short() {
            return 0;
        }
        let on_its_way = if self.has_room_to_page() { self.list_length(Location::Modified) } else { 0 };
        // Half as much again, so that the next look is not due at once.
        let goal = self.frames_wanted() + self.frames_wanted() / 2;
        goal.saturating_sub(self.available_frames() + on_its_way)
    }

    /// Whether frames will come that nobody has to give up: dirty pages that can be written.
    pub fn more_frames_may_come(&self) -> bool {
        self.list_length(Location::Modified) > 0 && self.free_slots() > 0
    }
}
