//! Names of objects: directories, symbolic links, and what stands in front of the header of a named object.
//!
//! Source: symbol types of XP SP3.

use super::object::{ObjectBody, ObjectHeader};
use super::string::UnicodeString;
use crate::assert_layout;
use crate::cell::{Field, Field64, Link, Record};

/// Lists of a directory; a name's hash says in which it stands.
#[doc(alias = "NUMBER_HASH_BUCKETS")]
pub const HASH_BUCKETS: u32 = 37;
/// Bytes from the name information to the header behind it.
pub const NAME_INFO: u32 = 0x10;

/// An object's name, in front of its header.
#[doc(alias = "_OBJECT_HEADER_NAME_INFO")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ObjectHeaderNameInfo {
    /// Where the name stands; null once it has been taken out.
    pub directory: Field<Link<ObjectDirectory>>,
    /// The last part of the name, without a backslash.
    pub name: UnicodeString,
    pub query_references: Field<u32>,
}
impl Record for ObjectHeaderNameInfo {}
assert_layout!(ObjectHeaderNameInfo, 0x10, { directory: 0, name: 4, query_references: 0xC });

/// A directory of objects.
#[doc(alias = "_OBJECT_DIRECTORY")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ObjectDirectory {
    pub hash_buckets: [Field<Link<ObjectDirectoryEntry>>; HASH_BUCKETS as usize],
    pub lock: Field<u32>,
    pub device_map: Field<u32>,
    pub session_id: Field<u32>,
    pub reserved: Field<u16>,
    pub symbolic_link_usage_count: Field<u16>,
}
impl Record for ObjectDirectory {}
assert_layout!(ObjectDirectory, 0xA4, {
    hash_buckets: 0, lock: 0x94, device_map: 0x98, session_id: 0x9C, reserved: 0xA0, symbolic_link_usage_count: 0xA2,
});

/// One object in a directory.
#[doc(alias = "_OBJECT_DIRECTORY_ENTRY")]
#[repr(C)]
#[derive(Debug)]
pub struct ObjectDirectoryEntry {
    /// The next in its list, or null.
    pub chain_link: Field<Link<ObjectDirectoryEntry>>,
    /// Address of the object's body.
    pub object: Field<Link<ObjectBody>>,
}
impl Record for ObjectDirectoryEntry {}
assert_layout!(ObjectDirectoryEntry, 8, { chain_link: 0, object: 4 });

/// A name that stands for another.
#[doc(alias = "_OBJECT_SYMBOLIC_LINK")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ObjectSymbolicLink {
    /// Units of 100 ns since 1601.
    pub creation_time: Field64,
    pub link_target: UnicodeString,
    pub link_target_remaining: UnicodeString,
    /// What it leads to, where that is known; else its target is looked up each time.
    pub link_target_object: Field<Link<ObjectBody>>,
    pub dos_device_drive_index: Field<u32>,
}
impl Record for ObjectSymbolicLink {}
assert_layout!(ObjectSymbolicLink, 0x20, {
    creation_time: 0, link_target: 8, link_target_remaining: 0x10, link_target_object: 0x18, dos_device_drive_index: 0x1C,
});

/// The name information in front of `header`, which has one.
pub const fn name_info_of(header: Link<ObjectHeader>) -> Link<ObjectHeaderNameInfo> {
    Link::new(header.address().wrapping_sub(NAME_INFO))
}
