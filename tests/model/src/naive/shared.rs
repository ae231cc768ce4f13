//! Memory that processes share, in the naive model: bytes that all views show, and which pages are committed. A file's data is
//! such memory too.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use abi::memory::*;
use abi::status::NtStatus;
use mm::section::ViewRequest;

use super::protections::covers;
use super::{Allocation, Kind, NaiveProcess, Page, Pages};

/// One section without a file, or one of a file's data.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedMemory {
    protect: u32,
    committed: Vec<bool>,
    bytes: BTreeMap<u32, u8>,
    /// What the file had when it was made, and how many bytes it has now.
    file: Option<(Vec<u8>, u32)>,
}

impl SharedMemory {
    /// A section of `pages` under `protect`, all of them committed or none.
    pub fn new(pages: u32, protect: u32, committed: bool) -> Rc<RefCell<Self>> {
        let committed = vec![committed; pages as usize];
        Rc::new(RefCell::new(Self { protect, committed, bytes: BTreeMap::new(), file: None }))
    }

    /// The data of a file of `contents`.
    pub fn of_file(contents: Vec<u8>) -> Rc<RefCell<Self>> {
        let committed = vec![true; contents.len().div_ceil(0x1000)];
        let size = contents.len() as u32;
        let file = Some((contents, size));
        Rc::new(RefCell::new(Self { protect: PAGE_EXECUTE_READWRITE, committed, bytes: BTreeMap::new(), file }))
    }

    /// Whether it is a file's data.
    pub fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Bytes of it.
    pub fn size(&self) -> u32 {
        self.file.as_ref().map_or((self.committed.len() as u32) << 12, |(_, size)| *size)
    }

    /// The file has `size` bytes from now on; what it gains is zeros.
    pub fn resize(&mut self, size: u32) {
        let (contents, old) = self.file.as_mut().expect("a file");
        let kept = size.min(*old);
        contents.truncate(kept as usize);
        *old = size;
        self.bytes.split_off(&kept);
        self.committed = vec![true; size.div_ceil(0x1000) as usize];
    }

    /// All bytes of the file.
    pub fn contents(&self) -> Vec<u8> {
        (0..self.size()).map(|offset| self.byte(offset)).collect()
    }

    /// Whether what was stored at `offset` may be gone: it is behind the file's end, and goes when the page leaves memory.
    pub(super) fn is_uncertain(&self, offset: u32) -> bool {
        offset >= self.size() && self.bytes.contains_key(&offset)
    }

    /// The protection of the section.
    pub(super) fn protect(&self) -> u32 {
        self.protect
    }

    /// Pages that are committed.
    pub fn committed(&self) -> u32 {
        self.committed.iter().filter(|committed| **committed).count() as u32
    }

    pub(super) fn commit(&mut self, first: u32, last: u32) {
        self.committed[first as usize..=last as usize].fill(true);
    }

    /// The bytes of a page that are not zero or uncertain, by their place in it.
    pub(super) fn page(&self, index: u32) -> impl Iterator<Item = (u32, Option<u8>)> + use<> {
        let known = |offset| if self.is_uncertain(offset) { None } else { Some(self.byte(offset)) };
        let bytes: Vec<_> = (index << 12..(index + 1) << 12).map(|offset| (offset & 0xFFF, known(offset))).collect();
        bytes.into_iter().filter(|(_, byte)| *byte != Some(0))
    }

    /// The byte at `offset`.
    pub fn byte(&self, offset: u32) -> u8 {
        let original = || self.file.as_ref().and_then(|(contents, _)| contents.get(offset as usize).copied());
        self.bytes.get(&offset).copied().or_else(original).unwrap_or(0)
    }

    /// Stores `byte` at `offset`.
    pub fn store(&mut self, offset: u32, byte: u8) {
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
        let whole = u64::from(memory.size());
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
        if request.commit > 0 && !memory.borrow().is_file() {
            memory.borrow_mut().commit(first, first + ((request.commit - 1) >> 12));
        }
        self.allocations
            .insert(start, Allocation { end, protect, kind: Kind::Memory(memory.clone(), first), watched: false });
        (start..=end).for_each(|page| {
            self.pages.insert(page, Page::default());
        });
    }
}
