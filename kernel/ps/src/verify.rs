//! The audit of everything: memory, the dispatcher, the handle tables of all processes, the names, and the devices.

use abi::cell::Link;
use abi::nt::device::DeviceObject;
use abi::nt::process::Eprocess;
use ke::DispatcherCorruption;
use ob::{HandleCorruption, NameCorruption};

use crate::executive::Executive;
use crate::platform::Platform;

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
}

impl<P: Platform> Executive<P> {
    /// Audits everything.
    ///
    /// # Errors
    /// The first broken invariant.
    pub fn verify(&self) -> Result<mm::verify::Audit, Corruption> {
        let audit = self.mm().verify(&mut self.scratch.lock()).map_err(Corruption::Memory)?;
        self.dispatcher.verify().map_err(Corruption::Dispatcher)?;
        for process in self.processes() {
            if let Some(table) = self.machine_record(process).object_table.get().some() {
                self.objects().handles(table).verify().map_err(|found| Corruption::Handles(process, found))?;
            }
        }
        self.objects().verify_names().map_err(Corruption::Names)?;
        self.verify_devices().map_err(Corruption::Devices)?;
        Ok(audit)
    }
}
