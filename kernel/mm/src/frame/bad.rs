//! Frames that are to be used no more while the system runs.
//!
//! What nobody uses goes on the Bad list at once. A program's page moves to another frame first: its contents, its record and every
//! entry that names it. What cannot move is marked, and goes on the Bad list in place of Free; on Standby, where it may come back into use,
//! in place of being repurposed: where I/O is under way, what the kernel itself uses, what a program knows by the frame's number (AWE)
//! or has as part of a large page.

use abi::cell::Link;

use super::allocate::{entry_index, is_page_table};
use super::lists::{Color, End};
use super::record::{Flags, Location, Mmpfn};
use crate::MemoryManager;
use crate::events::Cause;
use crate::layout::{FrameNumber, HIGHEST_USER_ADDRESS, PAGE_TABLES};
use crate::machine::Machine;
use crate::pte::{PteCell, VALID, ValidPte, page_of, with_frame};

/// When a frame is out of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is on the Bad list.
    Done,
    /// Its user still has it; it goes there afterwards.
    Requested,
}

/// There is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRemoved {
    /// It is no frame of RAM.
    NotRam,
    /// It is on the Bad list.
    AlreadyBad,
}

impl<M: Machine> MemoryManager<M> {
    /// Takes `number` out of use, at once or as soon as its user gives it up.
    ///
    /// # Errors
    /// [`NotRemoved`].
    #[doc(alias = "MmRemovePhysicalMemory")]
    pub fn remove_frame(&self, number: FrameNumber) -> Result<Removal, NotRemoved> {
        if !self.is_ram(number) {
            return Err(NotRemoved::NotRam);
        }
        let frame = self.frame(number);
        match frame.location() {
            Location::Bad => return Err(NotRemoved::AlreadyBad),
            Location::Zeroed | Location::Free => self.unlink(number),
            Location::Standby => {
                self.unlink(number);
                self.restore_pte(frame);
            }
            Location::Active if self.move_active_page(number, frame) => {}
            Location::Modified | Location::ModifiedNoWrite if self.move_parked_page(number, frame) => {}
            _ => {
                frame.insert_flags(Flags::REMOVAL_REQUESTED);
                return Ok(Removal::Requested);
            }
        }
        self.insert_bad(number);
        Ok(Removal::Done)
    }

    /// Puts `number`, which nothing references and which is on no list, where it is never allocated. What was promised of it is
    /// promised no more.
    pub(super) fn insert_bad(&self, number: FrameNumber) {
        self.insert(number, Location::Bad, End::Tail, Flags::REMOVAL_REQUESTED);
        self.commit.lose(1);
    }

    /// Moves the page in `number` where programs alone map it, and nothing else holds it; whether it did.
    fn move_active_page(&self, number: FrameNumber, frame: &Mmpfn) -> bool {
        let is_mapped_only = frame.reference_count.get() == 1 && !frame.is_deleted();
        let moved = match () {
            () if !is_mapped_only || !is_of_program(frame) => return false,
            () if frame.flags().contains(Flags::PROTOTYPE) => self.move_shared_page(number, frame),
            () => self.move_private_page(number, frame),
        };
        if moved {
            frame.reference_count.set(0);
        }
        moved
    }

    fn move_private_page(&self, number: FrameNumber, frame: &Mmpfn) -> bool {
        let (table, index) = (frame.pte_frame(), entry_index(frame.pte()));
        let Some(target) = self.copy_of(number) else { return false };
        self.machine.write_entry(table, index, with_frame(self.machine.read_entry(table, index), target));
        self.machine.flush(page_of(frame.pte()));
        self.own_moved(target, frame);
        true
    }

    fn move_shared_page(&self, number: FrameNumber, frame: &Mmpfn) -> bool {
        let mut mappers = 0;
        self.each_mapping(number, |_, _| mappers += 1);
        // The kernel maps it too, or looks at it through something else.
        if mappers != frame.share_count() {
            return false;
        }
        let Some(target) = self.copy_of(number) else { return false };
        self.each_mapping(number, |table, index| {
            self.machine.write_entry(table, index, with_frame(self.machine.read_entry(table, index), target));
        });
        self.machine.flush_user();
        let prototype = self.machine.record(frame.pte());
        self.machine.exchange(prototype, with_frame(prototype.load(), target));
        self.own_moved(target, frame);
        true
    }

    /// Moves the page in `number`, whose entry is in transition and which is on a list.
    fn move_parked_page(&self, number: FrameNumber, frame: &Mmpfn) -> bool {
        let is_private = !frame.flags().contains(Flags::PROTOTYPE);
        if is_private && is_page_table(frame.pte()) {
            return false;
        }
        let Some(target) = self.copy_of(number) else { return false };
        self.unlink(number);
        if is_private {
            let (table, index) = (frame.pte_frame(), entry_index(frame.pte()));
            self.machine.write_entry(table, index, with_frame(self.machine.read_entry(table, index), target));
        } else {
            let prototype = self.machine.record(frame.pte());
            prototype.store(with_frame(prototype.load(), target));
        }
        self.frame(target).take_over(frame);
        self.insert_modified(target);
        true
    }

    /// Makes `target` what the active frame `from` was.
    fn own_moved(&self, target: FrameNumber, from: &Mmpfn) {
        let frame = self.frame(target);
        frame.take_over(from);
        let flags = frame.set_state(Location::Active, frame.flags());
        self.machine.events().push(target, Cause::Owned, frame.pte_address.get(), flags);
    }

    /// Another frame with the contents of `number`.
    fn copy_of(&self, number: FrameNumber) -> Option<FrameNumber> {
        let target = self.allocate_any_frame(Color::of(number)).ok()?;
        self.machine.copy(number, target);
        Some(target)
    }

    /// Calls `visit` with each valid entry of a program that names `number`: its page table, and its place there.
    fn each_mapping(&self, number: FrameNumber, mut visit: impl FnMut(FrameNumber, u32)) {
        for process in self.address_spaces() {
            self.each_user_table(process, |table| {
                self.entries(table, |index, raw| {
                    if raw & VALID != 0 && ValidPte(raw).frame() == number {
                        visit(table, index);
                    }
                });
            });
        }
    }
}

impl Mmpfn {
    /// Says of this frame what `other` said of its own, but where it is and that it is to be removed.
    fn take_over(&self, other: &Self) {
        self.u1.set(other.u1.get());
        self.u2.set(other.u2.get());
        self.reference_count.set(other.reference_count.get());
        self.pte_address.set(other.pte_address.get());
        self.u4.set(other.u4.get());
        self.original_pte.set(other.original_pte.get());
        self.insert_flags(other.flags() - Flags::REMOVAL_REQUESTED);
    }
}

/// Whether the page in `frame` is one that programs have and that can be elsewhere: its entry is of user space, or a prototype PTE, and it
/// is not one that stays in its frame.
fn is_of_program(frame: &Mmpfn) -> bool {
    const END: u32 = PAGE_TABLES + ((HIGHEST_USER_ADDRESS >> 12) + 1) * size_of::<PteCell>() as u32;
    let pte: Link<PteCell> = frame.pte();
    frame.flags().contains(Flags::PROTOTYPE) || !frame.is_fixed() && (PAGE_TABLES..END).contains(&pte.address())
}
