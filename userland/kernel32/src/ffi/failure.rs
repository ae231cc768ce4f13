//! This DLL's own allocations, and what happens when it is itself wrong.

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use user_ffi::peb;

use super::nt::{CURRENT_PROCESS, DbgPrint, NtTerminateProcess, RtlAllocateHeap, RtlFreeHeap, RtlReAllocateHeap};

/// `STATUS_INTERNAL_ERROR`.
const INTERNAL_ERROR: u32 = 0xC000_00E5;
/// Every heap block is aligned to this.
const HEAP_ALIGNMENT: usize = 8;

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

#[panic_handler]
fn panicked(information: &PanicInfo<'_>) -> ! {
    if let Some(place) = information.location() {
        let (file, length, line) = (place.file().as_ptr(), place.file().len(), place.line());
        // SAFETY: the format names a string with its length, and a number.
        unsafe { DbgPrint(c"kernel32: internal error at %.*s:%u\n".as_ptr().cast(), length, file, line) };
    }
    terminate(INTERNAL_ERROR)
}

/// Ends the process at once.
pub(super) fn terminate(status: u32) -> ! {
    loop {
        // SAFETY: ending the process leaves nothing behind that could be unsound.
        unsafe { NtTerminateProcess(CURRENT_PROCESS, status) };
    }
}
