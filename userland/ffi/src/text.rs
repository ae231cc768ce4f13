//! Strings and buffers that a program hands over by pointer.

use core::slice;

/// A counted UTF-16 string.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[doc(alias = "UNICODE_STRING")]
pub struct UnicodeString {
    /// Bytes in use.
    pub length: u16,
    /// Bytes of the buffer.
    pub maximum_length: u16,
    /// The units; no final zero is needed.
    pub buffer: *mut u16,
}

impl UnicodeString {
    /// A string over `units`, which must outlive it and are only read. At most 32,766 units count.
    pub fn over(units: &[u16]) -> Self {
        let length = units.len().min(0x7FFE) as u16 * 2;
        Self { length, maximum_length: length, buffer: units.as_ptr().cast_mut() }
    }

    /// The units in use.
    ///
    /// # Safety
    /// The buffer holds `length` bytes that nobody writes while the result is in use.
    pub unsafe fn units<'text>(&self) -> &'text [u16] {
        // SAFETY: the caller's promise.
        unsafe { wide(self.buffer, u32::from(self.length) / 2) }
    }
}

/// A counted string of bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[doc(alias = "ANSI_STRING")]
pub struct AnsiString {
    /// Bytes in use.
    pub length: u16,
    /// Bytes of the buffer.
    pub maximum_length: u16,
    /// The bytes; no final zero is needed.
    pub buffer: *mut u8,
}

impl AnsiString {
    /// The bytes in use.
    ///
    /// # Safety
    /// The buffer holds `length` bytes that nobody writes while the result is in use.
    pub unsafe fn bytes<'text>(&self) -> &'text [u8] {
        // SAFETY: the caller's promise.
        unsafe { bytes(self.buffer, u32::from(self.length)) }
    }
}

/// `count` bytes at `pointer`; none if either is zero.
///
/// # Safety
/// The bytes are readable and not written while the result is in use.
pub unsafe fn bytes<'text>(pointer: *const u8, count: u32) -> &'text [u8] {
    if pointer.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise; not null, and a byte is always aligned.
    unsafe { slice::from_raw_parts(pointer, count as usize) }
}

/// `count` bytes at `pointer`, to be written; none if either is zero.
///
/// # Safety
/// The bytes are writable and nobody else uses them while the result is in use.
pub unsafe fn bytes_mut<'text>(pointer: *mut u8, count: u32) -> &'text mut [u8] {
    if pointer.is_null() || count == 0 {
        return &mut [];
    }
    // SAFETY: the caller's promise; not null, and a byte is always aligned.
    unsafe { slice::from_raw_parts_mut(pointer, count as usize) }
}

/// `count` UTF-16 units at `pointer`; none if either is zero.
///
/// # Safety
/// The units are readable, aligned, and not written while the result is in use.
pub unsafe fn wide<'text>(pointer: *const u16, count: u32) -> &'text [u16] {
    if pointer.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise; not null.
    unsafe { slice::from_raw_parts(pointer, count as usize) }
}

/// `count` UTF-16 units at `pointer`, to be written; none if either is zero.
///
/// # Safety
/// The units are writable, aligned, and nobody else uses them while the result is in use.
pub unsafe fn wide_mut<'text>(pointer: *mut u16, count: u32) -> &'text mut [u16] {
    if pointer.is_null() || count == 0 {
        return &mut [];
    }
    // SAFETY: the caller's promise; not null.
    unsafe { slice::from_raw_parts_mut(pointer, count as usize) }
}

/// The bytes before the zero at or after `pointer`; none for a null pointer.
///
/// # Safety
/// The string is readable up to its zero and not written while the result is in use.
pub unsafe fn c_string<'text>(pointer: *const u8) -> &'text [u8] {
    let mut length = 0;
    // SAFETY: the caller's promise: every byte before the zero is readable.
    while !pointer.is_null() && unsafe { pointer.wrapping_add(length).read() } != 0 {
        length += 1;
    }
    // SAFETY: the same bytes.
    unsafe { bytes(pointer, length as u32) }
}

/// The UTF-16 units before the zero at or after `pointer`; none for a null pointer.
///
/// # Safety
/// The string is readable up to its zero, aligned, and not written while the result is in use.
pub unsafe fn wide_string<'text>(pointer: *const u16) -> &'text [u16] {
    let mut length = 0;
    // SAFETY: the caller's promise: every unit before the zero is readable.
    while !pointer.is_null() && unsafe { pointer.wrapping_add(length).read() } != 0 {
        length += 1;
    }
    // SAFETY: the same units.
    unsafe { wide(pointer, length as u32) }
}
