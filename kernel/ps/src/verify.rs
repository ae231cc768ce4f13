//! The audit of everything: memory, the dispatcher, the handle tables of all processes, the names, the devices, what is open, pipes,
//! tokens.
//!
//! Files are only looked at while nobody opens or closes one: while the volume's lock is the auditor's, or nobody's.

use abi::cell::Link;
use abi::nt::device::DeviceObject;
use abi::nt::file::FileObject;
use abi::nt::job::Ejob;
use abi::nt::process::Eprocess;
use io::FileCorruption;
use ke::DispatcherCorruption;
use ob::{HandleCorruption, NameCorruption};

use crate::executive::Executive;
use crate::pipe::{self, PipeCorruption};
use crate::platform::Platform;
use crate::token::{self, TokenCorruption};

/// The first broken invariant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Corruption {
    /// The memory manager's.
    Memory(mm::verify::Corruption),
    /// The dispatcher's.
    Dispatcher(DispatcherCorruption),
    /// Of the handle table of a process.
    Handles(Link<Eprocess>, HandleCorruption),
    /// Of the name space.
    Names(NameCorruption),
    /// Of a device (N6), or of the files that lead to all of them (N5): the link is null then.
    Devices(Link<DeviceObject>),
    /// Of what is open on the volume.
    Files(FileCorruption),
    /// Of a pipe.
    Pipes(PipeCorruption),
    /// Of a token.
    Tokens(TokenCorruption),
    /// Of who watches a directory (Z1).
    Watches(Link<FileObject>),
    /// Of a job (J1).
    Jobs(Link<Ejob>),
}

/// What the audit counted of all that is not memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectAudit {
    /// Files that are open, or whose pages are in memory; none where somebody was opening or closing one.
    pub files: Option<u32>,
    /// Pipes.
    pub pipes: u32,
    /// Tokens.
    pub tokens: u32,
}

impl<P: Platform> Executive<P> {
    /// Audits everything. May wait: for who is opening or closing a file.
    ///
    /// # Errors
    /// The first broken invariant.
    pub fn verify(&self) -> Result<mm::verify::Audit, Corruption> {
        let _lock = self.lock_volume();
        let audit = self.mm().verify(&mut self.scratch.lock()).map_err(Corruption::Memory)?;
        self.verify_others(true)?;
        Ok(audit)
    }

    /// Audits all that is not memory, which has been found sound. For the debugger: it waits for nothing.
    ///
    /// # Errors
    /// The first broken invariant.
    pub fn verify_objects(&self) -> Result<ObjectAudit, Corruption> {
        self.verify_others(self.volume_turns.is_free())
    }

    fn verify_others(&self, files_rest: bool) -> Result<ObjectAudit, Corruption> {
        self.dispatcher.verify().map_err(Corruption::Dispatcher)?;
        for process in self.processes() {
            if let Some(table) = self.machine_record(process).object_table.get().some() {
                self.objects().handles(table).verify().map_err(|found| Corruption::Handles(process, found))?;
            }
        }
        self.objects().verify_names().map_err(Corruption::Names)?;
        self.verify_devices().map_err(Corruption::Devices)?;
        let files = files_rest.then(|| self.verify_volumes().map_err(Corruption::Files)).transpose()?;
        let pipes = pipe::verify(self.objects(), self.pipes.get()).map_err(Corruption::Pipes)?;
        let tokens = token::verify(self.objects(), || self.processes()).map_err(Corruption::Tokens)?;
        self.verify_watches().map_err(Corruption::Watches)?;
        self.verify_jobs().map_err(Corruption::Jobs)?;
        Ok(ObjectAudit { files, pipes, tokens })
    }
}
