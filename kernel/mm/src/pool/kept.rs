//! Small blocks kept whole: what was freed last is what the next request of its size gets.
//!
//! The commonest blocks (VADs among them) come and go in pairs. Joining one with its neighbours only to cut it off again
//! costs more than all the rest, so a few of each small size wait on a list of their own, marked by a `PoolIndex` of 1 in a
//! header that otherwise says free. Before the pool grows they are all given back to it.
//!
//! Source: NT's lookaside lists for small pool, as Russinovich and Solomon describe them.

use abi::cell::{Field, Link};

use super::{FreeBlock, HEADER, KEPT, NONPAGED, POOL_TYPE_SHIFT, PoolHeader};
use crate::MemoryManager;
use crate::machine::Machine;

/// Sizes there are lists for, in units: blocks up to 256 bytes.
pub(super) const SIZES: usize = 33;
/// Blocks kept of a size.
const DEEPEST: u32 = 8;

/// The kept blocks of one size.
pub(super) struct KeptList {
    pub(super) first: Field<Link<PoolHeader>>,
    pub(super) count: Field<u32>,
}

impl KeptList {
    pub(super) const EMPTY: Self = Self { first: Field::<Link<PoolHeader>>::NULL, count: Field::<u32>::ZERO };
}

impl<M: Machine> MemoryManager<M> {
    /// Takes a kept block of `units`, in use from now on.
    #[inline(always)]
    pub(super) fn take_kept(&self, units: u32) -> Option<Link<PoolHeader>> {
        let list = self.pool.kept.get(units as usize)?;
        let block = list.first.get().some()?;
        self.unlink_kept(list, block);
        self.header(block).sizes.update(|sizes| sizes & !KEPT | NONPAGED << POOL_TYPE_SHIFT);
        Some(block)
    }

    #[inline(always)]
    fn unlink_kept(&self, list: &KeptList, block: Link<PoolHeader>) {
        list.first.set(self.machine.record(block.offset::<FreeBlock>(HEADER)).flink.get());
        list.count.update(|count| count - 1);
    }

    /// Keeps `block` of `units`, which is in use until now, if it is small and not too many are kept; whether it is.
    #[inline(always)]
    pub(super) fn keep(&self, block: Link<PoolHeader>, units: u32) -> bool {
        let Some(list) = self.pool.kept.get(units as usize).filter(|list| list.count.get() < DEEPEST) else {
            return false;
        };
        self.header(block).sizes.update(|sizes| sizes & !(!0 << POOL_TYPE_SHIFT) | KEPT);
        self.machine.record(block.offset::<FreeBlock>(HEADER)).flink.set(list.first.get());
        list.first.set(block);
        list.count.update(|count| count + 1);
        true
    }

    /// Gives all kept blocks back to the free lists.
    #[inline(never)]
    pub(super) fn give_back_kept(&self) {
        for list in &self.pool.kept {
            while let Some(block) = list.first.get().some() {
                self.unlink_kept(list, block);
                let header = self.header(block);
                self.join_free(block, header.previous_units(), header.units());
            }
        }
    }

    /// P4: each list has kept blocks of its size only, as many as it counts; how many there are in all.
    pub(super) fn verify_kept(&self) -> Result<u32, Link<()>> {
        let mut total = 0;
        for (units, list) in self.pool.kept.iter().enumerate() {
            let (mut block, mut listed) = (list.first.get(), 0);
            while let Some(at) = block.some().filter(|_| listed <= list.count.get()) {
                let header = self.header(at);
                if !header.is_kept() || header.units() as usize != units {
                    return Err(at.cast());
                }
                listed += 1;
                block = self.machine.record(at.offset::<FreeBlock>(HEADER)).flink.get();
            }
            if listed != list.count.get() || listed > DEEPEST {
                return Err(list.first.get().cast());
            }
            total += listed;
        }
        Ok(total)
    }
}
