//! Y1 to Y4: large pages of programs.

use abi::cell::Link;
use abi::nt::process::Eprocess;

use super::{Audit, Corruption};
use crate::MemoryManager;
use crate::frame::{Flags, FrameRun, Location};
use crate::layout::{ENTRIES_PER_TABLE, VirtualPage};
use crate::machine::Machine;
use crate::pte::{ACCESSED, LARGE_PAGE, Pte, ValidPte, pde_of};
use crate::vad::{VadFlags, VadTree};

impl<M: Machine> MemoryManager<M> {
    /// The large pages of `process`, of whose page-directory entries `entries` were found to be large.
    pub(super) fn verify_large_pages(
        &self,
        process: Link<Eprocess>,
        tree: &VadTree<'_, M>,
        entries: u32,
    ) -> Result<(), Corruption> {
        let mut expected = 0;
        for vad in tree.iter() {
            let node = tree.node(vad);
            let (flags, start, pages) = (node.flags(), node.start(), node.pages().0);
            if !flags.has(VadFlags::LARGE_PAGES) {
                continue;
            }
            let is_sound = flags.has(VadFlags::PRIVATE_MEMORY)
                && flags.has(VadFlags::MEM_COMMIT)
                && start.0.is_multiple_of(ENTRIES_PER_TABLE)
                && pages.is_multiple_of(ENTRIES_PER_TABLE);
            if !is_sound {
                return Err(Corruption::Y1 { process, start });
            }
            for page in (start.0..start.0 + pages).step_by(ENTRIES_PER_TABLE as usize).map(VirtualPage) {
                self.verify_large_page(process, page, flags)?;
                expected += 1;
            }
        }
        // What is large and lies in no such VAD is one too many.
        if expected == entries { Ok(()) } else { Err(Corruption::Y1 { process, start: VirtualPage(0) }) }
    }

    /// One page of 2 MB, at `page` in a VAD with `flags`.
    fn verify_large_page(&self, process: Link<Eprocess>, page: VirtualPage, flags: VadFlags) -> Result<(), Corruption> {
        let entry = ValidPte(self.table_entry(process, page.0 >> 9));
        let first = entry.frame();
        let wanted = ValidPte::user(first, flags.protection(), self.no_execute).with(LARGE_PAGE | crate::pte::DIRTY);
        let is_marked = self.address_space(process).may_be_marked(Pte::Valid(entry));
        if (entry.as_protected().0 | ACCESSED) != wanted.0 || !is_marked || !first.0.is_multiple_of(ENTRIES_PER_TABLE) {
            return Err(Corruption::Y3 { process, page });
        }
        let [low, high, _] = self.process_directories(process);
        let directory = if page.0 >> 9 < ENTRIES_PER_TABLE { low } else { high };
        for number in (FrameRun { base: first, count: ENTRIES_PER_TABLE }).frames() {
            let is_sound = self.is_ram(number) && {
                let frame = self.frame(number);
                frame.is_large()
                    && (frame.pte(), frame.pte_frame()) == (pde_of(page), directory)
                    && (frame.location(), frame.share_count()) == (Location::Active, 1)
                    && !frame.flags().contains(Flags::PROTOTYPE)
                    && frame.original_pte.get() == Pte::DemandZero(flags.protection()).encode()
            };
            if !is_sound {
                return Err(Corruption::Y2(number));
            }
        }
        Ok(())
    }

    /// Y4, when all frames and all entries are counted.
    pub(super) fn verify_large_frames(&self, audit: &Audit) -> Result<(), Corruption> {
        let found = audit.large_frames;
        let recorded = audit.large_pages * ENTRIES_PER_TABLE;
        if found == recorded { Ok(()) } else { Err(Corruption::Y4 { found, recorded }) }
    }
}
