//! Places for pages: taking and giving back.

use super::bitmap::Run;
use super::{EXTENSION, PagingFile};
use crate::MemoryManager;
use crate::machine::Machine;
use crate::pte::PagingFilePage;

/// Neighbouring pages of a paging file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// The number of the file.
    pub file: u32,
    /// The first page.
    pub first: u32,
    /// How many, 1 or more.
    pub count: u32,
}

impl<M: Machine> MemoryManager<M> {
    /// Takes `most` (1 to 16) neighbouring free pages of a paging file, or as many as can be had. The files take turns, so that
    /// disks can work at the same time. `None` where no page is free: a file should grow.
    #[doc(alias = "MiFindContiguousPages")]
    pub fn take_slots(&self, most: u32) -> Option<Slots> {
        let files = &self.paging_files;
        let count = files.count.get();
        let mut best: Option<(u32, Run)> = None;
        for turn in 1..=count {
            let number = (files.recent.get() + turn) % count;
            let found = self.find_slots(self.paging_file(number), most);
            if let Some(run) = found.filter(|run| best.is_none_or(|(_, best)| run.count > best.count)) {
                best = Some((number, run));
                if run.count == most {
                    break;
                }
            }
        }
        let Some((number, run)) = best else {
            if count > 0 {
                files.wanted.set(EXTENSION);
            }
            return if self.release_quarantine() { self.take_slots(most) } else { None };
        };
        files.recent.set(number);
        self.take_run(self.paging_file(number), run);
        Some(Slots { file: number, first: run.first, count: run.count })
    }

    fn find_slots(&self, file: &PagingFile, most: u32) -> Option<Run> {
        match file.free_space.get() {
            0 => None,
            free => self.bitmap(file).find(most.min(free), file.hint.get()),
        }
    }

    fn take_run(&self, file: &PagingFile, run: Run) {
        self.bitmap(file).set(run);
        file.hint.set(run.first + run.count);
        file.free_space.update(|free| free - run.count);
        let usage = file.current_usage.update(|usage| usage + run.count);
        file.peak_usage.update(|peak| peak.max(usage));
        self.paging_files.taken.update(|taken| taken + run.count);
    }

    /// Gives `place` back, which is taken.
    #[doc(alias = "MiReleasePageFileSpace")]
    #[inline]
    pub fn free_slot(&self, place: PagingFilePage) {
        let file = self.paging_file(place.file);
        let map = self.bitmap(file);
        debug_assert!(map.is_set(place.offset), "G1: {place:?} is free already");
        map.clear(place.offset);
        file.free_space.update(|free| free + 1);
        file.current_usage.update(|usage| usage - 1);
        self.paging_files.taken.update(|taken| taken - 1);
    }

    /// Whether the page `offset` of the paging file `file` is there and taken.
    pub fn slot_is_taken(&self, file: u32, offset: u32) -> bool {
        if file >= self.paging_files.count.get() || offset == 0 {
            return false;
        }
        let record = self.paging_file(file);
        offset < record.size.get() && self.bitmap(record).is_set(offset)
    }

    /// Pages that nobody has in all paging files.
    #[inline]
    pub fn free_slots(&self) -> u32 {
        self.paging_files.pages.get() - self.paging_files.taken.get()
    }

    /// Pages taken in all paging files.
    pub fn slots_taken(&self) -> u32 {
        self.paging_files.taken.get()
    }
}
