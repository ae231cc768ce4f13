//! Virtual address descriptors: which ranges of a process's address space are taken, and by what.
//!
//! NT decides what an address means from two sources: a page-table entry where there is one, and the VAD over the page
//! where there is none. So an empty address space needs no page tables, and reserving a gigabyte costs one node. The VADs
//! of a process form a binary search tree whose root is `EPROCESS.VadRoot`; the nodes have XP's layout and stand in
//! nonpaged pool under the tags by which tools know them ([`node`]).
//!
//! XP's tree of this layout keeps itself in shape by rotating what was used last. This one is an AVL tree, so that nothing
//! a program does makes a search long. Balance, and what makes the search for a free range fast, is a derived
//! [index](index::VadIndex) behind each node in the same pool block; no bit of an NT field is borrowed for it.
//!
//! * **V1** Every node has `StartingVpn <= EndingVpn <= 7FFDF`, and in tree order each starts above the end of the one
//!   before: ordered and disjoint.
//! * **V2** `Parent` of each child names its parent, and the root's is null.
//! * **V3** The heights of the two subtrees of a node differ by 1 at most.
//! * **V4** The index of each node is what its children's indexes and the end of the node before it give.
//!
//! Nothing here recurses or allocates; all of it is O(log n) in the number of VADs, but for walks over all of them and
//! [`VadTree::verify`], which checks V1 to V4.
//!
//! Lock: the address-space lock of the process guards root, links, ranges and indexes.
//!
//! Source: symbol types `_MMVAD_SHORT`, `_MMVAD`, `_MMVAD_LONG` of XP SP3; Adelson-Velsky and Landis for the balance.

mod flags;
mod gaps;
pub mod index;
pub mod node;
mod tree;
mod verify;
mod walk;

pub use flags::{VadFlags, VadFlags2};
pub use gaps::{Alignment, Room};
pub use node::{Mmvad, MmvadLong, MmvadShort, Vad, VadForm};
pub use verify::{VadCorruption, VadCount};

use abi::cell::{Field, Link};
use abi::nt::process::VadNode;

use crate::machine::Records;
use crate::protection::Protection;
use crate::virtual_memory::PhysicalView;
use index::{Indexed, Summary, VadIndex};
use node::Side;

/// Names a VAD of any form.
pub type VadLink = Link<VadNode>;

/// The VADs of one process, for as long as its address space is held.
pub struct VadTree<'a, R> {
    root: &'a Field<VadLink>,
    records: &'a R,
}

impl<R> Clone for VadTree<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for VadTree<'_, R> {}

impl<'a, R: Records> VadTree<'a, R> {
    /// The tree below `root`, which is null where there is no VAD.
    pub fn new(root: &'a Field<VadLink>, records: &'a R) -> Self {
        Self { root, records }
    }

    /// The part of `vad` that all forms have.
    #[inline]
    pub fn node(&self, vad: VadLink) -> &'a MmvadShort {
        self.records.record(vad.cast::<MmvadShort>())
    }

    /// Nodes on the longest path from the root, 0 where there is no VAD.
    pub fn height(&self) -> u32 {
        self.summary(self.root.get()).height()
    }

    #[inline(always)]
    fn at(&self, vad: VadLink) -> Indexed<'a> {
        Indexed::at(self.records, vad)
    }

    #[inline(always)]
    fn at_if_any(&self, vad: VadLink) -> Option<Indexed<'a>> {
        Indexed::at_if_any(self.records, vad)
    }

    #[inline(always)]
    fn index(&self, vad: VadLink) -> &'a VadIndex {
        self.at(vad).index
    }

    /// What is watched of the pages of `vad`, which has WriteWatch (Q1).
    pub(crate) fn physical_view(&self, vad: VadLink) -> Link<PhysicalView> {
        self.index(vad).physical_view()
    }

    pub(crate) fn set_physical_view(&self, vad: VadLink, view: Link<PhysicalView>) {
        self.index(vad).set_physical_view(view);
    }

    /// The protection under which all pages of `vad`, whose flags are `flags`, are committed, where that is known and nothing of it is special
    /// (M4).
    #[inline(always)]
    pub(crate) fn even_protection(&self, vad: VadLink, flags: VadFlags) -> Option<Protection> {
        let even = if flags.is_plain() { self.index(vad).even_protection() } else { Protection::ZERO };
        (even != Protection::ZERO).then_some(even)
    }

    /// The protection that the index of `vad`, private memory that is not watched, names for all its pages (M4).
    #[inline(always)]
    pub(crate) fn named_protection(&self, vad: VadLink) -> Protection {
        self.index(vad).even_protection()
    }

    /// Notes the protection under which all pages of `vad` are committed, or [`Protection::ZERO`]. Of a VAD with WriteWatch it is not known.
    #[inline(always)]
    pub(crate) fn set_even_protection(&self, vad: VadLink, protection: Protection) {
        if !self.node(vad).flags().has(VadFlags::WRITE_WATCH) {
            self.name_protection(vad, protection);
        }
    }

    /// The same of a VAD that is not watched, or not yet.
    #[inline(always)]
    pub(crate) fn name_protection(&self, vad: VadLink, protection: Protection) {
        self.index(vad).set_even_protection(protection);
    }

    #[inline(always)]
    fn summary(&self, vad: VadLink) -> Summary {
        self.at_if_any(vad).map_or(Summary::EMPTY, |here| here.index.summary())
    }

    #[inline]
    fn child(&self, vad: VadLink, side: Side) -> VadLink {
        self.node(vad).child(side).get()
    }
}
