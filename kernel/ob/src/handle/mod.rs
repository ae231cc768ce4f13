//! Handles: objects by number, one table for each process.
//!
//! A handle is four times the index of its entry, so that its two low bits are the program's own. Entries stand in pages of
//! 512; above one page stands a page of pointers to pages, above 1024 pages a page of pointers to those: `TableCode` is the
//! topmost page with the number of pointer levels in its low bits. The first entry of each page is never a handle. Free
//! entries are chained through `NextFreeTableEntry`, the last one freed first; 0 there, in those that were never in use, stands for
//! the entry behind.
//!
//! * **H1** An entry in use names the header of an object, which counts it among its handles and references.
//! * **H2** Entries in use, free ones on the chain and the first of each page are all there are.
//!
//! Source: symbol types `_HANDLE_TABLE` and `_HANDLE_TABLE_ENTRY` of XP SP3.

mod inherit;
mod table;
mod verify;

pub use verify::HandleCorruption;

use abi::access::OBJ_PROTECT_CLOSE;
use abi::cell::Link;
use abi::nt::object::{HandleTable, HandleTableEntry, OBJECT_BODY, ObjectBody, ObjectHeader, object_flags};
use abi::status::NtStatus;
use mm::machine::Machine;
use mm::system::Exhausted;

use crate::kind::{Kind, Object};
use crate::object::{Condemned, ObjectManager, header_of};

/// Attributes of a handle: the low bits of its entry's first word.
const ATTRIBUTES: u32 = 7;

/// A handle as a program holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub u32);

impl Handle {
    /// The handle of the entry `index`.
    const fn of(index: u32) -> Self {
        Self(index << 2)
    }

    const fn index(self) -> u32 {
        self.0 >> 2
    }

    /// Whether it stands for the process or the thread that uses it: -1 and -2.
    #[doc(alias("NtCurrentProcess", "NtCurrentThread"))]
    const fn is_pseudo(self) -> bool {
        self.0 >= 0xFFFF_FFFE
    }
}

/// What a handle leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The object.
    pub body: Link<ObjectBody>,
    /// What it is.
    pub kind: Kind,
    /// The rights the handle gives.
    pub granted_access: u32,
    /// `OBJ_PROTECT_CLOSE`, `OBJ_INHERIT`.
    pub attributes: u32,
}

/// What a closed handle left behind.
#[derive(Debug)]
#[must_use = "the last reference leaves an object to delete"]
pub struct Closed {
    /// What it led to.
    pub opened: Opened,
    /// Other handles to the object.
    pub handles_left: u32,
    /// The object, where this was the last reference to it.
    pub condemned: Option<Condemned>,
}

/// The handles of one process.
pub struct Handles<'a, M> {
    objects: &'a ObjectManager<'a, M>,
    table: &'a HandleTable,
}

impl<'m, M: Machine> ObjectManager<'m, M> {
    /// The handles in `table`.
    pub fn handles(&'m self, table: Link<HandleTable>) -> Handles<'m, M> {
        Handles { objects: self, table: self.record(table) }
    }
}

impl<M: Machine> Handles<'_, M> {
    /// Makes a handle to the object at `body` that gives `access`, and counts it as a reference.
    ///
    /// # Errors
    /// [`Exhausted`] where the table cannot grow: `STATUS_INSUFFICIENT_RESOURCES`. Nothing has changed.
    #[doc(alias = "ObInsertObject")]
    #[doc(alias = "ExCreateHandle")]
    pub fn insert<T>(&self, body: Link<T>, access: u32, attributes: u32) -> Result<Handle, Exhausted> {
        let (handle, entry) = self.take_free_entry()?;
        self.count_handle(header_of(body));
        entry.object.set(header_of(body).address() | attributes & ATTRIBUTES);
        entry.granted_access.set(access);
        Ok(handle)
    }

    /// Counts one handle more to the object behind `header`, with its reference, and one more in this table.
    fn count_handle(&self, header: Link<ObjectHeader>) {
        let header = self.objects.record(header);
        header.pointer_count.update(|count| count + 1);
        header.handle_count.update(|count| count + 1);
        header.flags.update(|flags| flags & !object_flags::NEW_OBJECT);
        let kind = self.objects.record(header.object_type.get());
        let total = kind.total_number_of_handles.update(|count| count + 1);
        kind.high_water_number_of_handles.update(|most| most.max(total));
        self.table.handle_count.update(|count| count + 1);
    }

    /// The object that `handle` leads to, if it is a `T` and the handle gives all of `desired`. The reference is the
    /// handle's: who waits before using the object takes one of its own.
    ///
    /// # Errors
    /// INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED.
    #[doc(alias = "ObReferenceObjectByHandle")]
    pub fn get<T: Object>(&self, handle: Handle, desired: u32) -> Result<Link<T>, NtStatus> {
        if handle.is_pseudo() {
            // It leads to something, but not to what is wanted: else the caller would have known it.
            return Err(NtStatus::OBJECT_TYPE_MISMATCH);
        }
        let opened = self.get_any(handle)?;
        if opened.kind != T::KIND {
            return Err(NtStatus::OBJECT_TYPE_MISMATCH);
        }
        if desired & !opened.granted_access != 0 {
            return Err(NtStatus::ACCESS_DENIED);
        }
        Ok(opened.body.cast())
    }

    /// [`Self::get`] built into its caller, for what programs ask most.
    ///
    /// # Errors
    /// As there.
    #[inline(always)]
    pub fn look_up<T: Object>(&self, handle: Handle, desired: u32) -> Result<Link<T>, NtStatus> {
        match self.find(handle, desired) {
            Some(body) => Ok(body),
            None => self.get(handle, desired),
        }
    }

    /// The object that `handle` leads to, where [`Self::get`] finds one.
    #[inline(always)]
    pub fn find<T: Object>(&self, handle: Handle, desired: u32) -> Option<Link<T>> {
        let entry = self.entry(handle)?;
        let header: Link<ObjectHeader> = Link::new(entry.object.get() & !ATTRIBUTES);
        let is_kind = self.objects.record(header).object_type.get() == self.objects.type_of(T::KIND);
        (is_kind && desired & !entry.granted_access.get() == 0).then(|| header.offset(OBJECT_BODY))
    }

    /// What `handle` leads to, whatever it is.
    ///
    /// # Errors
    /// INVALID_HANDLE.
    pub fn get_any(&self, handle: Handle) -> Result<Opened, NtStatus> {
        let entry = self.entry(handle).ok_or(NtStatus::INVALID_HANDLE)?;
        Ok(self.opened(entry))
    }

    fn opened(&self, entry: &HandleTableEntry) -> Opened {
        let word = entry.object.get();
        let header: Link<ObjectHeader> = Link::new(word & !ATTRIBUTES);
        let body = header.offset(OBJECT_BODY);
        Opened {
            body,
            kind: self.objects.kind_of(body),
            granted_access: entry.granted_access.get(),
            attributes: word & ATTRIBUTES,
        }
    }

    /// Gives `handle` up.
    ///
    /// # Errors
    /// INVALID_HANDLE, HANDLE_NOT_CLOSABLE.
    #[doc(alias = "ObCloseHandle")]
    pub fn close(&self, handle: Handle) -> Result<Closed, NtStatus> {
        let entry = self.entry(handle).ok_or(NtStatus::INVALID_HANDLE)?;
        if entry.object.get() & OBJ_PROTECT_CLOSE != 0 {
            return Err(NtStatus::HANDLE_NOT_CLOSABLE);
        }
        Ok(self.free(handle, entry))
    }

    /// Gives up the first handle from `from` on, closable or not, of a process that ends, and moves `from` there; `None` when
    /// there is none left.
    #[doc(alias = "ObKillProcess")]
    pub fn close_next(&self, from: &mut Handle) -> Option<Closed> {
        if self.count() == 0 {
            return None;
        }
        let index = (from.index()..self.entries()).find(|index| self.at(*index).object.get() != 0)?;
        *from = Handle::of(index);
        Some(self.free(*from, self.at(index)))
    }

    fn free(&self, handle: Handle, entry: &HandleTableEntry) -> Closed {
        let opened = self.opened(entry);
        self.give_entry_back(handle, entry);
        self.table.handle_count.update(|count| count - 1);
        let header = self.objects.record(header_of(opened.body));
        let handles_left = header.handle_count.update(|count| count - 1);
        let kind = self.objects.record(header.object_type.get());
        kind.total_number_of_handles.update(|count| count - 1);
        self.objects.forget_unused_name(opened.body);
        Closed { opened, handles_left, condemned: self.objects.release(opened.body) }
    }

    /// Changes the attributes of `handle` to `attributes`.
    ///
    /// # Errors
    /// INVALID_HANDLE.
    pub fn set_attributes(&self, handle: Handle, attributes: u32) -> Result<(), NtStatus> {
        let entry = self.entry(handle).ok_or(NtStatus::INVALID_HANDLE)?;
        entry.object.update(|word| word & !ATTRIBUTES | attributes & ATTRIBUTES);
        Ok(())
    }

    /// Whether one of the handles leads to the object at `body`.
    pub fn names<T>(&self, body: Link<T>) -> bool {
        let header = header_of(body).address();
        (1..self.entries()).any(|index| self.at(index).object.get() & !ATTRIBUTES == header)
    }

    /// How many handles there are.
    pub fn count(&self) -> u32 {
        self.table.handle_count.get()
    }
}

#[cfg(test)]
mod tests;
