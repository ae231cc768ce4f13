//! Memory that processes share, in the naive model: bytes that all views show, and which pages are committed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use abi::memory::*;
use abi::status::NtStatus;
use mm::section::ViewRequest;

use super::protections::covers;
use super::{Allocation, Kind, NaiveProcess, Page, Pages};

/// One section without a file.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedMemory {
    protect: u32,
    committed: Vec<bool>,
    bytes: BTreeMap<u32, u8>,
}

impl SharedMemory {
    /// A section of `pages` under `protect`, all of them committed or none.
    pub fn new(pages: u32, protect: u32, committed: bool) -> Rc<RefCell<Self>> {
        let committed = vec![committed; pages as usize];
        Rc::new(RefCell::new(Self { protect, committed, bytes: BTreeMap::new() }))
    }

    /// Pages that are committed.
    pub fn committed(&self) -> u32 {
        self.committed.iter().filter(|committed| **committed).count() as u32
    }

    pub(super) fn commit(&mut self, first: u32, last: u32) {
        self.committed[first as usize..=last as usize].fill(true);
    }

    /// The bytes of a page that were stored, by their place in it.
    pub(super) fn page(&self, index: u32) -> impl Iterator<Item = (u32, u8)> + use<> {
        let bytes: Vec<_> = self.bytes.range(index << 12..(index + 1) << 12).map(|(at, byte)| (*at, *byte)).collect();
        bytes.into_iter().map(|(at, byte)| (at & 0xFFF, byte))
    }

    pub(super) fn byte(&self, offset: u32) -> u8 {
        self.bytes.get(&offset).copied().unwrap_or(0)
    }

    pub(super) fn store(&mut self, offset: u32, byte: u8) {
        self.bytes.insert(offset, byte);
    }
}

impl NaiveProcess {
    /// The memory that `page` shows, and which of its pages; also where the process has a copy of its own.
    pub(super) fn shared_page(&self, page: u32) -> Option<(Rc<RefCell<SharedMemory>>, u32)> {
        match self.allocation_of(page)? {
            (start, Allocation { kind: Kind::Memory(memory, first), .. }) => {
                Some((memory.clone(), first + page - start))
            }
            _ => None,
        }
    }

    /// The protection of `page`, which is allocated, where it is committed.
    pub(super) fn protect_of(&self, page: u32) -> Option<u32> {
        let own = self.pages.get(&page)?.protect;
        let (_, allocation) = self.allocation_of(page)?;
        let (memory, index) = match self.shared_page(page) {
            Some(shared) if own.is_none() => shared,
            _ => return own,
        };
        let committed = memory.borrow().committed[index as usize];
        committed.then_some(allocation.protect)
    }

    /// NtMapViewOfSection of `memory`, anywhere.
    pub fn place_memory(
        &self,
        memory: &Rc<RefCell<SharedMemory>>,
        request: &ViewRequest,
        protect: u32,
    ) -> Result<Pages, NtStatus> {
        let memory = memory.borrow();
        if !covers(memory.protect, protect) {
            return Err(NtStatus::SECTION_PROTECTION);
        }
        let whole = (memory.committed.len() as u64) << 12;
        let size = if request.size == 0 { whole.saturating_sub(request.offset) } else { request.size.into() };
        if request.offset >= whole || request.offset + size > whole {
            return Err(NtStatus::INVALID_VIEW_SIZE);
        }
        if u64::from(request.commit) > size {
            return Err(NtStatus::INVALID_PARAMETER_5);
        }
        let pages = (size as u32).div_ceil(0x1000);
        let start = self.room(pages, request.kind & MEM_TOP_DOWN != 0).ok_or(NtStatus::NO_MEMORY)?;
        Ok((start, start + pages - 1))
    }

    /// Does what [`Self::place_memory`] allowed.
    pub fn map_memory(
        &mut self,
        memory: &Rc<RefCell<SharedMemory>>,
        request: &ViewRequest,
        protect: u32,
        (start, end): Pages,
    ) {
        let first = (request.offset >> 12) as u32;
        if request.commit > 0 {
            memory.borrow_mut().commit(first, first + ((request.commit - 1) >> 12));
        }
        self.allocations.insert(start, Allocation { end, protect, kind: Kind::Memory(memory.clone(), first) });
        (start..=end).for_each(|page| {
            self.pages.insert(page, Page::default());
        });
    }
}
