//! Waiting for changes in a directory, and giving that up.
//!
//! It is the one operation on a file that goes on after its service has returned, unless the file object was opened to be waited with.
//!
//! Source: documented parameters of NtNotifyChangeDirectoryFile and NtCancelIoFile, and what is documented of ReadDirectoryChangesW.

use abi::access::FILE_READ_DATA;
use abi::cell::Link;
use abi::file::FILE_NOTIFY_VALID;
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::open::file_flags;
use ke::{Alertable, Ring, WaitKind, WaitReason, WaitTerms};

use crate::directory_watch::{Request, Terms};
use crate::executive::Executive;
use crate::files::Opened;
use crate::platform::Platform;
use crate::wait::Waited;

impl<P: Platform> Executive<P> {
    pub(super) fn notify_change_directory_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, event, routine, context, status_at, buffer, length, filter, tree] = arguments else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        if filter == 0 || filter & !FILE_NOTIFY_VALID != 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        // All that may wait comes first.
        self.probe_word(status_at)?;
        self.check_aligned_buffer(buffer, length, 4)?;
        self.probe_buffer(buffer, length)?;
        let file = self.file_by_handle(handle, FILE_READ_DATA)?;
        let _held = self.hold(file);
        match self.opened(file) {
            Opened::File if !self.volume_of(file).fcb(file).is_directory() => return Err(NtStatus::INVALID_PARAMETER),
            Opened::File if self.is_going(file) => return Err(NtStatus::DELETE_PENDING),
            Opened::File => {}
            _ => return Err(NtStatus::INVALID_DEVICE_REQUEST),
        }
        let notice = self.prepare_notice(event, routine, context, status_at)?;
        let kept = self.watch(file, Terms { filter, is_tree: tree & 0xFF != 0, room: length })?;
        let waits = self.machine_record(file).flags.get() & file_flags::SYNCHRONOUS_IO != 0;
        let (event, call) = notice.keep();
        let thread = self.platform().current_thread();
        let process = self.current_process();
        let number =
            self.await_change(Request { number: 0, file, thread, process, buffer, length, status_at, event, call });
        if let Some(kept) = kept {
            self.complete_at_once(number, kept.records());
            return Ok(NtStatus(self.machine_record(file).final_status.get()));
        }
        if waits { self.wait_for_change(file, number) } else { Ok(NtStatus::PENDING) }
    }

    /// Waits until the request `number` at `file` is over.
    fn wait_for_change(&self, file: Link<FileObject>, number: u32) -> Result<NtStatus, NtStatus> {
        let is_alertable = self.machine_record(file).flags.get() & file_flags::ALERTABLE_IO != 0;
        let alertable = if is_alertable { Alertable::Yes } else { Alertable::No };
        let terms = WaitTerms { reason: WaitReason::Executive, mode: Ring::User, alertable, deadline: None };
        let event = self.file_event(file);
        while self.still_waits(number) {
            let answer =
                self.wait_for_objects(Waited { headers: &[event], bodies: &[file.cast()] }, WaitKind::Any, &terms);
            if answer != NtStatus::SUCCESS {
                self.cancel_request(number);
            } else if self.still_waits(number) {
                self.dispatcher.reset_event(event.cast());
            }
        }
        Ok(NtStatus(self.machine_record(file).final_status.get()))
    }

    /// The running thread gives up what it waits for at a file.
    pub(super) fn cancel_io_file(&self, arguments: &[u32]) -> Result<NtStatus, NtStatus> {
        let &[handle, status_at] = arguments else { return Err(NtStatus::INVALID_PARAMETER) };
        self.probe_word(status_at)?;
        let file = self.file_by_handle(handle, 0)?;
        let _held = self.hold(file);
        self.cancel_requests_at(file);
        self.complete(status_at, Ok(0))
    }
}
