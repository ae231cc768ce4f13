//! The audit of a handle table.

use abi::cell::Link;
use abi::nt::object::HandleTableEntry;
use mm::machine::Machine;

use super::table::{END, ENTRIES, RESERVED, free_after};
use super::{ATTRIBUTES, Handle, Handles};

/// What is wrong with a handle table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleCorruption {
    /// An entry that names no object with handles.
    H1(Handle),
    /// Handles found in use, and the number the table records.
    H2 {
        /// In use.
        found: u32,
        /// `HandleCount`.
        recorded: u32,
    },
    /// Free entries found, and those on the chain.
    H2Free {
        /// Free.
        found: u32,
        /// On the chain.
        chained: u32,
    },
}

impl<M: Machine> Handles<'_, M> {
    /// Checks H1 and H2; the number of handles.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn verify(&self) -> Result<u32, HandleCorruption> {
        let (mut used, mut free) = (0, 0);
        for index in 0..self.entries() {
            let entry = self.at(index);
            match (entry.object.get(), index % ENTRIES) {
                (0, 0) if entry.granted_access.get() == RESERVED => {}
                (0, 1..) => free += 1,
                (_, 0) => return Err(HandleCorruption::H1(Handle::of(index))),
                (_, _) => {
                    self.verify_entry(index, entry)?;
                    used += 1;
                }
            }
        }
        let recorded = self.count();
        if used != recorded {
            return Err(HandleCorruption::H2 { found: used, recorded });
        }
        let chained = self.chain_length(free);
        if chained != free {
            return Err(HandleCorruption::H2Free { found: free, chained });
        }
        Ok(used)
    }

    fn verify_entry(&self, index: u32, entry: &HandleTableEntry) -> Result<(), HandleCorruption> {
        let header = self.objects.record(Link::<abi::nt::object::ObjectHeader>::new(entry.object.get() & !ATTRIBUTES));
        let handles = header.handle_count.get();
        let sound = handles > 0 && header.pointer_count.get() >= handles && !header.object_type.get().is_null();
        if sound { Ok(()) } else { Err(HandleCorruption::H1(Handle::of(index))) }
    }

    /// Entries on the free chain; counts no further than one more than `most`, so that a loop ends.
    fn chain_length(&self, most: u32) -> u32 {
        let mut length = 0;
        let mut next = self.table.first_free.get();
        while next != END && length <= most && Handle(next).index() < self.entries() {
            length += 1;
            next = free_after(Handle(next), self.at(Handle(next).index()));
        }
        length
    }
}
