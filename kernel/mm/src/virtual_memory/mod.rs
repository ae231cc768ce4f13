//! VirtualAlloc and its family: reserve, commit, protect, query, decommit, release; frames that a program maps itself (`awe`), and
//! pages of 2 MB (`large`).
//!
//! Each service checks everything first, in XP's order, and answers with XP's status; then it changes things, and can fail
//! only before the first change. Where a check needs no address space it is a function by itself, so that the caller can put
//! the probing of the program's pointers between them, as XP does.
//!
//! * **M1** A private VAD's commit charge is the number of its committed pages, a window's (X3) none.
//! * **M2** In a VAD with MemCommit a page whose PTE is empty is committed; what was decommitted there says so in its PTE.
//! * **M3** The commit charge of a view is what it is charged as a whole (an image's own commitment, which is its copy-on-write
//!   pages; all pages of a copy-on-write view of memory) and one for each other page that the process owns or, by the
//!   protection it gave it, may come to own.
//! * **M4** Where the index of a private VAD, which is neither fixed nor watched, names a protection, all its pages are committed under that; no
//!   guard is among them. So one answer does for all of them, however many they are.
//!
//! Source: documented parameters and refusals of NtAllocateVirtualMemory, NtFreeVirtualMemory, NtProtectVirtualMemory and
//! NtQueryVirtualMemory; order of checks as observed of Windows.

mod allocate;
mod awe;
mod delete;
mod free;
mod large;
mod pages;
mod protect;
mod query;
mod range;
mod secure;
mod write_watch;

pub use allocate::{AllocateFlags, AskedRange};
pub(crate) use awe::AWE_PROTECTION;
pub use awe::{AweInfo, UserMapping};
pub use free::FreeKind;
pub(crate) use pages::Inherited;
pub use protect::check_protect;
pub use query::Region;
pub(crate) use range::CommitError;
pub use secure::{SecureMode, SecuredRange};
pub use write_watch::{PhysicalView, check_watch_range};

use crate::layout::{ENTRIES_PER_TABLE, PAGE_SIZE, VirtualAddress, VirtualPage};

/// A range of whole pages, as a service reports it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRange {
    /// The first page.
    pub start: VirtualPage,
    /// The last page.
    pub end: VirtualPage,
}

impl PageRange {
    /// The pages that `size` bytes from `base` touch; `size` is not 0 and does not wrap.
    pub const fn of(base: u32, size: u32) -> Self {
        Self::touched(base, size)
    }

    /// The pages that `size` bytes from `base` touch; `size` is not 0 and does not wrap.
    pub(crate) const fn touched(base: u32, size: u32) -> Self {
        Self { start: VirtualAddress(base).page(), end: VirtualAddress(base + (size - 1)).page() }
    }

    /// The first address.
    pub const fn base(self) -> u32 {
        self.start.address().0
    }

    /// All of it in bytes.
    pub const fn bytes(self) -> u32 {
        (self.end.0 - self.start.0 + 1) * PAGE_SIZE
    }

    /// Whether one page table has the entries of all of it.
    pub(crate) const fn is_in_one_table(self) -> bool {
        self.start.0 / ENTRIES_PER_TABLE == self.end.0 / ENTRIES_PER_TABLE
    }

    pub(crate) const fn pages(self) -> u32 {
        self.end.0 - self.start.0 + 1
    }

    /// The first and the last page of the part in each page table.
    #[inline(always)]
    pub(crate) fn by_tables(self) -> impl Iterator<Item = (VirtualPage, VirtualPage)> {
        let mut first = self.start.0;
        core::iter::from_fn(move || {
            let last = (first | (ENTRIES_PER_TABLE - 1)).min(self.end.0);
            let part = (VirtualPage(first), VirtualPage(last));
            (first <= self.end.0).then(|| {
                first = last + 1;
                part
            })
        })
    }
}
