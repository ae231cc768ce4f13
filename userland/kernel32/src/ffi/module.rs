//! DLLs: loading, finding, and the addresses of what they export.

use alloc::vec::Vec;

use user_ffi::{AnsiString, ThisProcess, UnicodeString, c_string, peb, wide_string};
use user_support::error::Win32Error;
use user_support::loader::Module;
use user_support::path::{absolute, folder, has_folder};
use user_support::status::Status;
use user_support::text;

use super::directory::{copy_ansi, copy_wide, directory_for};
use super::last_error::{Bool, fail, fail_with, succeeded};
use super::nt::{LdrDisableThreadCalloutsForDll, LdrGetDllHandle, LdrGetProcedureAddress, LdrLoadDll, LdrUnloadDll};

/// Values below this are ordinals, not names.
const ORDINALS: u32 = 0x1_0000;
/// `DONT_RESOLVE_DLL_REFERENCES`, `LOAD_LIBRARY_AS_DATAFILE`, `LOAD_WITH_ALTERED_SEARCH_PATH`.
const DO_NOT_RESOLVE: u32 = 1;
const AS_DATA_FILE: u32 = 2;
const ALTERED_SEARCH_PATH: u32 = 8;
/// What LdrLoadDll takes for the first of these: `IMAGE_FILE_EXECUTABLE_IMAGE`.
const EXECUTABLE_IMAGE: u32 = 2;

/// Loads a DLL. Returns its base, or 0.
///
/// # Safety
/// `name` is a string; the DLL's initialiser may run.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LoadLibraryA(name: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    load(&text::wide(unsafe { c_string(name) }), 0)
}

/// Loads a DLL. Returns its base, or 0.
///
/// # Safety
/// As [`LoadLibraryA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LoadLibraryW(name: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    load(unsafe { wide_string(name) }, 0)
}

/// Loads a DLL, or with flags only its image or its bytes, or looks for what it imports where it lies.
///
/// # Safety
/// As [`LoadLibraryA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LoadLibraryExA(name: *const u8, _file: u32, flags: u32) -> u32 {
    // SAFETY: the caller's promise.
    load(&text::wide(unsafe { c_string(name) }), flags)
}

/// The same in UTF-16.
///
/// # Safety
/// As [`LoadLibraryA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LoadLibraryExW(name: *const u16, _file: u32, flags: u32) -> u32 {
    // SAFETY: the caller's promise.
    load(unsafe { wide_string(name) }, flags)
}

fn load(name: &[u16], flags: u32) -> u32 {
    if name.is_empty() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    if flags & AS_DATA_FILE != 0 {
        return super::data_file::load(name);
    }
    let characteristics = if flags & DO_NOT_RESOLVE != 0 { EXECUTABLE_IMAGE } else { 0 };
    let first: Vec<u16> = match flags & ALTERED_SEARCH_PATH != 0 && has_folder(name) {
        true => folder(&absolute(&directory_for(name), name)).iter().copied().chain([0]).collect(),
        false => Vec::new(),
    };
    let first_at = if first.is_empty() { core::ptr::null() } else { first.as_ptr() };
    let (name, mut base) = (UnicodeString::over(name), 0);
    // SAFETY: folder and name live until the call returns.
    let status = unsafe { LdrLoadDll(first_at, &characteristics, &name, &mut base) };
    result(status, base)
}

fn result(status: u32, value: u32) -> u32 {
    match Status(status).ok() {
        Ok(()) => value,
        Err(status) => fail_with(status),
    }
}

/// Gives a DLL back.
///
/// # Safety
/// Nobody uses the DLL through this reference any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FreeLibrary(base: u32) -> Bool {
    if super::data_file::is_data(base) {
        return super::data_file::free(base);
    }
    // SAFETY: the caller's promise.
    succeeded(unsafe { LdrUnloadDll(base) })
}

/// The base of a loaded module; of the program for a null name. 0 if there is none.
///
/// # Safety
/// `name` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetModuleHandleA(name: *const u8) -> u32 {
    if name.is_null() {
        return peb().image_base();
    }
    // SAFETY: the caller's promise.
    find(&text::wide(unsafe { c_string(name) }))
}

/// The base of a loaded module; of the program for a null name. 0 if there is none.
///
/// # Safety
/// `name` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetModuleHandleW(name: *const u16) -> u32 {
    if name.is_null() {
        return peb().image_base();
    }
    // SAFETY: the caller's promise.
    find(unsafe { wide_string(name) })
}

/// The base of the loaded module called `name`, or 0.
pub(super) fn find(name: &[u16]) -> u32 {
    let (name, mut base) = (UnicodeString::over(name), 0);
    // SAFETY: the name lives until the call returns.
    let status = unsafe { LdrGetDllHandle(core::ptr::null(), core::ptr::null(), &name, &mut base) };
    result(status, base)
}

/// The address of a symbol: by name, or by ordinal in the low half. 0 if there is none.
///
/// # Safety
/// `symbol` is an ordinal or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcAddress(base: u32, symbol: *const u8) -> u32 {
    let base = if base == 0 { peb().image_base() } else { base };
    let mut address = 0;
    let status = if (symbol as u32) < ORDINALS {
        // SAFETY: no name is passed.
        unsafe { LdrGetProcedureAddress(base, core::ptr::null(), symbol as u32, &mut address) }
    } else {
        // SAFETY: the caller's promise.
        let length = unsafe { c_string(symbol) }.len() as u16;
        let name = AnsiString { length, maximum_length: length, buffer: symbol.cast_mut() };
        // SAFETY: the name lives until the call returns.
        unsafe { LdrGetProcedureAddress(base, &name, 0, &mut address) }
    };
    result(status, address)
}

/// Runs `copy` on the path of a module; the program's for 0.
fn with_path(base: u32, copy: impl FnOnce(&[u16]) -> u32) -> u32 {
    let base = if base == 0 { peb().image_base() } else { base };
    // SAFETY: the lists are only read; a program that loads DLLs in another thread meanwhile is told not to.
    let lists = unsafe { ThisProcess::new() };
    match Module::at(&lists, base) {
        Some(module) => copy(&module.full_name(&lists)),
        None => fail(Win32Error::MOD_NOT_FOUND),
    }
}

/// The folder that the program lies in.
pub(super) fn own_folder() -> Vec<u16> {
    // SAFETY: as in `with_path`.
    let lists = unsafe { ThisProcess::new() };
    let path = Module::at(&lists, peb().image_base()).map(|module| module.full_name(&lists)).unwrap_or_default();
    folder(&path).to_vec()
}

/// The path of a module, cut to the room there is, as on XP.
///
/// # Safety
/// `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetModuleFileNameA(base: u32, target: *mut u8, room: u32) -> u32 {
    with_path(base, |path| {
        if path.len() < room as usize {
            // SAFETY: the caller's promise.
            return unsafe { copy_ansi(path, target, room) };
        }
        let cut = text::ansi(&path[..room as usize]);
        // SAFETY: the caller's promise.
        unsafe { target.copy_from_nonoverlapping(cut.as_ptr(), cut.len()) };
        room
    })
}

/// The same in UTF-16.
///
/// # Safety
/// `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetModuleFileNameW(base: u32, target: *mut u16, room: u32) -> u32 {
    with_path(base, |path| {
        if path.len() < room as usize {
            // SAFETY: the caller's promise.
            return unsafe { copy_wide(path, target, room) };
        }
        // SAFETY: the caller's promise.
        unsafe { target.copy_from_nonoverlapping(path.as_ptr(), room as usize) };
        room
    })
}

/// From now on a DLL is not told of threads.
#[unsafe(no_mangle)]
pub extern "system" fn DisableThreadLibraryCalls(base: u32) -> Bool {
    // SAFETY: any number may be asked about.
    succeeded(unsafe { LdrDisableThreadCalloutsForDll(base) })
}
