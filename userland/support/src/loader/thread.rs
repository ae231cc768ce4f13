//! Threads that come after the first: their thread-local storage, and who is told of them.
//!
//! Modules are told in the order of their initialisation, and of the end in its reverse, the program last. A DLL may say that
//! it does not want to hear of threads.

use super::initialise::call_storage_callbacks;
use super::list::flag;
use super::storage::{attach_storage, detach_storage};
use super::{LoadError, Module, Order, Process, Reason};
use crate::status::Status;

/// Tells the modules that the running thread begins, with its thread-local blocks in place.
///
/// # Errors
/// There is no room for the blocks, or a module is no longer one: the thread cannot run.
#[doc(alias = "LdrpInitializeThread")]
pub fn attach_thread<P: Process>(process: &P) -> Result<(), LoadError> {
    attach_storage(process)?;
    for module in Module::all(process, Order::Initialisation).filter(|module| listens(process, *module)) {
        tell(process, module, Reason::ThreadAttach);
    }
    if let Some(program) = Module::program(process) {
        call_storage_callbacks(process, program, Reason::ThreadAttach);
    }
    Ok(())
}

/// Tells them that it ends, and takes its blocks.
#[doc(alias = "LdrShutdownThread")]
pub fn detach_thread<P: Process>(process: &P) {
    for module in Module::all_backwards(process, Order::Initialisation).filter(|module| listens(process, *module)) {
        tell(process, module, Reason::ThreadDetach);
    }
    if let Some(program) = Module::program(process) {
        call_storage_callbacks(process, program, Reason::ThreadDetach);
    }
    detach_storage(process);
}

/// From now on `module` is not told of threads.
///
/// # Errors
/// DLL_NOT_FOUND for a module with thread-local storage, as on Windows: its callbacks need to hear of them.
#[doc(alias = "LdrDisableThreadCalloutsForDll")]
pub fn ignore_threads<P: Process>(process: &P, module: Module) -> Result<(), Status> {
    if module.has_storage(process) {
        return Err(Status::DLL_NOT_FOUND);
    }
    module.set(process, flag::NOT_FOR_THREADS);
    Ok(())
}

fn listens<P: Process>(process: &P, module: Module) -> bool {
    module.has(process, flag::ATTACH_CALLED) && !module.has(process, flag::NOT_FOR_THREADS)
}

fn tell<P: Process>(process: &P, module: Module, reason: Reason) {
    call_storage_callbacks(process, module, reason);
    // What the initialiser answers means nothing here.
    process.call(module.entry_point(process), module.base(process), reason, 0);
}
