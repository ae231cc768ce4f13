//! The heap: blocks of any size out of regions of the address space.
//!
//! A heap's handle is the address of its first region, which begins with [`Heap`]. Blocks up to [`LARGEST_SMALL`] come
//! from the `talc` allocator, which gets its memory from `growth`, or are such as were freed (`lookaside`), or the heap's first (`young`); larger ones are
//! regions of their own (`large`).
//! In front of every block stand its size and a check word (`block`), so that a free of what is no block is
//! refused instead of breaking the heap.
//!
//! Invariants:
//! - H1: [`State`] is touched only under the heap's lock, or by a caller that promised (`HEAP_NO_SERIALIZE`) to be alone.
//! - H2: every block that is out has a true header; a freed one has none.
//!
//! Source: Microsoft's documentation of the heap functions; the threshold of large blocks is XP's.

mod block;
mod global;
mod growth;
mod large;
mod lookaside;
mod walk;
mod young;

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::ptr::NonNull;

use abi::nt::context::ExceptionRecord;
use talc::DefaultBinning;
use talc::base::Talc;
use user_ffi::{ThisProcess, peb};
use user_support::memory::Memory;
use user_support::status::Status;

use super::critical_section::CriticalSection;
use super::exception::stubs::RtlRaiseException;
use block::{Block, HEADER, Kind};
use growth::Growth;
use lookaside::Lookaside;
use young::Young;

/// `HEAP_NO_SERIALIZE`: the caller sees to it that it is alone.
const NO_SERIALIZE: u32 = 0x1;
/// `HEAP_GROWABLE`: more regions are reserved when the first is full.
pub(crate) const GROWABLE: u32 = 0x2;
/// `HEAP_ZERO_MEMORY`: the block, or what it grows by, is zeroed.
const ZERO_MEMORY: u32 = 0x8;
/// `HEAP_GENERATE_EXCEPTIONS`: no memory is an exception.
const GENERATE_EXCEPTIONS: u32 = 0x4;
/// `HEAP_REALLOC_IN_PLACE_ONLY`: fail rather than move.
const IN_PLACE_ONLY: u32 = 0x10;
/// Marks a heap, as on Windows.
const SIGNATURE: u32 = 0xEEFF_EEFF;
/// Largest block, with its header, that is not a region of its own.
const LARGEST_SMALL: u32 = 0x7F000;
/// What sizes that do not fit report.
const NO_SIZE: u32 = 0xFFFF_FFFF;
/// Alignment of every block.
const ALIGNMENT: usize = 8;
/// Heaps that the PEB can list.
const LISTED_HEAPS: usize = 16;

/// What stands at the beginning of a heap's first region.
#[repr(C)]
struct Heap {
    entry: [u32; 2],
    signature: u32,
    flags: u32,
    force_flags: u32,
    lock: CriticalSection,
    state: UnsafeCell<State>,
}

/// What changes with every call (H1).
struct State {
    talc: Talc<Growth, DefaultBinning>,
    lookaside: Lookaside,
    young: Young,
    large: large::List,
}

/// The PEB's list of heaps.
static HEAPS: HeapList = HeapList(UnsafeCell::new([0; LISTED_HEAPS]));

struct HeapList(UnsafeCell<[u32; LISTED_HEAPS]>);

// SAFETY: the array is only written by `list_heap`, word by word through its address, and read by debuggers.
unsafe impl Sync for HeapList {}

pub(super) fn memory() -> ThisProcess {
    // SAFETY: this room touches its own headers and regions, under the heap's lock.
    unsafe { ThisProcess::new() }
}

/// The heap with handle `handle`, if that is one. A wild handle faults, as on Windows.
fn heap_at(handle: u32) -> Option<&'static Heap> {
    let is_heap = handle != 0 && handle.is_multiple_of(0x1000) && memory().read_u32(handle + 8) == SIGNATURE;
    // SAFETY: the signature says that `create` made a heap here, which lives until `RtlDestroyHeap`; the caller of a
    // heap function promises not to use a heap that it destroys meanwhile.
    is_heap.then(|| unsafe { &*(handle as *const Heap) })
}

impl Heap {
    /// Runs `act` on the state, under the lock unless the caller promised to be alone (H1).
    fn with<Result>(&self, flags: u32, act: impl FnOnce(&mut State) -> Result) -> Result {
        let serialised = (flags | self.flags) & NO_SERIALIZE == 0;
        if serialised {
            self.lock.enter();
        }
        // SAFETY: H1: nobody else has the state while this call lasts, and `act` enters no heap function.
        let result = act(unsafe { &mut *self.state.get() });
        if serialised {
            self.lock.leave();
        }
        result
    }
}

/// Makes a heap that reserves `reserve` bytes and commits `commit` of them (0: the defaults). 0 for no memory.
pub(crate) fn create(flags: u32, reserve: u32, commit: u32) -> u32 {
    let reserve = if reserve == 0 { peb().heap_reserve().max(growth::DEFAULT_RESERVE) } else { reserve };
    let Some((base, mut source)) = Growth::first(flags & GROWABLE != 0, reserve.max(commit), commit) else {
        return 0;
    };
    let start = base + size_of::<Heap>() as u32;
    let young = if source.unclaimed(base) < young::LEAST { start } else { start + young::YOUNG };
    let mut talc = Talc::new(source);
    if young != start {
        talc.source.keep_back(young);
    } else if !claim_rest(&mut talc, start) {
        talc.source.release_all(base);
        return 0;
    }
    let heap = Heap {
        entry: [0; 2],
        signature: SIGNATURE,
        flags,
        force_flags: 0,
        lock: CriticalSection::new(),
        state: UnsafeCell::new(State {
            talc,
            lookaside: Lookaside::new(),
            young: Young::new(start, young),
            large: large::List::default(),
        }),
    };
    // SAFETY: the region begins with room for a `Heap`, aligned to 64 KB.
    unsafe { (base as *mut Heap).write(heap) };
    list_heap(base);
    base
}

/// Gives `talc` all of its first region from `start` on, the end of the heap's own data; false where that is too little.
fn claim_rest(talc: &mut Talc<Growth, DefaultBinning>, start: u32) -> bool {
    let size = talc.source.unclaimed(start);
    // SAFETY: the committed rest of a region that nobody else uses; H1 keeps it that way.
    let end = unsafe { talc.claim(start as *mut u8, size as usize) };
    end.inspect(|end| talc.source.claimed_to(*end)).is_some()
}

/// Notes a heap in the PEB, as far as its list has room.
fn list_heap(base: u32) {
    let (peb, count) = (peb(), peb().heap_count());
    peb.set_maximum_heaps(LISTED_HEAPS as u32);
    peb.set_heaps(HEAPS.0.get() as u32);
    if (count as usize) < LISTED_HEAPS {
        memory().write_u32(HEAPS.0.get() as u32 + 4 * count, base);
        peb.set_heap_count(count + 1);
    }
}

/// Takes a heap off the PEB's list; the last one takes its place.
fn unlist_heap(base: u32) {
    let (peb, heaps) = (peb(), HEAPS.0.get() as u32);
    let count = peb.heap_count().min(LISTED_HEAPS as u32);
    if let Some(index) = (0..count).find(|index| memory().read_u32(heaps + 4 * index) == base) {
        memory().write_u32(heaps + 4 * index, memory().read_u32(heaps + 4 * (count - 1)));
        peb.set_heap_count(count - 1);
    }
}

/// `size` bytes from heap `handle`, or 0.
pub(crate) fn allocate(handle: u32, size: u32) -> u32 {
    allocate_with(handle, 0, size)
}

fn allocate_with(handle: u32, flags: u32, size: u32) -> u32 {
    let Some(heap) = heap_at(handle) else { return 0 };
    let address = heap.with(flags, |state| allocate_in(state, heap.flags, size)).unwrap_or(0);
    if address != 0 && (flags | heap.flags) & ZERO_MEMORY != 0 {
        zero(address, 0, size);
    }
    address
}

fn allocate_in(state: &mut State, flags: u32, size: u32) -> Option<u32> {
    let start = match state.lookaside.take(size).or_else(|| state.first_of(size)) {
        Some(start) => start,
        None if size > LARGEST_SMALL - HEADER => return state.allocate_large(flags, size),
        None => state.carve(size)?,
    };
    Some(Block::write(start, size, Kind::Small).address())
}

impl State {
    /// A block of `size` bytes that is one of the heap's first.
    #[inline(always)]
    fn first_of(&mut self, size: u32) -> Option<u32> {
        if lookaside::keeps(size) { self.young.cut(layout(size).size() as u32) } else { None }
    }

    #[cold]
    #[inline(never)]
    fn allocate_large(&mut self, flags: u32, size: u32) -> Option<u32> {
        size.checked_add(HEADER).filter(|_| flags & GROWABLE != 0)?;
        self.large.allocate(size)
    }

    #[cold]
    #[inline(never)]
    fn free_large(&mut self, block: Block) {
        self.large.free(block);
    }

    /// A small block of `talc`'s; where it has none, those that were kept aside go back to it first.
    #[inline(never)]
    fn carve(&mut self, size: u32) -> Option<u32> {
        for _ in 0..2 {
            // SAFETY: the size is not zero.
            if let Some(block) = unsafe { self.talc.allocate(layout(size)) } {
                return Some(block.as_ptr() as u32);
            }
            if !self.give_back_kept() {
                break;
            }
        }
        None
    }

    /// Gives all blocks that were kept aside back to `talc`; false where there was none.
    #[cold]
    #[inline(never)]
    fn give_back_kept(&mut self) -> bool {
        let mut any = false;
        while let Some((start, size)) = self.lookaside.drain(&self.young) {
            any = true;
            // SAFETY: `talc` gave the block out with this layout, and nobody has it.
            unsafe { self.talc.deallocate(start as *mut u8, layout(size)) };
        }
        any
    }

    /// A small block that is not out any more.
    #[inline(always)]
    fn put_away(&mut self, block: Block) {
        if !self.lookaside.keep(block.start(), block.size(), self.young.has(block.start())) {
            self.give_back(block);
        }
    }

    #[inline(never)]
    fn give_back(&mut self, block: Block) {
        // SAFETY: H2: `talc` gave this block out with this layout, and it is not out any more.
        unsafe { self.talc.deallocate(block.start() as *mut u8, layout(block.size())) };
    }
}

/// How `talc` knows a small block of `size` bytes: all of a multiple of the alignment, so that any block of a size may serve again.
fn layout(size: u32) -> Layout {
    let whole = (size.max(1) + HEADER).next_multiple_of(ALIGNMENT as u32);
    // SAFETY: a power of two, and small sizes do not overflow.
    unsafe { Layout::from_size_align_unchecked(whole as usize, ALIGNMENT) }
}

fn zero(address: u32, from: u32, to: u32) {
    let (start, count) = (address.wrapping_add(from) as *mut u8, to.saturating_sub(from) as usize);
    // SAFETY: the bytes belong to a block that was just allocated or grown and that nobody else uses yet.
    unsafe { start.write_bytes(0, count) };
}

/// Returns a block to heap `handle`; false if it is none.
pub(crate) fn free(handle: u32, address: u32) -> bool {
    free_with(handle, 0, address)
}

fn free_with(handle: u32, flags: u32, address: u32) -> bool {
    let Some(heap) = heap_at(handle) else { return false };
    heap.with(flags, |state| {
        let Some(block) = Block::at(address) else { return false };
        block.erase();
        match block.kind() {
            Kind::Small => state.put_away(block),
            Kind::Large => state.free_large(block),
        }
        true
    })
}

/// Changes a block's size, in place or by moving it.
fn reallocate(handle: u32, flags: u32, address: u32, size: u32) -> u32 {
    let Some(heap) = heap_at(handle) else { return 0 };
    let Some(block) = Block::at(address) else { return 0 };
    let old = block.size();
    let moved = if heap.with(flags, |state| resize_in_place(state, block, size)) {
        address
    } else if flags & IN_PLACE_ONLY != 0 {
        0
    } else {
        move_block(handle, flags & !ZERO_MEMORY, block, size)
    };
    if moved != 0 && (flags | heap.flags) & ZERO_MEMORY != 0 {
        zero(moved, old, size);
    }
    moved
}

fn resize_in_place(state: &mut State, block: Block, size: u32) -> bool {
    let fits = match block.kind() {
        Kind::Large => large::has_room(block, size),
        Kind::Small if size > LARGEST_SMALL - HEADER => false,
        Kind::Small if layout(size) == layout(block.size()) => true,
        Kind::Small if state.young.has(block.start()) => {
            let [old, new] = [block.size(), size].map(|size| layout(size).size() as u32);
            lookaside::keeps(size) && state.young.resize(block.start(), old, new)
        }
        Kind::Small => {
            let (start, new) = (block.start() as *mut u8, layout(size).size());
            // SAFETY: H2: `talc` gave the block out with this layout; the new size is not zero.
            unsafe { state.talc.try_realloc_in_place(start, layout(block.size()), new) }
        }
    };
    if fits {
        Block::write(block.start(), size, block.kind());
    }
    fits
}

fn move_block(handle: u32, flags: u32, block: Block, size: u32) -> u32 {
    let target = allocate_with(handle, flags, size);
    if target != 0 {
        let count = block.size().min(size) as usize;
        // SAFETY: both blocks are out and hold that many bytes; the new one is nobody else's.
        unsafe { (target as *mut u8).copy_from_nonoverlapping(block.address() as *const u8, count) };
        free_with(handle, flags, block.address());
    }
    target
}

/// Makes a heap. A base, a lock or parameters of the caller's are not supported and refused.
///
/// # Safety
/// None beyond the signature; the pointers are only compared.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlCreateHeap(
    flags: u32,
    base: u32,
    reserve: u32,
    commit: u32,
    lock: u32,
    _parameters: u32,
) -> u32 {
    if base != 0 || lock != 0 { 0 } else { create(flags, reserve, commit) }
}

/// Ends a heap and returns all its memory. The process heap cannot be ended. Returns 0, or the handle on failure.
///
/// # Safety
/// Nobody uses the heap or its blocks any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlDestroyHeap(handle: u32) -> u32 {
    let Some(heap) = heap_at(handle).filter(|_| handle != peb().heap()) else { return handle };
    unlist_heap(handle);
    let mut source = heap.with(0, |state| {
        state.large.free_all();
        core::mem::replace(&mut state.talc.source, Growth::empty())
    });
    memory().write_u32(handle + 8, 0);
    source.release_all(handle);
    0
}

/// Allocates a block; 0 for no memory.
///
/// # Safety
/// With `HEAP_NO_SERIALIZE`, nobody else uses the heap meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlAllocateHeap(handle: u32, flags: u32, size: u32) -> u32 {
    or_exception(handle, flags, allocate_with(handle, flags, size))
}

/// Frees a block; a null pointer is nothing to free. False for what is no block.
///
/// # Safety
/// The block is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlFreeHeap(handle: u32, flags: u32, address: u32) -> u32 {
    u32::from(address == 0 || free_with(handle, flags, address))
}

/// Changes the size of a block; 0 if that fails, and the block stays as it was.
///
/// # Safety
/// If the block moves, the old address is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlReAllocateHeap(handle: u32, flags: u32, address: u32, size: u32) -> u32 {
    or_exception(handle, flags, reallocate(handle, flags, address, size))
}

/// `address`, or where it is 0 and the caller or the heap wants that, an exception.
fn or_exception(handle: u32, flags: u32, address: u32) -> u32 {
    if address == 0 && heap_at(handle).is_some_and(|heap| (flags | heap.flags) & GENERATE_EXCEPTIONS != 0) {
        let mut record = ExceptionRecord::new(Status::NO_MEMORY.0, 0, &[]);
        // SAFETY: the record lives until a handler has answered.
        unsafe { RtlRaiseException(&raw mut record) };
    }
    address
}

/// The size of a block as it was asked for, or FFFFFFFF.
///
/// # Safety
/// The heap is alive.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlSizeHeap(_handle: u32, _flags: u32, address: u32) -> u32 {
    Block::at(address).map_or(NO_SIZE, Block::size)
}

/// Whether `address` is a block, or, for 0, `handle` a heap.
///
/// # Safety
/// The heap is alive.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlValidateHeap(handle: u32, _flags: u32, address: u32) -> u8 {
    u8::from(heap_at(handle).is_some() && (address == 0 || Block::at(address).is_some()))
}

/// Takes the heap's lock.
///
/// # Safety
/// The heap is alive.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlLockHeap(handle: u32) -> u8 {
    heap_at(handle).map_or(0, |heap| {
        heap.lock.enter();
        1
    })
}

/// Gives the heap's lock back.
///
/// # Safety
/// This thread has the lock.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlUnlockHeap(handle: u32) -> u8 {
    heap_at(handle).map_or(0, |heap| {
        heap.lock.leave();
        1
    })
}

/// The end of what `talc` has claimed so far, as it reports it.
type ClaimEnd = NonNull<u8>;
