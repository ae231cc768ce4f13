//! From the firmware's memory map to runs of frames.
//!
//! Firmware maps are what they are: unsorted, overlapping, not aligned to pages, larger than the processor can address.
//! The rules: a frame is RAM if all of it is reported usable and none of it is reported as anything else.
//!
//! Source: ACPI specification, section 15 "System Address Map Interfaces"; Multiboot specifications 1 and 2.

use crate::frame::FrameRun;
use crate::layout::{FrameNumber, PAGE_SHIFT, PAGE_SIZE};

/// Runs of frames that [`MemoryMap`] keeps.
pub const RUNS: usize = 32;

/// What the firmware says about a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// RAM that is free for use.
    Usable,
    /// Anything else.
    Reserved,
}

/// One entry of the firmware's map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First physical address.
    pub start: u64,
    /// Bytes; the end may lie beyond 2^64.
    pub length: u64,
    /// What is there.
    pub kind: RegionKind,
}

impl Region {
    fn end(self) -> u64 {
        self.start.saturating_add(self.length)
    }

    /// First and last frame but one: those wholly inside if usable, those touched otherwise.
    fn frames(self) -> (u64, u64) {
        const ROUND: u64 = PAGE_SIZE as u64 - 1;
        let (down, up) = (|at: u64| at >> PAGE_SHIFT, |at: u64| (at >> PAGE_SHIFT) + u64::from(at & ROUND != 0));
        match self.kind {
            RegionKind::Usable => (up(self.start), down(self.end())),
            RegionKind::Reserved => (down(self.start), up(self.end())),
        }
    }
}

/// The RAM of the machine.
#[derive(Clone, Copy, Debug)]
pub struct MemoryMap {
    runs: [FrameRun; RUNS],
    count: usize,
    /// Usable frames that a physical address of the processor cannot name.
    pub beyond_reach: u64,
    /// Usable frames in runs that were too small and too many to keep.
    pub dropped: u64,
}

impl MemoryMap {
    /// The frames of `regions` that an address of `address_bits` bits (at most 36) can name.
    pub fn new(regions: &[Region], address_bits: u8) -> Self {
        let limit = 1u64 << (address_bits.clamp(32, 36) - PAGE_SHIFT as u8);
        let mut map = Self { runs: [FrameRun::EMPTY; RUNS], count: 0, beyond_reach: 0, dropped: 0 };
        let mut run: Option<(u64, u64)> = None;
        let mut cursor = 0;
        while let Some(next) = next_boundary(regions, cursor) {
            let usable = is_usable(regions, cursor);
            match run {
                Some((_, end)) if usable => run = Some((run.map_or(cursor, |run| run.0), next.max(end))),
                None if usable => run = Some((cursor, next)),
                Some((start, end)) => {
                    map.add(start, end, limit);
                    run = None;
                }
                None => {}
            }
            cursor = next;
        }
        if let Some((start, end)) = run {
            map.add(start, end, limit);
        }
        map
    }

    /// Leaves out all frames from `end` on; how many those were.
    pub fn cut(&mut self, end: FrameNumber) -> u32 {
        let before = self.frames();
        for run in &mut self.runs[..self.count] {
            *run = run.common(FrameRun::between(0, end.0));
        }
        self.count = self.runs[..self.count].iter().take_while(|run| run.count > 0).count();
        before - self.frames()
    }

    /// The runs, ascending and disjoint.
    pub fn runs(&self) -> &[FrameRun] {
        &self.runs[..self.count]
    }

    /// How many frames there are.
    pub fn frames(&self) -> u32 {
        self.runs().iter().map(|run| run.count).sum()
    }

    /// One more than the highest frame.
    pub fn end(&self) -> FrameNumber {
        self.runs().last().map_or(FrameNumber(0), |run| FrameNumber(run.base.0 + run.count))
    }

    fn add(&mut self, start: u64, end: u64, limit: u64) {
        self.beyond_reach += end.saturating_sub(start.max(limit));
        let end = end.min(limit);
        if start >= end {
            return;
        }
        let run = FrameRun { base: FrameNumber(start as u32), count: (end - start) as u32 };
        if self.count < RUNS {
            self.runs[self.count] = run;
            self.count += 1;
            return;
        }
        self.replace_smallest(run);
    }

    /// All places taken: `run`, the highest so far, displaces the smallest if it is larger.
    fn replace_smallest(&mut self, run: FrameRun) {
        let smallest = (0..RUNS).min_by_key(|index| self.runs[*index].count).unwrap_or(0);
        if self.runs[smallest].count >= run.count {
            self.dropped += u64::from(run.count);
            return;
        }
        self.dropped += u64::from(self.runs[smallest].count);
        self.runs.copy_within(smallest + 1.., smallest);
        self.runs[RUNS - 1] = run;
    }
}

/// The first frame after `cursor` at which a region begins or ends.
fn next_boundary(regions: &[Region], cursor: u64) -> Option<u64> {
    let bounds = regions.iter().flat_map(|region| <[u64; 2]>::from(region.frames()));
    bounds.filter(|bound| *bound > cursor).min()
}

/// Whether the frames from `frame` up to the next boundary are RAM.
fn is_usable(regions: &[Region], frame: u64) -> bool {
    let covers = |region: &&Region| {
        let (start, end) = region.frames();
        start <= frame && frame < end
    };
    let mut usable = false;
    for region in regions.iter().filter(covers) {
        match region.kind {
            RegionKind::Usable => usable = true,
            RegionKind::Reserved => return false,
        }
    }
    usable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(start: u64, end: u64, kind: RegionKind) -> Region {
        Region { start, length: end - start, kind }
    }

    fn runs(map: &MemoryMap) -> Vec<(u32, u32)> {
        map.runs().iter().map(|run| (run.base.0, run.base.0 + run.count)).collect()
    }

    use RegionKind::{Reserved, Usable};

    #[test]
    fn a_usual_pc() {
        let map = MemoryMap::new(
            &[
                region(0, 0x9_FC00, Usable),
                region(0x9_FC00, 0xA_0000, Reserved),
                region(0xF_0000, 0x10_0000, Reserved),
                region(0x10_0000, 0x1FFE_0000, Usable),
                region(0x1FFE_0000, 0x2000_0000, Reserved),
                region(0xFFFC_0000, 0x1_0000_0000, Reserved),
            ],
            36,
        );
        assert_eq!(runs(&map), [(0, 0x9F), (0x100, 0x1_FFE0)]);
        assert_eq!(map.frames(), 0x9F + 0x1_FEE0);
        assert_eq!(map.end(), FrameNumber(0x1_FFE0));
        assert_eq!((map.beyond_reach, map.dropped), (0, 0));
    }

    #[test]
    fn a_map_is_cut_within_a_run_between_runs_and_beyond_all() {
        let regions = [region(0, 0x9_F000, Usable), region(0x10_0000, 0xC000_0000, Usable)];
        let regions = [regions[0], regions[1], region(0x1_0000_0000, 0x1_4000_0000, Usable)];
        let cut = |end| {
            let mut map = MemoryMap::new(&regions, 36);
            let left_out = map.cut(FrameNumber(end));
            (runs(&map), left_out)
        };
        let all = vec![(0, 0x9F), (0x100, 0xC_0000), (0x10_0000, 0x14_0000)];
        assert_eq!(cut(u32::MAX), (all.clone(), 0));
        assert_eq!(cut(0x14_0000), (all.clone(), 0));
        assert_eq!(cut(0x13_FFFF), (vec![all[0], all[1], (0x10_0000, 0x13_FFFF)], 1));
        // 4 GB of addresses, of which a gigabyte is no RAM; and the same from within the hole.
        assert_eq!(cut(0x10_0000), (all[..2].to_vec(), 0x4_0000));
        assert_eq!(cut(0xD_0000), (all[..2].to_vec(), 0x4_0000));
        // 64 MB.
        assert_eq!(cut(0x4000), (vec![all[0], (0x100, 0x4000)], 0xB_C000 + 0x4_0000));
        assert_eq!(cut(0x100), (vec![all[0]], 0xB_FF00 + 0x4_0000));
        assert_eq!(cut(0), (vec![], 0x9F + 0xB_FF00 + 0x4_0000));
        let mut twice = MemoryMap::new(&regions, 36);
        assert_eq!((twice.cut(FrameNumber(0x10_0000)), twice.cut(FrameNumber(0x10_0000))), (0x4_0000, 0));
        assert_eq!(twice.end(), FrameNumber(0xC_0000));
    }

    #[test]
    fn reserved_wins_and_takes_whole_frames() {
        let map = MemoryMap::new(
            &[region(0x5000, 0x9000, Usable), region(0x1000, 0x6000, Usable), region(0x3FFF, 0x4001, Reserved)],
            36,
        );
        assert_eq!(runs(&map), [(1, 3), (5, 9)]);
    }

    #[test]
    fn usable_parts_of_frames_do_not_count() {
        let map = MemoryMap::new(&[region(0x1001, 0x1FFF, Usable), region(0x2800, 0x4800, Usable)], 36);
        assert_eq!(runs(&map), [(3, 4)]);
    }

    #[test]
    fn frames_beyond_the_processors_reach_are_counted_apart() {
        let regions = [region(0x10_0000, 0xC000_0000, Usable), region(0x1_0000_0000, 0x2_0000_0000, Usable)];
        let narrow = MemoryMap::new(&regions, 32);
        assert_eq!(runs(&narrow), [(0x100, 0xC_0000)]);
        assert_eq!(narrow.beyond_reach, 0x10_0000);
        let wide = MemoryMap::new(&regions, 36);
        assert_eq!(wide.end(), FrameNumber(0x20_0000));
        assert_eq!(wide.beyond_reach, 0);
    }

    #[test]
    fn the_top_of_64_gigabytes_and_a_length_that_overflows() {
        let map = MemoryMap::new(&[Region { start: 0xF_FFFF_F000, length: u64::MAX, kind: Usable }], 52);
        assert_eq!(runs(&map), [(0xFF_FFFF, 0x100_0000)]);
        assert!(map.beyond_reach > 0);
    }

    #[test]
    fn of_too_many_runs_the_smallest_go() {
        let regions: Vec<Region> =
            (0..40).map(|index| region(index << 20, (index << 20) + (index + 1) * 0x1000, Usable)).collect();
        let map = MemoryMap::new(&regions, 36);
        assert_eq!(map.runs().len(), RUNS);
        assert_eq!(map.runs()[0], FrameRun { base: FrameNumber(8 << 8), count: 9 });
        assert_eq!(map.dropped, (1..=8).sum::<u64>());
        assert!(map.runs().is_sorted_by_key(|run| run.base));
    }

    #[test]
    fn an_empty_map_has_no_frames() {
        let map = MemoryMap::new(&[region(0, 0x1000_0000, Reserved)], 36);
        assert_eq!((map.frames(), map.end()), (0, FrameNumber(0)));
    }
}
