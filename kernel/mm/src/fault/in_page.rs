//! Bringing a page into memory: at once, or by a read that the caller makes.
//!
//! Pages of a file's data are read in clusters: behind the one that is wanted come those that nobody has asked for yet. Where the
//! page before it is in memory, or there is none, the file is probably read from end to end, and the cluster is large. From a
//! paging file come, with the one that is wanted, those behind it whose entries and whose places in the file both follow; they
//! are the first to be repurposed if nobody wants them.
//!
//! Source: XP's `MmReadClusterSize`, as Russinovich and Solomon describe it; the sizes are ours.

use abi::cell::Link;
use abi::nt::file::FileObject;

use super::Resolution;
use super::apply::corrupt;
use crate::MemoryManager;
use crate::frame::allocate::{NoFrame, entry_index, is_page_table};
use crate::frame::{Color, Flags, Location};
use crate::layout::{ENTRIES_PER_TABLE, FrameNumber, PAGE_SIZE, PAGE_TABLES, VirtualAddress};
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{PagingFilePage, PrototypePte, Pte, PteCell, ValidPte, pte_of, software_protection};
use crate::section::{Cluster, Subsection};

/// Pages that are read together where the file is not read in order.
const SMALL_CLUSTER: u32 = 4;
/// Pages that are read together from a paging file at most.
const PAGING_CLUSTER: u32 = 8;
/// Frames that reading ahead leaves to others.
const LEFT_TO_OTHERS: u32 = 64;
/// Zeros to fill up a page with.
static ZEROS: [u8; 512] = [0; 512];

/// A page of a file, or of a paging file, that is in no frame. Before anything else runs it becomes a request to read it, with
/// [`MemoryManager::start_in_page`]: this one is small, and most faults have none.
#[derive(Debug, PartialEq)]
#[must_use]
pub struct UnreadPage {
    /// The entry that names it: of a prototype PTE, or of the current process's page table or page directory.
    pte: Link<PteCell>,
    color: Color,
    /// Entries that follow in the same array or table.
    neighbours: u32,
}

impl UnreadPage {
    /// The page that the entry at `pte`, in the self-map of the current process, names.
    pub(crate) fn of_process(pte: Link<PteCell>, color: Color) -> Self {
        let left = ENTRIES_PER_TABLE - 1 - entry_index(pte);
        Self { pte, color, neighbours: if is_page_table(pte) { 0 } else { left } }
    }

    /// That of a prototype PTE; so many may follow it in its array.
    pub(crate) fn with_neighbours(self, neighbours: u32) -> Self {
        Self { neighbours, ..self }
    }

    const fn is_of_process(&self) -> bool {
        self.pte.address() >= PAGE_TABLES
    }
}

/// Neighbouring pages to be read from a file. The frames are in transition and hold rubbish until then (T2).
#[derive(Debug, PartialEq)]
#[must_use]
pub struct InPageRequest {
    /// The file.
    pub file: Link<FileObject>,
    /// Where in it the first page starts, in bytes.
    pub offset: u64,
    /// Bytes to store, 1 to 131,072: the frames from the start of the first on, zeros where the file has nothing on its medium yet.
    /// What is left of the last frame need not be stored.
    pub bytes: u32,
    /// Where to.
    pub frames: Cluster,
}

/// How a read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadResult {
    /// All bytes are in the frames.
    Done,
    /// The medium failed: `STATUS_IN_PAGE_ERROR` to the program.
    Failed,
}

/// What a prototype PTE led to.
pub(crate) enum Materialised {
    /// The page is in this frame, with one share more.
    Ready(FrameNumber, Resolution),
    /// It is being read into this frame.
    Collided(FrameNumber),
    /// It must be read.
    Unread(UnreadPage),
}

impl<M: Machine> MemoryManager<M> {
    /// Brings the page of the prototype PTE at `link` into memory and counts one more mapper, or says what to wait for.
    #[inline(always)]
    pub(crate) fn materialise(&self, link: Link<PteCell>, color: Color) -> Result<Materialised, NoFrame> {
        match PrototypePte::decode(self.machine.record(link).load()) {
            PrototypePte::Valid(valid) => {
                self.add_share(valid.frame());
                Ok(Materialised::Ready(valid.frame(), Resolution::Nothing))
            }
            _ => self.materialise_parked(link, color),
        }
    }

    /// The same, where the page is not mapped by anybody.
    #[inline(never)]
    fn materialise_parked(&self, link: Link<PteCell>, color: Color) -> Result<Materialised, NoFrame> {
        let cell = self.machine.record(link);
        let raw = cell.load();
        match PrototypePte::decode(raw) {
            PrototypePte::Transition(frame, protection) => {
                if self.frame(frame).flags().contains(Flags::READ_IN_PROGRESS) {
                    return Ok(Materialised::Collided(frame));
                }
                self.reclaim_transition_page(frame);
                cell.store(prototype_valid(frame, protection, self.no_execute));
                Ok(Materialised::Ready(frame, Resolution::Transition))
            }
            PrototypePte::DemandZero(protection) => {
                let frame = self.allocate_zeroed_frame(color)?;
                // Clean until somebody writes it: the prototype PTE brings the zeros back.
                self.own_frame(frame, link, self.frame_of_pool(link), raw).insert_flags(Flags::PROTOTYPE);
                cell.store(prototype_valid(frame, protection, self.no_execute));
                Ok(Materialised::Ready(frame, Resolution::DemandZero))
            }
            PrototypePte::Subsection(..) | PrototypePte::PagingFile(_) => {
                Ok(Materialised::Unread(UnreadPage { pte: link, color, neighbours: 0 }))
            }
            PrototypePte::Valid(_) | PrototypePte::Empty => corrupt("a prototype PTE of a form that is never made"),
        }
    }

    /// Puts frames in transition behind the entry of `page` and behind those that are read along with it (T2): the request
    /// to read them.
    ///
    /// # Errors
    /// [`NoFrame`], and nothing has changed.
    #[inline(never)]
    pub fn start_in_page(&self, page: UnreadPage) -> Result<InPageRequest, NoFrame> {
        let raw = self.machine.record(page.pte).load();
        if let (false, PrototypePte::Subsection(subsection, protection)) =
            (page.is_of_process(), PrototypePte::decode(raw))
        {
            return self.start_reading_file(&page, subsection, protection);
        }
        match Pte::decode(raw) {
            Pte::PagingFile(place) => self.start_reading_paging_file(&page, place),
            _ => corrupt("a page that has been read since it was found unread"),
        }
    }

    fn start_reading_file(
        &self,
        page: &UnreadPage,
        subsection: Link<Subsection>,
        protection: Protection,
    ) -> Result<InPageRequest, NoFrame> {
        let link = page.pte;
        let most = self.pages_in_cluster(link, subsection);
        let (file, offset, _) = self.file_page(subsection, link);
        let mut request = InPageRequest { file, offset, bytes: 0, frames: Cluster::EMPTY };
        for index in 0..most {
            let cell: Link<PteCell> = link.offset(index * 8);
            let raw = self.machine.record(cell).load();
            let in_file = matches!(PrototypePte::decode(raw), PrototypePte::Subsection(..));
            if index > 0 && (!in_file || self.available_frames() <= LEFT_TO_OTHERS) {
                break;
            }
            let Some(frame) = self.frame_to_read(page, index)? else { break };
            self.own_frame_for_read(frame, cell, self.frame_of_pool(cell), raw).insert_flags(Flags::PROTOTYPE);
            self.machine.record(cell).store(PrototypePte::Transition(frame, protection).encode());
            self.remember_frame_of(subsection);
            request.bytes += self.file_page(subsection, cell).2;
            request.frames.push(frame);
        }
        Ok(request)
    }

    /// A frame for page number `index` of those that are read with `page`. Only the first must have one; without one for a later one
    /// those before it are read.
    fn frame_to_read(&self, page: &UnreadPage, index: u32) -> Result<Option<FrameNumber>, NoFrame> {
        let refused = self.failing().refused();
        match self.allocate_any_frame(Color(page.color.0.wrapping_add(index))) {
            Ok(frame) => Ok(Some(frame)),
            Err(none) if index == 0 => Err(none),
            Err(_) => {
                self.failing().retract(refused);
                Ok(None)
            }
        }
    }

    /// The same for what has a place in a paging file.
    #[doc(alias = "MiResolvePageFileFault")]
    fn start_reading_paging_file(&self, page: &UnreadPage, place: PagingFilePage) -> Result<InPageRequest, NoFrame> {
        let file = self.paging_file_object(place.file);
        let offset = u64::from(place.offset) * u64::from(PAGE_SIZE);
        let mut request = InPageRequest { file, offset, bytes: 0, frames: Cluster::EMPTY };
        for index in 0..=page.neighbours.min(PAGING_CLUSTER - 1) {
            let cell: Link<PteCell> = page.pte.offset(index * 8);
            let raw = self.machine.record(cell).load();
            let next = match Pte::decode(raw) {
                Pte::PagingFile(next) if (next.file, next.offset) == (place.file, place.offset + index) => next,
                _ => break,
            };
            if index > 0 && self.available_frames() <= LEFT_TO_OTHERS {
                break;
            }
            let Some(frame) = self.frame_to_read(page, index)? else { break };
            let table = self.frame_of_pool(cell);
            let record = self.own_frame_for_read(frame, cell, table, raw);
            if page.is_of_process() {
                self.add_share(table);
                self.private_page_parks(cell, table);
            } else {
                record.insert_flags(Flags::PROTOTYPE);
            }
            self.machine.record(cell).store(Pte::Transition(frame, next.protection).encode());
            request.bytes += PAGE_SIZE;
            request.frames.push(frame);
        }
        Ok(request)
    }

    /// A transition entry more, at `cell` in the page table `table`, names a page of its process's own (A4).
    fn private_page_parks(&self, cell: Link<PteCell>, table: FrameNumber) {
        if !is_page_table(cell) {
            self.machine.record(self.owner_of_table(table)).number_of_private_pages.update(|count| count + 1);
        }
    }

    /// How many pages may be read at once from the one of the prototype PTE at `link` on: one of an image.
    fn pages_in_cluster(&self, link: Link<PteCell>, subsection: Link<Subsection>) -> u32 {
        let Some((first, left)) = self.place_in_data(subsection, link) else { return 1 };
        let before = || PrototypePte::decode(self.machine.record(Link::<PteCell>::new(link.address() - 8)).load());
        let in_order = first || matches!(before(), PrototypePte::Valid(_) | PrototypePte::Transition(..));
        left.min(if in_order { Cluster::MOST } else { SMALL_CLUSTER })
    }

    /// Gives up all pages of `request` but the first: the medium may have failed because of a page that nobody asked for.
    pub fn narrow_in_page(&self, request: InPageRequest) -> InPageRequest {
        let InPageRequest { file, offset, bytes, frames } = request;
        let (first, rest) = frames.split_first();
        rest.iter().for_each(|frame| self.complete_frame(*frame, ReadResult::Failed));
        InPageRequest { file, offset, bytes: bytes.min(PAGE_SIZE), frames: first }
    }

    /// Ends the read that `request` asked for. A page that could not be read is as if it had never been asked for. Where the
    /// section was deleted meanwhile there is no prototype PTE left, only the frame to give back.
    #[doc(alias = "MiWaitForInPageComplete")]
    pub fn complete_in_page(&self, request: InPageRequest, result: ReadResult) {
        let last = request.frames.len() as u32 * PAGE_SIZE;
        if let (ReadResult::Done, Some(frame)) = (result, request.frames.last()) {
            self.zero_rest(*frame, PAGE_SIZE - (last - request.bytes));
        }
        for (index, frame) in request.frames.iter().enumerate() {
            let unasked = index > 0 && self.frame(*frame).place_in_paging_file().is_some();
            self.complete_frame(*frame, result);
            if unasked && self.frame(*frame).location() == Location::Standby {
                self.unlink(*frame);
                self.insert_standby_first(*frame);
            }
        }
    }

    fn complete_frame(&self, number: FrameNumber, result: ReadResult) {
        let frame = self.frame(number);
        frame.remove_flags(Flags::READ_IN_PROGRESS);
        if result == ReadResult::Failed && !frame.is_deleted() {
            self.restore_pte(frame);
            frame.set_deleted();
        }
        self.release_reference(number);
    }

    /// Fills `frame` with zeros from `offset` (bytes) to its end.
    pub(crate) fn zero_rest(&self, frame: FrameNumber, offset: u32) {
        let mut at = offset;
        while at < PAGE_SIZE {
            let length = (PAGE_SIZE - at).min(ZEROS.len() as u32);
            self.machine.write(frame, at, &ZEROS[..length as usize]);
            at += length;
        }
    }

    /// Whether the page of the prototype PTE at `link` is zeros that no frame holds yet.
    pub(super) fn is_demand_zero(&self, link: Link<PteCell>) -> bool {
        matches!(PrototypePte::decode(self.machine.record(link).load()), PrototypePte::DemandZero(_))
    }

    /// The protection that the prototype PTE at `link` gives its page.
    pub(crate) fn prototype_protection(&self, link: Link<PteCell>) -> Protection {
        match PrototypePte::decode(self.machine.record(link).load()) {
            PrototypePte::Valid(valid) => software_protection(self.frame(valid.frame()).original_pte.get()),
            PrototypePte::DemandZero(protection)
            | PrototypePte::Transition(_, protection)
            | PrototypePte::Subsection(_, protection) => protection,
            PrototypePte::PagingFile(page) => page.protection,
            PrototypePte::Empty => Protection::NOACCESS,
        }
    }

    /// The frame that holds the entry at `link`: a page of pool where it is a prototype PTE, else a page table or page directory.
    pub(crate) fn frame_of_pool(&self, link: Link<PteCell>) -> FrameNumber {
        let page = VirtualAddress(link.address()).page();
        ValidPte(self.machine.record(pte_of(page)).load()).frame()
    }
}

/// A valid prototype PTE: what any mapper's entry would be, for the kernel to read.
pub(crate) fn prototype_valid(frame: FrameNumber, protection: Protection, no_execute: u64) -> u64 {
    ValidPte::user(frame, protection, no_execute).0 & !crate::pte::OWNER
}
