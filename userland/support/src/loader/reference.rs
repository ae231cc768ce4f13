//! Load counts: who still needs a module, and what happens when nobody does.
//!
//! A reference to a module is one to everything it imports, directly or not, so that a DLL never loses what it calls.

use alloc::vec::Vec;

use super::initialise::detach;
use super::list::PINNED;
use super::{Module, Order, Process};
use crate::image::{Imports, Malformed};
use crate::path;
use crate::text::wide;

/// Counts one more reference to `module` and all it imports.
#[doc(alias = "LdrAddRefDll")]
pub fn add_reference<P: Process>(process: &P, module: Module) {
    for needed in needed_by(process, module) {
        let count = needed.load_count(process);
        if count != PINNED {
            needed.set_load_count(process, count + 1);
        }
    }
}

/// Gives one reference back. Modules that nobody needs any more are told so, in the reverse of the order in which they
/// were initialised, and leave the process.
#[doc(alias = "LdrUnloadDll")]
pub fn free_library<P: Process>(process: &P, module: Module) {
    let mut leaving = Vec::new();
    for needed in needed_by(process, module) {
        let count = needed.load_count(process);
        if count != PINNED && count > 0 {
            needed.set_load_count(process, count - 1);
            if count == 1 {
                leaving.push(needed);
            }
        }
    }
    let order: Vec<Module> = Module::all(process, Order::Initialisation).collect();
    for &module in order.iter().rev().filter(|module| leaving.contains(module)) {
        detach(process, module, 0);
    }
    for module in leaving {
        let base = module.base(process);
        module.remove(process);
        process.unmap(base);
    }
}

/// Keeps `module` and all it imports for good (L3).
pub fn pin<P: Process>(process: &P, module: Module) {
    for needed in needed_by(process, module) {
        needed.set_load_count(process, PINNED);
    }
}

/// Keeps every module that is loaded now for good (L3).
pub(super) fn pin_all<P: Process>(process: &P) {
    for module in Module::all(process, Order::Load) {
        module.set_load_count(process, PINNED);
    }
}

/// `module` and everything it imports, each once.
fn needed_by<P: Process>(process: &P, module: Module) -> Vec<Module> {
    let mut needed = [module].to_vec();
    let mut next = 0;
    while let Some(&module) = needed.get(next) {
        // A module whose tables can no longer be read holds nothing else.
        let _ = add_imports(process, module, &mut needed);
        next += 1;
    }
    needed
}

fn add_imports<P: Process>(process: &P, module: Module, needed: &mut Vec<Module>) -> Result<(), Malformed> {
    let image = module.image(process)?;
    let mut imports = Imports::of(process, &image);
    while let Some(descriptor) = imports.next(process, &image)? {
        let found = Module::imported(process, &descriptor.dll).or_else(|| {
            let name = wide(&descriptor.dll.bytes(process));
            Module::named(process, &path::module_name(&name))
        });
        if let Some(other) = found.filter(|other| !needed.contains(other)) {
            needed.push(other);
        }
    }
    Ok(())
}
