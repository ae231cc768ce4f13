//! The scanf family. Each function with `...` hands a pointer to its variable arguments on.

use user_crt::printf::Unit;
use user_crt::scanf::scan;
use user_ffi::{c_string, wide_string};

use super::host::host;
use super::print::words;
use super::stream::{input, locked};
use super::variadic::variadic;
use super::wide_stream::{read, unread};

variadic! {
    /// Reads values from standard input.
    scanf 4 1 standard;
    /// Reads values from a stream.
    fscanf 8 2 stream;
    /// Reads values from a string.
    sscanf 8 2 string;
    /// Reads values from a string.
    swscanf 8 2 wide;
    /// Reads values from standard input.
    wscanf 4 1 wide_standard;
    /// Reads values from a stream.
    fwscanf 8 2 wide_stream;
}

unsafe extern "C" fn standard(template: *const u8, arguments: u32) -> i32 {
    // SAFETY: the caller's promise; standard input is a stream.
    unsafe { stream(input(), template, arguments) }
}

unsafe extern "C" fn stream(file: u32, template: *const u8, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { c_string(template) };
    // SAFETY: the caller's promise.
    unsafe {
        locked(file, |stream| {
            let scanned = scan(&host(), template, words(arguments), || stream.get(&host()).ok().map(u16::from));
            if let Some(unit) = scanned.unread {
                let _ = stream.unget(&host(), unit as u8);
            }
            scanned.stored
        })
    }
}

unsafe extern "C" fn wide_standard(template: *const u16, arguments: u32) -> i32 {
    // SAFETY: the caller's promise; standard input is a stream.
    unsafe { wide_stream(input(), template, arguments) }
}

unsafe extern "C" fn wide_stream(file: u32, template: *const u16, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let template = unsafe { wide_string(template) };
    // SAFETY: the caller's promise.
    unsafe {
        locked(file, |stream| {
            let scanned = scan(&host(), template, words(arguments), || read(stream).ok());
            if let Some(unit) = scanned.unread {
                let _ = unread(stream, unit);
            }
            scanned.stored
        })
    }
}

fn text<U: Unit>(text: &[U], template: &[U], arguments: u32) -> i32 {
    let mut units = text.iter();
    scan(&host(), template, words(arguments), || units.next().map(|unit| unit.value())).stored
}

unsafe extern "C" fn string(source: *const u8, template: *const u8, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let source = unsafe { c_string(source) };
    // SAFETY: the caller's promise.
    text(source, unsafe { c_string(template) }, arguments)
}

unsafe extern "C" fn wide(source: *const u16, template: *const u16, arguments: u32) -> i32 {
    // SAFETY: the caller's promise.
    let source = unsafe { wide_string(source) };
    // SAFETY: the caller's promise.
    text(source, unsafe { wide_string(template) }, arguments)
}
