//! Reserve and commit.

use abi::memory::*;
use abi::status::NtStatus;

use super::{PageRange, SecureMode, SecuredRange};
use crate::address_space::AddressSpace;
use crate::frame::Flags;
use crate::layout::{
    ALLOCATION_GRANULARITY, HIGHEST_VAD_ADDRESS, MAXIMUM_ZERO_BITS, PageCount, VirtualAddress, VirtualPage,
};
use crate::machine::Machine;
use crate::protection::{Caching, Protection};
use crate::pte::{DIRTY, Pte, ValidPte, pte_of};
use crate::vad::{Alignment, Room, VadFlags, VadForm, VadLink};

const KNOWN_TYPES: u32 =
    MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_PHYSICAL | MEM_LARGE_PAGES;

/// The parameters of an allocation that were found sound by themselves, in one word: the type, the protection's code in bits 0-4 and the zero bits in
/// 5-9, where no type has a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocateFlags(u32);

const ZERO_BITS_SHIFT: u32 = 5;
const _: () = assert!(KNOWN_TYPES & 0x3FF == 0 && MAXIMUM_ZERO_BITS < 32);

impl AllocateFlags {
    /// Checks what can be checked without an address space.
    ///
    /// # Errors
    /// INVALID_PARAMETER_3 (`zero_bits` over 21), _5 (`kind`), _6 (`protect` with MEM_PHYSICAL), INVALID_PAGE_PROTECTION.
    #[inline]
    pub fn check(zero_bits: u32, kind: u32, protect: u32) -> Result<Self, NtStatus> {
        if zero_bits > MAXIMUM_ZERO_BITS {
            return Err(NtStatus::INVALID_PARAMETER_3);
        }
        // Most ask for these alone, and all combinations of them are sound.
        if kind & !(MEM_RESERVE | MEM_COMMIT) != 0 || kind == 0 {
            check_special(kind, protect)?;
        }
        let protection = Protection::from_win32(protect).map_err(|_| NtStatus::INVALID_PAGE_PROTECTION)?;
        Ok(Self(kind | protection.code() | zero_bits << ZERO_BITS_SHIFT))
    }

    /// Whether the SeLockMemory privilege is needed.
    pub const fn needs_lock_memory_privilege(self) -> bool {
        self.has(MEM_LARGE_PAGES)
    }

    pub(super) const fn has(self, kind: u32) -> bool {
        self.0 & kind != 0
    }

    #[inline(always)]
    pub(super) const fn protection(self) -> Protection {
        Protection::from_code(self.0)
    }

    /// Between which pages "anywhere" is.
    #[inline(always)]
    pub(super) fn bounds(self) -> (VirtualPage, VirtualPage) {
        let highest = match self.0 >> ZERO_BITS_SHIFT & 0x1F {
            0 => HIGHEST_VAD_ADDRESS,
            zero_bits => (u32::MAX >> zero_bits).min(HIGHEST_VAD_ADDRESS),
        };
        (VirtualPage::LOWEST_USER, VirtualAddress(highest).page())
    }
}

#[cold]
fn check_special(kind: u32, protect: u32) -> Result<(), NtStatus> {
    if !kind_is_sound(kind) {
        return Err(NtStatus::INVALID_PARAMETER_5);
    }
    if kind & MEM_PHYSICAL != 0 && protect != PAGE_READWRITE {
        return Err(NtStatus::INVALID_PARAMETER_6);
    }
    Ok(())
}

fn kind_is_sound(kind: u32) -> bool {
    let any = |bits: u32| kind & bits != 0;
    let large = any(MEM_LARGE_PAGES);
    kind & !KNOWN_TYPES == 0
        && any(MEM_COMMIT | MEM_RESERVE | MEM_RESET)
        && (!any(MEM_RESET) || kind == MEM_RESET)
        && (!large || any(MEM_COMMIT) && !any(MEM_PHYSICAL | MEM_RESET | MEM_WRITE_WATCH))
        && (!any(MEM_WRITE_WATCH | MEM_PHYSICAL) || any(MEM_RESERVE))
        && (!any(MEM_PHYSICAL) || kind & !(MEM_RESERVE | MEM_TOP_DOWN | MEM_PHYSICAL) == 0)
}

/// A range that is asked for, found sound by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedRange {
    /// 0 for anywhere.
    base: u32,
    /// Bytes, 1 or more.
    size: u32,
}

impl AskedRange {
    /// Checks a range of `size` bytes at `base`.
    ///
    /// # Errors
    /// INVALID_PARAMETER_2 for a base no program can have, INVALID_PARAMETER_4 for an empty range or one that ends too high.
    #[inline(always)]
    pub fn check(base: u32, size: u32) -> Result<Self, NtStatus> {
        if base > HIGHEST_VAD_ADDRESS {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        if size == 0 || size > HIGHEST_VAD_ADDRESS + 1 - base {
            return Err(NtStatus::INVALID_PARAMETER_4);
        }
        Ok(Self { base, size })
    }

    /// The pages whose PTEs an allocation there may look at (A5).
    pub fn pages(self) -> PageRange {
        let last = if self.base == 0 { 0 } else { self.base + (self.size - 1) };
        PageRange { start: VirtualAddress(self.base).page(), end: VirtualAddress(last).page() }
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Reserves, commits, both, or resets `asked`. The range that became of it.
    ///
    /// # Errors
    /// XP's status for every refusal; nothing has changed.
    #[doc(alias = "NtAllocateVirtualMemory")]
    #[inline(never)]
    pub fn allocate(&self, flags: AllocateFlags, asked: AskedRange) -> Result<PageRange, NtStatus> {
        let AskedRange { base, size } = asked;
        if flags.has(MEM_WRITE_WATCH | MEM_PHYSICAL | MEM_LARGE_PAGES | MEM_RESET) {
            return self.allocate_specially(flags, base, size);
        }
        if base == 0 || flags.has(MEM_RESERVE) {
            return self.reserve(flags, base, size);
        }
        let range = PageRange::touched(base, size);
        self.commit(flags.protection(), range)?;
        Ok(range)
    }

    /// The same for what few programs ask for.
    #[cold]
    #[inline(never)]
    fn allocate_specially(&self, flags: AllocateFlags, base: u32, size: u32) -> Result<PageRange, NtStatus> {
        if flags.has(MEM_LARGE_PAGES) {
            return self.allocate_large(flags, base, size);
        }
        if flags.has(MEM_PHYSICAL) {
            return self.reserve_window(flags, base, size);
        }
        if flags.has(MEM_RESET) {
            return self.reset(PageRange::touched(base, size));
        }
        self.reserve_watched(|| self.reserve(flags, base, size))
    }

    #[inline(always)]
    fn reserve(&self, flags: AllocateFlags, base: u32, size: u32) -> Result<PageRange, NtStatus> {
        if flags.protection().is_copy_on_write() {
            return Err(NtStatus::INVALID_PAGE_PROTECTION);
        }
        let room = if base == 0 { self.find_room(flags, size)? } else { self.room_at(base, size)? };
        let range = PageRange { start: room.start, end: room.end };
        let mut vad = VadFlags::PRIVATE_MEMORY.with_protection(flags.protection());
        let mut even = Protection::ZERO;
        if flags.has(MEM_COMMIT) {
            vad = vad.with(VadFlags::MEM_COMMIT).with_commit_charge(PageCount(range.pages()));
            if !flags.protection().is_guard() {
                even = flags.protection();
            }
        }
        self.add_vad(VadForm::Short, room, vad, |vad| self.vads().name_protection(vad, even))?;
        Ok(range)
    }

    /// The lowest (or highest) free range that fits, at a multiple of 64 KB.
    #[inline(always)]
    pub(super) fn find_room(&self, flags: AllocateFlags, size: u32) -> Result<Room, NtStatus> {
        let pages = PageCount::of_bytes(size);
        let bounds = flags.bounds();
        let room = if flags.has(MEM_TOP_DOWN) {
            self.vads().highest_room(pages, Alignment::Granularity, bounds)
        } else {
            self.vads().lowest_room(pages, Alignment::Granularity, bounds)
        };
        room.ok_or(NtStatus::NO_MEMORY)
    }

    /// The range at `base`, rounded down to 64 KB, if it is free. Below 10000 nothing ever is.
    pub(super) fn room_at(&self, base: u32, size: u32) -> Result<Room, NtStatus> {
        let start = VirtualAddress(base & !(ALLOCATION_GRANULARITY - 1)).page();
        if start < VirtualPage::LOWEST_USER {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        self.vads().room_at(start, PageRange::touched(base, size).end).ok_or(NtStatus::CONFLICTING_ADDRESSES)
    }

    /// Commits the highest free page up to `highest`, at any page boundary, and secures it: where a PEB or TEB goes.
    ///
    /// # Errors
    /// NO_MEMORY, COMMITMENT_LIMIT, INSUFFICIENT_RESOURCES; nothing has changed.
    #[doc(alias = "MiCreatePebOrTeb")]
    pub fn allocate_block(&self, highest: VirtualPage) -> Result<VirtualPage, NtStatus> {
        let bounds = (VirtualPage::LOWEST_USER, highest);
        let room = self.vads().highest_room(PageCount(1), Alignment::Page, bounds).ok_or(NtStatus::NO_MEMORY)?;
        let flags = VadFlags::PRIVATE_MEMORY
            .with(VadFlags::MEM_COMMIT)
            .with_protection(Protection::READWRITE)
            .with_commit_charge(PageCount(1));
        let vad = self.add_vad(VadForm::Short, room, flags, |_| {})?;
        let range = PageRange { start: room.start, end: room.end };
        self.secure_first(vad, SecuredRange { range, mode: SecureMode::Writable });
        Ok(room.start)
    }

    /// Gives back `block`, which is a PEB or TEB: secured, but not from the kernel.
    #[doc(alias = "MmDeleteTeb")]
    pub fn release_block(&self, block: VirtualPage) {
        let Some(vad) = self.find_vad(block) else { return };
        let node = self.vads().node(vad);
        if (node.start(), node.end()) == (block, block) && node.flags().has(VadFlags::PRIVATE_MEMORY) {
            self.delete_private_vad(vad);
        }
    }

    fn commit(&self, protection: Protection, range: PageRange) -> Result<(), NtStatus> {
        let vad = self.enclosing_vad(range)?;
        let flags = self.vads().node(vad).flags();
        if flags.is_fixed() {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        if !flags.has(VadFlags::PRIVATE_MEMORY) {
            if protection.caching() != Caching::Cached {
                return Err(NtStatus::INVALID_PAGE_PROTECTION);
            }
            return self.commit_in_view(vad, protection, range);
        }
        if protection.is_copy_on_write() {
            return Err(NtStatus::INVALID_PAGE_PROTECTION);
        }
        if flags.has(VadFlags::NO_CHANGE) {
            self.check_secured(vad, range, Some(protection))?;
        }
        Ok(self.commit_range(range.start, range.end, protection)?)
    }

    /// The VAD that covers all of `range`.
    pub(crate) fn enclosing_vad(&self, range: PageRange) -> Result<VadLink, NtStatus> {
        let vad = self.find_vad(range.start).ok_or(NtStatus::CONFLICTING_ADDRESSES)?;
        if self.vads().node(vad).end() < range.end {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        Ok(vad)
    }

    /// The contents of `range` are of no more use: pages count as clean, and may be taken without being written anywhere.
    #[doc(alias = "MiResetVirtualMemory")]
    fn reset(&self, range: PageRange) -> Result<PageRange, NtStatus> {
        let vad = self.enclosing_vad(range)?;
        if self.vads().node(vad).flags().is_fixed() {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        for (first, last, _) in self.known_tables(range.start, range.end) {
            (first.0..=last.0).for_each(|page| self.reset_page(VirtualPage(page)));
        }
        Ok(range)
    }

    fn reset_page(&self, page: VirtualPage) {
        let cell = self.mm.machine.record(pte_of(page));
        match Pte::decode(cell.load()) {
            Pte::Valid(valid) if !valid.has(crate::pte::PROTOTYPE) => {
                let clean = ValidPte(valid.0 & !DIRTY);
                let old = ValidPte(self.mm.machine.exchange(cell, clean.0));
                self.mm.machine.flush(page);
                self.keep_write(page, old);
                let record = self.mm.frame(valid.frame());
                record.remove_flags(Flags::MODIFIED);
                self.mm.drop_slot(record);
            }
            Pte::PagingFile(place) => {
                self.mm.free_slot(place);
                cell.store(Pte::DemandZero(place.protection).encode());
            }
            Pte::Transition(frame, _) => {
                let record = self.mm.frame(frame);
                if record.flags().contains(Flags::READ_IN_PROGRESS) {
                    return;
                }
                record.remove_flags(Flags::MODIFIED);
                self.mm.drop_slot(record);
                if record.reference_count.get() == 0 && record.location() == crate::frame::Location::Modified {
                    self.mm.unlink(frame);
                    self.mm.insert_standby(frame);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_types_is_refused_or_accepted_as_xp_does() {
        let rows = [
            (MEM_COMMIT, true),
            (MEM_RESERVE, true),
            (MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN, true),
            (MEM_RESET, true),
            (MEM_RESET | MEM_COMMIT, false),
            (MEM_RESET | MEM_TOP_DOWN, false),
            (MEM_TOP_DOWN, false),
            (0, false),
            (MEM_COMMIT | 1, false),
            (MEM_COMMIT | MEM_DECOMMIT, false),
            (MEM_RESERVE | MEM_WRITE_WATCH, true),
            (MEM_COMMIT | MEM_WRITE_WATCH, false),
            (MEM_RESERVE | MEM_PHYSICAL, true),
            (MEM_RESERVE | MEM_PHYSICAL | MEM_TOP_DOWN, true),
            (MEM_RESERVE | MEM_COMMIT | MEM_PHYSICAL, false),
            (MEM_COMMIT | MEM_RESERVE | MEM_LARGE_PAGES, true),
            (MEM_RESERVE | MEM_LARGE_PAGES, false),
        ];
        for (kind, sound) in rows {
            let protect = PAGE_READWRITE;
            let expected = if sound { None } else { Some(NtStatus::INVALID_PARAMETER_5) };
            assert_eq!(AllocateFlags::check(0, kind, protect).err(), expected, "{kind:x}");
        }
    }

    #[test]
    fn parameters_are_checked_in_xps_order() {
        assert_eq!(AllocateFlags::check(22, 0, 0).err(), Some(NtStatus::INVALID_PARAMETER_3));
        assert_eq!(AllocateFlags::check(21, 0, 0).err(), Some(NtStatus::INVALID_PARAMETER_5));
        let physical = AllocateFlags::check(0, MEM_RESERVE | MEM_PHYSICAL, 0);
        assert_eq!(physical.err(), Some(NtStatus::INVALID_PARAMETER_6));
        assert_eq!(AllocateFlags::check(0, MEM_COMMIT, 0).err(), Some(NtStatus::INVALID_PAGE_PROTECTION));
    }

    #[test]
    fn ranges() {
        let refusal = |base, size| AskedRange::check(base, size).map(|_| ());
        assert_eq!(refusal(0x7FFE_0000, 1), Err(NtStatus::INVALID_PARAMETER_2));
        assert_eq!(refusal(0x7FFD_F000, 0x1001), Err(NtStatus::INVALID_PARAMETER_4));
        assert_eq!(refusal(0x7FFD_F000, 0x1000), Ok(()));
        assert_eq!(refusal(0x10000, 0), Err(NtStatus::INVALID_PARAMETER_4));
        assert_eq!(refusal(0x10000, u32::MAX), Err(NtStatus::INVALID_PARAMETER_4));
    }
}
