//! Nonpaged pool: tagged blocks with NT's headers, over free lists by size.
//!
//! A pool page is cut into blocks, each behind an 8-byte `_POOL_HEADER` that tells its own size and that of the block before
//! it, so that a freed block joins its free neighbours at once. Free blocks of each of the 512 sizes stand on a list of
//! their own and a bitmap tells which lists have any: allocation and release cost the same however full the pool is. A few
//! small blocks of each size are kept whole for the next request ([`kept`]).
//! A page that has become one free block goes back where it came from ([`pages`]) unless it is the only one, and so do the runs of whole pages, without
//! a header, that larger allocations are. A stale link is a logic error: it meets another block, which the audit finds, or a
//! page that is not there, which is a bugcheck.
//!
//! * **P1** The blocks of a page follow each other without a gap, each `PreviousSize` is the `BlockSize` before it.
//! * **P2** No two free neighbours; a free block is on the list of its size, and on no other.
//! * **P3** The bytes in use are those of the blocks in use, headers included.
//! * **P4** A kept block is neither free nor in use, and is on the list of kept blocks of its size.
//!
//! Source: `_POOL_HEADER` of XP SP3 (PreviousSize:9, PoolIndex:7, BlockSize:9, PoolType:7, tag), in 8-byte units; tools
//! find a VAD's kind by the tag four bytes before it, and take an odd `PoolType` for nonpaged and 0 for free.

mod kept;
mod pages;
mod verify;

use core::fmt;

use abi::assert_layout;
use abi::cell::{Field, Link, Record};

use crate::MemoryManager;
use crate::failing::Request;
use crate::layout::{PAGE_SIZE, VirtualAddress};
use crate::machine::Machine;
use crate::system::Exhausted;
use kept::KeptList;
use pages::PoolPages;

/// Four letters that say what a block holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tag(pub [u8; 4]);

impl fmt::Debug for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{}", byte.escape_ascii()))
    }
}

/// What stands before every block.
#[doc(alias = "_POOL_HEADER")]
#[repr(C)]
#[derive(Debug)]
struct PoolHeader {
    sizes: Field<u32>,
    tag: Field<u32>,
}
impl Record for PoolHeader {}
assert_layout!(PoolHeader, 8, { sizes: 0, tag: 4 });

/// A free block's place on the list of its size, behind its header.
#[repr(C)]
struct FreeBlock {
    flink: Field<Link<PoolHeader>>,
    blink: Field<Link<PoolHeader>>,
}
impl Record for FreeBlock {}

/// Words that are zeroed at a time.
#[repr(C)]
struct Line([Field<u32>; 16]);
impl Record for Line {}
const LINE: u32 = size_of::<Line>() as u32;

const HEADER: u32 = 8;
const UNIT: u32 = 8;
const UNITS_PER_PAGE: u32 = PAGE_SIZE / UNIT;
const SMALLEST: u32 = 2;
const NONPAGED: u32 = 1;
const POOL_TYPE_SHIFT: u32 = 25;
/// `PoolIndex` of a block that is kept, where it stands in its header.
const KEPT: u32 = 1 << 9;
/// `PoolType` and `PoolIndex`.
const STATE: u32 = !0 << POOL_TYPE_SHIFT | 0x7F << 9;
/// Largest allocation that shares a page with others, in bytes.
pub const LARGEST_BLOCK: u32 = PAGE_SIZE - HEADER;
/// `u1` of the frame of a pool page that is cut into blocks.
const HOLDS_BLOCKS: u32 = 1;

/// The free lists, and where the next page comes from.
pub(crate) struct Pool {
    free: [Field<Link<PoolHeader>>; UNITS_PER_PAGE as usize + 1],
    nonempty: [Field<u32>; UNITS_PER_PAGE as usize / 32 + 1],
    kept: [KeptList; kept::SIZES],
    pages: PoolPages,
    bytes_in_use: Field<u32>,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self {
            free: [const { Field::<Link<PoolHeader>>::NULL }; UNITS_PER_PAGE as usize + 1],
            nonempty: [const { Field::<u32>::ZERO }; UNITS_PER_PAGE as usize / 32 + 1],
            kept: [const { KeptList::EMPTY }; kept::SIZES],
            pages: PoolPages::new(),
            bytes_in_use: Field::ZERO,
        }
    }

    /// The smallest size of at least `units` of which there is a free block.
    fn fitting(&self, units: u32) -> Option<u32> {
        let mut index = (units / 32) as usize;
        let mut word = self.nonempty[index].get() & (!0 << (units % 32));
        while word == 0 {
            index += 1;
            word = self.nonempty.get(index)?.get();
        }
        Some(index as u32 * 32 + word.trailing_zeros())
    }
}

impl PoolHeader {
    fn previous_units(&self) -> u32 {
        self.sizes.get() & 0x1FF
    }

    /// A whole page does not fit nine bits: it reads as 0.
    fn units(&self) -> u32 {
        match self.sizes.get() >> 16 & 0x1FF {
            0 => UNITS_PER_PAGE,
            units => units,
        }
    }

    fn is_free(&self) -> bool {
        self.sizes.get() & STATE == 0
    }

    fn is_kept(&self) -> bool {
        self.sizes.get() & STATE == KEPT
    }

    fn is_in_use(&self) -> bool {
        self.sizes.get() >> POOL_TYPE_SHIFT != 0
    }

    fn set(&self, previous_units: u32, units: u32, pool_type: u32) {
        self.sizes.set(previous_units & 0x1FF | (units & 0x1FF) << 16 | pool_type << POOL_TYPE_SHIFT);
    }

    fn set_previous_units(&self, units: u32) {
        self.sizes.update(|word| word & !0x1FF | units & 0x1FF);
    }
}

#[cold]
#[inline(never)]
fn freed_twice(block: Link<PoolHeader>) -> ! {
    panic!("BAD_POOL_CALLER: {block:?} is freed twice")
}

/// The last block of a page is followed by nothing.
fn ends_page(block: Link<PoolHeader>, units: u32) -> bool {
    (block.address() + units * UNIT).is_multiple_of(PAGE_SIZE)
}

impl<M: Machine> MemoryManager<M> {
    /// Allocates `bytes` (1 to [`LARGEST_BLOCK`]) under `tag`, 8-byte aligned. Contents are rubbish.
    ///
    /// # Errors
    /// [`Exhausted`], and nothing has changed.
    #[doc(alias = "ExAllocatePoolWithTag")]
    pub fn allocate_pool<T>(&self, bytes: u32, tag: Tag) -> Result<Link<T>, Exhausted> {
        if bytes == 0 || bytes > LARGEST_BLOCK || self.failing().refuses(Request::Pool) {
            return Err(Exhausted);
        }
        let units = (bytes + HEADER).div_ceil(UNIT).max(SMALLEST);
        // What is kept has as many as are asked for; what is cut off may have one more.
        let (block, units) = match self.take_kept(units) {
            Some(block) => (block, units),
            None => self.cut(units).map(|block| (block, self.header(block).units()))?,
        };
        self.header(block).tag.set(u32::from_le_bytes(tag.0));
        self.pool.bytes_in_use.update(|sum| sum + units * UNIT);
        Ok(block.offset(HEADER))
    }

    /// A block of at least `units`, cut off a free one.
    #[inline(never)]
    fn cut(&self, units: u32) -> Result<Link<PoolHeader>, Exhausted> {
        let found = self.pool.fitting(units).or_else(|| {
            self.give_back_kept();
            self.pool.fitting(units)
        });
        let block = match found {
            Some(found) => self.pool.free[found as usize].get(),
            None => self.grow_pool()?,
        };
        self.remove_free(block);
        self.split(block, units);
        Ok(block)
    }

    /// Allocates `bytes` (1 to [`LARGEST_BLOCK`]) full of zeros under `tag`.
    ///
    /// # Errors
    /// [`Exhausted`], and nothing has changed.
    pub fn allocate_zeroed_pool<T>(&self, bytes: u32, tag: Tag) -> Result<Link<T>, Exhausted> {
        let link = self.allocate_pool(bytes, tag)?;
        self.zero_words(link, bytes);
        Ok(link)
    }

    /// Fills `bytes`, a multiple of 4, from `link` on with zeros.
    pub(crate) fn zero_words<T>(&self, link: Link<T>, bytes: u32) {
        let lines = bytes / LINE;
        for line in 0..lines {
            self.machine.record(link.offset::<Line>(line * LINE)).0.iter().for_each(|word| word.set(0));
        }
        for offset in (lines * LINE..bytes).step_by(4) {
            self.machine.record(link.offset::<Field<u32>>(offset)).set(0);
        }
    }

    /// Frees the block at `link`, which [`Self::allocate_pool`] returned.
    #[doc(alias = "ExFreePoolWithTag")]
    pub fn free_pool<T>(&self, link: Link<T>) {
        let block: Link<PoolHeader> = Link::new(link.address() - HEADER);
        let header = self.header(block);
        if !header.is_in_use() {
            freed_twice(block);
        }
        let units = header.units();
        self.pool.bytes_in_use.update(|sum| sum - units * UNIT);
        if !self.keep(block, units) {
            self.join_free(block, header.previous_units(), units);
        }
    }

    /// Joins `block`, which is on no list, with its free neighbours, and makes it free.
    #[inline(never)]
    fn join_free(&self, mut block: Link<PoolHeader>, mut previous_units: u32, mut units: u32) {
        if !ends_page(block, units) {
            let next = block.offset(units * UNIT);
            if self.header(next).is_free() {
                self.remove_free(next);
                units += self.header(next).units();
            }
        }
        if !block.address().is_multiple_of(PAGE_SIZE) {
            let before = Link::new(block.address() - previous_units * UNIT);
            if self.header(before).is_free() {
                self.remove_free(before);
                units += self.header(before).units();
                previous_units = self.header(before).previous_units();
                block = before;
            }
        }
        // One whole page stays: else what takes and frees the first block beyond a full pool would grow it each time.
        if units < UNITS_PER_PAGE || self.pool.free[UNITS_PER_PAGE as usize].get().is_null() {
            return self.insert_free_block(block, previous_units, units);
        }
        self.pool_page_record(VirtualAddress(block.address())).u1.set(0);
        self.free_pool_pages(block, 1);
    }

    /// Bytes of blocks in use, headers included.
    pub fn pool_bytes_in_use(&self) -> u32 {
        self.pool.bytes_in_use.get()
    }

    /// The four-letter tag of the block at `link`.
    pub fn pool_tag<T>(&self, link: Link<T>) -> Tag {
        Tag(self.header(Link::new(link.address() - HEADER)).tag.get().to_le_bytes())
    }

    /// Gives the block at `link` another tag: tools tell by it what structure stands there.
    pub(crate) fn set_pool_tag<T>(&self, link: Link<T>, tag: Tag) {
        self.header(Link::new(link.address() - HEADER)).tag.set(u32::from_le_bytes(tag.0));
    }

    fn header(&self, block: Link<PoolHeader>) -> &PoolHeader {
        self.machine.record(block)
    }

    fn grow_pool(&self) -> Result<Link<PoolHeader>, Exhausted> {
        let block = self.take_pool_pages(1)?;
        self.pool_page_record(VirtualAddress(block.address())).u1.set(HOLDS_BLOCKS);
        self.insert_free_block(block, 0, UNITS_PER_PAGE);
        Ok(block)
    }

    /// Cuts `block`, which is on no list, to `units` and frees what is over, unless that is too small to be a block.
    fn split(&self, block: Link<PoolHeader>, units: u32) {
        let header = self.header(block);
        let whole = header.units();
        let previous = header.previous_units();
        if whole - units < SMALLEST {
            header.set(previous, whole, NONPAGED);
            return;
        }
        header.set(previous, units, NONPAGED);
        self.insert_free_block(block.offset(units * UNIT), units, whole - units);
    }

    fn insert_free_block(&self, block: Link<PoolHeader>, previous_units: u32, units: u32) {
        let header = self.header(block);
        header.set(previous_units, units, 0);
        header.tag.set(u32::from_le_bytes(*b"Free"));
        if !ends_page(block, units) {
            self.header(block.offset(units * UNIT)).set_previous_units(units);
        }
        let head = &self.pool.free[units as usize];
        let next = head.get();
        let links = self.machine.record(block.offset::<FreeBlock>(HEADER));
        links.flink.set(next);
        links.blink.set(Link::NULL);
        if let Some(next) = next.some() {
            self.machine.record(next.offset::<FreeBlock>(HEADER)).blink.set(block);
        }
        head.set(block);
        self.pool.nonempty[units as usize / 32].update(|word| word | 1 << (units % 32));
    }

    fn remove_free(&self, block: Link<PoolHeader>) {
        let units = self.header(block).units();
        let links = self.machine.record(block.offset::<FreeBlock>(HEADER));
        let (next, before) = (links.flink.get(), links.blink.get());
        if let Some(next) = next.some() {
            self.machine.record(next.offset::<FreeBlock>(HEADER)).blink.set(before);
        }
        if let Some(before) = before.some() {
            self.machine.record(before.offset::<FreeBlock>(HEADER)).flink.set(next);
            return;
        }
        self.pool.free[units as usize].set(next);
        if next.is_null() {
            self.pool.nonempty[units as usize / 32].update(|word| word & !(1 << (units % 32)));
        }
    }
}
