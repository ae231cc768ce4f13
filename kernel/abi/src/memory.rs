//! Flags and structures of the virtual-memory services.
//!
//! Source: the Windows headers.

/// Commit pages.
pub const MEM_COMMIT: u32 = 0x1000;
/// Reserve addresses.
pub const MEM_RESERVE: u32 = 0x2000;
/// Decommit pages.
pub const MEM_DECOMMIT: u32 = 0x4000;
/// Release addresses.
pub const MEM_RELEASE: u32 = 0x8000;
/// State of a region: nothing is there.
pub const MEM_FREE: u32 = 0x1_0000;
/// Kind of a region: private memory.
pub const MEM_PRIVATE: u32 = 0x2_0000;
/// Kind of a region: a view of a data section.
pub const MEM_MAPPED: u32 = 0x4_0000;
/// The contents are of no more use.
pub const MEM_RESET: u32 = 0x8_0000;
/// From the highest addresses down.
pub const MEM_TOP_DOWN: u32 = 0x10_0000;
/// Record which pages are written.
pub const MEM_WRITE_WATCH: u32 = 0x20_0000;
/// For frames the program owns (AWE).
pub const MEM_PHYSICAL: u32 = 0x40_0000;
/// Kind of a region: an image.
pub const MEM_IMAGE: u32 = 0x100_0000;
/// By 2 MB pages.
pub const MEM_LARGE_PAGES: u32 = 0x2000_0000;
/// View addresses at page granularity.
pub const MEM_DOS_LIM: u32 = 0x4000_0000;
