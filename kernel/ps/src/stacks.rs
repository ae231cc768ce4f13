//! Kernel stacks: five pages each, over an unmapped page that a runaway thread hits.

use alloc::vec::Vec;

use mm::MemoryManager;
use mm::layout::{KERNEL_STACKS, KERNEL_STACKS_END, PAGE_SIZE, VirtualAddress};
use mm::machine::Machine;
use mm::system::{Contents, Exhausted};
use spin::Mutex;

const PAGES: u32 = 5;
const SLOT: u32 = (PAGES + 1) * PAGE_SIZE;

/// Which stacks are free.
pub(crate) struct KernelStacks {
    free: Mutex<Free>,
}

struct Free {
    released: Vec<u32>,
    fresh: u32,
}

impl KernelStacks {
    pub(crate) fn new() -> Self {
        Self { free: Mutex::new(Free { released: Vec::new(), fresh: KERNEL_STACKS }) }
    }

    /// Maps a stack; the address just past it.
    #[doc(alias = "MmCreateKernelStack")]
    pub(crate) fn create<M: Machine>(&self, mm: &MemoryManager<M>) -> Result<u32, Exhausted> {
        let slot = self.take().ok_or(Exhausted)?;
        for index in 1..=PAGES {
            let page = VirtualAddress(slot + index * PAGE_SIZE).page();
            if let Err(exhausted) = mm.map_system_page(page, Contents::Zeros) {
                (1..index).for_each(|index| mm.unmap_system_page(VirtualAddress(slot + index * PAGE_SIZE).page()));
                self.free.lock().released.push(slot);
                return Err(exhausted);
            }
        }
        Ok(slot + SLOT)
    }

    /// Unmaps the stack that ends at `base` and on which nothing runs.
    #[doc(alias = "MmDeleteKernelStack")]
    pub(crate) fn delete<M: Machine>(&self, mm: &MemoryManager<M>, base: u32) {
        let slot = base - SLOT;
        (1..=PAGES).for_each(|index| mm.unmap_system_page(VirtualAddress(slot + index * PAGE_SIZE).page()));
        self.free.lock().released.push(slot);
    }

    fn take(&self) -> Option<u32> {
        let mut free = self.free.lock();
        if let Some(slot) = free.released.pop() {
            return Some(slot);
        }
        let slot = free.fresh;
        (slot + SLOT <= KERNEL_STACKS_END).then(|| {
            free.fresh = slot + SLOT;
            slot
        })
    }

    /// Bytes of a stack.
    pub(crate) const fn size() -> u32 {
        PAGES * PAGE_SIZE
    }
}
