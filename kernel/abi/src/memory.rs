//! Flags and structures of the memory services.
//!
//! Source: public Windows headers (`winnt.h`); facts about `NtQueryVirtualMemory`.

/// Pages get memory or paging-file space.
pub const MEM_COMMIT: u32 = 0x1000;
/// Addresses are set aside.
pub const MEM_RESERVE: u32 = 0x2000;
/// Pages lose their memory, the addresses stay.
pub const MEM_DECOMMIT: u32 = 0x4000;
/// Addresses are given back.
pub const MEM_RELEASE: u32 = 0x8000;
/// State: free addresses.
pub const MEM_FREE: u32 = 0x1_0000;
/// Type: memory of one process.
pub const MEM_PRIVATE: u32 = 0x2_0000;
/// Type: a view of a section that is no image.
pub const MEM_MAPPED: u32 = 0x4_0000;
/// The contents are no longer needed.
pub const MEM_RESET: u32 = 0x8_0000;
/// As high as possible.
pub const MEM_TOP_DOWN: u32 = 0x10_0000;
/// Written pages are recorded.
pub const MEM_WRITE_WATCH: u32 = 0x20_0000;
/// Of GetWriteWatch: what is told is forgotten.
pub const WRITE_WATCH_FLAG_RESET: u32 = 1;
/// A window for frames that the program owns.
pub const MEM_PHYSICAL: u32 = 0x40_0000;
/// Type: a view of an image.
pub const MEM_IMAGE: u32 = 0x100_0000;
/// Pages of 2 MB.
pub const MEM_LARGE_PAGES: u32 = 0x2000_0000;
/// A view may start at any page, not only at multiples of 64 KB.
pub const MEM_DOS_LIM: u32 = 0x4000_0000;

/// No access.
pub const PAGE_NOACCESS: u32 = 0x01;
/// Read.
pub const PAGE_READONLY: u32 = 0x02;
/// Read and write.
pub const PAGE_READWRITE: u32 = 0x04;
/// Read; the first write makes a private copy.
pub const PAGE_WRITECOPY: u32 = 0x08;
/// Execute.
pub const PAGE_EXECUTE: u32 = 0x10;
/// Execute and read.
pub const PAGE_EXECUTE_READ: u32 = 0x20;
/// Execute, read and write.
pub const PAGE_EXECUTE_READWRITE: u32 = 0x40;
/// Execute and read; the first write makes a private copy.
pub const PAGE_EXECUTE_WRITECOPY: u32 = 0x80;
/// Modifier: the first access raises `STATUS_GUARD_PAGE_VIOLATION`.
pub const PAGE_GUARD: u32 = 0x100;
/// Modifier: not cached.
pub const PAGE_NOCACHE: u32 = 0x200;
/// Modifier: writes are combined.
pub const PAGE_WRITECOMBINE: u32 = 0x400;

/// A section at one address in every process.
pub const SEC_BASED: u32 = 0x20_0000;
/// Views may not change their protection.
pub const SEC_NO_CHANGE: u32 = 0x40_0000;
/// A file's data.
pub const SEC_FILE: u32 = 0x80_0000;
/// An image.
pub const SEC_IMAGE: u32 = 0x100_0000;
/// Pages are committed later.
pub const SEC_RESERVE: u32 = 0x400_0000;
/// All pages are committed at once.
pub const SEC_COMMIT: u32 = 0x800_0000;
/// Not cached.
pub const SEC_NOCACHE: u32 = 0x1000_0000;

/// Disposition of a view: children of the process get it too.
#[doc(alias = "ViewShare")]
pub const VIEW_SHARE: u32 = 1;
/// Disposition of a view: children do not get it.
#[doc(alias = "ViewUnmap")]
pub const VIEW_UNMAP: u32 = 2;

/// What `NtQueryVirtualMemory` tells of a run of pages in the same state.
#[doc(alias = "MEMORY_BASIC_INFORMATION")]
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryBasicInformation {
    /// First address of the run.
    pub base_address: u32,
    /// First address of the allocation it lies in, 0 where it is free.
    pub allocation_base: u32,
    /// Protection given when it was allocated (`PAGE_`).
    pub allocation_protect: u32,
    /// Bytes in the run.
    pub region_size: u32,
    /// `MEM_COMMIT`, `MEM_RESERVE` or `MEM_FREE`.
    pub state: u32,
    /// Protection now (`PAGE_`), 0 for reserved pages.
    pub protect: u32,
    /// `MEM_PRIVATE`, `MEM_MAPPED`, `MEM_IMAGE`, or 0 for free pages.
    pub kind: u32,
}
crate::assert_layout!(MemoryBasicInformation, 0x1C, {
    base_address: 0, allocation_base: 4, allocation_protect: 8, region_size: 0xC, state: 0x10, protect: 0x14, kind: 0x18,
});

impl MemoryBasicInformation {
    /// The structure as a program reads it.
    #[inline]
    pub const fn to_words(self) -> [u32; 7] {
        [
            self.base_address,
            self.allocation_base,
            self.allocation_protect,
            self.region_size,
            self.state,
            self.protect,
            self.kind,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_information_is_laid_out_as_programs_read_it() {
        let information = MemoryBasicInformation { base_address: 0x10000, kind: MEM_PRIVATE, ..Default::default() };
        assert_eq!(information.to_words(), [0x1_0000, 0, 0, 0, 0, 0, 0x2_0000]);
    }
}
