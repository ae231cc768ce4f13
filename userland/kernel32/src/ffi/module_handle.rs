//! GetModuleHandleEx: a module by name or by an address in it, with a reference, without, or for good.

use user_ffi::{c_string, peb, wide_string};
use user_support::error::Win32Error;
use user_support::loader::Module;
use user_support::status::Status;
use user_support::text;

use super::last_error::{Bool, FALSE, TRUE, fail, fail_with};
use super::module::find;
use super::nt::LdrAddRefDll;
use super::startup::memory;

/// The module stays as long as the process.
const PIN: u32 = 1;
/// Its references are left alone.
const UNCHANGED_REFCOUNT: u32 = 2;
/// An address in the module is given instead of a name.
const FROM_ADDRESS: u32 = 4;
/// What LdrAddRefDll calls it.
const LDR_PIN: u32 = 1;

/// A module by name, or by address; the program's for a null name.
///
/// # Safety
/// `name` is null, a string or an address, as `flags` say; `module` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetModuleHandleExA(flags: u32, name: *const u8, module: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    let wanted = || find(&text::wide(unsafe { c_string(name) }));
    // SAFETY: as above.
    unsafe { get(flags, name as u32, module, wanted) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetModuleHandleExA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetModuleHandleExW(flags: u32, name: *const u16, module: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    let wanted = || find(unsafe { wide_string(name) });
    // SAFETY: as above.
    unsafe { get(flags, name as u32, module, wanted) }
}

/// # Safety
/// `module` is null or points to a word.
unsafe fn get(flags: u32, name: u32, module: *mut u32, by_name: impl FnOnce() -> u32) -> Bool {
    if module.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    unsafe { module.write(0) };
    let both = flags & PIN != 0 && flags & UNCHANGED_REFCOUNT != 0;
    if flags & !(PIN | UNCHANGED_REFCOUNT | FROM_ADDRESS) != 0 || both || flags & FROM_ADDRESS != 0 && name == 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let base = match (flags & FROM_ADDRESS != 0, name) {
        (true, address) => module_around(address),
        (false, 0) => peb().image_base(),
        _ => by_name(),
    };
    if base == 0 {
        return FALSE;
    }
    let status = match flags & (PIN | UNCHANGED_REFCOUNT) {
        UNCHANGED_REFCOUNT => Status::SUCCESS.0,
        // SAFETY: any number may be asked about.
        flags => unsafe { LdrAddRefDll(if flags & PIN != 0 { LDR_PIN } else { 0 }, base) },
    };
    if let Err(status) = Status(status).ok() {
        return fail_with(status);
    }
    // SAFETY: the caller's promise.
    unsafe { module.write(base) };
    TRUE
}

/// The base of the module that `address` lies in, or 0.
fn module_around(address: u32) -> u32 {
    match Module::around(&memory(), address) {
        Some(module) => module.base(&memory()),
        None => fail(Win32Error::MOD_NOT_FOUND),
    }
}
