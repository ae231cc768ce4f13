//! Where the kernel image and its boot pages are, as the linker placed them.

use mm::frame::FrameRun;
use mm::layout::{FrameNumber, PAGE_SIZE};

/// Virtual minus physical address of every byte of the image.
pub const IMAGE_OFFSET: u32 = 0x8000_0000;

unsafe extern "C" {
    static image_start: u8;
    static image_end: u8;
    static text_start: u8;
    static rodata_start: u8;
    static boot_pointers: u8;
    static boot_page_directories: u8;
    static boot_stack_bottom: u8;
    static boot_stack_top: u8;
    static boot_symbols: u8;
    static boot_symbols_end: u8;
    static boot_time_stamp: [u32; 2];
}

macro_rules! address {
    ($symbol:ident) => {
        (&raw const $symbol) as u32
    };
}

/// The frames of the image, with its bss, page tables and stack.
pub fn frames() -> FrameRun {
    let start = address!(image_start) - IMAGE_OFFSET;
    let size = address!(image_end) - address!(image_start);
    FrameRun { base: FrameNumber(start / PAGE_SIZE), count: size / PAGE_SIZE }
}

/// First address of the image.
pub fn base() -> u32 {
    address!(image_start)
}

/// First address and first address past the instructions.
pub fn text() -> (u32, u32) {
    (address!(text_start), address!(rodata_start))
}

/// Physical address of the System process's page-directory-pointer table.
pub fn directory_pointers() -> u32 {
    address!(boot_pointers) - IMAGE_OFFSET
}

/// The four page directories of the System process.
pub fn page_directories() -> [FrameNumber; 4] {
    let first = (address!(boot_page_directories) - IMAGE_OFFSET) / PAGE_SIZE;
    core::array::from_fn(|index| FrameNumber(first + index as u32))
}

/// Lowest address of the start-up stack and the address past it.
pub fn stack() -> (u32, u32) {
    (address!(boot_stack_bottom), address!(boot_stack_top))
}

/// The packed symbols of the image.
pub fn symbols() -> &'static [u8] {
    let start = &raw const boot_symbols;
    let length = address!(boot_symbols_end) - address!(boot_symbols);
    // The section is filled after linking: the compiler must not know what is in it.
    let start = core::hint::black_box(start);
    // SAFETY: the section is part of the image, read-only and mapped for good.
    unsafe { core::slice::from_raw_parts(start, length as usize) }
}

/// The time-stamp counter at the kernel's entry.
pub fn entry_time_stamp() -> u64 {
    // SAFETY: the entry code wrote both words before any Rust ran, and nothing writes them since.
    let [low, high] = unsafe { (&raw const boot_time_stamp).read() };
    u64::from(low) | u64::from(high) << 32
}
