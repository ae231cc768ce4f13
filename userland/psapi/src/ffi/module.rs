//! Modules of processes, and the files behind memory.

use alloc::vec::Vec;

use user_ffi::last_error::{Bool, TRUE, fail, fail_with};
use user_support::error::Win32Error;
use user_support::loader::{RemoteModule, remote_modules};
use user_support::status::Status;
use user_support::text::ansi;

use super::nt::{NtQueryInformationProcess, NtQueryVirtualMemory, NtReadVirtualMemory};

/// `MemorySectionName` and `ProcessImageFileName`.
const SECTION_NAME: u32 = 2;
const IMAGE_FILE_NAME: u32 = 27;
/// Bytes of an answer that is a counted string with its text behind it.
const NAME_ROOM: usize = 0x400;

/// The modules of a process, in the order in which they were loaded.
fn modules(process: u32) -> Result<Vec<RemoteModule>, Status> {
    let (mut basic, none) = ([0u32; 6], core::ptr::null_mut());
    // SAFETY: the service writes six words.
    Status(unsafe { NtQueryInformationProcess(process, 0, basic.as_mut_ptr().cast(), 24, none) }).ok()?;
    let read = |address: u32, into: &mut [u8]| {
        let (mut done, length) = (0, into.len() as u32);
        // SAFETY: the service writes no more than there is room for.
        unsafe { NtReadVirtualMemory(process, address, into.as_mut_ptr(), length, &mut done) == 0 }
    };
    // A process that may not be read, has none or has not begun: part of what was wanted is not there.
    remote_modules(basic[1], read).ok_or(Status::PARTIAL_COPY)
}

/// The module of a process whose base is `base`; the program for 0.
fn module(process: u32, base: u32) -> Result<RemoteModule, u32> {
    let modules = modules(process).map_err(fail_with)?;
    let found = modules.into_iter().find(|module| base == 0 || module.base == base);
    found.ok_or_else(|| fail(Win32Error::INVALID_HANDLE))
}

/// The bases of a process's modules.
///
/// # Safety
/// `bases` has room for `size` bytes; `needed` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumProcessModules(process: u32, bases: *mut u32, size: u32, needed: *mut u32) -> Bool {
    let modules = match modules(process) {
        Ok(modules) => modules,
        Err(status) => return fail_with(status),
    };
    for (index, module) in modules.iter().enumerate().take(size as usize / 4) {
        // SAFETY: the caller's promise.
        unsafe { bases.wrapping_add(index).write_unaligned(module.base) };
    }
    // SAFETY: the caller's promise.
    unsafe { needed.write_unaligned(4 * modules.len() as u32) };
    TRUE
}

/// Base, size and entry point of a module.
///
/// # Safety
/// `information` has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetModuleInformation(process: u32, base: u32, information: *mut u32, size: u32) -> Bool {
    if size < 12 {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    match module(process, base) {
        Ok(module) => {
            let words = [module.base, module.size, module.entry_point];
            // SAFETY: the caller's promise.
            unsafe { information.cast::<[u32; 3]>().write_unaligned(words) };
            TRUE
        }
        Err(answer) => answer,
    }
}

/// Copies a text with its zero, cut to the room there is; its length.
///
/// # Safety
/// `target` has room for `room` units.
unsafe fn give<T: Copy + Default>(text: &[T], target: *mut T, room: u32) -> u32 {
    if room == 0 || target.is_null() {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    let length = text.len().min(room as usize - 1);
    // SAFETY: the caller's promise.
    unsafe { target.copy_from_nonoverlapping(text.as_ptr(), length) };
    // SAFETY: there is room for the zero.
    unsafe { target.wrapping_add(length).write(T::default()) };
    length as u32
}

macro_rules! names {
    ($($(#[$doc:meta])* $field:ident: $ansi_name:ident $wide_name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `target` has room for `room` bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $ansi_name(process: u32, base: u32, target: *mut u8, room: u32) -> u32 {
            match module(process, base) {
                // SAFETY: the caller's promise.
                Ok(module) => unsafe { give(&ansi(&module.$field), target, room) },
                Err(answer) => answer,
            }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// `target` has room for `room` units.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $wide_name(process: u32, base: u32, target: *mut u16, room: u32) -> u32 {
            match module(process, base) {
                // SAFETY: the caller's promise.
                Ok(module) => unsafe { give(&module.$field, target, room) },
                Err(answer) => answer,
            }
        }
    )*};
}

names! {
    /// The path of a module.
    full_name: GetModuleFileNameExA GetModuleFileNameExW;
    /// The file name of a module.
    base_name: GetModuleBaseNameA GetModuleBaseNameW;
}

/// The text of a counted string at the beginning of `answer`, which the text follows.
fn counted(ask: impl FnOnce(*mut u8, u32) -> u32) -> Result<Vec<u16>, Status> {
    let mut answer = alloc::vec![0u32; NAME_ROOM / 4];
    Status(ask(answer.as_mut_ptr().cast(), NAME_ROOM as u32)).ok()?;
    let units = (answer[0] & 0xFFFF) as usize / 2;
    let unit = |index: usize| answer.get(2 + index / 2).map(|word| (word >> (16 * (index % 2))) as u16);
    Ok((0..units).map_while(unit).collect())
}

fn mapped_file(process: u32, address: u32) -> Result<Vec<u16>, Status> {
    counted(|buffer, length| {
        // SAFETY: the service writes no more than there is room for.
        unsafe { NtQueryVirtualMemory(process, address, SECTION_NAME, buffer, length, core::ptr::null_mut()) }
    })
}

fn image_file(process: u32) -> Result<Vec<u16>, Status> {
    counted(|buffer, length| {
        // SAFETY: the service writes no more than there is room for.
        unsafe { NtQueryInformationProcess(process, IMAGE_FILE_NAME, buffer, length, core::ptr::null_mut()) }
    })
}

/// The file that is mapped at an address, as the system names it.
///
/// # Safety
/// `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetMappedFileNameA(process: u32, address: u32, target: *mut u8, room: u32) -> u32 {
    match mapped_file(process, address) {
        // SAFETY: the caller's promise.
        Ok(name) => unsafe { give(&ansi(&name), target, room) },
        Err(status) => fail_with(status),
    }
}

/// The same in UTF-16.
///
/// # Safety
/// `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetMappedFileNameW(process: u32, address: u32, target: *mut u16, room: u32) -> u32 {
    match mapped_file(process, address) {
        // SAFETY: the caller's promise.
        Ok(name) => unsafe { give(&name, target, room) },
        Err(status) => fail_with(status),
    }
}

/// The file of a process's program, as the system names it.
///
/// # Safety
/// `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessImageFileNameA(process: u32, target: *mut u8, room: u32) -> u32 {
    match image_file(process) {
        // SAFETY: the caller's promise.
        Ok(name) => unsafe { give(&ansi(&name), target, room) },
        Err(status) => fail_with(status),
    }
}

/// The same in UTF-16.
///
/// # Safety
/// `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetProcessImageFileNameW(process: u32, target: *mut u16, room: u32) -> u32 {
    match image_file(process) {
        // SAFETY: the caller's promise.
        Ok(name) => unsafe { give(&name, target, room) },
        Err(status) => fail_with(status),
    }
}
