//! The audit of a VAD tree.

use abi::cell::Link;

use super::index::{Indexed, Summary};
use super::node::Side;
use super::tree::free_after;
use super::{VadLink, VadTree};
use crate::layout::VirtualPage;
use crate::machine::Records;

/// A number of VADs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct VadCount(pub u32);

/// Which invariant a tree breaks, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VadCorruption {
    /// V1: ends before it starts or above what a VAD may cover, or does not start above the end of the VAD before it.
    Misplaced(VadLink),
    /// V2: `Parent` does not name the node that has it as a child.
    WrongParent(VadLink),
    /// V3: one subtree is higher than the other by 2 or more.
    Unbalanced(VadLink),
    /// V4: the index is not what it is derived from.
    WrongIndex(VadLink),
}

impl<'a, R: Records> VadTree<'a, R> {
    /// Checks V1 to V4 at every node and counts them.
    ///
    /// It ends on any tree: a child is entered only if it names its parent, so no node is entered from two others,
    /// and one that was left is not entered again without breaking the order.
    ///
    /// # Errors
    /// The first [`VadCorruption`] met in order of address.
    pub fn verify(&self) -> Result<VadCount, VadCorruption> {
        let mut count = VadCount(0);
        let mut free_from = VirtualPage::LOWEST_USER.0;
        let mut least = VirtualPage(0);
        let mut at = self.verified_descent(Link::NULL, self.root.get())?;
        while !at.is_null() {
            let node = self.node(at);
            if node.start() < least || node.end() < node.start() || node.end() > VirtualPage::HIGHEST_VAD {
                return Err(VadCorruption::Misplaced(at));
            }
            self.verify_index(at, free_from)?;
            (free_from, least) = (free_after(node.end()), VirtualPage(node.end().0 + 1));
            count.0 += 1;
            at = match node.right_child().some() {
                Some(right) => self.verified_descent(at, right)?,
                None => self.next(at).unwrap_or(Link::NULL),
            };
        }
        Ok(count)
    }

    /// The leftmost node of the subtree `top` below `parent`, V2 checked on the way down.
    fn verified_descent(&self, parent: VadLink, top: VadLink) -> Result<VadLink, VadCorruption> {
        let (mut above, mut at) = (parent, top);
        while !at.is_null() {
            if self.node(at).parent() != above {
                return Err(VadCorruption::WrongParent(at));
            }
            (above, at) = (at, self.child(at, Side::Left));
        }
        Ok(if top.is_null() { top } else { above })
    }

    /// Checks V3 and V4 of one node against its children's summaries: what holds at every node holds of the tree.
    fn verify_index(&self, vad: VadLink, free_from: u32) -> Result<(), VadCorruption> {
        let Indexed { node, index } = self.at(vad);
        let left = self.summary(node.left_child());
        let right = self.summary(node.right_child());
        if left.height().abs_diff(right.height()) > 1 {
            return Err(VadCorruption::Unbalanced(vad));
        }
        let summary = Summary::of(free_from, node.start().0, left, right);
        if index.free_from() != free_from || index.summary() != summary {
            return Err(VadCorruption::WrongIndex(vad));
        }
        Ok(())
    }
}
