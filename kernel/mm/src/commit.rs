//! Commit: the promise that a page will have somewhere to live.
//!
//! Whatever may come to need a frame or a place in a paging file is charged before it is promised, and the sum never passes
//! the limit: paging files plus most of RAM. A charge is an owned token: dropped, it is returned; [`CommitCharge::keep`]
//! hands it over to a structure that records the number (a VAD, a process) and returns it later.
//!
//! Charged: private committed pages, pages that a copy-on-write mapping may come to own, page tables, pool, kernel stacks.
//! Not charged: reserved addresses, read-only or shared views.
//!
//! * **C1** The total equals what all processes, sections and the kernel have charged.

use abi::cell::Field;

/// The limit would be passed: `STATUS_COMMITMENT_LIMIT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitLimit;

/// The system's commit account, in pages.
#[derive(Debug)]
pub struct Commit {
    /// Most that may be charged.
    #[doc(alias = "MmTotalCommitLimit")]
    limit: Field<u32>,
    /// What is charged.
    #[doc(alias = "MmTotalCommittedPages")]
    current: Field<u32>,
    /// The most that ever was, without what was returned before it was recorded anywhere.
    #[doc(alias = "MmPeakCommitment")]
    peak: Field<u32>,
}

impl Commit {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit: Field::new(limit), current: Field::ZERO, peak: Field::ZERO }
    }

    /// Charges `pages`.
    ///
    /// # Errors
    /// [`CommitLimit`], and nothing is charged.
    #[doc(alias = "MiChargeCommitment")]
    #[inline]
    pub fn charge(&self, pages: u32) -> Result<CommitCharge<'_>, CommitLimit> {
        let total = self.current.get().checked_add(pages).ok_or(CommitLimit)?;
        if total > self.limit.get() {
            return Err(CommitLimit);
        }
        self.current.set(total);
        Ok(CommitCharge { account: self, pages })
    }

    /// Returns `pages` that an earlier charge [kept](CommitCharge::keep).
    #[doc(alias = "MiReturnCommitment")]
    #[inline]
    pub(crate) fn give_back(&self, pages: u32) {
        debug_assert!(pages <= self.current.get(), "C1: more commit returned than charged");
        self.current.update(|current| current - pages);
    }

    /// Most that may be charged, in pages.
    pub fn limit(&self) -> u32 {
        self.limit.get()
    }

    /// What is charged, in pages.
    pub fn current(&self) -> u32 {
        self.current.get()
    }

    /// The most that ever was charged, in pages.
    pub fn peak(&self) -> u32 {
        self.peak.get()
    }
}

/// Pages charged to the system and not yet recorded anywhere; dropped, they are returned.
#[must_use]
#[derive(Debug)]
pub struct CommitCharge<'a> {
    account: &'a Commit,
    pages: u32,
}

impl CommitCharge<'_> {
    /// Hands the charge over to the structure that records it; the number of pages.
    #[inline]
    pub(crate) fn keep(self) -> u32 {
        let Self { account, pages } = self;
        core::mem::forget(self);
        let current = account.current.get();
        if current > account.peak.get() {
            account.peak.set(current);
        }
        pages
    }
}

impl Drop for CommitCharge<'_> {
    #[inline]
    fn drop(&mut self) {
        self.account.give_back(self.pages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_charge_is_returned_and_a_kept_one_is_not() {
        let commit = Commit::new(10);
        drop(commit.charge(4));
        assert_eq!(commit.current(), 0);
        assert_eq!(commit.charge(4).unwrap().keep(), 4);
        assert_eq!(commit.current(), 4);
        commit.give_back(4);
        assert_eq!((commit.current(), commit.peak()), (0, 4));
    }

    #[test]
    fn the_limit_itself_may_be_reached_and_not_passed() {
        let commit = Commit::new(10);
        let _held = commit.charge(10).unwrap();
        assert!(commit.charge(1).is_err());
        assert!(commit.charge(u32::MAX).is_err());
        assert_eq!(commit.current(), 10);
    }
}
