//! Locks on ranges of a file's bytes, as services.
//!
//! Who waits for a lock waits in the service, whether the file was opened for that or not: an overlapped request is over when it
//! returns, as those to read and write are.
//!
//! Source: documented parameters and refusals of NtLockFile and NtUnlockFile.

use abi::access::{EVENT_MODIFY_STATE, FILE_READ_DATA, FILE_WRITE_DATA};
use abi::cell::Link;
use abi::nt::dispatcher::{DispatcherHeader, Kevent};
use abi::nt::file::FileObject;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use core::mem::offset_of;
use io::lock::LockWait;
use io::open::file_flags;
use io::{ByteRange, LockOwner, LockRequest, Locked};
use ke::{Alertable, EventKind, Ring, WAKE_INCREMENT, WaitKind, WaitReason, WaitTerms, initialise_event};
use ob::{Closed, Handle, Kind};

use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::Platform;
use crate::wait::Waited;

impl<P: Platform> Executive<P> {
    pub(super) fn lock_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, event, _routine, _context, status_at, first_at, length_at, key, fails, excludes] = arguments
        else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        // All that may wait comes first: the handle must not go before there is a lock that goes with it.
        self.probe_word(status_at)?;
        let (first, length) = (self.read_long(first_at)?, self.read_long(length_at)?);
        let file = self.file_to_lock(handle)?;
        let event = match event {
            0 => None,
            event => Some(self.current_handles().get::<Kevent>(Handle(event), EVENT_MODIFY_STATE)?),
        };
        let (_held, event) = (self.hold(file), event.map(|event| (event, self.hold(event))));
        if let Some((event, _)) = event {
            self.dispatcher.reset_event(event);
        }
        let owner = self.lock_owner(file, key);
        let [fails, excludes] = [fails, excludes].map(|flag| flag & 0xFF != 0);
        let result = match self.opened(file) {
            Opened::File => ByteRange::new(first, length)
                .and_then(|range| self.volume_of(owner.file).lock_range(&LockRequest { owner, range, excludes, fails }))
                .and_then(|locked| match locked {
                    Locked::Done => Ok(()),
                    Locked::Waits(wait) => self.wait_for_lock(file, wait),
                }),
            _ => Err(NtStatus::INVALID_DEVICE_REQUEST),
        };
        let answer = self.complete(status_at, result.map(|()| 0));
        if let Some((event, _)) = event {
            self.dispatcher.set_event(event, WAKE_INCREMENT);
        }
        answer
    }

    /// The file object behind `handle`, which must let its user read or write.
    fn file_to_lock(&self, handle: u32) -> Result<Link<FileObject>, NtStatus> {
        let file = self.file_by_handle(handle, 0)?;
        let granted = self.current_handles().get_any(Handle(handle))?.granted_access;
        if granted & (FILE_READ_DATA | FILE_WRITE_DATA) == 0 { Err(NtStatus::ACCESS_DENIED) } else { Ok(file) }
    }

    /// Whose locks the current process takes, and minds, through `file` with `key`.
    pub(super) fn lock_owner(&self, file: Link<FileObject>, key: u32) -> LockOwner {
        LockOwner { process: self.current_process(), file, key }
    }

    /// The key that stands at `at`, 0 where there is none.
    pub(super) fn lock_key(&self, at: u32) -> Result<u32, NtStatus> {
        if at == 0 { Ok(0) } else { self.read_word(at) }
    }

    /// Waits until the lock is there.
    ///
    /// # Errors
    /// CANCELLED where an alert or a call interrupts the wait, if the file was opened so, or the thread is to end;
    /// RANGE_NOT_LOCKED where the last handle goes meanwhile.
    fn wait_for_lock(&self, file: Link<FileObject>, wait: Link<LockWait>) -> Result<(), NtStatus> {
        let over: Link<Kevent> = wait.offset(offset_of!(LockWait, over) as u32);
        initialise_event(self.platform(), over, EventKind::Notification, 0);
        let header: Link<DispatcherHeader> = over.cast();
        let is_alertable = self.machine_record(file).flags.get() & file_flags::ALERTABLE_IO != 0;
        let alertable = if is_alertable { Alertable::Yes } else { Alertable::No };
        let terms = WaitTerms { reason: WaitReason::Executive, mode: Ring::User, alertable, deadline: None };
        // However it ends: the lock is there, or it is given up.
        let _ = self.wait_for_objects(Waited { headers: &[header], bodies: &[] }, WaitKind::Any, &terms);
        self.volume_of(file).end_lock_wait(file, wait)
    }

    pub(super) fn unlock_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status_at, first_at, length_at, key] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(status_at)?;
        let (first, length) = (self.read_long(first_at)?, self.read_long(length_at)?);
        let file = self.file_to_lock(handle)?;
        let result = match self.opened(file) {
            Opened::File => ByteRange::new(first, length).and_then(|range| {
                self.volume_of(file).unlock_range(&self.lock_owner(file, key), range, |event| self.end_wait(event))
            }),
            _ => Err(NtStatus::INVALID_DEVICE_REQUEST),
        };
        self.complete(status_at, result.map(|()| 0))
    }

    fn end_wait(&self, event: Link<Kevent>) {
        self.dispatcher.set_event(event, WAKE_INCREMENT);
    }

    /// A handle of `process` has been closed: with its last one to a file go its locks.
    #[doc(alias = "IopCloseFile")]
    pub(crate) fn give_up_locks(&self, process: Link<Eprocess>, closed: &Closed, others: Others) {
        let file: Link<FileObject> = closed.opened.body.cast();
        if closed.opened.kind != Kind::File || self.machine_record(file).lock_operation.get() == 0 {
            return;
        }
        if others == Others::GoToo || !self.has_handle(process, file) {
            self.volume_of(file).unlock_all(file, process, |event| self.end_wait(event));
        }
    }
}

/// Whether the process that closes a handle keeps others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// It may.
    MayStay,
    /// It ends.
    GoToo,
}
