//! From a virtual address to a physical one, step by step: 2 bits choose the page directory, 9 the page table, 9 the page, 12
//! the byte.
//!
//! Source: Intel SDM volume 3, section 4.4.

use mm::layout::{FrameNumber, LARGE_PAGE_SIZE, PAGE_SHIFT, PAGE_SIZE, PhysicalAddress};
use mm::pte::{LARGE_PAGE, VALID, ValidPte};

/// An entry, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The page directory or page table.
    pub table: FrameNumber,
    /// Its place in it, 0 to 511.
    pub index: u32,
    /// The entry.
    pub raw: u64,
}

impl Step {
    /// Physical address of the entry.
    pub fn physical(&self) -> PhysicalAddress {
        PhysicalAddress(self.table.address().0 + u64::from(self.index) * 8)
    }

    /// Whether the processor may follow it.
    pub fn is_valid(&self) -> bool {
        self.raw & VALID != 0
    }
}

/// A walk, as far as it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The virtual address.
    pub address: u32,
    /// The page-directory entry; absent where the directory is no RAM.
    pub directory: Option<Step>,
    /// The page-table entry; absent where the directory entry is not valid, or maps 2 MB itself.
    pub table: Option<Step>,
}

impl Walk {
    /// Looks `address` up from `directories` on; `entry` reads an entry of a frame where it can.
    pub fn of(directories: &[FrameNumber; 4], address: u32, entry: impl Fn(FrameNumber, u32) -> Option<u64>) -> Self {
        let step = |table: FrameNumber, index: u32| entry(table, index).map(|raw| Step { table, index, raw });
        let directory = step(directories[(address >> 30) as usize], address >> 21 & 0x1FF);
        let table = directory
            .filter(|step| step.is_valid() && step.raw & LARGE_PAGE == 0)
            .and_then(|above| step(ValidPte(above.raw).frame(), address >> PAGE_SHIFT & 0x1FF));
        Self { address, directory, table }
    }

    /// Whether a page-directory entry maps the address with its 2 MB.
    pub fn is_large(&self) -> bool {
        self.directory.is_some_and(|step| step.is_valid() && step.raw & LARGE_PAGE != 0)
    }

    /// Where the byte is.
    pub fn physical(&self) -> Option<PhysicalAddress> {
        let (step, size) = match (self.table, self.directory) {
            (Some(table), _) => (table, PAGE_SIZE),
            (None, Some(directory)) if self.is_large() => (directory, LARGE_PAGE_SIZE),
            _ => return None,
        };
        let base = ValidPte(step.raw).frame().address().0 & !u64::from(size - 1);
        step.is_valid().then(|| PhysicalAddress(base + u64::from(self.address & (size - 1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECTORIES: [FrameNumber; 4] = [FrameNumber(1), FrameNumber(2), FrameNumber(3), FrameNumber(4)];

    #[test]
    fn the_four_parts_of_an_address_choose_the_entries() {
        let entry = |frame: FrameNumber, index: u32| match (frame.0, index) {
            (2, 0x1FF) => Some(0x9067),
            (9, 0x13) => Some(0x8000_0000_0000_B025),
            _ => None,
        };
        let walk = Walk::of(&DIRECTORIES, 0x7FE1_3ABC, entry);
        assert_eq!(walk.directory, Some(Step { table: FrameNumber(2), index: 0x1FF, raw: 0x9067 }));
        assert_eq!(walk.table.unwrap().physical(), PhysicalAddress(0x9098));
        assert_eq!(walk.physical(), Some(PhysicalAddress(0xBABC)));
    }

    #[test]
    fn a_large_page_ends_the_walk_early_and_a_missing_entry_without_an_address() {
        let walk = Walk::of(&DIRECTORIES, 0x8012_3456, |_, _| Some(0x0080_01E3));
        assert!(walk.is_large() && walk.table.is_none());
        assert_eq!(walk.physical(), Some(PhysicalAddress(0x0092_3456)));
        let walk = Walk::of(&DIRECTORIES, 0x8012_3456, |_, _| Some(0x1E2));
        assert_eq!((walk.table, walk.physical()), (None, None));
        assert_eq!(Walk::of(&DIRECTORIES, 0, |_, _| None).physical(), None);
    }
}
