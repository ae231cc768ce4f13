//! P1 to P5: the audit of the pool.

use abi::cell::Link;

use super::{FreeBlock, HEADER, PoolHeader, SMALLEST, Tag, UNIT, UNITS_PER_PAGE};
use crate::MemoryManager;
use crate::layout::POOL_START;
use crate::machine::Machine;

/// What the blocks of the pool add up to.
#[derive(Clone, Copy, Default)]
struct Blocks {
    free: u32,
    kept: u32,
    bytes_in_use: u32,
}

impl<M: Machine> MemoryManager<M> {
    /// Checks P1 to P5 over the pool.
    ///
    /// # Errors
    /// The first block that is wrong; the first address of the pool where blocks and lists or totals disagree.
    pub(crate) fn verify_pool(&self) -> Result<(), Link<()>> {
        let mut blocks = Blocks::default();
        self.verify_pages()?;
        self.each_block_page(|page| self.verify_page(page, &mut blocks))?;
        let listed = self.verify_free_lists(blocks.free)?;
        self.verify_bitmap()?;
        let agrees = listed == blocks.free
            && self.verify_kept()? == blocks.kept
            && blocks.bytes_in_use == self.pool.bytes_in_use.get();
        if agrees { Ok(()) } else { Err(Link::new(POOL_START)) }
    }

    /// Calls `visit` with every block in use and its tag: what debuggers call a scan for tags. The pool is sound (P1).
    pub fn each_pool_block(&self, mut visit: impl FnMut(Link<()>, Tag)) {
        // Visiting never fails.
        let _ = self.each_block_page(|page| {
            let mut at = 0;
            while at < UNITS_PER_PAGE {
                let block = Link::<PoolHeader>::new(page + at * UNIT);
                let header = self.header(block);
                if header.is_in_use() {
                    visit(block.offset(HEADER), Tag(header.tag.get().to_le_bytes()));
                }
                at += header.units();
            }
            Ok(())
        });
    }

    /// P1 over the page at `page`, and that it has no two free neighbours.
    fn verify_page(&self, page: u32, blocks: &mut Blocks) -> Result<(), Link<()>> {
        let (mut at, mut previous_units, mut previous_free) = (0, 0, false);
        while at < UNITS_PER_PAGE {
            let block = Link::<PoolHeader>::new(page + at * UNIT);
            let header = self.header(block);
            let (units, free) = (header.units(), header.is_free());
            let fits = units >= SMALLEST && at + units <= UNITS_PER_PAGE;
            if !fits || header.previous_units() != previous_units || free && previous_free {
                return Err(block.cast());
            }
            if free {
                blocks.free += 1;
            } else if header.is_kept() {
                blocks.kept += 1;
            } else {
                blocks.bytes_in_use += units * UNIT;
            }
            (at, previous_units, previous_free) = (at + units, units, free);
        }
        Ok(())
    }

    /// P2: each list has free blocks of its size only, linked both ways; how many there are in all, at most one more than
    /// `free`, so that a cycle ends too.
    fn verify_free_lists(&self, free: u32) -> Result<u32, Link<()>> {
        let mut listed = 0;
        for (units, head) in self.pool.free.iter().enumerate() {
            let (mut block, mut before) = (head.get(), Link::NULL);
            while let Some(at) = block.some().filter(|_| listed <= free) {
                let header = self.header(at);
                let links = self.machine.record(at.offset::<FreeBlock>(HEADER));
                if !header.is_free() || header.units() as usize != units || links.blink.get() != before {
                    return Err(at.cast());
                }
                listed += 1;
                (before, block) = (at, links.flink.get());
            }
        }
        Ok(listed)
    }

    /// The bitmap has a bit for each list that is not empty, and for no other.
    fn verify_bitmap(&self) -> Result<(), Link<()>> {
        for (index, word) in self.pool.nonempty.iter().enumerate() {
            for bit in 0..32 {
                let head = self.pool.free.get(index * 32 + bit).map_or(Link::NULL, |head| head.get());
                if head.is_null() == (word.get() >> bit & 1 == 1) {
                    return Err(head.some().map_or(Link::new(POOL_START), Link::cast));
                }
            }
        }
        Ok(())
    }
}
