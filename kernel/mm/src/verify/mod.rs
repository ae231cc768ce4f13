//! The audit: walks everything and checks every numbered invariant.
//!
//! It runs after every step of the model tests, after every guest test, when a process ends in a debug build, and from the
//! debugger as `!verify`. Shares are counted in passes over the frames, in a scratch area that the caller gives, so that it
//! runs on the smallest machine.

mod awe;
mod charges;
mod large;
mod lists;
mod pages;
mod physical;
mod sections;
mod special;
mod tables;

use abi::cell::Link;
use abi::nt::process::Eprocess;

use crate::MemoryManager;
use crate::layout::{FrameNumber, VirtualPage};
use crate::machine::Machine;
use crate::section::ControlArea;
use crate::vad::VadCorruption;

/// What the audit counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Frames of RAM.
    pub frames: u32,
    /// Frames in use.
    pub active: u32,
    /// Frames in transition.
    pub transition: u32,
    /// Of these, frames whose page was deleted: they are free when their I/O ends.
    pub deleted: u32,
    /// Transition PTEs of processes and sections.
    pub parked: u32,
    /// Page tables that are not valid: in transition, or in paging files.
    pub tables_out: u32,
    /// Page tables in paging files: what is said there is not checked.
    pub hidden: u32,
    /// Places in paging files that entries, frames and writes have.
    pub places: u32,
    /// Address spaces.
    pub processes: u32,
    /// VADs of all of them.
    pub vads: u32,
    /// Valid user PTEs of all of them, those of AWE frames among them.
    pub mapped: u32,
    /// AWE frames of all processes, mapped or not.
    pub awe: u32,
    /// Large pages of all of them.
    pub large_pages: u32,
    /// Frames that say that they are part of one.
    pub large_frames: u32,
    /// Control areas.
    pub sections: u32,
    /// Pages committed.
    pub committed: u32,
}

/// The first invariant found broken, by its number.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the invariants are stated where they live")]
pub enum Corruption {
    /// A frame on a list with the wrong location, or with references.
    F1(FrameNumber),
    /// A list whose links or length are wrong, by the number of the list.
    F2(u32),
    /// A colour list that disagrees with its main list.
    F3(FrameNumber),
    /// An active frame without shares or references, or a frame in transition without.
    F4(FrameNumber),
    /// Lists and frames in use do not add up.
    F5 { counted: u32, frames: u32 },
    /// A frame whose record does not name the entry that names it.
    F6 { frame: FrameNumber, page: VirtualPage },
    /// A share count: found, recorded.
    F7 { frame: FrameNumber, found: u32, recorded: u32 },
    /// Frames that transition PTEs should name, and transition PTEs found.
    F8 { frames: u32, found: u32 },
    /// A frame that is marked as bad and on the wrong list, or the other way.
    F9(FrameNumber),
    /// The count of used entries of the page table of this page.
    A1 { process: Link<Eprocess>, page: VirtualPage, found: u32, recorded: u32 },
    /// The committed page tables of a process, by the index of the first wrong one.
    A2 { process: Link<Eprocess>, table: u32 },
    /// The commit charge of a process.
    A3 { process: Link<Eprocess>, found: u32, recorded: u32 },
    /// A count that the process keeps: of valid pages, private pages, VADs, or bytes of addresses.
    A4 { process: Link<Eprocess>, found: u32, recorded: u32 },
    /// The size of a working set.
    W1 { process: Link<Eprocess>, found: u32, recorded: u32 },
    /// A working-set entry that is direct and should not be, or the other way round, by its place; 0 for their number.
    W2 { process: Link<Eprocess>, index: u32 },
    /// The places of a working-set list.
    W3(Link<Eprocess>),
    /// The hash table of a working-set list, by the place of the entry that it misses; 0 for their number.
    W4 { process: Link<Eprocess>, index: u32 },
    /// The locked pages of a process.
    W5 { process: Link<Eprocess>, found: u32 },
    /// The count of page tables that are paged out.
    A6 { found: u32, recorded: u32 },
    /// A PTE that its VAD does not allow.
    T3 { process: Link<Eprocess>, page: VirtualPage, raw: u64 },
    /// The commit charge of the view of an image that starts here.
    M3 { process: Link<Eprocess>, start: VirtualPage, found: u32, recorded: u32 },
    /// AWE frames: owned or mapped, of a process or, where that is null, of all.
    X1 { process: Link<Eprocess>, found: u32, recorded: u32 },
    /// An AWE frame.
    X2(FrameNumber),
    /// A window of AWE.
    X3 { process: Link<Eprocess>, start: VirtualPage },
    /// An AWE frame whose record names another owner, or has a mark.
    X4(FrameNumber),
    /// A VAD with large pages; page 0 where an entry of no such VAD is large.
    Y1 { process: Link<Eprocess>, start: VirtualPage },
    /// A frame of a large page.
    Y2(FrameNumber),
    /// The entry of a large page.
    Y3 { process: Link<Eprocess>, page: VirtualPage },
    /// Frames of large pages, and how many there should be.
    Y4 { found: u32, recorded: u32 },
    /// The system's commit.
    C1 { found: u32, recorded: u32 },
    /// The commit charge of the VAD that starts here.
    M1 { process: Link<Eprocess>, start: VirtualPage, found: u32, recorded: u32 },
    /// A VAD, not all of whose pages are committed under the protection that its index names.
    M4 { process: Link<Eprocess>, start: VirtualPage },
    /// The views of a control area.
    S1 { section: Link<ControlArea>, found: u32, recorded: u32 },
    /// The frames of a control area.
    S2 { section: Link<ControlArea>, found: u32, recorded: u32 },
    /// The committed pages of a section without a file.
    S3 { section: Link<ControlArea>, found: u32, recorded: u32 },
    /// The prototype PTEs of the view that starts here.
    S4 { process: Link<Eprocess>, start: VirtualPage },
    /// The subsections of a file's data.
    S5(Link<ControlArea>),
    /// A frame that is being written.
    S6(FrameNumber),
    /// A dirty frame on the wrong list.
    S7(FrameNumber),
    /// A view of physical memory.
    S8 { process: Link<Eprocess>, start: VirtualPage },
    /// The space of a paging file (of all of them: FFFFFFFF): pages marked, pages counted.
    G1 { file: u32, found: u32, recorded: u32 },
    /// The figures of a paging file.
    G2 { file: u32 },
    /// Places in paging files that somebody has, and that are taken.
    G4 { found: u32, recorded: u32 },
    /// The commit limit.
    G3 { found: u32, recorded: u32 },
    /// What is watched of the VAD that starts here.
    Q1 { process: Link<Eprocess>, start: VirtualPage },
    /// The bits of its bitmap.
    Q2 { process: Link<Eprocess>, start: VirtualPage },
    /// The form of the VAD that starts here, against what is secured of it.
    U1 { process: Link<Eprocess>, start: VirtualPage },
    /// Its secured ranges.
    U2 { process: Link<Eprocess>, start: VirtualPage },
    /// A page of a secured range.
    U3 { process: Link<Eprocess>, page: VirtualPage },
    /// A pool block.
    P(Link<()>),
    /// A VAD tree.
    V { process: Link<Eprocess>, what: VadCorruption },
}

impl<M: Machine> MemoryManager<M> {
    /// Checks everything. `scratch` bounds the frames whose shares are counted in one pass: 32,768 words (64 KB) serve 128 MB a
    /// pass. It must not be empty.
    ///
    /// # Errors
    /// The first [`Corruption`] found.
    #[doc(alias = "MiVerify")]
    pub fn verify(&self, scratch: &mut [u16]) -> Result<Audit, Corruption> {
        let mut audit = Audit::default();
        self.verify_lists(&mut audit)?;
        self.verify_pool().map_err(Corruption::P)?;
        self.verify_paging_files()?;
        for process in self.address_spaces() {
            self.verify_process(process, &mut audit)?;
        }
        self.verify_awe_frames(&audit)?;
        self.verify_large_frames(&audit)?;
        self.verify_sections(&mut audit)?;
        self.verify_parked(&audit)?;
        self.verify_places(&audit)?;
        let (found, recorded) = (audit.tables_out, self.tables_out.get());
        if found != recorded {
            return Err(Corruption::A6 { found, recorded });
        }
        self.verify_commit(&mut audit)?;
        self.verify_shares(scratch)?;
        Ok(audit)
    }
}
