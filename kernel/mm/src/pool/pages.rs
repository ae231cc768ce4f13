//! Whole pages of the pool, for blocks and for what is larger than a page.
//!
//! A bitmap, in the first pages of the pool itself, has a bit for each page that is taken; a request gets the lowest run of
//! clear bits that is long enough. Freed pages give frame and commit back at once, but for a few that stay mapped for the
//! next request.
//!
//! * **P5** Pages whose bit is set are mapped; of the others as many as are counted, and no more than [`KEPT_PAGES`].
//!
//! Source: NT's map of pool pages, as Russinovich and Solomon describe it; the number kept is ours.

use abi::cell::{Field, Link};

use super::HOLDS_BLOCKS;
use crate::MemoryManager;
use crate::failing::Request;
use crate::frame::Mmpfn;
use crate::layout::{FrameNumber, PAGE_SIZE, POOL_END, POOL_START, VirtualAddress, VirtualPage};
use crate::machine::Machine;
use crate::pte::{Pte, PteCell, ValidPte, pde_of, pte_of};
use crate::system::{Contents, Exhausted};

/// Pages that stay mapped though nobody has them.
pub(super) const KEPT_PAGES: u32 = 16;
const PAGES: u32 = (POOL_END - POOL_START) / PAGE_SIZE;
const WORDS: u32 = PAGES / 32;
/// Pages of the bitmap.
const BITMAP_PAGES: u32 = WORDS * 4 / PAGE_SIZE;

/// Where the search for pages begins, and how many are mapped but free.
pub(super) struct PoolPages {
    /// No word of the bitmap before this one has a clear bit.
    lowest: Field<u32>,
    kept: Field<u32>,
}

impl PoolPages {
    pub(super) const fn new() -> Self {
        Self { lowest: Field::ZERO, kept: Field::ZERO }
    }
}

fn page(index: u32) -> VirtualPage {
    VirtualAddress(POOL_START + index * PAGE_SIZE).page()
}

impl<M: Machine> MemoryManager<M> {
    /// Maps the bitmap: nothing can be had of the pool before.
    ///
    /// # Errors
    /// [`Exhausted`] where there is not even memory for that.
    pub(crate) fn start_pool(&self) -> Result<(), Exhausted> {
        for index in 0..BITMAP_PAGES {
            self.map_system_page(page(index), Contents::Zeros)?;
        }
        (0..BITMAP_PAGES).for_each(|index| self.set_taken(index, true));
        Ok(())
    }

    /// Allocates `pages` (1 or more) consecutive whole pages; contents are rubbish.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed but that page tables of the pool may have been added.
    pub fn allocate_pool_pages<T>(&self, pages: u32) -> Result<Link<T>, Exhausted> {
        if self.failing().refuses(Request::Pool) {
            return Err(Exhausted);
        }
        self.take_pool_pages(pages)
    }

    /// The same, full of zeros.
    ///
    /// # Errors
    /// As [`Self::allocate_pool_pages`].
    pub fn allocate_zeroed_pool_pages<T>(&self, pages: u32) -> Result<Link<T>, Exhausted> {
        let link: Link<T> = self.allocate_pool_pages(pages)?;
        let first = VirtualAddress(link.address()).page();
        (first.0..first.0 + pages).for_each(|page| self.machine.zero(self.pool_frame(VirtualPage(page))));
        Ok(link)
    }

    /// The same, for a request that has passed already.
    pub(super) fn take_pool_pages<T>(&self, pages: u32) -> Result<Link<T>, Exhausted> {
        let first = self.clear_run(pages).ok_or(Exhausted)?;
        for index in first..first + pages {
            if self.is_kept(index) {
                self.pool.pages.kept.update(|count| count - 1);
            } else if let Err(exhausted) = self.map_system_page(page(index), Contents::Rubbish) {
                // A program can ask for more than there is: no more stays than is kept anyhow. That much does, for who waits and asks again.
                (first..index).for_each(|index| self.release_page(index, KEPT_PAGES));
                return Err(exhausted);
            }
            self.set_taken(index, true);
        }
        Ok(Link::new(page(first).address().0))
    }

    /// Frees `pages` pages that [`Self::allocate_pool_pages`] returned.
    pub fn free_pool_pages<T>(&self, link: Link<T>, pages: u32) {
        let first = (link.address() - POOL_START) / PAGE_SIZE;
        (first..first + pages).for_each(|index| self.release_page(index, KEPT_PAGES));
    }

    /// Frees one page, which stays mapped if less than `keep` are.
    fn release_page(&self, index: u32, keep: u32) {
        self.set_taken(index, false);
        if self.pool.pages.kept.get() < keep {
            self.pool.pages.kept.update(|count| count + 1);
        } else {
            self.unmap_system_page(page(index));
        }
    }

    /// The lowest run of `pages` pages that nobody has.
    fn clear_run(&self, pages: u32) -> Option<u32> {
        if pages == 0 || pages > PAGES {
            return None;
        }
        let (mut index, mut found) = (self.pool.pages.lowest.get() * 32, 0);
        while index < PAGES {
            let word = self.bitmap_word(index).get() >> (index % 32);
            let left = 32 - index % 32;
            if word & 1 == 1 {
                if word == !0 && self.pool.pages.lowest.get() == index / 32 {
                    self.pool.pages.lowest.set(index / 32 + 1);
                }
                (index, found) = (index + word.trailing_ones(), 0);
                continue;
            }
            let clear = word.trailing_zeros().min(left);
            (index, found) = (index + clear, found + clear);
            if found >= pages {
                return Some(index - found);
            }
        }
        None
    }

    fn bitmap_word(&self, index: u32) -> &Field<u32> {
        self.machine.record(Link::new(POOL_START + index / 32 * 4))
    }

    fn is_taken(&self, index: u32) -> bool {
        self.bitmap_word(index).get() >> (index % 32) & 1 == 1
    }

    fn set_taken(&self, index: u32, taken: bool) {
        let word = self.bitmap_word(index);
        if taken {
            word.update(|word| word | 1 << (index % 32));
        } else {
            word.update(|word| word & !(1 << (index % 32)));
            self.pool.pages.lowest.update(|lowest| lowest.min(index / 32));
        }
    }

    /// Whether a page that nobody has is mapped.
    fn is_kept(&self, index: u32) -> bool {
        self.pool.pages.kept.get() > 0 && self.is_valid(pde_of(page(index))) && self.is_valid(pte_of(page(index)))
    }

    /// Which of the 32 pages from `index` on are mapped, a bit for each; they have a page table.
    fn mapped_bits(&self, index: u32) -> u32 {
        (0..32).fold(0, |bits, bit| bits | u32::from(self.is_valid(pte_of(page(index + bit)))) << bit)
    }

    fn is_valid(&self, entry: Link<PteCell>) -> bool {
        matches!(Pte::decode(self.machine.record(entry).load()), Pte::Valid(_))
    }

    /// The record of the frame behind the pool page at `address`.
    pub(super) fn pool_page_record(&self, address: VirtualAddress) -> &Mmpfn {
        self.frame(self.pool_frame(address.page()))
    }

    /// The frame behind `page` of the pool.
    fn pool_frame(&self, page: VirtualPage) -> FrameNumber {
        ValidPte(self.machine.record(pte_of(page)).load()).frame()
    }

    /// Calls `visit` with the address of each page that is cut into blocks.
    ///
    /// # Errors
    /// Those of `visit`.
    pub(super) fn each_block_page(&self, mut visit: impl FnMut(u32) -> Result<(), Link<()>>) -> Result<(), Link<()>> {
        for word in (0..PAGES).step_by(32).filter(|index| self.bitmap_word(*index).get() != 0) {
            for address in (word..word + 32).filter(|index| self.is_taken(*index)).map(|index| page(index).address()) {
                if self.pool_page_record(address).u1.get() == HOLDS_BLOCKS {
                    visit(address.0)?;
                }
            }
        }
        Ok(())
    }

    /// P5: the first page that is taken and not mapped; the pool's start where the count of kept pages is wrong.
    pub(super) fn verify_pages(&self) -> Result<(), Link<()>> {
        let mut kept = 0;
        for table in (0..PAGES).step_by(512) {
            let has_table = self.is_valid(pde_of(page(table)));
            for word in (table..table + 512).step_by(32) {
                let taken = self.bitmap_word(word).get();
                let mapped = if has_table { self.mapped_bits(word) } else { 0 };
                if taken & !mapped != 0 {
                    return Err(Link::new(page(word + (taken & !mapped).trailing_zeros()).address().0));
                }
                kept += (mapped & !taken).count_ones();
            }
        }
        let counted = self.pool.pages.kept.get();
        if kept == counted && kept <= KEPT_PAGES { Ok(()) } else { Err(Link::new(POOL_START)) }
    }
}
