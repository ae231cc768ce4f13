//! AWE as a program calls it.

use abi::cell::Link;
use abi::memory::{MEM_PHYSICAL, MEM_RESERVE, PAGE_READWRITE};
use abi::nt::process::Eprocess;
use abi::status::NtStatus;
use mm::layout::{FrameNumber, PAGE_SIZE, VirtualAddress};
use mm::system::Exhausted;
use mm::virtual_memory::PageRange;

use crate::system::System;

impl System {
    /// Reserves a window of `pages` pages at `base`, which must be free.
    pub fn window(&self, process: Link<Eprocess>, base: u32, pages: u32) {
        let kind = MEM_RESERVE | MEM_PHYSICAL;
        self.allocate(process, kind, PAGE_READWRITE, base, pages * PAGE_SIZE).expect("room for a window");
    }

    /// AllocateUserPhysicalPages: as many frames of `count` as there are.
    ///
    /// # Errors
    /// As the service.
    pub fn allocate_frames(&self, process: Link<Eprocess>, count: usize) -> Result<Vec<FrameNumber>, Exhausted> {
        let mut frames = vec![FrameNumber(0); count];
        let given = self.mm.allocate_user_frames(process, &mut frames)?;
        frames.truncate(given);
        Ok(frames)
    }

    /// `count` frames, which there must be.
    pub fn frames(&self, process: Link<Eprocess>, count: usize) -> Vec<FrameNumber> {
        let frames = self.allocate_frames(process, count).expect("memory for a bitmap");
        assert_eq!(frames.len(), count, "frames");
        frames
    }

    /// MapUserPhysicalPages.
    ///
    /// # Errors
    /// As the service.
    pub fn map_frames(&self, process: Link<Eprocess>, base: u32, frames: &[FrameNumber]) -> Result<(), NtStatus> {
        let page = VirtualAddress(base).page();
        let at = |index: u32| mm::layout::VirtualPage(page.0 + index);
        let range = PageRange { start: page, end: at(frames.len() as u32 - 1) };
        self.space(process).check_window(range)?;
        self.space(process).map_user_frames(frames.len() as u32, |index| (at(index), Some(frames[index as usize])))
    }

    /// MapUserPhysicalPages without frames.
    ///
    /// # Errors
    /// As the service.
    pub fn unmap_frames(&self, process: Link<Eprocess>, base: u32, pages: u32) -> Result<(), NtStatus> {
        let page = VirtualAddress(base).page();
        self.space(process).map_user_frames(pages, |index| (mm::layout::VirtualPage(page.0 + index), None))
    }

    /// MapUserPhysicalPagesScatter.
    ///
    /// # Errors
    /// As the service.
    pub fn scatter(&self, process: Link<Eprocess>, entries: &[(u32, Option<FrameNumber>)]) -> Result<(), NtStatus> {
        self.space(process).map_user_frames(entries.len() as u32, |index| {
            let (address, frame) = entries[index as usize];
            (VirtualAddress(address).page(), frame)
        })
    }

    /// FreeUserPhysicalPages; how many were freed before one could not be.
    pub fn free_frames(&self, process: Link<Eprocess>, frames: &[FrameNumber]) -> (usize, Result<(), NtStatus>) {
        let space = self.space(process);
        for (index, frame) in frames.iter().enumerate() {
            if let Err(status) = space.free_user_frame(*frame) {
                return (index, Err(status));
            }
        }
        (frames.len(), Ok(()))
    }
}
