//! The structures behind a section: control area, segment, subsections.
//!
//! One control area for each kind of use of a file (data or image), shared by all who open it; one segment with an array of
//! prototype PTEs; one subsection for each run of pages that comes from one place in the file. All in nonpaged pool, in one
//! block: control area, then its subsections.
//!
//! Source: symbol types `_CONTROL_AREA`, `_SEGMENT`, `_SUBSECTION` of XP SP3; `_SEGMENT`'s PAE offsets are derived.

use abi::assert_layout;
use abi::cell::{Field, Field64, Link, Record};
use abi::nt::file::FileObject;
use bitflags::bitflags;

use crate::protection::Protection;
use crate::pte::PteCell;

/// One use of one file, or one piece of shared memory.
#[doc(alias = "_CONTROL_AREA")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ControlArea {
    pub segment: Field<Link<Segment>>,
    /// NT's list of control areas nobody uses; here all control areas are on one list, by the forward link.
    pub dereference_list: [Field<u32>; 2],
    pub number_of_section_references: Field<u32>,
    pub number_of_pfn_references: Field<u32>,
    pub number_of_mapped_views: Field<u32>,
    pub number_of_subsections: Field<u16>,
    pub flush_in_progress_count: Field<u16>,
    pub number_of_user_references: Field<u32>,
    pub flags: Field<u32>,
    pub file_pointer: Field<Link<FileObject>>,
    pub waiting_for_deletion: Field<u32>,
    pub modified_write_count: Field<u16>,
    pub number_of_system_cache_views: Field<u16>,
}
impl Record for ControlArea {}
assert_layout!(ControlArea, 0x30, {
    segment: 0, dereference_list: 4, number_of_section_references: 0xC, number_of_pfn_references: 0x10,
    number_of_mapped_views: 0x14, number_of_subsections: 0x18, number_of_user_references: 0x1C, flags: 0x20,
    file_pointer: 0x24, waiting_for_deletion: 0x28,
});

bitflags! {
    /// `_MMSECTION_FLAGS`, as far as they are used.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ControlAreaFlags: u32 {
        /// Written by its owner only: the metadata of a volume.
        const NO_MODIFIED_WRITING = 1 << 3;
        /// An image.
        const IMAGE = 1 << 5;
        /// Its views are at the same address in every process.
        const BASED = 1 << 6;
        /// Backed by a file.
        const FILE = 1 << 7;
        /// Not cached.
        const NO_CACHE = 1 << 9;
        /// Physical memory itself.
        const PHYSICAL_MEMORY = 1 << 10;
        /// Its pages are committed later, through any view.
        const RESERVE = 1 << 12;
        /// All its pages were committed when it was made.
        const COMMIT = 1 << 13;
        /// Views may not change their protection.
        const NO_CHANGE = 1 << 23;
        /// Pages of it can be written where all mappers see it.
        const USER_WRITABLE = 1 << 26;
    }
}

/// The pages of a section.
#[doc(alias = "_SEGMENT")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Segment {
    pub control_area: Field<Link<ControlArea>>,
    pub total_number_of_ptes: Field<u32>,
    pub non_extended_ptes: Field<u32>,
    pub writable_user_references: Field<u32>,
    pub size_of_segment: Field64,
    pub segment_pte_template: Field64,
    pub number_of_committed_pages: Field<u32>,
    pub extend_info: Field<u32>,
    pub system_image_base: Field<u32>,
    pub based_address: Field<u32>,
    /// Pages each mapping may come to own: NT's `ImageCommitment`.
    pub image_commitment: Field<u32>,
    pub image_information: Field<Link<ImageInformation>>,
    pub prototype_pte: Field<Link<PteCell>>,
    /// NT leaves this word alone; here, of a file's data, the subsection that was looked for last.
    pub recent_subsection: Field<Link<Subsection>>,
}
impl Record for Segment {}
assert_layout!(Segment, 0x40, {
    control_area: 0, total_number_of_ptes: 4, size_of_segment: 0x10, segment_pte_template: 0x18,
    number_of_committed_pages: 0x20, based_address: 0x2C, image_commitment: 0x30, image_information: 0x34,
    prototype_pte: 0x38, recent_subsection: 0x3C,
});

/// Pages that come from one run of a file, or from nowhere.
#[doc(alias = "_SUBSECTION")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct Subsection {
    pub control_area: Field<Link<ControlArea>>,
    pub flags: Field<u32>,
    pub starting_sector: Field<u32>,
    pub number_of_full_sectors: Field<u32>,
    pub subsection_base: Field<Link<PteCell>>,
    pub unused_ptes: Field<u32>,
    pub ptes_in_subsection: Field<u32>,
    pub next_subsection: Field<Link<Subsection>>,
}
impl Record for Subsection {}
assert_layout!(Subsection, 0x20, {
    control_area: 0, flags: 4, starting_sector: 8, number_of_full_sectors: 0xC, subsection_base: 0x10,
    unused_ptes: 0x14, ptes_in_subsection: 0x18, next_subsection: 0x1C,
});

/// Bytes of a file sector as subsections count them.
pub const SECTOR: u32 = 512;

impl Subsection {
    /// Protection and the bytes of the last, partial sector, in NT's flag word.
    pub fn set_flags(&self, protection: Protection, sector_end_offset: u32) {
        self.flags.set(protection.code() << 4 | sector_end_offset << 20);
    }

    /// The protection its pages start with.
    pub fn protection(&self) -> Protection {
        Protection::from_code(self.flags.get() >> 4)
    }

    /// Prototype PTEs that its array has, or will have: those in use and those that the file may grow into.
    pub fn capacity(&self) -> u32 {
        self.ptes_in_subsection.get() + self.unused_ptes.get()
    }

    /// Bytes that the file has for this subsection.
    pub fn file_bytes(&self) -> u32 {
        self.number_of_full_sectors.get() * SECTOR + (self.flags.get() >> 20)
    }

    /// Where they start in the file, in bytes.
    pub fn file_offset(&self) -> u64 {
        u64::from(self.starting_sector.get()) * u64::from(SECTOR)
    }
}

/// What NtQuerySection tells about an image, and what process start needs.
#[doc(alias = "_SECTION_IMAGE_INFORMATION")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ImageInformation {
    pub transfer_address: Field<u32>,
    pub zero_bits: Field<u32>,
    pub maximum_stack_size: Field<u32>,
    pub committed_stack_size: Field<u32>,
    pub subsystem: Field<u32>,
    pub subsystem_version: Field<u32>,
    pub gp_value: Field<u32>,
    pub image_characteristics: Field<u16>,
    pub dll_characteristics: Field<u16>,
    pub machine: Field<u16>,
    pub image_contains_code: Field<u8>,
    pub spare: Field<u8>,
    pub loader_flags: Field<u32>,
    pub image_file_size: Field<u32>,
    pub reserved: Field<u32>,
}
impl Record for ImageInformation {}
assert_layout!(ImageInformation, 0x30, { transfer_address: 0, maximum_stack_size: 8, subsystem: 0x10, machine: 0x20 });
