//! Strings, of bytes and of UTF-16 by the same code. `string.rs` and `wide_string.rs` give each function its two names.
//!
//! What C calls a string ends in a zero; functions with a count never look behind the first zero either.

use core::cmp::Ordering;

use user_crt::printf::Unit;

/// Declares exported functions that hand over to this module.
macro_rules! exports {
    ($($(#[$meta:meta])* $name:ident = $function:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {$(
        $(#[$meta])*
        ///
        /// # Safety
        /// The strings are strings, and what is written has room.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $kind),*) -> $result {
            // SAFETY: the caller's promise.
            unsafe { text::$function($($argument),*) }
        }
    )*};
}
pub(super) use exports;

/// A character of a string.
pub(super) trait Character: Unit + PartialEq + From<u8> {
    /// Its lower case, in the "C" locale.
    fn lower(self) -> Self;
    /// Its upper case, in the "C" locale.
    fn upper(self) -> Self;
    /// A character with this value, as C passes it.
    fn of(value: u32) -> Self;
}

impl Character for u8 {
    fn lower(self) -> Self {
        self.to_ascii_lowercase()
    }
    fn upper(self) -> Self {
        self.to_ascii_uppercase()
    }
    fn of(value: u32) -> Self {
        value as u8
    }
}

impl Character for u16 {
    fn lower(self) -> Self {
        user_crt::character::wide_lower(self)
    }
    fn upper(self) -> Self {
        user_crt::character::wide_upper(self)
    }
    fn of(value: u32) -> Self {
        value as u16
    }
}

/// Character `at` of a string.
///
/// # Safety
/// The string is that long.
unsafe fn at<C: Character>(text: *const C, at: u32) -> C {
    // SAFETY: the caller's promise.
    unsafe { text.wrapping_add(at as usize).read() }
}

/// Gives character `at` of a string a value.
///
/// # Safety
/// There is room for it.
unsafe fn put<C: Character>(text: *mut C, at: u32, character: C) {
    // SAFETY: the caller's promise.
    unsafe { text.wrapping_add(at as usize).write(character) };
}

/// The characters before the zero, but at most `limit`.
///
/// # Safety
/// `text` is a string, or holds `limit` characters.
pub(super) unsafe fn length<C: Character>(text: *const C, limit: u32) -> u32 {
    let mut count = 0;
    // SAFETY: the caller's promise: everything up to the zero is readable.
    while count < limit && unsafe { at(text, count) }.value() != 0 {
        count += 1;
    }
    count
}

/// The characters before the zero.
///
/// # Safety
/// `text` is a string that nobody writes while the result is in use.
pub(super) unsafe fn slice<'text, C: Character>(text: *const C) -> &'text [C] {
    // SAFETY: the caller's promise.
    let length = unsafe { length(text, u32::MAX) };
    // SAFETY: those characters were just read.
    unsafe { core::slice::from_raw_parts(text, length as usize) }
}

/// Copies a string with its zero, to `offset` behind the start of `target`.
unsafe fn copy_to<C: Character>(target: *mut C, offset: u32, source: *const C, limit: u32) -> u32 {
    let mut count = 0;
    while count < limit {
        // SAFETY: the caller's promise: the source is a string.
        let character = unsafe { at(source, count) };
        if character.value() == 0 {
            break;
        }
        // SAFETY: the caller's promise: the target has room.
        unsafe { put(target, offset + count, character) };
        count += 1;
    }
    offset + count
}

/// `strcpy`.
pub(super) unsafe fn copy<C: Character>(target: *mut C, source: *const C) -> *mut C {
    // SAFETY: the caller's promise.
    let end = unsafe { copy_to(target, 0, source, u32::MAX) };
    // SAFETY: the caller's promise.
    unsafe { put(target, end, C::from(0)) };
    target
}

/// `strncpy`: pads with zeros, and leaves none if the string is that long.
pub(super) unsafe fn copy_counted<C: Character>(target: *mut C, source: *const C, count: u32) -> *mut C {
    // SAFETY: the caller's promise.
    let end = unsafe { copy_to(target, 0, source, count) };
    for index in end..count {
        // SAFETY: the caller's promise: the target has room for `count`.
        unsafe { put(target, index, C::from(0)) };
    }
    target
}

/// `strcat`.
pub(super) unsafe fn append<C: Character>(target: *mut C, source: *const C) -> *mut C {
    // SAFETY: the caller's promise.
    unsafe { append_counted(target, source, u32::MAX) }
}

/// `strncat`: a zero always follows.
pub(super) unsafe fn append_counted<C: Character>(target: *mut C, source: *const C, count: u32) -> *mut C {
    // SAFETY: the caller's promise.
    let start = unsafe { length(target, u32::MAX) };
    // SAFETY: the caller's promise.
    let end = unsafe { copy_to(target, start, source, count) };
    // SAFETY: the caller's promise.
    unsafe { put(target, end, C::from(0)) };
    target
}

unsafe fn compare_by<C: Character>(left: *const C, right: *const C, count: u32, key: impl Fn(C) -> C) -> i32 {
    for index in 0..count {
        // SAFETY: the caller's promise: neither string has ended before.
        let a = unsafe { key(at(left, index)) };
        // SAFETY: the caller's promise.
        let b = unsafe { key(at(right, index)) };
        match a.value().cmp(&b.value()) {
            Ordering::Less => return -1,
            Ordering::Greater => return 1,
            Ordering::Equal if a.value() == 0 => return 0,
            Ordering::Equal => {}
        }
    }
    0
}

/// `strcmp`, and `strcoll` in the "C" locale.
pub(super) unsafe fn compare<C: Character>(left: *const C, right: *const C) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { compare_by(left, right, u32::MAX, |character| character) }
}

/// `strncmp`.
pub(super) unsafe fn compare_counted<C: Character>(left: *const C, right: *const C, count: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { compare_by(left, right, count, |character| character) }
}

/// `_stricmp`: in lower case.
pub(super) unsafe fn compare_folded<C: Character>(left: *const C, right: *const C) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { compare_by(left, right, u32::MAX, C::lower) }
}

/// `_strnicmp`: in lower case.
pub(super) unsafe fn compare_folded_counted<C: Character>(left: *const C, right: *const C, count: u32) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { compare_by(left, right, count, C::lower) }
}

fn place<C>(text: *const C, index: Option<usize>) -> *const C {
    index.map_or(core::ptr::null(), |index| text.wrapping_add(index))
}

/// `strchr`; the zero can be looked for too.
pub(super) unsafe fn first<C: Character>(text: *const C, character: u32) -> *const C {
    let wanted = C::of(character);
    for index in 0.. {
        // SAFETY: the caller's promise: the string has not ended before.
        let found = unsafe { at(text, index) };
        if found == wanted {
            return text.wrapping_add(index as usize);
        }
        if found.value() == 0 {
            break;
        }
    }
    core::ptr::null()
}

/// `strrchr`.
pub(super) unsafe fn last<C: Character>(text: *const C, character: u32) -> *const C {
    let wanted = C::of(character);
    // SAFETY: the caller's promise.
    let units = unsafe { slice(text) };
    if wanted.value() == 0 {
        return text.wrapping_add(units.len());
    }
    place(text, units.iter().rposition(|&unit| unit == wanted))
}

/// `strstr`.
pub(super) unsafe fn find<C: Character>(text: *const C, part: *const C) -> *const C {
    // SAFETY: the caller's promise.
    let units = unsafe { slice(text) };
    // SAFETY: the caller's promise.
    let part = unsafe { slice(part) };
    if part.is_empty() {
        return text;
    }
    place(text, units.windows(part.len()).position(|window| window == part))
}

/// `strspn`.
pub(super) unsafe fn span<C: Character>(text: *const C, set: *const C) -> u32 {
    // SAFETY: the caller's promise.
    let units = unsafe { slice(text) };
    // SAFETY: the caller's promise.
    let set = unsafe { slice(set) };
    units.iter().take_while(|unit| set.contains(unit)).count() as u32
}

/// `strcspn`.
pub(super) unsafe fn span_outside<C: Character>(text: *const C, set: *const C) -> u32 {
    // SAFETY: the caller's promise.
    let units = unsafe { slice(text) };
    // SAFETY: the caller's promise.
    let set = unsafe { slice(set) };
    units.iter().take_while(|unit| !set.contains(unit)).count() as u32
}

/// `strpbrk`.
pub(super) unsafe fn first_of<C: Character>(text: *const C, set: *const C) -> *const C {
    // SAFETY: the caller's promise.
    let units = unsafe { slice(text) };
    // SAFETY: the caller's promise.
    let set = unsafe { slice(set) };
    place(text, units.iter().position(|unit| set.contains(unit)))
}

/// `strtok`: the next token of `text`, or of the string that `rest` remembers.
pub(super) unsafe fn token<C: Character>(text: *mut C, set: *const C, rest: *mut u32) -> *mut C {
    // SAFETY: the caller's promise: `rest` is a word of this thread.
    let remembered = unsafe { rest.read() };
    let start = if text.is_null() { remembered as *mut C } else { text };
    if start.is_null() {
        return start;
    }
    // SAFETY: the caller's promise.
    let start = start.wrapping_add(unsafe { span(start, set) } as usize);
    // SAFETY: the caller's promise.
    let count = unsafe { span_outside(start, set) };
    let end = start.wrapping_add(count as usize);
    // SAFETY: the end is inside the string, or its zero.
    let goes_on = unsafe { end.read() }.value() != 0;
    if goes_on {
        // SAFETY: the string is the caller's to change.
        unsafe { end.write(C::from(0)) };
    }
    // SAFETY: the caller's promise.
    unsafe { rest.write(if goes_on { end.wrapping_add(1) } else { end } as u32) };
    if count == 0 { core::ptr::null_mut() } else { start }
}

/// Changes every character of a string.
pub(super) unsafe fn change<C: Character>(text: *mut C, limit: u32, by: impl Fn(C) -> C) -> *mut C {
    // SAFETY: the caller's promise.
    let count = unsafe { length(text, limit) };
    for index in 0..count {
        // SAFETY: inside the string.
        let changed = by(unsafe { at(text, index) });
        // SAFETY: inside the string, which is the caller's to change.
        unsafe { put(text, index, changed) };
    }
    text
}

/// `_strlwr`.
pub(super) unsafe fn to_lower<C: Character>(text: *mut C) -> *mut C {
    // SAFETY: the caller's promise.
    unsafe { change(text, u32::MAX, C::lower) }
}

/// `_strupr`.
pub(super) unsafe fn to_upper<C: Character>(text: *mut C) -> *mut C {
    // SAFETY: the caller's promise.
    unsafe { change(text, u32::MAX, C::upper) }
}

/// `_strset`.
pub(super) unsafe fn set_all<C: Character>(text: *mut C, character: u32) -> *mut C {
    // SAFETY: the caller's promise.
    unsafe { change(text, u32::MAX, |_| C::of(character)) }
}

/// `_strnset`.
pub(super) unsafe fn set_counted<C: Character>(text: *mut C, character: u32, count: u32) -> *mut C {
    // SAFETY: the caller's promise.
    unsafe { change(text, count, |_| C::of(character)) }
}

/// `_strrev`.
pub(super) unsafe fn reverse<C: Character>(text: *mut C) -> *mut C {
    // SAFETY: the caller's promise.
    let count = unsafe { length(text, u32::MAX) };
    // SAFETY: the string is the caller's to change, and nobody else's meanwhile.
    unsafe { core::slice::from_raw_parts_mut(text, count as usize) }.reverse();
    text
}

/// `strxfrm` in the "C" locale: a copy of what fits, and the length of all.
pub(super) unsafe fn transform<C: Character>(target: *mut C, source: *const C, room: u32) -> u32 {
    // SAFETY: the caller's promise.
    let count = unsafe { length(source, u32::MAX) };
    if room != 0 {
        // SAFETY: the caller's promise.
        let end = unsafe { copy_to(target, 0, source, room - 1) };
        // SAFETY: the caller's promise.
        unsafe { put(target, end, C::from(0)) };
    }
    count
}
