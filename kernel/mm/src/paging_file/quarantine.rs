//! Pages of paging files that a disk refused to write: they are not given again while others are free.
//!
//! A place that cannot be written would be chosen again and again where it is the longest run that is free. It counts as free
//! all the same: the disk may have been out of order for a moment, and what is there last is tried again.

use abi::cell::Field;

use super::bitmap::Run;
use crate::MemoryManager;
use crate::machine::Machine;

/// Runs that are remembered.
const MOST: usize = 8;

/// The runs that were refused last.
pub(super) struct Quarantine {
    places: [Place; MOST],
    /// The one that is forgotten next.
    oldest: Field<u32>,
}

struct Place {
    file: Field<u32>,
    first: Field<u32>,
    /// 0 where there is none.
    count: Field<u32>,
}

impl Quarantine {
    pub const fn new() -> Self {
        Self {
            places: [const { Place { file: Field::ZERO, first: Field::ZERO, count: Field::ZERO } }; MOST],
            oldest: Field::ZERO,
        }
    }
}

impl<M: Machine> MemoryManager<M> {
    /// The disk refused the `count` pages of the paging file `file` from `first` on, which are free.
    pub(crate) fn quarantine(&self, file: u32, first: u32, count: u32) {
        let refused = &self.paging_files.refused;
        let index = refused.oldest.get() as usize % MOST;
        refused.oldest.set(index as u32 + 1);
        let place = &refused.places[index];
        self.release_place(place);
        place.file.set(file);
        place.first.set(first);
        place.count.set(count);
        self.bitmap(self.paging_file(file)).set(Run { first, count });
    }

    /// All pages in quarantine may be given again; whether there were any.
    pub(super) fn release_quarantine(&self) -> bool {
        let released = self.paging_files.refused.places.iter().filter(|place| self.release_place(place));
        released.count() > 0
    }

    fn release_place(&self, place: &Place) -> bool {
        let (first, count) = (place.first.get(), place.count.get());
        if count == 0 {
            return false;
        }
        let map = self.bitmap(self.paging_file(place.file.get()));
        (first..first + count).for_each(|index| map.clear(index));
        place.count.set(0);
        true
    }

    /// Pages of the paging file `file` in quarantine.
    pub(super) fn in_quarantine(&self, file: u32) -> u32 {
        let places = self.paging_files.refused.places.iter();
        places.filter(|place| place.file.get() == file).map(|place| place.count.get()).sum()
    }
}
