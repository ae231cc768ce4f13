//! Pipes: bytes that one file object writes and another reads, with room for a page of them on the way.
//!
//! A pipe has two ends, which are file objects. Whoever makes it gets the server's; the other is opened by name, once. Bytes go
//! one way, from the end that writes to the one that reads. The pipe goes with the last of its ends.
//!
//! * **B1** `readable` is set while there are bytes or nobody can write any more, `writable` while there is room or nobody can
//!   read any more: whoever finds nothing to do waits for one of them and looks again.
//! * **B2** `ends` has a bit for each end that a file object leads to, one for each; `vacant` is none of them, and as long as
//!   it is not 0 the pipe is on the list of those that can be opened by name.
//! * **B3** What is in the buffer begins and ends within it.
//!
//! Source: documented behaviour of CreatePipe, ReadFile and WriteFile.

use abi::cell::{Field, Link, Record};
use abi::nt::dispatcher::{DispatcherHeader, Kevent};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::file_object;
use ke::{Alertable, EventKind, Ring, WAKE_INCREMENT, WaitKind, WaitReason, WaitTerms, initialise_event};
use mm::pool::Tag;
use mm::system::Exhausted;

use crate::executive::Executive;
use crate::platform::Platform;
use crate::wait::Waited;

mod verify;

pub use verify::PipeCorruption;
pub(crate) use verify::verify;

const PIPE: Tag = Tag(*b"NpFc");
/// Bytes that a pipe holds.
pub(crate) const CAPACITY: u32 = 0x1000;
/// UTF-16 units of the longest name.
pub(crate) const LONGEST_NAME: usize = 120;

/// A pipe.
#[repr(C)]
#[derive(Debug)]
pub struct Pipe {
    readable: Kevent,
    writable: Kevent,
    /// Ends that there are: bit 0 the one that reads, bit 1 the one that writes.
    ends: Field<u32>,
    /// The end that can still be opened by name, as a bit of `ends`; 0 for none.
    vacant: Field<u32>,
    /// The end of whoever made the pipe, as a bit of `ends`.
    server: Field<u32>,
    /// Where the first byte is, and how many there are.
    start: Field<u32>,
    count: Field<u32>,
    buffer: Field<Link<Buffer>>,
    /// The next pipe with a vacant end.
    next: Field<Link<Pipe>>,
    /// UTF-16 units of the name.
    name_length: Field<u32>,
    /// A backslash, so that files can be called so, and the name.
    path: [Field<u16>; LONGEST_NAME + 1],
}
impl Record for Pipe {}

/// The bits of both ends.
const BOTH: u32 = End::Reads as u32 | End::Writes as u32;

#[repr(C)]
#[derive(Debug)]
struct Buffer([Field<u8>; CAPACITY as usize]);
impl Record for Buffer {}

/// One end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Bytes come out of it.
    Reads = 1,
    /// Bytes go into it.
    Writes = 2,
}

impl End {
    fn other(self) -> Self {
        match self {
            Self::Reads => Self::Writes,
            Self::Writes => Self::Reads,
        }
    }
}

/// What may have become of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherEnd {
    /// It waits to be opened by name.
    Vacant,
    Open,
    /// It has been closed, or can never be opened.
    Gone,
}

/// An end of a pipe, as a file object leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PipeEnd {
    pipe: Link<Pipe>,
    pub(crate) end: End,
}

impl PipeEnd {
    /// The end that a file object's second context word means: the pipe's address, with the end in its lowest bit.
    pub(crate) fn of(word: u32) -> Self {
        Self { pipe: Link::new(word & !1), end: if word & 1 == 0 { End::Reads } else { End::Writes } }
    }

    fn word(self) -> u32 {
        self.pipe.address() | u32::from(self.end == End::Writes)
    }
}

impl Pipe {
    /// The ends that there are or may still come.
    fn expected(&self) -> u32 {
        self.ends.get() | self.vacant.get()
    }

    /// What the two events should say (B1): whether one who reads, and one who writes, has something to do.
    fn busy(&self) -> [bool; 2] {
        let (count, is_over) = (self.count.get(), self.expected() != BOTH);
        [count > 0 || is_over, count < CAPACITY || is_over]
    }
}

impl<P: Platform> Executive<P> {
    /// A pipe called `name`, of at most [`LONGEST_NAME`] units, and its server's end.
    pub(crate) fn create_pipe(&self, name: &[u16], end: End) -> Result<Link<FileObject>, NtStatus> {
        let pipe = self.allocate_pipe()?;
        let record = self.machine_record(pipe);
        initialise_event(self.platform(), readable(pipe), EventKind::Notification, 0);
        initialise_event(self.platform(), writable(pipe), EventKind::Notification, 1);
        record.name_length.set(name.len() as u32);
        for (cell, unit) in record.path.iter().zip(core::iter::once(&u16::from(b'\\')).chain(name)) {
            cell.set(*unit);
        }
        record.vacant.set(end.other() as u32);
        record.server.set(end as u32);
        record.next.set(self.pipes.get());
        let file = self.pipe_file(PipeEnd { pipe, end }).inspect_err(|_| self.free_pipe(pipe))?;
        self.pipes.set(pipe);
        Ok(file)
    }

    fn allocate_pipe(&self) -> Result<Link<Pipe>, Exhausted> {
        let pipe: Link<Pipe> = self.mm().allocate_zeroed_pool(size_of::<Pipe>() as u32, PIPE)?;
        let buffer = self.mm().allocate_pool_pages(1).inspect_err(|_| self.mm().free_pool(pipe))?;
        self.machine_record(pipe).buffer.set(buffer);
        Ok(pipe)
    }

    fn free_pipe(&self, pipe: Link<Pipe>) {
        self.mm().free_pool_pages(self.machine_record(pipe).buffer.get(), 1);
        self.mm().free_pool(pipe);
    }

    /// A file object for an end, which there is from now on.
    fn pipe_file(&self, end: PipeEnd) -> Result<Link<FileObject>, NtStatus> {
        let object = self.objects().create::<FileObject>()?;
        file_object::lead_to(self.objects(), object, self.devices.pipes);
        let (record, pipe) = (self.machine_record(object), self.machine_record(end.pipe));
        record.fs_context2.set(end.word());
        let path = end.pipe.address() + core::mem::offset_of!(Pipe, path) as u32;
        record.file_name.set(path, (pipe.name_length.get() as u16 + 1) * 2);
        pipe.ends.update(|ends| ends | end.end as u32);
        Ok(object)
    }

    /// Opens the vacant end of the pipe called `name`: a file object for it, and which end it is.
    ///
    /// # Errors
    /// OBJECT_NAME_NOT_FOUND where there is none, INSUFFICIENT_RESOURCES.
    pub(crate) fn open_pipe(&self, name: &[u16]) -> Result<(Link<FileObject>, End), NtStatus> {
        let pipe = self.vacant_pipe(name).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
        let end = if self.machine_record(pipe).vacant.get() == End::Reads as u32 { End::Reads } else { End::Writes };
        let file = self.pipe_file(PipeEnd { pipe, end })?;
        self.take_name_off(pipe);
        Ok((file, end))
    }

    /// Whether a pipe of this name waits for its other end.
    pub(crate) fn vacant_pipe(&self, name: &[u16]) -> Option<Link<Pipe>> {
        let next = |pipe: &Link<Pipe>| self.machine_record(*pipe).next.get().some();
        core::iter::successors(self.pipes.get().some(), next).find(|pipe| {
            let record = self.machine_record(*pipe);
            let own = record.path[1..][..record.name_length.get() as usize].iter().map(Field::get);
            io::path::same_name(name, own)
        })
    }

    /// Nobody can open the other end of `pipe` any more.
    fn take_name_off(&self, pipe: Link<Pipe>) {
        let record = self.machine_record(pipe);
        record.vacant.set(0);
        let next = record.next.get();
        if self.pipes.get() == pipe {
            self.pipes.set(next);
            return;
        }
        let follows = |before: &Link<Pipe>| self.machine_record(*before).next.get().some();
        let before = core::iter::successors(self.pipes.get().some(), follows)
            .find(|before| self.machine_record(*before).next.get() == pipe);
        if let Some(before) = before {
            self.machine_record(before).next.set(next);
        }
    }

    /// The last reference to an end has gone.
    pub(crate) fn close_pipe(&self, end: PipeEnd) {
        let record = self.machine_record(end.pipe);
        if record.vacant.get() != 0 {
            self.take_name_off(end.pipe);
        }
        if record.ends.update(|ends| ends & !(end.end as u32)) == 0 {
            self.free_pipe(end.pipe);
            return;
        }
        // Whoever waits at the other end is to look again.
        self.settle_events(end.pipe);
    }

    /// What there is to read, and whether more may come.
    ///
    /// # Errors
    /// PIPE_BROKEN where there is nothing and nothing will come.
    pub(crate) fn available(&self, end: PipeEnd) -> Result<u32, NtStatus> {
        let record = self.machine_record(end.pipe);
        match record.count.get() {
            0 if !self.other_end_is_there(end) => Err(NtStatus::PIPE_BROKEN),
            count => Ok(count),
        }
    }

    /// What has become of the other end.
    pub(crate) fn other_end(&self, end: PipeEnd) -> OtherEnd {
        let (record, other) = (self.machine_record(end.pipe), end.end.other() as u32);
        if record.vacant.get() & other != 0 {
            OtherEnd::Vacant
        } else if record.ends.get() & other != 0 {
            OtherEnd::Open
        } else {
            OtherEnd::Gone
        }
    }

    /// Whether this is the end of whoever made the pipe.
    pub(crate) fn is_server(&self, end: PipeEnd) -> bool {
        self.machine_record(end.pipe).server.get() == end.end as u32
    }

    /// Bytes on the way.
    pub(crate) fn bytes_in(&self, end: PipeEnd) -> u32 {
        self.machine_record(end.pipe).count.get()
    }

    fn other_end_is_there(&self, end: PipeEnd) -> bool {
        let record = self.machine_record(end.pipe);
        record.expected() & end.end.other() as u32 != 0
    }

    /// Copies the first bytes of the pipe into `into`, as many as there are; `take` takes them out.
    pub(crate) fn copy_from_pipe(&self, end: PipeEnd, into: &mut [u8], take: Take) -> usize {
        let record = self.machine_record(end.pipe);
        let buffer = self.machine_record(record.buffer.get());
        let (start, count) = (record.start.get(), record.count.get());
        let step = into.len().min(count as usize);
        for (byte, index) in into[..step].iter_mut().zip(start..) {
            *byte = buffer.0[(index % CAPACITY) as usize].get();
        }
        if take == Take::Yes && step > 0 {
            record.start.set((start + step as u32) % CAPACITY);
            record.count.set(count - step as u32);
            self.settle_events(end.pipe);
        }
        step
    }

    /// Puts bytes behind those that are there, as many as there is room for.
    ///
    /// # Errors
    /// PIPE_CLOSING where nobody can read them.
    pub(crate) fn copy_to_pipe(&self, end: PipeEnd, from: &[u8]) -> Result<usize, NtStatus> {
        if !self.other_end_is_there(end) {
            return Err(NtStatus::PIPE_CLOSING);
        }
        let record = self.machine_record(end.pipe);
        let buffer = self.machine_record(record.buffer.get());
        let (start, count) = (record.start.get(), record.count.get());
        let step = from.len().min((CAPACITY - count) as usize);
        for (byte, index) in from[..step].iter().zip(start + count..) {
            buffer.0[(index % CAPACITY) as usize].set(*byte);
        }
        record.count.set(count + step as u32);
        self.settle_events(end.pipe);
        Ok(step)
    }

    /// Waits until the other end has read all that was written.
    ///
    /// # Errors
    /// PIPE_BROKEN where nobody will, PROCESS_IS_TERMINATING.
    pub(crate) fn flush_pipe(&self, end: PipeEnd) -> Result<(), NtStatus> {
        while self.machine_record(end.pipe).count.get() > 0 {
            if !self.other_end_is_there(end) {
                return Err(NtStatus::PIPE_BROKEN);
            }
            if self.is_told_to_end() {
                return Err(NtStatus::PROCESS_IS_TERMINATING);
            }
            self.sleep(1);
        }
        Ok(())
    }

    /// Makes both events say what is true (B1).
    fn settle_events(&self, pipe: Link<Pipe>) {
        for (event, set) in [readable(pipe), writable(pipe)].into_iter().zip(self.machine_record(pipe).busy()) {
            if set {
                self.dispatcher.set_event(event, WAKE_INCREMENT);
            } else {
                self.dispatcher.reset_event(event);
            }
        }
    }

    /// Waits until something may have changed for `end`, an end of `file`.
    ///
    /// # Errors
    /// PROCESS_IS_TERMINATING where the thread is to end.
    pub(crate) fn wait_for_pipe(&self, file: Link<FileObject>, end: PipeEnd) -> Result<(), NtStatus> {
        let event = if end.end == End::Reads { readable(end.pipe) } else { writable(end.pipe) };
        let header: Link<DispatcherHeader> = event.cast();
        let terms =
            WaitTerms { reason: WaitReason::Executive, mode: Ring::User, alertable: Alertable::No, deadline: None };
        let waited = Waited { headers: &[header], bodies: &[file.cast()] };
        match self.wait_for_objects(waited, WaitKind::Any, &terms) {
            NtStatus::SUCCESS => Ok(()),
            _ if self.is_told_to_end() => Err(NtStatus::PROCESS_IS_TERMINATING),
            status if status.is_error() => Err(status),
            _ => Ok(()),
        }
    }
}

/// Whether bytes are taken out or only looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// They are gone then.
    Yes,
    /// They stay.
    No,
}

fn readable(pipe: Link<Pipe>) -> Link<Kevent> {
    pipe.offset(core::mem::offset_of!(Pipe, readable) as u32)
}

fn writable(pipe: Link<Pipe>) -> Link<Kevent> {
    pipe.offset(core::mem::offset_of!(Pipe, writable) as u32)
}
