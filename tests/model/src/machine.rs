//! A machine in software: what the memory manager's mechanism traits look like without a processor.
//!
//! Frames are words of host memory. Everything the memory manager reaches by a kernel address (its pool, page tables
//! through the self-map, the working-set list in hyperspace) is found by walking the page tables in those frames, as
//! the processor would, so that a pool page which was never mapped or a page table which is gone stops the test. Only
//! the frame database is an arena of its own: the boot code maps it before the memory manager starts. The software
//! MMU, its translation buffer and what a program sees are in [`mmu`].
//!
//! All `unsafe` of the host tests is the one cast in [`overlay`].

pub mod mmu;
mod translations;

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use abi::cell::{Link, Record};
use mm::events::EventRing;
use mm::layout::{FRAME_DATABASE, FrameNumber, SYSTEM_RANGE_START, VirtualAddress, VirtualPage};
use mm::machine::{FrameBytes, Kept, PageTables, Records};
use mm::pte::{PteCell, ValidPte};

use translations::TranslationBuffer;

const _: () = assert!(cfg!(target_endian = "little"), "frames are read as the i686 reads them");

const WORDS_PER_FRAME: usize = 512;
const FRAME_RECORD_SIZE: usize = 28;
/// Page-directory index of hyperspace, in the fourth page directory.
const HYPERSPACE_TABLE: u32 = 4;
/// Page-directory index of the window page table, in the fourth page directory.
const WINDOW_TABLE: u32 = 5;

/// The address a test's machine begins with: its four page directories and what they need.
#[derive(Clone, Copy, Debug)]
pub struct BootTables {
    /// The four page directories, in order.
    pub directories: [FrameNumber; 4],
    /// The page table of hyperspace (C0800000 to C09FFFFF).
    pub hyperspace: FrameNumber,
    /// The page table of the windows (C0A00000 to C0BFFFFF).
    pub windows: FrameNumber,
    /// The first frame that is not used.
    pub next: FrameNumber,
}

/// Frames that follow each other, with their bytes and their records in the frame database.
struct Run {
    frames: Range<u32>,
    words: Box<[AtomicU64]>,
    records: Box<[AtomicU64]>,
}

impl Run {
    fn new(frames: Range<u32>) -> Self {
        let count = frames.len();
        let zeroed = |words: usize| (0..words).map(|_| AtomicU64::new(0)).collect();
        Self {
            frames,
            words: zeroed(count * WORDS_PER_FRAME),
            records: zeroed((count * FRAME_RECORD_SIZE).div_ceil(8)),
        }
    }
}

/// A uniprocessor machine with PAE paging, CR0.WP set and, where asked for, NX.
///
/// One thread only: it is not `Sync`.
pub struct SoftwareMachine {
    runs: Vec<Run>,
    /// What the frame-database records of holes read as; must stay zero.
    hole: [AtomicU64; 4],
    directories: Cell<[FrameNumber; 4]>,
    translations: RefCell<TranslationBuffer>,
    no_execute: NoExecute,
    events: Box<EventRing>,
}

/// Whether the processor has the NX bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoExecute {
    /// Bit 63 of an entry forbids instruction fetch.
    Supported,
    /// Bit 63 of an entry is reserved: setting it makes every access fault.
    Absent,
}

impl SoftwareMachine {
    /// A machine with NX and frames 0 to `frames - 1`.
    pub fn new(frames: u32) -> Self {
        Self::with_memory(std::slice::from_ref(&(0..frames)), NoExecute::Supported)
    }

    /// A machine whose memory is `runs` of frames, ascending and apart; they may lie above 4 GB (frame 100000).
    pub fn with_memory(runs: &[Range<u32>], no_execute: NoExecute) -> Self {
        assert!(runs.windows(2).all(|pair| pair[0].end <= pair[1].start));
        Self {
            runs: runs.iter().cloned().map(Run::new).collect(),
            hole: [const { AtomicU64::new(0) }; 4],
            directories: Cell::new([FrameNumber(0); 4]),
            translations: RefCell::default(),
            no_execute,
            events: Box::new(EventRing::EMPTY),
        }
    }

    /// Plays the boot code: takes six frames from `first` on for empty page tables with the self-map, hyperspace and
    /// the window page table, and attaches them. No page below C0000000 is mapped.
    pub fn boot(&self, first: FrameNumber) -> BootTables {
        let nth = |n: u32| FrameNumber(first.0 + n);
        let tables = BootTables {
            directories: [nth(0), nth(1), nth(2), nth(3)],
            hyperspace: nth(4),
            windows: nth(5),
            next: nth(6),
        };
        (0..6).for_each(|n| self.zero(nth(n)));
        let fourth = tables.directories[3];
        let system = |frame| ValidPte::system_table(frame).0;
        for (index, &directory) in (0..).zip(&tables.directories) {
            self.write_entry(fourth, index, system(directory));
        }
        self.write_entry(fourth, HYPERSPACE_TABLE, system(tables.hyperspace));
        self.write_entry(fourth, WINDOW_TABLE, system(tables.windows));
        self.attach(tables.directories);
        tables
    }

    /// Loads CR3: `directories` are the four page directories; translations that are not global are dropped.
    pub fn attach(&self, directories: [FrameNumber; 4]) {
        self.directories.set(directories);
        self.flush_user();
    }

    /// The four page directories of the current address space.
    pub fn attached(&self) -> [FrameNumber; 4] {
        self.directories.get()
    }

    /// Whether the processor has NX.
    pub fn no_execute(&self) -> NoExecute {
        self.no_execute
    }

    /// The runs of frames, ascending.
    pub fn memory(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        self.runs.iter().map(|run| run.frames.clone())
    }

    /// Whether `frame` is memory.
    pub fn has_frame(&self, frame: FrameNumber) -> bool {
        self.runs.iter().any(|run| run.frames.contains(&frame.0))
    }

    /// All bytes of `frame`.
    pub fn frame_contents(&self, frame: FrameNumber) -> Vec<u8> {
        self.frame(frame).iter().flat_map(|word| word.load(Relaxed).to_le_bytes()).collect()
    }

    /// Stops the test if something wrote to the frame-database record of a frame that is not memory: on the real
    /// machine that page is read-only.
    pub fn check_holes(&self) {
        assert!(self.hole.iter().all(|word| word.load(Relaxed) == 0), "a record of a hole was written");
    }

    fn frame(&self, frame: FrameNumber) -> &[AtomicU64] {
        let run = self.runs.iter().find(|run| run.frames.contains(&frame.0));
        let run = run.unwrap_or_else(|| panic!("frame {frame:?} is not memory"));
        let first = (frame.0 - run.frames.start) as usize * WORDS_PER_FRAME;
        &run.words[first..first + WORDS_PER_FRAME]
    }

    fn entry(&self, frame: FrameNumber, index: u32) -> &AtomicU64 {
        &self.frame(frame)[index as usize]
    }

    fn frame_record<T: Record>(&self, address: u32) -> &T {
        let distance = address - FRAME_DATABASE;
        let (frame, offset) = (distance / FRAME_RECORD_SIZE as u32, distance as usize % FRAME_RECORD_SIZE);
        let whole = offset == 0 && size_of::<T>().is_multiple_of(FRAME_RECORD_SIZE);
        assert!(whole || offset + size_of::<T>() <= FRAME_RECORD_SIZE, "{address:08x}: across two frame records");
        match self.runs.iter().find(|run| run.frames.contains(&frame)) {
            Some(run) => {
                let index = (frame - run.frames.start) as usize;
                overlay(&run.records, index * FRAME_RECORD_SIZE + offset)
            }
            None => overlay(&self.hole, offset),
        }
    }

    /// Past the last record of the frame database; nothing from here to the pool is mapped by boot code.
    fn frame_database_end(&self) -> u32 {
        let frames = self.runs.last().map_or(0, |run| run.frames.end);
        FRAME_DATABASE + frames * FRAME_RECORD_SIZE as u32
    }
}

/// The record at byte `offset` of `words`.
fn overlay<T: Record>(words: &[AtomicU64], offset: usize) -> &T {
    assert!(offset + size_of::<T>() <= size_of_val(words), "a record leaves its block");
    let record = words.as_ptr().cast::<u8>().wrapping_add(offset).cast::<T>();
    assert!(record.is_aligned(), "a record is misaligned");
    // SAFETY: the pointer is derived from `words` and lies, with all of a `T`, within it and is aligned (both checked
    // above). The words are initialised, live as long as the result, and are atomics, so writing through a shared
    // reference is allowed. By the contract of `Record`, `T` consists of atomic words for which every bit pattern is
    // valid. Atomics of different width overlap here, but never from two threads: `SoftwareMachine` is not `Sync`,
    // and no other owner of `words` exists.
    unsafe { &*record }
}

impl Records for SoftwareMachine {
    fn record<T: Record>(&self, link: Link<T>) -> &T {
        let address = link.address();
        assert!(address >= SYSTEM_RANGE_START, "{address:08x}: no kernel address");
        if (FRAME_DATABASE..self.frame_database_end()).contains(&address) {
            return self.frame_record(address);
        }
        let address = VirtualAddress(address);
        let frame = self.kernel_frame(address);
        overlay(self.frame(frame), address.offset_in_page() as usize)
    }
}

impl PageTables for SoftwareMachine {
    fn exchange(&self, cell: &PteCell, raw: u64) -> u64 {
        let before = cell.load();
        cell.store(raw);
        before
    }

    fn flush(&self, page: VirtualPage) {
        self.translations.borrow_mut().drop_page(page);
    }

    /// Drops all translations that are not global, as a CR3 load does: user pages, the self-map, hyperspace.
    fn flush_user(&self) {
        self.translations.borrow_mut().drop_all_but_global();
    }

    /// There are no caches.
    fn write_back_caches(&self) {}
}

impl Kept for SoftwareMachine {
    fn events(&self) -> &EventRing {
        &self.events
    }
}

impl FrameBytes for SoftwareMachine {
    fn zero(&self, frame: FrameNumber) {
        self.frame(frame).iter().for_each(|word| word.store(0, Relaxed));
    }

    fn copy(&self, from: FrameNumber, to: FrameNumber) {
        for (source, target) in self.frame(from).iter().zip(self.frame(to)) {
            target.store(source.load(Relaxed), Relaxed);
        }
    }

    fn read(&self, frame: FrameNumber, offset: u32, into: &mut [u8]) {
        let words = self.frame(frame);
        for (at, byte) in (offset as usize..).zip(into) {
            *byte = words[at / 8].load(Relaxed).to_le_bytes()[at % 8];
        }
    }

    fn write(&self, frame: FrameNumber, offset: u32, from: &[u8]) {
        let words = self.frame(frame);
        for (at, &byte) in (offset as usize..).zip(from) {
            let mut bytes = words[at / 8].load(Relaxed).to_le_bytes();
            bytes[at % 8] = byte;
            words[at / 8].store(u64::from_le_bytes(bytes), Relaxed);
        }
    }

    fn read_entry(&self, frame: FrameNumber, index: u32) -> u64 {
        self.entry(frame, index).load(Relaxed)
    }

    fn write_entry(&self, frame: FrameNumber, index: u32, raw: u64) {
        self.entry(frame, index).store(raw, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mm::pte::{pde_of, pte_of};

    #[test]
    fn the_self_map_shows_the_page_directories() {
        let machine = SoftwareMachine::new(16);
        let tables = machine.boot(FrameNumber(2));
        let table = FrameNumber(9);
        let page = VirtualPage(0x400);
        machine.record(pde_of(page)).store(ValidPte::user_table(table).0);
        assert_eq!(machine.read_entry(tables.directories[0], 2), ValidPte::user_table(table).0);
        machine.record(pte_of(page)).store(0x80);
        assert_eq!(machine.read_entry(table, 0), 0x80);
    }

    #[test]
    #[should_panic(expected = "not mapped")]
    fn a_pool_page_that_was_never_mapped_stops_the_test() {
        let machine = SoftwareMachine::new(16);
        machine.boot(FrameNumber(0));
        machine.record(Link::<PteCell>::new(mm::layout::POOL_START));
    }

    #[test]
    fn frames_above_four_gigabytes_have_bytes_and_records() {
        let machine = SoftwareMachine::with_memory(&[0..8, 0x10_0000..0x10_0002], NoExecute::Absent);
        machine.boot(FrameNumber(0));
        let high = FrameNumber(0x10_0001);
        machine.write(high, 0xFFE, &[1, 2]);
        let mut bytes = [0; 3];
        machine.read(high, 0xFFD, &mut bytes);
        assert_eq!(bytes, [0, 1, 2]);
        let record = Link::<PteCell>::new(FRAME_DATABASE + 28 * 0x10_0000);
        machine.record(record).store(7);
        assert_eq!(machine.record(record).load(), 7);
        machine.check_holes();
    }
}
