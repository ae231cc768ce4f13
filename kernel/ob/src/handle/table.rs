//! The pages of a handle table: making and deleting tables, finding entries, growing.

use core::mem::offset_of;

use abi::cell::{Field, Link, Record};
use abi::nt::list::ListEntry;
use abi::nt::object::{HandleTable, HandleTableEntry};
use abi::nt::process::Eprocess;
use mm::machine::Machine;
use mm::pool::Tag;
use mm::system::Exhausted;

use super::{Handle, Handles};
use crate::object::ObjectManager;

const TABLE: Tag = Tag(*b"Obtb");
const LEVEL: u32 = 3;
/// Entries of a page.
pub(super) const ENTRIES: u32 = 512;
/// Pointers of a page.
const POINTERS: u32 = 1024;
/// Most handles a process may have, counting the entries that are never used.
#[doc(alias = "MAX_HANDLES")]
pub(super) const MAXIMUM: u32 = 1 << 24;
/// What the last entry of the free chain says instead of a handle: the entry after one that says 0 is the next of its page, which was never in use.
pub(super) const END: u32 = u32::MAX;
/// What the first entry of each page says instead of rights.
#[doc(alias = "EX_ADDITIONAL_INFO_SIGNATURE")]
pub(super) const RESERVED: u32 = 0xFFFF_FFFE;

type Pointer = Field<Link<Page>>;

/// A page of entries or of pointers.
pub(super) enum Page {}

/// A page of entries as a whole.
#[repr(C)]
struct EntryPage([HandleTableEntry; ENTRIES as usize]);
impl Record for EntryPage {}

impl<'m, M: Machine> ObjectManager<'m, M> {
    /// Makes an empty handle table for `process`, whose number is `process_id`.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing has changed.
    #[doc(alias = "ObInitProcess")]
    #[doc(alias = "ExCreateHandleTable")]
    pub fn create_handle_table(
        &self,
        process: Link<Eprocess>,
        process_id: u32,
    ) -> Result<Link<HandleTable>, Exhausted> {
        let page: Link<Page> = self.mm.allocate_zeroed_pool_pages(1)?;
        let table: Result<Link<HandleTable>, _> = self.mm.allocate_zeroed_pool(size_of::<HandleTable>() as u32, TABLE);
        let table = table.inspect_err(|_| self.mm.free_pool_pages(page, 1))?;
        let record = self.record(table);
        record.quota_process.set(process);
        record.unique_process_id.set(process_id);
        mm::list::insert_tail(&self.mm.machine, self.tables, list_entry(table));
        record.table_code.set(page.address());
        Handles { objects: self, table: record }.chain_new_entries(page, 0);
        Ok(table)
    }

    /// Deletes `table`, all of whose handles have been closed.
    #[doc(alias = "ExDestroyHandleTable")]
    pub fn delete_handle_table(&self, table: Link<HandleTable>) {
        let record = self.record(table);
        debug_assert!(record.handle_count.get() == 0, "H2: handles left in a table that goes");
        let code = record.table_code.get();
        self.free_level(Link::new(code & !LEVEL), code & LEVEL);
        mm::list::remove(&self.mm.machine, list_entry(table));
        self.mm.free_pool(table);
    }

    fn free_level(&self, page: Link<Page>, level: u32) {
        for index in (0..POINTERS).take_while(|_| level > 0) {
            match self.pointer(page, index).get().some() {
                Some(below) => self.free_level(below, level - 1),
                None => break,
            }
        }
        self.mm.free_pool_pages(page, 1);
    }

    fn pointer(&self, page: Link<Page>, index: u32) -> &'m Pointer {
        self.record(page.offset::<Pointer>(index * 4))
    }
}

fn list_entry(table: Link<HandleTable>) -> Link<ListEntry> {
    table.offset(offset_of!(HandleTable, handle_table_list) as u32)
}

impl<'a, M: Machine> Handles<'a, M> {
    /// The entry of `handle`, where it is in use.
    #[inline(always)]
    pub(super) fn entry(&self, handle: Handle) -> Option<&'a HandleTableEntry> {
        let index = handle.index();
        if index >= self.entries() {
            return None;
        }
        let entry = self.at(index);
        (entry.object.get() != 0).then_some(entry)
    }

    /// Entries there are, whatever their use.
    #[inline(always)]
    pub(super) fn entries(&self) -> u32 {
        Handle(self.table.next_handle_needing_pool.get()).index()
    }

    /// The entry `index`, which is there.
    #[inline(always)]
    pub(super) fn at(&self, index: u32) -> &'a HandleTableEntry {
        let code = self.table.table_code.get();
        let mut page: Link<Page> = Link::new(code & !LEVEL);
        for level in (1..=code & LEVEL).rev() {
            page = self.objects.pointer(page, index / span(level) % POINTERS).get();
        }
        self.objects.record(page.offset::<HandleTableEntry>(index % ENTRIES * 8))
    }

    /// Handles in use, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Handle> + '_ {
        (0..self.entries()).filter(|index| self.at(*index).object.get() != 0).map(Handle::of)
    }

    /// Takes an entry off the free chain, which grows where it is empty.
    pub(super) fn take_free_entry(&self) -> Result<(Handle, &'a HandleTableEntry), Exhausted> {
        if self.table.first_free.get() == END {
            self.grow()?;
        }
        let handle = Handle(self.table.first_free.get());
        let entry = self.at(handle.index());
        self.table.first_free.set(free_after(handle, entry));
        Ok((handle, entry))
    }

    /// Puts the entry of `handle` first on the free chain.
    pub(super) fn give_entry_back(&self, handle: Handle, entry: &HandleTableEntry) {
        entry.object.set(0);
        entry.granted_access.set(self.table.first_free.get());
        self.table.first_free.set(Handle::of(handle.index()).0);
    }

    /// Adds a page of entries, and pages of pointers above it where it needs them.
    #[doc(alias = "ExpAllocateHandleTableEntrySlow")]
    pub(super) fn grow(&self) -> Result<(), Exhausted> {
        let first = self.entries();
        if first == MAXIMUM {
            return Err(Exhausted);
        }
        let code = self.table.table_code.get();
        let (top, level) = (Link::new(code & !LEVEL), code & LEVEL);
        let page = if first == span(level + 1) {
            let (above, page) = self.new_branch(first, level + 1)?;
            self.objects.pointer(above, 0).set(top);
            self.table.table_code.set(above.address() | (level + 1));
            page
        } else {
            self.add_below(top, level, first)?
        };
        self.chain_new_entries(page, first);
        Ok(())
    }

    /// A page of pointers of `level` with all pages below it that lead to a new page of entries for the entry `first`.
    fn new_branch(&self, first: u32, level: u32) -> Result<(Link<Page>, Link<Page>), Exhausted> {
        let top = self.objects.mm.allocate_zeroed_pool_pages(1)?;
        let page = self.add_below(top, level, first).inspect_err(|_| self.objects.mm.free_pool_pages(top, 1))?;
        Ok((top, page))
    }

    /// Adds a page of entries for the entry `first` below `top`, a page of pointers of `level` (1 or 2).
    fn add_below(&self, top: Link<Page>, level: u32, first: u32) -> Result<Link<Page>, Exhausted> {
        let pointer = self.objects.pointer(top, first / span(level) % POINTERS);
        if let Some(middle) = pointer.get().some() {
            return self.add_below(middle, level - 1, first);
        }
        let (below, page) = if level == 1 {
            let page: Link<Page> = self.objects.mm.allocate_zeroed_pool_pages(1)?;
            (page, page)
        } else {
            self.new_branch(first, level - 1)?
        };
        pointer.set(below);
        Ok(page)
    }

    /// Makes the free chain anew from the entries that are not in use, the lowest first.
    pub(super) fn chain_free_entries(&self) {
        let mut next = END;
        for index in (0..self.entries()).rev().filter(|index| index % ENTRIES != 0) {
            let entry = self.at(index);
            if entry.object.get() == 0 {
                entry.granted_access.set(next);
                next = Handle::of(index).0;
            }
        }
        self.table.first_free.set(next);
    }

    /// Puts the entries of the new page `page`, full of zeros, of which the first has the index `first`, on the empty free chain.
    pub(super) fn chain_new_entries(&self, page: Link<Page>, first: u32) {
        let entries = &self.objects.record(page.cast::<EntryPage>()).0;
        entries[0].granted_access.set(RESERVED);
        entries[ENTRIES as usize - 1].granted_access.set(END);
        self.table.first_free.set(Handle::of(first + 1).0);
        self.table.next_handle_needing_pool.set(Handle::of(first + ENTRIES).0);
    }
}

/// What follows `entry`, that of the free `handle`, on the free chain: a handle, or [`END`].
#[inline(always)]
pub(super) fn free_after(handle: Handle, entry: &HandleTableEntry) -> u32 {
    match entry.granted_access.get() {
        0 => Handle::of(handle.index() + 1).0,
        next => next,
    }
}

/// Entries that one pointer of a page of `level` leads to.
const fn span(level: u32) -> u32 {
    match level {
        1 => ENTRIES,
        _ => ENTRIES * POINTERS,
    }
}
