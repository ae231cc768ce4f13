//! What there is to know of a code page.

use user_ffi::{bytes_mut, wide_mut};
use user_support::error::Win32Error;
use user_support::memory::Memory;

use super::code_page::code_page;
use super::last_error::{Bool, TRUE, fail};

/// What a code page is: `CPINFO`.
#[repr(C)]
pub struct CodePageInformation {
    max_char_size: u32,
    default_char: [u8; 2],
    lead_byte: [u8; 12],
}

/// Tells about a code page.
///
/// # Safety
/// `information` has room for the answer.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetCPInfo(page: u32, information: *mut CodePageInformation) -> Bool {
    let Some(page) = code_page(page).filter(|_| !information.is_null()) else {
        return fail(Win32Error::INVALID_PARAMETER);
    };
    let max_char_size = if page == super::code_page::UTF_8 { 4 } else { 1 };
    let answer = CodePageInformation { max_char_size, default_char: [b'?', 0], lead_byte: [0; 12] };
    // SAFETY: the caller's promise.
    unsafe { information.write_unaligned(answer) };
    TRUE
}

/// Bytes of a code page's name in `CPINFOEX`.
const PAGE_NAME: usize = 260;

/// What `CPINFOEX` has behind `CPINFO`: the character for what is not in the code page, its number; its name follows.
///
/// # Safety
/// `information` has room for the answer with names of units of `width` bytes.
unsafe fn page_information(page: u32, information: u32, write_name: impl FnOnce(u32, &[u8])) -> Bool {
    // SAFETY: the caller's promise.
    let known = unsafe { GetCPInfo(page, information as *mut CodePageInformation) };
    let Some(page) = code_page(page).filter(|_| known == TRUE) else { return known };
    let memory = super::startup::memory();
    memory.write_u16(information + 18, u16::from(b'?'));
    memory.write_u32(information + 20, page);
    let name: &[u8] = if page == super::code_page::UTF_8 { b"65001 (UTF-8)" } else { b"1252  (ANSI - Latin I)" };
    write_name(information + 24, name);
    TRUE
}

/// Tells more about a code page.
///
/// # Safety
/// `information` points to a `CPINFOEXA`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetCPInfoExA(page: u32, _flags: u32, information: u32) -> Bool {
    let write = |at: u32, name: &[u8]| {
        // SAFETY: the caller's promise.
        let target = unsafe { bytes_mut(at as *mut u8, PAGE_NAME as u32) };
        target.fill(0);
        target[..name.len()].copy_from_slice(name);
    };
    // SAFETY: the caller's promise.
    unsafe { page_information(page, information, write) }
}

/// The same in UTF-16.
///
/// # Safety
/// `information` points to a `CPINFOEXW`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetCPInfoExW(page: u32, _flags: u32, information: u32) -> Bool {
    let write = |at: u32, name: &[u8]| {
        // SAFETY: the caller's promise.
        let target = unsafe { wide_mut(at as *mut u16, PAGE_NAME as u32) };
        target.fill(0);
        target.iter_mut().zip(name).for_each(|(unit, &byte)| *unit = u16::from(byte));
    };
    // SAFETY: the caller's promise.
    unsafe { page_information(page, information, write) }
}
