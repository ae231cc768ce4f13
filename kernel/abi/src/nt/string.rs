//! Counted strings of 16-bit characters.

use crate::assert_layout;
use crate::cell::{Field, Record};

/// A string: lengths in bytes, and where its characters are.
#[doc(alias = "_UNICODE_STRING")]
#[repr(C)]
#[derive(Debug)]
pub struct UnicodeString {
    /// Bytes in use.
    pub length: Field<u16>,
    /// Bytes there are.
    pub maximum_length: Field<u16>,
    /// Address of the first character.
    pub buffer: Field<u32>,
}
impl Record for UnicodeString {}
assert_layout!(UnicodeString, 8, { length: 0, maximum_length: 2, buffer: 4 });

impl UnicodeString {
    /// A string without characters.
    pub fn empty() -> Self {
        Self { length: Field::new(0), maximum_length: Field::new(0), buffer: Field::new(0) }
    }

    /// Makes it the `length` bytes at `buffer`.
    pub fn set(&self, buffer: u32, length: u16) {
        self.length.set(length);
        self.maximum_length.set(length);
        self.buffer.set(buffer);
    }
}
