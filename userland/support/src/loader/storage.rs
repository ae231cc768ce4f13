//! Thread-local storage of the modules that are there when the process starts.
//!
//! Each such module gets an index; the thread's array holds, per index, a copy of the module's template. As on XP, a
//! DLL that comes later gets none.

use alloc::vec::Vec;

use super::{LoadError, Module, Order, Process};
use crate::image::ThreadLocalStorage;
use crate::status::Status;

/// Gives every module with thread-local storage its index, and the first thread its blocks.
#[doc(alias = "LdrpInitializeTls")]
pub(super) fn initialise_storage<P: Process>(process: &P) -> Result<(), LoadError> {
    let mut storages = Vec::new();
    for module in Module::all(process, Order::Load).filter(|module| module.wants_storage(process)) {
        if let Some(storage) = storage_of(process, module)? {
            module.set_storage(process, &storage);
            storages.push(storage);
        }
    }
    for (index, storage) in (0..).zip(&storages) {
        process.write_u32(storage.index, index);
    }
    give_storage(process, &storages)
}

/// What `module` wants for each thread, as its image says.
#[inline(never)]
fn storage_of<P: Process>(process: &P, module: Module) -> Result<Option<ThreadLocalStorage>, LoadError> {
    let storage = module.image(process).and_then(|image| ThreadLocalStorage::open(process, &image));
    storage.map_err(|error| LoadError::from(error).named(|| module.full_name(process)))
}

/// Gives a later thread its blocks.
#[doc(alias = "LdrpAllocateTls")]
pub(super) fn attach_storage<P: Process>(process: &P) -> Result<(), LoadError> {
    // In the order in which the modules got their indices.
    let storages: Vec<_> = Module::all(process, Order::Load).filter_map(|module| module.storage(process)).collect();
    give_storage(process, &storages)
}

/// Takes the blocks of the running thread, which ends.
#[doc(alias = "LdrpFreeTls")]
pub(super) fn detach_storage<P: Process>(process: &P) {
    let array = process.thread_storage();
    if array == 0 {
        return;
    }
    process.set_thread_storage(0);
    let count = Module::all(process, Order::Load).filter(|module| module.has_storage(process)).count() as u32;
    free_storage(process, array, count);
}

fn free_storage<P: Process>(process: &P, array: u32, blocks: u32) {
    (0..blocks).for_each(|index| process.free(process.read_u32(array + 4 * index)));
    process.free(array);
}

fn give_storage<P: Process>(process: &P, storages: &[ThreadLocalStorage]) -> Result<(), LoadError> {
    if storages.is_empty() {
        return Ok(());
    }
    let array = process.allocate(4 * storages.len() as u32).ok_or(Status::NO_MEMORY)?;
    for (index, storage) in (0..).zip(storages) {
        let block = copy_template(process, storage).inspect_err(|_| free_storage(process, array, index))?;
        process.write_u32(array + 4 * index, block);
    }
    process.set_thread_storage(array);
    Ok(())
}

fn copy_template<P: Process>(process: &P, storage: &ThreadLocalStorage) -> Result<u32, LoadError> {
    let size = storage.initialised.checked_add(storage.zeroed).ok_or(Status::INVALID_IMAGE_FORMAT)?;
    let block = process.allocate(size.max(1)).ok_or(Status::NO_MEMORY)?;
    let mut bytes = alloc::vec![0; storage.initialised as usize];
    process.read_bytes(storage.template, &mut bytes);
    process.write_bytes(block, &bytes);
    Ok(block)
}
