//! Write watch: which pages of a region have been stored to since somebody asked last.
//!
//! The processor notes a store in the page's entry (Dirty), whoever makes it: the program, another of its threads, or the kernel for it. Where such
//! a note would go while the region stays (the page leaves the working set, its protection takes it out of reach, it is decommitted or reset), it is
//! kept in the region's bitmap first ([`AddressSpace::keep_write`]). So a page has been written to if its entry is dirty or its bit is set; a store to
//! watched memory costs nothing beyond an ordinary one, and what has left memory is told as exactly as what is there.
//!
//! A fault does not set Dirty: the access that it resolves need not be a store. What pages are decommitted and committed again were written to before
//! stays known: nobody has reset it.
//!
//! * **Q1** A VAD with WriteWatch is private memory and has one view in its process's `PhysicalVadList`, which names its range; a bitmap with a bit
//!   for each of its pages hangs on that. The process has the flag WriteWatch.
//! * **Q2** Bits of the bitmap's last word beyond the last page are clear.
//!
//! Source: Win32's description of GetWriteWatch and ResetWriteWatch; what becomes of decommitted pages, of a change of protection and of a list that is
//! too short as Wine's tests observe it of Windows (`kernel32/tests/virtual.c`); `PhysicalVadList` of `_EPROCESS`, the flag of it and the pool tag
//! `MmWw` by their public names, the layout of the view inferred from them.

use abi::assert_layout;
use abi::cell::{Field, Link, Record};
use abi::nt::list::ListEntry;
use abi::nt::process::{Eprocess, process_flags};
use abi::status::NtStatus;
use core::mem::offset_of;

use super::{FreeKind, PageRange};
use crate::MemoryManager;
use crate::address_space::AddressSpace;
use crate::layout::{HIGHEST_USER_ADDRESS, PAGE_SIZE, PageCount, VirtualAddress, VirtualPage};
use crate::list;
use crate::machine::Machine;
use crate::paging_file::RtlBitmap;
use crate::pool::{LARGEST_BLOCK, Tag};
use crate::pte::{DIRTY, VALID, ValidPte, table_of};
use crate::system::Exhausted;
use crate::vad::{VadFlags, VadLink};

const WRITE_WATCH: Tag = Tag(*b"MmWw");
const BITS: u32 = 32;

/// What a process's `PhysicalVadList` has for a VAD. The bitmap follows.
#[doc(alias = "_MI_PHYSICAL_VIEW")]
#[repr(C)]
#[derive(Debug)]
pub struct PhysicalView {
    /// Its place in the list.
    pub list_entry: ListEntry,
    /// The VAD.
    pub vad: Field<VadLink>,
    /// The first address.
    pub start_va: Field<u32>,
    /// The last address.
    pub end_va: Field<u32>,
    /// A bit for each page that is known to have been written to.
    pub bit_map: Field<Link<RtlBitmap>>,
}
impl Record for PhysicalView {}
assert_layout!(PhysicalView, 0x18, { list_entry: 0, vad: 8, start_va: 0xC, end_va: 0x10, bit_map: 0x14 });

/// Bytes of the view of `pages`, with its bitmap.
const fn bytes_for(pages: u32) -> u32 {
    WORDS_AT + pages.div_ceil(BITS) * 4
}

/// Where in the block of a view the bits begin.
const WORDS_AT: u32 = (size_of::<PhysicalView>() + size_of::<RtlBitmap>()) as u32;

impl<M: Machine> MemoryManager<M> {
    /// A view of `pages` of which none has been written to.
    fn allocate_view(&self, pages: u32) -> Result<Link<PhysicalView>, Exhausted> {
        let bytes = bytes_for(pages);
        let view: Link<PhysicalView> = if bytes <= LARGEST_BLOCK {
            self.allocate_pool(bytes, WRITE_WATCH)?
        } else {
            self.allocate_pool_pages(PageCount::of_bytes(bytes).0)?
        };
        let bitmap: Link<RtlBitmap> = view.offset(size_of::<PhysicalView>() as u32);
        self.zero_words(view, bytes);
        self.machine.record(view).bit_map.set(bitmap);
        self.machine.record(bitmap).size_of_bit_map.set(pages);
        self.machine.record(bitmap).buffer.set(view.offset(WORDS_AT));
        Ok(view)
    }

    fn free_view(&self, view: Link<PhysicalView>) {
        let bytes = bytes_for(self.bitmap_of(view).size_of_bit_map.get());
        if bytes <= LARGEST_BLOCK {
            self.free_pool(view);
        } else {
            self.free_pool_pages(view, PageCount::of_bytes(bytes).0);
        }
    }

    pub(crate) fn bitmap_of(&self, view: Link<PhysicalView>) -> &RtlBitmap {
        self.machine.record(self.machine.record(view).bit_map.get())
    }

    /// The word of the view's bitmap that has the bit of its page number `index`.
    pub(crate) fn watch_word(&self, view: Link<PhysicalView>, index: u32) -> &Field<u32> {
        self.machine.record(self.bitmap_of(view).buffer.get().offset(index / BITS * 4))
    }
}

/// Checks a range of `size` bytes at `base` by itself.
///
/// # Errors
/// INVALID_PARAMETER_2 for a base no program can have, INVALID_PARAMETER_3 for an empty range or one that ends too high.
pub fn check_watch_range(base: u32, size: u32) -> Result<(), NtStatus> {
    if base > HIGHEST_USER_ADDRESS {
        return Err(NtStatus::INVALID_PARAMETER_2);
    }
    if size == 0 || size > HIGHEST_USER_ADDRESS + 1 - base {
        return Err(NtStatus::INVALID_PARAMETER_3);
    }
    Ok(())
}

/// A range of watched pages.
#[derive(Clone, Copy)]
struct Watched {
    view: Link<PhysicalView>,
    /// The first page of the VAD.
    start: VirtualPage,
    range: PageRange,
}

impl Watched {
    /// The range in parts whose bits are in one word: the first page of each, the last, and the bits.
    fn words(self) -> impl Iterator<Item = (VirtualPage, VirtualPage, u32)> {
        let mut next = Some(self.range.start);
        core::iter::from_fn(move || {
            let first = next?;
            let bit = (first.0 - self.start.0) % BITS;
            let last = VirtualPage((first.0 + (BITS - 1 - bit)).min(self.range.end.0));
            next = (last < self.range.end).then_some(VirtualPage(last.0 + 1));
            Some((first, last, (u32::MAX >> (BITS - 1 - (last.0 - first.0))) << bit))
        })
    }

    const fn index(self, page: VirtualPage) -> u32 {
        page.0 - self.start.0
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// Does `reserve`; what it reserves is watched.
    ///
    /// # Errors
    /// Those of `reserve`; INSUFFICIENT_RESOURCES. Nothing has changed.
    pub(super) fn reserve_watched(
        &self,
        reserve: impl FnOnce() -> Result<PageRange, NtStatus>,
    ) -> Result<PageRange, NtStatus> {
        let peaks = [&self.process.commit_charge_peak, &self.process.peak_virtual_size].map(|peak| (peak, peak.get()));
        let range = reserve()?;
        let Some(vad) = self.find_vad(range.start) else { return Ok(range) };
        match self.mm.allocate_view(range.pages()) {
            Ok(view) => self.watch(vad, view),
            Err(exhausted) => {
                self.delete_private_vad(vad);
                peaks.iter().for_each(|(peak, before)| peak.set(*before));
                return Err(exhausted.into());
            }
        }
        Ok(range)
    }

    fn watch(&self, vad: VadLink, view: Link<PhysicalView>) {
        let (node, record) = (self.vads().node(vad), self.mm.machine.record(view));
        record.vad.set(vad);
        record.start_va.set(node.start().address().0);
        record.end_va.set(node.end().address().0 | (PAGE_SIZE - 1));
        node.set_flags(node.flags().with(VadFlags::WRITE_WATCH));
        self.vads().set_physical_view(vad, view);
        list::insert_tail(&self.mm.machine, self.physical_views(), view.cast());
        self.process.flags.set_bits(process_flags::WRITE_WATCH);
    }

    /// The head of the process's list of views.
    fn physical_views(&self) -> Link<ListEntry> {
        let process = self.mm.owner_of_directory(self.directory(VirtualPage(0)));
        process.offset(offset_of!(Eprocess, physical_vad_list) as u32)
    }

    /// `vad`, which has WriteWatch, is not watched any more: it goes.
    pub(super) fn forget_watch(&self, vad: VadLink) {
        let node = self.vads().node(vad);
        let view = self.vads().physical_view(vad);
        node.set_flags(node.flags().without(VadFlags::WRITE_WATCH));
        self.vads().set_even_protection(vad, crate::protection::Protection::ZERO);
        list::remove(&self.mm.machine, view.cast());
        self.mm.free_view(view);
    }

    /// What freeing `range` of `vad`, which has WriteWatch, asks for first: a part of it cannot be released, for there is one bitmap; what was written
    /// stays known of decommitted pages.
    ///
    /// # Errors
    /// FREE_VM_NOT_AT_BASE; nothing has changed.
    pub(super) fn prepare_to_free_watched(
        &self,
        vad: VadLink,
        kind: FreeKind,
        range: PageRange,
    ) -> Result<(), NtStatus> {
        let node = self.vads().node(vad);
        match kind {
            FreeKind::Decommit => self.keep_writes(vad, range),
            FreeKind::Release if (range.start, range.end) == (node.start(), node.end()) => self.forget_watch(vad),
            FreeKind::Release => return Err(NtStatus::FREE_VM_NOT_AT_BASE),
        }
        Ok(())
    }

    /// Keeps what `old`, an entry of `page` that has gone or is no longer dirty, said of stores to a watched page.
    #[doc(alias = "MiCaptureWriteWatchDirtyBit")]
    #[inline(always)]
    pub(crate) fn keep_write(&self, page: VirtualPage, old: ValidPte) {
        if old.has(DIRTY) && self.process.flags.get() & process_flags::WRITE_WATCH != 0 {
            self.keep_write_to(page);
        }
    }

    #[cold]
    #[inline(never)]
    fn keep_write_to(&self, page: VirtualPage) {
        if let Some(vad) = self.find_vad(page)
            && self.vads().node(vad).flags().has(VadFlags::WRITE_WATCH)
        {
            let range = PageRange { start: page, end: page };
            self.set_bits(self.watched(vad, range), page, page, 1);
        }
    }

    /// Keeps what the entries of `range` of `vad` say, all of which will go.
    fn keep_writes(&self, vad: VadLink, range: PageRange) {
        let watched = self.watched(vad, range);
        for (first, last, _) in watched.words() {
            self.set_bits(watched, first, last, self.dirty_bits(first, last));
        }
    }

    fn watched(&self, vad: VadLink, range: PageRange) -> Watched {
        Watched { view: self.vads().physical_view(vad), start: self.vads().node(vad).start(), range }
    }

    /// Sets the bits of those pages of `first..=last`, which lie in one word, that `bits`, counted from `first` on, tell.
    fn set_bits(&self, watched: Watched, first: VirtualPage, last: VirtualPage, bits: u32) {
        let index = watched.index(first);
        debug_assert!(index / BITS == watched.index(last) / BITS, "the bits of one word");
        self.mm.watch_word(watched.view, index).update(|word| word | bits << (index % BITS));
    }

    /// A bit for each of `first..=last`, no more than 32, whose entry is dirty. None has an entry in a page table that is not in memory.
    fn dirty_bits(&self, first: VirtualPage, last: VirtualPage) -> u32 {
        let mut bits = 0;
        for (start, end, _) in self.present_tables(first, last) {
            self.mm.machine.record(table_of(start)).each_filled(start, end, |page, cell| {
                let dirty = ValidPte(cell.load()).has(VALID | DIRTY);
                bits |= u32::from(dirty) << (page.0 - first.0);
            });
        }
        bits
    }

    /// The pages that `size` bytes at `base` touch, if they are watched.
    ///
    /// # Errors
    /// Those of [`check_watch_range`]; INVALID_PARAMETER_1 where not all of the range lies in one region that is watched.
    pub fn check_watched(&self, base: u32, size: u32) -> Result<PageRange, NtStatus> {
        check_watch_range(base, size)?;
        let range = PageRange::touched(base, size);
        self.watch_of(range).map(|_| range).ok_or(NtStatus::INVALID_PARAMETER_1)
    }

    fn watch_of(&self, range: PageRange) -> Option<Watched> {
        let vad = self.find_vad(range.start)?;
        let node = self.vads().node(vad);
        let is_watched = node.flags().has(VadFlags::WRITE_WATCH) && range.end <= node.end();
        is_watched.then(|| self.watched(vad, range))
    }

    /// Stores the addresses of the pages of `range` that have been written to, lowest first, as far as `into` reaches: how many. None where the
    /// range is not watched any more.
    #[doc(alias = "NtGetWriteWatch")]
    pub fn written_pages(&self, range: PageRange, into: &mut [u32]) -> usize {
        let Some(watched) = self.watch_of(range) else { return 0 };
        let mut found = 0;
        for (first, last, mask) in watched.words() {
            let kept = self.mm.watch_word(watched.view, watched.index(first)).get() & mask;
            let mut bits = kept >> (watched.index(first) % BITS) | self.dirty_bits(first, last);
            while bits != 0 {
                let Some(place) = into.get_mut(found) else { return found };
                *place = VirtualPage(first.0 + bits.trailing_zeros()).address().0;
                found += 1;
                bits &= bits - 1;
            }
        }
        found
    }

    /// Forgets that the pages at `addresses` were written to; what is not watched any more is left alone.
    pub fn forget_written(&self, addresses: &[u32]) {
        for page in addresses.iter().map(|address| VirtualAddress(*address).page()) {
            self.forget_writes(PageRange { start: page, end: page });
        }
    }

    /// Forgets that pages of `size` bytes at `base` were written to.
    ///
    /// # Errors
    /// Those of [`check_watched`](Self::check_watched); nothing has changed.
    #[doc(alias = "NtResetWriteWatch")]
    pub fn reset_watch(&self, base: u32, size: u32) -> Result<(), NtStatus> {
        let range = self.check_watched(base, size)?;
        self.forget_writes(range);
        Ok(())
    }

    fn forget_writes(&self, range: PageRange) {
        let Some(watched) = self.watch_of(range) else { return };
        for (first, last, mask) in watched.words() {
            self.mm.watch_word(watched.view, watched.index(first)).update(|word| word & !mask);
            self.clean(first, last);
        }
    }

    /// Clears Dirty in the entries of `first..=last`; that their pages have no copy anywhere else stays known.
    fn clean(&self, first: VirtualPage, last: VirtualPage) {
        for (start, end, _) in self.present_tables(first, last) {
            self.mm.machine.record(table_of(start)).each_filled(start, end, |page, cell| {
                let valid = ValidPte(cell.load());
                if valid.has(VALID | DIRTY) {
                    let old = ValidPte(self.mm.machine.exchange(cell, valid.0 & !DIRTY));
                    self.mm.machine.flush(page);
                    self.leave_dirt(old.frame(), old);
                }
            });
        }
    }
}
