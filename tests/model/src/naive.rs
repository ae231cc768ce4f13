//! The naive model: an address space as a map from page to what it is, every rule spelled out page by page.
//!
//! It knows no PTE, no frame and no tree, so that it can be wrong only in other ways than the memory manager. What it
//! cannot foretell is a lack of resources: see [`is_shortage`].

mod protections;
mod shared;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use abi::memory::*;
use abi::status::NtStatus;
use mm::protection::Access;
use mm::virtual_memory::Region;

use crate::image::{self, TestImage};
use crate::system::Outcome;
use protections::{allows, covers, from_copy, is_copy, section_protect, stores_for_all, to_copy};
pub use shared::SharedMemory;

const FIRST: u32 = 0x10;
const LAST: u32 = 0x7FFDF;

/// Statuses that say that something ran out.
pub fn is_shortage(status: NtStatus) -> bool {
    [NtStatus::NO_MEMORY, NtStatus::COMMITMENT_LIMIT, NtStatus::INSUFFICIENT_RESOURCES].contains(&status)
}

/// What an allocation is of.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Private,
    Image(usize),
    /// Memory that processes share, and the view's first page in it.
    Memory(Rc<RefCell<SharedMemory>>, u32),
}

#[derive(Clone, Debug)]
struct Allocation {
    end: u32,
    protect: u32,
    kind: Kind,
    watched: bool,
}

#[derive(Clone, Debug, Default)]
struct Page {
    /// `None` where it is reserved, and in memory that processes share where it is as the view.
    protect: Option<u32>,
    /// A page of a view that the process has made its own.
    copied: bool,
    /// Bytes that were stored; `None` for what a reset has made uncertain.
    bytes: BTreeMap<u32, Option<u8>>,
    uncertain: bool,
    /// Stored to since that was forgotten, where somebody watches.
    written: bool,
}

/// One process.
#[derive(Clone, Debug, Default)]
pub struct NaiveProcess {
    allocations: BTreeMap<u32, Allocation>,
    pages: BTreeMap<u32, Page>,
}

/// First and last page.
type Pages = (u32, u32);

fn touched(base: u32, size: u32) -> Pages {
    (base >> 12, (base + (size - 1)) >> 12)
}

impl NaiveProcess {
    fn allocation_of(&self, page: u32) -> Option<(u32, &Allocation)> {
        let (start, allocation) = self.allocations.range(..=page).next_back()?;
        (allocation.end >= page).then_some((*start, allocation))
    }

    fn is_free(&self, (first, last): Pages) -> bool {
        first >= FIRST && last <= LAST && self.allocations.range(..=last).next_back().is_none_or(|(_, a)| a.end < first)
    }

    /// Starts of free ranges at 64 KB boundaries; `top_down` tells the order.
    fn room(&self, pages: u32, top_down: bool) -> Option<u32> {
        let mut starts: Vec<u32> = vec![FIRST];
        starts.extend(self.allocations.values().map(|allocation| (allocation.end + 1).next_multiple_of(16)));
        starts.extend(self.allocations.keys().filter_map(|start| start.checked_sub(pages)).map(|start| start & !15));
        starts.push((LAST + 1 - pages) & !15);
        let free = starts.into_iter().filter(|start| self.is_free((*start, start + pages - 1)));
        if top_down { free.max() } else { free.min() }
    }

    /// NtAllocateVirtualMemory, but for reset.
    pub fn allocate(&self, kind: u32, protect: u32, base: u32, size: u32) -> Result<Pages, NtStatus> {
        if base > 0x7FFD_FFFF {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        if size == 0 || u64::from(base) + u64::from(size) > 0x7FFE_0000 {
            return Err(NtStatus::INVALID_PARAMETER_4);
        }
        if kind & MEM_RESERVE != 0 || base == 0 {
            if is_copy(protect) {
                return Err(NtStatus::INVALID_PAGE_PROTECTION);
            }
            if base == 0 {
                let pages = size.div_ceil(0x1000);
                let start = self.room(pages, kind & MEM_TOP_DOWN != 0).ok_or(NtStatus::NO_MEMORY)?;
                return Ok((start, start + pages - 1));
            }
            let range = ((base & !0xFFFF) >> 12, touched(base, size).1);
            return if self.is_free(range) { Ok(range) } else { Err(NtStatus::CONFLICTING_ADDRESSES) };
        }
        let range = touched(base, size);
        let (_, allocation) = self.allocation_of(range.0).ok_or(NtStatus::CONFLICTING_ADDRESSES)?;
        if allocation.end < range.1 {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        if allocation.kind != Kind::Private && protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE) != 0 {
            return Err(NtStatus::INVALID_PAGE_PROTECTION);
        }
        match allocation.kind {
            Kind::Private => {}
            Kind::Image(_) => return Err(NtStatus::ALREADY_COMMITTED),
            Kind::Memory(ref memory, _) if memory.borrow().is_file() => return Err(NtStatus::ALREADY_COMMITTED),
            Kind::Memory(ref memory, _) => {
                let stores = stores_for_all(protect) && !stores_for_all(memory.borrow().protect());
                return if stores { Err(NtStatus::SECTION_PROTECTION) } else { Ok(range) };
            }
        }
        if is_copy(protect) {
            return Err(NtStatus::INVALID_PAGE_PROTECTION);
        }
        Ok(range)
    }

    /// Does what [`Self::allocate`] allowed.
    pub fn apply_allocate(&mut self, kind: u32, protect: u32, base: u32, range: Pages) {
        if kind & MEM_RESERVE != 0 || base == 0 {
            let watched = kind & MEM_WRITE_WATCH != 0;
            let allocation = Allocation { end: range.1, protect, kind: Kind::Private, watched };
            self.allocations.insert(range.0, allocation);
            for page in range.0..=range.1 {
                self.pages.insert(page, Page::default());
            }
        }
        if kind & MEM_COMMIT != 0 {
            let view = self.allocation_of(range.0).map(|(start, allocation)| (start, allocation.kind.clone()));
            if let Some((start, Kind::Memory(memory, first))) = view {
                memory.borrow_mut().commit(first + range.0 - start, first + range.1 - start);
            }
            for page in range.0..=range.1 {
                let page = self.pages.get_mut(&page).expect("allocated");
                page.protect = Some(if page.copied { from_copy(protect) } else { protect });
            }
        }
    }

    /// NtFreeVirtualMemory.
    pub fn free(&self, kind: u32, base: u32, size: u32) -> Result<Pages, NtStatus> {
        assert!(kind == MEM_DECOMMIT || kind == MEM_RELEASE);
        if base > 0x7FFD_FFFF {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        if u64::from(base) + u64::from(size) > 0x7FFE_0000 {
            return Err(NtStatus::INVALID_PARAMETER_3);
        }
        let (start, allocation) = self.allocation_of(base >> 12).ok_or(NtStatus::MEMORY_NOT_ALLOCATED)?;
        let range = if size == 0 { (base >> 12, allocation.end) } else { touched(base, size) };
        if range.1 > allocation.end {
            return Err(NtStatus::UNABLE_TO_FREE_VM);
        }
        if allocation.kind != Kind::Private {
            return Err(NtStatus::UNABLE_TO_DELETE_SECTION);
        }
        let is_part = range != (start, allocation.end);
        if size == 0 && range.0 != start || allocation.watched && kind == MEM_RELEASE && is_part {
            return Err(NtStatus::FREE_VM_NOT_AT_BASE);
        }
        Ok(range)
    }

    /// Does what [`Self::free`] allowed.
    pub fn apply_free(&mut self, kind: u32, range: Pages) {
        for page in range.0..=range.1 {
            let written = self.pages[&page].written;
            self.pages.insert(page, Page { written, ..Page::default() });
        }
        if kind == MEM_RELEASE {
            let (start, allocation) =
                self.allocation_of(range.0).map(|(start, a)| (start, a.clone())).expect("allocated");
            self.allocations.remove(&start);
            (range.0..=range.1).for_each(|page| {
                self.pages.remove(&page);
            });
            if start < range.0 {
                self.allocations.insert(start, Allocation { end: range.0 - 1, ..allocation.clone() });
            }
            if allocation.end > range.1 {
                self.allocations.insert(range.1 + 1, allocation);
            }
        }
    }

    /// NtGetWriteWatch for up to `most` pages, which are forgotten where `reset`.
    pub fn get_watch(&mut self, base: u32, size: u32, most: usize, reset: bool) -> Result<Vec<u32>, NtStatus> {
        if base > 0x7FFE_FFFF {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        if size == 0 || u64::from(base) + u64::from(size) > 0x7FFF_0000 {
            return Err(NtStatus::INVALID_PARAMETER_3);
        }
        let range = touched(base, size);
        let watched = self.allocation_of(range.0).is_some_and(|(_, found)| found.watched && found.end >= range.1);
        if !watched {
            return Err(NtStatus::INVALID_PARAMETER_1);
        }
        let pages = (range.0..=range.1).filter(|page| self.pages[page].written);
        let told: Vec<u32> = pages.take(most).collect();
        for page in told.iter().filter(|_| reset) {
            self.pages.get_mut(page).expect("allocated").written = false;
        }
        Ok(told.into_iter().map(|page| page << 12).collect())
    }

    /// MEM_RESET.
    pub fn reset(&mut self, base: u32, size: u32) -> Result<(), NtStatus> {
        let range = touched(base, size);
        let (_, allocation) = self.allocation_of(range.0).ok_or(NtStatus::CONFLICTING_ADDRESSES)?;
        if allocation.end < range.1 {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        for page in range.0..=range.1 {
            // What processes share is nobody's to give up.
            let shared = self.shared_page(page).is_some();
            let page = self.pages.get_mut(&page).expect("allocated");
            if shared && !page.copied {
                continue;
            }
            page.bytes.values_mut().for_each(|byte| *byte = None);
            page.uncertain = true;
        }
        Ok(())
    }

    /// NtProtectVirtualMemory; the old protection of the first page.
    pub fn protect(&mut self, images: &[TestImage], base: u32, size: u32, new: u32) -> Result<u32, NtStatus> {
        if base > 0x7FFD_FFFF {
            return Err(NtStatus::INVALID_PARAMETER_2);
        }
        if size == 0 || u64::from(base) + u64::from(size) > 0x7FFE_0000 {
            return Err(NtStatus::INVALID_PARAMETER_3);
        }
        let range = touched(base, size);
        let (start, allocation) = self.allocation_of(range.0).ok_or(NtStatus::CONFLICTING_ADDRESSES)?;
        if allocation.end < range.1 {
            return Err(NtStatus::CONFLICTING_ADDRESSES);
        }
        let kind = allocation.kind.clone();
        let private = kind == Kind::Private;
        if private && is_copy(new) || !private && new & (PAGE_NOCACHE | PAGE_WRITECOMBINE) != 0 {
            return Err(NtStatus::INVALID_PARAMETER_4);
        }
        if matches!(kind, Kind::Memory(..)) && !covers(allocation.protect, new) {
            return Err(NtStatus::SECTION_PROTECTION);
        }
        let old: Option<Vec<u32>> = (range.0..=range.1).map(|page| self.protect_of(page)).collect();
        let old = old.ok_or(NtStatus::NOT_COMMITTED)?[0];
        for page in range.0..=range.1 {
            let shared = match kind {
                Kind::Private => false,
                Kind::Memory(..) => !self.pages[&page].copied,
                Kind::Image(index) => images[index].flags((page - start) << 12) == image::SHARED_DATA,
            };
            let page = self.pages.get_mut(&page).expect("allocated");
            page.protect = Some(if private || shared {
                new
            } else if page.copied {
                from_copy(new)
            } else {
                to_copy(new)
            });
        }
        Ok(old)
    }

    /// Maps image number `index` at page `start`.
    pub fn map_image(&mut self, images: &[TestImage], index: usize, start: u32) {
        let end = start + images[index].pages() - 1;
        assert!(self.is_free((start, end)), "mapped over something");
        let protect = PAGE_EXECUTE_WRITECOPY;
        self.allocations.insert(start, Allocation { end, protect, kind: Kind::Image(index), watched: false });
        for page in start..=end {
            let protect = Some(section_protect(images[index].flags((page - start) << 12)));
            self.pages.insert(page, Page { protect, ..Page::default() });
        }
    }

    /// Where image number `index` goes.
    pub fn place_image(&self, images: &[TestImage], index: usize) -> Option<u32> {
        let pages = images[index].pages();
        let base = images[index].base >> 12;
        if self.is_free((base, base + pages - 1)) { Some(base) } else { self.room(pages, false) }
    }

    /// Unmaps the view that `page` lies in.
    pub fn unmap(&mut self, page: u32) -> Result<(), NtStatus> {
        let (start, allocation) = self.allocation_of(page).ok_or(NtStatus::NOT_MAPPED_VIEW)?;
        if allocation.kind == Kind::Private {
            return Err(NtStatus::NOT_MAPPED_VIEW);
        }
        for page in start..=allocation.end {
            self.pages.remove(&page);
        }
        self.allocations.remove(&start);
        Ok(())
    }

    /// NtQueryVirtualMemory.
    pub fn query(&self, address: u32) -> Region {
        let page = address >> 12;
        let base = page << 12;
        let Some((start, allocation)) = self.allocation_of(page) else {
            let end = self.allocations.range(page..).next().map_or(LAST + 1, |(start, _)| *start);
            let size = (end - page) << 12;
            let protect = PAGE_NOACCESS;
            return Region { base, allocation_base: 0, allocation_protect: 0, size, state: MEM_FREE, protect, kind: 0 };
        };
        let protect = self.protect_of(page);
        let alike = (page..=allocation.end).take_while(|other| self.protect_of(*other) == protect).count() as u32;
        Region {
            base,
            allocation_base: start << 12,
            allocation_protect: allocation.protect,
            size: alike << 12,
            state: if protect.is_some() { MEM_COMMIT } else { MEM_RESERVE },
            protect: protect.unwrap_or(0),
            kind: match allocation.kind {
                Kind::Private => MEM_PRIVATE,
                Kind::Image(_) => MEM_IMAGE,
                Kind::Memory(..) => MEM_MAPPED,
            },
        }
    }

    /// What becomes of an access; a guard is used up by any, allowed or not.
    pub fn access(&mut self, address: u32, access: Access) -> Outcome {
        let shared = self.shared_page(address >> 12);
        let protect = self.protect_of(address >> 12);
        let Some(page) = self.pages.get_mut(&(address >> 12)) else { return Outcome::AccessViolation };
        let Some(protect) = protect else { return Outcome::AccessViolation };
        if protect & PAGE_GUARD != 0 {
            page.protect = Some(protect & !PAGE_GUARD);
            return Outcome::GuardPage;
        }
        if !allows(protect, access) {
            return Outcome::AccessViolation;
        }
        if access == Access::Write && is_copy(protect) {
            page.protect = Some(from_copy(protect));
            if let Some((memory, index)) = shared.filter(|_| !page.copied) {
                let bytes = memory.borrow().page(index);
                page.bytes = bytes.map(|(offset, byte)| (address & !0xFFF | offset, byte)).collect();
            }
            page.copied = true;
        }
        Outcome::Done
    }

    /// The byte at `address`, which may be read, where that is certain. Not for pages that processes share for writing.
    pub fn byte(&self, images: &[TestImage], address: u32) -> Option<u8> {
        let page = &self.pages[&(address >> 12)];
        let untouched = || {
            let (start, allocation) = self.allocation_of(address >> 12)?;
            match &allocation.kind {
                Kind::Private => (!page.uncertain).then_some(0),
                Kind::Memory(..) if page.copied => (!page.uncertain).then_some(0),
                Kind::Memory(memory, first) => {
                    let (memory, offset) = (memory.borrow(), (first << 12) + address - (start << 12));
                    (!memory.is_uncertain(offset)).then(|| memory.byte(offset))
                }
                Kind::Image(index) => Some(images[*index].byte(address - (start << 12))),
            }
        };
        page.bytes.get(&address).copied().unwrap_or_else(untouched)
    }

    /// Stores `byte` at `address`, which may be written.
    pub fn store(&mut self, address: u32, byte: u8) {
        let copied = self.pages[&(address >> 12)].copied;
        if let Some((memory, index)) = self.shared_page(address >> 12).filter(|_| !copied) {
            memory.borrow_mut().store(index << 12 | address & 0xFFF, byte);
            return;
        }
        let page = self.pages.get_mut(&(address >> 12)).expect("writable");
        page.bytes.insert(address, Some(byte));
        page.written = true;
    }

    /// First page of some allocation, by a number that is taken modulo how many there are.
    pub fn some_allocation(&self, number: u32) -> Option<Pages> {
        let count = self.allocations.len().max(1);
        self.allocations.iter().nth(number as usize % count).map(|(start, allocation)| (*start, allocation.end))
    }

    /// Whether `address` lies in a page of an image that all processes write.
    pub fn is_shared_writable(&self, images: &[TestImage], address: u32) -> bool {
        self.allocation_of(address >> 12).is_some_and(|(start, allocation)| match allocation.kind {
            Kind::Private | Kind::Memory(..) => false,
            Kind::Image(index) => images[index].flags(address - (start << 12)) == image::SHARED_DATA,
        })
    }
}
