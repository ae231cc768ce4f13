//! A quick test of RAM that nobody uses yet, before it is used: words of a few patterns, stored and read back.
//!
//! Each frame takes two patterns at once, which finds bits that are stuck, and keeps a third made of its own number until
//! all have theirs, which finds frames that are one and the same memory.

use crate::frame::{FrameList, FrameRun};
use crate::layout::{FrameNumber, PAGE_SIZE};
use crate::machine::FrameBytes;

/// Neighbouring bits differ, in both ways.
const PATTERNS: [u32; 2] = [0x5555_5555, 0xAAAA_AAAA];

/// The bytes of a page of words.
struct Page([u8; PAGE_SIZE as usize]);

impl Page {
    fn fill(&mut self, word: impl Fn(u32) -> u32) {
        for (bytes, index) in self.0.as_chunks_mut::<4>().0.iter_mut().zip(0..) {
            *bytes = word(index).to_le_bytes();
        }
    }

    fn is(&self, word: impl Fn(u32) -> u32) -> bool {
        let differs = |(bytes, index): (&[u8; 4], u32)| u32::from_le_bytes(*bytes) ^ word(index);
        self.0.as_chunks::<4>().0.iter().zip(0..).map(differs).fold(0, |found, bits| found | bits) == 0
    }
}

/// The word at place `index` of the third pattern of frame `number`: no two of 2^24 frames have one in common.
fn own_word(number: FrameNumber, index: u32) -> u32 {
    number.0 ^ index << 24 ^ index << 14
}

/// Tests the frames of `ram` that are in none of `used`, and adds to `bad` what does not keep what is stored there. The
/// contents of all that is tested are lost. Returns how many frames those were.
pub fn test_memory(machine: &impl FrameBytes, ram: &[FrameRun], used: &[FrameRun], bad: &mut FrameList) -> u32 {
    let mut page = Page([0; PAGE_SIZE as usize]);
    let free = || ram.iter().flat_map(|run| run.without(|| used.iter().copied())).flat_map(FrameRun::frames);
    let mut tested = 0;
    for frame in free() {
        tested += 1;
        for pattern in PATTERNS {
            page.fill(|_| pattern);
            machine.write(frame, 0, &page.0);
            machine.read(frame, 0, &mut page.0);
            if !page.is(|_| pattern) {
                bad.add(FrameRun { base: frame, count: 1 });
            }
        }
        page.fill(|index| own_word(frame, index));
        machine.write(frame, 0, &page.0);
    }
    for frame in free() {
        machine.read(frame, 0, &mut page.0);
        if !page.is(|index| own_word(frame, index)) && !bad.contains(frame) {
            bad.add(FrameRun { base: frame, count: 1 });
        }
    }
    tested
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use super::*;

    /// RAM with faults.
    #[derive(Default)]
    struct Faulty {
        frames: RefCell<HashMap<u32, Vec<u8>>>,
        /// Bits that are always set: frame, byte, bits.
        stuck: Vec<(u32, usize, u8)>,
        /// Bits that are always clear.
        dead: Vec<(u32, usize, u8)>,
        /// A frame that is another's memory.
        same: Option<(u32, u32)>,
    }

    impl Faulty {
        fn memory(&self, frame: FrameNumber) -> u32 {
            self.same.filter(|(one, _)| *one == frame.0).map_or(frame.0, |(_, other)| other)
        }
    }

    impl FrameBytes for Faulty {
        fn zero(&self, _: FrameNumber) {}
        fn copy(&self, _: FrameNumber, _: FrameNumber) {}
        fn read(&self, frame: FrameNumber, offset: u32, into: &mut [u8]) {
            let number = self.memory(frame);
            let frames = self.frames.borrow();
            into.copy_from_slice(&frames[&number][offset as usize..offset as usize + into.len()]);
            for (frame, byte, bits) in &self.stuck {
                into[*byte] |= if *frame == number { *bits } else { 0 };
            }
            for (frame, byte, bits) in &self.dead {
                into[*byte] &= !if *frame == number { *bits } else { 0 };
            }
        }
        fn write(&self, frame: FrameNumber, _: u32, from: &[u8]) {
            self.frames.borrow_mut().insert(self.memory(frame), from.to_vec());
        }
        fn read_entry(&self, _: FrameNumber, _: u32) -> u64 {
            0
        }
        fn write_entry(&self, _: FrameNumber, _: u32, _: u64) {}
    }

    const RAM: [FrameRun; 2] = [FrameRun::between(0x10, 0x20), FrameRun::between(0x10_0000, 0x10_0010)];

    fn found(machine: &Faulty) -> Vec<u32> {
        let mut bad = FrameList::EMPTY;
        assert_eq!(test_memory(machine, &RAM, &[FrameRun::between(0x18, 0x1C)], &mut bad), 28);
        assert!(
            machine.frames.borrow().keys().all(|frame| !(0x18..0x1C).contains(frame)),
            "what is used is not touched"
        );
        let mut found: Vec<u32> = bad.runs().iter().flat_map(|run| run.frames()).map(|frame| frame.0).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn sound_memory_passes() {
        assert_eq!(found(&Faulty::default()), []);
    }

    #[test]
    fn a_bit_that_is_stuck_either_way_is_found_wherever_it_is() {
        let stuck = vec![(0x10, 0, 0x80), (0x10_000F, 0xFFF, 1)];
        let dead = vec![(0x17, 0x800, 0x10)];
        assert_eq!(found(&Faulty { stuck, dead, ..Faulty::default() }), [0x10, 0x17, 0x10_000F]);
    }

    #[test]
    fn one_of_two_frames_that_are_the_same_memory_is_found() {
        assert_eq!(found(&Faulty { same: Some((0x10_0003, 0x12)), ..Faulty::default() }), [0x12]);
    }
}
