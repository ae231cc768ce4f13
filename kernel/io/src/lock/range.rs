//! Ranges of bytes, and what locks on them let others do.
//!
//! A range of no bytes has a place all the same: it overlaps one that it lies within, with bytes before and behind it. The one at
//! the very start of a file overlaps nothing.
//!
//! Source: [MS-FSA] 2.1.4.10 (conflicts), 2.1.5.8 (ranges that are refused).

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;

/// A range of a file's bytes, which need not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    first: u64,
    length: u64,
}

impl ByteRange {
    /// `length` bytes from `first` on.
    ///
    /// # Errors
    /// INVALID_LOCK_RANGE where the last of them has no number.
    pub fn new(first: u64, length: u64) -> Result<Self, NtStatus> {
        match length.checked_sub(1).map(|distance| first.checked_add(distance)) {
            Some(None) => Err(NtStatus::INVALID_LOCK_RANGE),
            _ => Ok(Self { first, length }),
        }
    }

    /// Its first byte.
    pub(crate) fn first(self) -> u64 {
        self.first
    }

    /// How many bytes there are.
    pub(crate) fn length(self) -> u64 {
        self.length
    }

    /// Its last byte: of none the one before the first.
    pub(crate) fn last(self) -> u64 {
        self.first.wrapping_add(self.length).wrapping_sub(1)
    }

    /// Whether it is no bytes at the start of the file, which overlap nothing.
    fn is_nowhere(self) -> bool {
        self.first == 0 && self.length == 0
    }

    /// Whether it lies before `other` with nothing in common, and so before all that begin further on.
    pub(crate) fn ends_before(self, other: Self) -> bool {
        self.is_nowhere() || self.last() < other.first
    }

    pub(crate) fn overlaps(self, other: Self) -> bool {
        !self.is_nowhere() && !other.is_nowhere() && self.first <= other.last() && other.first <= self.last()
    }
}

/// Whose a lock is. A handle that another process got is another owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockOwner {
    /// The process.
    pub process: Link<Eprocess>,
    /// What it has open.
    pub file: Link<FileObject>,
    /// A number of the program's own choice.
    pub key: u32,
}

/// What somebody wants to do with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Lock it so that nobody writes it.
    Share,
    /// Lock it so that nobody else reads or writes it.
    Exclude,
}

impl Intent {
    /// Whether a lock that excludes others (or does not) and belongs to whoever asks (or does not) forbids it.
    pub(crate) fn is_forbidden_by(self, excludes: bool, is_own: bool) -> bool {
        match excludes {
            true => !is_own || self == Self::Exclude,
            // Not even its owner writes what a lock shares.
            false => matches!(self, Self::Write | Self::Exclude),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u64, length: u64) -> ByteRange {
        ByteRange::new(first, length).unwrap()
    }

    #[test]
    fn a_range_that_wraps_is_none() {
        for (first, length) in [(u64::MAX, 2), (2, u64::MAX), (1 << 63, (1 << 63) + 1), (u64::MAX, u64::MAX)] {
            assert_eq!(ByteRange::new(first, length), Err(NtStatus::INVALID_LOCK_RANGE), "{first:x} {length:x}");
        }
        for (first, length) in [(u64::MAX, 1), (u64::MAX, 0), (1, u64::MAX), (0, u64::MAX), (0, 0), (1 << 63, 1 << 63)]
        {
            assert!(ByteRange::new(first, length).is_ok(), "{first:x} {length:x}");
        }
    }

    #[test]
    fn no_bytes_overlap_only_what_they_lie_within() {
        let table = [
            ((10, 0), (10, 0), false),
            ((10, 0), (10, 10), false),
            ((10, 0), (9, 1), false),
            ((10, 0), (9, 2), true),
            ((10, 0), (0, 10), false),
            ((10, 0), (0, 11), true),
            ((0, 0), (0, 0), false),
            ((0, 0), (0, 1), false),
            ((0, 0), (0, u64::MAX), false),
            ((1, 0), (0, u64::MAX), true),
            ((u64::MAX, 0), (u64::MAX, 1), false),
            ((u64::MAX, 1), (u64::MAX, 1), true),
            ((5, 5), (10, 1), false),
            ((5, 6), (10, 1), true),
        ];
        for ((first, length), (other, count), expected) in table {
            let (one, two) = (range(first, length), range(other, count));
            assert_eq!((one.overlaps(two), two.overlaps(one)), (expected, expected), "{one:?} {two:?}");
        }
    }

    #[test]
    fn the_end_of_a_search_is_no_overlap() {
        let ends = [0, 1, 2, 3, u64::MAX - 1, u64::MAX];
        let ranges: Vec<ByteRange> = ends
            .iter()
            .flat_map(|first| ends.iter().filter_map(|length| ByteRange::new(*first, *length).ok()))
            .collect();
        for one in &ranges {
            for two in ranges.iter().filter(|two| one.ends_before(**two)) {
                assert!(ranges.iter().filter(|later| later.first >= two.first).all(|later| !one.overlaps(*later)));
            }
        }
    }

    #[test]
    fn what_locks_forbid() {
        let forbidden = |excludes, is_own| {
            [Intent::Read, Intent::Write, Intent::Share, Intent::Exclude]
                .map(|intent| intent.is_forbidden_by(excludes, is_own))
        };
        assert_eq!(forbidden(true, true), [false, false, false, true]);
        assert_eq!(forbidden(true, false), [true; 4]);
        assert_eq!(forbidden(false, true), [false, true, false, true]);
        assert_eq!(forbidden(false, false), [false, true, false, true]);
    }
}
