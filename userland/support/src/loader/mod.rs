//! The loader: brings a program and the DLLs it needs together.
//!
//! Per image: map it, relocate it if it lies elsewhere than it was linked for, load what it imports, fill its import
//! address tables, and call its initialiser after those of the DLLs it leans on. The truth about loaded modules is
//! NT's own: the three lists of `_LDR_DATA_TABLE_ENTRY` that hang off the PEB, which debuggers walk too.
//!
//! Invariants:
//! - L1: an entry is on the load-order and memory-order lists from its insertion to its removal, and on the
//!   initialisation list once everything it imports is there. So that list is in dependency order, cycles aside.
//! - L2: a failed load leaves the lists, the counts and the address space as they were, apart from the pins of L3.
//! - L3: a load count of FFFF never changes: the program, `ntdll`, everything loaded at start-up, and what a forwarder led to.
//!
//! Locks: the caller holds the loader lock. Initialisers run under it and may call back in.
//!
//! Source: Microsoft's documentation of DLL search order, DllMain and LoadLibrary; layouts from public symbols.

mod bind;
mod error;
mod initialise;
mod list;
mod load;
mod process;
mod reference;
mod remote;
mod start;
mod storage;
mod thread;

pub use error::LoadError;
pub use initialise::shut_down;
pub use list::{Module, Order, initialise_lists};
pub use load::{load_image, load_library, require};
pub use process::{LoaderData, Mapped, Process, Reason};
pub use reference::{add_reference, free_library, pin};
pub use remote::{RemoteModule, remote_modules};
pub use start::{Program, start};
pub use thread::{attach_thread, detach_thread, ignore_threads};

use alloc::vec::Vec;

use crate::image::Symbol;

/// The address of `symbol` in `module`; forwarders are followed, and load what they name.
///
/// # Errors
/// [`LoadError::SymbolNotFound`] or [`LoadError::OrdinalNotFound`], and what loading a forwarder's DLL may raise.
#[doc(alias = "LdrGetProcedureAddress")]
pub fn procedure_address<P: Process>(process: &P, module: Module, symbol: Symbol<'_>) -> Result<u32, LoadError> {
    let mut added = Vec::new();
    let address =
        bind::resolve(process, &mut added, module, symbol).inspect_err(|_| load::roll_back(process, &added))?;
    if !added.is_empty() {
        initialise::run_initialisers(process, initialise::Moment::Later)?;
    }
    Ok(address)
}

#[cfg(test)]
mod tests;
