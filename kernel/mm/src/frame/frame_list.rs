//! A few frames by their numbers: those that are known to be bad.

use super::run::FrameRun;
use crate::layout::FrameNumber;

/// Runs that a [`FrameList`] keeps.
const RUNS: usize = 32;

/// Frames in up to 32 runs, in no order. What would be one run more makes the nearest one grow, over frames that were not
/// meant: a bad frame is never forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameList {
    runs: [FrameRun; RUNS],
    count: usize,
}

impl FrameList {
    /// No frames.
    pub const EMPTY: Self = Self { runs: [FrameRun::EMPTY; RUNS], count: 0 };

    /// Reads hexadecimal frame numbers and ranges of them, both ends inclusive, that commas part: `1f3a,2000-20ff`.
    /// Nothing where `text` is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            u32::from_str_radix(text, 16).ok().filter(|number| digits && *number < u32::MAX)
        };
        let mut list = Self::EMPTY;
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            list.add(FrameRun::between(first, last + 1));
        }
        Some(list)
    }

    /// Adds the frames of `run`.
    pub fn add(&mut self, run: FrameRun) {
        let touches = |kept: &&mut FrameRun| kept.base.0 <= run.end() && run.base.0 <= kept.end();
        if let Some(kept) = self.runs[..self.count].iter_mut().find(touches) {
            *kept = kept.hull(run);
        } else if self.count < RUNS {
            self.runs[self.count] = run;
            self.count += 1;
        } else if let Some(nearest) = self.runs.iter_mut().min_by_key(|kept| kept.hull(run).count - kept.count) {
            *nearest = nearest.hull(run);
        }
    }

    /// The runs, which may overlap.
    pub fn runs(&self) -> &[FrameRun] {
        &self.runs[..self.count]
    }

    /// Whether `frame` is one of them.
    pub fn contains(&self, frame: FrameNumber) -> bool {
        self.runs().iter().any(|run| run.contains(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Vec<(u32, u32)>> {
        Some(FrameList::parse(text)?.runs().iter().map(|run| (run.base.0, run.end())).collect())
    }

    #[test]
    fn numbers_and_ranges_are_read() {
        assert_eq!(parsed("1f3a"), Some(vec![(0x1F3A, 0x1F3B)]));
        assert_eq!(parsed("1F3A,2000-20ff"), Some(vec![(0x1F3A, 0x1F3B), (0x2000, 0x2100)]));
        assert_eq!(parsed("5,6,4,100-100"), Some(vec![(4, 7), (0x100, 0x101)]), "neighbours are one run");
        assert_eq!(parsed("10-1f,18-2f,20"), Some(vec![(0x10, 0x30)]));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", ",", "5,", "x", "5-", "-5", "6-5", "5--6", "+5", "0x5", "100000000", "5-ffffffff", "1 2"] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }

    #[test]
    fn beyond_32_runs_the_nearest_grows() {
        let mut list = FrameList::EMPTY;
        (0..32).for_each(|run| list.add(FrameRun::between(run * 100, run * 100 + 1)));
        list.add(FrameRun::between(530, 531));
        assert_eq!(list.runs().len(), 32);
        assert!(list.contains(FrameNumber(530)) && list.contains(FrameNumber(500)) && list.contains(FrameNumber(515)));
        assert!(!list.contains(FrameNumber(531)) && !list.contains(FrameNumber(499)));
    }
}
