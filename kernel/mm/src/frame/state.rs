//! What a frame is used for, from its record alone.

use abi::frames::{FrameState, Use};

use super::record::{Flags, Location, Mmpfn};
use crate::MemoryManager;
use crate::layout::{FrameNumber, HIGHEST_USER_ADDRESS, PAGE_TABLES, PAGE_TABLES_END, WINDOWS};
use crate::machine::Machine;
use crate::pte::{PrototypePte, Pte};
use crate::section::ControlAreaFlags;

impl<M: Machine> MemoryManager<M> {
    /// Where `frame` is and what it is used for.
    pub fn frame_state(&self, frame: FrameNumber) -> FrameState {
        if !self.is_ram(frame) {
            return FrameState::NO_RAM;
        }
        let record = self.frame(frame);
        let location = record.location();
        let is_nobodys = matches!(location, Location::Zeroed | Location::Free | Location::Bad);
        let (used, is_in_paging_file) = match () {
            () if is_nobodys => (Use::Nobody, false),
            () if record.flags().contains(Flags::PROTOTYPE) => self.use_of_shared(record.original_pte.get()),
            () if record.is_awe() => (Use::Awe, false),
            () if record.is_large() => (Use::LargePage, false),
            () => use_of_private(record),
        };
        let state = FrameState::new(location as u8, used);
        if is_in_paging_file { state.in_paging_file() } else { state }
    }

    /// What a page is whose prototype PTE says `original` where it is not in memory.
    fn use_of_shared(&self, original: u64) -> (Use, bool) {
        match PrototypePte::decode(original) {
            PrototypePte::Subsection(subsection, _) => {
                let area = self.machine.record(subsection).control_area.get();
                let flags = ControlAreaFlags::from_bits_truncate(self.machine.record(area).flags.get());
                (if flags.contains(ControlAreaFlags::IMAGE) { Use::Image } else { Use::File }, false)
            }
            PrototypePte::PagingFile(_) => (Use::Memory, true),
            _ => (Use::Memory, false),
        }
    }
}

/// What a page is that one PTE names: whose that is, its place in the page tables tells.
fn use_of_private(record: &Mmpfn) -> (Use, bool) {
    let is_in_paging_file = matches!(Pte::decode(record.original_pte.get()), Pte::PagingFile(_));
    let pte = record.pte().address();
    let used = match pte {
        PAGE_TABLES..PAGE_TABLES_END => match (pte - PAGE_TABLES) << 9 {
            ..=HIGHEST_USER_ADDRESS => Use::Private,
            PAGE_TABLES..WINDOWS => Use::Table,
            _ => Use::Kernel,
        },
        _ => Use::Kernel,
    };
    (used, is_in_paging_file && used != Use::Kernel)
}
