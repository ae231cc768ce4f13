//! Walking a snapshot: the first entry of a list, and the next ones.
//!
//! The caller's structure says its own size, so that a program built against another header is refused.

use user_support::error::Win32Error;
use user_support::text;

use super::last_error::{Bool, TRUE, fail};
use super::toolhelp::{ENTRY_WORDS, List, next_entry, no_more, no_snapshot, with_view};

/// Bytes of PROCESSENTRY32 and MODULEENTRY32, whose names are of bytes.
const PROCESS_BYTES: u32 = 296;
const MODULE_BYTES: u32 = 548;

/// Copies an entry as it stands.
///
/// # Safety
/// `entry` points to a structure that says its own size.
unsafe fn walk(snapshot: u32, list: List, entry: *mut u32, from_start: bool) -> Bool {
    let words = ENTRY_WORDS[list as usize];
    // SAFETY: the caller's promise.
    if entry.is_null() || unsafe { entry.read_unaligned() } < 4 * words as u32 {
        return fail(Win32Error::BAD_LENGTH);
    }
    let copied = with_view(snapshot, |view| {
        let found = next_entry(view, list, from_start)?;
        for (index, word) in found.iter().enumerate().skip(1) {
            // SAFETY: the structure is that long.
            unsafe { entry.wrapping_add(index).write_unaligned(*word) };
        }
        Some(())
    });
    match copied {
        Ok(Some(())) => TRUE,
        Ok(None) => no_more(),
        Err(status) => no_snapshot(status),
    }
}

/// Copies an entry whose texts, of so many units each from word `head` on, become bytes.
///
/// # Safety
/// As [`walk`].
unsafe fn walk_ansi(
    snapshot: u32,
    list: List,
    entry: *mut u32,
    size: u32,
    head: usize,
    texts: &[usize],
    from_start: bool,
) -> Bool {
    // SAFETY: the caller's promise.
    if entry.is_null() || unsafe { entry.read_unaligned() } < size {
        return fail(Win32Error::BAD_LENGTH);
    }
    let copied = with_view(snapshot, |view| {
        let found = next_entry(view, list, from_start)?;
        for (index, word) in found.iter().enumerate().take(head).skip(1) {
            // SAFETY: the structure is that long.
            unsafe { entry.wrapping_add(index).write_unaligned(*word) };
        }
        let mut target = entry.wrapping_add(head).cast::<u8>();
        let mut at = 2 * head;
        for units in texts {
            for index in at..at + units {
                let unit = (found[index / 2] >> (16 * (index % 2))) as u16;
                // SAFETY: the structure is that long.
                unsafe { target.write(text::wide_to_ansi(unit).unwrap_or(b'?')) };
                target = target.wrapping_add(1);
            }
            at += units;
        }
        Some(())
    });
    match copied {
        Ok(Some(())) => TRUE,
        Ok(None) => no_more(),
        Err(status) => no_snapshot(status),
    }
}

macro_rules! walkers {
    ($($(#[$doc:meta])* $name:ident($list:ident, $from_start:literal);)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `entry` points to the structure of the list, which says its own size.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(snapshot: u32, entry: *mut u32) -> Bool {
            // SAFETY: the caller's promise.
            unsafe { walk(snapshot, List::$list, entry, $from_start) }
        }
    )*};
}

walkers! {
    /// The first process.
    Process32FirstW(Processes, true);
    /// The next one.
    Process32NextW(Processes, false);
    /// The first module.
    Module32FirstW(Modules, true);
    /// The next one.
    Module32NextW(Modules, false);
    /// The first thread.
    Thread32First(Threads, true);
    /// The next one.
    Thread32Next(Threads, false);
    /// The first heap.
    Heap32ListFirst(Heaps, true);
    /// The next one.
    Heap32ListNext(Heaps, false);
}

macro_rules! ansi_walkers {
    ($($(#[$doc:meta])* $name:ident($list:ident, $size:ident, $head:literal, $texts:expr, $from_start:literal);)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `entry` points to the structure of the list, which says its own size.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(snapshot: u32, entry: *mut u32) -> Bool {
            // SAFETY: the caller's promise.
            unsafe { walk_ansi(snapshot, List::$list, entry, $size, $head, &$texts, $from_start) }
        }
    )*};
}

ansi_walkers! {
    /// The first process, with its name in bytes.
    Process32First(Processes, PROCESS_BYTES, 9, [260], true);
    /// The next one.
    Process32Next(Processes, PROCESS_BYTES, 9, [260], false);
    /// The first module, with its names in bytes.
    Module32First(Modules, MODULE_BYTES, 8, [256, 260], true);
    /// The next one.
    Module32Next(Modules, MODULE_BYTES, 8, [256, 260], false);
}
