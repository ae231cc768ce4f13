//! Windows onto frames: kernel pages from C0A00000 on through which any frame of RAM is reached, mapped or not.
//!
//! Every use has slots of its own, so that no use disturbs another's. A window is left as it is afterwards, and asking for
//! the frame it shows already costs nothing. The page table of the windows is the same in every address space.
//!
//! * **W1** Windows are used by the running code only, between two switches of stacks, never by an interrupt handler.
//! * **W2** A window is written through only while its user holds the frame by the rules of the memory manager, or where it is no
//!   RAM, but a driver's alone.

use core::sync::atomic::{AtomicU32, Ordering};

use mm::layout::{FrameNumber, PAGE_SIZE, PAGE_TABLES, WINDOWS};
use mm::pte::{NO_EXECUTE, PteCell, ValidPte};

use crate::page_tables;

/// Which window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Slot {
    Zero,
    CopyFrom,
    CopyTo,
    Bytes,
    Entry,
}

/// First slot of those through which several frames are zeroed at a time, and how many there are.
const ZERO_ALL: u32 = 8;
pub(crate) const ZERO_ALL_SLOTS: usize = 8;

/// First slot and number of slots for looking at what the boot loader left.
const LONG_VIEW: u32 = 16;
const LONG_VIEW_PAGES: u32 = 256;

static NO_EXECUTE_BIT: AtomicU32 = AtomicU32::new(0);

/// Says whether entries may carry NX.
pub fn set_no_execute(present: bool) {
    NO_EXECUTE_BIT.store(if present { (NO_EXECUTE >> 32) as u32 } else { 0 }, Ordering::Relaxed);
}

/// [`NO_EXECUTE`] where the processor has it, else 0.
pub fn no_execute() -> u64 {
    u64::from(NO_EXECUTE_BIT.load(Ordering::Relaxed)) << 32
}

fn cell(slot: u32) -> &'static PteCell {
    let address = PAGE_TABLES + (((WINDOWS >> 12) + slot) << 3);
    // SAFETY: the page table of the windows is part of every address space.
    unsafe { &*(address as *const PteCell) }
}

/// Shows `frame` in window `slot` and returns its address.
#[inline(always)]
fn show(slot: u32, frame: FrameNumber) -> u32 {
    let address = WINDOWS + slot * PAGE_SIZE;
    let cell = cell(slot);
    let entry = ValidPte::system(frame, no_execute()).0;
    if cell.load() != entry {
        page_tables::exchange(cell, entry);
        page_tables::flush(mm::layout::VirtualAddress(address).page());
    }
    address
}

/// The bytes of `frame` in window `slot`.
#[inline(always)]
pub(crate) fn window(slot: Slot, frame: FrameNumber) -> *mut u8 {
    show(slot as u32, frame) as *mut u8
}

/// The bytes of `frames`, at most [`ZERO_ALL_SLOTS`], in windows in a row.
#[inline(always)]
pub(crate) fn windows_in_a_row(frames: &[FrameNumber]) -> *mut u8 {
    assert!(frames.len() <= ZERO_ALL_SLOTS, "more frames than windows");
    frames.iter().zip(ZERO_ALL..).for_each(|(frame, slot)| _ = show(slot, *frame));
    (WINDOWS + ZERO_ALL * PAGE_SIZE) as *mut u8
}

/// Shows `length` bytes of physical memory from `start` on to `look`, or fails if that is more than a megabyte.
///
/// For start-up, before anything else runs. `look` must not ask for another view.
pub fn view<R>(start: u64, length: u32, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
    let offset = (start & u64::from(PAGE_SIZE - 1)) as u32;
    let pages = offset.checked_add(length)?.div_ceil(PAGE_SIZE);
    if pages > LONG_VIEW_PAGES || start >> 36 != 0 {
        return None;
    }
    let first = FrameNumber((start >> 12) as u32);
    for page in 0..pages {
        show(LONG_VIEW + page, FrameNumber(first.0 + page));
    }
    let address = WINDOWS + LONG_VIEW * PAGE_SIZE + offset;
    // SAFETY: the pages were just mapped in a row; nothing writes to them while `look` runs (W1).
    let bytes = unsafe { core::slice::from_raw_parts(address as *const u8, length as usize) };
    Some(look(bytes))
}
