//! The allocations of a DLL above ntdll: they come from the process heap.

/// Every block of ntdll's heaps is aligned to this, in bytes.
pub const HEAP_ALIGNMENT: usize = 8;

/// Makes the process heap the global allocator of a DLL, which declares `RtlAllocateHeap`, `RtlReAllocateHeap` and
/// `RtlFreeHeap` in the module `$nt`.
#[macro_export]
macro_rules! process_heap {
    ($nt:path) => {
        const _: () = {
            use core::alloc::{GlobalAlloc, Layout};
            use $crate::{HEAP_ALIGNMENT, peb};
            use $nt::{RtlAllocateHeap, RtlFreeHeap, RtlReAllocateHeap};

            struct ProcessHeap;

            #[global_allocator]
            static PROCESS_HEAP: ProcessHeap = ProcessHeap;

            // SAFETY: blocks come from the process heap, which is serialised, aligns to 8 and never hands out a block twice.
            unsafe impl GlobalAlloc for ProcessHeap {
                unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
                    if layout.align() > HEAP_ALIGNMENT {
                        return core::ptr::null_mut();
                    }
                    // SAFETY: the process heap lives as long as the process.
                    unsafe { RtlAllocateHeap(peb().heap(), 0, layout.size() as u32) as *mut u8 }
                }

                unsafe fn realloc(&self, pointer: *mut u8, _layout: Layout, size: usize) -> *mut u8 {
                    // SAFETY: the block came from `alloc`, and is not used where it was if it moves.
                    unsafe { RtlReAllocateHeap(peb().heap(), 0, pointer as u32, size as u32) as *mut u8 }
                }

                unsafe fn dealloc(&self, pointer: *mut u8, _layout: Layout) {
                    // SAFETY: the block came from `alloc` and is not used any more.
                    unsafe { RtlFreeHeap(peb().heap(), 0, pointer as u32) };
                }
            }
        };
    };
}
