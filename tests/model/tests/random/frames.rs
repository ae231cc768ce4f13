//! A process of its own beside those of the naive model, under the same shortage: it owns frames by their numbers (AWE), asks for large
//! pages, and looks at a file of physical memory.

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::layout::{FrameNumber, LARGE_PAGE_SIZE, PAGE_SIZE, VirtualAddress};
use mm::section::{ControlArea, SectionFate, SectionLimits, ViewRequest};
use model::naive::is_shortage;
use model::sections::whole;
use model::system::System;

use super::Run;

/// Where its window is, and its view of physical memory; pages of both.
const WINDOW: u32 = 0x2000_0000;
const VIEW: u32 = 0x3000_0000;
const PAGES: u32 = 16;
/// Bits of a physical address.
const BITS: u8 = 36;
/// Frames that it owns at most: as many as leave something to the others.
const MOST: usize = 12;

/// The process, and what it has.
pub struct Owner {
    process: Link<Eprocess>,
    memory: Link<ControlArea>,
    frames: Vec<Known>,
    /// The frame that the view shows.
    shown: Option<FrameNumber>,
}

/// A frame, where it is mapped, and the byte that is in it.
struct Known {
    frame: FrameNumber,
    at: Option<u32>,
    byte: u8,
}

impl Owner {
    pub fn new(system: &System) -> Self {
        let process = system.start_process().expect("memory");
        let memory = system.mm.create_physical_memory(BITS).expect("memory");
        system.window(process, WINDOW, PAGES);
        Self { process, memory, frames: Vec::new(), shown: None }
    }

    /// It ends, with all that it has. The section of physical memory is for ever.
    pub fn end(self, system: &System) {
        if self.shown.is_some() {
            unmap(system, self.process);
        }
        system.end_process(self.process);
    }
}

fn unmap(system: &System, process: Link<Eprocess>) {
    let fate = system.space(process).unmap_view(VirtualAddress(VIEW).page());
    assert_eq!(fate, Ok(SectionFate::Kept));
}

impl Run {
    pub fn step_of_frames(&mut self) {
        let Some(mut owner) = self.owner.take() else { return };
        let done = match self.random.below(16) {
            0..3 => self.take_frames(&mut owner).then_some(21),
            3..5 => self.give_frame(&mut owner).then_some(22),
            5..10 => self.map_frame(&mut owner).then_some(23),
            10..14 => self.use_frame(&mut owner).then_some(24),
            14 => self.ask_for_large_page(&owner).then_some(25),
            _ => self.show_memory(&mut owner).then_some(26),
        };
        self.owner = Some(owner);
        if let Some(index) = done {
            self.done[index] += 1;
        }
    }

    fn take_frames(&mut self, owner: &mut Owner) -> bool {
        let wanted = 1 + self.random.below(3) as usize;
        if owner.frames.len() + wanted > MOST {
            return false;
        }
        let Ok(frames) = self.system.allocate_frames(owner.process, wanted) else { return false };
        let any = !frames.is_empty();
        owner.frames.extend(frames.into_iter().map(|frame| Known { frame, at: None, byte: 0 }));
        any
    }

    fn give_frame(&mut self, owner: &mut Owner) -> bool {
        if owner.frames.is_empty() || self.random.below(3) == 0 {
            // One that is not its own: nothing happens.
            let stranger = FrameNumber(self.random.below(super::FRAMES + 10));
            if !owner.frames.iter().any(|known| known.frame == stranger) {
                assert_eq!(self.system.free_frames(owner.process, &[stranger]).0, 0, "{stranger:?}");
            }
            return false;
        }
        let index = self.random.below(owner.frames.len() as u32) as usize;
        let gone = owner.frames.swap_remove(index);
        assert_eq!(self.system.free_frames(owner.process, &[gone.frame]), (1, Ok(())));
        true
    }

    /// Maps one of its frames, which may be mapped elsewhere, or unmaps a page of the window.
    fn map_frame(&mut self, owner: &mut Owner) -> bool {
        let at = WINDOW + self.random.below(PAGES) * PAGE_SIZE;
        let count = owner.frames.len() as u32;
        let index =
            if count == 0 || self.random.below(4) == 0 { None } else { Some(self.random.below(count) as usize) };
        let frame = index.map(|index| owner.frames[index].frame);
        let is_elsewhere = index.is_some_and(|index| owner.frames[index].at.is_some_and(|other| other != at));
        match self.system.scatter(owner.process, &[(at, frame)]) {
            Ok(()) => assert!(!is_elsewhere, "{at:x}: it is mapped already"),
            Err(NtStatus::CONFLICTING_ADDRESSES) if is_elsewhere => return false,
            Err(status) => {
                assert!(is_shortage(status), "{status:?}");
                return false;
            }
        }
        owner.frames.iter_mut().filter(|known| known.at == Some(at)).for_each(|known| known.at = None);
        if let Some(index) = index {
            owner.frames[index].at = Some(at);
        }
        true
    }

    /// What is in a mapped frame is what was stored there last, wherever it was mapped then.
    fn use_frame(&mut self, owner: &mut Owner) -> bool {
        let byte = self.random.next() as u8;
        let mapped: Vec<usize> = (0..owner.frames.len()).filter(|index| owner.frames[*index].at.is_some()).collect();
        if mapped.is_empty() {
            return false;
        }
        let known = &mut owner.frames[mapped[self.random.below(mapped.len() as u32) as usize]];
        let at = known.at.expect("it is one of those");
        let offset = known.frame.0 % PAGE_SIZE;
        let Ok(found) = self.system.load(owner.process, at + offset) else { return false };
        assert_eq!(found, known.byte, "{at:x}");
        if self.system.store(owner.process, at + offset, byte).is_err() {
            return false;
        }
        known.byte = byte;
        true
    }

    /// There are not so many frames in a row: it is refused, and nothing has changed.
    fn ask_for_large_page(&mut self, owner: &Owner) -> bool {
        let kind = MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES;
        let before = (self.system.mm.commit.current(), self.system.process_charge(owner.process));
        let refused = self.system.allocate(owner.process, kind, PAGE_READWRITE, 0x4000_0000, LARGE_PAGE_SIZE);
        assert!(refused.is_err_and(is_shortage), "{refused:?}");
        assert_eq!((self.system.mm.commit.current(), self.system.process_charge(owner.process)), before);
        true
    }

    /// Shows a frame, whosever it is, to be read; or shows it no more. One of its own has in it what it stored there.
    fn show_memory(&mut self, owner: &mut Owner) -> bool {
        if owner.shown.take().is_some() {
            unmap(&self.system, owner.process);
            return true;
        }
        let count = owner.frames.len() as u32;
        let own = if count == 0 { None } else { Some(&owner.frames[self.random.below(count) as usize]) };
        let frame = own.map_or(FrameNumber(self.random.below(super::FRAMES)), |known| known.frame);
        let limits = SectionLimits { size: 1 << BITS, protection: None, base: 0, no_change: false };
        let offset = u64::from(frame.0) * u64::from(PAGE_SIZE);
        let request = ViewRequest { base: VIEW, offset: offset & !0xFFFF, size: 0x1_0000, ..whole(PAGE_READONLY) };
        match self.system.space(owner.process).map_view(owner.memory, &limits, &request) {
            Ok(_) => owner.shown = Some(frame),
            Err(status) => {
                assert!(is_shortage(status), "{status:?}");
                return false;
            }
        }
        let at = VIEW + (offset & 0xFFFF) as u32 + frame.0 % PAGE_SIZE;
        if let (Ok(found), Some(known)) = (self.system.load(owner.process, at), own) {
            assert_eq!(found, known.byte, "{frame:?}");
        }
        true
    }
}
