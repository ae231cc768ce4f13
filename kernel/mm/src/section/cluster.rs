//! The frames of neighbouring pages that are read or written together.

use core::ops::Deref;

use crate::layout::FrameNumber;

/// Pages that are written together at most.
#[doc(alias = "MM_MAXIMUM_WRITE_CLUSTER")]
pub(crate) const MOST_WRITTEN: u32 = 16;

/// Up to [`Cluster::MOST`] frames, in the order of their pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    frames: [FrameNumber; Self::MOST as usize],
    count: u32,
}

impl Cluster {
    /// Pages that are read together at most: as much as one command of a disk moves.
    pub const MOST: u32 = 32;
    /// No frames.
    pub const EMPTY: Self = Self { frames: [FrameNumber(0); Self::MOST as usize], count: 0 };

    /// The cluster of `frames`, of which there are no more than [`Self::MOST`].
    pub fn of(frames: &[FrameNumber]) -> Self {
        let mut cluster = Self::EMPTY;
        frames.iter().for_each(|frame| cluster.push(*frame));
        cluster
    }

    /// One frame more.
    pub(crate) fn push(&mut self, frame: FrameNumber) {
        self.frames[self.count as usize] = frame;
        self.count += 1;
    }

    /// The first frame by itself, and the others.
    pub(crate) fn split_first(&self) -> (Self, &[FrameNumber]) {
        (Self { count: self.count.min(1), ..*self }, self.get(1..).unwrap_or_default())
    }
}

impl Deref for Cluster {
    type Target = [FrameNumber];

    fn deref(&self) -> &[FrameNumber] {
        &self.frames[..self.count as usize]
    }
}

impl core::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.deref().fmt(formatter)
    }
}
