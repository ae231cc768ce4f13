//! What an allocation is, from what the system tells of its regions.

use alloc::vec::Vec;

use abi::memory::{MEM_COMMIT, MEM_FREE, MEM_IMAGE, MEM_MAPPED, MemoryBasicInformation, PAGE_READWRITE};

use crate::kind::Kind;
/// Bytes of a large page.
const LARGE_PAGE: u32 = 0x20_0000;

/// What is known of a process besides its regions.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The heaps, as the PEB lists them.
    pub heaps: Vec<u32>,
    /// The stacks of the threads: the lowest address of the allocation, from the TEB, and the thread.
    pub stacks: Vec<(u32, u32)>,
}

impl Known {
    /// What the allocation is for that `region` is a part of. A view with a name in the system (`has_name`) is one of a file.
    pub fn owner(&self, region: &MemoryBasicInformation, has_name: bool) -> Kind {
        let base = region.allocation_base;
        match (region.state, region.kind) {
            (MEM_FREE, _) => Kind::Free,
            (_, MEM_IMAGE) => Kind::Image,
            (_, MEM_MAPPED) if has_name => Kind::File,
            (_, MEM_MAPPED) => Kind::Shareable,
            _ if self.heaps.contains(&base) => Kind::Heap,
            _ if self.stack(base).is_some() => Kind::Stack,
            _ => Kind::Private,
        }
    }

    /// The thread whose stack is the allocation at `base`.
    pub fn stack(&self, base: u32) -> Option<u32> {
        self.stacks.iter().find(|(lowest, _)| *lowest == base).map(|(_, thread)| *thread)
    }
}

/// Whether a region of a private allocation may be of a window of AWE or of large pages: those are there to be read and written, and
/// never in a working set. Nothing that XP tells about regions says more.
pub fn may_be_special(region: &MemoryBasicInformation, resident: u32) -> bool {
    region.state == MEM_COMMIT
        && region.protect == PAGE_READWRITE
        && region.allocation_protect == PAGE_READWRITE
        && resident == 0
}

/// What came of looking closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its first byte was read.
    pub was_read: bool,
    /// The first page was in the working set after that.
    pub is_resident: bool,
    /// Whether the page could be locked then, and unlocked; none where this may not be tried.
    pub can_lock: Option<bool>,
}

/// What an allocation is, a region of which [may be special](may_be_special) and was looked at. A page that is read comes into the
/// working set, but for these two: a window of AWE refuses to be locked, large pages do not mind. Where that may not be tried, what begins
/// and ends at multiples of 2 MB is taken for large pages.
pub fn special(region: &MemoryBasicInformation, probe: Probe) -> Kind {
    let is_whole = region.base_address == region.allocation_base;
    let is_aligned = is_whole && (region.base_address | region.region_size).is_multiple_of(LARGE_PAGE);
    match (probe.was_read && !probe.is_resident, probe.can_lock) {
        (false, _) => Kind::Private,
        (true, Some(can_lock)) if !can_lock => Kind::Awe,
        (true, _) if is_aligned => Kind::Large,
        (true, _) => Kind::Awe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::memory::{MEM_PRIVATE, MEM_RESERVE};

    fn region(base: u32, state: u32, kind: u32) -> MemoryBasicInformation {
        MemoryBasicInformation {
            base_address: base,
            allocation_base: base,
            allocation_protect: PAGE_READWRITE,
            region_size: 0x1_0000,
            state,
            protect: PAGE_READWRITE,
            kind,
        }
    }

    #[test]
    fn heaps_and_stacks_are_told_by_their_bases() {
        let known = Known { heaps: [0x15_0000].into(), stacks: [(0x3_0000, 8), (0x23_0000, 12)].into() };
        let owner = |base, kind, name| known.owner(&region(base, MEM_COMMIT, kind), name);
        assert_eq!(owner(0x15_0000, MEM_PRIVATE, false), Kind::Heap);
        assert_eq!(owner(0x23_0000, MEM_PRIVATE, false), Kind::Stack);
        assert_eq!(owner(0x24_0000, MEM_PRIVATE, false), Kind::Private);
        assert_eq!(owner(0x24_0000, MEM_MAPPED, true), Kind::File);
        assert_eq!(owner(0x24_0000, MEM_MAPPED, false), Kind::Shareable);
        assert_eq!(owner(0x40_0000, MEM_IMAGE, true), Kind::Image);
        assert_eq!(known.owner(&region(0x5_0000, MEM_FREE, 0), false), Kind::Free);
        assert_eq!(known.owner(&region(0x3_0000, MEM_RESERVE, MEM_PRIVATE), false), Kind::Stack);
        assert_eq!((known.stack(0x23_0000), known.stack(0x15_0000)), (Some(12), None));
    }

    #[test]
    fn what_reading_and_locking_do_tells_windows_and_large_pages() {
        let plain = region(0x20_0000, MEM_COMMIT, MEM_PRIVATE);
        assert!(may_be_special(&plain, 0) && !may_be_special(&plain, 1));
        for other in [
            MemoryBasicInformation { state: MEM_RESERVE, ..plain },
            MemoryBasicInformation { protect: 2, ..plain },
            MemoryBasicInformation { allocation_protect: 0x40, ..plain },
        ] {
            assert!(!may_be_special(&other, 0), "{other:?}");
        }
        let large = MemoryBasicInformation { region_size: LARGE_PAGE, ..plain };
        let part = MemoryBasicInformation { base_address: 0x40_0000, ..large };
        for (region, was_read, is_resident, can_lock, expected) in [
            (&large, false, false, None, Kind::Private),
            (&large, true, true, Some(true), Kind::Private),
            (&large, true, false, Some(true), Kind::Large),
            (&large, true, false, None, Kind::Large),
            (&large, true, false, Some(false), Kind::Awe),
            (&plain, true, false, Some(false), Kind::Awe),
            (&plain, true, false, None, Kind::Awe),
            (&part, true, false, None, Kind::Awe),
        ] {
            assert_eq!(special(region, Probe { was_read, is_resident, can_lock }), expected);
        }
    }
}
