//! File objects and what hangs on a file.
//!
//! Source: symbol types of XP SP3.

use super::device::DeviceObject;
use super::process::Eprocess;
use super::string::UnicodeString;
use crate::assert_layout;
use crate::cell::{Field, Field64, Link, Record};

/// What stands first in every file object.
#[doc(alias = "IO_TYPE_FILE")]
pub const FILE_OBJECT_TYPE: u16 = 5;

/// An open file.
#[doc(alias = "_FILE_OBJECT")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct FileObject {
    /// [`FILE_OBJECT_TYPE`].
    pub kind: Field<u16>,
    pub size: Field<u16>,
    pub device_object: Field<Link<DeviceObject>>,
    pub vpb: Field<u32>,
    /// The file itself, shared by all who have it open: its FCB.
    pub fs_context: Field<u32>,
    pub fs_context2: Field<u32>,
    /// Within the FCB.
    pub section_object_pointer: Field<Link<SectionObjectPointers>>,
    pub private_cache_map: Field<u32>,
    pub final_status: Field<u32>,
    pub related_file_object: Field<u32>,
    pub lock_operation: Field<u8>,
    pub delete_pending: Field<u8>,
    pub read_access: Field<u8>,
    pub write_access: Field<u8>,
    pub delete_access: Field<u8>,
    pub shared_read: Field<u8>,
    pub shared_write: Field<u8>,
    pub shared_delete: Field<u8>,
    pub flags: Field<u32>,
    /// From the root of the volume: `\dir\file`.
    pub file_name: UnicodeString,
    /// Where the next read without a position begins, in bytes.
    pub current_byte_offset: Field64,
    pub waiters: Field<u32>,
    pub busy: Field<u32>,
    pub last_lock: Field<u32>,
    pub lock: [Field<u32>; 4],
    pub event: [Field<u32>; 4],
    pub completion_context: Field<u32>,
}
impl Record for FileObject {}
assert_layout!(FileObject, 0x70, {
    kind: 0, size: 2, device_object: 4, vpb: 8, fs_context: 0xC, fs_context2: 0x10, section_object_pointer: 0x14,
    private_cache_map: 0x18, final_status: 0x1C, related_file_object: 0x20, read_access: 0x26, flags: 0x2C, file_name: 0x30,
    current_byte_offset: 0x38, event: 0x5C, completion_context: 0x6C,
});

/// The control areas of a file: at most one of each kind, whoever opens it.
#[doc(alias = "_SECTION_OBJECT_POINTERS")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct SectionObjectPointers {
    pub data_section_object: Field<u32>,
    pub shared_cache_map: Field<u32>,
    pub image_section_object: Field<u32>,
}
impl Record for SectionObjectPointers {}
assert_layout!(SectionObjectPointers, 0xC, { data_section_object: 0, shared_cache_map: 4, image_section_object: 8 });

/// A lock on a range of a file's bytes.
///
/// Source: public Windows headers (`ntifs.h`).
#[doc(alias = "_FILE_LOCK_INFO")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct FileLockInfo {
    pub starting_byte: Field64,
    pub length: Field64,
    pub exclusive_lock: Field<u8>,
    pub reserved_11: [Field<u8>; 3],
    pub key: Field<u32>,
    pub file_object: Field<Link<FileObject>>,
    /// The process that has the lock: its address.
    pub process_id: Field<Link<Eprocess>>,
    /// The last byte.
    pub ending_byte: Field64,
}
impl Record for FileLockInfo {}
assert_layout!(FileLockInfo, 0x28, {
    starting_byte: 0, length: 8, exclusive_lock: 0x10, key: 0x14, file_object: 0x18, process_id: 0x1C, ending_byte: 0x20,
});
