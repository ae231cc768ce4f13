//! KUSER_SHARED_DATA: the one page that every process reads at 7FFE0000 and the kernel writes at FFDF0000.
//!
//! It has no VAD. A fault there finds a prototype PTE of the memory manager's own, whose frame keeps a share for the kernel's
//! mapping, so that it never leaves memory.

use abi::cell::{Field, Link};

use crate::MemoryManager;
use crate::fault::plan::Backing;
use crate::frame::Flags;
use crate::layout::FrameNumber;
use crate::machine::Machine;
use crate::pool::Tag;
use crate::protection::Protection;
use crate::pte::{PrototypePte, PteCell, ValidPte};
use crate::system::Exhausted;

/// Where the page's prototype PTE is.
#[doc(alias = "MmSharedUserDataPte")]
pub(crate) struct SharedData(Field<Link<PteCell>>);

impl SharedData {
    pub(crate) fn new() -> Self {
        Self(Field::<Link<PteCell>>::NULL)
    }

    /// The prototype PTE of the page.
    pub(crate) fn prototype(&self) -> Link<PteCell> {
        self.0.get()
    }

    pub(crate) fn backing(&self) -> Backing {
        Backing::Shared(self.0.get(), Some(Protection::READONLY))
    }
}

impl<M: Machine> MemoryManager<M> {
    /// Makes the prototype PTE of the page in `frame`, which the kernel has mapped already.
    pub(crate) fn share_user_data(&self, frame: FrameNumber) -> Result<(), Exhausted> {
        let cell: Link<PteCell> = self.allocate_pool(8, Tag(*b"MmSt"))?;
        let valid = ValidPte::user(frame, Protection::READONLY, self.no_execute);
        self.machine.record(cell).store(valid.0 & !crate::pte::OWNER);
        let record = self.frame(frame);
        record.original_pte.set(PrototypePte::DemandZero(Protection::READONLY).encode());
        record.set_pte(cell, record.pte_frame());
        record.insert_flags(Flags::PROTOTYPE);
        self.shared_data.0.set(cell);
        Ok(())
    }
}
