//! Consecutive frames.

use crate::layout::FrameNumber;

/// Consecutive frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRun {
    /// The first frame.
    pub base: FrameNumber,
    /// How many.
    pub count: u32,
}

impl FrameRun {
    /// No frames.
    pub const EMPTY: Self = Self { base: FrameNumber(0), count: 0 };

    /// The frames from `base` up to the one before `end`; none where `end` is not above `base`.
    pub const fn between(base: u32, end: u32) -> Self {
        Self { base: FrameNumber(base), count: end.saturating_sub(base) }
    }

    /// One more than the number of the last frame.
    #[inline(always)]
    pub const fn end(self) -> u32 {
        self.base.0 + self.count
    }

    /// Whether `frame` is one of them.
    #[inline(always)]
    pub const fn contains(self, frame: FrameNumber) -> bool {
        frame.0.wrapping_sub(self.base.0) < self.count
    }

    /// The frames, ascending.
    pub fn frames(self) -> impl Iterator<Item = FrameNumber> {
        (self.base.0..self.end()).map(FrameNumber)
    }

    /// The frames that are in `other` too.
    pub fn common(self, other: Self) -> Self {
        Self::between(self.base.0.max(other.base.0), self.end().min(other.end()))
    }

    /// The frames of both and all that lie between them.
    pub fn hull(self, other: Self) -> Self {
        Self::between(self.base.0.min(other.base.0), self.end().max(other.end()))
    }

    /// What is left without the frames of `others`, in runs as long as can be, ascending. `others` may be in any order and
    /// overlap.
    pub fn without<I: Iterator<Item = Self>>(self, others: impl Fn() -> I) -> impl Iterator<Item = Self> {
        let mut next = self.base.0;
        core::iter::from_fn(move || {
            while let Some(taken) = others().find(|other| other.contains(FrameNumber(next))) {
                next = taken.end();
            }
            let ahead = others().filter(|other| other.count > 0 && other.base.0 > next).map(|other| other.base.0);
            let piece = Self::between(next, ahead.min().unwrap_or(self.end()).min(self.end()));
            next = piece.end();
            (piece.count > 0).then_some(piece)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_are_the_gaps_between_the_others_in_any_order() {
        let runs = |others: &[(u32, u32)]| {
            let others: Vec<_> = others.iter().map(|(base, end)| FrameRun::between(*base, *end)).collect();
            let left = FrameRun::between(10, 20).without(|| others.iter().copied());
            left.map(|run| (run.base.0, run.end())).collect::<Vec<_>>()
        };
        assert_eq!(runs(&[]), [(10, 20)]);
        assert_eq!(runs(&[(0, 5), (20, 30)]), [(10, 20)]);
        assert_eq!(runs(&[(15, 17), (8, 12), (12, 13)]), [(13, 15), (17, 20)]);
        assert_eq!(runs(&[(12, 18), (13, 14), (19, 40), (15, 15)]), [(10, 12), (18, 19)]);
        assert_eq!(runs(&[(5, 25)]), []);
        assert_eq!(runs(&[(10, 11), (19, 20)]), [(11, 19)]);
    }

    #[test]
    fn what_is_common_may_be_nothing() {
        let run = FrameRun::between(10, 20);
        assert_eq!(run.common(FrameRun::between(15, 30)), FrameRun::between(15, 20));
        assert_eq!(run.common(FrameRun::between(0, 10)).count, 0);
        assert_eq!(run.common(FrameRun::between(20, 30)).count, 0);
        assert_eq!(FrameRun::between(0, 64).common(run), run);
    }
}
