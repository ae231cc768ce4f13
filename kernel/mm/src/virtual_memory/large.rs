//! Large pages: memory that page directories map, 2 MB an entry, without page tables.
//!
//! Such memory is reserved and committed at once and stays as it is until all of it is released: its pages are never paged, in no working
//! set, and cannot be protected or decommitted. What is had is 512 frames in a row for each entry, which are hard to get when
//! memory has become fragmented; so the whole request is refused unless there is a run for each of its pages, and unless memory stays that is
//! enough for everybody else.
//!
//! * **Y1** A VAD with LargePages is private and committed, begins and ends at multiples of 2 MB, and each of its page-directory entries is
//!   valid and large; no other user entry is. It is charged all of its pages (M1) and, like any VAD, a page table for each 2 MB (A2).
//! * **Y2** Its frames are active with one share, named by the page-directory entry, and fixed.
//! * **Y3** The entries allow what the VAD does, and are dirty.
//! * **Y4** No other frames are fixed and named by a page directory.
//!
//! Source: Win32's "Large-Page Support" and its description of VirtualAlloc: both size and address are multiples of the large page,
//! memory is readable and writable and never paged, reserving and committing is one operation; refusals of parts as documented for
//! Server 2003. Intel SDM volume 3, section 4.4 for the entry.

use abi::memory::{MEM_RESERVE, MEM_TOP_DOWN};
use abi::status::NtStatus;

use super::{AllocateFlags, PageRange};
use crate::address_space::AddressSpace;
use crate::failing::Request;
use crate::frame::{Flags, FrameRun, LargeRunSearch};
use crate::layout::{ENTRIES_PER_TABLE, FrameNumber, LARGE_PAGE_SIZE, PageCount, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{DIRTY, LARGE_PAGE, Pte, ValidPte, pde_of, table_page_of};
use crate::vad::{Room, VadFlags, VadForm, VadLink};

/// What ends a chain of runs.
const NO_RUN: u32 = u32::MAX;

impl<M: Machine> AddressSpace<'_, M> {
    /// Reserves and commits large pages.
    ///
    /// # Errors
    /// INVALID_PAGE_PROTECTION unless all may be read and written, INVALID_PARAMETER_2 and _4 for an address and a size that are no multiples of
    /// 2 MB, CONFLICTING_ADDRESSES, NO_MEMORY, COMMITMENT_LIMIT; INSUFFICIENT_RESOURCES where there are not enough frames in a row. Nothing
    /// has changed.
    #[cold]
    #[inline(never)]
    pub(super) fn allocate_large(&self, flags: AllocateFlags, base: u32, size: u32) -> Result<PageRange, NtStatus> {
        if !matches!(flags.protection(), Protection::READWRITE | Protection::EXECUTE_READWRITE) {
            return Err(NtStatus::INVALID_PAGE_PROTECTION);
        }
        if !base.is_multiple_of(LARGE_PAGE_SIZE) {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        if !size.is_multiple_of(LARGE_PAGE_SIZE) {
            return Err(NtStatus::INVALID_PARAMETER_4);
        }
        let room = if base == 0 {
            self.find_large_room(flags, size)?
        } else if flags.has(MEM_RESERVE) {
            self.room_at(base, size)?
        } else {
            // What was reserved before cannot become large.
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        };
        self.fill_large(room, flags)
    }

    /// The lowest (or highest) free range that fits, at a multiple of 2 MB.
    fn find_large_room(&self, flags: AllocateFlags, size: u32) -> Result<Room, NtStatus> {
        let (pages, bounds) = (PageCount::of_bytes(size), flags.bounds());
        let room = if flags.has(MEM_TOP_DOWN) {
            self.vads().highest_large_room(pages, bounds)
        } else {
            self.vads().lowest_large_room(pages, bounds)
        };
        room.ok_or(NtStatus::NO_MEMORY)
    }

    fn fill_large(&self, room: Room, flags: AllocateFlags) -> Result<PageRange, NtStatus> {
        let range = PageRange { start: room.start, end: room.end };
        let count = range.pages() / ENTRIES_PER_TABLE;
        self.check_large_runs(count)?;
        let flags = VadFlags::PRIVATE_MEMORY
            .with(VadFlags::LARGE_PAGES)
            .with(VadFlags::MEM_COMMIT)
            .with_protection(flags.protection())
            .with_commit_charge(PageCount(range.pages()));
        let vad = self.add_vad(VadForm::Short, room, flags, |_| {})?;
        let Some(first) = self.take_large_runs(count) else {
            // The VAD itself took a frame that one of the runs needed.
            self.remove_vad(vad);
            return Err(NtStatus::INSUFFICIENT_RESOURCES);
        };
        let mut page = range.start;
        self.each_large_run(first, |run| {
            self.map_large_page(page, run, flags.protection());
            page = VirtualPage(page.0 + ENTRIES_PER_TABLE);
        });
        Ok(range)
    }

    /// Whether there are `count` runs of frames, and memory does not become short without them. Nothing is taken yet.
    fn check_large_runs(&self, count: u32) -> Result<(), NtStatus> {
        let spare = self.mm.available_frames().saturating_sub(self.mm.frames_wanted());
        let is_refused = || self.mm.failing().refuses(Request::Frame);
        let mut search = LargeRunSearch::START;
        let mut has_run = || {
            let refused = is_refused() && is_refused();
            !refused && self.mm.next_large_run(&mut search).is_some()
        };
        if count <= spare / ENTRIES_PER_TABLE && (0..count).all(|_| has_run()) {
            Ok(())
        } else {
            Err(NtStatus::INSUFFICIENT_RESOURCES)
        }
    }

    /// Takes `count` runs of frames, or none; the first frame of the first one. They are chained by `u1` of the records of their first
    /// frames, which say nothing else between a list and an owner.
    fn take_large_runs(&self, count: u32) -> Option<u32> {
        let mut search = LargeRunSearch::START;
        let mut first = NO_RUN;
        for _ in 0..count {
            let Some(run) = self.mm.next_large_run(&mut search) else {
                self.each_large_run(first, |run| self.mm.return_large_run(run));
                return None;
            };
            self.mm.take_large_run(run);
            self.mm.frame(run.base).u1.set(first);
            first = run.base.0;
        }
        Some(first)
    }

    /// Calls `visit` with each run of the chain that begins at frame `next`.
    fn each_large_run(&self, mut next: u32, mut visit: impl FnMut(FrameRun)) {
        while next != NO_RUN {
            let run = FrameRun { base: FrameNumber(next), count: ENTRIES_PER_TABLE };
            next = self.mm.frame(run.base).u1.get();
            visit(run);
        }
    }

    /// Maps the frames of `run`, which were taken, at `page` (Y2).
    fn map_large_page(&self, page: VirtualPage, run: FrameRun, protection: Protection) {
        let (pde, directory) = (pde_of(page), self.directory(page));
        debug_assert!(self.mm.machine.record(pde).load() == 0, "A1: a page table where nothing is reserved");
        self.mm.zero_large_run(run);
        for number in run.frames() {
            let record = self.mm.own_frame(number, pde, directory, Pte::DemandZero(protection).encode());
            record.set_pte_of_fixed(pde, directory);
            record.insert_flags(Flags::MODIFIED);
        }
        let entry = ValidPte::user(run.base, protection, self.mm.no_execute).with(LARGE_PAGE | DIRTY);
        self.mm.machine.record(pde).store(entry.0);
        self.mm.add_share(directory);
    }

    /// Takes the large pages of `vad` away: it goes.
    pub(super) fn delete_large_pages(&self, vad: VadLink) {
        let node = self.vads().node(vad);
        for page in (node.start().0..=node.end().0).step_by(ENTRIES_PER_TABLE as usize).map(VirtualPage) {
            let entry = ValidPte(self.mm.machine.exchange(self.mm.machine.record(pde_of(page)), 0));
            self.mm.machine.flush(page);
            self.mm.machine.flush(table_page_of(page));
            for number in (FrameRun { base: entry.frame(), count: ENTRIES_PER_TABLE }).frames() {
                self.mm.frame(number).clear_fixed();
                self.mm.delete_private_page(number);
            }
            self.mm.release_share(self.directory(page));
        }
        // An emulator that translates code may know its way to all of a large page.
        self.mm.machine.flush_user();
    }
}
