//! A process that fills memory with pages of a file: they are charged to nobody, so that frames run out before commit does.

use abi::cell::Link;
use abi::nt::process::Eprocess;
use mm::layout::FrameNumber;
use mm::protection::Access;
use mm::pte::Pte;
use mm::section::ControlArea;

use crate::image::{READ_ONLY_DATA, TestImage, TestSection};
use crate::system::{Outcome, System};

/// Where its file is mapped: the first page of a page table.
const BASE: u32 = 0x1000_0000;
/// Pages of the file: with its headers all of one page table.
const PAGES: u32 = 511;

/// The process, its section and how much of it is in memory.
pub struct Hog {
    process: Link<Eprocess>,
    section: Link<ControlArea>,
    taken: u32,
}

impl Hog {
    /// A process that has read one page, so that it has all the page tables it ever needs.
    pub fn new(system: &mut System) -> Self {
        let sections = vec![TestSection { pages: PAGES, bytes: PAGES * 0x1000, flags: READ_ONLY_DATA }];
        let section = system.add_image(TestImage { base: BASE, sections, seed: 99 }).expect("memory for a section");
        let process = system.start_process().expect("memory for a process");
        system.space(process).map_image(section, None).expect("room");
        let mut hog = Self { process, section, taken: 0 };
        hog.take(system).expect("memory for a page");
        hog
    }

    /// Reads one more page; the frame it got, unless there was none.
    pub fn take(&mut self, system: &System) -> Option<FrameNumber> {
        assert!(self.taken < PAGES, "the file is larger than memory");
        let address = BASE + (1 + self.taken) * 0x1000;
        match system.access(self.process, address, Access::Read) {
            Outcome::Done => self.taken += 1,
            Outcome::NoFrame => return None,
            other => panic!("{other:?}"),
        }
        match system.pte(self.process, address) {
            Pte::Valid(valid) => Some(valid.frame()),
            other => panic!("{other:?}"),
        }
    }

    /// Reads until `left` frames are available.
    pub fn fill(&mut self, system: &System, left: u32) {
        while system.mm.available_frames() > left {
            self.take(system).expect("one is available");
        }
        assert_eq!(system.mm.available_frames(), left);
    }

    /// Ends: its frames are available again.
    pub fn end(self, system: &System) {
        system.end_process(self.process);
        let _ = system.mm.release_section(self.section);
        system.mm.delete_section(self.section);
    }
}
