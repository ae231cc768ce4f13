//! The start of a process: the program and `ntdll` are mapped, everything else is still to come.

use alloc::vec::Vec;

use super::bind::bind_imports;
use super::initialise::{Moment, call_storage_callbacks, run_initialisers};
use super::list::{PINNED, flag};
use super::load::relocate_image;
use super::reference::pin_all;
use super::storage::initialise_storage;
use super::{LoadError, Mapped, Module, Order, Process, Reason};
use crate::image::Image;

/// What the kernel has mapped before the first instruction in ring 3.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program's image.
    pub image: Image,
    /// Its path.
    pub path: Vec<u16>,
    /// The image of `ntdll`, which always lies where it was linked for.
    pub ntdll: Image,
    /// Its path.
    pub ntdll_path: Vec<u16>,
}

/// Loads everything the program needs, runs the initialisers, and returns the address of its entry point.
///
/// # Errors
/// Any [`LoadError`]: the program cannot run.
#[doc(alias = "LdrpInitializeProcess")]
pub fn start<P: Process>(process: &P, program: &Program) -> Result<u32, LoadError> {
    let (image, module) = (&program.image, enter(process, &program.image, &program.path)?);
    let ntdll = enter(process, &program.ntdll, &program.ntdll_path)?;
    ntdll.append(process, Order::Initialisation);
    ntdll.set(process, flag::ENTRY_PROCESSED);
    // Forwarders lead there, and need not keep it again.
    ntdll.set_load_count(process, PINNED);
    module.set(process, flag::ENTRY_PROCESSED);
    let named = |error: LoadError| error.named(|| program.path.clone());
    relocate_image(process, image).map_err(named)?;
    let mut added = Vec::new();
    bind_imports(process, &mut added, image).map_err(named)?;
    pin_all(process);
    initialise_storage(process)?;
    run_initialisers(process, Moment::WithProcess)?;
    call_storage_callbacks(process, module, Reason::ProcessAttach);
    // As on Windows, a program without entry point begins with its first byte.
    Ok(match module.entry_point(process) {
        0 => image.base(),
        entry => entry,
    })
}

fn enter<P: Process>(process: &P, image: &Image, path: &[u16]) -> Result<Module, LoadError> {
    let mapped = Mapped { base: image.base(), size: image.size() };
    Module::insert(process, mapped, image, path).map_err(|error| error.named(|| path.to_vec()))
}
