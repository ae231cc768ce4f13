//! Rust's own allocations in this DLL come from the process heap.

use core::alloc::{GlobalAlloc, Layout};

use user_ffi::peb;

use super::{allocate, free, reallocate};

struct ProcessHeap;

#[global_allocator]
static PROCESS_HEAP: ProcessHeap = ProcessHeap;

// SAFETY: blocks come from the process heap, which is serialised, aligns to 8 and never hands out a block twice.
unsafe impl GlobalAlloc for ProcessHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > super::ALIGNMENT {
            return core::ptr::null_mut();
        }
        allocate(peb().heap(), layout.size() as u32) as *mut u8
    }

    unsafe fn realloc(&self, pointer: *mut u8, _layout: Layout, size: usize) -> *mut u8 {
        reallocate(peb().heap(), 0, pointer as u32, size as u32) as *mut u8
    }

    unsafe fn dealloc(&self, pointer: *mut u8, _layout: Layout) {
        free(peb().heap(), pointer as u32);
    }
}
