//! The heap of Rust's own `alloc`. NT structures do not live here but in pool.

use linked_list_allocator::LockedHeap;

#[global_allocator]
static HEAP: LockedHeap = LockedHeap::empty();

/// Gives the heap `size` bytes from `start` on.
///
/// # Safety
/// The range is mapped, writable, used by nothing else, and given only once.
pub unsafe fn initialise(start: u32, size: u32) {
    // SAFETY: the caller's duty.
    unsafe { HEAP.lock().init(start as *mut u8, size as usize) };
}
