//! Putting VADs into the tree, taking them out and changing their ends, with balance and index kept (V1 to V4).
//!
//! A change of the tree alters the subtree of every node above it, and a change of a VAD's end the gap before the next
//! one. Both are repaired upwards from where something changed, until a subtree is summed up as before.

use abi::cell::{Field, Link};

use super::index::{Summary, VadIndex};
use super::node::{MmvadShort, Side};
use super::{VadLink, VadTree};
use crate::layout::VirtualPage;
use crate::machine::Records;

/// Where the gap after a VAD that ends at `end` starts: no gap starts below what a program may use.
pub(super) fn free_after(end: VirtualPage) -> u32 {
    (end.0 + 1).max(VirtualPage::LOWEST_USER.0)
}

impl<'a, R: Records> VadTree<'a, R> {
    /// Puts `vad`, initialised and in no tree, into this one. Its range must be free.
    #[doc(alias = "MiInsertVad")]
    pub fn insert(&self, vad: VadLink) {
        let node = self.node(vad);
        debug_assert!(self.first_overlapping(node.start(), node.end()).is_none(), "V1");
        let (mut parent, mut side) = (Link::NULL, Side::Left);
        let (mut before, mut after) = (Link::NULL, Link::NULL);
        let mut at = self.root.get();
        while !at.is_null() {
            (parent, side) = (at, if node.start() < self.node(at).start() { Side::Left } else { Side::Right });
            match side {
                Side::Left => after = at,
                Side::Right => before = at,
            }
            at = self.child(at, side);
        }
        node.child(Side::Left).set(Link::NULL);
        node.child(Side::Right).set(Link::NULL);
        node.parent.set(parent);
        self.slot(parent, side).set(vad);
        self.divide_gap(before, vad, after);
        self.repair(parent);
        self.repair(after);
    }

    /// Takes `vad` out of the tree it is in. The node itself is left as it is, to be freed.
    #[doc(alias = "MiRemoveVad")]
    pub fn remove(&self, vad: VadLink) {
        let node = self.node(vad);
        let after = self.next(vad).unwrap_or(Link::NULL);
        if !after.is_null() {
            self.index(after).set_free_from(self.index(vad).free_from());
        }
        let (left, right) = (node.left_child(), node.right_child());
        if left.is_null() || right.is_null() {
            // By V3 an only child is a leaf; an only right child is `after`, and repaired as such.
            let child = if left.is_null() { right } else { left };
            self.repair(self.replace(vad, child));
        } else {
            self.replace_by_next(vad, after);
        }
        self.repair(after);
    }

    /// Changes the range of `vad` to `start..=end`, which may take nothing from its neighbours.
    pub fn resize(&self, vad: VadLink, start: VirtualPage, end: VirtualPage) {
        let node = self.node(vad);
        node.starting_vpn.set(start.0);
        node.ending_vpn.set(end.0);
        self.repair(vad);
        if let Some(after) = self.next(vad) {
            debug_assert!(self.node(after).start() > end, "V1");
            self.index(after).set_free_from(free_after(end));
            self.repair(after);
        }
    }

    /// Writes the index of `vad`, a new leaf between `before` and `after` (either may be null), and what it leaves of
    /// the gap before `after`.
    fn divide_gap(&self, before: VadLink, vad: VadLink, after: VadLink) {
        let node = self.node(vad);
        let free_from = match before.some() {
            Some(before) => free_after(self.node(before).end()),
            None => VirtualPage::LOWEST_USER.0,
        };
        let index = self.index(vad);
        index.set_free_from(free_from);
        index.set_summary(Summary::of(free_from, node.start().0, Summary::EMPTY, Summary::EMPTY));
        if !after.is_null() {
            self.index(after).set_free_from(free_after(node.end()));
        }
    }

    /// Puts `next`, the successor of `vad`, in the place of `vad`, which has two children. Only the summary of `next` is
    /// left to repair.
    fn replace_by_next(&self, vad: VadLink, next: VadLink) {
        let (node, successor) = (self.node(vad), self.node(next));
        let parent = successor.parent();
        if parent != vad {
            self.replace(next, successor.right_child());
            self.adopt(next, Side::Right, node.right_child());
        }
        self.adopt(next, Side::Left, node.left_child());
        self.replace(vad, next);
        // What stands summed up at this place.
        self.index(next).set_summary(self.index(vad).summary());
        if parent != vad {
            self.repair(parent);
        }
    }

    /// Makes the summaries from `from` (may be null) upwards true again after its subtrees or the gap before it changed,
    /// rotating where heights differ by 2, until one is as it was.
    fn repair(&self, from: VadLink) {
        let (mut at, mut child) = (from, None);
        while !at.is_null() {
            let (node, index) = (self.node(at), self.index(at));
            let before = index.summary();
            let (after, parent) = match child.and_then(|(old, new)| before.after_child(old, new)) {
                Some(after) => {
                    index.set_summary(after);
                    (after, node.parent())
                }
                None => self.balance(at, node, index),
            };
            if after == before {
                return;
            }
            (at, child) = (parent, Some((before, after)));
        }
    }

    /// Sums up `top` from its children, rotating first where one is too high. Returns the summary of what is on top
    /// then, and its parent.
    #[inline]
    fn balance(&self, top: VadLink, node: &MmvadShort, index: &VadIndex) -> (Summary, VadLink) {
        let left = self.summary(node.left_child());
        let right = self.summary(node.right_child());
        if left.height() > right.height() + 1 {
            return self.lower(top, Side::Right, right);
        }
        if right.height() > left.height() + 1 {
            return self.lower(top, Side::Left, left);
        }
        let summary = Summary::of(index.free_from(), node.start().0, left, right);
        index.set_summary(summary);
        (summary, node.parent())
    }

    /// Lowers `top` toward `side`, where its subtree `low` is too low, by one or two rotations. Returns the summary of
    /// what is on top then, and its parent.
    #[inline(never)]
    fn lower(&self, top: VadLink, side: Side, low: Summary) -> (Summary, VadLink) {
        let child = self.child(top, side.other());
        let outer = self.summary(self.child(child, side.other()));
        let inner = self.child(child, side);
        if self.summary(inner).height() <= outer.height() {
            let moved = self.summary(inner);
            let parent = self.rotate(top, child, side);
            let top = self.sum_up(top, low, moved);
            return (self.sum_up(child, outer, top), parent);
        }
        let (to_child, to_top) = (self.summary(self.child(inner, side.other())), self.summary(self.child(inner, side)));
        self.rotate(child, inner, side.other());
        let parent = self.rotate(top, inner, side);
        let child = self.sum_up(child, outer, to_child);
        let top = self.sum_up(top, low, to_top);
        (self.sum_up(inner, child, top), parent)
    }

    /// Lowers `top` toward `side` and raises its other child, `risen`, in its place. Returns the parent of that place.
    fn rotate(&self, top: VadLink, risen: VadLink, side: Side) -> VadLink {
        let parent = self.replace(top, risen);
        self.adopt(top, side.other(), self.child(risen, side));
        self.adopt(risen, side, top);
        parent
    }

    /// Sums up `vad` over its subtrees `one` and `other`.
    fn sum_up(&self, vad: VadLink, one: Summary, other: Summary) -> Summary {
        let index = self.index(vad);
        let summary = Summary::of(index.free_from(), self.node(vad).start().0, one, other);
        index.set_summary(summary);
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
