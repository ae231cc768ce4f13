//! The address map, and the units addresses are counted in.
//!
//! The host is 64-bit and the kernel is not, and a PAE physical address fits neither `usize` nor `u32`: every
//! unit is a newtype of fixed width, so that a page number never passes for an address.
//!
//! Source: Windows XP SP3 x86 with PAE, user space of 2 GB; the kernel half is this project's own plan.

use core::fmt;

/// Bytes in a page.
pub const PAGE_SIZE: u32 = 0x1000;
/// Bits of an address within its page.
pub const PAGE_SHIFT: u32 = 12;
/// Pages that one page table maps.
pub const ENTRIES_PER_TABLE: u32 = 512;
/// Bytes that one page-directory entry maps.
pub const LARGE_PAGE_SIZE: u32 = ENTRIES_PER_TABLE * PAGE_SIZE;
/// Reservations start at multiples of this many bytes.
pub const ALLOCATION_GRANULARITY: u32 = 0x1_0000;
/// [`ALLOCATION_GRANULARITY`] in pages.
pub const GRANULARITY_PAGES: u32 = ALLOCATION_GRANULARITY / PAGE_SIZE;

/// Most high address bits that a program may ask to be zero.
#[doc(alias = "MI_MAX_ZERO_BITS")]
pub const MAXIMUM_ZERO_BITS: u32 = 21;

/// First address a program may allocate.
#[doc(alias = "MM_LOWEST_USER_ADDRESS")]
pub const LOWEST_USER_ADDRESS: u32 = 0x0001_0000;
/// Last address a VAD may cover.
#[doc(alias = "MM_HIGHEST_VAD_ADDRESS")]
pub const HIGHEST_VAD_ADDRESS: u32 = 0x7FFD_FFFF;
/// Last address that belongs to user space.
#[doc(alias = "MM_HIGHEST_USER_ADDRESS")]
pub const HIGHEST_USER_ADDRESS: u32 = 0x7FFE_FFFF;
/// First address a pointer from ring 3 may not reach.
#[doc(alias = "MmUserProbeAddress")]
pub const USER_PROBE_ADDRESS: u32 = 0x7FFF_0000;
/// Where programs read KUSER_SHARED_DATA.
pub const USER_SHARED_DATA: u32 = 0x7FFE_0000;

/// First address of the kernel half.
pub const SYSTEM_RANGE_START: u32 = 0x8000_0000;
/// The record of frame 0.
#[doc(alias = "MmPfnDatabase")]
pub const FRAME_DATABASE: u32 = 0x8100_0000;
/// End of the frame database: 64 GB of frames at 28 bytes each.
pub const FRAME_DATABASE_END: u32 = 0x9D00_0000;
/// First address of the nonpaged pool.
pub const POOL_START: u32 = 0xA000_0000;
/// End of the nonpaged pool.
pub const POOL_END: u32 = 0xB000_0000;
/// Kernel stacks, each with an unmapped guard page below it.
pub const KERNEL_STACKS: u32 = 0xB000_0000;
/// End of the kernel stacks.
pub const KERNEL_STACKS_END: u32 = 0xB100_0000;
/// The page tables of the current process, by the self-map.
#[doc(alias = "PTE_BASE")]
pub const PAGE_TABLES: u32 = 0xC000_0000;
/// The page directories of the current process, by the self-map.
#[doc(alias = "PDE_BASE")]
pub const PAGE_DIRECTORIES: u32 = 0xC060_0000;
/// First address past the self-map.
pub const PAGE_TABLES_END: u32 = 0xC080_0000;
/// Per-process kernel addresses: the working-set list.
pub const HYPERSPACE: u32 = 0xC080_0000;
/// The working-set list of the current process.
#[doc(alias = "MmWorkingSetList")]
pub const WORKING_SET_LIST: u32 = 0xC088_3000;
/// Windows onto arbitrary frames; their page table is the same in every process.
pub const WINDOWS: u32 = 0xC0A0_0000;

/// A linear address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VirtualAddress(pub u32);

/// A linear address in pages.
#[doc(alias = "VPN")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VirtualPage(pub u32);

/// A physical address: 36 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhysicalAddress(pub u64);

/// A physical address in pages: 24 bits at 64 GB.
#[doc(alias = "PFN")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameNumber(pub u32);

/// A number of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageCount(pub u32);

impl VirtualAddress {
    /// The page the address lies in.
    pub const fn page(self) -> VirtualPage {
        VirtualPage(self.0 >> PAGE_SHIFT)
    }

    /// The address within its page, in bytes.
    pub const fn offset_in_page(self) -> u32 {
        self.0 & (PAGE_SIZE - 1)
    }

    /// Whether the address is one a program may hold.
    pub const fn is_user(self) -> bool {
        self.0 <= HIGHEST_USER_ADDRESS
    }
}

impl VirtualPage {
    /// The last page a VAD may cover.
    pub const HIGHEST_VAD: Self = VirtualAddress(HIGHEST_VAD_ADDRESS).page();
    /// The first page a program may allocate.
    pub const LOWEST_USER: Self = VirtualAddress(LOWEST_USER_ADDRESS).page();

    /// The first address of the page.
    pub const fn address(self) -> VirtualAddress {
        VirtualAddress(self.0 << PAGE_SHIFT)
    }
}

impl PhysicalAddress {
    /// The frame the address lies in.
    pub const fn frame(self) -> FrameNumber {
        FrameNumber((self.0 >> PAGE_SHIFT) as u32)
    }
}

impl FrameNumber {
    /// The first physical address of the frame.
    pub const fn address(self) -> PhysicalAddress {
        PhysicalAddress((self.0 as u64) << PAGE_SHIFT)
    }
}

impl PageCount {
    /// Pages that `bytes` bytes touch when they start at a page boundary.
    pub const fn of_bytes(bytes: u32) -> Self {
        Self(bytes.div_ceil(PAGE_SIZE))
    }
}

macro_rules! hexadecimal {
    ($($unit:ty),*) => {$(
        impl fmt::Debug for $unit {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{:x}", self.0)
            }
        }
    )*};
}
hexadecimal!(VirtualAddress, VirtualPage, PhysicalAddress, FrameNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_above_four_gigabytes_keeps_its_upper_bits() {
        let address = PhysicalAddress(0xF_4000_1234);
        assert_eq!(address.frame(), FrameNumber(0xF4_0001));
        assert_eq!(address.frame().address(), PhysicalAddress(0xF_4000_1000));
    }

    #[test]
    fn the_last_page_of_user_space_is_the_last_a_vad_may_cover() {
        assert_eq!(VirtualPage::HIGHEST_VAD, VirtualPage(0x7FFDF));
        assert!(VirtualAddress(0x7FFE_FFFF).is_user());
        assert!(!VirtualAddress(0x7FFF_0000).is_user());
    }

    #[test]
    fn bytes_round_up_to_pages() {
        assert_eq!(PageCount::of_bytes(0), PageCount(0));
        assert_eq!(PageCount::of_bytes(1), PageCount(1));
        assert_eq!(PageCount::of_bytes(0x1000), PageCount(1));
        assert_eq!(PageCount::of_bytes(0x1001), PageCount(2));
    }
}
