//! Where is room for so many pages?
//!
//! A reservation starts at a multiple of 64 KB but ends at any page, so what fits between two VADs is counted from the
//! first 64 KB boundary after the lower one: the *room* of the gap, against the *hole* that any free page makes. A gap
//! belongs to the VAD above it, and each node knows the largest room of its subtree and whether there is a hole in it. A
//! range fits a gap if and only if the room is large enough, so a descent never has to turn back; the same goes for a single
//! page and holes. Rooms of 16 MB and more are not told from each other: who wants more tries each in turn.
//!
//! The bounds of a search cut at most the gap at its lower and the one at its upper end; those two are tried by
//! themselves. The gap after the last VAD belongs to nobody and is tried by itself as well.
//!
//! Source: 64 KB granularity and the direction of MEM_TOP_DOWN as documented; PEB and TEBs at single pages as the
//! addresses of a real process show.

use abi::cell::Link;

use super::index::{ENOUGH, Summary, room};
use super::node::Side;
use super::tree::free_after;
use super::{VadLink, VadTree};
use crate::layout::{ENTRIES_PER_TABLE, GRANULARITY_PAGES, PageCount, VirtualPage};
use crate::machine::Records;

/// Where a free range may start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alignment {
    /// At multiples of 64 KB.
    Granularity,
    /// At any page, as PEB and TEBs do. A search for more than one page tries each hole in turn.
    Page,
}

/// A free range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// The first page.
    pub start: VirtualPage,
    /// The last page.
    pub end: VirtualPage,
    /// The next VAD above it, or null: it tells the new VAD's place in the tree.
    pub(crate) after: VadLink,
}

/// A range looked for, at multiples of `STEP` pages: any page, 64 KB or 2 MB.
#[derive(Clone, Copy)]
struct Wanted<const STEP: u32> {
    pages: u32,
}

impl<const STEP: u32> Wanted<STEP> {
    /// Whether the gap `free_from..start` is worth a try.
    #[inline(always)]
    fn may_fit_gap(self, free_from: u32, start: u32) -> bool {
        if STEP > 1 { room(free_from, start) >= self.pages.min(ENOUGH) } else { start > free_from }
    }

    /// Whether one of the gaps of a subtree is worth a try.
    #[inline(always)]
    fn may_fit_subtree(self, subtree: Summary) -> bool {
        if STEP > 1 { subtree.room() >= self.pages.min(ENOUGH) } else { subtree.has_hole() }
    }

    /// The room at `start`, below `after`.
    #[inline(always)]
    fn room(self, start: VirtualPage, after: VadLink) -> Room {
        Room { start, end: VirtualPage(start.0 + self.pages - 1), after }
    }

    /// The lowest place in `from..to`.
    #[inline(always)]
    fn lowest(self, from: u32, to: u32) -> Option<VirtualPage> {
        let start = from.next_multiple_of(STEP);
        (start <= to.checked_sub(self.pages)?).then_some(VirtualPage(start))
    }

    /// The highest place in `from..to`.
    fn highest(self, from: u32, to: u32) -> Option<VirtualPage> {
        let highest = to.checked_sub(self.pages)?;
        let start = highest & !(STEP - 1);
        (start >= from).then_some(VirtualPage(start))
    }
}

impl<'a, R: Records> VadTree<'a, R> {
    /// The range `start..=end`, if it is free.
    #[doc(alias = "MiCheckForConflictingVad")]
    pub fn room_at(&self, start: VirtualPage, end: VirtualPage) -> Option<Room> {
        let after = self.first_ending_from(start).unwrap_or(Link::NULL);
        (after.is_null() || self.node(after).start() > end).then_some(Room { start, end, after })
    }

    /// The lowest `pages` free pages in `bounds` (both ends inclusive), or `None`.
    ///
    /// `pages` is 1 or more; bounds below the lowest page a program may use are raised to it.
    #[doc(alias = "MiFindEmptyAddressRange")]
    #[inline]
    pub fn lowest_room(
        &self,
        pages: PageCount,
        alignment: Alignment,
        bounds: (VirtualPage, VirtualPage),
    ) -> Option<Room> {
        match alignment {
            Alignment::Granularity => self.lowest(Wanted::<GRANULARITY_PAGES> { pages: pages.0 }, bounds),
            Alignment::Page => self.lowest(Wanted::<1> { pages: pages.0 }, bounds),
        }
    }

    /// The same as [`Self::lowest_room`], at a multiple of 2 MB, as large pages must be. Each gap that would be large enough at a multiple of
    /// 64 KB is tried in turn.
    pub fn lowest_large_room(&self, pages: PageCount, bounds: (VirtualPage, VirtualPage)) -> Option<Room> {
        self.lowest(Wanted::<ENTRIES_PER_TABLE> { pages: pages.0 }, bounds)
    }

    /// The same as [`Self::highest_room`], at a multiple of 2 MB.
    pub fn highest_large_room(&self, pages: PageCount, bounds: (VirtualPage, VirtualPage)) -> Option<Room> {
        self.highest(Wanted::<ENTRIES_PER_TABLE> { pages: pages.0 }, bounds)
    }

    #[inline(always)]
    fn lowest<const STEP: u32>(&self, wanted: Wanted<STEP>, bounds: (VirtualPage, VirtualPage)) -> Option<Room> {
        let (from, to) = half_open(bounds);
        let root = self.root.get();
        let mut next = if !wanted.may_fit_subtree(self.summary(root)) {
            None
        } else if from == VirtualPage::LOWEST_USER.0 {
            // Nothing is cut off below.
            Some(self.nearest_worth_a_try(root, Side::Left, wanted))
        } else {
            self.first_ending_from(VirtualPage(from))
        };
        while let Some(vad) = next {
            let (free_from, start) = self.gap_before(vad);
            // No gap starts below that.
            let lowest = if from == VirtualPage::LOWEST_USER.0 { free_from } else { free_from.max(from) };
            let place = wanted.lowest(lowest, start.min(to));
            if place.is_some() || start >= to {
                return place.map(|start| wanted.room(start, vad));
            }
            next = self.worth_a_try_beyond(vad, Side::Right, wanted);
        }
        wanted.lowest(self.after_last().max(from), to).map(|start| wanted.room(start, Link::NULL))
    }

    /// The highest `pages` free pages in `bounds` (both ends inclusive), or `None`.
    ///
    /// `pages` is 1 or more; bounds below the lowest page a program may use are raised to it.
    #[doc(alias = "MiFindEmptyAddressRangeDown")]
    pub fn highest_room(
        &self,
        pages: PageCount,
        alignment: Alignment,
        bounds: (VirtualPage, VirtualPage),
    ) -> Option<Room> {
        match alignment {
            Alignment::Granularity => self.highest(Wanted::<GRANULARITY_PAGES> { pages: pages.0 }, bounds),
            Alignment::Page => self.highest(Wanted::<1> { pages: pages.0 }, bounds),
        }
    }

    fn highest<const STEP: u32>(&self, wanted: Wanted<STEP>, bounds: (VirtualPage, VirtualPage)) -> Option<Room> {
        let (from, to) = half_open(bounds);
        let Some(mut vad) = self.last_starting_to(bounds.1) else {
            return wanted.highest(from, to).map(|start| wanted.room(start, self.first().unwrap_or(Link::NULL)));
        };
        let mut place = wanted.highest(free_after(self.node(vad).end()).max(from), to);
        let mut after = self.next(vad).unwrap_or(Link::NULL);
        while place.is_none() {
            let (free_from, start) = self.gap_before(vad);
            (place, after) = (wanted.highest(free_from.max(from), start), vad);
            if start <= from {
                break;
            }
            vad = match self.worth_a_try_beyond(vad, Side::Left, wanted) {
                Some(vad) => vad,
                None => break,
            };
        }
        place.map(|start| wanted.room(start, after))
    }

    /// The nearest VAD beyond `vad` in direction `toward` with a gap before it that is worth a try.
    fn worth_a_try_beyond<const STEP: u32>(&self, vad: VadLink, toward: Side, wanted: Wanted<STEP>) -> Option<VadLink> {
        let subtree = self.child(vad, toward);
        if wanted.may_fit_subtree(self.summary(subtree)) {
            return Some(self.nearest_worth_a_try(subtree, toward.other(), wanted));
        }
        let (mut child, mut parent) = (vad, self.node(vad).parent());
        while !parent.is_null() {
            if self.child(parent, toward) != child {
                if self.is_worth_a_try(parent, wanted) {
                    return Some(parent);
                }
                let subtree = self.child(parent, toward);
                if wanted.may_fit_subtree(self.summary(subtree)) {
                    return Some(self.nearest_worth_a_try(subtree, toward.other(), wanted));
                }
            }
            (child, parent) = (parent, self.node(parent).parent());
        }
        None
    }

    /// The VAD farthest toward `side` in the subtree `top` with a gap before it that is worth a try; there is one.
    #[inline(always)]
    fn nearest_worth_a_try<const STEP: u32>(&self, top: VadLink, side: Side, wanted: Wanted<STEP>) -> VadLink {
        let mut at = top;
        loop {
            let near = self.child(at, side);
            if wanted.may_fit_subtree(self.summary(near)) {
                at = near;
            } else if self.is_worth_a_try(at, wanted) {
                return at;
            } else {
                at = self.child(at, side.other());
            }
        }
    }

    #[inline(always)]
    fn is_worth_a_try<const STEP: u32>(&self, vad: VadLink, wanted: Wanted<STEP>) -> bool {
        let (free_from, start) = self.gap_before(vad);
        wanted.may_fit_gap(free_from, start)
    }

    /// The gap before `vad`, as `from..to`; `from` is above `to` where a gap would end below the pages programs may use.
    #[inline(always)]
    fn gap_before(&self, vad: VadLink) -> (u32, u32) {
        let here = self.at(vad);
        (here.index.free_from(), here.node.start().0)
    }

    /// Where the gap after the last VAD starts.
    fn after_last(&self) -> u32 {
        self.last().map_or(VirtualPage::LOWEST_USER.0, |vad| free_after(self.node(vad).end()))
    }
}

/// `bounds`, both ends inclusive, as `from..to`.
fn half_open(bounds: (VirtualPage, VirtualPage)) -> (u32, u32) {
    (bounds.0.max(VirtualPage::LOWEST_USER).0, bounds.1.0 + 1)
}
