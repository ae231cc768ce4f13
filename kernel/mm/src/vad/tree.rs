//! Putting VADs into the tree, taking them out and changing their ends, with balance and index kept (V1 to V4).
//!
//! A change of the tree alters the subtree of every node above it, and a change of a VAD's end the gap before the next
//! one. Both are repaired upwards from where something changed, until a subtree is summed up as before.

use abi::cell::{Field, Link};

use super::index::{AfterChild, ENOUGH, Indexed, Summary};
use super::node::Side;
use super::{VadLink, VadTree};
use crate::layout::{GRANULARITY_PAGES, VirtualPage};
use crate::machine::Records;

/// A child of a node: which one stands there (null for none), and its summary before and after a change.
#[derive(Clone, Copy)]
struct Change {
    child: VadLink,
    old: Summary,
    new: Summary,
}

/// Where the gap after a VAD that ends at `end` starts: no gap starts below what a program may use.
pub(super) fn free_after(end: VirtualPage) -> u32 {
    (end.0 + 1).max(VirtualPage::LOWEST_USER.0)
}

impl<'a, R: Records> VadTree<'a, R> {
    /// Puts `vad`, initialised and in no tree, into this one. Its range must be free.
    pub fn insert(&self, vad: VadLink) {
        let start = self.node(vad).start();
        self.insert_below(vad, self.first_ending_from(start).unwrap_or(Link::NULL));
    }

    /// The same, where `after` is known to be the next VAD above (null for none). From there it is one step to the place of
    /// a new leaf: the left of `after`, or the right of the VAD before it.
    #[doc(alias = "MiInsertVad")]
    #[inline(always)]
    pub(crate) fn insert_below(&self, vad: VadLink, after: VadLink) {
        let own = self.at(vad);
        debug_assert!(self.first_ending_from(own.node.start()).unwrap_or(Link::NULL) == after, "V1");
        debug_assert!(after.is_null() || own.node.end() < self.node(after).start(), "V1");
        let free_behind = free_after(own.node.end());
        let (parent, slot, free_from) = match after.some() {
            Some(after) => self.place_below(after, free_behind),
            None => self.place_behind_all(),
        };
        own.node.child(Side::Left).set(Link::NULL);
        own.node.child(Side::Right).set(Link::NULL);
        own.node.parent.set(parent);
        slot.set(vad);
        own.index.set_free_from(free_from);
        let summary = own.sum(Summary::EMPTY, Summary::EMPTY);
        own.index.set_summary(summary);
        self.repair(parent, Change { child: vad, old: Summary::EMPTY, new: summary });
    }

    /// The empty place right below `after`, whose gap starts at `free_behind` from now on: its parent and link, and where the gap started.
    #[inline(always)]
    fn place_below(&self, after: VadLink, free_behind: u32) -> (VadLink, &'a Field<VadLink>, u32) {
        let next = self.at(after);
        let free_from = next.index.free_from();
        self.change_gap(after, free_behind, (free_from, free_behind));
        let left = next.node.child(Side::Left);
        match left.get().some() {
            None => (after, left, free_from),
            Some(subtree) => {
                let parent = self.outermost(subtree, Side::Right);
                (parent, self.node(parent).child(Side::Right), free_from)
            }
        }
    }

    /// The empty place above all: as [`Self::place_below`].
    #[inline(always)]
    fn place_behind_all(&self) -> (VadLink, &'a Field<VadLink>, u32) {
        match self.outermost(self.root.get(), Side::Right).some() {
            None => (Link::NULL, self.root, VirtualPage::LOWEST_USER.0),
            Some(last) => {
                let node = self.node(last);
                (last, node.child(Side::Right), free_after(node.end()))
            }
        }
    }

    /// Makes the gap before `vad` start at `free_from`, the one of `earliest` and `latest` where it did not start before. Nobody is told where it has
    /// [`ENOUGH`] room either way, nor where it is neither closed nor the largest of its subtree either way.
    #[inline(always)]
    fn change_gap(&self, vad: VadLink, free_from: u32, (earliest, latest): (u32, u32)) {
        let here = self.at(vad);
        let start = here.node.start().0;
        here.index.set_free_from(free_from);
        let is_large = start >= latest + (ENOUGH + GRANULARITY_PAGES);
        let is_small = start > latest && start - earliest < here.index.summary().room();
        if !is_large && !is_small {
            self.gap_changed(vad);
        }
    }

    /// Takes `vad` out of the tree it is in; the last page of the VAD below it and the next VAD above it. The node itself is
    /// left as it is, to be freed.
    #[doc(alias = "MiRemoveVad")]
    #[inline(always)]
    pub fn remove(&self, vad: VadLink) -> (Option<VirtualPage>, Option<VadLink>) {
        let own = self.at(vad);
        let next = self.next(vad);
        let after = next.unwrap_or(Link::NULL);
        let free_from = own.index.free_from();
        let (left, right) = (own.node.left_child(), own.node.right_child());
        if right.is_null() {
            if next.is_some() {
                self.change_gap(after, free_from, (free_from, free_after(own.node.end())));
            }
            // By V3 an only child is a leaf.
            let parent = self.replace(vad, left);
            self.repair(parent, Change { child: left, old: own.index.summary(), new: self.summary(left) });
        } else {
            if left.is_null() {
                // An only right child is `after`.
                self.replace(vad, right);
            } else {
                self.replace_by_next(vad, after);
            }
            // What stands summed up at this place.
            let index = self.index(after);
            index.set_free_from(free_from);
            index.set_summary(own.index.summary());
            self.sum_up_again(after);
        }
        // A gap from the lowest page on has nothing before it: no VAD ends below.
        ((free_from > VirtualPage::LOWEST_USER.0).then(|| VirtualPage(free_from - 1)), next)
    }

    /// Changes the range of `vad` to `start..=end`, which may take nothing from its neighbours.
    pub fn resize(&self, vad: VadLink, start: VirtualPage, end: VirtualPage) {
        let node = self.node(vad);
        node.starting_vpn.set(start.0);
        node.ending_vpn.set(end.0);
        self.gap_changed(vad);
        if let Some(after) = self.next(vad) {
            debug_assert!(self.node(after).start() > end, "V1");
            self.index(after).set_free_from(free_after(end));
            self.gap_changed(after);
        }
    }

    /// Puts `next`, the successor of `vad`, in the place of `vad`, which has two children.
    fn replace_by_next(&self, vad: VadLink, next: VadLink) {
        let (node, successor) = (self.node(vad), self.node(next));
        if successor.parent() != vad {
            let child = successor.right_child();
            let parent = self.replace(next, child);
            self.repair(parent, Change { child, old: self.summary(next), new: self.summary(child) });
            self.adopt(next, Side::Right, node.right_child());
        }
        self.adopt(next, Side::Left, node.left_child());
        self.replace(vad, next);
    }

    /// Makes the summaries from `from` (may be null) upwards true again after `change` of a child of it, rotating where heights
    /// differ by 2, until one is as it was.
    #[inline(always)]
    fn repair(&self, from: VadLink, change: Change) {
        // More often than not that is one node.
        if let Some((above, change)) = self.repair_node(from, change) {
            self.repair_above(above, change);
        }
    }

    #[inline(never)]
    fn repair_above(&self, from: VadLink, change: Change) {
        let mut next = Some((from, change));
        while let Some((at, change)) = next {
            next = self.repair_node(at, change);
        }
    }

    /// The same for the node `at` alone: what is to be repaired then, if anything is.
    #[inline(always)]
    fn repair_node(&self, at: VadLink, Change { child, old, new }: Change) -> Option<(VadLink, Change)> {
        let here = self.at_if_any(at)?;
        if old.height() == new.height() {
            self.pass_gaps_up(at, old, new);
            return None;
        }
        let before = here.index.summary();
        let after = match before.after_child(old, new) {
            AfterChild::Known(after) => Some(after),
            AfterChild::ButHeight(after) => after.above(new, self.summary(here.node.sibling_of(child))),
            AfterChild::Unknown => None,
        };
        let (top, after) = match after {
            Some(after) => {
                here.index.set_summary(after);
                (at, after)
            }
            None => self.balance(at, here),
        };
        (after != before).then(|| (self.node(top).parent(), Change { child: top, old: before, new: after }))
    }

    /// Sums up `vad`, of which anything may have changed, and what is above it.
    fn sum_up_again(&self, vad: VadLink) {
        let here = self.at(vad);
        let before = here.index.summary();
        let (top, after) = self.balance(vad, here);
        if after != before {
            self.repair(self.node(top).parent(), Change { child: top, old: before, new: after });
        }
    }

    /// The same where nothing but the gap before `vad` has changed.
    fn gap_changed(&self, vad: VadLink) {
        let here = self.at(vad);
        let before = here.index.summary();
        let after = self.with_gaps(here);
        if after != before {
            here.index.set_summary(after);
            self.pass_gaps_up(here.node.parent(), before, after);
        }
    }

    /// The summary of `here`, its gaps summed up again.
    #[inline(always)]
    fn with_gaps(&self, here: Indexed<'a>) -> Summary {
        let (left, right) = (self.summary(here.node.left_child()), self.summary(here.node.right_child()));
        here.index.summary().with_gaps(here.gap(), left, right)
    }

    /// Makes the summaries from `from` (may be null) upwards true again where only the gaps of a child of it changed, from those of `old` to those
    /// of `new`: no node becomes higher or lower by that.
    fn pass_gaps_up(&self, from: VadLink, old: Summary, new: Summary) {
        let (mut at, mut old, mut new) = (from, old, new);
        while let Some(here) = self.at_if_any(at) {
            let before = here.index.summary();
            let after = before.after_gaps(old, new).unwrap_or_else(|| self.with_gaps(here));
            if after == before {
                return;
            }
            here.index.set_summary(after);
            (at, old, new) = (here.node.parent(), before, after);
        }
    }

    /// Sums up `top` from its children, rotating first where one is too high. Returns what is on top then, and its summary.
    #[inline(always)]
    fn balance(&self, top: VadLink, here: Indexed<'a>) -> (VadLink, Summary) {
        let left = self.summary(here.node.left_child());
        let right = self.summary(here.node.right_child());
        if left.height() > right.height() + 1 {
            return self.lower(top, Side::Right, right);
        }
        if right.height() > left.height() + 1 {
            return self.lower(top, Side::Left, left);
        }
        let summary = here.sum(left, right);
        here.index.set_summary(summary);
        (top, summary)
    }

    /// Lowers `top` toward `side`, where its subtree `low` is too low, by one or two rotations. Returns what is on top
    /// then, and its summary.
    #[inline(never)]
    fn lower(&self, top: VadLink, side: Side, low: Summary) -> (VadLink, Summary) {
        let child = self.child(top, side.other());
        let outer = self.summary(self.child(child, side.other()));
        let inner = self.child(child, side);
        if self.summary(inner).height() <= outer.height() {
            let moved = self.summary(inner);
            self.rotate(top, child, side);
            let top = self.sum_up(top, low, moved);
            return (child, self.sum_up(child, outer, top));
        }
        let (to_child, to_top) = (self.summary(self.child(inner, side.other())), self.summary(self.child(inner, side)));
        self.rotate(child, inner, side.other());
        self.rotate(top, inner, side);
        let child = self.sum_up(child, outer, to_child);
        let top = self.sum_up(top, low, to_top);
        (inner, self.sum_up(inner, child, top))
    }

    /// Lowers `top` toward `side` and raises its other child, `risen`, in its place.
    fn rotate(&self, top: VadLink, risen: VadLink, side: Side) {
        self.replace(top, risen);
        self.adopt(top, side.other(), self.child(risen, side));
        self.adopt(risen, side, top);
    }

    /// Sums up `vad` over its subtrees `one` and `other`.
    fn sum_up(&self, vad: VadLink, one: Summary, other: Summary) -> Summary {
        let here = self.at(vad);
        let summary = here.sum(one, other);
        here.index.set_summary(summary);
        summary
    }

    /// Makes `child` (may be null) the child of `parent` at `side`.
    fn adopt(&self, parent: VadLink, side: Side, child: VadLink) {
        self.node(parent).child(side).set(child);
        if !child.is_null() {
            self.node(child).parent.set(parent);
        }
    }

    /// Puts `new` (may be null) where `old` hangs. Returns the parent of that place.
    #[inline(always)]
    fn replace(&self, old: VadLink, new: VadLink) -> VadLink {
        let parent = self.node(old).parent();
        let is_left = !parent.is_null() && self.child(parent, Side::Left) == old;
        self.slot(parent, if is_left { Side::Left } else { Side::Right }).set(new);
        if !new.is_null() {
            self.node(new).parent.set(parent);
        }
        parent
    }

    /// The link that leads to the child of `parent` at `side`, or to the root where `parent` is null.
    fn slot(&self, parent: VadLink, side: Side) -> &'a Field<VadLink> {
        match parent.some() {
            Some(parent) => self.node(parent).child(side),
            None => self.root,
        }
    }
}
