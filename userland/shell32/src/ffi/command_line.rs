//! The command line as words.
//!
//! Source: documented behaviour of CommandLineToArgvW; the words are those of a C program.

use alloc::vec::Vec;

use user_crt::arguments::split;
use user_ffi::wide_string;

use super::nt::{GetModuleFileNameW, LocalAlloc};

/// Units of the longest path.
const MAX_PATH: usize = 260;

/// The words of a command line, as an array of pointers with the texts behind it, to be freed with LocalFree; the program's path
/// for an empty one. 0 where there is no memory.
///
/// # Safety
/// `line` is a string, `count` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CommandLineToArgvW(line: *const u16, count: *mut u32) -> *mut u32 {
    // SAFETY: the caller's promise.
    let line = unsafe { wide_string(line) };
    let words = if line.is_empty() { Vec::from([own_path()]) } else { split(line) };
    let pointers = 4 * (words.len() + 1);
    let units: usize = words.iter().map(|word| word.len() + 1).sum();
    // SAFETY: any size may be asked for.
    let block = unsafe { LocalAlloc(0, (pointers + 2 * units) as u32) } as *mut u32;
    if block.is_null() {
        return block;
    }
    let mut text = block.cast::<u8>().wrapping_add(pointers).cast::<u16>();
    for (index, word) in words.iter().enumerate() {
        // SAFETY: the block has room for the pointers.
        unsafe { block.wrapping_add(index).write(text as u32) };
        // SAFETY: and for the texts with their zeros behind them.
        unsafe { text.copy_from_nonoverlapping(word.as_ptr(), word.len()) };
        // SAFETY: as above.
        unsafe { text.wrapping_add(word.len()).write(0) };
        text = text.wrapping_add(word.len() + 1);
    }
    // SAFETY: as above: there is one pointer more than words.
    unsafe { block.wrapping_add(words.len()).write(0) };
    // SAFETY: the caller's promise.
    unsafe { count.write_unaligned(words.len() as u32) };
    block
}

fn own_path() -> Vec<u16> {
    let mut path = alloc::vec![0; MAX_PATH];
    // SAFETY: there is room for so many units.
    let length = unsafe { GetModuleFileNameW(0, path.as_mut_ptr(), MAX_PATH as u32) };
    path.truncate(length as usize);
    path
}
