//! What bounds a working set: minimum, maximum, pages that are locked, and being emptied on request.
//!
//! Source: Win32's description of SetProcessWorkingSetSize and VirtualLock; statuses of NtLockVirtualMemory as
//! test programs observe them.

use abi::status::NtStatus;

use super::wsle;
use crate::address_space::AddressSpace;
use crate::layout::{HIGHEST_VAD_ADDRESS, PageCount, VirtualPage};
use crate::machine::Machine;
use crate::pte::Pte;
use crate::vad::VadFlags;
use crate::virtual_memory::PageRange;

/// Pages of the smallest minimum, and of the smallest maximum, that a process can have.
const LEAST_MINIMUM: u32 = 20;
const LEAST_MAXIMUM: u32 = 13;
/// Pages of the minimum that cannot be locked: a process must be able to run.
#[doc(alias = "MM_FLUID_WORKING_SET")]
const FLUID: u32 = 8;

/// The bounds of a working set, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingSetLimits {
    /// What is left to it however short memory is.
    pub minimum: PageCount,
    /// What it may have when memory is short.
    pub maximum: PageCount,
}

/// What a page is locked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Its working set, as `VirtualLock` does.
    WorkingSet,
    /// Memory.
    Memory,
    /// Both.
    Both,
}

impl LockKind {
    /// What `MapType` of NtLockVirtualMemory asks for.
    ///
    /// # Errors
    /// INVALID_PARAMETER.
    pub fn of(map_type: u32) -> Result<Self, NtStatus> {
        match map_type {
            1 => Ok(Self::WorkingSet),
            2 => Ok(Self::Memory),
            3 => Ok(Self::Both),
            _ => Err(NtStatus::INVALID_PARAMETER),
        }
    }

    /// Whether only the SeLockMemory privilege allows it.
    pub fn needs_privilege(self) -> bool {
        self != Self::WorkingSet
    }

    const fn bits(self) -> u32 {
        match self {
            Self::WorkingSet => wsle::LOCKED_IN_WS,
            Self::Memory => wsle::LOCKED_IN_MEMORY,
            Self::Both => wsle::LOCKED,
        }
    }
}

/// The pages that a range to be locked or unlocked touches.
///
/// # Errors
/// INVALID_PARAMETER_2 for a base no program can have, INVALID_PARAMETER_3 for an empty range or one that ends too high.
pub fn check_lock_range(base: u32, size: u32) -> Result<PageRange, NtStatus> {
    if base > HIGHEST_VAD_ADDRESS {
        return Err(NtStatus::INVALID_PARAMETER_2);
    }
    if size == 0 || size > HIGHEST_VAD_ADDRESS + 1 - base {
        return Err(NtStatus::INVALID_PARAMETER_3);
    }
    Ok(PageRange::touched(base, size))
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Gives the process other bounds. What it has beyond them goes when memory is short.
    ///
    /// # Errors
    /// INVALID_PARAMETER for a bound of nothing, BAD_WORKING_SET_LIMIT for a maximum below the minimum; nothing has changed.
    #[doc(alias = "MmAdjustWorkingSetSize")]
    pub fn set_working_set_limits(&self, limits: WorkingSetLimits) -> Result<(), NtStatus> {
        let WorkingSetLimits { minimum: PageCount(minimum), maximum: PageCount(maximum) } = limits;
        if minimum == 0 || maximum == 0 {
            return Err(NtStatus::INVALID_PARAMETER);
        }
        if minimum > maximum {
            return Err(NtStatus::BAD_WORKING_SET_LIMIT);
        }
        let minimum = minimum.max(LEAST_MINIMUM);
        self.process.vm.minimum_working_set_size.set(minimum);
        self.process.vm.maximum_working_set_size.set(maximum.max(LEAST_MAXIMUM).max(minimum));
        Ok(())
    }

    /// Trims all that can go; how many pages that was. Page tables go in a second turn, when nothing keeps them.
    #[doc(alias = "MmEmptyWorkingSet")]
    pub fn empty_working_set(&self) -> u32 {
        let pages = self.trim_working_set(0, u32::MAX, 0);
        pages + self.trim_working_set(0, u32::MAX, 0)
    }

    /// Whether `range` can be locked at all: committed memory that may be read. Large pages count for nothing, for they are always in memory.
    ///
    /// # Errors
    /// ACCESS_VIOLATION; INCOMPATIBLE_FILE_MAP where a window of AWE or physical memory is part of it; WORKING_SET_QUOTA where the range is
    /// larger than what a process may lock.
    pub fn check_lockable(&self, range: PageRange) -> Result<(), NtStatus> {
        let mut pages = 0;
        for page in (range.start.0..=range.end.0).map(VirtualPage) {
            let vad = self.find_vad(page).ok_or(NtStatus::ACCESS_VIOLATION)?;
            self.check_pageable(page)?;
            let protection = self.committed_protection(vad, page).filter(|protection| !protection.denies_all());
            protection.ok_or(NtStatus::ACCESS_VIOLATION)?;
            pages += u32::from(!self.is_large_page(page));
        }
        let fits = pages == 0 || pages + FLUID <= self.process.vm.minimum_working_set_size.get();
        if fits { Ok(()) } else { Err(NtStatus::WORKING_SET_QUOTA) }
    }

    /// INCOMPATIBLE_FILE_MAP for a page that no working set can have, of a window of AWE or of physical memory.
    fn check_pageable(&self, page: VirtualPage) -> Result<(), NtStatus> {
        let is_special = self.find_vad(page).is_some_and(|vad| {
            let flags = self.vads().node(vad).flags();
            flags.is_fixed() && !flags.has(VadFlags::LARGE_PAGES)
        });
        if is_special { Err(NtStatus::INCOMPATIBLE_FILE_MAP) } else { Ok(()) }
    }

    /// The first page of `range` that is not valid: it has to be touched before the range can be locked.
    pub fn first_not_valid(&self, range: PageRange) -> Option<VirtualPage> {
        let is_there = |page| matches!(self.decode(page), Pte::Valid(_)) || self.is_large_page(page);
        (range.start.0..=range.end.0).map(VirtualPage).find(|page| !is_there(*page))
    }

    /// Locks `range`, all of which is valid; whether some of it was locked before.
    ///
    /// # Errors
    /// WORKING_SET_QUOTA where the process would have too little that is not locked; nothing has changed.
    #[doc(alias = "NtLockVirtualMemory")]
    pub fn lock_pages(&self, range: PageRange, kind: LockKind) -> Result<bool, NtStatus> {
        let bits = kind.bits();
        let (mut new, mut was_locked) = (0, false);
        self.each_place(range, |entry| {
            new += u32::from(entry.get() & wsle::LOCKED == 0);
            was_locked |= entry.has(bits);
        });
        if self.process.number_of_locked_pages.get() + new + FLUID > self.process.vm.minimum_working_set_size.get() {
            return Err(NtStatus::WORKING_SET_QUOTA);
        }
        self.each_place(range, |entry| entry.set(entry.get() | bits));
        self.process.number_of_locked_pages.update(|count| count + new);
        Ok(was_locked)
    }

    /// Unlocks `range`, all or nothing. Large pages stay in memory whatever is asked.
    ///
    /// # Errors
    /// NOT_LOCKED, INCOMPATIBLE_FILE_MAP as for locking; nothing has changed.
    #[doc(alias = "NtUnlockVirtualMemory")]
    pub fn unlock_pages(&self, range: PageRange, kind: LockKind) -> Result<(), NtStatus> {
        (range.start.0..=range.end.0).try_for_each(|page| self.check_pageable(VirtualPage(page)))?;
        if self.first_not_valid(range).is_some() {
            return Err(NtStatus::NOT_LOCKED);
        }
        let bits = kind.bits();
        let mut locked = true;
        self.each_place(range, |entry| locked &= entry.has(bits));
        if !locked {
            return Err(NtStatus::NOT_LOCKED);
        }
        let mut free = 0;
        self.each_place(range, |entry| {
            entry.set(entry.get() & !bits);
            free += u32::from(entry.get() & wsle::LOCKED == 0);
        });
        self.process.number_of_locked_pages.update(|count| count - free);
        Ok(())
    }

    /// Calls `visit` with the entry of each page of `range`, all of which is valid.
    fn each_place(&self, range: PageRange, mut visit: impl FnMut(&super::Wsle)) {
        for page in (range.start.0..=range.end.0).map(VirtualPage) {
            if let Pte::Valid(valid) = self.decode(page)
                && let Some(index) = self.locate(page, self.mm.frame(valid.frame()))
            {
                visit(self.wsle(index));
            }
        }
    }
}
