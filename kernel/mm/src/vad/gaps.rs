//! Where is room for so many pages?
//!
//! A reservation starts at a multiple of 64 KB but ends at any page, so what fits between two VADs is counted from the
//! first 64 KB boundary after the lower one: the *room* of the gap. A gap belongs to the VAD above it, and each node knows
//! the largest room in its subtree, and whether there is a *hole*, a free page, in it at all. A gap fits if and only if
//! its room is large enough (or it is a hole, for a single page), so a descent never has to turn back.
//!
//! The bounds of a search cut at most the gap at its lower and the one at its upper end; those two are tried by
//! themselves. The gap after the last VAD belongs to nobody and is tried by itself as well.
//!
//! Source: 64 KB granularity and the direction of MEM_TOP_DOWN as documented; PEB and TEBs at single pages as the
//! addresses of a real process show.

use super::node::{Side, Summary, room};
use super::tree::free_after;
use super::{VadLink, VadTree};
use crate::layout::{GRANULARITY_PAGES, PageCount, VirtualPage};
use crate::machine::Records;

/// A range looked for.
#[derive(Clone, Copy)]
enum Wanted {
    /// So many pages, from a multiple of 64 KB on.
    Pages(u32),
    /// Any one page.
    OnePage,
}

impl Wanted {
    /// Whether it fits the gap `free_from..start`.
    fn fits_gap(self, free_from: u32, start: u32) -> bool {
        match self {
            Self::Pages(pages) => room(free_from, start) >= pages,
            Self::OnePage => start > free_from,
        }
    }

    /// Whether it fits one of the gaps of a subtree.
    fn fits_subtree(self, subtree: Summary) -> bool {
        match self {
            Self::Pages(pages) => subtree.room() >= pages,
            Self::OnePage => subtree.has_hole(),
        }
    }

    /// The lowest place in `from..to`.
    fn lowest(self, from: u32, to: u32) -> Option<VirtualPage> {
        let (start, pages) = match self {
            Self::Pages(pages) => (from.next_multiple_of(GRANULARITY_PAGES), pages),
            Self::OnePage => (from, 1),
        };
        (start.checked_add(pages)? <= to).then_some(VirtualPage(start))
    }

    /// The highest place in `from..to`.
    fn highest(self, from: u32, to: u32) -> Option<VirtualPage> {
        let start = match self {
            Self::Pages(pages) => to.checked_sub(pages)? & !(GRANULARITY_PAGES - 1),
            Self::OnePage => to.checked_sub(1)?,
        };
        (start >= from).then_some(VirtualPage(start))
    }
}

impl<'a, R: Records> VadTree<'a, R> {
    /// The lowest start, a multiple of 64 KB, of `pages` free pages in `bounds` (both ends inclusive), or `None`.
    ///
    /// `pages` is 1 or more; bounds below the lowest page a program may use are raised to it.
    #[doc(alias = "MiFindEmptyAddressRange")]
    pub fn lowest_free(&self, pages: PageCount, bounds: (VirtualPage, VirtualPage)) -> Option<VirtualPage> {
        let wanted = Wanted::Pages(pages.0);
        let (from, to) = half_open(bounds);
        let mut gap = None;
        if wanted.fits_subtree(self.summary(self.root.get())) {
            let Some(vad) = self.first_ending_from(VirtualPage(from)) else {
                return wanted.lowest(from, to);
            };
            let at_bottom = wanted.lowest(from, to.min(self.node(vad).start().0));
            if at_bottom.is_some() {
                return at_bottom;
            }
            gap = self.fitting_beyond(vad, Side::Right, wanted).map(|vad| self.index(vad).free_from());
        }
        wanted.lowest(gap.unwrap_or_else(|| self.after_last().max(from)), to)
    }

    /// The highest start, a multiple of 64 KB, of `pages` free pages in `bounds` (both ends inclusive), or `None`.
    ///
    /// `pages` is 1 or more; bounds below the lowest page a program may use are raised to it.
    #[doc(alias = "MiFindEmptyAddressRangeDown")]
    pub fn highest_free(&self, pages: PageCount, bounds: (VirtualPage, VirtualPage)) -> Option<VirtualPage> {
        self.highest(Wanted::Pages(pages.0), bounds)
    }

    /// The highest free page in `bounds` (both ends inclusive), at no particular boundary: where a PEB or TEB goes.
    pub fn highest_free_page(&self, bounds: (VirtualPage, VirtualPage)) -> Option<VirtualPage> {
        self.highest(Wanted::OnePage, bounds)
    }

    fn highest(&self, wanted: Wanted, bounds: (VirtualPage, VirtualPage)) -> Option<VirtualPage> {
        let (from, to) = half_open(bounds);
        let Some(below) = self.last_starting_to(bounds.1) else {
            return wanted.highest(from, to);
        };
        let at_top = wanted.highest(free_after(self.node(below).end()).max(from), to);
        if at_top.is_some() {
            return at_top;
        }
        let vad = if self.fits_before(below, wanted) {
            below
        } else {
            self.fitting_beyond(below, Side::Left, wanted)?
        };
        wanted.highest(from, self.node(vad).start().0)
    }

    /// The nearest VAD beyond `vad` in direction `toward` before which `wanted` fits.
    fn fitting_beyond(&self, vad: VadLink, toward: Side, wanted: Wanted) -> Option<VadLink> {
        let subtree = self.child(vad, toward);
        if wanted.fits_subtree(self.summary(subtree)) {
            return Some(self.nearest_fitting(subtree, toward.other(), wanted));
        }
        let (mut child, mut parent) = (vad, self.node(vad).parent());
        while !parent.is_null() {
            if self.child(parent, toward) != child {
                if self.fits_before(parent, wanted) {
                    return Some(parent);
                }
                let subtree = self.child(parent, toward);
                if wanted.fits_subtree(self.summary(subtree)) {
                    return Some(self.nearest_fitting(subtree, toward.other(), wanted));
                }
            }
            (child, parent) = (parent, self.node(parent).parent());
        }
        None
    }

    /// The VAD farthest toward `side` in the subtree `top` before which `wanted` fits; there is one.
    fn nearest_fitting(&self, top: VadLink, side: Side, wanted: Wanted) -> VadLink {
        let mut at = top;
        loop {
            let near = self.child(at, side);
            if wanted.fits_subtree(self.summary(near)) {
                at = near;
            } else if self.fits_before(at, wanted) {
                return at;
            } else {
                at = self.child(at, side.other());
            }
        }
    }

    fn fits_before(&self, vad: VadLink, wanted: Wanted) -> bool {
        wanted.fits_gap(self.index(vad).free_from(), self.node(vad).start().0)
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
