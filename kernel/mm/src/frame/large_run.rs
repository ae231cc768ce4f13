//! 512 frames in a row, for a page of 2 MB: where they are, and taking them off their lists.
//!
//! Nothing is moved for them. First come runs whose frames nobody has, then such as have pages on Standby, which lose them; a run with a
//! frame in use is no run. The search begins at the highest frame of RAM, for what lies below 4 GB is all that some devices reach.
//!
//! Source: Win32's "Large-Page Support", which says that each large page must be contiguous and that they are hard to get when memory has
//! become fragmented; the order of the search is ours.

use super::record::{Flags, Location, Mmpfn};
use super::run::FrameRun;
use crate::MemoryManager;
use crate::layout::{ENTRIES_PER_TABLE, FrameNumber};
use crate::machine::Machine;

/// What a run is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sources {
    /// Frames on Zeroed and Free.
    Nobodys,
    /// One on Standby at least.
    Standby,
}

/// How far a search has come.
#[derive(Debug)]
pub(crate) struct LargeRunSearch {
    sources: Sources,
    /// The next run lies below this frame.
    below: u32,
}

impl LargeRunSearch {
    /// At its beginning.
    pub(crate) const START: Self = Self { sources: Sources::Nobodys, below: u32::MAX };
}

impl<M: Machine> MemoryManager<M> {
    /// The next 512 frames that can be had, from a multiple of 512 on; they are still where they were. None is found twice, taken or not.
    pub(crate) fn next_large_run(&self, search: &mut LargeRunSearch) -> Option<FrameRun> {
        loop {
            for run in self.frames.runs().iter().rev() {
                let mut end = run.end().min(search.below) & !(ENTRIES_PER_TABLE - 1);
                while end >= run.base.0 + ENTRIES_PER_TABLE {
                    let found = FrameRun { base: FrameNumber(end - ENTRIES_PER_TABLE), count: ENTRIES_PER_TABLE };
                    end = found.base.0;
                    if self.sources_of(found) == Some(search.sources) {
                        search.below = end;
                        return Some(found);
                    }
                }
            }
            if search.sources == Sources::Standby {
                return None;
            }
            *search = LargeRunSearch { sources: Sources::Standby, ..LargeRunSearch::START };
        }
    }

    /// What `run` is made of, where all of it can be had.
    fn sources_of(&self, run: FrameRun) -> Option<Sources> {
        run.frames().try_fold(Sources::Nobodys, |sources, number| {
            let frame: &Mmpfn = self.frame(number);
            match frame.location() {
                Location::Zeroed | Location::Free => Some(sources),
                Location::Standby if !frame.flags().contains(Flags::REMOVAL_REQUESTED) => Some(Sources::Standby),
                _ => None,
            }
        })
    }

    /// Takes the frames of `run`, which [`Self::next_large_run`] found, off their lists. Those from Zeroed still say that they are, until
    /// they get an owner.
    pub(crate) fn take_large_run(&self, run: FrameRun) {
        for number in run.frames() {
            let frame = self.frame(number);
            let is_kept = frame.location() == Location::Standby;
            self.unlink(number);
            if is_kept {
                self.restore_pte(frame);
            }
        }
    }

    /// Gives back the frames of `run`, which were taken and never got an owner.
    pub(crate) fn return_large_run(&self, run: FrameRun) {
        for number in run.frames() {
            match self.frame(number).location() {
                Location::Zeroed => self.insert_zeroed(number),
                _ => self.insert_free(number),
            }
        }
    }

    /// Fills the frames of `run`, which were taken, with zeros.
    pub(crate) fn zero_large_run(&self, run: FrameRun) {
        let is_clean = |number: &FrameNumber| self.frame(*number).location() == Location::Zeroed;
        run.frames().filter(|number| !is_clean(number)).for_each(|number| self.machine.zero(number));
    }
}
