//! The system as a whole: what may be committed and is, and the paging files.
//!
//! Source: documented structures of `psapi.h`; `SYSTEM_PAGEFILE_INFORMATION` of the XP generation's public headers.

use alloc::vec::Vec;
use core::arch::asm;

use user_ffi::last_error::{Bool, TRUE, fail, fail_with};
use user_support::error::Win32Error;
use user_support::growing::ask_with_room;
use user_support::status::Status;
use user_support::text::ansi;

use super::nt::NtQuerySystemInformation;
use super::process::all_processes;

/// `SystemBasicInformation`, `SystemPerformanceInformation`, and their words.
const BASIC: (u32, usize) = (0, 11);
const PERFORMANCE: (u32, usize) = (2, 78);
/// `SystemPageFileInformation`; words of what is said of a paging file, before its name.
const PAGE_FILES: u32 = 18;
const PAGE_FILE_WORDS: usize = 6;
/// Words of PERFORMANCE_INFORMATION.
const INFORMATION: usize = 14;
/// Words of ENUM_PAGE_FILE_INFORMATION.
const PAGE_FILE: usize = 5;
/// What stands before a DOS path in the kernel.
const PREFIX: [u16; 4] = [b'\\' as u16, b'?' as u16, b'?' as u16, b'\\' as u16];

fn ask<const WORDS: usize>(class: u32) -> Result<[u32; WORDS], Status> {
    let mut words = [0; WORDS];
    let length = 4 * WORDS as u32;
    // SAFETY: the service writes so many bytes at most.
    let status = unsafe { NtQuerySystemInformation(class, words.as_mut_ptr().cast(), length, core::ptr::null_mut()) };
    Status(status).ok().map(|()| words)
}

/// What is committed, in memory and in use, in pages; how many handles, processes and threads there are.
///
/// # Safety
/// `target` has room for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetPerformanceInfo(target: *mut u32, size: u32) -> Bool {
    if size < 4 * INFORMATION as u32 {
        return fail(Win32Error::BAD_LENGTH);
    }
    match performance() {
        // SAFETY: the caller's promise.
        Ok(words) => unsafe { target.copy_from_nonoverlapping(words.as_ptr(), INFORMATION) },
        Err(status) => return fail_with(status),
    }
    TRUE
}

fn performance() -> Result<[u32; INFORMATION], Status> {
    let basic = ask::<{ BASIC.1 }>(BASIC.0)?;
    let counted = ask::<{ PERFORMANCE.1 }>(PERFORMANCE.0)?;
    let (paged, nonpaged) = (counted[28], counted[29]);
    let (mut handles, mut processes, mut threads) = (0, 0, 0);
    let words = all_processes()?;
    let mut at = 0;
    loop {
        (handles, processes, threads) = (handles + words[at + 19], processes + 1, threads + words[at + 1]);
        match words[at] {
            0 => break,
            next => at += next as usize / 4,
        }
    }
    Ok([
        4 * INFORMATION as u32,
        counted[12],
        counted[13],
        counted[14],
        basic[3],
        counted[11],
        0,
        paged + nonpaged,
        paged,
        nonpaged,
        basic[2],
        handles,
        processes,
        threads,
    ])
}

/// Calls `visit` with the words and the DOS path, ended by a zero, of each paging file, until it breaks off.
fn each_page_file(mut visit: impl FnMut(&[u32; PAGE_FILE], Vec<u16>) -> Bool) -> Bool {
    let asked = ask_with_room(|words| {
        let (mut needed, length) = (0, 4 * words.len() as u32);
        // Where there are none nothing is written.
        words[1] = 0;
        // SAFETY: the service writes into the words.
        Status(unsafe { NtQuerySystemInformation(PAGE_FILES, words.as_mut_ptr().cast(), length, &mut needed) })
    });
    let words = match asked {
        Ok(words) => words,
        Err(status) => return fail_with(status),
    };
    let mut at = 0;
    while words[at + 1] != 0 {
        let &[next, size, in_use, peak, lengths, _] = words[at..].first_chunk::<PAGE_FILE_WORDS>().unwrap_or(&[0; 6]);
        let units = words[at + PAGE_FILE_WORDS..].iter().flat_map(|pair| [*pair as u16, (*pair >> 16) as u16]);
        let name: Vec<u16> = units.take((lengths & 0xFFFF) as usize / 2).collect();
        let mut path = name.strip_prefix(&PREFIX).unwrap_or(&name).to_vec();
        path.push(0);
        if visit(&[4 * PAGE_FILE as u32, 0, size, in_use, peak], path) == 0 || next == 0 {
            break;
        }
        at += next as usize / 4;
    }
    TRUE
}

/// Calls `visit`, which takes its arguments off the stack or does not: headers that leave the convention open disagree.
///
/// # Safety
/// `visit` is a function of three words.
unsafe fn call(visit: u32, context: u32, sizes: u32, path: u32) -> Bool {
    let words = [context, sizes, path, visit];
    let answer: Bool;
    // SAFETY: the caller's promise; the stack pointer is what it was before, and EDI is kept by every function.
    unsafe {
        asm!(
            "mov edi, esp",
            "push dword ptr [eax + 8]",
            "push dword ptr [eax + 4]",
            "push dword ptr [eax]",
            "call dword ptr [eax + 12]",
            "mov esp, edi",
            inlateout("eax") words.as_ptr() => answer,
            out("edi") _,
            clobber_abi("C"),
        );
    }
    answer
}

/// Calls `visit` with each paging file, until it answers 0: its sizes in pages, and its path.
///
/// # Safety
/// `visit` is a function of the context, the sizes and the path.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumPageFilesW(visit: u32, context: u32) -> Bool {
    // SAFETY: the caller's promise.
    each_page_file(|words, path| unsafe { call(visit, context, words.as_ptr() as u32, path.as_ptr() as u32) })
}

/// The same with paths in bytes.
///
/// # Safety
/// As [`EnumPageFilesW`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn EnumPageFilesA(visit: u32, context: u32) -> Bool {
    each_page_file(|words, path| {
        let path = ansi(&path);
        // SAFETY: the caller's promise.
        unsafe { call(visit, context, words.as_ptr() as u32, path.as_ptr() as u32) }
    })
}
