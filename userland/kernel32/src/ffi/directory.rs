//! The current directory and the system's folders.

use alloc::vec::Vec;

use user_ffi::{bytes_mut, shared_data, wide_mut};
use user_support::environment::value;
use user_support::path::drive_variable;
use user_support::text::ansi;

use super::environment::block;
use super::startup::parameter_string;

/// Offset of the current directory in the process parameters.
pub(super) const CURRENT_DIRECTORY: u32 = 0x24;

/// Copies `text` with a final zero if it fits. Returns its length, or the room it needs with the zero.
///
/// # Safety
/// `target` has room for `room` units.
pub(super) unsafe fn copy_wide(text: &[u16], target: *mut u16, room: u32) -> u32 {
    let length = text.len() as u32;
    if length >= room || target.is_null() {
        return length + 1;
    }
    // SAFETY: the caller's promise.
    let target = unsafe { wide_mut(target, length + 1) };
    target[..text.len()].copy_from_slice(text);
    target[text.len()] = 0;
    length
}

/// The same with bytes.
///
/// # Safety
/// `target` has room for `room` bytes.
pub(super) unsafe fn copy_ansi(text: &[u16], target: *mut u8, room: u32) -> u32 {
    let text = ansi(text);
    let length = text.len() as u32;
    if length >= room || target.is_null() {
        return length + 1;
    }
    // SAFETY: the caller's promise.
    let target = unsafe { bytes_mut(target, length + 1) };
    target[..text.len()].copy_from_slice(&text);
    target[text.len()] = 0;
    length
}

/// The current directory, as the process parameters have it.
pub(super) fn current_directory() -> Vec<u16> {
    parameter_string(CURRENT_DIRECTORY)
}

/// Where `path` begins if it is relative: at the current directory, or on another drive where the variable of that says.
pub(super) fn directory_for(path: &[u16]) -> Vec<u16> {
    let current = current_directory();
    drive_variable(&current, path).and_then(|name| value(block(), &name)).map_or(current, <[u16]>::to_vec)
}

/// The current directory without its final separator, unless it is a root: as programs see it.
fn shown_directory() -> Vec<u16> {
    let mut directory = current_directory();
    if directory.len() > 3 && directory.last() == Some(&u16::from(b'\\')) {
        directory.pop();
    }
    directory
}

pub(super) fn windows_directory() -> Vec<u16> {
    shared_data().system_root_and(0)
}

pub(super) fn system_directory() -> Vec<u16> {
    const NAME: &[u8] = b"\\system32";
    let mut directory = shared_data().system_root_and(NAME.len());
    directory.extend(NAME.iter().copied().map(u16::from));
    directory
}

macro_rules! queries {
    ($($(#[$meta:meta])* $name:ident $copy:ident $unit:ty, $text:ident, |$target:ident, $room:ident| ($($order:ident),*);)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// The buffer has room for as many units as the call says.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name($($order: queries!(@type $order $unit)),*) -> u32 {
            // SAFETY: the caller's promise.
            unsafe { $copy(&$text(), $target, $room) }
        }
    )*};
    (@type target $unit:ty) => { *mut $unit };
    (@type room $unit:ty) => { u32 };
}

queries! {
    /// The current directory.
    GetCurrentDirectoryA copy_ansi u8, shown_directory, |target, room| (room, target);
    /// The current directory.
    GetCurrentDirectoryW copy_wide u16, shown_directory, |target, room| (room, target);
    /// The folder of Windows.
    GetWindowsDirectoryA copy_ansi u8, windows_directory, |target, room| (target, room);
    /// The folder of Windows.
    GetWindowsDirectoryW copy_wide u16, windows_directory, |target, room| (target, room);
    /// The folder of the system's DLLs.
    GetSystemDirectoryA copy_ansi u8, system_directory, |target, room| (target, room);
    /// The folder of the system's DLLs.
    GetSystemDirectoryW copy_wide u16, system_directory, |target, room| (target, room);
}
