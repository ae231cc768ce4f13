//! The first frames: handed out in ascending order from what nothing else uses, and never taken back.
//!
//! * **E1** No frame of the first megabyte is handed out, nor of the image, nor of a module.
//! * **E2** [`EarlyFrames::used`] names every frame that is in use, once: handed out, image or module.

use mm::frame::FrameRun;
use mm::layout::{ENTRIES_PER_TABLE, FrameNumber};

/// First frame that is handed out: below lie the firmware's tables and what real mode left.
const LOWEST: u32 = 0x100;
/// Runs of taken frames: the image, the modules, and what is handed out between them.
const TAKEN: usize = 64;

/// RAM is used up before the kernel has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// Hands out frames.
pub struct EarlyFrames<'a> {
    ram: &'a [FrameRun],
    /// Ascending, disjoint.
    taken: [FrameRun; TAKEN],
    count: usize,
    next: u32,
    avoided: &'a [FrameRun],
}

impl<'a> EarlyFrames<'a> {
    /// All of `ram` (ascending, disjoint) but what `taken` has, which lies in `ram` and does not overlap.
    ///
    /// # Errors
    /// [`OutOfMemory`] if `taken` has too many runs to note.
    pub fn new(ram: &'a [FrameRun], taken: impl IntoIterator<Item = FrameRun>) -> Result<Self, OutOfMemory> {
        let mut this = Self { ram, taken: [FrameRun::EMPTY; TAKEN], count: 0, next: LOWEST, avoided: &[] };
        for run in taken {
            *this.taken.get_mut(this.count).ok_or(OutOfMemory)? = run;
            this.count += 1;
        }
        this.taken[..this.count].sort_unstable_by_key(|run| run.base);
        Ok(this)
    }

    /// Hands out none of `frames`, which may overlap each other and what is taken.
    pub fn avoid(&mut self, frames: &'a [FrameRun]) {
        self.avoided = frames;
    }

    /// The next frame.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn take(&mut self) -> Result<FrameNumber, OutOfMemory> {
        let frame = self.next_free().ok_or(OutOfMemory)?;
        self.note(FrameRun { base: frame, count: 1 })?;
        self.next = frame.0 + 1;
        Ok(frame)
    }

    /// The lowest 512 frames in a row, from a multiple of that on, that nothing uses: what a large page maps.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn take_large(&mut self) -> Result<FrameNumber, OutOfMemory> {
        let base = self.next_large().ok_or(OutOfMemory)?;
        self.note(FrameRun { base, count: ENTRIES_PER_TABLE })?;
        Ok(base)
    }

    fn next_large(&self) -> Option<FrameNumber> {
        let free = self.ram.iter().flat_map(|run| run.without(|| self.shut()));
        let aligned = |run: FrameRun| run.base.0.max(LOWEST).checked_next_multiple_of(ENTRIES_PER_TABLE);
        let mut fitting = free.filter_map(|run| Some((aligned(run)?, run)));
        let (base, _) = fitting.find(|(base, run)| run.end() >= base + ENTRIES_PER_TABLE)?;
        Some(FrameNumber(base))
    }

    fn next_free(&self) -> Option<FrameNumber> {
        let mut next = self.next;
        for run in self.ram {
            next = next.max(run.base.0);
            while let Some(taken) = self.shut().find(|taken| taken.contains(FrameNumber(next))) {
                next = taken.end();
            }
            if run.contains(FrameNumber(next)) {
                return Some(FrameNumber(next));
            }
        }
        None
    }

    /// Adds `run` to the one that ends before it, or as a new one.
    fn note(&mut self, run: FrameRun) -> Result<(), OutOfMemory> {
        let place = self.used().partition_point(|taken| taken.base < run.base);
        if let Some(before) = place.checked_sub(1).map(|index| &mut self.taken[index])
            && before.end() == run.base.0
        {
            before.count += run.count;
            return Ok(());
        }
        if self.count == TAKEN {
            return Err(OutOfMemory);
        }
        self.taken.copy_within(place..self.count, place + 1);
        self.taken[place] = run;
        self.count += 1;
        Ok(())
    }

    /// What is not handed out.
    fn shut(&self) -> impl Iterator<Item = FrameRun> {
        self.used().iter().chain(self.avoided).copied()
    }

    /// All frames in use, ascending and disjoint.
    pub fn used(&self) -> &[FrameRun] {
        &self.taken[..self.count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(base: u32, end: u32) -> FrameRun {
        FrameRun { base: FrameNumber(base), count: end - base }
    }

    #[test]
    fn frames_come_in_order_around_what_is_taken() {
        let ram = [run(0x1, 0x9F), run(0x100, 0x200), run(0x300, 0x303)];
        let mut frames = EarlyFrames::new(&ram, [run(0x180, 0x1FF), run(0x100, 0x17F)]).unwrap();
        let taken: Vec<u32> = (0..5).map(|_| frames.take().unwrap().0).collect();
        assert_eq!(taken, [0x17F, 0x1FF, 0x300, 0x301, 0x302]);
        assert_eq!(frames.take(), Err(OutOfMemory));
        assert_eq!(frames.used(), [run(0x100, 0x180), run(0x180, 0x200), run(0x300, 0x303)]);
    }

    #[test]
    fn frames_that_are_avoided_are_neither_handed_out_nor_in_use() {
        let ram = [run(0x100, 0x800)];
        let mut frames = EarlyFrames::new(&ram, [run(0x100, 0x102)]).unwrap();
        let avoided = [run(0x104, 0x106), run(0x101, 0x103), run(0x5FF, 0x600)];
        frames.avoid(&avoided);
        let taken: Vec<u32> = (0..3).map(|_| frames.take().unwrap().0).collect();
        assert_eq!(taken, [0x103, 0x106, 0x107]);
        assert_eq!(frames.take_large(), Ok(FrameNumber(0x200)));
        assert_eq!(frames.take_large(), Ok(FrameNumber(0x600)), "not from 400 on, for the last is avoided");
        assert_eq!(
            frames.used(),
            [run(0x100, 0x102), run(0x103, 0x104), run(0x106, 0x108), run(0x200, 0x400), run(0x600, 0x800)]
        );
    }

    #[test]
    fn nothing_of_the_first_megabyte_is_handed_out() {
        let ram = [run(0x1, 0x9F)];
        assert_eq!(EarlyFrames::new(&ram, []).unwrap().take(), Err(OutOfMemory));
    }

    #[test]
    fn a_large_page_has_512_frames_in_a_row_and_small_ones_go_on_below_it() {
        let ram = [run(0x1, 0x9F), run(0x100, 0x801), run(0x10_0000, 0x10_0400)];
        let mut frames = EarlyFrames::new(&ram, [run(0x100, 0x201)]).unwrap();
        assert_eq!(frames.take_large(), Ok(FrameNumber(0x400)));
        assert_eq!(frames.take(), Ok(FrameNumber(0x201)));
        assert_eq!(frames.take_large(), Ok(FrameNumber(0x600)));
        assert_eq!(frames.take_large(), Ok(FrameNumber(0x10_0000)), "with bits above 32 in its address");
        assert_eq!(frames.used(), [run(0x100, 0x202), run(0x400, 0x800), run(0x10_0000, 0x10_0200)]);
        assert_eq!(frames.take_large(), Ok(FrameNumber(0x10_0200)));
        assert_eq!(frames.take_large(), Err(OutOfMemory));
        let rest: Vec<u32> = std::iter::from_fn(|| frames.take().ok()).map(|frame| frame.0).collect();
        assert_eq!(rest, (0x202..0x400).chain([0x800]).collect::<Vec<_>>());
    }

    #[test]
    fn every_frame_is_taken_once() {
        let ram = [run(0x100, 0x110), run(0x120, 0x130)];
        let mut frames = EarlyFrames::new(&ram, [run(0x104, 0x106), run(0x106, 0x107), run(0x12F, 0x130)]).unwrap();
        while frames.take().is_ok() {}
        let all: Vec<u32> = frames.used().iter().flat_map(|run| run.frames()).map(|frame| frame.0).collect();
        assert_eq!(all, (0x100..0x110).chain(0x120..0x130).collect::<Vec<_>>());
    }
}
