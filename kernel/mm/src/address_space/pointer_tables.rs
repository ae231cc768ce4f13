//! Page-directory-pointer tables: 32 bytes for each process, from an area of the kernel image below 4 GB, because CR3 has 32
//! bits. A free one holds the address of the next in its first word, which the processor never sees.

use abi::cell::{Field, Link};

use crate::MemoryManager;
use crate::machine::Machine;
use crate::pte::PteCell;
use crate::system::Exhausted;

/// Bytes of one page-directory-pointer table.
const POINTER_TABLE_SIZE: u32 = 32;

/// Where they come from.
pub(crate) struct PointerTables {
    base: u32,
    physical: u32,
    count: u32,
    /// The first free table, and in each free one's first word the next.
    free: Field<u32>,
    fresh: Field<u32>,
}

impl PointerTables {
    pub(crate) fn new((base, physical, count): (u32, u32, u32)) -> Self {
        Self { base, physical, count, free: Field::ZERO, fresh: Field::ZERO }
    }

    /// The physical address of `table`: what CR3 takes.
    pub(super) fn physical_address(&self, table: Link<PteCell>) -> u32 {
        self.physical + (table.address() - self.base)
    }
}

impl<M: Machine> MemoryManager<M> {
    pub(super) fn take_pointer_table(&self) -> Result<Link<PteCell>, Exhausted> {
        let tables = &self.pointer_tables;
        if let Some(free) = Link::<Field<u32>>::new(tables.free.get()).some() {
            tables.free.set(self.machine.record(free).get());
            return Ok(free.cast());
        }
        let index = tables.fresh.get();
        if index == tables.count {
            return Err(Exhausted);
        }
        tables.fresh.set(index + 1);
        Ok(Link::new(tables.base + index * POINTER_TABLE_SIZE))
    }

    pub(super) fn free_pointer_table(&self, table: Link<PteCell>) {
        for entry in 0..4 {
            self.machine.record(table.offset::<PteCell>(entry * 8)).store(0);
        }
        self.machine.record(table.cast::<Field<u32>>()).set(self.pointer_tables.free.get());
        self.pointer_tables.free.set(table.address());
    }
}
