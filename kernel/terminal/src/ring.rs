//! Bytes on their way from an interrupt handler to a thread, without a lock: one puts them in, one takes them out.
//!
//! * **R1** The bytes from `taken` to `filled` (counted without end, modulo 2^32) are there; only the taker moves the one, only
//!   the filler the other.

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};

/// A ring of `SIZE` bytes, a power of two.
#[derive(Debug)]
pub struct Ring<const SIZE: usize> {
    bytes: [AtomicU8; SIZE],
    filled: AtomicU32,
    taken: AtomicU32,
}

impl<const SIZE: usize> Ring<SIZE> {
    /// An empty one.
    pub const fn new() -> Self {
        assert!(SIZE.is_power_of_two());
        Self { bytes: [const { AtomicU8::new(0) }; SIZE], filled: AtomicU32::new(0), taken: AtomicU32::new(0) }
    }

    /// Whether there is room for one more.
    pub fn has_room(&self) -> bool {
        let count = self.filled.load(Ordering::Relaxed).wrapping_sub(self.taken.load(Ordering::Acquire));
        (count as usize) < SIZE
    }

    /// Puts `byte` in; whether there was room. For the one who fills.
    pub fn put(&self, byte: u8) -> bool {
        if !self.has_room() {
            return false;
        }
        let filled = self.filled.load(Ordering::Relaxed);
        self.bytes[filled as usize % SIZE].store(byte, Ordering::Relaxed);
        self.filled.store(filled.wrapping_add(1), Ordering::Release);
        true
    }

    /// Takes the oldest byte. For the one who takes.
    pub fn take(&self) -> Option<u8> {
        let taken = self.taken.load(Ordering::Relaxed);
        if taken == self.filled.load(Ordering::Acquire) {
            return None;
        }
        let byte = self.bytes[taken as usize % SIZE].load(Ordering::Relaxed);
        self.taken.store(taken.wrapping_add(1), Ordering::Release);
        Some(byte)
    }
}

impl<const SIZE: usize> Default for Ring<SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_and_a_full_ring_refuses() {
        let ring = Ring::<4>::new();
        for round in 0..10u8 {
            for byte in 0..4 {
                assert!(ring.put(round * 4 + byte));
            }
            assert!(!ring.put(99) && !ring.has_room());
            for byte in 0..4 {
                assert_eq!(ring.take(), Some(round * 4 + byte));
            }
            assert_eq!(ring.take(), None);
        }
    }

    #[test]
    fn nothing_is_lost_between_two_threads() {
        static RING: Ring<16> = Ring::new();
        let filler = std::thread::spawn(|| {
            for number in 0..100_000u32 {
                while !RING.put(number as u8) {
                    std::thread::yield_now();
                }
            }
        });
        for number in 0..100_000u32 {
            let byte = loop {
                match RING.take() {
                    Some(byte) => break byte,
                    None => std::thread::yield_now(),
                }
            };
            assert_eq!(byte, number as u8);
        }
        filler.join().unwrap();
    }
}
