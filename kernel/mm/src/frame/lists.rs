//! The six page lists and the colour lists of Zeroed and Free.

use abi::assert_layout;
use abi::cell::{Field, Record};

use super::record::{Flags, Location};
use super::run::FrameRun;
use crate::MemoryManager;
use crate::events::Cause;
use crate::layout::FrameNumber;
use crate::machine::Machine;

/// What a link says at the end of a list.
pub(crate) const END_OF_LIST: u32 = 0xFFFF_FFFF;
/// Page colours: frames whose numbers differ in their low three bits. The colour field of a record has three bits.
pub(crate) const COLORS: usize = 8;
/// What a frame with a page is marked as and stays, whatever list it comes to.
const KEPT: Flags = Flags::PROTOTYPE.union(Flags::REMOVAL_REQUESTED);
/// Most runs of RAM the database describes.
pub(crate) const MAXIMUM_RUNS: usize = 32;

/// Head of a page list.
#[doc(alias = "_MMPFNLIST")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct PageList {
    pub total: Field<u32>,
    pub list_name: Field<u32>,
    pub flink: Field<u32>,
    pub blink: Field<u32>,
}
impl Record for PageList {}
assert_layout!(PageList, 0x10, { total: 0, list_name: 4, flink: 8, blink: 0xC });

/// Head of the list of one colour. The links stand in a record's `OriginalPte`, which a page that belongs to nobody does
/// not need: forward in the low half, as in NT, back in the high half, so that a frame leaves the list as fast from its
/// middle. `blink` is the last frame, where NT has a pointer to its record.
#[doc(alias = "_MMCOLOR_TABLES")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct ColorTable {
    pub flink: Field<u32>,
    pub blink: Field<u32>,
    pub count: Field<u32>,
}
impl Record for ColorTable {}
assert_layout!(ColorTable, 0xC, { flink: 0, blink: 4, count: 8 });

/// A page colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u32);

impl Color {
    /// The colour of `frame`.
    pub const fn of(frame: FrameNumber) -> Self {
        Self(frame.0 % COLORS as u32)
    }
}

/// The heads of all lists, and the figures derived from them.
#[derive(Debug)]
pub(crate) struct FrameLists {
    /// Zeroed, Free, Standby, Modified, ModifiedNoWrite, Bad.
    lists: [PageList; 6],
    zeroed_by_color: [ColorTable; COLORS],
    free_by_color: [ColorTable; COLORS],
    /// Zeroed + Free + Standby.
    #[doc(alias = "MmAvailablePages")]
    pub(super) available: Field<u32>,
    /// Frames on the Zeroed list at which the zero-page thread stops.
    pub(crate) zeroed_limit: Field<u32>,
    runs: [FrameRun; MAXIMUM_RUNS],
    run_count: usize,
}

impl FrameLists {
    /// Empty lists over `runs` of RAM, of which [`MAXIMUM_RUNS`] are kept.
    pub(crate) fn new(runs: &[FrameRun]) -> Self {
        let mut kept = [FrameRun::EMPTY; MAXIMUM_RUNS];
        let run_count = runs.len().min(MAXIMUM_RUNS);
        kept[..run_count].copy_from_slice(&runs[..run_count]);
        let color =
            |_| ColorTable { flink: Field::new(END_OF_LIST), blink: Field::new(END_OF_LIST), count: Field::ZERO };
        Self {
            lists: core::array::from_fn(|name| PageList {
                total: Field::ZERO,
                list_name: Field::new(name as u32),
                flink: Field::new(END_OF_LIST),
                blink: Field::new(END_OF_LIST),
            }),
            zeroed_by_color: core::array::from_fn(color),
            free_by_color: core::array::from_fn(color),
            available: Field::ZERO,
            zeroed_limit: Field::new(u32::MAX),
            runs: kept,
            run_count,
        }
    }

    /// The runs of RAM, ascending.
    pub(crate) fn runs(&self) -> &[FrameRun] {
        &self.runs[..self.run_count]
    }

    /// The head of the list of `location`, which is one of the six.
    #[inline(always)]
    pub(crate) fn list(&self, location: Location) -> &PageList {
        &self.lists[location as usize]
    }

    /// The colour list of `location`, for Zeroed and Free.
    #[inline(always)]
    pub(crate) fn colored(&self, location: Location, color: Color) -> Option<&ColorTable> {
        let index = color.0 as usize % COLORS;
        match location {
            Location::Zeroed => Some(&self.zeroed_by_color[index]),
            Location::Free => Some(&self.free_by_color[index]),
            _ => None,
        }
    }

    /// Frames that can be allocated: Zeroed + Free + Standby.
    #[inline(always)]
    pub(crate) fn available(&self) -> u32 {
        self.available.get()
    }

    fn counts_as_available(location: Location) -> bool {
        matches!(location, Location::Zeroed | Location::Free | Location::Standby)
    }
}

/// The frame holds a page, or belongs to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InUse;

/// At which end of a list a frame goes in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Head,
    Tail,
}

impl<M: Machine> MemoryManager<M> {
    /// Puts `frame`, which nothing references, on the Free list.
    #[doc(alias = "MiInsertPageInFreeList")]
    pub(crate) fn insert_free(&self, frame: FrameNumber) {
        if self.frame(frame).flags().contains(Flags::REMOVAL_REQUESTED) {
            return self.insert_bad(frame);
        }
        self.insert(frame, Location::Free, End::Tail, Flags::empty());
    }

    /// Puts `frame`, which nothing references and which holds zeros only, on the Zeroed list.
    #[inline(always)]
    pub(crate) fn insert_zeroed(&self, frame: FrameNumber) {
        self.insert(frame, Location::Zeroed, End::Head, Flags::empty());
    }

    /// Puts a clean frame that a transition PTE names on the Standby list.
    #[doc(alias = "MiInsertPageInList")]
    pub(crate) fn insert_standby(&self, frame: FrameNumber) {
        let keep = self.frame(frame).flags() & KEPT;
        self.insert(frame, Location::Standby, End::Tail, keep);
    }

    /// Puts a clean frame that a transition PTE names where the Standby list is taken from: it is the first to be repurposed.
    #[doc(alias = "MiInsertStandbyListAtFront")]
    pub(crate) fn insert_standby_first(&self, frame: FrameNumber) {
        let keep = self.frame(frame).flags() & KEPT;
        self.insert(frame, Location::Standby, End::Head, keep);
    }

    /// Puts a dirty frame that a transition PTE names on the Modified list, or on ModifiedNoWrite where only its section's
    /// owner writes it.
    pub(crate) fn insert_modified(&self, frame: FrameNumber) {
        let record = self.frame(frame);
        let keep = record.flags() & KEPT | Flags::MODIFIED;
        let list = if self.is_written_by_owner(record) { Location::ModifiedNoWrite } else { Location::Modified };
        self.insert(frame, list, End::Tail, keep);
    }

    /// Retires `frame`, whose memory failed a test: it is never allocated again.
    ///
    /// # Errors
    /// [`InUse`] where it is neither on Zeroed nor on Free; nothing has changed.
    pub fn retire_frame(&self, frame: FrameNumber) -> Result<(), InUse> {
        if !self.is_ram(frame) || self.frames.colored(self.frame(frame).location(), Color::of(frame)).is_none() {
            return Err(InUse);
        }
        self.unlink(frame);
        self.insert(frame, Location::Bad, End::Tail, Flags::PARITY_ERROR);
        self.commit.lose(1);
        Ok(())
    }

    #[inline]
    pub(super) fn insert(&self, number: FrameNumber, location: Location, end: End, flags: Flags) {
        let frame = self.frame(number);
        debug_assert!(frame.reference_count.get() == 0, "F1: a referenced frame goes on a list");
        let flags = frame.set_state(location, flags | Flags::CACHED);
        self.machine.events().push(number, Cause::Listed, frame.pte_address.get(), flags);
        let list = self.frames.list(location);
        let neighbour = if end == End::Tail { list.blink.get() } else { list.flink.get() };
        let (flink, blink) = match end {
            End::Tail => (END_OF_LIST, neighbour),
            End::Head => (neighbour, END_OF_LIST),
        };
        frame.u1.set(flink);
        frame.u2.set(blink);
        let outer = if end == End::Tail { &list.blink } else { &list.flink };
        outer.set(number.0);
        let towards = match (neighbour, end) {
            (END_OF_LIST, End::Tail) => &list.flink,
            (END_OF_LIST, End::Head) => &list.blink,
            (_, End::Tail) => &self.frame(FrameNumber(neighbour)).u1,
            (_, End::Head) => &self.frame(FrameNumber(neighbour)).u2,
        };
        towards.set(number.0);
        list.total.update(|total| total + 1);
        if let Some(colored) = self.frames.colored(location, Color::of(number)) {
            self.insert_colored(colored, number, end);
        }
        if FrameLists::counts_as_available(location) {
            self.frames.available.update(|count| count + 1);
        }
    }

    #[inline(always)]
    fn insert_colored(&self, list: &ColorTable, number: FrameNumber, end: End) {
        let links = &self.frame(number).original_pte;
        match end {
            End::Tail => {
                let last = list.blink.get();
                links.low.set(END_OF_LIST);
                links.high.set(last);
                list.blink.set(number.0);
                match last {
                    END_OF_LIST => list.flink.set(number.0),
                    before => self.frame(FrameNumber(before)).original_pte.low.set(number.0),
                }
            }
            End::Head => {
                let first = list.flink.get();
                links.low.set(first);
                links.high.set(END_OF_LIST);
                list.flink.set(number.0);
                match first {
                    END_OF_LIST => list.blink.set(number.0),
                    after => self.frame(FrameNumber(after)).original_pte.high.set(number.0),
                }
            }
        }
        list.count.update(|count| count + 1);
    }

    /// Takes `number` off the list it is on, wherever in it.
    #[doc(alias = "MiUnlinkPageFromList")]
    #[inline]
    pub(crate) fn unlink(&self, number: FrameNumber) {
        let frame = self.frame(number);
        let location = frame.location();
        let list = self.frames.list(location);
        let (flink, blink) = (frame.u1.get(), frame.u2.get());
        match blink {
            END_OF_LIST => list.flink.set(flink),
            before => self.frame(FrameNumber(before)).u1.set(flink),
        }
        match flink {
            END_OF_LIST => list.blink.set(blink),
            after => self.frame(FrameNumber(after)).u2.set(blink),
        }
        list.total.update(|total| total - 1);
        if let Some(colored) = self.frames.colored(location, Color::of(number)) {
            self.unlink_colored(colored, number);
        }
        if FrameLists::counts_as_available(location) {
            self.frames.available.update(|count| count - 1);
        }
    }

    #[inline(always)]
    fn unlink_colored(&self, list: &ColorTable, number: FrameNumber) {
        let links = &self.frame(number).original_pte;
        let (next, before) = (links.low.get(), links.high.get());
        match before {
            END_OF_LIST => list.flink.set(next),
            before => self.frame(FrameNumber(before)).original_pte.low.set(next),
        }
        match next {
            END_OF_LIST => list.blink.set(before),
            after => self.frame(FrameNumber(after)).original_pte.high.set(before),
        }
        list.count.update(|count| count - 1);
    }

    /// Frames on the list of `location`, which is one of the six.
    pub fn list_length(&self, location: Location) -> u32 {
        self.frames.list(location).total.get()
    }

    /// Frames that can be allocated at once: Zeroed + Free + Standby.
    #[doc(alias = "MmAvailablePages")]
    pub fn available_frames(&self) -> u32 {
        self.frames.available()
    }
}
