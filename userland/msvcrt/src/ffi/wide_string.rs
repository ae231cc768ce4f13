//! The functions of `string.h` for UTF-16; what they do is in `text.rs`.

use super::memory::duplicate_wide;
use super::text::{self, exports};
use super::thread_data::block;

/// A character.
type C = u16;

exports! {
    /// Copies a string.
    wcscpy = copy(target: *mut C, source: *const C) -> *mut C;
    /// Copies at most `count` characters and pads with zeros.
    wcsncpy = copy_counted(target: *mut C, source: *const C, count: u32) -> *mut C;
    /// Appends a string.
    wcscat = append(target: *mut C, source: *const C) -> *mut C;
    /// Appends at most `count` characters and a zero.
    wcsncat = append_counted(target: *mut C, source: *const C, count: u32) -> *mut C;
    /// Compares two strings: -1, 0 or 1.
    wcscmp = compare(left: *const C, right: *const C) -> i32;
    /// Compares at most `count` characters.
    wcsncmp = compare_counted(left: *const C, right: *const C, count: u32) -> i32;
    /// Compares two strings as the "C" locale does.
    wcscoll = compare(left: *const C, right: *const C) -> i32;
    /// Compares without regard to case.
    _wcsicmp = compare_folded(left: *const C, right: *const C) -> i32;
    /// Compares without regard to case.
    _wcsicoll = compare_folded(left: *const C, right: *const C) -> i32;
    /// Compares at most `count` characters without regard to case.
    _wcsnicmp = compare_folded_counted(left: *const C, right: *const C, count: u32) -> i32;
    /// The first place of a character, or null.
    wcschr = first(text: *const C, character: u32) -> *const C;
    /// The last place of a character, or null.
    wcsrchr = last(text: *const C, character: u32) -> *const C;
    /// The first place of a string in another, or null.
    wcsstr = find(text: *const C, part: *const C) -> *const C;
    /// How many characters at the head are in a set.
    wcsspn = span(text: *const C, set: *const C) -> u32;
    /// How many characters at the head are not in a set.
    wcscspn = span_outside(text: *const C, set: *const C) -> u32;
    /// The first place of a character of a set, or null.
    wcspbrk = first_of(text: *const C, set: *const C) -> *const C;
    /// Makes capitals small.
    _wcslwr = to_lower(text: *mut C) -> *mut C;
    /// Makes small letters capitals.
    _wcsupr = to_upper(text: *mut C) -> *mut C;
    /// Turns a string around.
    _wcsrev = reverse(text: *mut C) -> *mut C;
    /// Makes all characters the same.
    _wcsset = set_all(text: *mut C, character: u32) -> *mut C;
    /// Makes at most `count` characters the same.
    _wcsnset = set_counted(text: *mut C, character: u32, count: u32) -> *mut C;
    /// Copies what fits of a string in the form that compares as the locale does; returns its length.
    wcsxfrm = transform(target: *mut C, source: *const C, room: u32) -> u32;
}

/// The length of a string.
///
/// # Safety
/// `string` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcslen(string: *const C) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { text::length(string, u32::MAX) }
}

/// The next token of a string, or of the one that this thread's last call began.
///
/// # Safety
/// Both are strings, or `string` is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wcstok(string: *mut C, set: *const C) -> *mut C {
    // SAFETY: the block lives as long as the thread; only an address inside it is made.
    let rest = unsafe { &raw mut (*block()).wide_token };
    // SAFETY: the caller's promise.
    unsafe { text::token(string, set, rest) }
}

/// A copy of a string on the heap, or null.
///
/// # Safety
/// `string` is a string or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _wcsdup(string: *const C) -> u32 {
    if string.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    duplicate_wide(unsafe { text::slice(string) })
}
