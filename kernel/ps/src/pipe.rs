//! Pipes: bytes or messages that one file object writes and another reads, and as many of them on the way as the pipe's maker said.
//!
//! A pipe has a name and up to as many instances as its first maker allowed. An instance has two ends, which are file objects: the server's,
//! of whoever makes it, and the client's, which is opened by name. For each way that the name allows it has a queue. The server may
//! throw a client out, and listen for the next one: the client's file object leads to the instance still, but to no end of it. So does one
//! whose last handle has been closed while something goes on with it.
//!
//! A write is over when no more than the queue's quota is on the way up to its end: with a quota of 0 when all of it has been read. What
//! readers wait for already is not on the way. All of a write can be read, and looked at, while its writer waits; it is taken back where
//! he gives up.
//!
//! * **B1** A queue's `readable` is set while there is something in it or its ends are not connected: who finds nothing to do waits for it
//!   and looks again. `drained` is set when something has been taken out or the ends change: who wants to write resets it and looks before
//!   he waits.
//! * **B2** `ends` has a bit for each end that a file object leads to, one for each; `files` counts all that lead to the instance. An
//!   instance with a server's end is on the list of its name, and a name with such an instance on that of names.
//! * **B3** What is in a queue begins and ends within its pages, and they are as many as it says, one at least.
//!
//! Source: documented behaviour of CreateNamedPipe (its remarks on sizes), ConnectNamedPipe, DisconnectNamedPipe, ReadFile and WriteFile.

use abi::cell::{Field, Link, Record};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use io::file_object;
use ke::{EventKind, initialise_event};
use mm::pool::Tag;

use crate::executive::Executive;
use crate::platform::Platform;

mod name;
mod queue;
mod verify;
mod waits;

pub use name::PipeName;
pub(crate) use name::{LONGEST_NAME, NewPipe};
use queue::QueuePage;
pub(crate) use queue::{Cursor, Kept};
pub use queue::{Queue, WriteMarks};
pub use verify::PipeCorruption;
pub(crate) use verify::verify;

const PIPE: Tag = Tag(*b"NpFc");
const WRITE: Tag = Tag(*b"NpFw");

/// An instance of a pipe.
#[repr(C)]
#[derive(Debug)]
pub struct Pipe {
    /// What goes to the server, and what goes to the client.
    queues: [Queue; 2],
    name: Field<Link<PipeName>>,
    /// The next instance of the name.
    next: Field<Link<Pipe>>,
    /// A [`PipeState`].
    state: Field<u32>,
    /// Ends that there are: bit 0 the server's, bit 1 the client's.
    ends: Field<u32>,
    /// File objects that lead here.
    files: Field<u32>,
    /// How often the client was thrown out.
    era: Field<u32>,
    /// The client's, while it is not thrown out.
    client: Field<Link<FileObject>>,
    /// Of each end: whether it reads messages, and whether it never waits.
    modes: [[Field<u32>; 2]; 2],
}
impl Record for Pipe {}

/// What has become of an instance; the numbers are NT's.
#[doc(alias = "FILE_PIPE_LISTENING_STATE")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PipeState {
    /// The server has thrown the client out.
    Disconnected = 1,
    /// The client's end waits to be opened.
    Listening = 2,
    Connected = 3,
    /// One of the ends has been closed.
    Closing = 4,
}

/// One end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Of whoever made the instance.
    Server = 0,
    /// Of whoever opened it.
    Client = 1,
}

impl End {
    fn other(self) -> Self {
        match self {
            Self::Server => Self::Client,
            Self::Client => Self::Server,
        }
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// An end of an instance, as a file object leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PipeEnd {
    pipe: Link<Pipe>,
    pub(crate) end: End,
    /// Whether it was thrown out.
    is_cut_off: bool,
}

/// Bits of a file object's second context word: the client's end, and one that was thrown out.
const CLIENT: u32 = 1;
const CUT_OFF: u32 = 2;

impl PipeEnd {
    /// The end that a file object's second context word means: the instance's address, and the bits.
    pub(crate) fn of(word: u32) -> Self {
        let end = if word & CLIENT == 0 { End::Server } else { End::Client };
        Self { pipe: Link::new(word & !(CLIENT | CUT_OFF)), end, is_cut_off: word & CUT_OFF != 0 }
    }

    fn word(self) -> u32 {
        let cut_off = if self.is_cut_off { CUT_OFF } else { 0 };
        self.pipe.address() | if self.end == End::Client { CLIENT } else { 0 } | cut_off
    }
}

impl Pipe {
    pub(crate) fn state(&self) -> PipeState {
        match self.state.get() {
            1 => PipeState::Disconnected,
            2 => PipeState::Listening,
            3 => PipeState::Connected,
            _ => PipeState::Closing,
        }
    }

    /// What the event of each queue should say (B1).
    fn readable(&self) -> [bool; 2] {
        let is_over = self.state() != PipeState::Connected;
        [0, 1].map(|index| !self.queues[index].is_empty() || is_over)
    }
}

impl<P: Platform> Executive<P> {
    /// A file object for an end of `pipe`, which there is from now on.
    fn pipe_file(&self, pipe: Link<Pipe>, end: End) -> Result<Link<FileObject>, NtStatus> {
        let object = self.objects().create::<FileObject>()?;
        file_object::lead_to(self.objects(), object, self.devices.pipes);
        let (record, instance) = (self.machine_record(object), self.machine_record(pipe));
        record.fs_context2.set(PipeEnd { pipe, end, is_cut_off: false }.word());
        let (path, bytes) = self.machine_record(instance.name.get()).path(instance.name.get());
        record.file_name.set(path, bytes);
        instance.ends.update(|ends| ends | end.bit());
        instance.files.update(|files| files + 1);
        Ok(object)
    }

    /// Makes an instance, and its server's end; whether it is the first of its name.
    ///
    /// # Errors
    /// ACCESS_DENIED where there is another kind of pipe of that name, or any and it must be the first; INSTANCE_NOT_AVAILABLE where
    /// there are as many as may be; INSUFFICIENT_RESOURCES.
    pub(crate) fn create_pipe(&self, new: &NewPipe<'_>) -> Result<(Link<FileObject>, bool), NtStatus> {
        let (name, is_first) = self.name_for(new)?;
        let pipe = self.allocate_instance(name, new.quotas).inspect_err(|_| self.forget_unused_name(name))?;
        let modes = &self.machine_record(pipe).modes[End::Server as usize];
        modes[0].set(new.modes[0]);
        modes[1].set(new.modes[1]);
        let file = self.pipe_file(pipe, End::Server).inspect_err(|_| {
            self.free_instance(pipe);
            self.forget_unused_name(name);
        })?;
        self.list_instance(name, pipe);
        Ok((file, is_first))
    }

    fn allocate_instance(&self, name: Link<PipeName>, quotas: [u32; 2]) -> Result<Link<Pipe>, NtStatus> {
        let pipe: Link<Pipe> = self.mm().allocate_zeroed_pool(size_of::<Pipe>() as u32, PIPE)?;
        let record = self.machine_record(pipe);
        record.name.set(name);
        self.machine_record(name).references.update(|count| count + 1);
        record.state.set(PipeState::Listening as u32);
        for index in [0, 1] {
            for event in self.queue_events(pipe, index) {
                initialise_event(self.platform(), event, EventKind::Notification, 1);
            }
            record.queues[index].set_quota(quotas[index]);
            if self.machine_record(name).has_way(index) {
                match self.mm().allocate_pool_pages::<QueuePage>(1) {
                    Ok(page) => {
                        self.machine_record(page).next.set(Link::NULL);
                        record.queues[index].begin(page);
                    }
                    Err(exhausted) => {
                        self.free_instance(pipe);
                        return Err(exhausted.into());
                    }
                }
            }
        }
        Ok(pipe)
    }

    /// The instance's pool goes; nothing leads to it.
    fn free_instance(&self, pipe: Link<Pipe>) {
        for queue in &self.machine_record(pipe).queues {
            queue.clear(self.platform(), |page| self.free_queue_page(page));
            if let Some(page) = queue.first.get().some() {
                self.free_queue_page(page);
            }
        }
        self.machine_record(self.machine_record(pipe).name.get()).references.update(|count| count - 1);
        self.mm().free_pool(pipe);
    }

    /// Opens the client's end of an instance of the pipe called `name`, for what `wants` says: reading is bit 0, writing bit 1.
    ///
    /// # Errors
    /// OBJECT_NAME_NOT_FOUND where there is none, ACCESS_DENIED for a way it has not, PIPE_NOT_AVAILABLE where no instance listens,
    /// INSUFFICIENT_RESOURCES.
    pub(crate) fn open_pipe(&self, name: &[u16], wants: u32) -> Result<Link<FileObject>, NtStatus> {
        let name = self.pipe_name(name).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
        if wants & !self.machine_record(name).ways() != 0 {
            return Err(NtStatus::ACCESS_DENIED);
        }
        let pipe = self.listening_instance(name).ok_or(NtStatus::PIPE_NOT_AVAILABLE)?;
        let file = self.pipe_file(pipe, End::Client)?;
        let record = self.machine_record(pipe);
        record.client.set(file);
        record.modes[End::Client as usize].iter().for_each(|mode| mode.set(0));
        self.change_pipe_state(pipe, PipeState::Connected);
        Ok(file)
    }

    /// An instance of the pipe whose client's end waits to be opened.
    pub(crate) fn listening_instance(&self, name: Link<PipeName>) -> Option<Link<Pipe>> {
        let next = |pipe: &Link<Pipe>| self.machine_record(*pipe).next.get().some();
        core::iter::successors(self.machine_record(name).first().some(), next)
            .find(|pipe| self.machine_record(*pipe).state() == PipeState::Listening)
    }

    fn change_pipe_state(&self, pipe: Link<Pipe>, state: PipeState) {
        self.machine_record(pipe).state.set(state as u32);
        self.settle_events(pipe);
    }

    /// What an operation at `end` remembers, to know whether the client it began with is another now.
    pub(crate) fn pipe_era(&self, end: PipeEnd) -> u32 {
        self.machine_record(end.pipe).era.get()
    }

    /// What has become of the instance, to who is not thrown out.
    ///
    /// # Errors
    /// PIPE_DISCONNECTED to one that is.
    pub(crate) fn pipe_state(&self, end: PipeEnd) -> Result<PipeState, NtStatus> {
        if end.is_cut_off { Err(NtStatus::PIPE_DISCONNECTED) } else { Ok(self.machine_record(end.pipe).state()) }
    }

    /// The server listens for another client, where it has thrown one out.
    ///
    /// # Errors
    /// ILLEGAL_FUNCTION for a client, PIPE_CONNECTED where there is one, PIPE_CLOSING where it has gone.
    pub(crate) fn begin_listening(&self, end: PipeEnd) -> Result<(), NtStatus> {
        if end.end == End::Client {
            return Err(NtStatus::ILLEGAL_FUNCTION);
        }
        match self.pipe_state(end)? {
            PipeState::Disconnected => self.change_pipe_state(end.pipe, PipeState::Listening),
            PipeState::Listening => {}
            PipeState::Connected => return Err(NtStatus::PIPE_CONNECTED),
            PipeState::Closing => return Err(NtStatus::PIPE_CLOSING),
        }
        Ok(())
    }

    /// The server throws its client out, and what is on the way with him.
    ///
    /// # Errors
    /// ILLEGAL_FUNCTION for a client, PIPE_DISCONNECTED, PIPE_LISTENING.
    pub(crate) fn disconnect_pipe(&self, end: PipeEnd) -> Result<(), NtStatus> {
        if end.end == End::Client {
            return Err(NtStatus::ILLEGAL_FUNCTION);
        }
        match self.pipe_state(end)? {
            PipeState::Disconnected => return Err(NtStatus::PIPE_DISCONNECTED),
            PipeState::Listening => return Err(NtStatus::PIPE_LISTENING),
            PipeState::Connected | PipeState::Closing => {}
        }
        let record = self.machine_record(end.pipe);
        if let Some(client) = record.client.get().some() {
            let word = PipeEnd { pipe: end.pipe, end: End::Client, is_cut_off: true }.word();
            self.machine_record(client).fs_context2.set(word);
            record.client.set(Link::NULL);
            record.ends.update(|ends| ends & !End::Client.bit());
        }
        for queue in &record.queues {
            queue.clear(self.platform(), |page| self.free_queue_page(page));
        }
        record.era.update(|era| era.wrapping_add(1));
        self.change_pipe_state(end.pipe, PipeState::Disconnected);
        Ok(())
    }

    /// The last handle to `file`, which leads to an end, has gone, but something goes on with it.
    pub(crate) fn leave_pipe(&self, file: Link<FileObject>, end: PipeEnd) {
        if !end.is_cut_off {
            self.machine_record(file).fs_context2.set(PipeEnd { is_cut_off: true, ..end }.word());
            self.give_up_end(end);
        }
    }

    fn give_up_end(&self, end: PipeEnd) {
        let record = self.machine_record(end.pipe);
        record.ends.update(|ends| ends & !end.end.bit());
        match end.end {
            End::Server => self.unlist_instance(record.name.get(), end.pipe),
            End::Client => record.client.set(Link::NULL),
        }
        // Whoever waits at either end is to look again.
        self.change_pipe_state(end.pipe, PipeState::Closing);
    }

    /// The last reference to an end has gone.
    pub(crate) fn close_pipe(&self, end: PipeEnd) {
        let record = self.machine_record(end.pipe);
        let name = record.name.get();
        if !end.is_cut_off {
            self.give_up_end(end);
        }
        if record.files.update(|files| files - 1) == 0 {
            self.free_instance(end.pipe);
            self.forget_unused_name(name);
        }
    }

    /// The name of what `end` is an end of.
    pub(crate) fn name_of_pipe(&self, end: PipeEnd) -> &'static PipeName {
        self.machine_record(self.machine_record(end.pipe).name.get())
    }

    /// Whether the end reads messages, and whether it never waits.
    pub(crate) fn pipe_modes(&self, end: PipeEnd) -> [u32; 2] {
        let modes = &self.machine_record(end.pipe).modes[end.end as usize];
        [modes[0].get(), modes[1].get()]
    }

    pub(crate) fn set_pipe_modes(&self, end: PipeEnd, new: [u32; 2]) {
        let modes = &self.machine_record(end.pipe).modes[end.end as usize];
        modes[0].set(new[0]);
        modes[1].set(new[1]);
    }

    /// Whether somebody has an end still.
    pub(crate) fn is_end_there(&self, end: PipeEnd, which: Whose) -> bool {
        let wanted = if which == Whose::Own { end.end } else { end.end.other() };
        self.machine_record(end.pipe).ends.get() & wanted.bit() != 0
    }

    /// What may be on the way to the server and to the client.
    pub(crate) fn pipe_quotas(&self, end: PipeEnd) -> [u32; 2] {
        self.machine_record(end.pipe).queues.each_ref().map(Queue::quota)
    }

    /// What is before `cursor` has been read.
    pub(crate) fn take_from_pipe(&self, end: PipeEnd, cursor: Cursor) {
        self.queue(end, Way::In).take(self.platform(), cursor, |page| self.free_queue_page(page));
        self.settle_pipe(end);
    }

    /// `end` begins to write.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES.
    pub(crate) fn begin_write(&self, end: PipeEnd) -> Result<Link<WriteMarks>, NtStatus> {
        let marks = self.mm().allocate_zeroed_pool(size_of::<WriteMarks>() as u32, WRITE)?;
        self.queue(end, Way::Out).begin_write(self.platform(), marks);
        Ok(marks)
    }

    /// What it writes has been put there up to here.
    pub(crate) fn has_put(&self, end: PipeEnd, marks: Link<WriteMarks>) {
        self.queue(end, Way::Out).has_put(self.platform(), marks);
    }

    /// The write is over.
    pub(crate) fn end_write(&self, end: PipeEnd, marks: Link<WriteMarks>) {
        self.queue(end, Way::Out).end_write(self.platform(), marks);
        self.mm().free_pool(marks);
    }

    /// Takes back what has been written, as far as nobody has read it; whether somebody has read some of it.
    pub(crate) fn take_back_from_pipe(&self, end: PipeEnd, marks: Link<WriteMarks>) -> bool {
        self.queue(end, Way::Out).withdraw(self.platform(), marks, |page| self.free_queue_page(page))
    }

    /// Pages for `bytes` more that `end` writes, as a fragment.
    ///
    /// # Errors
    /// INSUFFICIENT_RESOURCES; pages that have come stay until something is read.
    pub(crate) fn make_room(&self, end: PipeEnd, bytes: u32) -> Result<(), NtStatus> {
        let queue = self.queue(end, Way::Out);
        for _ in 0..queue.lacking(bytes) {
            queue.add_page(self.platform(), self.mm().allocate_pool_pages(1)?);
        }
        Ok(())
    }

    fn free_queue_page(&self, page: Link<QueuePage>) {
        self.mm().free_pool_pages(page, 1);
    }

    /// The queue from which `end` reads, or the one into which it writes.
    pub(crate) fn queue(&self, end: PipeEnd, way: Way) -> &'static Queue {
        &self.machine_record(end.pipe).queues[queue_of(end, way)]
    }
}

/// Which of two ends is meant, seen from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Own,
    Other,
}

/// Which way bytes go, seen from an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// They are read.
    In,
    /// They are written.
    Out,
}

fn queue_of(end: PipeEnd, way: Way) -> usize {
    match way {
        Way::In => end.end as usize,
        Way::Out => end.end.other() as usize,
    }
}
