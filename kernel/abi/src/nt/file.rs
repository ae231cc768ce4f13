//! File objects, as far as sections need them.

use crate::cell::{Field, Link, Record};

/// An open file.
#[doc(alias = "_FILE_OBJECT")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct FileObject {
    pub head: [Field<u32>; 5],
    pub section_object_pointers: Field<Link<SectionObjectPointers>>,
    pub tail: [Field<u32>; 22],
}
impl Record for FileObject {}

/// A file's control areas.
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
