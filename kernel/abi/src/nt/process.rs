//! Processes.

use crate::cell::{Field, Link, Record};
use super::list::ListEntry;
use crate::assert_layout;

/// What a link to a VAD of any form points to; its layout is the memory manager's business.
#[derive(Debug)]
pub enum VadNode {}

/// What the scheduler keeps of a process.
#[doc(alias = "_KPROCESS")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Kprocess {
    pub header: [Field<u32>; 6],
    pub directory_table_base: [Field<u32>; 2],
    pub rest: [Field<u32>; 19],
}
impl Record for Kprocess {}
assert_layout!(Kprocess, 0x6C, { directory_table_base: 0x18 });

/// Working-set figures of a process.
#[doc(alias = "_MMSUPPORT")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Mmsupport {
    pub last_trim_time: [Field<u32>; 2],
    pub flags: Field<u32>,
    pub page_fault_count: Field<u32>,
    pub peak_working_set_size: Field<u32>,
    pub working_set_size: Field<u32>,
    pub minimum_working_set_size: Field<u32>,
    pub maximum_working_set_size: Field<u32>,
    pub vm_working_set_list: Field<u32>,
    pub working_set_expansion_links: ListEntry,
    pub rest: [Field<u32>; 5],
}
impl Record for Mmsupport {}
assert_layout!(Mmsupport, 0x40, { working_set_expansion_links: 0x24 });

/// A process.
#[doc(alias = "_EPROCESS")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Eprocess {
    pub pcb: Kprocess,
    pub pad0: [Field<u32>; 15],
    pub commit_charge: Field<u32>,
    pub peak_virtual_size: Field<u32>,
    pub virtual_size: Field<u32>,
    pub pad1: [Field<u32>; 14],
    pub working_set_page: Field<u32>,
    pub pad2: [Field<u32>; 11],
    pub vad_root: Field<Link<VadNode>>,
    pub vad_hint: Field<Link<VadNode>>,
    pub clone_root: Field<u32>,
    pub number_of_private_pages: Field<u32>,
    pub pad3: [Field<u32>; 28],
    pub pae_top: Field<u32>,
    pub pad4: [Field<u32>; 19],
    pub commit_charge_peak: Field<u32>,
    pub pad5: [Field<u32>; 2],
    pub vm: Mmsupport,
    pub pad6: [Field<u32>; 2],
    pub number_of_vads: Field<u32>,
    pub pad7: [Field<u32>; 3],
    pub next_page_color: Field<u32>,
    pub pad8: [Field<u32>; 3],
}
impl Record for Eprocess {}
assert_layout!(Eprocess, 0x260, {
    commit_charge: 0xA8, virtual_size: 0xB0, working_set_page: 0xEC, vad_root: 0x11C, pae_top: 0x19C,
    commit_charge_peak: 0x1EC, vm: 0x1F8, number_of_vads: 0x240, next_page_color: 0x250,
});
