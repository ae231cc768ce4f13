//! Handing handles down to a child process.

use abi::access::OBJ_INHERIT;
use mm::machine::Machine;
use mm::system::Exhausted;

use super::{ATTRIBUTES, Handle, Handles};
use abi::cell::Link;
use abi::nt::object::ObjectHeader;

impl<M: Machine> Handles<'_, M> {
    /// Copies the inheritable handles of `parent` into this table, which is new and has no handle yet, under the same numbers
    /// and with the same rights. Each is one reference more.
    ///
    /// # Errors
    /// [`Exhausted`]: some may have been copied, and are closed with the table.
    #[doc(alias = "ExDupHandleTable")]
    pub fn inherit(&self, parent: &Self) -> Result<(), Exhausted> {
        let inheritable = |handle: &Handle| parent.at(handle.index()).object.get() & OBJ_INHERIT != 0;
        let Some(last) = parent.iter().filter(inheritable).last() else { return Ok(()) };
        // Growing forgets the free chain; it is made anew below, also where growing fails.
        let grown = self.grow_past(last.index());
        let end = self.entries();
        for handle in parent.iter().filter(inheritable).take_while(|handle| handle.index() < end) {
            self.copy_entry(parent, handle);
        }
        self.chain_free_entries();
        grown
    }

    fn grow_past(&self, index: u32) -> Result<(), Exhausted> {
        while self.entries() <= index {
            self.grow()?;
        }
        Ok(())
    }

    fn copy_entry(&self, parent: &Self, handle: Handle) {
        let (from, to) = (parent.at(handle.index()), self.at(handle.index()));
        let header: Link<ObjectHeader> = Link::new(from.object.get() & !ATTRIBUTES);
        self.count_handle(header);
        to.object.set(from.object.get());
        to.granted_access.set(from.granted_access.get());
    }
}
