//! Large blocks: regions of their own, on a doubly linked list so that the end of a heap finds them.
//!
//! A region begins with the addresses of the next and the previous region and its size; the block's header
//! stands right before the block, 20h bytes in.

use user_support::memory::Memory;

use super::block::{Block, HEADER, Kind};
use super::growth::{commit_region, page_round, release};
use super::memory;

/// Offset of the block in its region.
const OFFSET: u32 = 0x20;
const NEXT: u32 = 0;
const PREVIOUS: u32 = 4;
const SIZE: u32 = 8;

/// The large blocks of a heap.
#[derive(Default)]
pub(super) struct List {
    first: u32,
}

impl List {
    /// A block of `size` bytes, zeroed.
    pub(super) fn allocate(&mut self, size: u32) -> Option<u32> {
        let whole = page_round(size.checked_add(OFFSET)?)?;
        let region = commit_region(whole)?;
        memory().write_u32(region + NEXT, self.first);
        memory().write_u32(region + PREVIOUS, 0);
        memory().write_u32(region + SIZE, whole);
        if self.first != 0 {
            memory().write_u32(self.first + PREVIOUS, region);
        }
        self.first = region;
        Some(Block::write(region + OFFSET - HEADER, size, Kind::Large).address())
    }

    /// The newest block.
    pub(super) fn first(&self) -> Option<Block> {
        block_of(self.first)
    }

    /// Returns a block's region.
    pub(super) fn free(&mut self, block: Block) {
        let region = block.address() - OFFSET;
        let (next, previous) = (memory().read_u32(region + NEXT), memory().read_u32(region + PREVIOUS));
        if next != 0 {
            memory().write_u32(next + PREVIOUS, previous);
        }
        if previous == 0 {
            self.first = next;
        } else {
            memory().write_u32(previous + NEXT, next);
        }
        release(region);
    }

    /// Returns all regions.
    pub(super) fn free_all(&mut self) {
        while self.first != 0 {
            let region = self.first;
            self.first = memory().read_u32(region + NEXT);
            release(region);
        }
    }
}

/// The block whose region is at `region`.
fn block_of(region: u32) -> Option<Block> {
    if region == 0 {
        return None;
    }
    Block::at(region + OFFSET).filter(|block| block.kind() == Kind::Large)
}

/// Whether the allocation at `base` is the region of a large block.
pub(super) fn is_at(base: u32) -> bool {
    block_of(base).is_some()
}

/// The block after the one whose region is at `region`.
pub(super) fn next(region: u32) -> Option<Block> {
    block_of(memory().read_u32(region + NEXT))
}

/// Whether a block can have `size` bytes where it lies, without wasting most of its region.
pub(super) fn has_room(block: Block, size: u32) -> bool {
    let room = memory().read_u32(block.address() - OFFSET + SIZE) - OFFSET;
    size <= room && size >= room / 2
}
