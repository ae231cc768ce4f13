//! The functions of `string.h` for bytes; what they do is in `text.rs`.

use user_crt::error::{TEXT_COUNT, TEXTS};

use super::export::Export;
use super::memory::duplicate;
use super::text::{self, exports};
use super::thread_data::{_errno, block};

/// A character.
type C = u8;

exports! {
    /// Copies a string.
    strcpy = copy(target: *mut C, source: *const C) -> *mut C;
    /// Copies at most `count` characters and pads with zeros.
    strncpy = copy_counted(target: *mut C, source: *const C, count: u32) -> *mut C;
    /// Appends a string.
    strcat = append(target: *mut C, source: *const C) -> *mut C;
    /// Appends at most `count` characters and a zero.
    strncat = append_counted(target: *mut C, source: *const C, count: u32) -> *mut C;
    /// Compares two strings: -1, 0 or 1.
    strcmp = compare(left: *const C, right: *const C) -> i32;
    /// Compares at most `count` characters.
    strncmp = compare_counted(left: *const C, right: *const C, count: u32) -> i32;
    /// Compares two strings as the "C" locale does.
    strcoll = compare(left: *const C, right: *const C) -> i32;
    /// Compares without regard to case.
    _stricmp = compare_folded(left: *const C, right: *const C) -> i32;
    /// Compares without regard to case.
    _strcmpi = compare_folded(left: *const C, right: *const C) -> i32;
    /// Compares without regard to case.
    _stricoll = compare_folded(left: *const C, right: *const C) -> i32;
    /// Compares at most `count` characters without regard to case.
    _strnicmp = compare_folded_counted(left: *const C, right: *const C, count: u32) -> i32;
    /// The first place of a character, or null.
    strchr = first(text: *const C, character: u32) -> *const C;
    /// The last place of a character, or null.
    strrchr = last(text: *const C, character: u32) -> *const C;
    /// The first place of a string in another, or null.
    strstr = find(text: *const C, part: *const C) -> *const C;
    /// How many characters at the head are in a set.
    strspn = span(text: *const C, set: *const C) -> u32;
    /// How many characters at the head are not in a set.
    strcspn = span_outside(text: *const C, set: *const C) -> u32;
    /// The first place of a character of a set, or null.
    strpbrk = first_of(text: *const C, set: *const C) -> *const C;
    /// Makes capitals small.
    _strlwr = to_lower(text: *mut C) -> *mut C;
    /// Makes small letters capitals.
    _strupr = to_upper(text: *mut C) -> *mut C;
    /// Turns a string around.
    _strrev = reverse(text: *mut C) -> *mut C;
    /// Makes all characters the same.
    _strset = set_all(text: *mut C, character: u32) -> *mut C;
    /// Makes at most `count` characters the same.
    _strnset = set_counted(text: *mut C, character: u32, count: u32) -> *mut C;
    /// Copies what fits of a string in the form that compares as the locale does; returns its length.
    strxfrm = transform(target: *mut C, source: *const C, room: u32) -> u32;
}

/// The next token of a string, or of the one that this thread's last call began.
///
/// # Safety
/// Both are strings, or `string` is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strtok(string: *mut C, set: *const C) -> *mut C {
    // SAFETY: the block lives as long as the thread; only an address inside it is made.
    let rest = unsafe { &raw mut (*block()).token };
    // SAFETY: the caller's promise.
    unsafe { text::token(string, set, rest) }
}

/// A copy of a string on the heap, or null.
///
/// # Safety
/// `string` is a string or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _strdup(string: *const C) -> u32 {
    if string.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    duplicate(unsafe { text::slice(string) })
}

/// The first place of a byte in `count` bytes, or null.
///
/// # Safety
/// The bytes are readable up to the one that is found.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memchr(start: *const u8, byte: u32, count: u32) -> *const u8 {
    let end = start.wrapping_add(count as usize);
    let mut at = start;
    while at < end {
        // SAFETY: the caller's promise.
        if unsafe { at.read() } == byte as u8 {
            return at;
        }
        at = at.wrapping_add(1);
    }
    core::ptr::null()
}

/// Copies up to and with a byte, at most `count`; returns what follows it in the target, or null.
///
/// # Safety
/// The ranges are readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _memccpy(target: *mut u8, source: *const u8, byte: u32, count: u32) -> *mut u8 {
    for index in 0..count as usize {
        // SAFETY: the caller's promise.
        let copied = unsafe { source.wrapping_add(index).read() };
        // SAFETY: the caller's promise.
        unsafe { target.wrapping_add(index).write(copied) };
        if copied == byte as u8 {
            return target.wrapping_add(index + 1);
        }
    }
    core::ptr::null_mut()
}

/// Compares bytes without regard to case.
///
/// # Safety
/// Both ranges are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _memicmp(left: *const u8, right: *const u8, count: u32) -> i32 {
    // SAFETY: the caller's promise.
    let left = unsafe { user_ffi::bytes(left, count) };
    // SAFETY: the caller's promise.
    let right = unsafe { user_ffi::bytes(right, count) };
    let folded = |bytes: &'static [u8]| bytes.iter().map(u8::to_ascii_lowercase);
    folded(left).cmp(folded(right)) as i32
}

/// The texts of errors by number, the last of which stands for all above.
#[unsafe(no_mangle)]
pub static _sys_errlist: Export<[*const u8; TEXT_COUNT + 1]> = Export::new(error_texts());
/// How many there are, but for the last.
#[unsafe(no_mangle)]
pub static _sys_nerr: Export<u32> = Export::new(TEXT_COUNT as u32);

const fn error_texts() -> [*const u8; TEXT_COUNT + 1] {
    let mut texts = [core::ptr::null(); TEXT_COUNT + 1];
    let mut index = 0;
    while index < texts.len() {
        texts[index] = TEXTS[index].as_ptr().cast();
        index += 1;
    }
    texts
}

/// The text of an error.
#[unsafe(no_mangle)]
pub extern "C" fn strerror(error: u32) -> *const u8 {
    user_crt::error::text(error).as_ptr().cast()
}

/// The text of this thread's `errno`, behind a text and a colon if there is one, with a line end; this thread's next call
/// replaces it.
///
/// # Safety
/// `message` is a string or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _strerror(message: *const u8) -> *const u8 {
    // SAFETY: the caller's promise.
    let message = unsafe { user_ffi::c_string(message) };
    let data = block();
    // SAFETY: the block lives as long as the thread.
    let error = user_crt::error::text(unsafe { _errno().read() }).to_bytes();
    // SAFETY: this thread is the only one to use its block, and no other reference to the field is made.
    let buffer = unsafe { &mut (*data).message };
    let separator: &[u8] = if message.is_empty() { b"" } else { b": " };
    let text = message.iter().take(100).chain(separator).chain(error).chain(b"\n\0");
    buffer.iter_mut().zip(text).for_each(|(place, &byte)| *place = byte);
    buffer.as_ptr()
}
