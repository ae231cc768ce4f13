//! The environment: `environ`, `getenv`, `putenv`.
//!
//! The strings are made of the process's block when a program first asks, and made again when it changes a variable.
//! Old ones stay where they are, as pointers to them may be in use.

use alloc::vec::Vec;

use user_ffi::{c_string, wide_string};
use user_support::environment::split;
use user_support::text::{ansi, equal_ignoring_case, wide as to_wide};

use super::export::Export;
use super::lock::{ENVIRONMENT, with};
use super::nt::{FreeEnvironmentStringsW, GetEnvironmentStringsW, SetEnvironmentVariableW};
use super::start::table;

/// The environment that `main` was called with.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".data")]
pub static __initenv: Export<u32> = Export::new(0);
/// The environment that `wmain` was called with.
#[unsafe(no_mangle)]
pub static __winitenv: Export<u32> = Export::new(0);
/// The environment.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".data")]
pub static _environ: Export<u32> = Export::new(0);
/// The environment in UTF-16.
#[unsafe(no_mangle)]
pub static _wenviron: Export<u32> = Export::new(0);

/// A table of the variables of the process as `convert` makes them, without the hidden ones that begin with `=`.
fn table_of<U: Copy + Default>(convert: impl Fn(&[u16]) -> Vec<U>) -> u32 {
    // SAFETY: the function returns a copy of the block.
    let block = unsafe { GetEnvironmentStringsW() };
    let mut at = block;
    let entries = core::iter::from_fn(|| {
        // SAFETY: the block is strings, the last of which is empty.
        let entry = unsafe { wide_string(at) };
        at = at.wrapping_add(entry.len() + 1);
        (!entry.is_empty()).then_some(entry)
    });
    let shown = entries.filter(|entry| entry.first() != Some(&u16::from(b'=')));
    let table = table(shown.map(convert));
    // SAFETY: the copy is not used any more.
    unsafe { FreeEnvironmentStringsW(block) };
    table
}

/// `environ`, made if it is not there yet.
pub(super) fn narrow() -> u32 {
    with(ENVIRONMENT, || {
        if _environ.get() == 0 {
            _environ.set(table_of(ansi));
        }
        _environ.get()
    })
}

/// `_wenviron`, made if it is not there yet.
pub(super) fn wide() -> u32 {
    with(ENVIRONMENT, || {
        if _wenviron.get() == 0 {
            _wenviron.set(table_of(<[u16]>::to_vec));
        }
        _wenviron.get()
    })
}

/// The words of a table of strings, without its null.
fn strings(table: u32) -> impl Iterator<Item = u32> {
    (0..)
        .map(move |index: usize| {
            // SAFETY: the table ends in a null, at which the caller stops.
            unsafe { (table as *const u32).wrapping_add(index).read() }
        })
        .take_while(|&string| string != 0)
}

/// The value of a variable, for this library's own use.
pub(super) fn variable(name: &[u16]) -> Option<Vec<u16>> {
    strings(wide()).find_map(|string| {
        // SAFETY: the table holds strings.
        let entry = unsafe { wide_string(string as *const u16) };
        split(entry).filter(|(other, _)| equal_ignoring_case(other, name)).map(|(_, value)| value.to_vec())
    })
}

/// The value of a variable, or null. Case does not matter.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getenv(name: *const u8) -> u32 {
    // SAFETY: the caller's promise.
    let name = to_wide(unsafe { c_string(name) });
    let value = strings(narrow()).find_map(|string| {
        // SAFETY: the table holds strings.
        let entry = to_wide(unsafe { c_string(string as *const u8) });
        let (other, value) = split(&entry)?;
        equal_ignoring_case(other, &name).then(|| string + (entry.len() - value.len()) as u32)
    });
    value.unwrap_or(0)
}

/// The value of a variable in UTF-16, or null.
///
/// # Safety
/// `name` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wgetenv(name: *const u16) -> u32 {
    // SAFETY: the caller's promise.
    let name = unsafe { wide_string(name) };
    let value = strings(wide()).find_map(|string| {
        // SAFETY: the table holds strings.
        let entry = unsafe { wide_string(string as *const u16) };
        let (other, value) = split(entry)?;
        equal_ignoring_case(other, name).then(|| string + 2 * (entry.len() - value.len()) as u32)
    });
    value.unwrap_or(0)
}

fn put(entry: &[u16]) -> i32 {
    let Some(mark) = entry.iter().skip(1).position(|&unit| unit == u16::from(b'=')) else { return -1 };
    let (mut name, mut value) = (entry[..=mark].to_vec(), entry[mark + 2..].to_vec());
    let is_empty = value.is_empty();
    name.push(0);
    value.push(0);
    let value = if is_empty { core::ptr::null() } else { value.as_ptr() };
    // SAFETY: both are strings, or null for a variable that goes.
    if unsafe { SetEnvironmentVariableW(name.as_ptr(), value) } == 0 && !is_empty {
        return -1;
    }
    // The next who asks gets new strings.
    let (was_narrow, was_wide) = (_environ.get() != 0, _wenviron.get() != 0);
    _environ.set(0);
    _wenviron.set(0);
    if was_narrow {
        narrow();
    }
    if was_wide {
        wide();
    }
    0
}

/// Sets a variable, `NAME=value`, or removes it, `NAME=`.
///
/// # Safety
/// `entry` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _putenv(entry: *const u8) -> i32 {
    // SAFETY: the caller's promise.
    put(&to_wide(unsafe { c_string(entry) }))
}

/// Sets or removes a variable.
///
/// # Safety
/// `entry` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wputenv(entry: *const u16) -> i32 {
    // SAFETY: the caller's promise.
    put(unsafe { wide_string(entry) })
}
