//! Drives and their volumes.

use alloc::vec::Vec;

use user_ffi::{c_string, wide_string};
use user_support::error::Win32Error;
use user_support::path::{absolute, to_nt};
use user_support::status::Status;
use user_support::text::{ansi, wide};

use super::directory::{copy_ansi, copy_wide, current_directory};
use super::file::open_folder;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{NtClose, NtQueryVolumeInformationFile};
use super::standard_handle::with_status_block;

/// `DRIVE_NO_ROOT_DIR` and `DRIVE_FIXED`.
const NO_ROOT: u32 = 1;
const FIXED: u32 = 3;
/// `FileFsVolumeInformation` and `FileFsAttributeInformation`, with the bytes of each before its text.
const VOLUME_INFORMATION: u32 = 1;
const VOLUME_HEAD: usize = 18;
const ATTRIBUTE_INFORMATION: u32 = 5;
const ATTRIBUTE_HEAD: usize = 12;
/// Room for an answer of either kind.
const ROOM: usize = 0x200;
const BACKSLASH: u16 = b'\\' as u16;

/// The root of the drive that a path is on.
fn root_of(path: &[u16]) -> Vec<u16> {
    let mut root = absolute(&current_directory(), path);
    root.truncate(2);
    root.push(BACKSLASH);
    root
}

fn is_root(path: &[u16]) -> bool {
    let whole = absolute(&current_directory(), path);
    whole.len() == 3 && whole[2] == BACKSLASH
}

fn exists(root: &[u16]) -> bool {
    let opened = open_folder(&to_nt(&[], root));
    // SAFETY: the handle was opened here and nobody else has it.
    opened.map(|folder| unsafe { NtClose(folder) }).is_ok()
}

fn drive_type(path: &[u16]) -> u32 {
    let path = if path.is_empty() { root_of(path) } else { path.to_vec() };
    if is_root(&path) && exists(&root_of(&path)) { FIXED } else { NO_ROOT }
}

/// What kind of drive there is: a disk, or none.
///
/// # Safety
/// `root` is null, for the current drive, or a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetDriveTypeA(root: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    drive_type(&wide(unsafe { c_string(root) }))
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetDriveTypeA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetDriveTypeW(root: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    drive_type(unsafe { wide_string(root) })
}

/// The drives there are, a bit each from A on.
#[unsafe(no_mangle)]
pub extern "system" fn GetLogicalDrives() -> u32 {
    (0..26u8).filter(|&index| exists(&root_named(index))).fold(0, |drives, index| drives | 1 << index)
}

fn root_named(index: u8) -> Vec<u16> {
    wide(&[b'A' + index, b':', b'\\'])
}

/// The roots of all drives, each with a zero.
fn roots() -> Vec<u16> {
    let drives = GetLogicalDrives();
    let roots = (0..26u8).filter(|index| drives >> index & 1 != 0).map(root_named);
    roots.flat_map(|root| root.into_iter().chain([0])).collect()
}

/// The roots of all drives, each with a zero, and one more: their length without that, or the room it all needs.
///
/// # Safety
/// `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetLogicalDriveStringsA(room: u32, target: *mut u8) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { copy_ansi(&roots(), target, room) }
}

/// The same in UTF-16.
///
/// # Safety
/// `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetLogicalDriveStringsW(room: u32, target: *mut u16) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { copy_wide(&roots(), target, room) }
}

/// What a volume is.
struct Volume {
    label: Vec<u16>,
    serial: u32,
    flags: u32,
    longest_name: u32,
    system: Vec<u16>,
}

impl Volume {
    fn open(root: &[u16]) -> Result<Self, Status> {
        let folder = open_folder(&to_nt(&[], root))?;
        let answers = query(folder, VOLUME_INFORMATION)
            .and_then(|volume| query(folder, ATTRIBUTE_INFORMATION).map(|attributes| (volume, attributes)));
        // SAFETY: the handle was opened here and nobody else has it.
        unsafe { NtClose(folder) };
        let (volume, attributes) = answers?;
        Ok(Self {
            label: text_of(&volume, 12, VOLUME_HEAD),
            serial: word(&volume, 8),
            flags: word(&attributes, 0),
            longest_name: word(&attributes, 4),
            system: text_of(&attributes, 8, ATTRIBUTE_HEAD),
        })
    }
}

fn query(folder: u32, class: u32) -> Result<Vec<u8>, Status> {
    let mut answer = [0u64; ROOM / 8];
    let buffer = answer.as_mut_ptr().cast();
    with_status_block(|block| {
        // SAFETY: the service writes at most as much as there is room for, and the status words.
        unsafe { NtQueryVolumeInformationFile(folder, block, buffer, ROOM as u32, class) }
    })?;
    Ok(answer.iter().flat_map(|word| word.to_le_bytes()).collect())
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The text behind the head, whose length in bytes stands at `length_at`.
fn text_of(bytes: &[u8], length_at: usize, head: usize) -> Vec<u16> {
    let length = (word(bytes, length_at) as usize).min(ROOM - head) & !1;
    bytes[head..head + length].as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair)).collect()
}

/// Takes a text to the caller; whether there is room for it.
type Deliver<'copy> = &'copy dyn Fn(&[u16]) -> bool;

/// Where the numbers of a volume go, and how its texts get to the caller.
struct Targets<'copy> {
    numbers: [*mut u32; 3],
    texts: [Deliver<'copy>; 2],
}

/// # Safety
/// The pointers are null or lead to words.
unsafe fn tell(root: &[u16], targets: &Targets<'_>) -> Bool {
    let root = if root.is_empty() { root_of(root) } else { root.to_vec() };
    if !is_root(&root) {
        return fail(Win32Error::INVALID_NAME);
    }
    let volume = match Volume::open(&root_of(&root)) {
        Ok(volume) => volume,
        Err(status) => return fail_with(status),
    };
    for (target, value) in targets.numbers.iter().zip([volume.serial, volume.longest_name, volume.flags]) {
        if !target.is_null() {
            // SAFETY: the caller's promise.
            unsafe { target.write_unaligned(value) };
        }
    }
    let [label, system] = targets.texts;
    if label(&volume.label) && system(&volume.system) { TRUE } else { fail(Win32Error(24)) }
}

/// What a volume is: label, serial number, longest name, flags, file system.
///
/// # Safety
/// `root` is null or a string; the texts have the room that is said, the others are null or point to words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetVolumeInformationA(
    root: *const u8,
    label: *mut u8,
    label_room: u32,
    serial: *mut u32,
    longest_name: *mut u32,
    flags: *mut u32,
    system: *mut u8,
    system_room: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let label = |text: &[u16]| label.is_null() || unsafe { copy_ansi(text, label, label_room) } < label_room;
    // SAFETY: the caller's promise.
    let system = |text: &[u16]| system.is_null() || unsafe { copy_ansi(text, system, system_room) } < system_room;
    // SAFETY: the caller's promise.
    let root = wide(unsafe { c_string(root) });
    // SAFETY: the caller's promise.
    unsafe { tell(&root, &Targets { numbers: [serial, longest_name, flags], texts: [&label, &system] }) }
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
    system: *mut u16,
    system_room: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let label = |text: &[u16]| label.is_null() || unsafe { copy_wide(text, label, label_room) } < label_room;
    // SAFETY: the caller's promise.
    let system = |text: &[u16]| system.is_null() || unsafe { copy_wide(text, system, system_room) } < system_room;
    // SAFETY: the caller's promise.
    let root = unsafe { wide_string(root) };
    // SAFETY: the caller's promise.
    unsafe { tell(root, &Targets { numbers: [serial, longest_name, flags], texts: [&label, &system] }) }
}

/// Where the volume of a path begins: at the root of its drive.
///
/// # Safety
/// `path` is a string; `target` has room for `room` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetVolumePathNameA(path: *const u8, target: *mut u8, room: u32) -> Bool {
    // SAFETY: the caller's promise.
    let root = ansi(&root_of(&wide(unsafe { c_string(path) })));
    if (room as usize) <= root.len() {
        return fail(Win32Error::FILENAME_EXCED_RANGE);
    }
    // SAFETY: the caller's promise.
    unsafe { copy_ansi(&wide(&root), target, room) };
    TRUE
}

/// The same in UTF-16.
///
/// # Safety
/// `path` is a string; `target` has room for `room` units.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetVolumePathNameW(path: *const u16, target: *mut u16, room: u32) -> Bool {
    // SAFETY: the caller's promise.
    let root = root_of(unsafe { wide_string(path) });
    if (room as usize) <= root.len() {
        return fail(Win32Error::FILENAME_EXCED_RANGE);
    }
    // SAFETY: the caller's promise.
    unsafe { copy_wide(&root, target, room) };
    TRUE
}
