//! Secured ranges: memory that the kernel relies on and that its program may therefore neither free nor make less accessible.
//!
//! A VAD with a secured range is long, whatever it covers: only that form has room to say so. One range stands in the node itself, several hang on it
//! as a list. The first page that a program has and may not give away is its PEB, then the TEB of each thread; they are secured for writing. A view that
//! was mapped with SEC_NO_CHANGE has no secured range: it may go, but its protection stays what it is.
//!
//! * **U1** A VAD has NoChange if its second flag word says SecNoChange, OneSecured or MultipleSecured, and only then; it is long then, and has the
//!   tag of that form.
//! * **U2** Secured ranges are whole pages of their VAD, and with MultipleSecured there is one at least.
//! * **U3** The pages of a secured range are committed, and their protection, but for a guard, allows what they are secured for.
//!
//! Source: documented behaviour of MmSecureVirtualMemory and MmUnsecureVirtualMemory; symbol types `_MMVAD_LONG` and `_MMVAD_FLAGS2` of XP SP3; that
//! programs unmap views with SEC_NO_CHANGE and cannot change them, and the status of that, as published programs do and tell it; the layout of a list's
//! entry inferred from the flag words, its pool tag public.

use abi::assert_layout;
use abi::cell::{Field, Link, Record};
use abi::nt::list::ListEntry;
use abi::status::NtStatus;
use core::mem::offset_of;

use super::PageRange;
use crate::address_space::AddressSpace;
use crate::layout::{HIGHEST_VAD_ADDRESS, PAGE_SIZE, VirtualAddress, VirtualPage};
use crate::list;
use crate::machine::Machine;
use crate::pool::Tag;
use crate::protection::{Access, Caching, Protection};
use crate::vad::{Mmvad, MmvadLong, VadFlags, VadFlags2, VadForm, VadLink};

const SECURED: Tag = Tag(*b"MmSe");
/// Where in a long node the head of the list of ranges stands.
const LIST_HEAD: u32 = offset_of!(MmvadLong, secured) as u32;
/// Where in an entry its place in that list stands.
const LIST_ENTRY: u32 = offset_of!(SecureEntry, list) as u32;

/// One of several secured ranges of a VAD.
#[doc(alias = "_MMSECURE_ENTRY")]
#[repr(C)]
#[derive(Debug)]
struct SecureEntry {
    /// ReadOnly is looked at.
    flags2: Field<u32>,
    /// First address.
    start: Field<u32>,
    /// Last address.
    end: Field<u32>,
    list: ListEntry,
}
impl Record for SecureEntry {}
assert_layout!(SecureEntry, 0x14, { flags2: 0, start: 4, end: 8, list: 0xC });

/// What a secured range stays good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureMode {
    /// For reading: `PAGE_READONLY`.
    Readable,
    /// For reading and writing: `PAGE_READWRITE`.
    Writable,
}

impl SecureMode {
    /// Whether memory under `protection` is good for that; the guard is another matter.
    pub(crate) const fn is_met_by(self, protection: Protection) -> bool {
        protection.allows(match self {
            Self::Readable => Access::Read,
            Self::Writable => Access::Write,
        })
    }

    const fn flags(self) -> VadFlags2 {
        match self {
            Self::Readable => VadFlags2::READ_ONLY,
            Self::Writable => VadFlags2(0),
        }
    }

    const fn of(flags: VadFlags2) -> Self {
        if flags.has(VadFlags2::READ_ONLY) { Self::Readable } else { Self::Writable }
    }
}

/// A range that is secured, by which it is unsecured again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecuredRange {
    /// Its pages.
    pub range: PageRange,
    /// What they stay good for.
    pub mode: SecureMode,
}

impl SecuredRange {
    fn read(start: u32, end: u32, flags: VadFlags2) -> Self {
        let range = PageRange { start: VirtualAddress(start).page(), end: VirtualAddress(end).page() };
        Self { range, mode: SecureMode::of(flags) }
    }

    const fn ends(self) -> [u32; 2] {
        [self.range.start.address().0, self.range.end.address().0 | (PAGE_SIZE - 1)]
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Secures the pages that `size` bytes at `base` touch, all of one allocation.
    ///
    /// # Errors
    /// ACCESS_VIOLATION where they are not all committed, or not all good for `mode`; INSUFFICIENT_RESOURCES. Nothing has changed.
    #[doc(alias = "MmSecureVirtualMemory")]
    pub fn secure(&self, base: u32, size: u32, mode: SecureMode) -> Result<SecuredRange, NtStatus> {
        if size == 0 || base > HIGHEST_VAD_ADDRESS || size > HIGHEST_VAD_ADDRESS + 1 - base {
            return Err(NtStatus::ACCESS_VIOLATION);
        }
        let range = PageRange::touched(base, size);
        let vad = self.enclosing_vad(range).map_err(|_| NtStatus::ACCESS_VIOLATION)?;
        // The kernel would stumble over a guard.
        let is_good =
            |page| self.committed_protection(vad, page).is_some_and(|found| mode.is_met_by(found) && !found.is_guard());
        if !(range.start.0..=range.end.0).map(VirtualPage).all(is_good) {
            return Err(NtStatus::ACCESS_VIOLATION);
        }
        let secured = SecuredRange { range, mode };
        let flags = self.second_flags(vad);
        if flags.has(VadFlags2::MULTIPLE_SECURED) {
            self.add_entry(vad, self.entry_for(secured)?);
        } else if flags.has(VadFlags2::ONE_SECURED) {
            self.secure_second(vad, secured)?;
        } else {
            self.secure_first(vad, secured);
        }
        Ok(secured)
    }

    /// Ends what [`secure`](Self::secure) began; where two ranges are alike, for one of them. Nothing where there is none.
    #[doc(alias = "MmUnsecureVirtualMemory")]
    pub fn unsecure(&self, secured: SecuredRange) {
        let Some(vad) = self.find_vad(secured.range.start) else { return };
        let flags = self.second_flags(vad);
        if flags.has(VadFlags2::MULTIPLE_SECURED) {
            let mut entries = self.entries_of(vad).filter(|entry| self.range_of(*entry) == secured);
            if let Some(entry) = entries.next() {
                self.remove_entry(entry);
            }
        } else if flags.has(VadFlags2::ONE_SECURED) && self.only_range(vad) == secured {
            self.mapped(vad).set_flags2(flags.without(VadFlags2::ONE_SECURED).without(VadFlags2::READ_ONLY));
        }
        self.settle_form(vad);
    }

    /// Whether `range` of `vad`, which has NoChange, may get the protection `new`, or be freed where there is none.
    ///
    /// # Errors
    /// INVALID_PAGE_PROTECTION.
    #[doc(alias = "MiCheckSecuredVad")]
    #[cold]
    #[inline(never)]
    pub(crate) fn check_secured(
        &self,
        vad: VadLink,
        range: PageRange,
        new: Option<Protection>,
    ) -> Result<(), NtStatus> {
        let given = self.vads().node(vad).flags().protection();
        let is_fixed = self.second_flags(vad).has(VadFlags2::SEC_NO_CHANGE);
        let is_same =
            |new: Protection| given == if given.caching() == Caching::Uncached { new.without_cache() } else { new };
        let mut allowed = !is_fixed || new.is_none_or(is_same);
        self.each_secured(vad, |secured| {
            let apart = secured.range.end < range.start || range.end < secured.range.start;
            allowed &= apart || new.is_some_and(|new| secured.mode.is_met_by(new));
        });
        if allowed { Ok(()) } else { Err(NtStatus::INVALID_PAGE_PROTECTION) }
    }

    /// Calls `visit` with each secured range of `vad`.
    pub(crate) fn each_secured(&self, vad: VadLink, mut visit: impl FnMut(SecuredRange)) {
        let flags = self.second_flags(vad);
        if flags.has(VadFlags2::ONE_SECURED) {
            visit(self.only_range(vad));
        } else if flags.has(VadFlags2::MULTIPLE_SECURED) {
            self.entries_of(vad).for_each(|entry| visit(self.range_of(entry)));
        }
    }

    /// `vad`, which has NoChange, goes, and what it says of secured ranges with it.
    #[cold]
    #[inline(never)]
    pub(crate) fn forget_secured(&self, vad: VadLink) {
        if self.second_flags(vad).has(VadFlags2::MULTIPLE_SECURED) {
            while let Some(entry) = self.entries_of(vad).next() {
                self.remove_entry(entry);
            }
        }
    }

    /// The second flag word of `vad`, empty where it has none.
    pub(crate) fn second_flags(&self, vad: VadLink) -> VadFlags2 {
        match VadForm::of(&self.mm.machine, vad) {
            VadForm::Short => VadFlags2::default(),
            VadForm::Mapped | VadForm::Long => self.mapped(vad).flags2(),
        }
    }

    fn mapped(&self, vad: VadLink) -> &Mmvad {
        self.mm.machine.record(vad.cast())
    }

    fn long(&self, vad: VadLink) -> &MmvadLong {
        self.mm.machine.record(vad.cast())
    }

    /// What a short node has to say besides when it becomes long, all of it nothing.
    fn describe_long(&self, vad: VadLink) {
        let node = self.long(vad);
        node.mapped.control_area.set(Link::NULL);
        node.mapped.first_prototype_pte.set(Link::NULL);
        node.mapped.last_contiguous_pte.set(Link::NULL);
        node.mapped.set_flags2(VadFlags2::LONG_VAD);
        node.secured.iter().for_each(|word| word.set(0));
        node.extended.set(0);
    }

    /// Secures the first range of `vad`, which has none.
    pub(super) fn secure_first(&self, vad: VadLink, secured: SecuredRange) {
        self.make_long(vad);
        let flags = self.mapped(vad).flags2().with(VadFlags2::ONE_SECURED).with(secured.mode.flags());
        self.mapped(vad).set_flags2(flags);
        self.long(vad).secured.iter().zip(secured.ends()).for_each(|(word, end)| word.set(end));
    }

    /// Secures the second range of `vad`: both go to a list.
    fn secure_second(&self, vad: VadLink, secured: SecuredRange) -> Result<(), NtStatus> {
        let first = self.entry_for(self.only_range(vad))?;
        let second = self.entry_for(secured).inspect_err(|_| self.mm.free_pool(first))?;
        let flags = self.mapped(vad).flags2().without(VadFlags2::ONE_SECURED).without(VadFlags2::READ_ONLY);
        self.begin_list(vad, flags);
        self.add_entry(vad, first);
        self.add_entry(vad, second);
        Ok(())
    }

    fn begin_list(&self, vad: VadLink, flags: VadFlags2) {
        self.mapped(vad).set_flags2(flags.with(VadFlags2::MULTIPLE_SECURED));
        list::initialise(&self.mm.machine, vad.offset(LIST_HEAD));
    }

    fn entry_for(&self, secured: SecuredRange) -> Result<Link<SecureEntry>, NtStatus> {
        let link: Link<SecureEntry> = self.mm.allocate_pool(size_of::<SecureEntry>() as u32, SECURED)?;
        let entry = self.mm.machine.record(link);
        let [start, end] = secured.ends();
        entry.flags2.set(secured.mode.flags().0);
        entry.start.set(start);
        entry.end.set(end);
        Ok(link)
    }

    fn add_entry(&self, vad: VadLink, entry: Link<SecureEntry>) {
        list::insert_tail(&self.mm.machine, vad.offset(LIST_HEAD), entry.offset(LIST_ENTRY));
    }

    fn remove_entry(&self, entry: Link<SecureEntry>) {
        list::remove(&self.mm.machine, entry.offset(LIST_ENTRY));
        self.mm.free_pool(entry);
    }

    /// The entries of the list of `vad`.
    fn entries_of(&self, vad: VadLink) -> impl Iterator<Item = Link<SecureEntry>> + '_ {
        let entries = list::entries(&self.mm.machine, vad.offset(LIST_HEAD));
        entries.map(|entry| Link::new(entry.address() - LIST_ENTRY))
    }

    fn range_of(&self, entry: Link<SecureEntry>) -> SecuredRange {
        let entry = self.mm.machine.record(entry);
        SecuredRange::read(entry.start.get(), entry.end.get(), VadFlags2(entry.flags2.get()))
    }

    fn only_range(&self, vad: VadLink) -> SecuredRange {
        let long = self.long(vad);
        SecuredRange::read(long.secured[0].get(), long.secured[1].get(), long.mapped.flags2())
    }

    /// Makes `vad` long, with NoChange (U1).
    fn make_long(&self, vad: VadLink) {
        match VadForm::of(&self.mm.machine, vad) {
            VadForm::Short => self.describe_long(vad),
            VadForm::Mapped => {
                self.mapped(vad).set_flags2(self.mapped(vad).flags2().with(VadFlags2::LONG_VAD));
                self.long(vad).extended.set(0);
            }
            VadForm::Long => {}
        }
        let node = self.vads().node(vad);
        node.set_flags(node.flags().with(VadFlags::NO_CHANGE));
        self.mm.set_pool_tag(vad, Tag(VadForm::Long.tag()));
    }

    /// Makes `vad` what it was before its ranges were secured, if none is any more and nothing else is fixed (U1, U2).
    fn settle_form(&self, vad: VadLink) {
        let mut flags = self.second_flags(vad);
        if flags.has(VadFlags2::MULTIPLE_SECURED) && self.entries_of(vad).next().is_none() {
            flags = flags.without(VadFlags2::MULTIPLE_SECURED);
            self.mapped(vad).set_flags2(flags);
        }
        let fixed = [VadFlags2::SEC_NO_CHANGE, VadFlags2::ONE_SECURED, VadFlags2::MULTIPLE_SECURED];
        if !flags.has(VadFlags2::LONG_VAD) || fixed.iter().any(|flag| flags.has(*flag)) {
            return;
        }
        let node = self.vads().node(vad);
        self.mapped(vad).set_flags2(flags.without(VadFlags2::LONG_VAD));
        node.set_flags(node.flags().without(VadFlags::NO_CHANGE));
        self.mm.set_pool_tag(vad, Tag(VadForm::of(&self.mm.machine, vad).tag()));
    }

    /// `upper`, a new node without NoChange, has the upper part of what was `lower`'s, between which and the rest lie pages that were not secured: the
    /// secured ranges go where their pages are.
    #[cold]
    #[inline(never)]
    pub(super) fn divide_secured(&self, lower: VadLink, upper: VadLink) {
        let first = self.vads().node(upper).start();
        let flags = self.second_flags(lower);
        let is_above = |secured: SecuredRange| secured.range.start >= first;
        if flags.has(VadFlags2::ONE_SECURED) && is_above(self.only_range(lower)) {
            self.secure_first(upper, self.only_range(lower));
            self.mapped(lower).set_flags2(flags.without(VadFlags2::ONE_SECURED).without(VadFlags2::READ_ONLY));
        } else if flags.has(VadFlags2::MULTIPLE_SECURED) {
            self.make_long(upper);
            self.begin_list(upper, VadFlags2::LONG_VAD);
            while let Some(entry) = self.entries_of(lower).find(|entry| is_above(self.range_of(*entry))) {
                list::remove(&self.mm.machine, entry.offset(LIST_ENTRY));
                self.add_entry(upper, entry);
            }
            self.settle_form(upper);
        }
        self.settle_form(lower);
    }
}
