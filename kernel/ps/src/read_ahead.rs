//! Reading ahead: while a program that reads a file in order works on what it has got, a thread reads what it will ask for next.

use abi::cell::{Field, Link};
use ke::WaitReason;
use mm::section::{Cluster, ControlArea, HeldPage, Need};

use crate::executive::Executive;
use crate::platform::Platform;

/// The pages that are to be read next: of one file at a time, for the next reads are soon asked for again.
#[derive(Debug)]
pub(crate) struct ReadAhead {
    /// The file's control area, with a section reference from when it is asked for until it has been served; else null.
    area: Field<Link<ControlArea>>,
    page: Field<u32>,
}

impl ReadAhead {
    pub(crate) fn new() -> Self {
        Self { area: Field::<Link<ControlArea>>::NULL, page: Field::new(0) }
    }

    /// What the thread waits for.
    fn address(&self) -> u32 {
        core::ptr::from_ref(self) as usize as u32
    }
}

impl<P: Platform> Executive<P> {
    /// Page number `page` of the data file `area` has been read: at the first of a cluster the one after it is asked for, where
    /// the file is read in order.
    #[doc(alias = "CcScheduleReadAhead")]
    pub(crate) fn ask_ahead(&self, area: Link<ControlArea>, page: u32) {
        let next = page + Cluster::MOST;
        if page.is_multiple_of(Cluster::MOST) && !self.reads_ahead() && self.mm().is_next_to_read(area, next) {
            self.mm().reference_section(area);
            self.read_ahead.area.set(area);
            self.read_ahead.page.set(next);
            self.wake(self.read_ahead.address());
        }
    }

    /// Whether something that was asked for has still to be read.
    pub(crate) fn reads_ahead(&self) -> bool {
        !self.read_ahead.area.get().is_null()
    }

    /// What the thread that reads ahead does for ever. What cannot be read is left to whoever needs it, and to whom it can be
    /// told.
    #[doc(alias = "CcPerformReadAhead")]
    pub fn read_ahead(&self) -> ! {
        loop {
            let Some(area) = self.read_ahead.area.get().some() else {
                let switch = self.dispatcher.wait(WaitReason::Executive, self.read_ahead.address(), None);
                self.switch(switch);
                continue;
            };
            match self.mm().hold_file_page(area, self.read_ahead.page.get(), Need::Contents) {
                HeldPage::Unread(page) => drop(self.read_page(page)),
                HeldPage::Ready(frame) => self.mm().release_file_page(frame, false),
                HeldPage::Collided(_) | HeldPage::NoFrame | HeldPage::Beyond => {}
            }
            self.give_up_section(area);
            self.read_ahead.area.set(Link::NULL);
        }
    }
}
