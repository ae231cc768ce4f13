//! Small blocks that were freed, kept by size for whoever asks next: most blocks live shortly, and their sizes come again.
//!
//! XP's heap has the same in front of it. A block that waits here has no header, as any that is not out (H2); the word where its header
//! was leads to the next one.

use user_support::memory::Memory;

use super::block::HEADER;
use super::young::Young;
use super::{ALIGNMENT, memory};

/// Blocks larger than this, in bytes, are not kept.
const LARGEST: u32 = 1016;
/// One class for each multiple of the alignment.
const CLASSES: usize = LARGEST as usize / ALIGNMENT;
/// Most blocks of a class that are kept, beside those that can go nowhere else.
const DEPTH: u16 = 16;

/// The blocks, by class.
pub(super) struct Lookaside {
    first: [u32; CLASSES],
    count: [u16; CLASSES],
}

/// Whether blocks of `size` bytes are kept at all.
#[inline(always)]
pub(super) fn keeps(size: u32) -> bool {
    size <= LARGEST
}

/// The class of a block of `size` bytes, if it is kept at all.
fn class_of(size: u32) -> Option<usize> {
    keeps(size).then(|| (size.max(1) as usize - 1) / ALIGNMENT)
}

impl Lookaside {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self { first: [0; CLASSES], count: [0; CLASSES] }
    }

    /// A block with room for `size` bytes: where its header is to be.
    #[inline(always)]
    pub(super) fn take(&mut self, size: u32) -> Option<u32> {
        self.take_of(class_of(size)?)
    }

    fn take_of(&mut self, class: usize) -> Option<u32> {
        let start = self.first[class];
        if start == 0 {
            return None;
        }
        self.first[class] = memory().read_u32(start);
        self.count[class] -= 1;
        Some(start)
    }

    /// Keeps the block of `size` bytes whose header was at `start`; false where it is too large, or there are enough and it may go
    /// elsewhere.
    #[inline(always)]
    pub(super) fn keep(&mut self, start: u32, size: u32, must: bool) -> bool {
        let Some(class) = class_of(size).filter(|class| must || self.count[*class] < DEPTH) else { return false };
        memory().write_u32(start, self.first[class]);
        self.first[class] = start;
        self.count[class] += 1;
        true
    }

    /// Gives up one of the blocks that are not `young`: where its header was, and the largest size it serves.
    pub(super) fn drain(&mut self, young: &Young) -> Option<(u32, u32)> {
        for (class, first) in self.first.iter_mut().enumerate() {
            let mut before = 0;
            let mut start = *first;
            while start != 0 && young.has(start) {
                (before, start) = (start, memory().read_u32(start));
            }
            if start == 0 {
                continue;
            }
            let next = memory().read_u32(start);
            match before {
                0 => *first = next,
                before => memory().write_u32(before, next),
            }
            self.count[class] -= 1;
            return Some((start, ((class + 1) * ALIGNMENT) as u32));
        }
        None
    }
}

const _: () = assert!(HEADER as usize == ALIGNMENT, "a block's class is that of its size with its header");
