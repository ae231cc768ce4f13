//! Kernel stacks: three pages each, as XP's, over an unmapped page that a runaway thread hits.
//!
//! The stacks of threads that have ended are kept for the next ones, a few of them.
//!
//! * **S1** No thread comes closer than [`RESERVE`] to the end of its stack. A stack is mapped as zeros and what was on it
//!   stays, so how deep its threads were is seen when one has ended; that is looked at where tests run, for it takes as
//!   long as the rest of a thread's end.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use abi::cell::Field;
use mm::MemoryManager;
use mm::layout::{KERNEL_STACKS, KERNEL_STACKS_END, PAGE_SIZE, VirtualAddress};
use mm::machine::Machine;
use mm::pte::{Pte, pte_of};
use mm::system::{Contents, Exhausted};
use spin::Mutex;

const PAGES: u32 = 3;
const SLOT: u32 = (PAGES + 1) * PAGE_SIZE;

/// Stacks that are kept.
#[doc(alias = "MmMaximumDeadKernelStacks")]
const KEPT: usize = 5;

/// Bytes that the deepest path leaves of every stack (S1).
const RESERVE: u32 = 2048;

/// Which stacks are free.
pub(crate) struct KernelStacks {
    free: Mutex<Free>,
    /// Whether stacks are measured.
    measuring: AtomicBool,
    /// The most bytes that a stack had in use.
    deepest: Field<u32>,
}

struct Free {
    /// Stacks that are still mapped.
    #[doc(alias = "MmDeadStackSListHead")]
    kept: Vec<u32>,
    released: Vec<u32>,
    fresh: u32,
}

impl KernelStacks {
    pub(crate) fn new() -> Self {
        let free = Mutex::new(Free { kept: Vec::with_capacity(KEPT), released: Vec::new(), fresh: KERNEL_STACKS });
        Self { free, measuring: AtomicBool::new(false), deepest: Field::new(0) }
    }

    /// From now on the stacks of threads that end are measured.
    pub(crate) fn measure(&self) {
        self.measuring.store(true, Ordering::Relaxed);
    }

    /// The most bytes that a measured stack, or the one that ends at `base`, ever had in use.
    pub(crate) fn deepest<M: Machine>(&self, mm: &MemoryManager<M>, base: u32) -> u32 {
        self.measure_one(mm, base);
        self.deepest.get()
    }

    /// Measures the stack that ends at `base`.
    ///
    /// # Panics
    /// If S1 does not hold.
    fn measure_one<M: Machine>(&self, mm: &MemoryManager<M>, base: u32) {
        let mut unused = 0;
        let mut bytes = [0; 64];
        while unused < PAGES * PAGE_SIZE {
            let at = VirtualAddress(base - PAGES * PAGE_SIZE + unused);
            let Pte::Valid(entry) = Pte::decode(mm.machine.record(pte_of(at.page())).load()) else { break };
            mm.machine.read(entry.frame(), at.0 % PAGE_SIZE, &mut bytes);
            if bytes.iter().any(|&byte| byte != 0) {
                break;
            }
            unused += bytes.len() as u32;
        }
        assert!(unused >= RESERVE, "S1: a kernel stack had only {unused} bytes left");
        self.deepest.update(|deepest| deepest.max(PAGES * PAGE_SIZE - unused));
    }

    /// Maps a stack, or takes one that was kept; the address just past it.
    #[doc(alias = "MmCreateKernelStack")]
    pub(crate) fn create<M: Machine>(&self, mm: &MemoryManager<M>) -> Result<u32, Exhausted> {
        if let Some(slot) = self.free.lock().kept.pop() {
            return Ok(slot + SLOT);
        }
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

    /// Keeps or unmaps the stack that ends at `base` and on which nothing runs.
    #[doc(alias = "MmDeleteKernelStack")]
    pub(crate) fn delete<M: Machine>(&self, mm: &MemoryManager<M>, base: u32) {
        if self.measuring.load(Ordering::Relaxed) {
            self.measure_one(mm, base);
        }
        let slot = base - SLOT;
        let mut free = self.free.lock();
        if free.kept.len() < KEPT {
            return free.kept.push(slot);
        }
        (1..=PAGES).for_each(|index| mm.unmap_system_page(VirtualAddress(slot + index * PAGE_SIZE).page()));
        free.released.push(slot);
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
