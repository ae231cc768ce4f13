//! The bytes of frames, through windows: `mm::machine::FrameBytes` as functions.
//!
//! Source of the loops: Intel SDM volume 1, section 10.4 (`movaps`, `movups`).

use core::arch::asm;
use core::ptr;

use mm::layout::{FrameNumber, PAGE_SIZE};
use mm::pte::PteCell;

use crate::cpu;
use crate::registers::{CR0_TASK_SWITCHED, cr0, set_cr0};
use crate::windows::{Slot, ZERO_ALL_SLOTS, window, windows_in_a_row};

/// Fills `frame` with zeros.
#[doc(alias = "MiZeroPhysicalPage")]
pub fn zero(frame: FrameNumber) {
    let page = window(Slot::Zero, frame);
    // SAFETY: the window is one writable page, and `frame` is the caller's (W2).
    unsafe { zero_pages(page, 1) };
}

/// Fills each of `frames` with zeros, several at a time.
pub fn zero_all(frames: &[FrameNumber]) {
    for frames in frames.chunks(ZERO_ALL_SLOTS) {
        let pages = windows_in_a_row(frames);
        // SAFETY: the windows are as many writable pages, and the frames are the caller's (W2).
        unsafe { zero_pages(pages, frames.len() as u32) };
    }
}

/// Fills `count` pages, at least one, with zeros from `page` on.
///
/// # Safety
/// The pages are mapped and writable, and nobody else looks at them meanwhile.
pub unsafe fn zero_pages(page: *mut u8, count: u32) {
    if cpu::has_sse() {
        // SAFETY: the caller's promise.
        return with_sse(|| unsafe { zero_with_sse(page, count * PAGE_SIZE) });
    }
    let words = count * (PAGE_SIZE / 4);
    // SAFETY: the caller's promise.
    unsafe {
        asm!("rep stosd", inout("edi") page => _, inout("ecx") words => _, in("eax") 0, options(nostack, preserves_flags))
    };
}

/// Runs `section`, which leaves the SSE registers as they are, although they may belong to a thread that is not running.
fn with_sse(section: impl FnOnce()) {
    let control = cr0();
    let trap = control & CR0_TASK_SWITCHED != 0;
    if trap {
        // SAFETY: nothing reads the registers but `section`, which restores them.
        unsafe { asm!("clts", options(nomem, nostack, preserves_flags)) };
    }
    section();
    if trap {
        // SAFETY: the value that was there.
        unsafe { set_cr0(control) };
    }
}

/// Fills `bytes` bytes, a multiple of 256, from `start` on, which is aligned, and leaves the registers as they were.
///
/// # Safety
/// As [`zero_pages`], with SSE there and in the caller's hands.
unsafe fn zero_with_sse(start: *mut u8, bytes: u32) {
    let mut saved = [0u32; 4];
    // SAFETY: stores as many bytes as the caller promised are there; xmm0 is put back.
    unsafe {
        asm!(
            "movups [{saved}], xmm0",
            "xorps xmm0, xmm0",
            "2:",
            "movaps [{start}], xmm0",
            "movaps [{start} + 0x10], xmm0",
            "movaps [{start} + 0x20], xmm0",
            "movaps [{start} + 0x30], xmm0",
            "movaps [{start} + 0x40], xmm0",
            "movaps [{start} + 0x50], xmm0",
            "movaps [{start} + 0x60], xmm0",
            "movaps [{start} + 0x70], xmm0",
            "movaps [{start} + 0x80], xmm0",
            "movaps [{start} + 0x90], xmm0",
            "movaps [{start} + 0xA0], xmm0",
            "movaps [{start} + 0xB0], xmm0",
            "movaps [{start} + 0xC0], xmm0",
            "movaps [{start} + 0xD0], xmm0",
            "movaps [{start} + 0xE0], xmm0",
            "movaps [{start} + 0xF0], xmm0",
            "add {start}, 0x100",
            "sub {bytes}, 0x100",
            "jnz 2b",
            "movups xmm0, [{saved}]",
            saved = in(reg) &mut saved,
            start = inout(reg) start => _,
            bytes = inout(reg) bytes => _,
            options(nostack),
        )
    };
}

/// Copies all of `from` to `to`.
#[doc(alias = "MiCopyPhysicalPage")]
pub fn copy(from: FrameNumber, to: FrameNumber) {
    let source = window(Slot::CopyFrom, from);
    let target = window(Slot::CopyTo, to);
    // SAFETY: both windows are one page and show different addresses; the frames are the caller's (W2).
    unsafe { move_bytes(target, source, PAGE_SIZE) };
}

/// Bytes that [`move_with_sse`] moves at a time.
const BLOCK: u32 = 128;
/// Fewer bytes are not worth the saving of registers.
const WORTH_SSE: u32 = 256;

/// Copies `length` bytes.
///
/// # Safety
/// As `ptr::copy_nonoverlapping`; and neither range faults, for a fault may wait, and another thread then has the registers.
#[inline(always)]
pub(crate) unsafe fn move_bytes(target: *mut u8, source: *const u8, length: u32) {
    if length < WORTH_SSE || !cpu::has_sse() {
        // SAFETY: the caller's promise.
        return unsafe { ptr::copy_nonoverlapping(source, target, length as usize) };
    }
    // SAFETY: the caller's promise, for whole blocks.
    with_sse(|| unsafe { move_with_sse(target, source, length / BLOCK) });
    let done = (length & !(BLOCK - 1)) as usize;
    let (target, source) = (target.wrapping_add(done), source.wrapping_add(done));
    // SAFETY: the caller's promise, for what is left.
    unsafe { ptr::copy_nonoverlapping(source, target, length as usize - done) };
}

/// Copies `blocks` blocks, at least one, and leaves the registers as they were.
///
/// # Safety
/// As [`move_bytes`], with SSE there and in the caller's hands.
unsafe fn move_with_sse(target: *mut u8, source: *const u8, blocks: u32) {
    let mut saved = [0u32; 16];
    // SAFETY: loads and stores as many bytes as the caller promised are there; what is saved fits.
    unsafe {
        asm!(
            "movups [{saved}], xmm0",
            "movups [{saved} + 0x10], xmm1",
            "movups [{saved} + 0x20], xmm2",
            "movups [{saved} + 0x30], xmm3",
            "2:",
            "movups xmm0, [{source}]",
            "movups xmm1, [{source} + 0x10]",
            "movups xmm2, [{source} + 0x20]",
            "movups xmm3, [{source} + 0x30]",
            "movups [{target}], xmm0",
            "movups [{target} + 0x10], xmm1",
            "movups [{target} + 0x20], xmm2",
            "movups [{target} + 0x30], xmm3",
            "movups xmm0, [{source} + 0x40]",
            "movups xmm1, [{source} + 0x50]",
            "movups xmm2, [{source} + 0x60]",
            "movups xmm3, [{source} + 0x70]",
            "movups [{target} + 0x40], xmm0",
            "movups [{target} + 0x50], xmm1",
            "movups [{target} + 0x60], xmm2",
            "movups [{target} + 0x70], xmm3",
            "add {source}, 0x80",
            "add {target}, 0x80",
            "dec {blocks}",
            "jnz 2b",
            "movups xmm0, [{saved}]",
            "movups xmm1, [{saved} + 0x10]",
            "movups xmm2, [{saved} + 0x20]",
            "movups xmm3, [{saved} + 0x30]",
            saved = in(reg) &mut saved,
            source = inout(reg) source => _,
            target = inout(reg) target => _,
            blocks = inout(reg) blocks => _,
            options(nostack),
        )
    };
}

/// Reads from `offset` (bytes) of `frame`.
pub fn read(frame: FrameNumber, offset: u32, into: &mut [u8]) {
    check(offset, into.len());
    let source = window(Slot::Bytes, frame).wrapping_add(offset as usize).cast_const();
    // SAFETY: the range lies within the window; a slice of the kernel's own memory is never a window, and is always there.
    unsafe { move_bytes(into.as_mut_ptr(), source, into.len() as u32) };
}

/// Writes at `offset` (bytes) of `frame`.
pub fn write(frame: FrameNumber, offset: u32, from: &[u8]) {
    check(offset, from.len());
    let target = window(Slot::Bytes, frame).wrapping_add(offset as usize);
    // SAFETY: the range lies within the window, the frame is the caller's (W2), and a slice of the kernel's is always there.
    unsafe { move_bytes(target, from.as_ptr(), from.len() as u32) };
}

fn check(offset: u32, length: usize) {
    assert!(offset <= PAGE_SIZE && length <= (PAGE_SIZE - offset) as usize, "a range beyond its frame");
}

#[inline(always)]
fn entry(frame: FrameNumber, index: u32) -> &'static PteCell {
    let cell = window(Slot::Entry, frame).wrapping_add((index & 0x1FF) as usize * 8).cast::<PteCell>();
    // SAFETY: the cell lies within the window, eight bytes aligned. The reference dies before the window moves: the two
    // callers use it at once.
    unsafe { &*cell }
}

/// Entry `index` (0 to 511) of the page table in `frame`.
#[inline(always)]
pub fn read_entry(frame: FrameNumber, index: u32) -> u64 {
    entry(frame, index).load()
}

/// Stores entry `index` (0 to 511) of the page table in `frame`; a present entry only where no processor uses it.
#[inline(always)]
pub fn write_entry(frame: FrameNumber, index: u32, raw: u64) {
    entry(frame, index).store(raw);
}
