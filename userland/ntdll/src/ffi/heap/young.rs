//! The first small blocks of a heap, cut one behind the other from the beginning of its first region: most processes end before they
//! have used it up, and cutting costs less than looking for a place.
//!
//! A block from here that is freed waits in `lookaside` for whoever asks for its size next, as it cannot go back to `talc`.

use super::ALIGNMENT;

/// Bytes that are set aside.
pub(super) const YOUNG: u32 = 0x2000;
/// Heaps with less committed memory than this at the beginning have none.
pub(super) const LEAST: u32 = 0x1_0000;

/// What is left of them.
pub(super) struct Young {
    start: u32,
    next: u32,
    end: u32,
}

impl Young {
    /// The bytes from `start` to before `end`.
    pub(super) const fn new(start: u32, end: u32) -> Self {
        Self { start, next: start.next_multiple_of(ALIGNMENT as u32), end }
    }

    /// `bytes` of them, where there are as many.
    #[inline(always)]
    pub(super) fn cut(&mut self, bytes: u32) -> Option<u32> {
        let start = self.next;
        (self.end.saturating_sub(start) >= bytes).then(|| {
            self.next = start + bytes;
            start
        })
    }

    /// Whether the block at `start` was cut here.
    #[inline(always)]
    pub(super) fn has(&self, start: u32) -> bool {
        start.wrapping_sub(self.start) < self.end - self.start
    }

    /// Makes the block at `start`, cut here, `new` bytes long and not `old`: only where it was cut last, and there is room.
    pub(super) fn resize(&mut self, start: u32, old: u32, new: u32) -> bool {
        let fits = start + old == self.next && new <= self.end - start;
        if fits {
            self.next = start + new;
        }
        fits
    }
}
