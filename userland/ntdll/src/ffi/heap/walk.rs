//! Walking a heap: its regions, and in each the blocks that are out, what is free between them, and what is only reserved; then
//! the large blocks.
//!
//! Where blocks are is told by their headers (H2), found by looking at each place where one could be; it is slow, and no state is kept
//! between two steps but what the caller hands back.
//!
//! Source: Microsoft's documentation of `HeapWalk`; the entry's layout is that of `RTL_HEAP_WALK_ENTRY`.

use user_support::memory::Memory;

use super::super::services::{CURRENT_PROCESS, NtQueryVirtualMemory};
use super::block::{Block, HEADER, Kind};
use super::{ALIGNMENT, Heap, State, growth, heap_at, large, layout, memory};

/// What an entry is: a block that is out, a region, reserved memory. None of them: free.
const BUSY: u16 = 0x1;
const REGION: u16 = 0x2;
const UNCOMMITTED: u16 = 0x100;

const SUCCESS: u32 = 0;
const NO_MORE_ENTRIES: u32 = 0x8000_001A;
const INVALID_PARAMETER: u32 = 0xC000_000D;
/// State of memory that is committed.
const MEM_COMMIT: u32 = 0x1000;

/// An entry of a walk.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct WalkEntry {
    address: u32,
    size: u32,
    overhead: u8,
    region: u8,
    flags: u16,
    /// Of a region: bytes committed and not, where its first block can be and where it ends.
    extent: [u32; 4],
}

/// A region of a heap: where it begins, where its blocks do, where what is committed ends, and where it ends.
#[derive(Clone, Copy)]
struct Region {
    base: u32,
    first: u32,
    committed: u32,
    end: u32,
}

impl Region {
    /// That of `heap` at `base`.
    fn at(heap: u32, base: u32) -> Self {
        let header = if base == heap { size_of::<Heap>() as u32 } else { growth::REGION_HEADER };
        let committed = query(base).map_or(base, |run| run.end);
        let end =
            query(committed).filter(|run| run.allocation == base && !run.is_committed).map_or(committed, |run| run.end);
        let first = (base + header).next_multiple_of(ALIGNMENT as u32);
        Self { base, first, committed, end }
    }

    fn entry(self) -> WalkEntry {
        let extent = [self.committed - self.base, self.end - self.committed, self.first, self.committed];
        WalkEntry { address: self.base, size: self.first - self.base, flags: REGION, extent, ..WalkEntry::default() }
    }

    /// What there is from `at` on.
    fn item_at(self, at: u32) -> Option<WalkEntry> {
        if at >= self.committed {
            let rest = WalkEntry { address: self.committed, size: self.end - self.committed, ..WalkEntry::default() };
            return (at == self.committed && rest.size > 0).then_some(WalkEntry { flags: UNCOMMITTED, ..rest });
        }
        if let Some(block) = block_at(at) {
            return Some(busy(block));
        }
        let places = (at..self.committed).step_by(ALIGNMENT);
        let end = places.skip(1).find(|place| block_at(*place).is_some()).unwrap_or(self.committed);
        Some(WalkEntry { address: at, size: end - at, ..WalkEntry::default() })
    }
}

/// The small block whose header is at `start`.
fn block_at(start: u32) -> Option<Block> {
    Block::at(start + HEADER).filter(|block| block.kind() == Kind::Small)
}

fn busy(block: Block) -> WalkEntry {
    let overhead = HEADER as u8;
    WalkEntry { address: block.address(), size: block.size(), overhead, flags: BUSY, ..WalkEntry::default() }
}

/// A run of pages of one kind: the base of the allocation it belongs to, where it ends, and whether it is committed.
struct Run {
    allocation: u32,
    end: u32,
    is_committed: bool,
}

/// The run that `address` is in.
fn query(address: u32) -> Option<Run> {
    let mut words = [0u32; 7];
    // SAFETY: the service writes the seven words.
    let status = unsafe {
        NtQueryVirtualMemory(CURRENT_PROCESS, address, 0, words.as_mut_ptr().cast(), 0x1C, core::ptr::null_mut())
    };
    let [base, allocation, _, size, state, ..] = words;
    (status == SUCCESS).then(|| Run { allocation, end: base + size, is_committed: state == MEM_COMMIT })
}

/// What comes after `previous` in the heap; nothing after the last. No entry at all stands before the first.
fn next(heap: u32, state: &State, previous: WalkEntry) -> Option<WalkEntry> {
    if previous.address == 0 {
        return Some(Region::at(heap, heap).entry());
    }
    let base = query(previous.address)?.allocation;
    if large::is_at(base) {
        return large::next(base).map(busy);
    }
    let region = Region::at(heap, base);
    let at = match previous.flags {
        REGION => region.first,
        BUSY => {
            let block = Block::at(previous.address)?;
            block.start() + layout(block.size()).size() as u32
        }
        _ => previous.address + previous.size,
    };
    region.item_at(at).or_else(|| {
        let following = if base == heap { state.talc.source.newest() } else { memory().read_u32(base) };
        if following != 0 { Some(Region::at(heap, following).entry()) } else { state.large.first().map(busy) }
    })
}

/// Steps to the entry after the one at `entry`, whose address is 0 before the first.
///
/// # Safety
/// `entry` points to an entry, nobody changes the heap between two steps, and the entry is as the last step left it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlWalkHeap(handle: u32, entry: *mut WalkEntry) -> u32 {
    let Some(heap) = heap_at(handle) else { return INVALID_PARAMETER };
    // SAFETY: the caller's promise.
    let previous = unsafe { entry.read_unaligned() };
    match heap.with(0, |state| next(handle, state, previous)) {
        Some(found) => {
            // SAFETY: as above.
            unsafe { entry.write_unaligned(found) };
            SUCCESS
        }
        None => NO_MORE_ENTRIES,
    }
}
