//! What is typed at the console: as characters, and as keys.

use abi::console::{COUNT_RECORDS, FLUSH, KEY_EVENT, PEEK_RECORDS, READ, READ_RECORDS, RECORD_SIZE, WRITE_RECORDS};
use alloc::vec;
use alloc::vec::Vec;
use user_ffi::{bytes, bytes_mut, wide_mut};
use user_support::text::{ansi, ansi_to_wide};

use super::console::{answered, control, refuse};
use super::last_error::{Bool, TRUE};

/// Units asked for at once at most.
const MOST_UNITS: u32 = 0x1000;
/// Where in a record its character stands.
const CHARACTER: usize = 14;

/// Reads units; it waits for them.
fn read_units(handle: u32, count: u32) -> Result<Vec<u16>, Bool> {
    let mut buffer = vec![0; 2 * count.min(MOST_UNITS) as usize];
    let length = control(handle, READ, &[], &mut buffer).map_err(refuse)?;
    let pairs = buffer[..length as usize].chunks_exact(2);
    Ok(pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect())
}

/// Reads characters from a console.
///
/// # Safety
/// `buffer` has room for `count` bytes; `done` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadConsoleA(
    handle: u32,
    buffer: *mut u8,
    count: u32,
    done: *mut u32,
    _control: u32,
) -> Bool {
    let units = match read_units(handle, count) {
        Ok(units) => units,
        Err(failed) => return failed,
    };
    // SAFETY: the caller's promise; no more came than was asked for.
    unsafe { bytes_mut(buffer, units.len() as u32) }.copy_from_slice(&ansi(&units));
    // SAFETY: the caller's promise.
    unsafe { done.write_unaligned(units.len() as u32) };
    TRUE
}

/// Reads characters from a console.
///
/// # Safety
/// `buffer` has room for `count` units; `done` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ReadConsoleW(
    handle: u32,
    buffer: *mut u16,
    count: u32,
    done: *mut u32,
    _control: u32,
) -> Bool {
    let units = match read_units(handle, count) {
        Ok(units) => units,
        Err(failed) => return failed,
    };
    // SAFETY: the caller's promise; no more came than was asked for.
    unsafe { wide_mut(buffer, units.len() as u32) }.copy_from_slice(&units);
    // SAFETY: the caller's promise.
    unsafe { done.write_unaligned(units.len() as u32) };
    TRUE
}

fn is_key(record: &[u8]) -> bool {
    record[..2] == KEY_EVENT.to_le_bytes()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Characters {
    Bytes,
    Units,
}

/// # Safety
/// `records` has room for `count` records; `done` points to a word.
unsafe fn keys(handle: u32, code: u32, records: *mut u8, count: u32, done: *mut u32, characters: Characters) -> Bool {
    let length = count.saturating_mul(RECORD_SIZE);
    // SAFETY: the caller's promise.
    let records = unsafe { bytes_mut(records, length) };
    let filled = match control(handle, code, &[], records) {
        Ok(filled) => filled,
        Err(status) => return refuse(status),
    };
    if characters == Characters::Bytes {
        for record in records[..filled as usize].chunks_exact_mut(RECORD_SIZE as usize).filter(|record| is_key(record))
        {
            let unit = u16::from_le_bytes([record[CHARACTER], record[CHARACTER + 1]]);
            record[CHARACTER] = ansi(&[unit])[0];
            record[CHARACTER + 1] = 0;
        }
    }
    // SAFETY: the caller's promise.
    unsafe { done.write_unaligned(filled / RECORD_SIZE) };
    TRUE
}

macro_rules! key_functions {
    ($($(#[$meta:meta])* $name:ident $code:ident $characters:ident;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// `records` has room for `count` records of 20 bytes; `done` points to a word.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(handle: u32, records: *mut u8, count: u32, done: *mut u32) -> Bool {
            // SAFETY: the caller's promise.
            unsafe { keys(handle, $code, records, count, done, Characters::$characters) }
        }
    )*};
}

key_functions! {
    /// Reads keys, and waits for one.
    ReadConsoleInputA READ_RECORDS Bytes;
    /// Reads keys, and waits for one.
    ReadConsoleInputW READ_RECORDS Units;
    /// Looks at the keys that wait.
    PeekConsoleInputA PEEK_RECORDS Bytes;
    /// Looks at the keys that wait.
    PeekConsoleInputW PEEK_RECORDS Units;
}

/// # Safety
/// `records` has `count` records; `written` points to a word.
unsafe fn write_keys(handle: u32, records: *const u8, count: u32, written: *mut u32, characters: Characters) -> Bool {
    // SAFETY: the caller's promise.
    let mut records = unsafe { bytes(records, count.saturating_mul(RECORD_SIZE)) }.to_vec();
    if characters == Characters::Bytes {
        for record in records.chunks_exact_mut(RECORD_SIZE as usize).filter(|record| is_key(record)) {
            let unit = ansi_to_wide(record[CHARACTER]);
            record[CHARACTER..][..2].copy_from_slice(&unit.to_le_bytes());
        }
    }
    let mut done = 0;
    while done < records.len() {
        match control(handle, WRITE_RECORDS, &records[done..], &mut []) {
            Ok(0) => break,
            Ok(length) => done += length as usize,
            Err(status) => return refuse(status),
        }
    }
    // SAFETY: the caller's promise.
    unsafe { written.write_unaligned(done as u32 / RECORD_SIZE) };
    TRUE
}

/// Puts keys and other records behind those that wait: as many as there is room for.
///
/// # Safety
/// `records` has `count` records of 20 bytes; `written` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleInputA(
    handle: u32,
    records: *const u8,
    count: u32,
    written: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { write_keys(handle, records, count, written, Characters::Bytes) }
}

/// The same in UTF-16.
///
/// # Safety
/// As [`WriteConsoleInputA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn WriteConsoleInputW(
    handle: u32,
    records: *const u8,
    count: u32,
    written: *mut u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { write_keys(handle, records, count, written, Characters::Units) }
}

/// How many keys wait.
///
/// # Safety
/// `count` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetNumberOfConsoleInputEvents(handle: u32, count: *mut u32) -> Bool {
    let mut word = [0; 4];
    let result = control(handle, COUNT_RECORDS, &[], &mut word);
    if result.is_ok() {
        // SAFETY: the caller's promise.
        unsafe { count.write_unaligned(u32::from_le_bytes(word)) };
    }
    answered(result)
}

/// Forgets the keys that wait.
#[unsafe(no_mangle)]
pub extern "system" fn FlushConsoleInputBuffer(handle: u32) -> Bool {
    answered(control(handle, FLUSH, &[], &mut []))
}
