//! Where a heap's memory comes from: regions that are reserved whole and committed piece by piece.

use core::alloc::Layout;

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::source::Source;
use user_support::memory::Memory;

use super::super::services::{CURRENT_PROCESS, NtAllocateVirtualMemory, NtFreeVirtualMemory};
use super::{ClaimEnd, memory};

/// Bytes a heap reserves when nobody says otherwise.
pub(super) const DEFAULT_RESERVE: u32 = 0x10_0000;
/// Bytes that are committed at a time.
const COMMIT_STEP: u32 = 0x1_0000;
/// Largest region that is reserved in advance of need.
const LARGEST_REGION: u32 = 0x100_0000;
/// What a region begins with: the address of the next.
pub(super) const REGION_HEADER: u32 = 16;
const PAGE: u32 = 0x1000;
const MEM_COMMIT: u32 = 0x1000;
const MEM_RESERVE: u32 = 0x2000;
const MEM_RELEASE: u32 = 0x8000;
const READ_WRITE: u32 = 4;

/// The regions of one heap. Only the newest still grows.
#[derive(Debug)]
pub(super) struct Growth {
    growable: bool,
    /// End of what is committed in the newest region.
    committed: u32,
    /// End of the newest region.
    reserved: u32,
    /// Where in the first region begins what `talc` is to have as soon as it needs something; 0 once it has that.
    kept_back: u32,
    /// End of what `talc` has of the newest region.
    claimed: Option<ClaimEnd>,
    /// Size of the newest region.
    size: u32,
    /// The newest region after the first, linked through their first words; 0 for none.
    regions: u32,
}

impl Growth {
    /// Reserves the first region and commits its beginning. Returns its base.
    pub(super) fn first(growable: bool, reserve: u32, commit: u32) -> Option<(u32, Self)> {
        let size = page_round(reserve.max(PAGE))?;
        let base = allocate(0, size, MEM_RESERVE)?;
        let step = page_round(commit.max(COMMIT_STEP))?.min(size);
        let growth = Self {
            growable,
            committed: base + step,
            reserved: base + size,
            kept_back: 0,
            claimed: None,
            size,
            regions: 0,
        };
        if allocate(base, step, MEM_COMMIT).is_none() {
            release(base);
            return None;
        }
        Some((base, growth))
    }

    /// A source without memory, left behind when a heap ends.
    pub(super) const fn empty() -> Self {
        Self { growable: false, committed: 0, reserved: 0, kept_back: 0, claimed: None, size: 0, regions: 0 }
    }

    /// The newest region after the first, whose first word leads to the one before it; 0 for none.
    pub(super) fn newest(&self) -> u32 {
        self.regions
    }

    /// Bytes from `start` to the end of what is committed.
    pub(super) fn unclaimed(&mut self, start: u32) -> u32 {
        self.committed.saturating_sub(start)
    }

    /// Keeps what is committed from `start` on back: most processes end before `talc` needs it, and a claim stores to two pages of it.
    pub(super) fn keep_back(&mut self, start: u32) {
        self.kept_back = start;
    }

    /// Notes how far `talc` has claimed the newest region.
    pub(super) fn claimed_to(&mut self, end: ClaimEnd) {
        self.claimed = Some(end);
    }

    /// Returns all regions, that at `first` with the heap itself last.
    pub(super) fn release_all(&mut self, first: u32) {
        while self.regions != 0 {
            let region = self.regions;
            self.regions = memory().read_u32(region);
            release(region);
        }
        release(first);
    }

    /// Commits at least `need` more bytes of the newest region; false if it has no more room.
    fn commit_more(&mut self, need: u32) -> bool {
        let room = self.reserved - self.committed;
        let Some(step) = page_round(need.max(COMMIT_STEP)) else { return false };
        if need > room || allocate(self.committed, step.min(room), MEM_COMMIT).is_none() {
            return false;
        }
        self.committed += step.min(room);
        true
    }

    /// Makes a new region the newest, with at least `need` bytes committed behind its header. The rest of the old
    /// region stays reserved: it is less than what was asked for.
    fn new_region(&mut self, need: u32) -> Option<u32> {
        let need = page_round(need.checked_add(REGION_HEADER)?)?;
        let size = self.size.saturating_mul(2).min(LARGEST_REGION).max(need.checked_add(COMMIT_STEP)?);
        let size = page_round(size)?;
        let base = allocate(0, size, MEM_RESERVE)?;
        let step = need.max(COMMIT_STEP);
        if allocate(base, step, MEM_COMMIT).is_none() {
            release(base);
            return None;
        }
        memory().write_u32(base, self.regions);
        (self.regions, self.size) = (base, size);
        (self.committed, self.reserved, self.claimed) = (base + step, base + size, None);
        Some(base)
    }
}

// SAFETY: `acquire` uses the allocator only through the reference it is given, and allocates nothing from a heap; the
// memory it adds is committed and nobody else's. `resize` is not implemented.
unsafe impl Source for Growth {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let start = core::mem::take(&mut talc.source.kept_back);
        if start != 0 {
            let size = talc.source.unclaimed(start);
            // SAFETY: the committed rest of the first region, which nobody else uses and nobody has claimed.
            let end = unsafe { talc.claim(start as *mut u8, size as usize) }.ok_or(())?;
            talc.source.claimed_to(end);
            return Ok(());
        }
        // Room for the block, its alignment, and what the allocator keeps around it.
        let need = layout.size() as u32 + layout.align() as u32 + 128;
        if let Some(end) = talc.source.claimed
            && talc.source.commit_more(need)
        {
            let new_end = talc.source.committed as *mut u8;
            // SAFETY: `end` is what the last claim or extension returned; up to `new_end` all is committed and unused.
            let end = unsafe { talc.extend(end, new_end) };
            talc.source.claimed_to(end);
            return Ok(());
        }
        if !talc.source.growable {
            return Err(());
        }
        let base = talc.source.new_region(need).ok_or(())? + REGION_HEADER;
        let size = talc.source.committed - base;
        // SAFETY: the committed rest of a fresh region that nobody else uses.
        let end = unsafe { talc.claim(base as *mut u8, size as usize) }.ok_or(())?;
        talc.source.claimed_to(end);
        Ok(())
    }
}

/// `size` rounded up to whole pages, unless that overflows.
pub(super) fn page_round(size: u32) -> Option<u32> {
    Some(size.checked_add(PAGE - 1)? & !(PAGE - 1))
}

/// A new region of `size` bytes, committed whole.
pub(super) fn commit_region(size: u32) -> Option<u32> {
    allocate(0, size, MEM_RESERVE | MEM_COMMIT)
}

fn allocate(at: u32, size: u32, kind: u32) -> Option<u32> {
    let (mut base, mut size) = (at, size);
    // SAFETY: the service writes the two words, and only changes memory that is free or this heap's own reserve.
    let status = unsafe { NtAllocateVirtualMemory(CURRENT_PROCESS, &mut base, 0, &mut size, kind, READ_WRITE) };
    (status == 0).then_some(base)
}

/// Returns the region at `base`.
pub(super) fn release(base: u32) {
    let (mut base, mut size) = (base, 0);
    // SAFETY: the caller is done with the region; a refusal would leave it reserved, which harms nobody.
    unsafe { NtFreeVirtualMemory(CURRENT_PROCESS, &mut base, &mut size, MEM_RELEASE) };
}
