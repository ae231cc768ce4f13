//! Which cell of a map shows what.
//!
//! Every region has at least one cell, however small it is; addresses that are free have one, however many they are. So what there is of
//! an address space of 2 GB, mostly some MB, is seen.

use crate::kind::Kind;
use crate::space::{PAGE, Region, Space};

/// How many pages a cell stands for at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// A power of two.
    pub pages: u32,
}

/// A cell.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// The region it shows, or a part of it.
    pub region: &'a Region,
    /// The first address it stands for.
    pub address: u32,
    /// Whether the allocation, or the free addresses, end with it.
    pub is_last: bool,
}

impl Layout {
    /// The finest with which all regions need no more than `room` cells; where there are more regions than that, the coarsest.
    pub fn of(space: &Space, room: usize) -> Self {
        let fits = |layout: &Self| layout.cells_of(space) <= room;
        let layouts = (0..20).map(|shift| Self { pages: 1 << shift });
        layouts.clone().find(fits).unwrap_or(Self { pages: 1 << 19 })
    }

    /// How many cells `space` needs.
    pub fn cells_of(self, space: &Space) -> usize {
        space.regions.iter().map(|region| self.cells(region) as usize).sum()
    }

    fn cells(self, region: &Region) -> u32 {
        if region.kind() == Kind::Free { 1 } else { region.pages().div_ceil(self.pages) }
    }

    /// The cells, by address.
    pub fn each(self, space: &Space) -> impl Iterator<Item = Cell<'_>> {
        space.regions.iter().enumerate().flat_map(move |(index, region)| {
            let (count, allocation) = (self.cells(region), region.information.allocation_base);
            let next = space.regions.get(index + 1);
            let ends = next.is_none_or(|next| next.information.allocation_base != allocation);
            (0..count).map(move |cell| Cell {
                region,
                address: region.information.base_address + cell * self.pages * PAGE,
                is_last: ends && cell + 1 == count,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::tests::space;
    use alloc::string::String;
    use alloc::vec::Vec;

    #[test]
    fn every_region_has_a_cell_at_least_and_free_ones_just_one() {
        let space = space();
        // 5 free regions, and 1,081 pages.
        assert_eq!(Layout { pages: 1 }.cells_of(&space), 1081 + 5);
        assert_eq!(Layout::of(&space, 1086), Layout { pages: 1 });
        assert_eq!(Layout::of(&space, 1085), Layout { pages: 2 });
        assert_eq!(Layout::of(&space, 60), Layout { pages: 32 });
        assert_eq!(Layout::of(&space, 20), Layout { pages: 512 });
        assert_eq!(Layout::of(&space, 0), Layout { pages: 1 << 19 });
        let layout = Layout { pages: 1 << 19 };
        assert!(layout.each(&space).map(|cell| cell.region).eq(&space.regions));
    }

    #[test]
    fn cells_are_exactly_where_they_belong() {
        let space = space();
        let cells: Vec<Cell<'_>> = Layout { pages: 64 }.each(&space).collect();
        let letters: String = cells.iter().map(|cell| cell.region.kind().look().letter).collect();
        assert_eq!(letters, "P.::::gSH::::F.III.MA.LLLLLLLL.P:");
        let protections: String = cells.iter().map(|cell| cell.region.protection().look().letter).collect();
        assert_eq!(protections, "w.::::gww::::r.rxc.ww.wwwwwwww.r:");
        let ends: String = cells.iter().map(|cell| if cell.is_last { '|' } else { ' ' }).collect();
        assert_eq!(ends, "||     |    |||  |||||       || |");
        let addresses: Vec<u32> = cells.iter().skip(22).take(3).map(|cell| cell.address).collect();
        assert_eq!(addresses, [0x60_0000, 0x64_0000, 0x68_0000]);
    }
}
