//! The version resource of a file, copied to its caller, and values looked up in it.
//!
//! A copy is the resource, and behind it as much room again: there the values of those who ask for bytes are converted.
//!
//! Source: documented behaviour of the functions.

use user_ffi::last_error::{Bool, TRUE, fail};
use user_ffi::{ThisProcess, c_string, wide_string};
use user_support::error::Win32Error;
use user_support::memory::Memory;
use user_support::text::{wide, wide_to_ansi};
use user_support::version_resource::{Value, length, query};

use super::nt::{FindResourceW, FreeLibrary, LoadLibraryExW, LoadResource, SizeofResource};

/// `LOAD_LIBRARY_AS_DATAFILE`, `RT_VERSION`, and the number of the one resource of that type.
const AS_DATA_FILE: u32 = 2;
const VERSION: u32 = 16;
const NUMBER: u32 = 1;
/// `VFF_...`: what is told beside the size, which has been nothing since 16 bits.
const NOTHING: u32 = 0;

fn memory() -> ThisProcess {
    // SAFETY: only what callers hand over, and the resources of files that are loaded here, are touched.
    unsafe { ThisProcess::new() }
}

/// Does `work` with address and size of the version resource of a file; 0 where there is none.
fn with_resource(name: &[u16], work: impl FnOnce(u32, u32) -> u32) -> u32 {
    let name: alloc::vec::Vec<u16> = name.iter().copied().chain([0]).collect();
    // SAFETY: the name ends with a zero.
    let module = unsafe { LoadLibraryExW(name.as_ptr(), 0, AS_DATA_FILE) };
    if module == 0 {
        return 0;
    }
    // SAFETY: numbers are names.
    let resource = unsafe { FindResourceW(module, NUMBER, VERSION) };
    let mut answer = 0;
    if resource != 0 {
        // SAFETY: the resource was just found there.
        let data = unsafe { LoadResource(module, resource) };
        // SAFETY: as above.
        let size = unsafe { SizeofResource(module, resource) };
        if data != 0 {
            answer = work(data, size);
        }
    }
    let error = user_ffi::teb().last_error();
    // SAFETY: nobody uses the module any more.
    unsafe { FreeLibrary(module) };
    user_ffi::teb().set_last_error(error);
    answer
}

/// # Safety
/// `nothing` is null or points to a word.
unsafe fn size_of_information(name: &[u16], nothing: *mut u32) -> u32 {
    if !nothing.is_null() {
        // SAFETY: the caller's promise.
        unsafe { nothing.write_unaligned(NOTHING) };
    }
    with_resource(name, |_, size| 2 * size)
}

/// Bytes of the version information of a file; 0 where it has none.
///
/// # Safety
/// `name` is a string, `nothing` null or a word, which becomes 0.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileVersionInfoSizeA(name: *const u8, nothing: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    let name = wide(unsafe { c_string(name) });
    // SAFETY: the caller's promise.
    unsafe { size_of_information(&name, nothing) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetFileVersionInfoSizeA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileVersionInfoSizeW(name: *const u16, nothing: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    unsafe { size_of_information(name, nothing) }
}

fn copy_information(name: &[u16], room: u32, target: u32) -> Bool {
    with_resource(name, |data, size| {
        let count = size.min(room);
        let mut bytes = alloc::vec![0; count as usize];
        memory().read_bytes(data, &mut bytes);
        memory().write_bytes(target, &bytes);
        if count < size { fail(Win32Error::INSUFFICIENT_BUFFER) } else { TRUE }
    })
}

/// Copies the version information of a file.
///
/// # Safety
/// `name` is a string; `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileVersionInfoA(name: *const u8, _nothing: u32, room: u32, target: u32) -> Bool {
    // SAFETY: the caller's promise.
    copy_information(&wide(unsafe { c_string(name) }), room, target)
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetFileVersionInfoA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileVersionInfoW(name: *const u16, _nothing: u32, room: u32, target: u32) -> Bool {
    // SAFETY: the caller's promise.
    copy_information(unsafe { wide_string(name) }, room, target)
}

/// Looks a value up and tells its address and length.
///
/// # Safety
/// `information` was copied by one of these functions; both targets point to words.
unsafe fn tell(
    information: u32,
    path: &[u16],
    value_at: *mut u32,
    length_at: *mut u32,
    address: impl FnOnce(&Value) -> u32,
) -> Bool {
    let Some(value) = query(&memory(), information, length(&memory(), information), path) else {
        return fail(Win32Error::RESOURCE_TYPE_NOT_FOUND);
    };
    // SAFETY: the caller's promise.
    unsafe { value_at.write_unaligned(address(&value)) };
    if !length_at.is_null() {
        // SAFETY: the caller's promise.
        unsafe { length_at.write_unaligned(value.length) };
    }
    TRUE
}

/// A value by its path: where it lies and how long it is. Texts become bytes, behind the information.
///
/// # Safety
/// `information` was copied by one of these functions into a buffer of the size that was told; `path` is a string; both targets
/// point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VerQueryValueA(
    information: u32,
    path: *const u8,
    value_at: *mut u32,
    length_at: *mut u32,
) -> Bool {
    let convert = |value: &Value| {
        if !value.is_text {
            return value.address;
        }
        let target = length(&memory(), information) + value.address;
        for index in 0..value.length {
            let unit = memory().read_u16(value.address + 2 * index);
            memory().write_bytes(target + index, &[wide_to_ansi(unit).unwrap_or(b'?')]);
        }
        target
    };
    // SAFETY: the caller's promise.
    let path = wide(unsafe { c_string(path) });
    // SAFETY: the caller's promise.
    unsafe { tell(information, &path, value_at, length_at, convert) }
}

/// A value by its path: where it lies and how long it is.
///
/// # Safety
/// As [`VerQueryValueA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VerQueryValueW(
    information: u32,
    path: *const u16,
    value_at: *mut u32,
    length_at: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let path = unsafe { wide_string(path) };
    // SAFETY: the caller's promise.
    unsafe { tell(information, path, value_at, length_at, |value| value.address) }
}
