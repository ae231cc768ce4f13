//! A paging file on the test's disk, and what the modified page writer does with it.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use mm::layout::PAGE_SIZE;
use mm::machine::FrameBytes;
use mm::section::{WriteRequest, WriteResult};

use crate::hog::Hog;
use crate::system::{Disk, FIRST_FILE, Outcome, System};

impl System {
    /// Puts a paging file of `pages` pages, which may grow to `maximum`, on the disk.
    pub fn add_paging_file(&self, pages: u32, maximum: u32) {
        let file = self.next_file();
        self.files.borrow_mut().push(vec![0xEE; (maximum * PAGE_SIZE) as usize]);
        self.mm.add_paging_file(file, pages, maximum).expect("memory for a paging file");
    }

    /// Begins to write what is to be written next: to be [ended](Self::end_page_out).
    pub fn begin_page_out(&self) -> Option<WriteRequest> {
        self.mm.next_page_out()
    }

    /// Ends a write: the disk takes what is in the frames now, unless it is broken.
    pub fn end_page_out(&self, request: WriteRequest) -> WriteResult {
        if self.disk() == Disk::Broken {
            self.mm.complete_write(request, WriteResult::Failed);
            return WriteResult::Failed;
        }
        let mut files = self.files.borrow_mut();
        let file = &mut files[(request.file.address() - FIRST_FILE) as usize];
        for (frame, place) in request.frames.iter().zip((request.offset as usize..).step_by(PAGE_SIZE as usize)) {
            self.mm.machine.read(*frame, 0, &mut file[place..place + PAGE_SIZE as usize]);
        }
        drop(files);
        self.mm.complete_write(request, WriteResult::Done);
        WriteResult::Done
    }

    /// The modified page writer: writes all that can be written; how many pages that was.
    pub fn page_out(&self) -> u32 {
        let mut written = 0;
        while let Some(request) = self.begin_page_out() {
            let pages = request.frames.len() as u32;
            if self.end_page_out(request) == WriteResult::Failed {
                break;
            }
            written += pages;
        }
        written
    }

    /// The balance-set manager: looks at the working sets of `processes` and trims them as far as memory is short.
    pub fn balance(&self, processes: &[Link<Eprocess>]) {
        let Some(mut trimming) = self.mm.begin_trimming() else { return };
        loop {
            processes.iter().for_each(|process| trimming.visit(&self.space(*process)));
            if !trimming.next_turn() {
                break;
            }
        }
    }

    /// EmptyWorkingSet; how many pages went.
    pub fn empty(&self, process: Link<Eprocess>) -> u32 {
        self.space(process).empty_working_set()
    }

    /// Brings in the page tables of `process` from `base` on, as far as `size` bytes and the allocation there reach.
    ///
    /// # Errors
    /// What the program would be told.
    pub fn bring_tables_in(&self, process: Link<Eprocess>, base: u32, size: u32) -> Result<(), Outcome> {
        let ranges = [self.space(process).pages_of_allocation(base), self.space(process).pages_to_protect(base, size)];
        for range in ranges {
            while let Some(first) = self.space(process).bring_tables_in(range) {
                self.await_page(first)?;
            }
        }
        Ok(())
    }

    /// Somebody else needs all frames for a while: what was on Standby is repurposed.
    pub fn drain_standby(&mut self) {
        let mut hog = Hog::new(self);
        hog.fill(self, 0);
        hog.end(self);
    }
}
