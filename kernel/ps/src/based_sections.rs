//! Sections with an address of their own (SEC_BASED): a view of one lies at the same place in every process.
//!
//! Each gets the highest range below 7F7F0000 that no other has, in steps of 64 KB. They are on a list, the highest first, by the
//! right links that NT's tree of them has.
//!
//! * **B1** The ranges of the sections on the list do not overlap, and come in descending order.
//!
//! Source: documentation of SEC_BASED; addresses as observed of Windows; `MmHighSectionBase`, 8 MB below the highest user address.

use abi::cell::Link;
use abi::nt::section::SectionObject;
use abi::status::NtStatus;
use mm::layout::{ALLOCATION_GRANULARITY, HIGHEST_USER_ADDRESS, LOWEST_USER_ADDRESS};

use crate::executive::Executive;
use crate::platform::Platform;

/// One past the highest address of a based section.
#[doc(alias = "MmHighSectionBase")]
const END: u32 = HIGHEST_USER_ADDRESS + 1 - 0x80_0000;

impl<P: Platform> Executive<P> {
    /// Gives `section` an address of its own.
    ///
    /// # Errors
    /// NO_MEMORY where there is no room; nothing has changed.
    #[doc(alias = "MiFindEmptyAddressRangeDownBasedTree")]
    pub(crate) fn give_base(&self, section: Link<SectionObject>) -> Result<(), NtStatus> {
        let body = self.machine_record(section);
        let unit = u64::from(ALLOCATION_GRANULARITY);
        let room = body.size_of_section.get().checked_next_multiple_of(unit).filter(|room| *room < u64::from(END));
        let room = room.ok_or(NtStatus::NO_MEMORY)? as u32;
        let (mut end, mut above) = (END, Link::NULL);
        let mut below = self.based_sections.get();
        while let Some(next) = below.some() {
            let record = self.machine_record(next);
            let (start, last) = (record.starting_va.get(), record.ending_va.get());
            if end - (last + 1) >= room {
                break;
            }
            (end, above, below) = (start, next, Link::new(record.right_child.get()));
        }
        if end < LOWEST_USER_ADDRESS + room {
            return Err(NtStatus::NO_MEMORY);
        }
        body.starting_va.set(end - room);
        body.ending_va.set(end - 1);
        body.right_child.set(below.address());
        self.set_next_based(above, section);
        Ok(())
    }

    /// Takes the address of `section`, which goes, back, where it has one.
    pub(crate) fn take_base(&self, section: Link<SectionObject>) {
        let body = self.machine_record(section);
        if body.starting_va.get() == 0 {
            return;
        }
        let (mut above, mut at) = (Link::NULL, self.based_sections.get());
        while let Some(next) = at.some().filter(|next| *next != section) {
            (above, at) = (next, Link::new(self.machine_record(next).right_child.get()));
        }
        self.set_next_based(above, Link::new(body.right_child.get()));
    }

    /// `next` is what follows `above` on the list from now on, or its first.
    fn set_next_based(&self, above: Link<SectionObject>, next: Link<SectionObject>) {
        match above.some() {
            Some(above) => self.machine_record(above).right_child.set(next.address()),
            None => self.based_sections.set(next),
        }
    }
}
