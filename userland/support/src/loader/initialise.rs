//! Initialisers: `DllMain` and TLS callbacks, called in dependency order and, at the end, in its reverse.

use super::list::flag;
use super::{LoadError, Module, Order, Process, Reason};

/// When initialisers run; `DllMain` is told by its last argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Moment {
    /// For a `LoadLibrary`.
    Later = 0,
    /// At the start of the process, or at its end.
    WithProcess = 1,
}

/// Calls the initialiser of every DLL that has not been called yet, in the order of the list (L1).
///
/// An initialiser may load more DLLs, so the list is looked at anew after each call.
#[doc(alias = "LdrpRunInitializeRoutines")]
pub(super) fn run_initialisers<P: Process>(process: &P, moment: Moment) -> Result<(), LoadError> {
    let pending =
        || Module::all(process, Order::Initialisation).find(|module| !module.has(process, flag::ENTRY_PROCESSED));
    while let Some(module) = pending() {
        module.set(process, flag::ENTRY_PROCESSED);
        if module.has(process, flag::IMAGE_DLL) {
            attach(process, module, moment)?;
        }
    }
    Ok(())
}

fn attach<P: Process>(process: &P, module: Module, moment: Moment) -> Result<(), LoadError> {
    call_storage_callbacks(process, module, Reason::ProcessAttach);
    let entry = module.entry_point(process);
    if entry == 0 {
        return Ok(());
    }
    let base = module.base(process);
    if process.call(entry, base, Reason::ProcessAttach, moment as u32) {
        module.set(process, flag::ATTACH_CALLED);
        return Ok(());
    }
    Err(LoadError::InitialiserFailed { dll: module.base_name(process) })
}

/// Tells a DLL that it is about to leave (`context` 0) or that the process ends (1), if it was told of its coming.
pub(super) fn detach<P: Process>(process: &P, module: Module, context: u32) {
    if module.has(process, flag::ATTACH_CALLED) {
        call_storage_callbacks(process, module, Reason::ProcessDetach);
        process.call(module.entry_point(process), module.base(process), Reason::ProcessDetach, context);
    }
}

/// Calls the TLS callbacks of a module; their results mean nothing. As on XP a DLL that came later has none.
pub(super) fn call_storage_callbacks<P: Process>(process: &P, module: Module, reason: Reason) {
    let Some(storage) = module.storage(process) else { return };
    for callback in storage.callbacks(process) {
        process.call(callback, module.base(process), reason, Moment::WithProcess as u32);
    }
}

/// Tells everything that was told of the process's start of its end, in reverse order. Tells it once only.
#[doc(alias = "LdrShutdownProcess")]
pub fn shut_down<P: Process>(process: &P) {
    for module in Module::all_backwards(process, Order::Initialisation) {
        detach(process, module, Moment::WithProcess as u32);
    }
    if let Some(program) = Module::program(process) {
        call_storage_callbacks(process, program, Reason::ProcessDetach);
    }
}
