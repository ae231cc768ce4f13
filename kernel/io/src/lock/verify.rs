//! The audit of locks.

use abi::cell::Link;
use abi::nt::file::FileObject;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::machine::Machine;

use super::{LockWait, RangeLock};
use crate::device::BlockDevice;
use crate::fcb::Fcb;
use crate::volume::Volume;

/// What is wrong with the locks of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockCorruption {
    /// Locks found in order and sound, and the number the FCB records.
    L1 {
        /// In order.
        found: u32,
        /// `lock_count`.
        recorded: u32,
    },
    /// A lock that another forbids.
    L2(Link<RangeLock>),
    /// A wait that should be over.
    L3(Link<LockWait>),
    /// A lock of nobody's, or of somebody who cannot have it.
    L4(Link<RangeLock>),
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Checks L1 to L4 of a file; `has_handle` tells whether a process has a handle to a file object.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub(crate) fn verify_locks(
        &self,
        fcb: Link<Fcb>,
        has_handle: &impl Fn(Link<Eprocess>, Link<FileObject>) -> bool,
    ) -> Result<(), LockCorruption> {
        let record = self.record(fcb);
        self.verify_lock_order(record)?;
        for (link, lock) in self.locks(record) {
            self.verify_lock_owner(fcb, link, has_handle)?;
            let range = lock.range().map_err(|_| LockCorruption::L4(link))?;
            for (other, later) in
                core::iter::successors(lock.next.get().some(), |lock| self.record(*lock).next.get().some())
                    .map(|other| (other, self.record(other)))
            {
                let Ok(beside) = later.range() else { return Err(LockCorruption::L4(other)) };
                if range.ends_before(beside) {
                    break;
                }
                let is_own = lock.owner() == later.owner();
                let forbids = |one: &RangeLock, two: &RangeLock| two.intent().is_forbidden_by(one.excludes(), is_own);
                // Whichever of them came first, it must have let the other.
                if range.overlaps(beside) && forbids(lock, later) && forbids(later, lock) {
                    return Err(LockCorruption::L2(other));
                }
            }
        }
        for wait in self.lock_waits(record) {
            let waiting = self.record(wait);
            let lock = waiting.lock.get();
            let is_wanted = NtStatus(waiting.status.get()) == NtStatus::PENDING && !lock.is_null();
            if !is_wanted || self.can_be_had(record, self.record(lock)) {
                return Err(LockCorruption::L3(wait));
            }
            self.verify_lock_owner(fcb, lock, has_handle)?;
        }
        Ok(())
    }

    /// L1. Looks no further than one more than there should be, so that a circle ends.
    fn verify_lock_order(&self, record: &Fcb) -> Result<(), LockCorruption> {
        let recorded = record.lock_count.get();
        let (mut found, mut last) = (0, 0);
        for (_, lock) in self.locks(record).take(recorded as usize + 1) {
            let info = &lock.info;
            let first = info.starting_byte.get();
            let end = first.wrapping_add(info.length.get()).wrapping_sub(1);
            if first < last || info.ending_byte.get() != end {
                return Err(LockCorruption::L1 { found, recorded });
            }
            (found, last) = (found + 1, first);
        }
        if found == recorded { Ok(()) } else { Err(LockCorruption::L1 { found, recorded }) }
    }

    /// L4.
    fn verify_lock_owner(
        &self,
        fcb: Link<Fcb>,
        link: Link<RangeLock>,
        has_handle: &impl Fn(Link<Eprocess>, Link<FileObject>) -> bool,
    ) -> Result<(), LockCorruption> {
        let owner = self.record(link).owner();
        let sound = has_handle(owner.process, owner.file)
            && self.fcb_of(owner.file) == fcb
            && self.record(owner.file).lock_operation.get() != 0;
        if sound { Ok(()) } else { Err(LockCorruption::L4(link)) }
    }
}
