//! Putting VADs into the tree, taking them out and changing their ends, with balance and index kept (V1 to V4).
//!
//! A change of the tree alters the subtree of every node above it, and a change of a VAD's end the gap before the next
//! one. Both are repaired upwards from where something changed, until a subtree is summed up as before.

use abi::cell::{Field, Link};

use super::index::{ENOUGH, Indexed, Summary};
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

impl Change {
    /// None but in the gap before the node itself.
    const NONE: Self = Self { child: Link::NULL, old: Summary::EMPTY, new: Summary::EMPTY };
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
    pub(crate) fn insert_below(&self, vad: VadLink, after: VadLink) {
        let own = self.at(vad);
        debug_assert!(self.first_ending_from(own.node.start()).unwrap_or(Link::NULL) == after, "V1");
        debug_assert!(after.is_null() || own.node.end() < self.node(after).start(), "V1");
        let free_behind = free_after(own.node.end());
        let (parent, slot, free_from, through) = match after.some() {
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
        self.repair(parent, Change { child: vad, old: Summary::EMPTY, new: summary }, through);
    }

    /// The empty place right below `after`, whose gap starts at `free_behind` from now on: its parent and link, where the gap started, and what
    /// [`Self::change_gap`] tells.
    #[inline(always)]
    fn place_below(&self, after: VadLink, free_behind: u32) -> (VadLink, &'a Field<VadLink>, u32, VadLink) {
        let next = self.at(after);
        let free_from = next.index.free_from();
        let through = self.change_gap(after, free_behind, free_behind);
        let left = next.node.child(Side::Left);
        match left.get().some() {
            None => (after, left, free_from, through),
            Some(subtree) => {
                let parent = self.outermost(subtree, Side::Right);
                (parent, self.node(parent).child(Side::Right), free_from, through)
            }
        }
    }

    /// The empty place above all: as [`Self::place_below`].
    #[inline(always)]
    fn place_behind_all(&self) -> (VadLink, &'a Field<VadLink>, u32, VadLink) {
        match self.outermost(self.root.get(), Side::Right).some() {
            None => (Link::NULL, self.root, VirtualPage::LOWEST_USER.0, Link::NULL),
            Some(last) => {
                let node = self.node(last);
                (last, node.child(Side::Right), free_after(node.end()), Link::NULL)
            }
        }
    }

    /// Makes the gap before `vad` start at `free_from`. `vad`, or null where it has [`ENOUGH`] room before and after, being so large even from
    /// `latest` on: then nobody is told anything else of it.
    #[inline(always)]
    fn change_gap(&self, vad: VadLink, free_from: u32, latest: u32) -> VadLink {
        let here = self.at(vad);
        here.index.set_free_from(free_from);
        let is_large = here.node.start().0 >= latest + (ENOUGH + GRANULARITY_PAGES);
        if is_large { Link::NULL } else { vad }
    }

    /// Takes `vad` out of the tree it is in; the last page of the VAD below it and the next VAD above it. The node itself is
    /// left as it is, to be freed.
    #[doc(alias = "MiRemoveVad")]
    #[inline]
    pub fn remove(&self, vad: VadLink) -> (Option<VirtualPage>, Option<VadLink>) {
        let own = self.at(vad);
        let next = self.next(vad);
        let after = next.unwrap_or(Link::NULL);
        let free_from = own.index.free_from();
        let through =
            after.some().map_or(Link::NULL, |after| self.change_gap(after, free_from, free_after(own.node.end())));
        let (left, right) = (own.node.left_child(), own.node.right_child());
        if right.is_null() {
            // By V3 an only child is a leaf.
            let parent = self.replace(vad, left);
            let change = Change { child: left, old: own.index.summary(), new: self.summary(left) };
            self.repair(parent, change, through);
        } else if left.is_null() {
            // An only right child is `after`.
            self.replace(vad, right);
            self.index(after).set_summary(own.index.summary());
            self.repair(after, Change::NONE, after);
        } else {
            self.replace_by_next(vad, after);
        }
        // A gap from the lowest page on has nothing before it: no VAD ends below.
        ((free_from > VirtualPage::LOWEST_USER.0).then(|| VirtualPage(free_from - 1)), next)
    }

    /// Changes the range of `vad` to `start..=end`, which may take nothing from its neighbours.
    pub fn resize(&self, vad: VadLink, start: VirtualPage, end: VirtualPage) {
        let node = self.node(vad);
        node.starting_vpn.set(start.0);
        node.ending_vpn.set(end.0);
        self.repair(vad, Change::NONE, vad);
        if let Some(after) = self.next(vad) {
            debug_assert!(self.node(after).start() > end, "V1");
            self.index(after).set_free_from(free_after(end));
            self.repair(after, Change::NONE, after);
        }
    }

    /// Puts `next`, the successor of `vad`, in the place of `vad`, which has two children.
    fn replace_by_next(&self, vad: VadLink, next: VadLink) {
        let (node, successor) = (self.node(vad), self.node(next));
        let parent = successor.parent();
        let (from, change) = if parent == vad {
            (next, Change::NONE)
        } else {
            let child = successor.right_child();
            let change = Change { child, old: self.summary(next), new: self.summary(child) };
            self.replace(next, child);
            self.adopt(next, Side::Right, node.right_child());
            (parent, change)
        };
        self.adopt(next, Side::Left, node.left_child());
        self.replace(vad, next);
        // What stands summed up at this place.
        self.index(next).set_summary(self.index(vad).summary());
        self.repair(from, change, next);
    }

    /// Makes the summaries from `from` (may be null) upwards true again after `change` of a child of it or of the gap before it,
    /// rotating where heights differ by 2, until one is as it was. It goes at least as far as `through` (null for nobody),
    /// which stands on the way to the root and whose own gap has changed.
    fn repair(&self, from: VadLink, change: Change, through: VadLink) {
        let (mut at, mut change, mut through) = (from, change, through);
        while let Some(here) = self.at_if_any(at) {
            let before = here.index.summary();
            let told = if at == through {
                through = Link::NULL;
                None
            } else {
                before.after_child(change.old, change.new, || self.summary(here.node.sibling_of(change.child)))
            };
            let (top, after) = match told {
                Some(after) => {
                    here.index.set_summary(after);
                    (at, after)
                }
                None => self.balance(at, here),
            };
            let parent = self.node(top).parent();
            if through.is_null() {
                if after == before {
                    return;
                }
                if before.differs_in_room(after) {
                    return self.pass_room_up(parent, before, after);
                }
            }
            (at, change) = (parent, Change { child: top, old: before, new: after });
        }
    }

    /// The same where only the room of a child of `from` changed, from that of `old` to that of `new`: no node becomes higher or lower by that.
    fn pass_room_up(&self, from: VadLink, old: Summary, new: Summary) {
        let mut at = from;
        if new.room() > old.room() {
            while let Some(here) = self.at_if_any(at) {
                let before = here.index.summary();
                if new.room() <= before.room() {
                    return;
                }
                here.index.set_summary(before.with_room_of(new));
                at = here.node.parent();
            }
            return;
        }
        let mut lost = old;
        while let Some(here) = self.at_if_any(at) {
            let before = here.index.summary();
            if lost.room() < before.room() {
                return;
            }
            let (left, right) = (self.summary(here.node.left_child()), self.summary(here.node.right_child()));
            let after = before.with_room_of(here.gap().largest(left).largest(right));
            if after == before {
                return;
            }
            here.index.set_summary(after);
            (at, lost) = (here.node.parent(), before);
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
