//! The record of one frame.

use abi::assert_layout;
use abi::cell::{Field, Field64, Link, Record};
use bitflags::bitflags;

use super::lists::Color;
use crate::events::Flagged;
use crate::layout::{FrameNumber, PAGE_DIRECTORIES};
use crate::pte::{PagingFilePage, Pte, PteCell};

/// The record of one physical frame, 28 bytes. What `u1` of an active frame says depends on the frame: of a page directory of
/// user space, and of an AWE frame, the process it belongs to; of a nonpaged-pool page whether it is cut into blocks; else nothing
/// yet.
#[doc(alias = "_MMPFN")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's; the accessors below are documented")]
pub struct Mmpfn {
    pub u1: Field<u32>,
    pub pte_address: Field<u32>,
    pub u2: Field<u32>,
    pub e1: Field<u16>,
    pub reference_count: Field<u16>,
    pub original_pte: Field64,
    pub u4: Field<u32>,
}

impl Record for Mmpfn {}

assert_layout!(Mmpfn, 0x1C, {
    u1: 0x00, pte_address: 0x04, u2: 0x08, e1: 0x0C, reference_count: 0x0E, original_pte: 0x10, u4: 0x18,
});

/// Where a frame is: the list it is on, or that it is in use.
#[doc(alias = "PageLocation")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Location {
    /// On the Zeroed list: filled with zeros, belongs to nobody.
    Zeroed = 0,
    /// On the Free list: contents are rubbish, belongs to nobody.
    Free = 1,
    /// On the Standby list: clean, still named by a PTE in transition.
    Standby = 2,
    /// On the Modified list: dirty, still named by a PTE in transition.
    Modified = 3,
    /// On the ModifiedNoWrite list: dirty and not to be written yet.
    ModifiedNoWrite = 4,
    /// On the Bad list: never used again.
    Bad = 5,
    /// Mapped, or owned by the kernel.
    Active = 6,
    /// Mapped by nobody but referenced: I/O is under way.
    Transition = 7,
}

impl Location {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Zeroed,
        Self::Free,
        Self::Standby,
        Self::Modified,
        Self::ModifiedNoWrite,
        Self::Bad,
        Self::Active,
        Self::Transition,
    ];
}

bitflags! {
    /// The flags of a frame, without its location and colour.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Flags: u16 {
        /// The contents are newer than their backing.
        const MODIFIED = 1 << 0;
        /// The contents are being read in.
        const READ_IN_PROGRESS = 1 << 1;
        /// The contents are being written out.
        const WRITE_IN_PROGRESS = 1 << 2;
        /// `PteAddress` is a prototype PTE.
        const PROTOTYPE = 1 << 3;
        /// The memory failed a test.
        const PARITY_ERROR = 1 << 7;
        /// To be retired when the last reference goes.
        const REMOVAL_REQUESTED = 1 << 11;
        /// Cached memory.
        const CACHED = 1 << 12;
        /// Write-combined memory. Neither this nor cached: not cached.
        const WRITE_COMBINED = 1 << 13;
    }
}

const COLOR_SHIFT: u16 = 4;
const LOCATION_SHIFT: u16 = 8;
const COLOR_MASK: u16 = 7 << COLOR_SHIFT;
const LOCATION_MASK: u16 = 7 << LOCATION_SHIFT;
/// Low bit of `PteAddress`: the page was deleted and goes to the Free list when its last reference drops.
const DELETED: u32 = 1;
const PTE_FRAME_MASK: u32 = 0x03FF_FFFF;
/// Bit of `u4`: the page stays in its frame as long as it lives.
const AWE_ALLOCATION: u32 = 1 << 28;

impl Mmpfn {
    /// Where the frame is.
    #[inline(always)]
    pub fn location(&self) -> Location {
        Location::ALL[usize::from((self.e1.get() & LOCATION_MASK) >> LOCATION_SHIFT)]
    }

    /// Whether the frame is on Zeroed or Free, with neither references nor I/O, nor marked as bad.
    #[inline(always)]
    pub(crate) fn is_quiet(&self) -> bool {
        const BUSY: u16 = Flags::READ_IN_PROGRESS.bits() | Flags::WRITE_IN_PROGRESS.bits() | BAD;
        const BAD: u16 = Flags::PARITY_ERROR.bits() | Flags::REMOVAL_REQUESTED.bits();
        const OTHERS: u16 = LOCATION_MASK & !((Location::Free as u16) << LOCATION_SHIFT);
        self.e1.get() & (OTHERS | BUSY) == 0 && self.reference_count.get() == 0
    }

    /// Whether a transition PTE may name the frame.
    pub(crate) fn is_parked(&self) -> bool {
        matches!(
            self.location(),
            Location::Standby | Location::Modified | Location::ModifiedNoWrite | Location::Transition
        )
    }

    /// The frame's flags.
    #[inline(always)]
    pub fn flags(&self) -> Flags {
        Flags::from_bits_truncate(self.e1.get())
    }

    /// Sets location and flags together, keeping the colour; what is to be recorded of it.
    #[inline(always)]
    pub(crate) fn set_state(&self, location: Location, flags: Flags) -> Flagged {
        let before = self.e1.get();
        let after = before & COLOR_MASK | (location as u16) << LOCATION_SHIFT | flags.bits();
        self.e1.set(after);
        Flagged { before, after }
    }

    /// Sets colour, location and flags of a record that says nothing yet.
    #[inline(always)]
    pub(super) fn start(&self, color: Color, location: Location, flags: Flags) {
        self.e1.set((color.0 as u16) << COLOR_SHIFT | (location as u16) << LOCATION_SHIFT | flags.bits());
    }

    /// Sets the location, keeping the flags; what is to be recorded of it.
    #[inline(always)]
    pub(crate) fn set_location(&self, location: Location) -> Flagged {
        let before = self.e1.get();
        let after = before & !LOCATION_MASK | (location as u16) << LOCATION_SHIFT;
        self.e1.set(after);
        Flagged { before, after }
    }

    /// Sets `flags` in addition to those set.
    #[inline(always)]
    pub fn insert_flags(&self, flags: Flags) {
        self.e1.update(|word| word | flags.bits());
    }

    /// Clears `flags`.
    #[inline(always)]
    pub fn remove_flags(&self, flags: Flags) {
        self.e1.update(|word| word & !flags.bits());
    }

    /// Valid PTEs that map the frame; for a page table one more than its valid and transition entries. Meaningful while
    /// the frame is active.
    #[inline(always)]
    pub fn share_count(&self) -> u32 {
        self.u2.get()
    }

    /// The entry that names the frame.
    #[inline(always)]
    pub fn pte(&self) -> Link<PteCell> {
        Link::new(self.pte_address.get() & !DELETED)
    }

    /// Whether the page goes to the Free list with its last reference.
    #[inline(always)]
    pub fn is_deleted(&self) -> bool {
        self.pte_address.get() & DELETED != 0
    }

    /// Says that the page goes to the Free list with its last reference.
    #[inline(always)]
    pub fn set_deleted(&self) {
        self.pte_address.update(|address| address | DELETED);
    }

    /// Where in a paging file the page has a place, by its `OriginalPte`.
    pub(crate) fn place_in_paging_file(&self) -> Option<PagingFilePage> {
        match Pte::decode(self.original_pte.get()) {
            Pte::PagingFile(place) => Some(place),
            _ => None,
        }
    }

    /// The page-table frame that holds [`Self::pte`].
    #[doc(alias = "PteFrame")]
    #[inline(always)]
    pub fn pte_frame(&self) -> FrameNumber {
        FrameNumber(self.u4.get() & PTE_FRAME_MASK)
    }

    /// Names the entry that names the frame: `pte`, in page-table frame `pte_frame`.
    #[inline(always)]
    pub fn set_pte(&self, pte: Link<PteCell>, pte_frame: FrameNumber) {
        self.pte_address.set(pte.address());
        self.u4.set(pte_frame.0);
    }

    /// The same for a page that stays in its frame: of an AWE frame, or of a large page. A null entry names nothing.
    pub(crate) fn set_pte_of_fixed(&self, pte: Link<PteCell>, pte_frame: FrameNumber) {
        self.pte_address.set(pte.address());
        self.u4.set(pte_frame.0 | AWE_ALLOCATION);
    }

    /// The frame is no longer one whose page stays in it.
    pub(crate) fn clear_fixed(&self) {
        self.u4.update(|word| word & !AWE_ALLOCATION);
    }

    /// Whether the page stays in the frame as long as it lives: it is in no working set, and never moved.
    #[doc(alias = "AweAllocation")]
    #[inline(always)]
    pub fn is_fixed(&self) -> bool {
        self.u4.get() & AWE_ALLOCATION != 0
    }

    /// Whether the frame is a process's to map where it likes.
    #[inline]
    pub fn is_awe(&self) -> bool {
        self.is_fixed() && !self.is_named_by_directory()
    }

    /// Whether the frame is part of a large page of a program.
    #[inline]
    pub fn is_large(&self) -> bool {
        self.is_fixed() && self.is_named_by_directory()
    }

    /// Whether the entry that names the frame is one of a page directory.
    #[inline]
    fn is_named_by_directory(&self) -> bool {
        self.pte_address.get() >= PAGE_DIRECTORIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blank() -> Mmpfn {
        Mmpfn {
            u1: Field::ZERO,
            pte_address: Field::ZERO,
            u2: Field::ZERO,
            e1: Field::new(0),
            reference_count: Field::new(0),
            original_pte: Field64 { low: Field::ZERO, high: Field::ZERO },
            u4: Field::ZERO,
        }
    }

    #[test]
    fn location_flags_and_colour_share_a_word_without_touching_each_other() {
        let frame = blank();
        frame.start(Color(5), Location::Zeroed, Flags::empty());
        frame.set_state(Location::Modified, Flags::MODIFIED | Flags::PROTOTYPE);
        assert_eq!(frame.e1.get(), 0x0359);
        frame.set_location(Location::Transition);
        frame.remove_flags(Flags::PROTOTYPE);
        assert_eq!((frame.location(), frame.flags()), (Location::Transition, Flags::MODIFIED));
        assert_eq!(frame.e1.get() >> 4 & 7, 5);
    }

    #[test]
    fn every_location_survives_the_round_trip() {
        let frame = blank();
        for location in Location::ALL {
            frame.set_location(location);
            assert_eq!(frame.location(), location);
        }
    }

    #[test]
    fn zeroed_and_free_frames_without_references_are_quiet() {
        let frame = blank();
        for location in Location::ALL {
            frame.start(Color(7), location, Flags::CACHED);
            assert_eq!(frame.is_quiet(), matches!(location, Location::Zeroed | Location::Free), "{location:?}");
        }
        frame.start(Color(0), Location::Free, Flags::empty());
        frame.reference_count.set(1);
        assert!(!frame.is_quiet());
        frame.reference_count.set(0);
        for flag in [Flags::READ_IN_PROGRESS, Flags::PARITY_ERROR, Flags::REMOVAL_REQUESTED] {
            frame.insert_flags(flag);
            assert!(!frame.is_quiet());
            frame.remove_flags(flag);
        }
        assert!(frame.is_quiet());
    }

    #[test]
    fn the_deleted_mark_hides_in_the_pte_address() {
        let frame = blank();
        frame.set_pte(Link::new(0xC000_1288), FrameNumber(0xF4_0001));
        frame.set_deleted();
        assert_eq!(frame.pte(), Link::new(0xC000_1288));
        assert!(frame.is_deleted());
        assert_eq!(frame.pte_frame(), FrameNumber(0xF4_0001));
    }
}
