//! Locks on ranges of a file's bytes: the locks that there are, and those that wait for others to go.
//!
//! They hang from the FCB, so that all who have the file open meet there; reading and writing a file without any looks at one
//! word. Only reading and writing ask: views do not, nor do the pages that come in and go out for them.
//!
//! Who gives a lock up lets those go on who can, the one that has waited longest first, before anybody else can ask: a lock that
//! is given up and asked for again at once goes to who waited. A lock that waits keeps out nobody.
//!
//! * **L1** The locks of a file are `lock_count` in number, in the order of their first bytes; of those that begin at the same
//!   byte the oldest is the first.
//! * **L2** No lock forbids another.
//! * **L3** None of the locks that wait could be had.
//! * **L4** The owner of each, waiting or not, is a process with a handle to the file object, which leads to the file and says
//!   (`LockOperation`) that a handle which goes may take locks along.
//!
//! Nothing here waits, and with one processor nothing comes between.
//!
//! Source: documented behaviour of LockFileEx and UnlockFileEx; [MS-FSA] 2.1.5.8 and 2.1.5.9; `FILE_LOCK_INFO` of public headers.

mod range;
mod verify;

use abi::cell::{Field, Link, Record};
use abi::nt::dispatcher::Kevent;
use abi::nt::file::{FileLockInfo, FileObject};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::machine::Machine;
use mm::pool::Tag;

pub use range::{ByteRange, Intent, LockOwner};
pub use verify::LockCorruption;

use crate::device::BlockDevice;
use crate::fcb::Fcb;
use crate::volume::Volume;

const EXCLUSIVE: Tag = Tag(*b"FLex");
const SHARED: Tag = Tag(*b"FLsh");
const WAITING: Tag = Tag(*b"FLwl");
/// Locks that a file can have: to look through all of them takes less than a millisecond.
pub const MOST_LOCKS: u32 = 0x4000;

/// A lock, or what may become one.
#[repr(C)]
#[derive(Debug)]
pub struct RangeLock {
    info: FileLockInfo,
    /// The next one of the file.
    next: Field<Link<RangeLock>>,
}
impl Record for RangeLock {}

/// A lock that somebody waits for.
#[repr(C)]
#[derive(Debug)]
pub struct LockWait {
    /// Set when the wait is over. The file system only makes room for it.
    pub over: Kevent,
    /// PENDING, or how it ended.
    status: Field<u32>,
    /// What is waited for, until it is over.
    lock: Field<Link<RangeLock>>,
    /// The next one of the file, who has waited less long.
    next: Field<Link<LockWait>>,
}
impl Record for LockWait {}

/// A lock that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct LockRequest {
    /// By whom.
    pub owner: LockOwner,
    /// On what.
    pub range: ByteRange,
    /// Whether others may not even read.
    pub excludes: bool,
    /// Whether a lock that cannot be had now is refused.
    pub fails: bool,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// It is locked.
    Done,
    /// It will be, unless the wait is given up before.
    Waits(Link<LockWait>),
}

impl RangeLock {
    fn range(&self) -> Result<ByteRange, NtStatus> {
        ByteRange::new(self.info.starting_byte.get(), self.info.length.get())
    }

    fn owner(&self) -> LockOwner {
        let info = &self.info;
        LockOwner { process: info.process_id.get(), file: info.file_object.get(), key: info.key.get() }
    }

    fn excludes(&self) -> bool {
        self.info.exclusive_lock.get() != 0
    }

    fn intent(&self) -> Intent {
        if self.excludes() { Intent::Exclude } else { Intent::Share }
    }

    fn belongs_to(&self, file: Link<FileObject>, process: Link<Eprocess>) -> bool {
        self.info.file_object.get() == file && self.info.process_id.get() == process
    }
}

impl<M: Machine, D: BlockDevice> Volume<'_, M, D> {
    /// Whether locks let `owner` do what it intends with `length` bytes of its file from `first` on.
    ///
    /// # Errors
    /// FILE_LOCK_CONFLICT.
    #[doc(alias = "FsRtlCheckLockForReadAccess")]
    #[doc(alias = "FsRtlCheckLockForWriteAccess")]
    #[inline]
    pub fn check_locks(&self, owner: &LockOwner, first: u64, length: u32, intent: Intent) -> Result<(), NtStatus> {
        let fcb = self.fcb(owner.file);
        if fcb.locks.get().is_null() || length == 0 {
            return Ok(());
        }
        match ByteRange::new(first, length.into()) {
            Ok(range) if self.is_free(fcb, range, owner, intent) => Ok(()),
            _ => Err(NtStatus::FILE_LOCK_CONFLICT),
        }
    }

    /// The locks of a file.
    fn locks(&self, fcb: &Fcb) -> impl Iterator<Item = (Link<RangeLock>, &RangeLock)> {
        let next = |lock: &Link<RangeLock>| self.record(*lock).next.get().some();
        core::iter::successors(fcb.locks.get().some(), next).map(|lock| (lock, self.record(lock)))
    }

    /// Those that wait for one.
    fn lock_waits(&self, fcb: &Fcb) -> impl Iterator<Item = Link<LockWait>> {
        core::iter::successors(fcb.lock_waits.get().some(), |wait| self.record(*wait).next.get().some())
    }

    /// Whether no lock forbids `owner` what it intends with `range`.
    #[inline(never)]
    fn is_free(&self, fcb: &Fcb, range: ByteRange, owner: &LockOwner, intent: Intent) -> bool {
        for (_, lock) in self.locks(fcb) {
            let Ok(other) = lock.range() else { return false };
            if range.ends_before(other) {
                break;
            }
            if range.overlaps(other) && intent.is_forbidden_by(lock.excludes(), lock.owner() == *owner) {
                return false;
            }
        }
        true
    }

    fn can_be_had(&self, fcb: &Fcb, lock: &RangeLock) -> bool {
        lock.range().is_ok_and(|range| self.is_free(fcb, range, &lock.owner(), lock.intent()))
    }

    /// Locks a range, or waits to. Who waits initialises the event in the answer, and ends with [`Self::end_lock_wait`].
    ///
    /// # Errors
    /// LOCK_NOT_GRANTED where the range is locked and the request is to fail then; INVALID_PARAMETER for a directory,
    /// INSUFFICIENT_RESOURCES. Nothing has changed.
    #[doc(alias = "FsRtlPrivateLock")]
    #[doc(alias = "FatCommonLockControl")]
    pub fn lock_range(&self, request: &LockRequest) -> Result<Locked, NtStatus> {
        let fcb = self.fcb(request.owner.file);
        if fcb.is_directory() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let intent = if request.excludes { Intent::Exclude } else { Intent::Share };
        let is_free = self.is_free(fcb, request.range, &request.owner, intent);
        if !is_free && request.fails {
            return Err(NtStatus::LOCK_NOT_GRANTED);
        }
        if fcb.lock_count.get() >= MOST_LOCKS {
            return Err(NtStatus::INSUFFICIENT_RESOURCES);
        }
        let lock = self.make_lock(request)?;
        let answer = match is_free {
            true => {
                self.insert_lock(fcb, lock);
                Locked::Done
            }
            false => Locked::Waits(self.make_lock_wait(fcb, lock).inspect_err(|_| self.memory().free_pool(lock))?),
        };
        self.record(request.owner.file).lock_operation.set(1);
        Ok(answer)
    }

    fn make_lock(&self, request: &LockRequest) -> Result<Link<RangeLock>, NtStatus> {
        let tag = if request.excludes { EXCLUSIVE } else { SHARED };
        let lock: Link<RangeLock> = self.memory().allocate_zeroed_pool(size_of::<RangeLock>() as u32, tag)?;
        let info = &self.record(lock).info;
        info.starting_byte.set(request.range.first());
        info.length.set(request.range.length());
        info.ending_byte.set(request.range.last());
        info.exclusive_lock.set(request.excludes.into());
        info.key.set(request.owner.key);
        info.file_object.set(request.owner.file);
        info.process_id.set(request.owner.process);
        Ok(lock)
    }

    /// Puts `lock` among those of its file, behind all that do not begin further on (L1).
    fn insert_lock(&self, fcb: &Fcb, lock: Link<RangeLock>) {
        let first = self.record(lock).info.starting_byte.get();
        let before = self.locks(fcb).take_while(|(_, other)| other.info.starting_byte.get() <= first).last();
        let place = before.map_or(&fcb.locks, |(_, other)| &other.next);
        self.record(lock).next.set(place.get());
        place.set(lock);
        fcb.lock_count.update(|count| count + 1);
    }

    fn make_lock_wait(&self, fcb: &Fcb, lock: Link<RangeLock>) -> Result<Link<LockWait>, NtStatus> {
        let wait: Link<LockWait> = self.memory().allocate_zeroed_pool(size_of::<LockWait>() as u32, WAITING)?;
        let record = self.record(wait);
        record.status.set(NtStatus::PENDING.0);
        record.lock.set(lock);
        let place = self.lock_waits(fcb).last().map_or(&fcb.lock_waits, |last| &self.record(last).next);
        place.set(wait);
        Ok(wait)
    }

    /// Ends a wait of `file`'s, which may be over: how. It was given up where it is not.
    ///
    /// # Errors
    /// CANCELLED; RANGE_NOT_LOCKED where the owner's last handle went meanwhile.
    pub fn end_lock_wait(&self, file: Link<FileObject>, wait: Link<LockWait>) -> Result<(), NtStatus> {
        let record = self.record(wait);
        if NtStatus(record.status.get()) == NtStatus::PENDING {
            self.settle_lock_wait(self.fcb(file), wait, NtStatus::CANCELLED);
        }
        let status = NtStatus(record.status.get());
        self.memory().free_pool(wait);
        if status == NtStatus::SUCCESS { Ok(()) } else { Err(status) }
    }

    /// Takes a wait off the list of its file, with `status` and with or without the lock.
    fn settle_lock_wait(&self, fcb: &Fcb, wait: Link<LockWait>, status: NtStatus) {
        let record = self.record(wait);
        let before = self.lock_waits(fcb).take_while(|other| *other != wait).last();
        let place = before.map_or(&fcb.lock_waits, |before| &self.record(before).next);
        place.set(record.next.get());
        record.next.set(Link::NULL);
        record.status.set(status.0);
        let lock = record.lock.get();
        record.lock.set(Link::NULL);
        match status {
            NtStatus::SUCCESS => self.insert_lock(fcb, lock),
            _ => self.memory().free_pool(lock),
        }
    }

    /// Gives up the lock that `owner` has on exactly `range`: the one that excludes others where there are two. `ended` is given
    /// the events of waits that are over.
    ///
    /// # Errors
    /// RANGE_NOT_LOCKED; INVALID_PARAMETER for a directory.
    #[doc(alias = "FsRtlFastUnlockSingle")]
    pub fn unlock_range(
        &self,
        owner: &LockOwner,
        range: ByteRange,
        ended: impl FnMut(Link<Kevent>),
    ) -> Result<(), NtStatus> {
        let fcb = self.fcb(owner.file);
        if fcb.is_directory() {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        let is_it = |lock: &RangeLock| lock.owner() == *owner && lock.range() == Ok(range);
        let mut own = self.locks(fcb).filter(|(_, lock)| is_it(lock));
        let first = own.next().ok_or(NtStatus::RANGE_NOT_LOCKED)?;
        let (lock, _) = if first.1.excludes() { first } else { own.find(|(_, lock)| lock.excludes()).unwrap_or(first) };
        self.remove_locks(fcb, |other, _| other == lock);
        self.grant_locks(fcb, ended);
        Ok(())
    }

    /// Gives up all that `process` has locked through `file`, to which it has no handle any more, and ends its waits. `ended` is
    /// given the events of waits that are over.
    #[doc(alias = "FsRtlFastUnlockAll")]
    pub fn unlock_all(&self, file: Link<FileObject>, process: Link<Eprocess>, mut ended: impl FnMut(Link<Kevent>)) {
        let fcb = self.fcb(file);
        self.remove_locks(fcb, |_, lock| lock.belongs_to(file, process));
        let mut next = fcb.lock_waits.get();
        while let Some(wait) = next.some() {
            next = self.record(wait).next.get();
            if self.record(self.record(wait).lock.get()).belongs_to(file, process) {
                self.settle_lock_wait(fcb, wait, NtStatus::RANGE_NOT_LOCKED);
                ended(wait.cast());
            }
        }
        self.grant_locks(fcb, ended);
        let waiting = |wait: Link<LockWait>| self.record(self.record(wait).lock.get());
        let mut left = self.locks(fcb).map(|(_, lock)| lock).chain(self.lock_waits(fcb).map(waiting));
        if !left.any(|lock| lock.owner().file == file) {
            self.record(file).lock_operation.set(0);
        }
    }

    fn remove_locks(&self, fcb: &Fcb, goes: impl Fn(Link<RangeLock>, &RangeLock) -> bool) {
        let mut place = &fcb.locks;
        while let Some(lock) = place.get().some() {
            let record = self.record(lock);
            if goes(lock, record) {
                place.set(record.next.get());
                fcb.lock_count.update(|count| count - 1);
                self.memory().free_pool(lock);
            } else {
                place = &record.next;
            }
        }
    }

    /// Gives those who wait what they can have now (L3).
    fn grant_locks(&self, fcb: &Fcb, mut ended: impl FnMut(Link<Kevent>)) {
        let mut next = fcb.lock_waits.get();
        while let Some(wait) = next.some() {
            next = self.record(wait).next.get();
            if self.can_be_had(fcb, self.record(self.record(wait).lock.get())) {
                self.settle_lock_wait(fcb, wait, NtStatus::SUCCESS);
                ended(wait.cast());
            }
        }
    }
}

#[cfg(test)]
mod tests;
