//! The kernel half of the address space: giving kernel pages frames, and page tables where they lack one.
//!
//! The page directory of 80000000-BFFFFFFF is one frame that all processes share, so that a new kernel page table is seen
//! everywhere at once. Its entries are never taken away again.

use crate::MemoryManager;
use crate::commit::CommitLimit;
use crate::frame::Color;
use crate::frame::allocate::NoFrame;
use crate::layout::{FrameNumber, VirtualPage};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{Pte, ValidPte, pde_of, pte_of};

/// A kernel structure could not be had: `STATUS_INSUFFICIENT_RESOURCES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

impl From<NoFrame> for Exhausted {
    fn from(_: NoFrame) -> Self {
        Self
    }
}

impl From<CommitLimit> for Exhausted {
    fn from(_: CommitLimit) -> Self {
        Self
    }
}

/// What a kernel page holds when it is first used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Zeros.
    Zeros,
    /// Rubbish: the user fills it.
    Rubbish,
}

impl<M: Machine> MemoryManager<M> {
    /// Backs the kernel page `page`, between 80000000 and BFFFFFFF and not yet backed, with a frame, readable and writable.
    ///
    /// # Errors
    /// [`Exhausted`] for lack of a frame or of commit; nothing has changed but that a page table may have been added.
    pub fn map_system_page(&self, page: VirtualPage, contents: Contents) -> Result<FrameNumber, Exhausted> {
        let charge = self.commit.charge(1)?;
        let table = self.system_table(page)?;
        let frame = self.insist_on_frame(contents, Color(page.0)).map_err(|none| self.lacking(none))?;
        let pte = pte_of(page);
        self.own_frame(frame, pte, table, Pte::DemandZero(Protection::READWRITE).encode());
        self.machine.record(pte).store(ValidPte::system(frame, self.no_execute).0);
        self.add_share(table);
        self.kernel_frames.update(|count| count + 1);
        charge.keep();
        Ok(frame)
    }

    /// Takes the frame of the kernel page `page` away again.
    pub fn unmap_system_page(&self, page: VirtualPage) {
        let cell = self.machine.record(pte_of(page));
        if let Pte::Valid(pte) = Pte::decode(self.machine.exchange(cell, 0)) {
            self.machine.flush(page);
            let table = self.frame(pte.frame()).pte_frame();
            self.delete_private_page(pte.frame());
            self.release_share(table);
            self.kernel_frames.update(|count| count - 1);
            self.commit.give_back(1);
        }
    }

    fn system_table(&self, page: VirtualPage) -> Result<FrameNumber, Exhausted> {
        let pde = pde_of(page);
        if let Pte::Valid(table) = Pte::decode(self.machine.record(pde).load()) {
            return Ok(table.frame());
        }
        let charge = self.commit.charge(1)?;
        let frame = self.insist_on_frame(Contents::Zeros, Color(page.0 >> 9)).map_err(|none| self.lacking(none))?;
        let directory = self.directories[2];
        self.own_frame(frame, pde, directory, Pte::DemandZero(Protection::READWRITE).encode());
        self.machine.record(pde).store(ValidPte::system_table(frame).0);
        self.add_share(directory);
        self.kernel_frames.update(|count| count + 1);
        charge.keep();
        Ok(frame)
    }

    /// What was asked for may be asked for again when there is a frame.
    #[cold]
    fn lacking(&self, none: NoFrame) -> Exhausted {
        self.note_lack_of_frame();
        none.into()
    }

    /// Frames that the kernel has taken for itself since start-up: pool, stacks and their page tables.
    pub fn kernel_frames(&self) -> u32 {
        self.kernel_frames.get()
    }
}
