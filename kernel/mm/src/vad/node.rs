//! The three forms of a VAD, their flag words, and the index behind them.
//!
//! | form | bytes | tag | index at | for |
//! |---|---|---|---|---|
//! | [`MmvadShort`] | 18 | `VadS`, `VadF` | 18 | private memory |
//! | [`Mmvad`] | 28 | `Vad ` | 28 | a view of a section |
//! | [`MmvadLong`] | 34 | `Vadl` | 34 | a view or private memory with a secured range or an extension |
//!
//! Tools tell the forms apart by the pool tag. The kernel does not look at the tag: a private VAD without NoChange is
//! short; any other has the second flag word, whose LongVad says which. (Only a long node has room to say what
//! NoChange secures, so a private one that has it, as a PEB or TEB has, is long.)
//!
//! Source: symbol types `_MMVAD_SHORT`, `_MMVAD`, `_MMVAD_LONG`, `_MMVAD_FLAGS`, `_MMVAD_FLAGS2` of XP SP3; which bits
//! tell the form is inferred from which forms XP gives to which memory.

use abi::assert_layout;
use abi::cell::{Field, Link, Record};

use super::VadLink;
use crate::layout::{ALLOCATION_GRANULARITY, GRANULARITY_PAGES, PageCount, VirtualPage};
use crate::machine::Records;
use crate::protection::Protection;
use crate::pte::PteCell;
use crate::section::ControlArea;

/// Tag of a short VAD made because a release split another.
pub const SPLIT_TAG: [u8; 4] = *b"VadF";

/// What all forms begin with, and all there is for private memory.
#[doc(alias = "_MMVAD_SHORT")]
#[repr(C)]
#[derive(Debug)]
pub struct MmvadShort {
    pub(super) starting_vpn: Field<u32>,
    pub(super) ending_vpn: Field<u32>,
    pub(super) parent: Field<VadLink>,
    left_child: Field<VadLink>,
    right_child: Field<VadLink>,
    flags: Field<u32>,
}
impl Record for MmvadShort {}
assert_layout!(MmvadShort, 0x18, {
    starting_vpn: 0, ending_vpn: 4, parent: 8, left_child: 0xC, right_child: 0x10, flags: 0x14,
});

/// A VAD over a view of a section.
#[doc(alias = "_MMVAD")]
#[repr(C)]
#[derive(Debug)]
pub struct Mmvad {
    /// What all forms begin with.
    pub short: MmvadShort,
    /// The section's control area.
    pub control_area: Field<Link<ControlArea>>,
    /// The prototype PTE of the first page of the view.
    pub first_prototype_pte: Field<Link<PteCell>>,
    /// The last prototype PTE that follows the first without a break.
    pub last_contiguous_pte: Field<Link<PteCell>>,
    flags2: Field<u32>,
}
impl Record for Mmvad {}
assert_layout!(Mmvad, 0x28, {
    short: 0, control_area: 0x18, first_prototype_pte: 0x1C, last_contiguous_pte: 0x20, flags2: 0x24,
});

/// A VAD with room for a secured range.
#[doc(alias = "_MMVAD_LONG")]
#[repr(C)]
#[derive(Debug)]
pub struct MmvadLong {
    /// What the two larger forms begin with.
    pub mapped: Mmvad,
    /// `u3`: with OneSecured the first and last secured address, with MultipleSecured the head of a list of ranges.
    pub secured: [Field<u32>; 2],
    /// `u4`: the extension of an extendable file's view.
    pub extended: Field<u32>,
}
impl Record for MmvadLong {}
assert_layout!(MmvadLong, 0x34, { mapped: 0, secured: 0x28, extended: 0x30 });

/// `u`: what a VAD covers, in one word.
#[doc(alias = "_MMVAD_FLAGS")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VadFlags(pub u32);

impl VadFlags {
    /// Maps physical memory.
    pub const PHYSICAL_MAPPING: Self = Self(1 << 19);
    /// An image.
    pub const IMAGE_MAP: Self = Self(1 << 20);
    /// AWE: the program maps frames it owns.
    pub const USER_PHYSICAL_PAGES: Self = Self(1 << 21);
    /// The protection may not change: all of it is fixed, or part of it is secured.
    pub const NO_CHANGE: Self = Self(1 << 22);
    /// Written pages are recorded.
    pub const WRITE_WATCH: Self = Self(1 << 23);
    /// Mapped by 2 MB pages.
    pub const LARGE_PAGES: Self = Self(1 << 29);
    /// Pages whose PTE is zero are committed.
    pub const MEM_COMMIT: Self = Self(1 << 30);
    /// Private memory, not a view of a section.
    pub const PRIVATE_MEMORY: Self = Self(1 << 31);
    /// What stands in CommitCharge where the charge is not counted in the VAD.
    #[doc(alias = "MM_MAX_COMMIT")]
    pub const UNCOUNTED: PageCount = PageCount(0x7_FFFF);

    const PROTECTION_SHIFT: u32 = 24;

    /// Whether all of `flags` are set.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These flags and `flags`.
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// These flags but `flags`.
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }

    /// Pages charged to the commit limit for this VAD, or [`UNCOUNTED`](Self::UNCOUNTED).
    pub const fn commit_charge(self) -> PageCount {
        PageCount(self.0 & Self::UNCOUNTED.0)
    }

    /// The flags with CommitCharge `pages`, at most 7FFFF.
    pub const fn with_commit_charge(self, pages: PageCount) -> Self {
        Self(self.0 & !Self::UNCOUNTED.0 | pages.0 & Self::UNCOUNTED.0)
    }

    /// The protection of pages whose PTE says nothing else.
    pub const fn protection(self) -> Protection {
        Protection::from_code(self.0 >> Self::PROTECTION_SHIFT)
    }

    /// The flags with `protection`.
    pub const fn with_protection(self, protection: Protection) -> Self {
        Self(self.0 & !(0x1F << Self::PROTECTION_SHIFT) | protection.code() << Self::PROTECTION_SHIFT)
    }

    /// Whether the VAD is short: see the head of this file.
    const fn is_short(self) -> bool {
        self.0 & (Self::PRIVATE_MEMORY.0 | Self::NO_CHANGE.0) == Self::PRIVATE_MEMORY.0
    }
}

/// `u2`: more about a view.
#[doc(alias = "_MMVAD_FLAGS2")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VadFlags2(pub u32);

impl VadFlags2 {
    /// The section forbids changing the protection.
    pub const SEC_NO_CHANGE: Self = Self(1 << 24);
    /// One range is secured.
    pub const ONE_SECURED: Self = Self(1 << 25);
    /// Several ranges are secured.
    pub const MULTIPLE_SECURED: Self = Self(1 << 26);
    /// The secured range may become read-only.
    pub const READ_ONLY: Self = Self(1 << 27);
    /// The node is an [`MmvadLong`].
    pub const LONG_VAD: Self = Self(1 << 28);
    /// The file may grow under the view.
    pub const EXTENDABLE_FILE: Self = Self(1 << 29);
    /// Children inherit the view (`ViewShare`).
    pub const INHERIT: Self = Self(1 << 30);
    /// The view is copy-on-write.
    pub const COPY_ON_WRITE: Self = Self(1 << 31);

    const FILE_OFFSET: u32 = 0xFF_FFFF;

    /// Whether all of `flags` are set.
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These flags and `flags`.
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// Where the view starts in the section, in bytes.
    pub const fn file_offset(self) -> u64 {
        (self.0 & Self::FILE_OFFSET) as u64 * ALLOCATION_GRANULARITY as u64
    }

    /// The flags with the view starting `bytes` into the section: a multiple of 64 KB below 2^40.
    pub const fn with_file_offset(self, bytes: u64) -> Self {
        let units = (bytes / ALLOCATION_GRANULARITY as u64) as u32;
        Self(self.0 & !Self::FILE_OFFSET | units & Self::FILE_OFFSET)
    }
}

/// A left or a right child, and the direction of lower or higher addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

impl MmvadShort {
    /// Writes a new node over `range`, both ends inclusive, that is in no tree. The rest of the block of a larger form,
    /// LongVad above all, is for the caller to write before the node is inserted.
    pub fn initialize(&self, range: (VirtualPage, VirtualPage), flags: VadFlags) {
        self.starting_vpn.set(range.0.0);
        self.ending_vpn.set(range.1.0);
        self.parent.set(Link::NULL);
        self.left_child.set(Link::NULL);
        self.right_child.set(Link::NULL);
        self.flags.set(flags.0);
    }

    /// The first page.
    #[inline]
    pub fn start(&self) -> VirtualPage {
        VirtualPage(self.starting_vpn.get())
    }

    /// The last page.
    #[inline]
    pub fn end(&self) -> VirtualPage {
        VirtualPage(self.ending_vpn.get())
    }

    /// Pages from start to end.
    pub fn pages(&self) -> PageCount {
        PageCount(self.ending_vpn.get() - self.starting_vpn.get() + 1)
    }

    /// Whether `page` lies in the VAD.
    pub fn contains(&self, page: VirtualPage) -> bool {
        (self.start()..=self.end()).contains(&page)
    }

    /// The flags.
    #[inline]
    pub fn flags(&self) -> VadFlags {
        VadFlags(self.flags.get())
    }

    /// Replaces the flags; what tells the form stays as it is (V5).
    pub fn set_flags(&self, flags: VadFlags) {
        debug_assert_eq!(flags.is_short(), self.flags().is_short(), "V5");
        self.flags.set(flags.0);
    }

    /// The parent, null for the root.
    pub fn parent(&self) -> VadLink {
        self.parent.get()
    }

    /// The child at lower addresses.
    pub fn left_child(&self) -> VadLink {
        self.left_child.get()
    }

    /// The child at higher addresses.
    pub fn right_child(&self) -> VadLink {
        self.right_child.get()
    }

    #[inline]
    pub(super) fn child(&self, side: Side) -> &Field<VadLink> {
        match side {
            Side::Left => &self.left_child,
            Side::Right => &self.right_child,
        }
    }
}

impl Mmvad {
    /// The second flag word.
    pub fn flags2(&self) -> VadFlags2 {
        VadFlags2(self.flags2.get())
    }

    /// Replaces the second flag word; LongVad only before the node is inserted (V5).
    pub fn set_flags2(&self, flags: VadFlags2) {
        self.flags2.set(flags.0);
    }
}

/// Which of the three layouts a VAD has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VadForm {
    /// [`MmvadShort`].
    Short,
    /// [`Mmvad`].
    Mapped,
    /// [`MmvadLong`].
    Long,
}

impl VadForm {
    /// The form of the node at `vad`.
    #[inline]
    pub fn of(records: &impl Records, vad: VadLink) -> Self {
        if records.record(vad.cast::<MmvadShort>()).flags().is_short() {
            Self::Short
        } else if records.record(vad.cast::<Mmvad>()).flags2().has(VadFlags2::LONG_VAD) {
            Self::Long
        } else {
            Self::Mapped
        }
    }

    /// Bytes of the NT structure, behind which the index stands.
    #[inline]
    pub const fn size(self) -> u32 {
        match self {
            Self::Short => size_of::<MmvadShort>() as u32,
            Self::Mapped => size_of::<Mmvad>() as u32,
            Self::Long => size_of::<MmvadLong>() as u32,
        }
    }

    /// Bytes of the pool block: structure and index.
    pub const fn block_size(self) -> u32 {
        self.size() + size_of::<VadIndex>() as u32
    }

    /// The pool tag by which tools tell the form.
    pub const fn tag(self) -> [u8; 4] {
        match self {
            Self::Short => *b"VadS",
            Self::Mapped => *b"Vad ",
            Self::Long => *b"Vadl",
        }
    }
}

/// A VAD as the structure it is.
#[derive(Clone, Copy, Debug)]
pub enum Vad<'r> {
    /// Private memory.
    Short(&'r MmvadShort),
    /// A view.
    Mapped(&'r Mmvad),
    /// A view or private memory, with a secured range or an extension.
    Long(&'r MmvadLong),
}

impl<'r> Vad<'r> {
    /// The VAD at `vad`.
    pub fn at(records: &'r impl Records, vad: VadLink) -> Self {
        match VadForm::of(records, vad) {
            VadForm::Short => Self::Short(records.record(vad.cast())),
            VadForm::Mapped => Self::Mapped(records.record(vad.cast())),
            VadForm::Long => Self::Long(records.record(vad.cast())),
        }
    }

    /// What all forms have.
    pub fn short(self) -> &'r MmvadShort {
        match self {
            Self::Short(short) => short,
            Self::Mapped(mapped) => &mapped.short,
            Self::Long(long) => &long.mapped.short,
        }
    }

    /// What the two larger forms have.
    pub fn mapped(self) -> Option<&'r Mmvad> {
        match self {
            Self::Short(_) => None,
            Self::Mapped(mapped) => Some(mapped),
            Self::Long(long) => Some(&long.mapped),
        }
    }

    /// The long form.
    pub fn long(self) -> Option<&'r MmvadLong> {
        match self {
            Self::Long(long) => Some(long),
            Self::Short(_) | Self::Mapped(_) => None,
        }
    }
}

/// What stands behind a node: derived from the tree, so that nothing is searched twice.
#[repr(C)]
#[derive(Debug)]
pub struct VadIndex {
    summary: Field<u32>,
    free_from: Field<u32>,
}
impl Record for VadIndex {}
assert_layout!(VadIndex, 8, { summary: 0, free_from: 4 });

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
}

/// A short VAD and its index: where the index of the commonest form is found without a second look.
#[repr(C)]
struct ShortBlock {
    short: MmvadShort,
    index: VadIndex,
}
impl Record for ShortBlock {}
assert_layout!(ShortBlock, 0x20, { short: 0, index: 0x18 });

/// The index behind the node at `vad`.
#[inline]
pub(super) fn index<R: Records>(records: &R, vad: VadLink) -> &VadIndex {
    let block = records.record(vad.cast::<ShortBlock>());
    if block.short.flags().is_short() {
        return &block.index;
    }
    records.record(vad.offset(VadForm::of(records, vad).size()))
}

/// What a subtree has, in one word: over the gaps before its nodes the largest room in bits 12-31 (pages) and in bit 11
/// whether there is a hole at all; its height in bits 0-4. The room stands on top, so that comparing words compares it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Summary(u32);

impl Summary {
    /// No node.
    pub(super) const EMPTY: Self = Self(0);

    const ROOM_SHIFT: u32 = 12;
    const ROOM: u32 = u32::MAX << Self::ROOM_SHIFT;
    const HOLE: u32 = 1 << 11;
    const HEIGHT: u32 = 0x1F;

    /// A node with the gap `free_from..start` before it, over its subtrees.
    #[inline]
    pub(super) fn of(free_from: u32, start: u32, left: Self, right: Self) -> Self {
        let own = room(free_from, start) << Self::ROOM_SHIFT;
        let room = own.max(left.0 & Self::ROOM).max(right.0 & Self::ROOM);
        let own = if start > free_from { Self::HOLE } else { 0 };
        let hole = own | (left.0 | right.0) & Self::HOLE;
        Self(room | hole | (1 + left.height().max(right.height())))
    }

    /// The summary of a subtree after the one of a child went from `old` to `new`, if that can be told without looking
    /// at the rest: the height is as it was, and nothing was lost that only the child may have had.
    #[inline]
    pub(super) fn after_child(self, old: Self, new: Self) -> Option<Self> {
        let shrunk = new.room() < old.room() && old.room() == self.room();
        let closed = old.has_hole() && !new.has_hole();
        if shrunk || closed || old.height() != new.height() {
            return None;
        }
        let with_room = self.0.max(new.0 & Self::ROOM | self.0 & !Self::ROOM);
        Some(Self(with_room | new.0 & Self::HOLE))
    }

    /// Nodes on the longest path down.
    #[inline]
    pub(super) const fn height(self) -> u32 {
        self.0 & Self::HEIGHT
    }

    /// Whether a gap has a page.
    #[inline]
    pub(super) const fn has_hole(self) -> bool {
        self.0 & Self::HOLE != 0
    }

    /// The largest room, in pages.
    #[inline]
    pub(super) const fn room(self) -> u32 {
        self.0 >> Self::ROOM_SHIFT
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
    fn bits_of_the_flag_words_are_where_xp_has_them() {
        let all = [
            VadFlags::PHYSICAL_MAPPING,
            VadFlags::IMAGE_MAP,
            VadFlags::USER_PHYSICAL_PAGES,
            VadFlags::NO_CHANGE,
            VadFlags::WRITE_WATCH,
        ];
        assert!((19..).zip(all).all(|(bit, flag)| flag.0 == 1 << bit));
        assert_eq!(VadFlags::LARGE_PAGES.0, 1 << 29);
        assert_eq!(VadFlags::MEM_COMMIT.0, 1 << 30);
        assert_eq!(VadFlags::PRIVATE_MEMORY.0, 1 << 31);
        let all = [
            VadFlags2::SEC_NO_CHANGE,
            VadFlags2::ONE_SECURED,
            VadFlags2::MULTIPLE_SECURED,
            VadFlags2::READ_ONLY,
            VadFlags2::LONG_VAD,
            VadFlags2::EXTENDABLE_FILE,
            VadFlags2::INHERIT,
            VadFlags2::COPY_ON_WRITE,
        ];
        assert!((24..).zip(all).all(|(bit, flag)| flag.0 == 1 << bit));
    }

    #[test]
    fn numbers_in_the_flag_words_leave_their_neighbours_alone() {
        let flags = VadFlags(u32::MAX).with_commit_charge(PageCount(0)).with_protection(Protection::ZERO);
        assert_eq!(flags.0, 0xE0F8_0000);
        let flags = VadFlags::default().with_commit_charge(PageCount(0x7_FFFE)).with_protection(Protection::from_code(31));
        assert_eq!(flags.0, 0x1F07_FFFE);
        assert_eq!((flags.commit_charge(), flags.protection().code()), (PageCount(0x7_FFFE), 31));
        assert_eq!(VadFlags::PRIVATE_MEMORY.with_protection(Protection::READWRITE).0, 0x8400_0000);
        let flags = VadFlags2(u32::MAX).with_file_offset(0x12_3456_0000);
        assert_eq!((flags.0, flags.file_offset()), (0xFF12_3456, 0x12_3456_0000));
    }

    #[test]
    fn a_summary_is_the_best_of_its_three_gaps() {
        let leaf = Summary::of(0x11, 0x30, Summary::EMPTY, Summary::EMPTY);
        assert_eq!((leaf.height(), leaf.has_hole(), leaf.room()), (1, true, 0x10));
        let wide = Summary::of(0x30, 0x7_FFDF, leaf, Summary::EMPTY);
        assert_eq!((wide.height(), wide.has_hole(), wide.room()), (2, true, 0x7_FFAF));
        let crack = Summary::of(0x41, 0x42, Summary::EMPTY, Summary::EMPTY);
        assert_eq!((crack.has_hole(), crack.room()), (true, 0));
        assert!(!Summary::of(0x42, 0x42, Summary::EMPTY, Summary::EMPTY).has_hole());
    }

    #[test]
    fn a_childs_change_is_either_added_up_rightly_or_not_at_all() {
        let gaps = [(0x10, 0x10), (0x11, 0x1F), (0x10, 0x20), (0x10, 0x21), (0x10, 0x80)];
        let leaves = gaps.map(|(from, start)| Summary::of(from, start, Summary::EMPTY, Summary::EMPTY));
        let mut told = 0;
        for (from, start) in gaps {
            for sibling in leaves {
                for old in leaves {
                    for new in leaves {
                        let parent = |child| Summary::of(from, start, child, sibling);
                        let after = parent(old).after_child(old, new);
                        assert!(after.is_none_or(|after| after == parent(new)));
                        told += u32::from(after.is_some());
                    }
                }
            }
        }
        assert!(told > 300, "{told} of 625");
        let high = Summary::of(0x10, 0x10, leaves[0], Summary::EMPTY);
        assert_eq!(high.after_child(leaves[0], high), None);
    }
}
