//! The index behind a VAD: its height in the tree, the gaps of its subtree, and where its write watch is or what protects all of it.
//!
//! It stands in the pool block of the node, past the NT structure, and holds nothing that could not be found again by
//! walking the tree, the process's `PhysicalVadList`, or the page tables.

use abi::assert_layout;
use abi::cell::{Field, Link, Record};

use super::VadLink;
use super::node::{MmvadLong, MmvadShort};
use crate::layout::GRANULARITY_PAGES;
use crate::machine::Records;
use crate::protection::Protection;
use crate::virtual_memory::PhysicalView;

/// What stands behind a node: derived from the tree, so that nothing is searched twice.
#[repr(C)]
#[derive(Debug)]
pub struct VadIndex {
    summary: Field<u32>,
    free_from: Field<u32>,
    /// With WriteWatch where what is watched is (Q1), else the code of the protection that all pages have (M4), or 0.
    pages: Field<u32>,
}
impl Record for VadIndex {}
assert_layout!(VadIndex, 0xC, { summary: 0, free_from: 4, pages: 8 });

impl VadIndex {
    /// What the subtree below and with the node has.
    #[inline]
    pub(super) fn summary(&self) -> Summary {
        Summary(self.summary.get())
    }

    #[inline]
    pub(super) fn set_summary(&self, summary: Summary) {
        self.summary.set(summary.0);
    }

    /// The page after the VAD before this one, or the lowest a program may use: where the gap before the node starts.
    #[inline]
    pub(super) fn free_from(&self) -> u32 {
        self.free_from.get()
    }

    #[inline]
    pub(super) fn set_free_from(&self, page: u32) {
        self.free_from.set(page);
    }

    /// Where what is watched of the node's pages is kept (Q1).
    pub(super) fn physical_view(&self) -> Link<PhysicalView> {
        Link::new(self.pages.get())
    }

    pub(super) fn set_physical_view(&self, view: Link<PhysicalView>) {
        self.pages.set(view.address());
    }

    /// The protection of all the node's pages, which are not watched, or [`Protection::ZERO`] (M4).
    #[inline(always)]
    pub(super) fn even_protection(&self) -> Protection {
        Protection::from_code(self.pages.get())
    }

    #[inline(always)]
    pub(super) fn set_even_protection(&self, protection: Protection) {
        self.pages.set(protection.code());
    }
}

/// A VAD's pool block: room for the largest form, so that the index stands at one place whatever the form is.
#[repr(C)]
pub(super) struct VadBlock {
    form: MmvadLong,
    index: VadIndex,
}
impl Record for VadBlock {}
assert_layout!(VadBlock, 0x40, { form: 0, index: 0x34 });

/// A node of the tree with its index: what every step of a walk needs.
#[derive(Clone, Copy)]
pub(super) struct Indexed<'a> {
    pub(super) node: &'a MmvadShort,
    pub(super) index: &'a VadIndex,
}

impl<'a> Indexed<'a> {
    /// The node at `vad`.
    #[inline(always)]
    pub(super) fn at(records: &'a impl Records, vad: VadLink) -> Self {
        Self::of(records.record(vad.cast::<VadBlock>()))
    }

    /// The node at `vad`, which may be null.
    #[inline(always)]
    pub(super) fn at_if_any(records: &'a impl Records, vad: VadLink) -> Option<Self> {
        records.record_if_any(vad.cast::<VadBlock>()).map(Self::of)
    }

    #[inline(always)]
    fn of(block: &'a VadBlock) -> Self {
        Self { node: &block.form.mapped.short, index: &block.index }
    }

    /// What the gap before it has.
    #[inline(always)]
    pub(super) fn gap(self) -> Summary {
        Summary::of_gap(self.index.free_from(), self.node.start().0)
    }

    /// Its summary, were its subtrees summed up as `left` and `right`.
    #[inline(always)]
    pub(super) fn sum(self, left: Summary, right: Summary) -> Summary {
        Summary::of(self.index.free_from(), self.node.start().0, left, right)
    }
}

/// What a subtree has, in one word: over the gaps before its nodes the largest room in bits 12-31 (pages), [`ENOUGH`] where it is larger, and
/// in bit 5 whether there is a hole; its height in bits 0-4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Summary(u32);

/// What [`Summary::after_child`] tells.
#[derive(Clone, Copy)]
pub(super) enum AfterChild {
    /// The summary.
    Known(Summary),
    /// All but the height: see [`Summary::above`].
    ButHeight(Summary),
    /// Something went that only the child may have had.
    Unknown,
}

/// No room is told from a larger one from here on (16 MB, in pages): most of an address space is one gap, and what is taken from it or given back
/// changes nothing then in all the nodes above. A process has no more than 127 such gaps to look into.
pub(super) const ENOUGH: u32 = 0x1000;

impl Summary {
    /// No node.
    pub(super) const EMPTY: Self = Self(0);

    const ROOM: u32 = u32::MAX << 12;
    const HOLE: u32 = 1 << 5;
    const HEIGHT: u32 = 0x1F;

    /// A node with the gap `free_from..start` before it, over its subtrees.
    #[inline]
    pub(super) fn of(free_from: u32, start: u32, left: Self, right: Self) -> Self {
        let height = Self(1 + left.height().max(right.height()));
        height.with_gaps(Self::of_gap(free_from, start), left, right)
    }

    /// What the gap `free_from..start` alone has.
    #[inline(always)]
    pub(super) fn of_gap(free_from: u32, start: u32) -> Self {
        Self(if start > free_from { room(free_from, start).min(ENOUGH) << 12 | Self::HOLE } else { 0 })
    }

    /// What can be told of the summary of a subtree after the one of a child went from `old` to `new`, which differ in height, without looking at
    /// the gap before its top.
    #[inline(always)]
    pub(super) fn after_child(self, old: Self, new: Self) -> AfterChild {
        let gaps = if old.has_gaps_of(new) { Some(self) } else { self.after_gaps(old, new) };
        match gaps {
            // Higher, but not as the sibling is.
            Some(gaps) if new.height() > old.height() && new.height() < self.height() => AfterChild::Known(gaps),
            Some(gaps) => AfterChild::ButHeight(gaps),
            None => AfterChild::Unknown,
        }
    }

    /// This with the height of a node over subtrees as high as `one` and `other`, if no rotation is due.
    #[inline(always)]
    pub(super) fn above(self, one: Self, other: Self) -> Option<Self> {
        let (one, other) = (one.height(), other.height());
        let difference = (one + 1).wrapping_sub(other);
        (difference <= 2).then(|| Self(self.0 & !Self::HEIGHT | (1 + one.max(other))))
    }

    /// The summary of a subtree after nothing but the gaps of a child went from those of `old` to those of `new`, if that can be told without looking
    /// at the rest: nothing went that only the child may have had.
    #[inline(always)]
    pub(super) const fn after_gaps(self, old: Self, new: Self) -> Option<Self> {
        let shrunk = new.room() < old.room() && old.room() == self.room();
        let closed = old.0 & !new.0 & Self::HOLE != 0;
        if shrunk || closed {
            return None;
        }
        let room = if new.room() > self.room() { new.0 } else { self.0 };
        Some(Self(room & Self::ROOM | self.0 & !Self::ROOM | new.0 & Self::HOLE))
    }

    /// Whether room and hole are those of `other`.
    #[inline(always)]
    pub(super) const fn has_gaps_of(self, other: Self) -> bool {
        (self.0 ^ other.0) & !Self::HEIGHT == 0
    }

    /// This, with the gaps of the three, its own and those of its children.
    #[inline(always)]
    pub(super) fn with_gaps(self, own: Self, left: Self, right: Self) -> Self {
        // The room stands on top, so the largest word has the largest room.
        let room = own.0.max(left.0).max(right.0) & Self::ROOM;
        let hole = (own.0 | left.0 | right.0) & Self::HOLE;
        Self(room | hole | self.height())
    }

    /// Nodes on the longest path down.
    #[inline]
    pub(super) const fn height(self) -> u32 {
        self.0 & Self::HEIGHT
    }

    /// Whether a gap has a page at all.
    #[inline]
    pub(super) const fn has_hole(self) -> bool {
        self.0 & Self::HOLE != 0
    }

    /// The largest room, in pages, or [`ENOUGH`].
    #[inline]
    pub(super) const fn room(self) -> u32 {
        self.0 >> 12
    }
}

/// Pages of the gap `free_from..start` from its first 64 KB boundary on: what fits it with an aligned start.
#[inline]
pub(super) const fn room(free_from: u32, start: u32) -> u32 {
    start.saturating_sub(free_from.next_multiple_of(GRANULARITY_PAGES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_the_best_of_its_three_gaps() {
        let of = |free_from, start, left, right| {
            let summary = Summary::of(free_from, start, left, right);
            (summary, (summary.height(), summary.has_hole(), summary.room()))
        };
        let (leaf, parts) = of(0x11, 0x30, Summary::EMPTY, Summary::EMPTY);
        assert_eq!(parts, (1, true, 0x10));
        let (wide, parts) = of(0x30, 0x7_FFDF, leaf, Summary::EMPTY);
        assert_eq!(parts, (2, true, ENOUGH));
        assert_eq!(of(0x30, 0x102F, leaf, Summary::EMPTY).1, (2, true, 0xFFF));
        assert_eq!(of(0x42, 0x42, leaf, wide).1, (3, true, ENOUGH));
        assert_eq!(of(0x41, 0x42, Summary::EMPTY, Summary::EMPTY).1, (1, true, 0));
        assert_eq!(of(0x42, 0x42, Summary::EMPTY, Summary::EMPTY).1, (1, false, 0));
    }

    #[test]
    fn a_childs_change_is_either_added_up_rightly_or_not_at_all() {
        let gaps = [(0x10, 0x10), (0x11, 0x1F), (0x10, 0x20), (0x10, 0x21), (0x10, 0x80)];
        let leaves = gaps.map(|(from, start)| Summary::of(from, start, Summary::EMPTY, Summary::EMPTY));
        let higher = leaves.map(|leaf| Summary::of(0x10, 0x10, leaf, Summary::EMPTY));
        let children: Vec<_> = leaves.into_iter().chain(higher).chain([Summary::EMPTY]).collect();
        let (mut told, mut all) = (0, 0);
        for (from, start) in gaps {
            for &sibling in &children {
                for &old in children.iter().filter(|old| old.height().abs_diff(sibling.height()) <= 1) {
                    for &new in children.iter().filter(|new| new.height().abs_diff(old.height()) <= 1) {
                        let parent = |child| Summary::of(from, start, child, sibling);
                        let after = match old.height() == new.height() {
                            true => parent(old).after_gaps(old, new),
                            false => match parent(old).after_child(old, new) {
                                AfterChild::Known(after) => Some(after),
                                AfterChild::ButHeight(after) => after.above(new, sibling),
                                AfterChild::Unknown => None,
                            },
                        };
                        if let Some(after) = after {
                            assert_eq!(after, parent(new));
                            assert!(new.height().abs_diff(sibling.height()) <= 1, "no rotation was missed");
                            told += 1;
                        }
                        all += 1;
                    }
                }
            }
        }
        assert!(told * 3 > all, "{told} of {all}");
    }
}
