//! The modified page writer's decisions: what goes to the paging files next, and what becomes of it.
//!
//! A page that is written has no place in a paging file before: one that it had from an earlier write is given up when it is found
//! dirty. It gets its new place when the write has ended well, if nobody has stored to it or deleted it meanwhile.
//! Neighbours in an address space that are dirty and mapped by nobody are written next to each other, so that they can be read together; what is
//! left of a cluster is filled from the Modified list.
//!
//! Nothing here writes or waits: see [`crate::section`] on writing files, whose requests these are too.
//!
//! Source: Russinovich and Solomon on the modified page writer; `MmModifiedWriteClusterSize` of 16 pages.

use crate::MemoryManager;
use crate::events::Cause;
use crate::frame::allocate::entry_index;
use crate::frame::{END_OF_LIST, Flags, Location, Mmpfn};
use crate::layout::{ENTRIES_PER_TABLE, FrameNumber, PAGE_SIZE};
use crate::machine::Machine;
use crate::pte::{PagingFilePage, PrototypePte, Pte, software_protection, with_software_protection};
use crate::section::{Cluster, MOST_WRITTEN, WriteRequest};

impl<M: Machine> MemoryManager<M> {
    /// Whether one dirty page more that has no file can be given a place: what waits on Modified comes first.
    pub(crate) fn has_room_to_page(&self) -> bool {
        self.free_slots() > self.list_length(Location::Modified)
    }

    /// The pages that should go to a paging file next: from now on they count as clean and as being written (S6). Nothing where there are none, or
    /// no room for any.
    #[doc(alias = "MiGatherPagefilePages")]
    pub fn next_page_out(&self) -> Option<WriteRequest> {
        let next = || self.first_to_page_out(self.frames.list(Location::Modified).flink.get());
        let mut frames = Cluster::EMPTY;
        self.gather_neighbours(next()?, &mut frames);
        while (frames.len() as u32) < MOST_WRITTEN
            && let Some(number) = next()
        {
            self.begin_page_out(number);
            frames.push(number);
        }
        let Some(slots) = self.take_slots(frames.len() as u32) else {
            frames.iter().for_each(|frame| self.cancel_page_out(*frame));
            return None;
        };
        let (kept, rest) = frames.split_at(slots.count as usize);
        rest.iter().for_each(|frame| self.cancel_page_out(*frame));
        Some(WriteRequest {
            file: self.paging_file_object(slots.file),
            offset: u64::from(slots.first) * u64::from(PAGE_SIZE),
            bytes: slots.count * PAGE_SIZE,
            frames: Cluster::of(kept),
            place: Some(PagingFilePage {
                file: slots.file,
                offset: slots.first,
                protection: crate::protection::Protection::ZERO,
            }),
        })
    }

    /// The first frame from `next` on, on the Modified list, that belongs in a paging file.
    fn first_to_page_out(&self, mut next: u32) -> Option<FrameNumber> {
        while next != END_OF_LIST {
            let frame = self.frame(FrameNumber(next));
            if !self.is_file_page(frame) {
                return Some(FrameNumber(next));
            }
            next = frame.u1.get();
        }
        None
    }

    /// Begins to write the page in `number` and those next to it in its page table that are dirty and parked too, in their order.
    fn gather_neighbours(&self, number: FrameNumber, frames: &mut Cluster) {
        let frame = self.frame(number);
        let (pte, table) = (frame.pte(), frame.pte_frame());
        let of_process = !frame.flags().contains(Flags::PROTOTYPE);
        let index = entry_index(pte);
        let beside = |distance: i32| -> Option<FrameNumber> {
            let index = index.checked_add_signed(distance).filter(|index| of_process && *index < ENTRIES_PER_TABLE)?;
            match Pte::decode(self.machine.read_entry(table, index)) {
                Pte::Transition(found, _) if self.frame(found).location() == Location::Modified => Some(found),
                _ => None,
            }
        };
        let before = (1..MOST_WRITTEN as i32).take_while(|distance| beside(-distance).is_some()).count() as i32;
        for distance in -before..MOST_WRITTEN as i32 - before {
            let found = if distance == 0 { Some(number) } else { beside(distance) };
            let Some(found) = found else { break };
            self.begin_page_out(found);
            frames.push(found);
        }
    }

    fn begin_page_out(&self, number: FrameNumber) {
        let frame = self.frame(number);
        self.unlink(number);
        self.drop_slot(frame);
        frame.u2.set(0);
        self.move_frame(number, Location::Transition, Cause::Held);
        self.add_reference(number);
        frame.remove_flags(Flags::MODIFIED);
        frame.insert_flags(Flags::WRITE_IN_PROGRESS);
    }

    fn cancel_page_out(&self, number: FrameNumber) {
        let frame = self.frame(number);
        frame.remove_flags(Flags::WRITE_IN_PROGRESS);
        frame.insert_flags(Flags::MODIFIED);
        self.release_reference(number);
    }

    /// The page in `frame` has been written to `place`, or has not: it is clean and has its place there, or the place is free again.
    #[doc(alias = "MiWriteComplete")]
    pub(crate) fn settle_place(&self, frame: &Mmpfn, place: PagingFilePage) {
        if frame.is_deleted() || frame.flags().contains(Flags::MODIFIED) {
            return self.free_slot(place);
        }
        let original = frame.original_pte.get();
        if let (true, PrototypePte::Subsection(subsection, _)) =
            (frame.flags().contains(Flags::PROTOTYPE), PrototypePte::decode(original))
        {
            // What was stored in an image belongs to the paging file from now on.
            self.forget_frame_of(subsection);
        }
        let protection = software_protection(original);
        frame.original_pte.set(with_software_protection(Pte::PagingFile(place).encode(), protection));
    }
}
