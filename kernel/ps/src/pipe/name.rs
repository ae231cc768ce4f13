//! Names of pipes, and what all instances of one have in common.

use abi::cell::{Field, Link, Record};
use abi::status::NtStatus;
use core::mem::offset_of;
use mm::pool::Tag;

use super::Pipe;
use crate::executive::Executive;
use crate::platform::Platform;

pub(super) const NAME: Tag = Tag(*b"NpFn");
/// UTF-16 units of the longest name.
pub(crate) const LONGEST_NAME: usize = 120;

/// A name.
#[repr(C)]
#[derive(Debug)]
pub struct PipeName {
    /// The next name.
    pub(super) next: Field<Link<PipeName>>,
    /// The first instance that has a server.
    pub(super) first: Field<Link<Pipe>>,
    /// Instances that have a server, and how many may have.
    pub(super) instances: Field<u32>,
    maximum: Field<u32>,
    /// Instances, with a server or without.
    pub(super) references: Field<u32>,
    /// 1 for messages.
    kind: Field<u32>,
    /// What a client may do: bit 0 read, bit 1 write.
    ways: Field<u32>,
    /// How long who does not say waits for an instance: units of 100 ns.
    timeout: [Field<u32>; 2],
    /// UTF-16 units of the name.
    length: Field<u32>,
    /// A backslash, so that files can be called so, and the name.
    path: [Field<u16>; LONGEST_NAME + 1],
}
impl Record for PipeName {}

/// What an instance is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewPipe<'n> {
    pub name: &'n [u16],
    /// What a client may do: bit 0 read, bit 1 write.
    pub ways: u32,
    /// 1 for messages.
    pub kind: u32,
    /// Whether the server reads messages, and never waits.
    pub modes: [u32; 2],
    /// Instances that there may be.
    pub maximum: u32,
    /// Bytes that may be on the way to the server, and to the client.
    pub quotas: [u32; 2],
    /// How long who does not say waits for one: units of 100 ns.
    pub timeout: u64,
    /// Whether it must be the first.
    pub is_first: bool,
}

impl PipeName {
    /// What a client may do: bit 0 read, bit 1 write.
    pub(crate) fn ways(&self) -> u32 {
        self.ways.get()
    }

    /// Whether bytes go to the server (0), or to the client (1).
    pub(super) fn has_way(&self, queue: usize) -> bool {
        self.ways.get() & (2 >> queue) != 0
    }

    /// Whether messages are written.
    pub(crate) fn has_messages(&self) -> bool {
        self.kind.get() != 0
    }

    /// How many instances there may be, and are.
    pub(crate) fn counts(&self) -> [u32; 2] {
        [self.maximum.get(), self.instances.get()]
    }

    pub(crate) fn timeout(&self) -> u64 {
        u64::from(self.timeout[1].get()) << 32 | u64::from(self.timeout[0].get())
    }

    pub(super) fn first(&self) -> Link<Pipe> {
        self.first.get()
    }

    /// Where the path is, and how many bytes it has.
    pub(super) fn path(&self, own: Link<PipeName>) -> (u32, u16) {
        (own.address() + offset_of!(Self, path) as u32, (self.length.get() as u16 + 1) * 2)
    }
}

impl<P: Platform> Executive<P> {
    /// The pipe of this name, its case aside, that has a server.
    pub(crate) fn pipe_name(&self, name: &[u16]) -> Option<Link<PipeName>> {
        let next = |name: &Link<PipeName>| self.machine_record(*name).next.get().some();
        core::iter::successors(self.pipes.get().some(), next).find(|found| {
            let record = self.machine_record(*found);
            let own = record.path[1..][..record.length.get() as usize].iter().map(Field::get);
            io::path::same_name(name, own)
        })
    }

    /// The name that an instance is to have: the one there is, or a new one that is on no list yet; and whether it is new.
    pub(super) fn name_for(&self, new: &NewPipe<'_>) -> Result<(Link<PipeName>, bool), NtStatus> {
        let Some(name) = self.pipe_name(new.name) else { return self.new_name(new).map(|name| (name, true)) };
        let record = self.machine_record(name);
        if new.is_first || record.ways.get() != new.ways || record.kind.get() != new.kind {
            return Err(NtStatus::ACCESS_DENIED);
        }
        if record.instances.get() >= record.maximum.get() {
            return Err(NtStatus::INSTANCE_NOT_AVAILABLE);
        }
        Ok((name, false))
    }

    fn new_name(&self, new: &NewPipe<'_>) -> Result<Link<PipeName>, NtStatus> {
        let name: Link<PipeName> = self.mm().allocate_zeroed_pool(size_of::<PipeName>() as u32, NAME)?;
        let record = self.machine_record(name);
        record.maximum.set(new.maximum);
        record.kind.set(new.kind);
        record.ways.set(new.ways);
        record.timeout[0].set(new.timeout as u32);
        record.timeout[1].set((new.timeout >> 32) as u32);
        record.length.set(new.name.len() as u32);
        for (cell, unit) in record.path.iter().zip(core::iter::once(&u16::from(b'\\')).chain(new.name)) {
            cell.set(*unit);
        }
        Ok(name)
    }

    /// `pipe`, which has a server, can be opened by its name.
    pub(super) fn list_instance(&self, name: Link<PipeName>, pipe: Link<Pipe>) {
        let record = self.machine_record(name);
        if record.instances.get() == 0 {
            record.next.set(self.pipes.get());
            self.pipes.set(name);
        }
        record.instances.update(|count| count + 1);
        self.machine_record(pipe).next.set(record.first.get());
        record.first.set(pipe);
    }

    /// It cannot any more.
    pub(super) fn unlist_instance(&self, name: Link<PipeName>, pipe: Link<Pipe>) {
        let record = self.machine_record(name);
        let next = self.machine_record(pipe).next.get();
        let mut place: &Field<Link<Pipe>> = &record.first;
        while place.get() != pipe && !place.get().is_null() {
            place = &self.machine_record(place.get()).next;
        }
        place.set(next);
        self.machine_record(pipe).next.set(Link::NULL);
        if record.instances.update(|count| count - 1) > 0 {
            return;
        }
        let mut place: &Field<Link<PipeName>> = &self.pipes;
        while place.get() != name && !place.get().is_null() {
            place = &self.machine_record(place.get()).next;
        }
        place.set(record.next.get());
        record.next.set(Link::NULL);
        // Who has opened an instance has its name still.
        debug_assert!(record.first.get().is_null());
    }

    /// An instance of `name` is no more, or was not to be: the name goes with its last.
    pub(super) fn forget_unused_name(&self, name: Link<PipeName>) {
        if self.machine_record(name).references.get() == 0 {
            self.mm().free_pool(name);
        }
    }

    /// Waits until an instance of the pipe called `name` listens, until `deadline`, an interrupt time, or for as long as its maker said.
    ///
    /// # Errors
    /// OBJECT_NAME_NOT_FOUND where there is none, IO_TIMEOUT, PROCESS_IS_TERMINATING.
    pub(crate) fn wait_for_instance(&self, name: &[u16], wait: Option<u64>) -> Result<(), NtStatus> {
        let began = self.platform().interrupt_time();
        loop {
            let found = self.pipe_name(name).ok_or(NtStatus::OBJECT_NAME_NOT_FOUND)?;
            if self.listening_instance(found).is_some() {
                return Ok(());
            }
            let most = wait.unwrap_or_else(|| self.machine_record(found).timeout());
            if self.platform().interrupt_time().saturating_sub(began) >= most {
                return Err(NtStatus::IO_TIMEOUT);
            }
            if self.is_told_to_end() {
                return Err(NtStatus::PROCESS_IS_TERMINATING);
            }
            self.sleep(1);
        }
    }
}
