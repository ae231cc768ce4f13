//! How the frame database is laid into its addresses: which pages of it there are, and which of them a large page covers.

use mm::frame::{FrameRun, RECORD_SIZE};
use mm::layout::{ENTRIES_PER_TABLE, FRAME_DATABASE, VirtualAddress, VirtualPage};

/// Consecutive pages of the database, all backed in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// No frame of RAM has its record here. First page and number of pages.
    Hole(VirtualPage, u32),
    /// Pages with a frame each. First page and number of pages.
    Pages(VirtualPage, u32),
    /// A large page: every page of it has a record of RAM.
    LargePage(VirtualPage),
}

/// The parts of the database of a machine with `ram` (ascending, disjoint), ascending.
///
/// A page has frames if a frame of RAM has its record there, or a part of it. There is no hole behind the last.
pub fn parts(ram: &[FrameRun]) -> impl Iterator<Item = Part> {
    let mut next = VirtualAddress(FRAME_DATABASE).page().0;
    let mut runs = page_runs(ram).peekable();
    core::iter::from_fn(move || {
        let (first, end) = loop {
            let (first, end) = *runs.peek()?;
            if next < end {
                break (first, end);
            }
            runs.next();
        };
        let part = part_at(next, first, end);
        next += match part {
            Part::Hole(_, count) | Part::Pages(_, count) => count,
            Part::LargePage(_) => ENTRIES_PER_TABLE,
        };
        Some(part)
    })
}

/// The part that begins at page `next`, when the next pages with records are `first` up to `end`.
fn part_at(next: u32, first: u32, end: u32) -> Part {
    if next < first {
        return Part::Hole(VirtualPage(next), first - next);
    }
    let boundary = next.next_multiple_of(ENTRIES_PER_TABLE);
    if boundary + ENTRIES_PER_TABLE > end {
        return Part::Pages(VirtualPage(next), end - next);
    }
    match boundary - next {
        0 => Part::LargePage(VirtualPage(next)),
        before => Part::Pages(VirtualPage(next), before),
    }
}

/// First page, and first page past the end, of the records of each run of `ram`; what meets or overlaps is one.
fn page_runs(ram: &[FrameRun]) -> impl Iterator<Item = (u32, u32)> {
    let page = |frame: u32, byte: u32| VirtualAddress(FRAME_DATABASE + frame * RECORD_SIZE + byte).page().0;
    let bounds = move |run: &FrameRun| (page(run.base.0, 0), page(run.end() - 1, RECORD_SIZE - 1) + 1);
    let mut runs = ram.iter().filter(|run| run.count > 0).map(bounds).peekable();
    core::iter::from_fn(move || {
        let (first, mut end) = runs.next()?;
        while let Some((_, further)) = runs.next_if(|(next, _)| *next <= end) {
            end = end.max(further);
        }
        Some((first, end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: u32 = FRAME_DATABASE >> 12;

    fn of(ram: &[(u32, u32)]) -> Vec<Part> {
        let ram: Vec<_> = ram.iter().map(|(base, end)| FrameRun::between(*base, *end)).collect();
        let parts: Vec<_> = parts(&ram).collect();
        let mut next = FIRST;
        for part in &parts {
            let (first, count) = match *part {
                Part::Hole(first, count) | Part::Pages(first, count) => (first, count),
                Part::LargePage(first) => (first, 512),
            };
            assert_eq!(first.0, next, "{parts:?}");
            assert!(count > 0);
            next += count;
        }
        parts
    }

    #[test]
    fn a_small_machine_has_pages() {
        // 32 MB: the records of 2000h frames are 38000h bytes, and the hole below 1 MB is smaller than a page.
        assert_eq!(of(&[(0, 0x9F), (0x100, 0x1FE0)]), [Part::Pages(VirtualPage(FIRST), 0x38)]);
    }

    #[test]
    fn a_large_page_is_taken_where_all_of_it_is_needed() {
        // 512 MB: 37FC80h bytes of records.
        let parts = of(&[(0, 0x9F), (0x100, 0x1_FFE0)]);
        assert_eq!(parts, [Part::LargePage(VirtualPage(FIRST)), Part::Pages(VirtualPage(FIRST + 512), 0x180)]);
    }

    #[test]
    fn sixty_gigabytes_are_large_pages_but_at_the_edges_of_holes() {
        let parts = of(&[(0, 0x9F), (0x100, 0xB_FFE0), (0x10_0000, 0xF4_0000)]);
        let large = parts.iter().filter(|part| matches!(part, Part::LargePage(_))).count();
        let pages = |part: &Part| if let Part::Pages(_, count) = part { *count } else { 0 };
        let holes = |part: &Part| if let Part::Hole(_, count) = part { *count } else { 0 };
        // Records of C0000h frames end 1500000h bytes on, half a large page in; those from 100000h on begin at 1C00000h, a
        // boundary; the last end at 1AB00000h, another half.
        assert_eq!(large, 10 + 199);
        assert_eq!(parts.iter().map(pages).collect::<Vec<_>>().iter().sum::<u32>(), 256 + 256);
        assert_eq!(parts.iter().map(holes).sum::<u32>(), 0x700);
    }

    #[test]
    fn the_top_of_64_gigabytes_ends_the_database() {
        let parts = of(&[(0xFF_FFFF, 0x100_0000)]);
        assert_eq!(parts.last(), Some(&Part::Pages(VirtualPage((mm::layout::FRAME_DATABASE_END >> 12) - 1), 1)));
        assert_eq!(
            of(&[(0, 0x100_0000)]),
            vec![Part::LargePage(VirtualPage(0)); 224]
                .iter()
                .zip(0..)
                .map(|(_, index)| { Part::LargePage(VirtualPage(FIRST + index * 512)) })
                .collect::<Vec<_>>()
        );
    }
}
