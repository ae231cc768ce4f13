//! What every object that a thread can wait for begins with.

use super::list::ListEntry;
use crate::assert_layout;
use crate::cell::{Field, Record};

/// Header of a waitable object.
#[doc(alias = "_DISPATCHER_HEADER")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct DispatcherHeader {
    /// One of the `_OBJECT` constants below.
    pub kind: Field<u8>,
    pub absolute: Field<u8>,
    /// Of the whole object, in words of 4 bytes.
    pub size: Field<u8>,
    pub inserted: Field<u8>,
    /// Not 0: nobody has to wait.
    pub signal_state: Field<u32>,
    pub wait_list_head: ListEntry,
}
impl Record for DispatcherHeader {}
assert_layout!(DispatcherHeader, 0x10, { kind: 0, absolute: 1, size: 2, inserted: 3, signal_state: 4, wait_list_head: 8 });

/// [`DispatcherHeader::kind`] of a process.
#[doc(alias = "ProcessObject")]
pub const PROCESS_OBJECT: u8 = 3;
/// [`DispatcherHeader::kind`] of a thread.
#[doc(alias = "ThreadObject")]
pub const THREAD_OBJECT: u8 = 6;
