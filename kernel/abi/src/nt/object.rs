//! Objects: the header in front of each, their types, and the tables that turn handles into objects.
//!
//! Source: symbol types of XP SP3.

use super::list::ListEntry;
use super::process::Eprocess;
use super::string::UnicodeString;
use crate::assert_layout;
use crate::cell::{Field, Link, Record};

/// The body of an object, of whatever type; it begins [`OBJECT_BODY`] bytes behind its header.
#[derive(Debug)]
pub enum ObjectBody {}

/// Bytes from an object's header to its body.
pub const OBJECT_BODY: u32 = 0x18;

/// What stands in front of every object.
#[doc(alias = "_OBJECT_HEADER")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ObjectHeader {
    /// References of all kinds; with the last the object goes.
    pub pointer_count: Field<u32>,
    /// Handles among them.
    pub handle_count: Field<u32>,
    pub object_type: Field<Link<ObjectType>>,
    /// Bytes from the name information before the header, or 0.
    pub name_info_offset: Field<u8>,
    pub handle_info_offset: Field<u8>,
    pub quota_info_offset: Field<u8>,
    /// Bits of [`object_flags`].
    pub flags: Field<u8>,
    pub object_create_info: Field<u32>,
    pub security_descriptor: Field<u32>,
}
impl Record for ObjectHeader {}
assert_layout!(ObjectHeader, 0x18, {
    pointer_count: 0, handle_count: 4, object_type: 8, name_info_offset: 0xC, handle_info_offset: 0xD,
    quota_info_offset: 0xE, flags: 0xF, object_create_info: 0x10, security_descriptor: 0x14,
});

/// Bits of [`ObjectHeader::flags`].
pub mod object_flags {
    /// No handle has been made yet.
    #[doc(alias = "OB_FLAG_NEW_OBJECT")]
    pub const NEW_OBJECT: u8 = 0x01;
    /// The kernel made it.
    #[doc(alias = "OB_FLAG_KERNEL_OBJECT")]
    pub const KERNEL_OBJECT: u8 = 0x02;
    /// It stays without references.
    #[doc(alias = "OB_FLAG_PERMANENT_OBJECT")]
    pub const PERMANENT_OBJECT: u8 = 0x10;
}

/// How generic rights are meant for a type.
#[doc(alias = "_GENERIC_MAPPING")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct GenericMapping {
    pub generic_read: Field<u32>,
    pub generic_write: Field<u32>,
    pub generic_execute: Field<u32>,
    pub generic_all: Field<u32>,
}
impl Record for GenericMapping {}
assert_layout!(GenericMapping, 0x10, { generic_read: 0, generic_write: 4, generic_execute: 8, generic_all: 0xC });

/// A type of objects. As in XP it is itself the body of an object.
#[doc(alias = "_OBJECT_TYPE")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ObjectType {
    pub mutex: [Field<u32>; 14],
    pub type_list: ListEntry,
    pub name: UnicodeString,
    pub default_object: Field<u32>,
    /// Its place in `ObpObjectTypes`, from 1.
    pub index: Field<u32>,
    pub total_number_of_objects: Field<u32>,
    pub total_number_of_handles: Field<u32>,
    pub high_water_number_of_objects: Field<u32>,
    pub high_water_number_of_handles: Field<u32>,
    pub type_info: ObjectTypeInitializer,
    /// The pool tag of its objects.
    pub key: Field<u32>,
    pub object_locks: [Field<u32>; 56],
}
impl Record for ObjectType {}
assert_layout!(ObjectType, 0x190, {
    type_list: 0x38, name: 0x40, default_object: 0x48, index: 0x4C, total_number_of_objects: 0x50,
    total_number_of_handles: 0x54, high_water_number_of_objects: 0x58, high_water_number_of_handles: 0x5C, type_info: 0x60,
    key: 0xAC, object_locks: 0xB0,
});

/// What distinguishes a type.
#[doc(alias = "_OBJECT_TYPE_INITIALIZER")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ObjectTypeInitializer {
    pub length: Field<u16>,
    pub reserved_2: Field<u16>,
    pub invalid_attributes: Field<u32>,
    pub generic_mapping: GenericMapping,
    pub valid_access_mask: Field<u32>,
    pub security_required: Field<u8>,
    pub maintain_handle_count: Field<u8>,
    pub maintain_type_list: Field<u8>,
    pub reserved_1f: Field<u8>,
    /// 0: nonpaged.
    pub pool_type: Field<u32>,
    pub default_paged_pool_charge: Field<u32>,
    pub default_non_paged_pool_charge: Field<u32>,
    /// NT has the type's procedures here; in this system they are the callers' business, and this stays zero.
    pub procedures: [Field<u32>; 8],
}
impl Record for ObjectTypeInitializer {}
assert_layout!(ObjectTypeInitializer, 0x4C, {
    length: 0, invalid_attributes: 4, generic_mapping: 8, valid_access_mask: 0x18, pool_type: 0x20, procedures: 0x2C,
});

/// The handles of one process.
#[doc(alias = "_HANDLE_TABLE")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct HandleTable {
    /// Address of the top page; its low two bits say how many pages of pointers stand above the entries (0 to 2).
    pub table_code: Field<u32>,
    pub quota_process: Field<Link<Eprocess>>,
    pub unique_process_id: Field<u32>,
    pub handle_table_lock: [Field<u32>; 4],
    /// All handle tables: the list whose head is `HandleTableListHead`.
    pub handle_table_list: ListEntry,
    pub handle_contention_event: Field<u32>,
    pub debug_info: Field<u32>,
    pub extra_info_pages: Field<u32>,
    /// The handle given out next, or 0 where the table must grow first.
    pub first_free: Field<u32>,
    pub last_free: Field<u32>,
    /// The first handle that has no entry yet.
    pub next_handle_needing_pool: Field<u32>,
    /// Handles in use.
    pub handle_count: Field<u32>,
    pub flags: Field<u32>,
}
impl Record for HandleTable {}
assert_layout!(HandleTable, 0x44, {
    table_code: 0, quota_process: 4, unique_process_id: 8, handle_table_lock: 0xC, handle_table_list: 0x1C,
    extra_info_pages: 0x2C, first_free: 0x30, last_free: 0x34, next_handle_needing_pool: 0x38, handle_count: 0x3C,
    flags: 0x40,
});

/// One handle: an object and what its holder may do, or a link of the free list.
#[doc(alias = "_HANDLE_TABLE_ENTRY")]
#[repr(C)]
#[derive(Debug)]
pub struct HandleTableEntry {
    /// Address of the object's header with attributes in the low three bits, or 0 where the handle is free.
    pub object: Field<u32>,
    /// The rights of the holder; of a free handle, the next free one.
    #[doc(alias = "NextFreeTableEntry")]
    pub granted_access: Field<u32>,
}
impl Record for HandleTableEntry {}
assert_layout!(HandleTableEntry, 8, { object: 0, granted_access: 4 });
