//! Pages of a file's data in the kernel's hands: what reading and writing files copy from and to.
//!
//! A page that is held has a share more, as if a process had it mapped, and stays where it is. It is given back before the
//! thread waits for anything.

use abi::cell::Link;

use super::records::ControlArea;
use crate::MemoryManager;
use crate::fault::{Materialised, UnreadPage, prototype_valid};
use crate::frame::{Color, Flags};
use crate::layout::FrameNumber;
use crate::machine::Machine;
use crate::pte::{PrototypePte, PteCell};

/// What a page is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// What is in it.
    Contents,
    /// To be filled from its first byte to its last: what is in it need not be read.
    Overwrite,
}

/// What asking for a page led to.
#[derive(Debug, PartialEq)]
#[must_use]
pub enum HeldPage {
    /// It is in this frame, held until [`MemoryManager::release_file_page`].
    Ready(FrameNumber),
    /// [Start](MemoryManager::start_in_page) to read this, [complete](MemoryManager::complete_in_page) it, ask again.
    Unread(UnreadPage),
    /// Somebody else is reading it into this frame: wait for it, ask again.
    Collided(FrameNumber),
    /// No frame, or no pool, can be had: wait for one, ask again.
    NoFrame,
    /// The file does not reach that far.
    Beyond,
}

impl<M: Machine> MemoryManager<M> {
    /// Holds page number `page` of the data file `control_area`.
    ///
    /// A page that was not in memory and is held to be overwritten holds rubbish: the caller stores all 4096 bytes.
    #[doc(alias = "CcMapData")]
    #[doc(alias = "CcPinRead")]
    pub fn hold_file_page(&self, control_area: Link<ControlArea>, page: u32, need: Need) -> HeldPage {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        if page >= segment.total_number_of_ptes.get() {
            return HeldPage::Beyond;
        }
        let Some(subsection) = self.subsection_of(control_area, page) else { return HeldPage::Beyond };
        let Ok(base) = self.make_prototypes(subsection) else { return HeldPage::NoFrame };
        let cell: Link<PteCell> = base.offset((page - self.first_page(subsection)) * 8);
        if need == Need::Overwrite
            && let PrototypePte::Subsection(..) = PrototypePte::decode(self.machine.record(cell).load())
        {
            return self.hold_new_page(cell, page);
        }
        match self.materialise(cell, Color(page)) {
            Ok(Materialised::Ready(frame, _)) => HeldPage::Ready(frame),
            Ok(Materialised::Collided(frame)) => HeldPage::Collided(frame),
            Ok(Materialised::Unread(page)) => HeldPage::Unread(page),
            Err(_) => HeldPage::NoFrame,
        }
    }

    /// Whether page number `page` of the data file `control_area` is still on the disk only, and the one before it is in memory or on its
    /// way there: where the file is read in order, that page is needed next.
    pub fn is_next_to_read(&self, control_area: Link<ControlArea>, page: u32) -> bool {
        let segment = self.machine.record(self.machine.record(control_area).segment.get());
        let form = |page| {
            let cell = self.prototype_of_file(control_area, page)?;
            Some(PrototypePte::decode(self.machine.record(cell).load()))
        };
        page < segment.total_number_of_ptes.get()
            && matches!(form(page), None | Some(PrototypePte::Subsection(..)))
            && matches!(form(page - 1), Some(PrototypePte::Valid(_) | PrototypePte::Transition(..)))
    }

    /// Gives the page of the prototype PTE at `cell`, which is in its file, a frame without reading it.
    fn hold_new_page(&self, cell: Link<PteCell>, page: u32) -> HeldPage {
        let Ok(frame) = self.allocate_any_frame(Color(page)) else { return HeldPage::NoFrame };
        let record = self.machine.record(cell);
        let raw = record.load();
        let PrototypePte::Subsection(subsection, protection) = PrototypePte::decode(raw) else {
            self.return_frame(frame);
            return HeldPage::NoFrame;
        };
        self.own_frame(frame, cell, self.frame_of_pool(cell), raw).insert_flags(Flags::PROTOTYPE);
        record.store(prototype_valid(frame, protection, self.no_execute));
        self.remember_frame_of(subsection);
        HeldPage::Ready(frame)
    }

    /// Gives back a page that [`Self::hold_file_page`] made ready; `dirty` where something was stored in it.
    #[doc(alias = "CcUnpinData")]
    pub fn release_file_page(&self, frame: FrameNumber, dirty: bool) {
        if dirty {
            self.frame(frame).insert_flags(Flags::MODIFIED);
        }
        self.release_share(frame);
    }
}
