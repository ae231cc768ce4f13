//! Where the shell meets Windows: its entry, its memory, and the system as it asks for it.

mod import;
mod record;
mod streams;
mod windows;

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use import::{ExitProcess, GetProcessHeap, HeapAlloc, HeapFree};
use shell::Shell;
use shell::parse::command_of;
use windows::Windows;

struct ProcessHeap;

#[global_allocator]
static PROCESS_HEAP: ProcessHeap = ProcessHeap;

// SAFETY: blocks come from the process heap, which aligns to 8 and never hands out a block twice.
unsafe impl GlobalAlloc for ProcessHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > 8 {
            return core::ptr::null_mut();
        }
        // SAFETY: it has no arguments.
        let heap = unsafe { GetProcessHeap() };
        // SAFETY: the process heap lives as long as the process.
        unsafe { HeapAlloc(heap, 0, layout.size() as u32) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, _layout: Layout) {
        // SAFETY: it has no arguments.
        let heap = unsafe { GetProcessHeap() };
        // SAFETY: the block came from `alloc` and is not used any more.
        unsafe { HeapFree(heap, 0, pointer) };
    }
}

#[panic_handler]
fn panicked(information: &PanicInfo<'_>) -> ! {
    let mut system = Windows::new();
    let text = alloc::format!("\r\nthe shell is wrong: {information}\r\n");
    shell::System::write(&mut system, text.as_bytes());
    exit(0xC000_00E5)
}

fn exit(status: u32) -> ! {
    // SAFETY: the program asks for its own end.
    unsafe { ExitProcess(status) }
}

/// Where the program begins.
#[unsafe(no_mangle)]
extern "system" fn start() -> ! {
    let line = windows::command_line();
    exit(match command_of(&line) {
        Some(command) => Shell::new(Windows::for_command()).run_command(command),
        None => Shell::new(Windows::new()).run(),
    })
}
