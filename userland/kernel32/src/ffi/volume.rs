//! Drives, and the volumes on them.

use alloc::vec::Vec;

use user_ffi::{c_string, wide_string};
use user_support::error::Win32Error;
use user_support::path::{absolute, to_nt};
use user_support::status::Status;
use user_support::text::{ansi, wide};
use user_support::volume::drive_strings;

use super::directory::{current_directory, directory_for};
use super::file::open_folder;
use super::file_name::Open;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{CURRENT_PROCESS, NtQueryInformationProcess, NtQueryVolumeInformationFile};
use super::standard_handle::{device_type, with_status_block};

/// `ProcessDeviceMap`: a bit for each letter, and a byte that says of what kind it is.
const DEVICE_MAP: u32 = 23;
/// `FileFsVolumeInformation` and `FileFsAttributeInformation`.
const VOLUME_INFORMATION: u32 = 1;
const ATTRIBUTE_INFORMATION: u32 = 5;
/// Bytes of an answer with a name in it.
const ROOM: usize = 0x200;
/// `FILE_DEVICE_DISK`.
const DISK: u32 = 7;
/// Answers of `GetDriveType`.
const NO_ROOT_DIR: u32 = 1;
const FIXED: u32 = 3;
const UNKNOWN: u32 = 0;

/// The drives there are: a bit for each letter.
#[unsafe(no_mangle)]
pub extern "system" fn GetLogicalDrives() -> u32 {
    let (mut map, none) = ([0u32; 9], core::ptr::null_mut());
    // SAFETY: the service writes 36 bytes.
    let status = unsafe { NtQueryInformationProcess(CURRENT_PROCESS, DEVICE_MAP, map.as_mut_ptr().cast(), 36, none) };
    Status(status).ok().map_or_else(fail_with, |()| map[0])
}

/// How many units there are, or how many there must be room for, with the zero at the end.
///
/// # Safety
/// `buffer` has room for `room` units.
unsafe fn give_list<T: Copy + Default>(list: &[T], room: u32, buffer: *mut T) -> u32 {
    let length = list.len() as u32;
    if room <= length || buffer.is_null() {
        return length + 1;
    }
    // SAFETY: the caller's promise.
    unsafe { buffer.copy_from_nonoverlapping(list.as_ptr(), list.len()) };
    // SAFETY: there is room for the zero.
    unsafe { buffer.wrapping_add(list.len()).write_unaligned(T::default()) };
    length
}

/// The roots of all drives, each with a zero behind it, and a zero.
///
/// # Safety
/// `buffer` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetLogicalDriveStringsA(room: u32, buffer: *mut u8) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { give_list(&ansi(&drive_strings(GetLogicalDrives())), room, buffer) }
}

/// The same in UTF-16.
///
/// # Safety
/// `buffer` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetLogicalDriveStringsW(room: u32, buffer: *mut u16) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { give_list(&drive_strings(GetLogicalDrives()), room, buffer) }
}

/// Opens the root directory at DOS path `root`, of the current drive without one.
fn open_root(root: Option<&[u16]>) -> Result<Open, Status> {
    let current = current_directory();
    let root = root.map_or_else(|| wide(b"\\"), <[u16]>::to_vec);
    open_folder(&to_nt(&current, &root)).map(Open)
}

/// Whether DOS path `path`, of a folder that is there, is that of a root.
#[doc(alias = "IsThisARootDirectory")]
fn is_root(path: Option<&[u16]>) -> bool {
    path.is_none_or(|path| absolute(&directory_for(path), path).len() == r"C:\".len())
}

/// What kind of drive a root is.
fn drive_type(root: Option<&[u16]>) -> u32 {
    let Ok(folder) = open_root(root) else { return NO_ROOT_DIR };
    if !is_root(root) {
        return NO_ROOT_DIR;
    }
    match device_type(folder.0) {
        Ok(DISK) => FIXED,
        _ => UNKNOWN,
    }
}

/// What kind of drive a root is.
///
/// # Safety
/// `root` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetDriveTypeA(root: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    let root = (!root.is_null()).then(|| wide(unsafe { c_string(root) }));
    drive_type(root.as_deref())
}

/// The same in UTF-16.
///
/// # Safety
/// `root` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetDriveTypeW(root: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    drive_type((!root.is_null()).then(|| unsafe { wide_string(root) }))
}

/// What is known of a volume.
struct Information {
    label: Vec<u16>,
    serial: u32,
    longest_name: u32,
    flags: u32,
    file_system: Vec<u16>,
}

/// An answer as 16-bit units.
fn ask(volume: &Open, class: u32) -> Result<[u16; ROOM / 2], Status> {
    let mut answer = [0u64; ROOM / 8];
    with_status_block(|block| {
        // SAFETY: the service writes no more than there is room for, and the status words.
        unsafe { NtQueryVolumeInformationFile(volume.0, block, answer.as_mut_ptr().cast(), ROOM as u32, class) }
    })?;
    let mut units = [0; ROOM / 2];
    for (part, long) in units.chunks_exact_mut(4).zip(answer) {
        part.copy_from_slice(&[long as u16, (long >> 16) as u16, (long >> 32) as u16, (long >> 48) as u16]);
    }
    Ok(units)
}

fn information(root: Option<&[u16]>) -> Result<Information, u32> {
    // A root ends with a backslash.
    if root.is_some_and(|root| root.last() != Some(&u16::from(b'\\'))) {
        return Err(fail(Win32Error::INVALID_NAME));
    }
    let volume = open_root(root).map_err(fail_with)?;
    if !is_root(root) {
        return Err(fail(Win32Error::DIR_NOT_ROOT));
    }
    let (first, second) = ask(&volume, VOLUME_INFORMATION)
        .and_then(|first| Ok((first, ask(&volume, ATTRIBUTE_INFORMATION)?)))
        .map_err(fail_with)?;
    let word = |units: &[u16], at: usize| u32::from(units[at / 2]) | u32::from(units[at / 2 + 1]) << 16;
    let text = |units: &[u16], length: u32, at: usize| units[at / 2..][..length as usize / 2].to_vec();
    Ok(Information {
        label: text(&first, word(&first, 12), 18),
        serial: word(&first, 8),
        longest_name: word(&second, 4),
        flags: word(&second, 0),
        file_system: text(&second, word(&second, 8), 12),
    })
}

/// # Safety
/// Each of the three is null or points to a word.
unsafe fn give_words(information: &Information, targets: [*mut u32; 3]) {
    for (target, value) in targets.into_iter().zip([information.serial, information.longest_name, information.flags]) {
        if !target.is_null() {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(value) };
        }
    }
}

/// Copies a name with its zero, where it is wanted; whether there was room.
///
/// # Safety
/// `target` is null or has room for `room` units.
unsafe fn give_name<T: Copy + Default>(name: &[T], target: *mut T, room: u32) -> bool {
    if target.is_null() {
        return true;
    }
    // SAFETY: the caller's promise.
    unsafe { give_list(name, room, target) == name.len() as u32 }
}

/// The label of a volume, its serial number, the length of its longest names, its flags, and the name of its file system.
///
/// # Safety
/// `root` is null or a string; the others are null, or have as much room as is said, or point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetVolumeInformationA(
    root: *const u8,
    label: *mut u8,
    label_room: u32,
    serial: *mut u32,
    longest_name: *mut u32,
    flags: *mut u32,
    file_system: *mut u8,
    file_system_room: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let root = (!root.is_null()).then(|| wide(unsafe { c_string(root) }));
    let information = match information(root.as_deref()) {
        Ok(information) => information,
        Err(answer) => return answer,
    };
    // SAFETY: the caller's promise.
    unsafe { give_words(&information, [serial, longest_name, flags]) };
    // SAFETY: the caller's promise.
    let fits = unsafe { give_name(&ansi(&information.label), label, label_room) };
    // SAFETY: the caller's promise.
    let fits = unsafe { give_name(&ansi(&information.file_system), file_system, file_system_room) } && fits;
    if fits { TRUE } else { fail(Win32Error::BAD_LENGTH) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetVolumeInformationA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetVolumeInformationW(
    root: *const u16,
    label: *mut u16,
    label_room: u32,
    serial: *mut u32,
    longest_name: *mut u32,
    flags: *mut u32,
    file_system: *mut u16,
    file_system_room: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let root = (!root.is_null()).then(|| unsafe { wide_string(root) });
    let information = match information(root) {
        Ok(information) => information,
        Err(answer) => return answer,
    };
    // SAFETY: the caller's promise.
    unsafe { give_words(&information, [serial, longest_name, flags]) };
    // SAFETY: the caller's promise.
    let fits = unsafe { give_name(&information.label, label, label_room) };
    // SAFETY: the caller's promise.
    let fits = unsafe { give_name(&information.file_system, file_system, file_system_room) } && fits;
    if fits { TRUE } else { fail(Win32Error::BAD_LENGTH) }
}
