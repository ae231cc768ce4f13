//! The event ring, replayed: where every frame is, by its moves alone.

use std::collections::BTreeMap;

use mm::MemoryManager;
use mm::frame::Location;
use mm::layout::FrameNumber;
use mm::machine::Machine;

/// Follows the moves of frames from one moment on.
pub struct Replay {
    /// Number of the move that is looked at next.
    next: u32,
    locations: BTreeMap<u32, Location>,
    /// Moves that were followed.
    followed: u64,
}

impl Replay {
    /// Begins with what the database says now.
    pub fn start<M: Machine>(mm: &MemoryManager<M>) -> Self {
        Self { next: mm.events().next(), locations: locations(mm), followed: 0 }
    }

    /// Follows all moves since the last time and stops the test where they do not lead to what the database says (E1, E2). Where
    /// moves have been overwritten it begins anew.
    pub fn check<M: Machine>(&mut self, mm: &MemoryManager<M>) {
        let (lost, events) = mm.events().since(self.next);
        if lost > 0 {
            let followed = self.followed;
            *self = Self { followed, ..Self::start(mm) };
            return;
        }
        for event in events {
            assert_eq!(event.sequence, self.next, "E1: a gap");
            let known = self.locations.get_mut(&event.frame.0).unwrap_or_else(|| panic!("E2: {event:?} moves no RAM"));
            assert_eq!(*known, event.from(), "E2: {event:?} begins where the frame is not");
            *known = event.to();
            self.next = self.next.wrapping_add(1);
            self.followed += 1;
        }
        for (frame, location) in locations(mm) {
            assert_eq!(self.locations[&frame], location, "E2: frame {frame:x} has moved and nothing was recorded");
        }
    }

    /// Moves that were followed.
    pub fn followed(&self) -> u64 {
        self.followed
    }
}

fn locations<M: Machine>(mm: &MemoryManager<M>) -> BTreeMap<u32, Location> {
    let (lowest, highest, _) = mm.physical_pages();
    let ram = (lowest.0..=highest.0).filter(|frame| mm.is_ram(FrameNumber(*frame)));
    ram.map(|frame| (frame, mm.frame(FrameNumber(frame)).location())).collect()
}
