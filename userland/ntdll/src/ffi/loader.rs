//! The loader's exports.

use user_ffi::{AnsiString, UnicodeString, wide_string};
use user_support::image::Symbol;
use user_support::loader::{
    LoadError, Module, add_reference, free_library, ignore_threads, load_image, load_library, pin, procedure_address,
};
use user_support::path;
use user_support::status::Status;

use super::process::Native;
use super::start::{LOADER_LOCK, shut_down_process};

/// Runs `act` under the loader lock.
fn locked<Result>(act: impl FnOnce(&Native) -> Result) -> Result {
    LOADER_LOCK.enter();
    // SAFETY: this thread has the loader lock.
    let result = act(&unsafe { Native::new() });
    LOADER_LOCK.leave();
    result
}

/// Writes a result through the caller's pointer, or returns the error's status.
///
/// # Safety
/// `target` is null or points to a word.
unsafe fn deliver(target: *mut u32, result: Result<u32, LoadError>) -> u32 {
    match result {
        Ok(value) => {
            if !target.is_null() {
                // SAFETY: the caller's promise.
                unsafe { target.write(value) };
            }
            Status::SUCCESS.0
        }
        Err(error) => error.status().0,
    }
}

/// `IMAGE_FILE_EXECUTABLE_IMAGE`: what asks for the image alone.
const IMAGE_ONLY: u32 = 2;

/// Loads a DLL, or counts one more reference to it. A search path is a folder that comes before the program's; of the
/// characteristics one asks for the image without its imports and initialiser.
///
/// # Safety
/// `name` describes a string truly; `search_path` is null or a string, `characteristics` null or a word; `base` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LdrLoadDll(
    search_path: *const u16,
    characteristics: *const u32,
    name: *const UnicodeString,
    base: *mut u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { name.read() };
    // SAFETY: the caller's promise. Copied, because an initialiser may change it.
    let name = unsafe { name.units() }.to_vec();
    // SAFETY: the caller's promise.
    let image_only = !characteristics.is_null() && unsafe { characteristics.read() } & IMAGE_ONLY != 0;
    // SAFETY: the caller's promise.
    let folder = unsafe { wide_string(search_path) };
    let result = locked(|process| {
        let before = process.look_first_in(folder);
        let loaded = if image_only { load_image(process, &name) } else { load_library(process, &name) };
        process.look_first_in(&before);
        loaded.map(|module| module.base(process))
    });
    // SAFETY: the caller's promise.
    unsafe { deliver(base, result) }
}

/// Gives one reference back.
#[unsafe(no_mangle)]
pub extern "system" fn LdrUnloadDll(base: u32) -> u32 {
    locked(|process| match Module::at(process, base) {
        Some(module) => {
            free_library(process, module);
            Status::SUCCESS.0
        }
        None => Status::DLL_NOT_FOUND.0,
    })
}

/// Counts one more reference to a DLL, or keeps it for good where `flags` is 1.
#[unsafe(no_mangle)]
pub extern "system" fn LdrAddRefDll(flags: u32, base: u32) -> u32 {
    const PIN: u32 = 1;
    if flags & !PIN != 0 {
        return Status::INVALID_PARAMETER.0;
    }
    locked(|process| {
        let Some(module) = Module::at(process, base) else { return Status::DLL_NOT_FOUND.0 };
        if flags & PIN != 0 {
            pin(process, module)
        } else {
            add_reference(process, module)
        }
        Status::SUCCESS.0
    })
}

/// The base of a DLL that is loaded.
///
/// # Safety
/// `name` describes a string truly; `base` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LdrGetDllHandle(
    _search_path: *const u16,
    _characteristics: *const u32,
    name: *const UnicodeString,
    base: *mut u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { name.read() };
    // SAFETY: the caller's promise.
    let name = path::module_name(unsafe { name.units() });
    let found = locked(|process| Module::named(process, &name).map(|module| module.base(process)));
    // SAFETY: the caller's promise.
    unsafe { deliver(base, found.ok_or_else(|| LoadError::DllNotFound { name: name.into_owned() })) }
}

/// The address of a symbol: by name if there is one, else by ordinal.
///
/// # Safety
/// `name` is null or describes a string truly; `address` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LdrGetProcedureAddress(
    base: u32,
    name: *const AnsiString,
    ordinal: u32,
    address: *mut u32,
) -> u32 {
    let symbol = if name.is_null() {
        Symbol::Ordinal(ordinal)
    } else {
        // SAFETY: the caller's promise.
        let name = unsafe { name.read() };
        // SAFETY: the caller's promise.
        Symbol::Name { name: unsafe { name.bytes() }, hint: 0 }
    };
    let result = locked(|process| {
        let module = Module::at(process, base).ok_or(LoadError::Refused(Status::DLL_NOT_FOUND))?;
        procedure_address(process, module, symbol)
    });
    // SAFETY: the caller's promise.
    unsafe { deliver(address, result) }
}

/// Tells every DLL that the process ends.
#[unsafe(no_mangle)]
pub extern "system" fn LdrShutdownProcess() {
    shut_down_process();
}

/// From now on a DLL is not told of threads.
#[unsafe(no_mangle)]
pub extern "system" fn LdrDisableThreadCalloutsForDll(base: u32) -> u32 {
    let ignored = locked(|process| match Module::at(process, base) {
        Some(module) => ignore_threads(process, module),
        None => Err(Status::DLL_NOT_FOUND),
    });
    ignored.err().unwrap_or(Status::SUCCESS).0
}
