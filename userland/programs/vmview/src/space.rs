//! What is known of an address space.

use alloc::string::String;
use alloc::vec::Vec;

use abi::memory::{MEM_COMMIT, MEM_FREE, MemoryBasicInformation, PAGE_GUARD};

use crate::kind::{ALLOCATIONS, KINDS, Kind};
use crate::protection::{PROTECTIONS, Protection};

/// The first address that is shown.
pub const FIRST: u32 = 0x1_0000;
/// The first behind all that are.
pub const END: u32 = 0x7FFF_0000;
/// Bytes of a page.
pub const PAGE: u32 = 0x1000;

/// A run of like pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// What the system tells of it.
    pub information: MemoryBasicInformation,
    /// What the allocation it lies in is for; [`Kind::Free`] for none.
    pub owner: Kind,
    /// How many of its pages are in the working set.
    pub resident: u32,
    /// What is to be said of the allocation: the path of its file, whose stack it is. Only the first region of one has it.
    pub note: String,
}

impl Region {
    /// Its pages.
    pub fn pages(&self) -> u32 {
        self.information.region_size / PAGE
    }

    /// Whether it is committed.
    pub fn is_committed(&self) -> bool {
        self.information.state == MEM_COMMIT
    }

    /// What a map shows it as.
    pub fn kind(&self) -> Kind {
        match self.information.state {
            MEM_FREE => Kind::Free,
            MEM_COMMIT if self.information.protect & PAGE_GUARD != 0 => Kind::Guard,
            MEM_COMMIT => self.owner,
            _ => Kind::Reserved,
        }
    }

    /// How it is protected.
    pub fn protection(&self) -> Protection {
        Protection::of(self.information.state, self.information.protect)
    }
}

/// All regions, by address and without gaps, and whose they are.
#[derive(Clone, Debug, Default)]
pub struct Space {
    /// The process.
    pub process: u32,
    /// The path of its program, or nothing.
    pub program: String,
    /// From [`FIRST`] to [`END`].
    pub regions: Vec<Region>,
    /// Whether the system told what is in the working set.
    pub knows_working_set: bool,
}

/// Sums, in pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Sum {
    pub size: u32,
    pub committed: u32,
    pub resident: u32,
}

impl Sum {
    fn add(&mut self, region: &Region) {
        self.size += region.pages();
        self.committed += if region.is_committed() { region.pages() } else { 0 };
        self.resident += region.resident;
    }
}

impl Space {
    /// Of each kind. The first [`ALLOCATIONS`] are of whole allocations, with what is reserved and what guards; the
    /// others of the parts, counted once more.
    pub fn by_kind(&self) -> [Sum; KINDS] {
        let mut sums = [Sum::default(); KINDS];
        for region in &self.regions {
            sums[region.owner as usize].add(region);
            if region.kind() != region.owner {
                sums[region.kind() as usize].add(region);
            }
        }
        sums
    }

    /// Of all allocations.
    pub fn total(&self) -> Sum {
        let mut total = Sum::default();
        self.regions.iter().filter(|region| (region.owner as usize) < ALLOCATIONS).for_each(|region| total.add(region));
        total
    }

    /// Of each protection.
    pub fn by_protection(&self) -> [Sum; PROTECTIONS] {
        let mut sums = [Sum::default(); PROTECTIONS];
        self.regions.iter().for_each(|region| sums[region.protection() as usize].add(region));
        sums
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use abi::memory::{MEM_IMAGE, MEM_MAPPED, MEM_PRIVATE, MEM_RESERVE};

    /// A region: owner, allocation, base, pages, state, protection, pages in the working set.
    type Made = (Kind, u32, u32, u32, u32, u32, u32);

    fn region((owner, allocation_base, base_address, pages, state, protect, resident): Made) -> Region {
        let kind = match owner {
            Kind::Free => 0,
            Kind::Image => MEM_IMAGE,
            Kind::File | Kind::Shareable => MEM_MAPPED,
            _ => MEM_PRIVATE,
        };
        let information = MemoryBasicInformation {
            base_address,
            allocation_base,
            allocation_protect: 4,
            region_size: pages * PAGE,
            state,
            protect,
            kind,
        };
        Region { information, owner, resident, note: String::new() }
    }

    /// An address space with something of every kind.
    pub(crate) fn space() -> Space {
        const C: u32 = MEM_COMMIT;
        const R: u32 = MEM_RESERVE;
        let made = [
            (Kind::Private, 0x1_0000, 0x1_0000, 1, C, 4, 1),
            (Kind::Free, 0, 0x1_1000, 0xF, MEM_FREE, 1, 0),
            (Kind::Stack, 0x2_0000, 0x2_0000, 0xFD, R, 0, 0),
            (Kind::Stack, 0x2_0000, 0x11_D000, 1, C, 0x104, 0),
            (Kind::Stack, 0x2_0000, 0x11_E000, 2, C, 4, 2),
            (Kind::Heap, 0x12_0000, 0x12_0000, 3, C, 4, 2),
            (Kind::Heap, 0x12_0000, 0x12_3000, 0xFD, R, 0, 0),
            (Kind::File, 0x22_0000, 0x22_0000, 4, C, 2, 1),
            (Kind::Free, 0, 0x22_4000, 0x1DC, MEM_FREE, 1, 0),
            (Kind::Image, 0x40_0000, 0x40_0000, 1, C, 2, 1),
            (Kind::Image, 0x40_0000, 0x40_1000, 2, C, 0x20, 2),
            (Kind::Image, 0x40_0000, 0x40_3000, 1, C, 8, 0),
            (Kind::Free, 0, 0x40_4000, 0xC, MEM_FREE, 1, 0),
            (Kind::Shareable, 0x41_0000, 0x41_0000, 16, C, 4, 0),
            (Kind::Awe, 0x42_0000, 0x42_0000, 16, C, 4, 0),
            (Kind::Free, 0, 0x43_0000, 0x1D0, MEM_FREE, 1, 0),
            (Kind::Large, 0x60_0000, 0x60_0000, 512, C, 4, 0),
            (Kind::Free, 0, 0x80_0000, 0x7_F7E0, MEM_FREE, 1, 0),
            (Kind::Private, 0x7FFE_0000, 0x7FFE_0000, 1, C, 2, 0),
            (Kind::Private, 0x7FFE_0000, 0x7FFE_1000, 15, R, 1, 0),
        ];
        let mut regions: Vec<Region> = made.into_iter().map(region).collect();
        regions[9].note = "\\Device\\a.exe".into();
        Space { process: 20, program: "\\Device\\a.exe".into(), regions, knows_working_set: true }
    }

    #[test]
    fn the_made_up_space_has_no_gap() {
        let end = space().regions.iter().fold(FIRST, |at, region| {
            assert_eq!(region.information.base_address, at);
            at + region.information.region_size
        });
        assert_eq!(end, END);
    }

    #[test]
    fn totals_are_by_kind_and_by_protection() {
        let space = space();
        let kinds = space.by_kind();
        let sum = |size, committed, resident| Sum { size, committed, resident };
        let expected = [
            (Kind::Image, sum(4, 4, 3)),
            (Kind::File, sum(4, 4, 1)),
            (Kind::Shareable, sum(16, 16, 0)),
            (Kind::Private, sum(17, 2, 1)),
            (Kind::Heap, sum(0x100, 3, 2)),
            (Kind::Stack, sum(0x100, 3, 2)),
            (Kind::Awe, sum(16, 16, 0)),
            (Kind::Large, sum(512, 512, 0)),
            (Kind::Guard, sum(1, 1, 0)),
            (Kind::Reserved, sum(0xFD + 0xFD + 15, 0, 0)),
        ];
        for (kind, sum) in expected {
            assert_eq!(kinds[kind as usize], sum, "{kind:?}");
        }
        assert_eq!(space.total(), sum(1081, 560, 9));
        let pages: u32 = space.regions.iter().map(Region::pages).sum();
        assert_eq!(kinds[Kind::Free as usize].size + space.total().size, pages);
        assert_eq!(pages, (END - FIRST) / PAGE);

        let protections = space.by_protection();
        assert_eq!(protections[Protection::ReadWrite as usize], sum(550, 550, 5));
        assert_eq!(protections[Protection::Read as usize], sum(6, 6, 2));
        assert_eq!(protections[Protection::ExecuteRead as usize], sum(2, 2, 2));
        assert_eq!(protections[Protection::Copy as usize], sum(1, 1, 0));
        assert_eq!(protections[Protection::Guard as usize], sum(1, 1, 0));
        assert_eq!(protections.iter().map(|sum| sum.size).sum::<u32>(), pages);
    }
}
