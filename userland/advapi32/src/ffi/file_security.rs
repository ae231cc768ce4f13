//! Who may do what with a file: on a FAT volume everybody everything, which is what is told, and what cannot be changed.
//!
//! Source: documented layout of a self-relative SECURITY_DESCRIPTOR; what XP tells of files on FAT.

use alloc::vec::Vec;

use user_ffi::last_error::{Bool, TRUE, fail};
use user_ffi::{c_string, wide_string};
use user_support::error::Win32Error;
use user_support::text::wide;

use super::nt::GetFileAttributesW;

/// `OWNER_SECURITY_INFORMATION`, `GROUP_SECURITY_INFORMATION`, `DACL_SECURITY_INFORMATION`.
const OWNER: u32 = 1;
const GROUP: u32 = 2;
const ACCESS: u32 = 4;
/// `SE_DACL_PRESENT`, `SE_SELF_RELATIVE`.
const LIST_PRESENT: u16 = 0x4;
const SELF_RELATIVE: u16 = 0x8000;
/// Bytes of a descriptor before what it leads to.
const HEAD: u32 = 20;
/// S-1-1-0, everybody.
const EVERYBODY: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];

/// A descriptor with what is asked for. A list that is there and null allows everything.
fn descriptor(wanted: u32) -> Vec<u8> {
    let control = SELF_RELATIVE | if wanted & ACCESS != 0 { LIST_PRESENT } else { 0 };
    let mut words = [u32::from(control) << 16 | 1, 0, 0, 0, 0];
    let mut parts = Vec::new();
    for (place, bit) in [(1, OWNER), (2, GROUP)] {
        if wanted & bit != 0 {
            words[place] = HEAD + parts.len() as u32;
            parts.extend(EVERYBODY);
        }
    }
    words.into_iter().flat_map(u32::to_le_bytes).chain(parts).collect()
}

fn exists(name: &[u16]) -> bool {
    let name: Vec<u16> = name.iter().copied().chain([0]).collect();
    // SAFETY: the name ends with a zero. The function notes why there is no such file.
    unsafe { GetFileAttributesW(name.as_ptr()) != u32::MAX }
}

/// # Safety
/// `target` has room for `room` bytes, `needed` points to a word.
unsafe fn tell(name: &[u16], wanted: u32, target: *mut u8, room: u32, needed: *mut u32) -> Bool {
    if !exists(name) {
        return 0;
    }
    let bytes = descriptor(wanted);
    // SAFETY: the caller's promise.
    unsafe { needed.write_unaligned(bytes.len() as u32) };
    if bytes.len() as u32 > room {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    // SAFETY: the caller's promise.
    unsafe { target.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    TRUE
}

/// Tells who may do what with a file.
///
/// # Safety
/// `name` is a string; `target` has room for `room` bytes, `needed` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileSecurityA(
    name: *const u8,
    wanted: u32,
    target: *mut u8,
    room: u32,
    needed: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let name = wide(unsafe { c_string(name) });
    // SAFETY: the caller's promise.
    unsafe { tell(&name, wanted, target, room, needed) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`GetFileSecurityA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetFileSecurityW(
    name: *const u16,
    wanted: u32,
    target: *mut u8,
    room: u32,
    needed: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    // SAFETY: the caller's promise.
    unsafe { tell(name, wanted, target, room, needed) }
}

/// Says who may do what with a file: a FAT volume does not keep it, and says yes.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetFileSecurityA(name: *const u8, _what: u32, _descriptor: u32) -> Bool {
    // SAFETY: the caller's promise.
    u32::from(exists(&wide(unsafe { c_string(name) })))
}

/// The same in UTF-16.
///
/// # Safety
/// As [`SetFileSecurityA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetFileSecurityW(name: *const u16, _what: u32, _descriptor: u32) -> Bool {
    // SAFETY: the caller's promise.
    u32::from(exists(unsafe { wide_string(name) }))
}
