//! The three forms of a VAD.
//!
//! | form | bytes | tag | for |
//! |---|---|---|---|
//! | [`MmvadShort`] | 18 | `VadS`, `VadF` | private memory |
//! | [`Mmvad`] | 28 | `Vad ` | a view of a section |
//! | [`MmvadLong`] | 34 | `Vadl` | a view or private memory with a secured range or an extension |
//!
//! The pool block of each has room for the largest, with the [index](super::index) behind that: where it stands does not
//! depend on the form.
//!
//! Tools tell the forms apart by the pool tag. The kernel does not look at the tag: a private VAD without NoChange is
//! short; any other has the second flag word, whose LongVad says which. (Only a long node has room to say what
//! NoChange secures, so a private one that has it, as a PEB or TEB has, is long.)
//!
//! Source: symbol types `_MMVAD_SHORT`, `_MMVAD`, `_MMVAD_LONG` of XP SP3; which bits tell the form is inferred from
//! which forms XP gives to which memory.

use abi::assert_layout;
use abi::cell::{Field, Link, Record};

use super::VadLink;
use super::flags::{VadFlags, VadFlags2};
use super::index::VadBlock;
use crate::layout::{PageCount, VirtualPage};
use crate::machine::Records;
use crate::pte::PteCell;
use crate::section::ControlArea;

/// Bytes of a VAD's pool block, whatever its form: structure and index.
pub const BLOCK_SIZE: u32 = size_of::<VadBlock>() as u32;

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
    /// LongVad above all, is for the caller to write before the node is inserted, which writes its links.
    pub fn initialize(&self, range: (VirtualPage, VirtualPage), flags: VadFlags) {
        self.starting_vpn.set(range.0.0);
        self.ending_vpn.set(range.1.0);
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

    /// Replaces the flags.
    pub fn set_flags(&self, flags: VadFlags) {
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

    /// The other child than `child`, which is null where there is none.
    #[inline(always)]
    pub(super) fn sibling_of(&self, child: VadLink) -> VadLink {
        let left = self.left_child.get();
        if left == child { self.right_child.get() } else { left }
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

    /// Replaces the second flag word.
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
