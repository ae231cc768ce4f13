//! Commit: the promise that a page will have somewhere to live.
//!
//! Whatever may come to need a frame or a place in a paging file is charged before it is promised, and the sum never passes
//! the limit: paging files plus most of RAM. A charge is an owned token: dropped, it is returned; [`CommitCharge::keep`]
//! hands it over to a structure that records the number (a VAD, a process) and returns it later.
//!
//! Charged: private committed pages, pages that a copy-on-write mapping may come to own, page tables, pool, kernel stacks.
//! Not charged: reserved addresses, read-only or shared views.
//!
//! A charge that would pass the limit is refused, and remembered: a paging file that can grow makes room, and who asked may ask
//! again. The same is asked for ahead of time when commit reaches a new peak close to the limit.
//!
//! * **C1** The total equals what all processes, sections and the kernel have charged.

use abi::cell::Field;

use crate::failing::{Failing, Request};

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
    /// What of the limit is memory; the rest is paging files.
    memory: Field<u32>,
    /// By how much the limit should rise.
    wanted: Field<u32>,
    /// Stands here because a charge knows no more than its account.
    pub(crate) failing: Failing,
}

/// Pages below the limit from which on paging files should grow.
const CLOSE: u32 = 128;

impl Commit {
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit: Field::new(limit),
            current: Field::ZERO,
            peak: Field::ZERO,
            memory: Field::new(limit),
            wanted: Field::ZERO,
            failing: Failing::new(),
        }
    }

    /// Charges `pages`.
    ///
    /// # Errors
    /// [`CommitLimit`], and nothing is charged.
    #[doc(alias = "MiChargeCommitment")]
    #[inline]
    pub fn charge(&self, pages: u32) -> Result<CommitCharge<'_>, CommitLimit> {
        self.charge_if(pages, || true)
    }

    /// The same, where `may` says so: it is asked only while processes are looked at.
    #[inline(always)]
    pub(crate) fn charge_if(&self, pages: u32, may: impl FnOnce() -> bool) -> Result<CommitCharge<'_>, CommitLimit> {
        let total = self.current.get().checked_add(pages).ok_or(CommitLimit)?;
        if total > self.limit.get() {
            return Err(self.refuse(total));
        }
        if pages > 0 && self.failing.is_attentive() && self.is_refused(may) {
            return Err(CommitLimit);
        }
        self.current.set(total);
        Ok(CommitCharge { account: self, pages })
    }

    /// Whether a charge is refused on purpose, or because the process may not have it.
    #[cold]
    #[inline(never)]
    fn is_refused(&self, may: impl FnOnce() -> bool) -> bool {
        self.failing.refuses(Request::Commit) || !may()
    }

    #[cold]
    fn refuse(&self, total: u32) -> CommitLimit {
        let short = total - self.limit.get();
        self.wanted.update(|wanted| wanted.max(short));
        CommitLimit
    }

    /// `pages` more may be charged: a paging file has them.
    pub(crate) fn raise(&self, pages: u32) {
        self.limit.update(|limit| limit + pages);
        self.wanted.update(|wanted| wanted.saturating_sub(pages));
    }

    /// `pages` of memory are no more.
    pub(crate) fn lose(&self, pages: u32) {
        self.limit.update(|limit| limit.saturating_sub(pages));
        self.memory.update(|memory| memory.saturating_sub(pages));
    }

    /// By how many pages the limit should rise, that what was refused is not refused again.
    pub(crate) fn wanted(&self) -> u32 {
        self.wanted.get()
    }

    /// The limit cannot rise.
    pub(crate) fn forget_wanted(&self) {
        self.wanted.set(0);
    }

    /// What may be charged without paging files.
    pub(crate) fn memory_limit(&self) -> u32 {
        self.memory.get()
    }

    /// Returns `pages` that an earlier charge [kept](CommitCharge::keep).
    #[doc(alias = "MiReturnCommitment")]
    #[inline]
    pub(crate) fn give_back(&self, pages: u32) {
        debug_assert!(pages <= self.current.get(), "C1: more commit returned than charged");
        self.current.update(|current| current - pages);
    }

    /// What is charged was never so much.
    fn reach(&self, current: u32) {
        self.peak.set(current);
        if self.limit.get() - current < CLOSE {
            self.wanted.update(|wanted| wanted.max(CLOSE));
        }
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
            account.reach(current);
        }
        pages
    }

    /// The same with the first `pages` of it; the rest is returned.
    pub(crate) fn keep_part(mut self, pages: u32) -> u32 {
        let rest = self.pages - pages;
        self.pages = pages;
        self.account.give_back(rest);
        self.keep()
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

    #[test]
    fn what_was_refused_is_remembered_until_the_limit_has_risen_by_it() {
        let commit = Commit::new(10);
        assert_eq!((commit.charge(7).map(CommitCharge::keep), commit.wanted()), (Ok(7), CLOSE));
        commit.forget_wanted();
        assert!(commit.charge(203).is_err() && commit.charge(5).is_err());
        assert_eq!(commit.wanted(), 200);
        commit.raise(150);
        assert_eq!((commit.limit(), commit.memory_limit(), commit.wanted()), (160, 10, 50));
        commit.raise(150);
        assert_eq!(commit.wanted(), 0);
        assert_eq!(commit.charge(203).map(CommitCharge::keep), Ok(203));
        assert_eq!(commit.wanted(), CLOSE, "a new peak close to the limit");
    }

    #[test]
    fn a_new_peak_far_from_the_limit_asks_for_nothing() {
        let commit = Commit::new(1000);
        let _ = commit.charge(1000 - CLOSE).unwrap().keep();
        assert_eq!(commit.wanted(), 0);
        let _ = commit.charge(1).unwrap().keep();
        assert_eq!(commit.wanted(), CLOSE);
    }
}
