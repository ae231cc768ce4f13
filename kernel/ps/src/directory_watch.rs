//! Who watches directories: what has changed since he was told last, and requests that wait for the next change.
//!
//! A file object becomes a watch with its first request, which says what is watched, and how much is kept while no request waits; it is one
//! until its last handle goes. Changes are noted where they are made ([`io::changes`]), and told by whoever made them, at the end of his service:
//! to the memory of whoever waits, in its address space.
//!
//! * **Z1** A watch belongs to a directory's file object that has a handle; each request, which holds its file object, its thread and its process, to a
//!   watch; there is no request at a watch that has something to tell. The volume notes changes while there are watches.
//!
//! Source: documented behaviour of ReadDirectoryChangesW, FindFirstChangeNotification, FsRtlNotifyFullChangeDirectory, FsRtlNotifyFullReportChange and
//! FsRtlNotifyCleanup.

use alloc::vec::Vec;

use abi::cell::Link;
use abi::nt::dispatcher::{Kapc, Kevent};
use abi::nt::file::FileObject;
use abi::nt::process::Eprocess;
use abi::nt::thread::Ethread;
use abi::status::NtStatus;
use io::fcb::fcb_flags;
use io::open::file_flags;
use io::{Action, Change, Volume};
use ke::WAKE_INCREMENT;

use crate::executive::Executive;
use crate::platform::Platform;

mod kept;

pub(crate) use kept::Kept;
use kept::name_below;

/// Bytes of changes that are kept for a watch at most, whatever its requests have room for. A choice: that of requests over a network.
const MOST_KEPT: u32 = 0x1_0000;

/// What a watch's first request says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// `FILE_NOTIFY_CHANGE_`.
    pub filter: u32,
    /// Whether what is below other directories counts.
    pub is_tree: bool,
    /// Bytes that its buffer has room for.
    pub room: u32,
}

struct Watch {
    file: Link<FileObject>,
    filter: u32,
    is_tree: bool,
    kept: Kept,
}

/// A request to be told of the next change.
pub(crate) struct Request {
    pub number: u32,
    pub file: Link<FileObject>,
    pub thread: Link<Ethread>,
    pub process: Link<Eprocess>,
    /// Where what has changed is to be written, for how many bytes there is room, and where the IO_STATUS_BLOCK is.
    pub buffer: u32,
    pub length: u32,
    pub status_at: u32,
    /// What is to be set, instead of the file's own event.
    pub event: Option<Link<Kevent>>,
    pub call: Option<Link<Kapc>>,
}

/// All watches, and the requests that wait, the oldest first.
pub(crate) struct Watches {
    watches: Vec<Watch>,
    requests: Vec<Request>,
    last_number: u32,
}

impl Watches {
    pub const fn new() -> Self {
        Self { watches: Vec::new(), requests: Vec::new(), last_number: 0 }
    }

    fn of(&mut self, file: Link<FileObject>) -> Option<&mut Watch> {
        self.watches.iter_mut().find(|watch| watch.file == file)
    }

    /// Takes the oldest request out that `is_it`.
    fn take(&mut self, is_it: impl Fn(&Request) -> bool) -> Option<Request> {
        let place = self.requests.iter().position(is_it)?;
        Some(self.requests.remove(place))
    }
}

impl<P: Platform> Executive<P> {
    /// Makes `file` a watch on `terms`, where it is none, with room for one request more. What has changed since the last request, if anything has.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES; nothing has changed.
    pub(crate) fn watch(&self, file: Link<FileObject>, terms: Terms) -> Result<Option<Kept>, NtStatus> {
        let mut all = self.watches.lock();
        all.requests.try_reserve(1).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        if let Some(watch) = all.of(file) {
            return Ok(watch.kept.take());
        }
        all.watches.try_reserve(1).map_err(|_| NtStatus::INSUFFICIENT_RESOURCES)?;
        let kept = Kept::new(terms.room.min(MOST_KEPT));
        all.watches.push(Watch { file, filter: terms.filter, is_tree: terms.is_tree, kept });
        self.set_watching(true);
        Ok(None)
    }

    /// Has `request`, for which there is room, wait for a change; its number. It holds what it leads to from now on.
    pub(crate) fn await_change(&self, mut request: Request) -> u32 {
        self.objects().reference(request.file);
        self.objects().reference(request.thread);
        self.objects().reference(request.process);
        self.dispatcher.reset_event(self.file_event(request.file).cast());
        let mut all = self.watches.lock();
        all.last_number = all.last_number.wrapping_add(1);
        request.number = all.last_number;
        let number = request.number;
        all.requests.push(request);
        number
    }

    /// Whether the request `number` still waits.
    pub(crate) fn still_waits(&self, number: u32) -> bool {
        self.watches.lock().requests.iter().any(|request| request.number == number)
    }

    /// Tells those who watch of what has changed, where something has.
    #[inline(always)]
    pub(crate) fn report_changes(&self) {
        if self.is_watching.get() != 0 {
            self.report_noted_changes();
        }
    }

    fn set_watching(&self, is_watching: bool) {
        self.is_watching.set(is_watching.into());
        self.volumes.iter().for_each(|volume| volume.set_watched(is_watching));
    }

    #[cold]
    #[inline(never)]
    #[doc(alias = "FsRtlNotifyFullReportChange")]
    fn report_noted_changes(&self) {
        for volume in self.volumes.iter().filter(|volume| volume.has_changes()) {
            self.report_changes_on(volume);
        }
    }

    fn report_changes_on(&self, volume: &Volume<'static, P, P::Disk>) {
        let device = volume.device_object();
        let is_there = |file| self.machine_record::<FileObject>(file).device_object.get() == device;
        let (changes, is_complete) = volume.take_changes();
        if !is_complete {
            let mut all = self.watches.lock();
            all.watches.iter_mut().filter(|watch| is_there(watch.file)).for_each(|watch| watch.kept.lose());
        }
        for change in &changes {
            if change.action == Action::Going {
                let is_it = |request: &Request| is_there(request.file) && volume.file_name(request.file) == change.path;
                // Whoever waits for changes in what is to be deleted waits in vain.
                self.end_requests(is_it, NtStatus::DELETE_PENDING);
                continue;
            }
            self.keep_change(volume, change);
            // The new name goes with the old one.
            if change.action != Action::RenamedFrom {
                self.complete_changed();
            }
        }
        self.complete_changed();
    }

    fn keep_change(&self, volume: &Volume<'static, P, P::Disk>, change: &Change) {
        let is_there =
            |watch: &&mut Watch| self.machine_record(watch.file).device_object.get() == volume.device_object();
        for watch in self.watches.lock().watches.iter_mut().filter(is_there) {
            let directory = volume.file_name(watch.file);
            if watch.filter & change.filter != 0
                && let Some(name) = name_below(&directory, &change.path, watch.is_tree)
            {
                watch.kept.add(change.action, name);
            }
        }
    }

    /// Completes requests at watches that have something to tell.
    fn complete_changed(&self) {
        loop {
            let (request, kept) = {
                let mut all = self.watches.lock();
                let all = &mut *all;
                let changed = |request: &Request| {
                    all.watches.iter().any(|watch| watch.file == request.file && watch.kept.has_changed())
                };
                let Some(request) = all.requests.iter().position(changed).map(|place| all.requests.remove(place))
                else {
                    return;
                };
                let kept = all.of(request.file).and_then(|watch| watch.kept.take());
                (request, kept)
            };
            self.complete_request(request, NtStatus::SUCCESS, kept.as_ref().and_then(Kept::records));
        }
    }

    fn end_requests(&self, is_it: impl Fn(&Request) -> bool, status: NtStatus) {
        loop {
            let request = self.watches.lock().take(&is_it);
            match request {
                Some(request) => self.complete_request(request, status, None),
                None => return,
            }
        }
    }

    /// Tells whoever made `request`, which waits no longer, how it ended. Records are told where they fit.
    #[doc(alias = "IopCompleteRequest")]
    pub(crate) fn complete_request(&self, request: Request, status: NtStatus, records: Option<&[u8]>) {
        let records = records.filter(|records| records.len() <= request.length as usize);
        let status = if status == NtStatus::SUCCESS && records.is_none() { NtStatus::NOTIFY_ENUM_DIR } else { status };
        let bytes = records.unwrap_or(&[]);
        let mut final_status = status;
        if self.is_alive(request.process) {
            self.attached(request.process, |_| {
                if self.platform().write_user(request.buffer, bytes).is_err() {
                    final_status = NtStatus::ACCESS_VIOLATION;
                }
                let length = if final_status == status { bytes.len() as u32 } else { 0 };
                // The program has given its memory back; then nothing can be told there.
                let _ = self.write_words(request.status_at, &[final_status.0, length]);
            });
        }
        self.machine_record(request.file).final_status.set(final_status.0);
        let waits = self.machine_record(request.file).flags.get() & file_flags::SYNCHRONOUS_IO != 0;
        let own = Some(self.file_event(request.file).cast()).filter(|_| waits || request.event.is_none());
        for event in [own, request.event].into_iter().flatten() {
            self.dispatcher.set_event(event, WAKE_INCREMENT);
        }
        if let Some(call) = request.call
            && self.dispatcher.queue_user_apc(call).is_err()
        {
            self.mm().free_pool(call);
        }
        if let Some(event) = request.event {
            self.release(event);
        }
        self.release(request.file);
        self.release(request.thread);
        self.release(request.process);
    }

    /// The request `number` has its answer already.
    pub(crate) fn complete_at_once(&self, number: u32, records: Option<&[u8]>) {
        let request = self.watches.lock().take(|request| request.number == number);
        if let Some(request) = request {
            self.complete_request(request, NtStatus::SUCCESS, records);
        }
    }

    /// The request `number` is given up, where it still waits.
    pub(crate) fn cancel_request(&self, number: u32) {
        self.end_requests(|request| request.number == number, NtStatus::CANCELLED);
    }

    /// The running thread gives up its requests at `file`.
    pub(crate) fn cancel_requests_at(&self, file: Link<FileObject>) {
        let thread = self.platform().current_thread();
        self.end_requests(|request| request.thread == thread && request.file == file, NtStatus::CANCELLED);
    }

    /// The running thread ends, and its requests with it.
    #[cold]
    #[inline(never)]
    #[doc(alias = "IoCancelThreadIo")]
    pub(crate) fn cancel_watches_of_thread(&self) {
        let thread = self.platform().current_thread();
        self.end_requests(|request| request.thread == thread, NtStatus::CANCELLED);
    }

    /// The last handle to `file` has gone: it watches no longer.
    #[cold]
    #[inline(never)]
    #[doc(alias = "FsRtlNotifyCleanup")]
    pub(crate) fn end_watch(&self, file: Link<FileObject>) {
        let (gone, is_last) = {
            let all = &mut *self.watches.lock();
            let place = all.watches.iter().position(|watch| watch.file == file);
            (place.map(|place| all.watches.remove(place)), all.watches.is_empty())
        };
        if gone.is_some() {
            self.set_watching(!is_last);
            self.end_requests(|request| request.file == file, NtStatus::NOTIFY_CLEANUP);
        }
    }

    /// Whether the directory of `file` is to be deleted.
    pub(crate) fn is_going(&self, file: Link<FileObject>) -> bool {
        self.volume_of(file).fcb(file).has(fcb_flags::DELETE_PENDING)
    }

    /// Checks Z1.
    ///
    /// # Errors
    /// The file object of the watch or the request that is wrong, or null where a volume does not note what it should.
    pub(crate) fn verify_watches(&self) -> Result<(), Link<FileObject>> {
        let all = &*self.watches.lock();
        for watch in &all.watches {
            let has_handle = self.machine_record(watch.file).flags.get() & file_flags::CLEANUP_COMPLETE == 0;
            if !has_handle || !self.volume_of(watch.file).fcb(watch.file).is_directory() {
                return Err(watch.file);
            }
        }
        for request in &all.requests {
            let watch = all.watches.iter().find(|watch| watch.file == request.file);
            if watch.is_none_or(|watch| watch.kept.has_changed()) {
                return Err(request.file);
            }
        }
        let notes = |is_noting: bool| is_noting != all.watches.is_empty();
        let agree = notes(self.is_watching.get() != 0) && self.volumes.iter().all(|volume| notes(volume.is_watched()));
        if agree { Ok(()) } else { Err(Link::NULL) }
    }
}
