//! Section objects: what a handle to a section leads to. Several may share one control area.
//!
//! Source: symbol type `_SECTION_OBJECT` of XP SP3, whose public part ends at 18; what follows is Server 2003's.

use crate::assert_layout;
use crate::cell::{Field, Field64, Record};

/// A section, as one caller made it.
#[doc(alias = "_SECTION_OBJECT")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct SectionObject {
    pub starting_va: Field<u32>,
    pub ending_va: Field<u32>,
    pub parent: Field<u32>,
    pub left_child: Field<u32>,
    pub right_child: Field<u32>,
    /// Address of the `_SEGMENT`.
    pub segment: Field<u32>,
    /// Bytes.
    pub size_of_section: Field64,
    /// As the control area's flags.
    pub flags: Field<u32>,
    /// What views may have at most (`PAGE_`).
    pub initial_page_protection: Field<u32>,
}
impl Record for SectionObject {}
assert_layout!(SectionObject, 0x28, { segment: 0x14, size_of_section: 0x18, flags: 0x20, initial_page_protection: 0x24 });
