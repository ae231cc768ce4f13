//! Share and reference counts, and where a frame goes when they fall to zero.
//!
//! A frame has one reference while any PTE maps it, and one more for each I/O or probe-lock. It stands on a list only
//! when it has none.

use super::record::{Flags, Location, Mmpfn};
use crate::MemoryManager;
use crate::events::Cause;
use crate::layout::FrameNumber;
use crate::machine::Machine;
use crate::pte::{PROTOTYPE, PrototypePte, software_protection};

impl<M: Machine> MemoryManager<M> {
    /// One more PTE maps `number`, which is active.
    #[inline(always)]
    pub(crate) fn add_share(&self, number: FrameNumber) {
        let frame = self.frame(number);
        debug_assert!(frame.location() == Location::Active, "F4: sharing a frame that is not active");
        frame.u2.update(|count| count + 1);
    }

    /// One PTE fewer maps `number`. With the last one a page that belongs to a prototype PTE leaves it in transition, and
    /// the frame loses the reference that its shares held.
    #[doc(alias = "MiDecrementShareCount")]
    #[inline]
    pub(crate) fn release_share(&self, number: FrameNumber) {
        let frame = self.frame(number);
        debug_assert!(frame.location() == Location::Active && frame.share_count() > 0, "F4: no share to release");
        let left = frame.u2.update(|count| count - 1);
        if left > 0 {
            return;
        }
        if frame.flags().contains(Flags::PROTOTYPE) && !frame.is_deleted() {
            let protection = software_protection(frame.original_pte.get());
            // No processor walks it.
            self.machine.record(frame.pte()).store(PrototypePte::Transition(number, protection).encode());
        }
        if frame.reference_count.get() > 1 {
            self.move_frame(number, Location::Transition, Cause::Held);
        }
        self.release_reference(number);
    }

    /// One more I/O or probe-lock holds `number`.
    #[doc(alias = "MmProbeAndLockPages")]
    pub fn add_reference(&self, number: FrameNumber) {
        self.frame(number).reference_count.update(|count| count + 1);
    }

    /// One reference fewer. With the last one the frame goes to a list: Free where the page was deleted, Modified where it
    /// is dirty, else Standby.
    #[doc(alias = "MiDecrementReferenceCount")]
    #[inline]
    pub fn release_reference(&self, number: FrameNumber) {
        let frame = self.frame(number);
        debug_assert!(frame.reference_count.get() > 0, "F4: no reference to release");
        let left = frame.reference_count.update(|count| count - 1);
        if left > 0 {
            return;
        }
        debug_assert!(frame.share_count() == 0, "F4: an active frame without a reference");
        if frame.is_deleted() {
            self.insert_free(number);
        } else if frame.flags().contains(Flags::MODIFIED) {
            self.insert_modified(number);
        } else {
            self.insert_standby(number);
        }
    }

    /// Gives up a page that one private PTE maps: its contents are of no more use to anyone.
    #[inline]
    pub(crate) fn delete_private_page(&self, number: FrameNumber) {
        let frame = self.frame(number);
        frame.set_deleted();
        self.drop_slot(frame);
        self.release_share(number);
    }

    /// Gives up a page whose PTE is in transition: off its list, onto Free; where I/O is under way, when that ends.
    pub(crate) fn delete_transition_page(&self, number: FrameNumber) {
        let frame = self.frame(number);
        self.drop_slot(frame);
        if frame.reference_count.get() > 0 {
            frame.set_deleted();
        } else {
            self.unlink(number);
            self.insert_free(number);
        }
    }

    /// Gives up the place in a paging file that the page in `frame` has, if it has one.
    #[inline(always)]
    pub(crate) fn drop_slot(&self, frame: &Mmpfn) {
        // The low half of a file's page names its subsection.
        let original = &frame.original_pte;
        if original.high.get() != 0 && u64::from(original.low.get()) & PROTOTYPE == 0 {
            self.drop_place(frame);
        }
    }

    #[inline(never)]
    fn drop_place(&self, frame: &Mmpfn) {
        if let Some(place) = frame.place_in_paging_file() {
            self.free_slot(place);
            frame.original_pte.set(PrototypePte::DemandZero(place.protection).encode());
        }
    }

    /// Brings a page in transition back into use with one share, off whichever list it is on.
    pub(crate) fn reclaim_transition_page(&self, number: FrameNumber) {
        let frame = self.frame(number);
        if frame.reference_count.get() == 0 {
            self.unlink(number);
        }
        frame.u1.set(0);
        frame.u2.set(1);
        frame.reference_count.update(|count| count + 1);
        self.move_frame(number, Location::Active, Cause::Reclaimed);
    }
}
