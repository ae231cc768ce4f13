//! Small blocks that were freed, kept by size for whoever asks next: most blocks live shortly, and their sizes come again.
//!
//! XP's heap has the same in front of it. A block that waits here has no header, as any that is not out (H2); the word where its header
//! was leads to the next one.

use user_support::memory::Memory;

use super::block::HEADER;
use super::{ALIGNMENT, memory};

/// Blocks larger than this, in bytes, are not kept.
const LARGEST: u32 = 1016;
/// One class for each multiple of the alignment.
const CLASSES: usize = LARGEST as usize / ALIGNMENT;
/// Most blocks of a class that are kept.
const DEPTH: u8 = 16;

/// The blocks, by class.
pub(super) struct Lookaside {
    first: [u32; CLASSES],
    count: [u8; CLASSES],
}

/// The class of a block of `size` bytes, if it is kept at all.
fn class_of(size: u32) -> Option<usize> {
    (size <= LARGEST).then(|| (size.max(1) as usize - 1) / ALIGNMENT)
}

impl Lookaside {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self { first: [0; CLASSES], count: [0; CLASSES] }
    }

    /// A block with room for `size` bytes: where its header is to be.
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

    /// Keeps the block of `size` bytes whose header was at `start`; false where it is too large, or there are enough.
    pub(super) fn keep(&mut self, start: u32, size: u32) -> bool {
        let Some(class) = class_of(size).filter(|class| self.count[*class] < DEPTH) else { return false };
        memory().write_u32(start, self.first[class]);
        self.first[class] = start;
        self.count[class] += 1;
        true
    }

    /// Gives up one of the blocks: where its header was, and the largest size it serves.
    pub(super) fn drain(&mut self) -> Option<(u32, u32)> {
        let class = self.first.iter().position(|first| *first != 0)?;
        let size = (class + 1) * ALIGNMENT;
        self.take_of(class).map(|start| (start, size as u32))
    }
}

const _: () = assert!(HEADER as usize == ALIGNMENT, "a block's class is that of its size with its header");
