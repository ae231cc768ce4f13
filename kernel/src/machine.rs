//! The machine that the memory manager manages: its traits, handed on to `hal`. Links are in `links.rs`.

use mm::events::EventRing;
use mm::layout::{FrameNumber, VirtualPage};
use mm::machine::{FrameBytes, Kept, PageTables};
use mm::pte::PteCell;

use hal::{frame_bytes, page_tables};

/// The processor and RAM this kernel runs on.
#[derive(Clone, Copy, Debug)]
pub struct Hardware;

/// It.
pub static HARDWARE: Hardware = Hardware;

impl PageTables for Hardware {
    #[inline(always)]
    fn exchange(&self, cell: &PteCell, raw: u64) -> u64 {
        page_tables::exchange(cell, raw)
    }

    #[inline(always)]
    fn flush(&self, page: VirtualPage) {
        page_tables::flush(page);
    }

    #[inline(always)]
    fn flush_user(&self) {
        page_tables::flush_user();
    }

    fn write_back_caches(&self) {
        page_tables::write_back_caches();
    }
}

/// The moves of frames, part of the kernel's image.
static EVENTS: EventRing = EventRing::EMPTY;

impl Kept for Hardware {
    #[inline(always)]
    fn events(&self) -> &EventRing {
        &EVENTS
    }
}

impl FrameBytes for Hardware {
    fn zero(&self, frame: FrameNumber) {
        frame_bytes::zero(frame);
    }

    fn zero_all(&self, frames: &[FrameNumber]) {
        frame_bytes::zero_all(frames);
    }

    fn copy(&self, from: FrameNumber, to: FrameNumber) {
        frame_bytes::copy(from, to);
    }

    fn read(&self, frame: FrameNumber, offset: u32, into: &mut [u8]) {
        frame_bytes::read(frame, offset, into);
    }

    fn write(&self, frame: FrameNumber, offset: u32, from: &[u8]) {
        frame_bytes::write(frame, offset, from);
    }

    #[inline(always)]
    fn read_entry(&self, frame: FrameNumber, index: u32) -> u64 {
        frame_bytes::read_entry(frame, index)
    }

    #[inline(always)]
    fn write_entry(&self, frame: FrameNumber, index: u32, raw: u64) {
        frame_bytes::write_entry(frame, index, raw);
    }
}
