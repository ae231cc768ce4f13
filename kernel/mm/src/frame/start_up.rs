//! The Free list at start-up: all that is not in use, put on in bulk.
//!
//! A machine with 64 GB has 16 million frames, and each is touched once: its record is written as it will stand, and what
//! lies at the ends of a run is mended afterwards.

use abi::cell::{Link, Record};

use super::boot::BootMemory;
use super::lists::{COLORS, Color, END_OF_LIST};
use super::record::{Flags, Location, Mmpfn};
use super::record_address;
use super::run::FrameRun;
use crate::MemoryManager;
use crate::layout::FrameNumber;
use crate::machine::Machine;

/// The first frame above 4 GB.
pub const FOUR_GIGABYTES: u32 = 0x10_0000;
/// Frames in a row that have each colour once.
const EACH_COLOR: u32 = COLORS as u32;

/// Their records, from a frame of colour 0 on.
#[repr(C)]
struct OneOfEachColor([Mmpfn; COLORS]);
impl Record for OneOfEachColor {}

impl Mmpfn {
    /// Says that frame `number` is free, in the middle of a run of free ones.
    #[inline(always)]
    fn start_free(&self, number: u32, color: Color) {
        self.u1.set(number + 1);
        self.u2.set(number.wrapping_sub(1));
        self.original_pte.low.set(number + EACH_COLOR);
        self.original_pte.high.set(number.wrapping_sub(EACH_COLOR));
        self.start(color, Location::Free, Flags::CACHED);
    }
}

impl<M: Machine> MemoryManager<M> {
    /// Puts all frames that nothing uses on the Free list: those above 4 GB first, so that they are the first to be
    /// allocated and what devices with 32 address bits reach is kept; else ascending.
    pub(super) fn free_all_unused(&self, boot: &BootMemory<'_>) {
        let above = FrameRun::between(FOUR_GIGABYTES, u32::MAX);
        let below = FrameRun::between(0, FOUR_GIGABYTES);
        for part in [above, below] {
            for run in boot.ram {
                let free = run.common(part).without(|| boot.taken());
                free.for_each(|run| self.append_free(run));
            }
        }
    }

    /// Puts the frames of `run`, whose records are zeros, on the Free list, ascending: what `insert_free` of one after the
    /// other would do.
    fn append_free(&self, run: FrameRun) {
        let (first, last) = (run.base.0, run.end() - 1);
        let groups = first.div_ceil(EACH_COLOR)..run.end() / EACH_COLOR;
        let before = FrameRun::between(first, run.end().min(groups.start * EACH_COLOR));
        let behind = FrameRun::between(before.end().max(groups.end * EACH_COLOR), run.end());
        for number in before.frames().chain(behind.frames()) {
            self.frame(number).start_free(number.0, Color::of(number));
        }
        for number in groups.map(|group| group * EACH_COLOR) {
            let records = self.machine.record(Link::<OneOfEachColor>::new(record_address(FrameNumber(number))));
            // Unrolled by the compiler, with colours that it knows.
            (0..EACH_COLOR).for_each(|color| records.0[color as usize].start_free(number + color, Color(color)));
        }
        let list = self.frames.list(Location::Free);
        let before = list.blink.get();
        self.frame(FrameNumber(first)).u2.set(before);
        self.frame(FrameNumber(last)).u1.set(END_OF_LIST);
        list.blink.set(last);
        match before {
            END_OF_LIST => list.flink.set(first),
            before => self.frame(FrameNumber(before)).u1.set(first),
        }
        list.total.update(|total| total + run.count);
        self.frames.available.update(|count| count + run.count);
        (first..run.end()).take(COLORS).for_each(|first| self.join_color(FrameNumber(first), run.end()));
    }

    /// Hangs `first`, the first frame of its colour in a run that ends before frame `end`, and all of that colour behind it
    /// on the list of the colour.
    fn join_color(&self, first: FrameNumber, end: u32) {
        let Some(list) = self.frames.colored(Location::Free, Color::of(first)) else { return };
        let count = (end - first.0).div_ceil(EACH_COLOR);
        let last = first.0 + (count - 1) * EACH_COLOR;
        let before = list.blink.get();
        self.frame(first).original_pte.high.set(before);
        self.frame(FrameNumber(last)).original_pte.low.set(END_OF_LIST);
        list.blink.set(last);
        match before {
            END_OF_LIST => list.flink.set(first.0),
            before => self.frame(FrameNumber(before)).original_pte.low.set(first.0),
        }
        list.count.update(|total| total + count);
    }
}
