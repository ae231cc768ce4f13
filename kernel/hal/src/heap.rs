//! The heap of Rust's own `alloc`. NT structures do not live here but in pool.
//!
//! It starts with what the boot code gives it and grows by pages that the memory manager maps behind it. Programs choose how
//! long their names and buffers are, so an allocation of [`LARGE`] bytes or more may fail, and does before it would take the
//! last [`RESERVE`] bytes that cannot be replaced: those are for what the kernel itself needs and cannot do without.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use linked_list_allocator::{Heap, LockedHeap};
use mm::layout::{PAGE_SIZE, VirtualAddress};
use mm::pte::{VALID, WRITE};

use crate::page_tables::raw_entry;

/// Bytes from which on an allocation can fail; whoever makes one is ready for that. The longest name and what is made of it are
/// smaller: they come from the reserve.
pub const LARGE: usize = 2048;
/// Bytes that large allocations leave.
const RESERVE: usize = 0x2_0000;
/// Pages that are added at least.
const STEP: u32 = 4;

/// Maps a page at this address, readable and writable, for good; whether it could.
pub type MapPage = fn(u32) -> bool;

/// Whether an allocation that can fail is to.
pub type IsRefused = fn() -> bool;

static HEAP: LockedHeap = LockedHeap::empty();
/// Where the next page goes, 0 as long as the heap cannot grow; and the address it never grows past.
static NEXT: AtomicU32 = AtomicU32::new(0);
static END: AtomicU32 = AtomicU32::new(0);
/// The [`MapPage`] that was given, or null.
static MAP_PAGE: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());
/// The [`IsRefused`] that was given, or null.
static IS_REFUSED: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

#[global_allocator]
static KERNEL_HEAP: KernelHeap = KernelHeap;

struct KernelHeap;

// SAFETY: blocks come from one heap under its lock, and go back to it; growing gives it memory that nobody else has.
unsafe impl GlobalAlloc for KernelHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE && is_refused() {
            return core::ptr::null_mut();
        }
        loop {
            let block = try_allocate(&mut HEAP.lock(), layout);
            if !block.is_null() || !grow(layout.size()) {
                return block;
            }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(block) = core::ptr::NonNull::new(block) {
            // SAFETY: the caller's promise: the block came from this heap with this layout.
            unsafe { HEAP.lock().deallocate(block, layout) };
        }
    }
}

/// Whether an allocation of [`LARGE`] bytes or more is to fail though there may be room.
fn is_refused() -> bool {
    let is_refused = IS_REFUSED.load(Ordering::Relaxed);
    // SAFETY: the pointer is the function that `let_fail` was given.
    !is_refused.is_null() && unsafe { core::mem::transmute::<*mut (), IsRefused>(is_refused) }()
}

/// A block, or null where there is none or it would be taken from the reserve.
fn try_allocate(heap: &mut Heap, layout: Layout) -> *mut u8 {
    if layout.size() >= LARGE && heap.free() < layout.size() + RESERVE {
        return core::ptr::null_mut();
    }
    heap.allocate_first_fit(layout).map_or(core::ptr::null_mut(), core::ptr::NonNull::as_ptr)
}

/// Adds pages for `bytes` bytes more; whether any came. The lock is not held meanwhile, and mapping a page allocates nothing.
fn grow(bytes: usize) -> bool {
    let map_page = MAP_PAGE.load(Ordering::Relaxed);
    if map_page.is_null() {
        return false;
    }
    // SAFETY: the pointer is the function that `let_grow` was given.
    let map_page = unsafe { core::mem::transmute::<*mut (), MapPage>(map_page) };
    let wanted = (bytes as u32).div_ceil(PAGE_SIZE).saturating_add(1).max(STEP);
    let mut added = 0;
    while added < wanted {
        let page = NEXT.load(Ordering::Relaxed);
        if page >= END.load(Ordering::Relaxed) || !map_page(page) || !is_writable(page) {
            break;
        }
        NEXT.store(page + PAGE_SIZE, Ordering::Relaxed);
        // SAFETY: the page lies right behind the heap, in the range that is kept for it, and can be written.
        unsafe { HEAP.lock().extend(PAGE_SIZE as usize) };
        added += 1;
    }
    added == wanted
}

/// Whether the page at `address` has a frame that the kernel may write.
fn is_writable(address: u32) -> bool {
    raw_entry(VirtualAddress(address)) & (VALID | WRITE) == VALID | WRITE
}

/// Gives the heap `size` bytes from `start` on, and the addresses up to `end` to grow into.
///
/// # Safety
/// The range of `size` bytes is mapped, writable, used by nothing else, and given only once. What is mapped later between it
/// and `end` is the heap's.
pub unsafe fn initialise(start: u32, size: u32, end: u32) {
    // SAFETY: the caller's duty.
    unsafe { HEAP.lock().init(start as *mut u8, size as usize) };
    NEXT.store(start + size, Ordering::Relaxed);
    END.store(end, Ordering::Relaxed);
}

/// Lets the heap grow from now on, through `map_page`, which does not allocate from it.
pub fn let_grow(map_page: MapPage) {
    MAP_PAGE.store(map_page as *mut (), Ordering::Relaxed);
}

/// Large allocations fail from now on where `is_refused` says so.
pub fn let_fail(is_refused: IsRefused) {
    IS_REFUSED.store(is_refused as *mut (), Ordering::Relaxed);
}

/// Bytes in use and bytes free.
pub fn usage() -> (u32, u32) {
    let heap = HEAP.lock();
    (heap.used() as u32, heap.free() as u32)
}
