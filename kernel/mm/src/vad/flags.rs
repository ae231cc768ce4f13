//! The two flag words of a VAD.
//!
//! | word | bits |
//! |---|---|
//! | `u` | CommitCharge 0-18, PhysicalMapping 19, ImageMap 20, UserPhysicalPages 21, NoChange 22, WriteWatch 23, Protection 24-28, LargePages 29, MemCommit 30, PrivateMemory 31 |
//! | `u2` | FileOffset 0-23, SecNoChange 24, OneSecured 25, MultipleSecured 26, ReadOnly 27, LongVad 28, ExtendableFile 29, Inherit 30, CopyOnWrite 31 |
//!
//! Source: symbol types `_MMVAD_FLAGS`, `_MMVAD_FLAGS2` of XP SP3.

use crate::layout::{ALLOCATION_GRANULARITY, PageCount};
use crate::protection::Protection;

/// `u`: what a VAD covers, in one word.
#[doc(alias = "_MMVAD_FLAGS")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VadFlags(pub u32);

impl VadFlags {
    /// Maps physical memory.
    pub const PHYSICAL_MAPPING: Self = Self(1 << 19);
    /// An image.
    pub const IMAGE_MAP: Self = Self(1 << 20);
    /// AWE: the program maps frames it owns.
    pub const USER_PHYSICAL_PAGES: Self = Self(1 << 21);
    /// The protection may not change: all of it is fixed, or part of it is secured.
    pub const NO_CHANGE: Self = Self(1 << 22);
    /// Written pages are recorded.
    pub const WRITE_WATCH: Self = Self(1 << 23);
    /// Mapped by 2 MB pages.
    pub const LARGE_PAGES: Self = Self(1 << 29);
    /// Pages whose PTE is zero are committed.
    pub const MEM_COMMIT: Self = Self(1 << 30);
    /// Private memory, not a view of a section.
    pub const PRIVATE_MEMORY: Self = Self(1 << 31);
    /// What stands in CommitCharge where the charge is not counted in the VAD.
    #[doc(alias = "MM_MAX_COMMIT")]
    pub const UNCOUNTED: PageCount = PageCount(0x7_FFFF);

    /// Memory whose pages are neither committed nor protected one by one: the program maps frames there itself, or 2 MB at a time, or it
    /// is physical memory.
    pub(crate) const FIXED: u32 = Self::PHYSICAL_MAPPING.0 | Self::USER_PHYSICAL_PAGES.0 | Self::LARGE_PAGES.0;

    const PROTECTION_SHIFT: u32 = 24;

    /// Whether all of `flags` are set.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These flags and `flags`.
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// These flags but `flags`.
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }

    /// Pages charged to the commit limit for this VAD, or [`UNCOUNTED`](Self::UNCOUNTED).
    pub const fn commit_charge(self) -> PageCount {
        PageCount(self.0 & Self::UNCOUNTED.0)
    }

    /// The flags with CommitCharge `pages`, at most 7FFFF.
    pub const fn with_commit_charge(self, pages: PageCount) -> Self {
        Self(self.0 & !Self::UNCOUNTED.0 | pages.0 & Self::UNCOUNTED.0)
    }

    /// The protection of pages whose PTE says nothing else.
    pub const fn protection(self) -> Protection {
        Protection::from_code(self.0 >> Self::PROTECTION_SHIFT)
    }

    /// The flags with `protection`.
    pub const fn with_protection(self, protection: Protection) -> Self {
        Self(self.0 & !(0x1F << Self::PROTECTION_SHIFT) | protection.code() << Self::PROTECTION_SHIFT)
    }

    /// Whether it is private memory that is not [`FIXED`](Self::FIXED) and of which nothing is secured or watched: what most is.
    #[inline(always)]
    pub const fn is_plain(self) -> bool {
        const SPECIAL: u32 = VadFlags::NO_CHANGE.0 | VadFlags::WRITE_WATCH.0 | VadFlags::FIXED;
        self.0 & (Self::PRIVATE_MEMORY.0 | SPECIAL) == Self::PRIVATE_MEMORY.0
    }

    /// Whether the memory is [`FIXED`](Self::FIXED).
    #[inline(always)]
    pub(crate) const fn is_fixed(self) -> bool {
        self.0 & Self::FIXED != 0
    }

    /// Whether the VAD is short: see [`node`](super::node).
    pub(super) const fn is_short(self) -> bool {
        self.0 & (Self::PRIVATE_MEMORY.0 | Self::NO_CHANGE.0) == Self::PRIVATE_MEMORY.0
    }
}

/// `u2`: more about a view.
#[doc(alias = "_MMVAD_FLAGS2")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VadFlags2(pub u32);

impl VadFlags2 {
    /// The section forbids changing the protection.
    pub const SEC_NO_CHANGE: Self = Self(1 << 24);
    /// One range is secured.
    pub const ONE_SECURED: Self = Self(1 << 25);
    /// Several ranges are secured.
    pub const MULTIPLE_SECURED: Self = Self(1 << 26);
    /// The secured range may become read-only.
    pub const READ_ONLY: Self = Self(1 << 27);
    /// The node is an [`MmvadLong`](super::MmvadLong).
    pub const LONG_VAD: Self = Self(1 << 28);
    /// The file may grow under the view.
    pub const EXTENDABLE_FILE: Self = Self(1 << 29);
    /// Children inherit the view (`ViewShare`).
    pub const INHERIT: Self = Self(1 << 30);
    /// The view is copy-on-write.
    pub const COPY_ON_WRITE: Self = Self(1 << 31);

    const FILE_OFFSET: u32 = 0xFF_FFFF;

    /// Whether all of `flags` are set.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These flags and `flags`.
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// These flags but `flags`.
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }

    /// Where the view starts in the section, in bytes.
    pub const fn file_offset(self) -> u64 {
        (self.0 & Self::FILE_OFFSET) as u64 * ALLOCATION_GRANULARITY as u64
    }

    /// The flags with the view starting `bytes` into the section: a multiple of 64 KB below 2^40.
    pub const fn with_file_offset(self, bytes: u64) -> Self {
        let units = (bytes / ALLOCATION_GRANULARITY as u64) as u32;
        Self(self.0 & !Self::FILE_OFFSET | units & Self::FILE_OFFSET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_the_flag_words_are_where_xp_has_them() {
        let all = [
            VadFlags::PHYSICAL_MAPPING,
            VadFlags::IMAGE_MAP,
            VadFlags::USER_PHYSICAL_PAGES,
            VadFlags::NO_CHANGE,
            VadFlags::WRITE_WATCH,
        ];
        assert!((19..).zip(all).all(|(bit, flag)| flag.0 == 1 << bit));
        assert_eq!(VadFlags::LARGE_PAGES.0, 1 << 29);
        assert_eq!(VadFlags::MEM_COMMIT.0, 1 << 30);
        assert_eq!(VadFlags::PRIVATE_MEMORY.0, 1 << 31);
        let all = [
            VadFlags2::SEC_NO_CHANGE,
            VadFlags2::ONE_SECURED,
            VadFlags2::MULTIPLE_SECURED,
            VadFlags2::READ_ONLY,
            VadFlags2::LONG_VAD,
            VadFlags2::EXTENDABLE_FILE,
            VadFlags2::INHERIT,
            VadFlags2::COPY_ON_WRITE,
        ];
        assert!((24..).zip(all).all(|(bit, flag)| flag.0 == 1 << bit));
    }

    #[test]
    fn numbers_in_the_flag_words_leave_their_neighbours_alone() {
        let flags = VadFlags(u32::MAX).with_commit_charge(PageCount(0)).with_protection(Protection::ZERO);
        assert_eq!(flags.0, 0xE0F8_0000);
        let flags =
            VadFlags::default().with_commit_charge(PageCount(0x7_FFFE)).with_protection(Protection::from_code(31));
        assert_eq!(flags.0, 0x1F07_FFFE);
        assert_eq!((flags.commit_charge(), flags.protection().code()), (PageCount(0x7_FFFE), 31));
        assert_eq!(VadFlags::PRIVATE_MEMORY.with_protection(Protection::READWRITE).0, 0x8400_0000);
        let flags = VadFlags2(u32::MAX).with_file_offset(0x12_3456_0000);
        assert_eq!((flags.0, flags.file_offset()), (0xFF12_3456, 0x12_3456_0000));
    }
}
