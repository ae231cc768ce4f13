//! Finding VADs: by page, by range, in order of address.

use abi::cell::Link;

use super::node::{MmvadShort, Side};
use super::{VadLink, VadTree};
use crate::layout::VirtualPage;
use crate::machine::Records;

impl<'a, R: Records> VadTree<'a, R> {
    /// The VAD over `page`.
    #[doc(alias = "MiLocateAddress")]
    pub fn find(&self, page: VirtualPage) -> Option<VadLink> {
        let mut at = self.root.get();
        while let Some(node) = self.records.record_if_any(at.cast::<MmvadShort>()) {
            if page < node.start() {
                at = node.left_child();
            } else if page > node.end() {
                at = node.right_child();
            } else {
                return Some(at);
            }
        }
        None
    }

    /// The lowest VAD whose last page is `page` or higher.
    pub fn first_ending_from(&self, page: VirtualPage) -> Option<VadLink> {
        self.nearest(Side::Right, |node| node.end() >= page)
    }

    /// The highest VAD whose first page is `page` or lower.
    pub fn last_starting_to(&self, page: VirtualPage) -> Option<VadLink> {
        self.nearest(Side::Left, |node| node.start() <= page)
    }

    /// The VAD at the lowest addresses.
    #[doc(alias = "MiGetFirstVad")]
    pub fn first(&self) -> Option<VadLink> {
        self.outermost(self.root.get(), Side::Left).some()
    }

    /// The VAD at the highest addresses.
    pub fn last(&self) -> Option<VadLink> {
        self.outermost(self.root.get(), Side::Right).some()
    }

    /// The VAD above `vad`.
    #[doc(alias = "MiGetNextVad")]
    #[inline(always)]
    pub fn next(&self, vad: VadLink) -> Option<VadLink> {
        self.neighbour(vad, Side::Right)
    }

    /// The VAD below `vad`.
    #[doc(alias = "MiGetPreviousVad")]
    pub fn previous(&self, vad: VadLink) -> Option<VadLink> {
        self.neighbour(vad, Side::Left)
    }

    /// All VADs by ascending address. The tree may not change meanwhile.
    pub fn iter(self) -> impl Iterator<Item = VadLink> {
        core::iter::successors(self.first(), move |&vad| self.next(vad))
    }

    /// The first of the nodes for which `beyond` holds, in the direction `toward`: it holds for all nodes from that one on.
    fn nearest(&self, toward: Side, beyond: impl Fn(&MmvadShort) -> bool) -> Option<VadLink> {
        let (mut at, mut found) = (self.root.get(), None);
        while let Some(vad) = at.some() {
            let node = self.node(vad);
            if beyond(node) {
                found = Some(vad);
                at = node.child(toward.other()).get();
            } else {
                at = node.child(toward).get();
            }
        }
        found
    }

    /// The last node of the subtree `top` toward `side`; null where the subtree is empty.
    pub(super) fn outermost(&self, top: VadLink, side: Side) -> VadLink {
        let (mut at, mut below) = (Link::NULL, top);
        while !below.is_null() {
            at = below;
            below = self.child(at, side);
        }
        at
    }

    #[inline(always)]
    fn neighbour(&self, vad: VadLink, toward: Side) -> Option<VadLink> {
        let node = self.node(vad);
        if let Some(subtree) = node.child(toward).get().some() {
            return self.outermost(subtree, toward.other()).some();
        }
        let (mut child, mut parent) = (vad, node.parent());
        while !parent.is_null() && self.child(parent, toward) == child {
            (child, parent) = (parent, self.node(parent).parent());
        }
        parent.some()
    }
}
