//! Physical frames: the frame database and its six lists.
//!
//! Every frame of RAM has a 28-byte record in one array, indexed by frame number. A frame is in use, in transition, or
//! on exactly one of six lists; the links of the lists are frame numbers inside the records, so nothing needs a
//! pointer and nothing is ever allocated to track a frame.
//!
//! Invariants, checked by [`crate::verify`]:
//!
//! * **F1** A frame on a list carries that list's location and has neither shares nor references.
//! * **F2** Lists are linked both ways, and `Total` is their length.
//! * **F3** The Zeroed and Free lists are partitioned by colour; a colour's frames stand in its own list, linked both ways,
//!   in the order they have in the main one, so that the head of the main list is the head of its colour.
//! * **F4** An active frame has a share count above 0 and a reference; it is on no list.
//! * **F5** Lists, active frames and frames in transition add up to all frames of RAM.
//! * **F6** `PteAddress` and `PteFrame` name the entry that names the frame.
//! * **F7** A data frame's share count equals the valid PTEs found; a page-table frame's is one more than its valid
//!   and transition entries, an AWE frame's one more than the entries that map it.
//! * **F8** The frames on Standby, Modified and ModifiedNoWrite, and those in transition whose page was not deleted, are
//!   each named by one transition PTE.
//! * **F9** A frame is on the Bad list if and only if it is marked ParityError, or RemovalRequested and on no other; none that is
//!   marked is on Zeroed or Free (see `bad`).
//!
//! Lock: the frame-database lock guards all of it, and transition and prototype PTEs too. With one processor and a kernel
//! that is not preempted it is held by running.
//!
//! Source: symbol types `_MMPFN`, `_MMPFNLIST`, `_MMCOLOR_TABLES` of XP SP3 (PAE).

pub(crate) mod allocate;
mod bad;
mod boot;
mod caching;
mod counts;
mod frame_list;
mod large_run;
mod lists;
mod record;
mod run;
mod start_up;
mod state;

pub use allocate::NoFrame;
pub use bad::{NotRemoved, Removal};
pub use boot::{BootMemory, NoExecute};
pub use frame_list::FrameList;
pub(crate) use large_run::LargeRunSearch;
pub(crate) use lists::{COLORS, Color, END_OF_LIST, FrameLists};
pub use lists::{ColorTable, InUse, PageList};
pub use record::{Flags, Location, Mmpfn};
pub use run::FrameRun;
pub use start_up::FOUR_GIGABYTES;

use abi::cell::Link;

use crate::MemoryManager;
use crate::layout::{FRAME_DATABASE, FrameNumber};
use crate::machine::Machine;

/// Bytes of one frame record.
pub const RECORD_SIZE: u32 = 0x1C;

/// Where the record of `frame` stands.
#[inline(always)]
const fn record_address(frame: FrameNumber) -> u32 {
    FRAME_DATABASE + frame.0 * RECORD_SIZE
}

impl<M: Machine> MemoryManager<M> {
    /// The record of `frame`, which must be a frame of RAM.
    #[doc(alias = "MI_PFN_ELEMENT")]
    #[inline(always)]
    pub fn frame(&self, frame: FrameNumber) -> &Mmpfn {
        self.machine.record(Link::new(record_address(frame)))
    }

    /// The lowest and the highest frame of RAM, and how many there are.
    #[doc(alias = "MmNumberOfPhysicalPages")]
    pub fn physical_pages(&self) -> (FrameNumber, FrameNumber, u32) {
        let runs = self.frames.runs();
        let count = runs.iter().map(|run| run.count).sum();
        let lowest = runs.first().map_or(FrameNumber(0), |run| run.base);
        let highest = runs.last().map_or(FrameNumber(0), |run| FrameNumber(run.base.0 + run.count - 1));
        (lowest, highest, count)
    }

    /// The RAM that the database describes, in ascending order.
    #[doc(alias = "MmPhysicalMemoryBlock")]
    pub fn ram(&self) -> &[FrameRun] {
        self.frames.runs()
    }

    /// Whether `frame` is RAM that the database describes.
    #[doc(alias = "MmIsPfnValid")]
    pub fn is_ram(&self, frame: FrameNumber) -> bool {
        self.frames.runs().iter().any(|run| run.contains(frame))
    }
}
