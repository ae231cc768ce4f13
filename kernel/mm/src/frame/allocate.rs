//! Which frame an allocation gets.
//!
//! Any contents will do: Free of the wanted colour, Zeroed of the colour, any Free, any Zeroed, the oldest Standby. Zeros are
//! wanted: Zeroed of the colour, any Zeroed, Free of the colour, any Free, Standby, the last three zeroed on the spot.

use abi::cell::Link;

use super::lists::{Color, END_OF_LIST};
use super::record::{Flags, Location, Mmpfn};
use crate::MemoryManager;
use crate::events::Cause;
use crate::failing::Request;
use crate::layout::{FrameNumber, PAGE_DIRECTORIES};
use crate::machine::Machine;
use crate::pte::{PrototypePte, PteCell};
use crate::system::Contents;

/// No frame is Zeroed, Free or on Standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFrame;

impl<M: Machine> MemoryManager<M> {
    /// Takes a frame whose contents are rubbish. The caller gives it an owner at once.
    ///
    /// # Errors
    /// [`NoFrame`] where nothing can be had.
    #[doc(alias = "MiRemoveAnyPage")]
    pub(crate) fn allocate_any_frame(&self, color: Color) -> Result<FrameNumber, NoFrame> {
        if self.failing().refuses(Request::Frame) {
            return Err(NoFrame);
        }
        self.take_colored(Location::Free, color)
            .or_else(|| self.take_colored(Location::Zeroed, color))
            .or_else(|| self.take_head(Location::Free))
            .or_else(|| self.take_head(Location::Zeroed))
            .or_else(|| self.repurpose_standby())
            .ok_or(NoFrame)
    }

    /// Takes a frame full of zeros. The caller gives it an owner at once.
    ///
    /// # Errors
    /// [`NoFrame`] where nothing can be had.
    #[doc(alias = "MiRemoveZeroPage")]
    #[inline]
    pub(crate) fn allocate_zeroed_frame(&self, color: Color) -> Result<FrameNumber, NoFrame> {
        if self.failing().refuses(Request::Frame) {
            return Err(NoFrame);
        }
        if let Some(frame) = self.take_colored(Location::Zeroed, color) {
            return Ok(frame);
        }
        if let Some(frame) = self.take_head(Location::Zeroed) {
            return Ok(frame);
        }
        let frame = self
            .take_colored(Location::Free, color)
            .or_else(|| self.take_head(Location::Free))
            .or_else(|| self.repurpose_standby())
            .ok_or(NoFrame)?;
        self.machine.zero(frame);
        Ok(frame)
    }

    /// Asks for a frame, and once more where it is refused: for who needs many in a row, and gives all up for one. A frame that is refused
    /// though there are some is there at once, and was not missed.
    ///
    /// # Errors
    /// [`NoFrame`] where nothing can be had.
    pub(crate) fn insist_on_frame(&self, contents: Contents, color: Color) -> Result<FrameNumber, NoFrame> {
        let refused = self.failing().refused();
        let ask = || match contents {
            Contents::Zeros => self.allocate_zeroed_frame(color),
            Contents::Rubbish => self.allocate_any_frame(color),
        };
        ask().or_else(|_| ask().inspect(|_| self.failing().retract(refused)))
    }

    /// Gives back a frame that was allocated and never got an owner.
    pub(crate) fn return_frame(&self, frame: FrameNumber) {
        self.insert_free(frame);
    }

    /// The oldest frame of the Free list, for the zero-page thread: it belongs to nobody until it is put on a list again.
    pub(crate) fn take_free_frame(&self) -> Option<FrameNumber> {
        self.take_head(Location::Free)
    }

    #[inline(always)]
    fn take_colored(&self, location: Location, color: Color) -> Option<FrameNumber> {
        let head = self.frames.colored(location, color)?.flink.get();
        self.take(head)
    }

    #[inline(always)]
    fn take_head(&self, location: Location) -> Option<FrameNumber> {
        self.take(self.frames.list(location).flink.get())
    }

    #[inline(always)]
    fn take(&self, head: u32) -> Option<FrameNumber> {
        if head == END_OF_LIST {
            return None;
        }
        self.unlink(FrameNumber(head));
        Some(FrameNumber(head))
    }

    /// Takes the oldest standby page from whoever it was kept for: its PTE gets back what it said before the page came
    /// in. One that is to be removed goes on the Bad list instead.
    fn repurpose_standby(&self) -> Option<FrameNumber> {
        loop {
            let number = self.take_head(Location::Standby)?;
            let frame = self.frame(number);
            self.restore_pte(frame);
            if !frame.flags().contains(Flags::REMOVAL_REQUESTED) {
                return Some(number);
            }
            self.insert_bad(number);
        }
    }

    /// The entry that names `frame`, which is in transition, gets back what it said before the page came in.
    #[doc(alias = "MiRestoreTransitionPte")]
    pub(crate) fn restore_pte(&self, frame: &Mmpfn) {
        let original = frame.original_pte.get();
        if frame.flags().contains(Flags::PROTOTYPE) {
            self.machine.record(frame.pte()).store(original);
            if let PrototypePte::Subsection(subsection, _) = PrototypePte::decode(original) {
                self.forget_frame_of(subsection);
            }
            return;
        }
        let table = frame.pte_frame();
        self.machine.write_entry(table, entry_index(frame.pte()), original);
        if !is_page_table(frame.pte()) {
            let owner = self.owner_of_table(table);
            self.machine.record(owner).number_of_private_pages.update(|count| count - 1);
        }
        self.release_share(table);
    }

    /// Makes `number`, just allocated, an active page with one share that `pte` in page-table frame `table` names.
    #[doc(alias = "MiInitializePfn")]
    #[inline(always)]
    pub(crate) fn own_frame(
        &self,
        number: FrameNumber,
        pte: Link<PteCell>,
        table: FrameNumber,
        original: u64,
    ) -> &Mmpfn {
        self.own_frame_as(number, (pte, table), original, 1, (Location::Active, Flags::CACHED))
    }

    /// Makes `number`, just allocated, a page that `pte` in page-table frame `table` names and that is being read in: in
    /// transition, with the one reference of the read.
    pub(crate) fn own_frame_for_read(
        &self,
        number: FrameNumber,
        pte: Link<PteCell>,
        table: FrameNumber,
        original: u64,
    ) -> &Mmpfn {
        let state = (Location::Transition, Flags::CACHED | Flags::READ_IN_PROGRESS);
        self.own_frame_as(number, (pte, table), original, 0, state)
    }

    #[inline(always)]
    fn own_frame_as(
        &self,
        number: FrameNumber,
        (pte, table): (Link<PteCell>, FrameNumber),
        original: u64,
        shares: u32,
        (location, flags): (Location, Flags),
    ) -> &Mmpfn {
        let frame = self.frame(number);
        frame.u1.set(0);
        frame.u2.set(shares);
        frame.reference_count.set(1);
        frame.set_pte(pte, table);
        frame.original_pte.set(original);
        let flags = frame.set_state(location, flags);
        self.machine.events().push(number, Cause::Owned, pte.address(), flags);
        frame
    }
}

/// Which entry of its page table `pte` is.
pub(crate) fn entry_index(pte: Link<PteCell>) -> u32 {
    pte.address() >> 3 & 0x1FF
}

/// Whether `pte`, an entry for user space, is one of a page directory: what it names is a page table.
pub(crate) fn is_page_table(pte: Link<PteCell>) -> bool {
    pte.address() >= PAGE_DIRECTORIES
}
