//! Doubly linked lists, circular through their head.

use crate::assert_layout;
use crate::cell::{Field, Link, Record};

/// A place in a list, or its head.
#[doc(alias = "_LIST_ENTRY")]
#[repr(C)]
#[derive(Debug)]
pub struct ListEntry {
    /// The next entry, or the head.
    pub flink: Field<Link<ListEntry>>,
    /// The entry before, or the head.
    pub blink: Field<Link<ListEntry>>,
}
impl Record for ListEntry {}
assert_layout!(ListEntry, 8, { flink: 0, blink: 4 });
