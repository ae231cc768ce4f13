//! How many frames should be there before anybody asks, and which pages go so that they are.
//!
//! When memory is short all working sets are looked at, and the pages that have not been used for the longest time are taken, of all processes in
//! turn; those that have only where that is not enough. Of pages of one age those go first that a process has beyond its maximum, and
//! nobody is left with less than its minimum. What was trimmed stays in its frame until somebody needs that: a page
//! that is used again meanwhile costs a soft fault. So the Standby list is what the ages of working sets cannot tell, the order in
//! which pages were used last.
//!
//! Source: Russinovich and Solomon on the working-set manager; `MmAvailablePages` and the thresholds around it; the figures are ours.

use crate::MemoryManager;
use crate::address_space::AddressSpace;
use crate::frame::Location;
use crate::machine::Machine;
use crate::working_set::AgeCounts;

/// Part of all frames that should be on Zeroed, Free and Standby: one of so many.
const KEPT: u32 = 8;
/// Where there are more than these, the list of those to come is long enough whatever the size of memory.
const ENOUGH: u32 = 0x1000;
/// The least that is aimed at.
const LEAST: u32 = 64;

/// Pages that are taken of one process before it is the next one's turn.
const AT_ONCE: u32 = 32;

/// One look at all working sets: first their ages, then, from the oldest on, turns in which each gives some pages.
#[derive(Debug)]
pub struct Trimming {
    /// Pages that should still go.
    short: u32,
    /// The age that pages are taken of; none while ages are still being found out.
    age: Option<u32>,
    /// Whether only what is above a maximum is taken.
    above: bool,
    /// Pages that went in this turn.
    gone: u32,
}

impl Trimming {
    /// One process's part of this turn.
    pub fn visit<M: Machine>(&mut self, space: &AddressSpace<'_, M>) {
        let Some(age) = self.age else {
            space.age_working_set();
            return;
        };
        let vm = &space.process.vm;
        let least = if self.above { vm.maximum_working_set_size.get() } else { vm.minimum_working_set_size.get() };
        let gone = space.trim_working_set(age, self.short.min(AT_ONCE), least);
        self.short -= gone;
        self.gone += gone;
    }

    /// All processes have been visited: whether there is another turn.
    pub fn next_turn(&mut self) -> bool {
        (self.age, self.above) = match (self.age, self.above) {
            (None, _) => (Some(AgeCounts::AGES as u32 - 1), true),
            (age, above) if self.gone > 0 => (age, above),
            (age, true) => (age, false),
            (Some(0), false) => return false,
            (Some(age), false) => (Some(age - 1), true),
        };
        self.gone = 0;
        self.short > 0
    }
}

impl<M: Machine> MemoryManager<M> {
    /// Begins a look at all working sets, where memory is short.
    #[doc(alias = "MmWorkingSetManager")]
    pub fn begin_trimming(&self) -> Option<Trimming> {
        let short = self.frames_short();
        (short > 0).then_some(Trimming { short, age: None, above: true, gone: 0 })
    }

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
