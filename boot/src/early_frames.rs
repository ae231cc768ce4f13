//! The first frames: handed out in ascending order from what nothing else uses, and never taken back.
//!
//! * **E1** No frame of the first megabyte is handed out, nor of the image, nor of a module.
//! * **E2** [`EarlyFrames::used`] names every frame that is in use, once: handed out, image or module.

use mm::frame::FrameRun;
use mm::layout::FrameNumber;

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
}

impl<'a> EarlyFrames<'a> {
    /// All of `ram` (ascending, disjoint) but what `taken` has, which lies in `ram` and does not overlap.
    ///
    /// # Errors
    /// [`OutOfMemory`] if `taken` has too many runs to note.
    pub fn new(ram: &'a [FrameRun], taken: impl IntoIterator<Item = FrameRun>) -> Result<Self, OutOfMemory> {
        let mut this = Self { ram, taken: [FrameRun::EMPTY; TAKEN], count: 0, next: LOWEST };
        for run in taken {
            *this.taken.get_mut(this.count).ok_or(OutOfMemory)? = run;
            this.count += 1;
        }
        this.taken[..this.count].sort_unstable_by_key(|run| run.base);
        Ok(this)
    }

    /// The next frame.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    pub fn take(&mut self) -> Result<FrameNumber, OutOfMemory> {
        let frame = self.next_free().ok_or(OutOfMemory)?;
        self.note(frame)?;
        self.next = frame.0 + 1;
        Ok(frame)
    }

    fn next_free(&self) -> Option<FrameNumber> {
        let mut next = self.next;
        for run in self.ram {
            next = next.max(run.base.0);
            while let Some(taken) = self.used().iter().find(|taken| taken.contains(FrameNumber(next))) {
                next = taken.base.0 + taken.count;
            }
            if run.contains(FrameNumber(next)) {
                return Some(FrameNumber(next));
            }
        }
        None
    }

    /// Adds `frame` to the run that ends before it, or begins a new one.
    fn note(&mut self, frame: FrameNumber) -> Result<(), OutOfMemory> {
        let place = self.used().partition_point(|run| run.base < frame);
        if let Some(before) = place.checked_sub(1).map(|index| &mut self.taken[index])
            && before.base.0 + before.count == frame.0
        {
            before.count += 1;
            return Ok(());
        }
        if self.count == TAKEN {
            return Err(OutOfMemory);
        }
        self.taken.copy_within(place..self.count, place + 1);
        self.taken[place] = FrameRun { base: frame, count: 1 };
        self.count += 1;
        Ok(())
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
    fn nothing_of_the_first_megabyte_is_handed_out() {
        let ram = [run(0x1, 0x9F)];
        assert_eq!(EarlyFrames::new(&ram, []).unwrap().take(), Err(OutOfMemory));
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
