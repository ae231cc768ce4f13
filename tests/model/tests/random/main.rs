//! A million random operations over several processes on a machine of few frames, against the naive model. The audit, which costs more than
//! ten operations, runs after each of a seed's first steps, and after every sixteenth of the others.
//!
//! `MODEL_SEED=n` runs one seed, `MODEL_STEPS=n` so many steps of it, `MODEL_EVERY=1` the audit after each. A failure prints the first two.

mod files;
mod frames;
mod paging;

use std::cell::RefCell;
use std::rc::Rc;

use abi::cell::Link;
use abi::memory::*;
use abi::nt::process::Eprocess;
use mm::layout::VirtualPage;
use mm::protection::Access;
use mm::section::{ControlArea, ControlAreaFlags, Place, SectionFate, ViewRequest, WriteRequest};
use mm::virtual_memory::{AllocateFlags, AskedRange, FreeKind, check_protect};
use model::image::{DATA, SHARED_DATA, TestImage, TestSection};
use model::machine::NoExecute;
use model::naive::{NaiveProcess, SharedMemory, is_shortage};
use model::random::Random;
use model::sections::whole;
use model::system::{Disk, Outcome, System};

const SEEDS: u64 = 40;
const STEPS: u64 = 25_000;
/// The audit runs after every so many steps, and after each of the first.
const EVERY: u64 = 16;
const FIRST: u64 = 200;
const FRAMES: u32 = 300;
const PROCESSES: usize = 3;

/// Kinds of operations that are counted.
const KINDS: usize = 27;

struct Run {
    random: Random,
    system: System,
    images: Vec<TestImage>,
    sections: Vec<Link<ControlArea>>,
    /// Sections without a file, and then files' data, behind those of the images in `sections`.
    memories: Vec<Rc<RefCell<SharedMemory>>>,
    processes: Vec<Option<(Link<Eprocess>, NaiveProcess)>>,
    /// Writes to the paging file that have begun.
    writes: Vec<WriteRequest>,
    /// The process beside them that owns frames.
    owner: Option<frames::Owner>,
    /// How many steps did something, by kind: a run that does nothing is no test.
    done: [u32; KINDS],
}

const PROTECTIONS: [u32; 12] = [
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_READWRITE,
    PAGE_READWRITE,
    PAGE_WRITECOPY,
    PAGE_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE,
    PAGE_READWRITE | PAGE_GUARD,
    PAGE_READONLY | PAGE_GUARD,
    PAGE_READWRITE | PAGE_NOCACHE,
    PAGE_EXECUTE_WRITECOPY,
];

/// Pages, protection and kind of the sections without a file.
const MEMORIES: [(u32, u32, ControlAreaFlags); 3] = [
    (3, PAGE_READWRITE, ControlAreaFlags::COMMIT),
    (0x23, PAGE_EXECUTE_READWRITE, ControlAreaFlags::RESERVE),
    (0x12, PAGE_EXECUTE_WRITECOPY, ControlAreaFlags::COMMIT),
];

impl Run {
    fn new(seed: u64) -> Self {
        let mut system = System::new(FRAMES, NoExecute::Supported);
        system.add_paging_file(256, 256);
        let mut shared = TestImage::plain(0x100_0000, 9);
        shared.sections.push(TestSection { pages: 2, bytes: 0x200, flags: SHARED_DATA });
        shared.sections.push(TestSection { pages: 600, bytes: 0, flags: DATA });
        let images = vec![TestImage::plain(0x40_0000, 1), TestImage::plain(0x40_0000, 2), shared];
        let mut sections: Vec<_> =
            images.iter().map(|image| system.add_image(image.clone()).expect("memory for a section")).collect();
        let mut memories = Vec::new();
        for (pages, protect, kind) in MEMORIES {
            sections.push(system.add_memory(u64::from(pages) << 12, protect, kind).expect("memory for a section"));
            memories.push(SharedMemory::new(pages, protect, kind == ControlAreaFlags::COMMIT));
        }
        for contents in files::CONTENTS.map(files::contents) {
            sections.push(system.add_data(contents.clone(), ControlAreaFlags::empty()).expect("memory for a section"));
            memories.push(SharedMemory::of_file(contents));
        }
        let processes = (0..PROCESSES).map(|_| None).collect();
        let owner = Some(frames::Owner::new(&system));
        Self {
            random: Random::new(seed),
            system,
            images,
            sections,
            memories,
            processes,
            writes: Vec::new(),
            owner,
            done: [0; KINDS],
        }
    }

    fn step(&mut self) {
        match self.random.below(16) {
            0 | 1 => return self.step_of_files(),
            2 | 3 => return self.step_of_paging(),
            4 => return self.step_of_frames(),
            _ => {}
        }
        let slot = self.random.below(PROCESSES as u32) as usize;
        let Some((process, mut naive)) = self.processes[slot].take() else {
            self.processes[slot] = self.system.start_process().map(|process| (process, NaiveProcess::default()));
            return;
        };
        let kind = self.random.below(100);
        let index = match kind {
            0..20 => self.allocate(process, &mut naive, 0),
            20..32 => self.free(process, &mut naive, 1),
            32..44 => self.protect(process, &mut naive, 2),
            44..48 => self.query(process, &mut naive, 3),
            48..50 => self.get_watch(process, &mut naive, 20),
            50..68 => self.store(process, &mut naive, 4),
            68..86 => self.load(process, &mut naive, 5),
            86..90 => self.map(process, &mut naive, 6),
            90..93 => self.map_memory(process, &mut naive, 9),
            93..97 => self.unmap(process, &mut naive, 7),
            97..99 => self.reset(process, &mut naive),
            _ => {
                self.system.set_disk(Disk::Sound);
                self.system.end_process(process);
                self.done[8] += 1;
                return;
            }
        };
        if let Some(index) = index {
            self.done[index] += 1;
        }
        self.processes[slot] = Some((process, naive));
    }

    /// An address that is likely to mean something, and a size.
    fn place(&mut self, naive: &NaiveProcess) -> (u32, u32) {
        let number = self.random.next();
        let anywhere = self.random.below(0x40) << 16 | self.random.below(0x1_0000);
        match naive.some_allocation(number) {
            Some((start, end)) if self.random.below(8) > 0 => {
                let page = start + self.random.below(end - start + 1);
                let offset = self.random.of(&[0, 0, 0, 1, 0xFFF]);
                let left = (end - page + 1) << 12;
                let size = self.random.of(&[1, 0x1000, 0x1001, 0x2000, left.saturating_sub(offset).max(1), left + 1]);
                (page << 12 | offset, size)
            }
            _ => (anywhere, self.random.of(&[1, 0x1000, 0x5000, 0x1_2345])),
        }
    }

    fn allocate(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let kind = self.random.of(&[
            MEM_RESERVE,
            MEM_COMMIT,
            MEM_COMMIT,
            MEM_RESERVE | MEM_COMMIT,
            MEM_RESERVE | MEM_TOP_DOWN,
            MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
        ]);
        let protect = self.random.of(&PROTECTIONS);
        let (mut base, mut size) = self.place(naive);
        if kind != MEM_COMMIT && self.random.below(3) > 0 {
            base = 0;
            size = self.random.of(&[1, 0x1000, 0x8000, 0x1_0000, 0x1_1000, 0x30_0000]);
        }
        self.tables_are_known(process, base, size)?;
        let flags = AllocateFlags::check(0, kind, protect).expect("sound flags");
        let expected = naive.allocate(kind, protect, base, size);
        let real = AskedRange::check(base, size).and_then(|asked| self.system.space(process).allocate(flags, asked));
        if real.is_err_and(is_shortage) && expected.is_ok() {
            return None;
        }
        assert_eq!(
            real.map(|range| (range.start.0, range.end.0)),
            expected,
            "allocate {kind:x} {protect:x} {base:x} {size:x}"
        );
        let range = expected.ok()?;
        naive.apply_allocate(kind, protect, base, range);
        Some(index)
    }

    fn free(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let kind = self.random.of(&[MEM_DECOMMIT, MEM_RELEASE]);
        let (mut base, mut size) = self.place(naive);
        if self.random.below(3) == 0 {
            size = 0;
            base &= !0xFFFF;
        }
        self.tables_are_known(process, base, size)?;
        let expected = naive.free(kind, base, size);
        let real = self.system.space(process).free(FreeKind::check(kind).expect("one of the two"), base, size);
        if real.is_err_and(is_shortage) && expected.is_ok() {
            return None;
        }
        assert_eq!(real.map(|range| (range.start.0, range.end.0)), expected, "free {kind:x} {base:x} {size:x}");
        naive.apply_free(kind, expected.ok()?);
        Some(index)
    }

    fn protect(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let new = self.random.of(&PROTECTIONS);
        let (base, size) = self.place(naive);
        self.tables_are_known(process, base, size)?;
        let before = naive.clone();
        let expected = naive.protect(&self.images, base, size, new);
        let real = self.system.space(process).protect(base, size, check_protect(new).expect("valid"));
        if real.is_err_and(is_shortage) && expected.is_ok() {
            *naive = before;
            return None;
        }
        assert_eq!(real.map(|(_, old)| old), expected, "protect {new:x} {base:x} {size:x}");
        expected.ok().map(|_| index)
    }

    fn query(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let (base, _) = self.place(naive);
        self.tables_are_known(process, base, 1)?;
        assert_eq!(self.system.space(process).query(base), Ok(naive.query(base)), "query {base:x}");
        Some(index)
    }

    fn get_watch(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let (base, size) = self.place(naive);
        let (most, reset) = (self.random.of(&[1, 3, 0x400]), self.random.below(2) == 0);
        let expected = naive.get_watch(base, size, most, reset);
        let real = self.system.get_watch(process, (base, size), most, reset);
        assert_eq!(real, expected, "get watch {base:x} {size:x} {most} {reset}");
        expected.ok().map(|_| index)
    }

    fn store(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let (address, _) = self.place(naive);
        let byte = self.random.next() as u8;
        let before = naive.clone();
        let expected = naive.access(address, Access::Write);
        let real = self.system.store(process, address, byte);
        if matches!(real, Err(Outcome::NoFrame | Outcome::InPageError)) {
            *naive = before;
            return None;
        }
        assert_eq!(real.err().unwrap_or(Outcome::Done), expected, "store {address:x}");
        if expected != Outcome::Done {
            return None;
        }
        naive.store(address, byte);
        Some(index)
    }

    fn load(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let (address, _) = self.place(naive);
        let access = self.random.of(&[Access::Read, Access::Read, Access::Execute]);
        let before = naive.clone();
        let expected = naive.access(address, access);
        let real = self.system.access(process, address, access);
        if matches!(real, Outcome::NoFrame | Outcome::InPageError) {
            *naive = before;
            return None;
        }
        assert_eq!(real, expected, "{access:?} {address:x}");
        if expected != Outcome::Done || access == Access::Execute || naive.is_shared_writable(&self.images, address) {
            return None;
        }
        if let Some(byte) = naive.byte(&self.images, address) {
            assert_eq!(self.system.load(process, address), Ok(byte), "contents of {address:x}");
        }
        Some(index)
    }

    fn map(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let image = self.random.below(self.images.len() as u32) as usize;
        let expected = naive.place_image(&self.images, image);
        match self.system.space(process).map_image(self.sections[image], None) {
            Ok(mapped) => {
                assert_eq!(Some(mapped.start.0), expected);
                let at_base = mapped.start.address().0 == self.images[image].base;
                assert_eq!(mapped.place == Place::AtBase, at_base);
                naive.map_image(&self.images, image, mapped.start.0);
                Some(index)
            }
            Err(status) => {
                assert!(is_shortage(status), "{status:?}");
                None
            }
        }
    }

    fn map_memory(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let number = self.random.below(self.memories.len() as u32) as usize;
        let protect = self.random.of(&PROTECTIONS[..10]);
        let request = ViewRequest {
            offset: self.random.of(&[0, 0, 0x1_0000, 0x2_0000]),
            size: self.random.of(&[0, 0, 1, 0x2000, 0x2001]),
            commit: self.random.of(&[0, 0, 1, 0x1001]),
            kind: self.random.of(&[0, MEM_TOP_DOWN]),
            ..whole(protect)
        };
        let expected = naive.place_memory(&self.memories[number], &request, protect);
        let section = self.sections[self.images.len() + number];
        let real = self.system.space(process).map_data(section, &request);
        if real.is_err_and(is_shortage) && expected.is_ok() {
            return None;
        }
        assert_eq!(real.map(|range| (range.start.0, range.end.0)), expected, "map {number} {request:x?}");
        naive.map_memory(&self.memories[number], &request, protect, expected.ok()?);
        if number < MEMORIES.len() {
            assert_eq!(self.system.shared_commit(section), self.memories[number].borrow().committed());
        }
        Some(index)
    }

    fn unmap(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess, index: usize) -> Option<usize> {
        let (address, _) = self.place(naive);
        self.tables_are_known(process, address, 1)?;
        let expected = naive.unmap(address >> 12);
        let real = self.system.space(process).unmap_view(VirtualPage(address >> 12));
        assert_eq!(real.map(|_| ()), expected, "unmap {address:x}");
        // The test's own references keep every section.
        assert!(real.is_err() || real == Ok(SectionFate::Kept));
        expected.ok().map(|()| index)
    }

    fn reset(&mut self, process: Link<Eprocess>, naive: &mut NaiveProcess) -> Option<usize> {
        let (base, size) = self.place(naive);
        if u64::from(base) + u64::from(size) > 0x7FFE_0000 || base == 0 {
            return None;
        }
        self.tables_are_known(process, base, size)?;
        let flags = AllocateFlags::check(0, MEM_RESET, PAGE_READWRITE).expect("sound flags");
        let expected = naive.reset(base, size);
        let real = AskedRange::check(base, size).and_then(|asked| self.system.space(process).allocate(flags, asked));
        assert_eq!(real.map(|_| ()), expected, "reset {base:x} {size:x}");
        None
    }

    fn finish(mut self) -> [u32; KINDS] {
        self.settle();
        if let Some(owner) = self.owner.take() {
            owner.end(&self.system);
        }
        for (process, _) in self.processes.drain(..).flatten() {
            self.system.end_process(process);
            self.system.verify().expect("sound after a process ended");
        }
        for section in self.sections.drain(..) {
            if self.system.mm.release_section(section) == SectionFate::Kept {
                assert!(self.system.mm.section_is_unused(section));
            }
            self.system.mm.delete_section(section);
            self.system.verify().expect("sound after a section is gone");
        }
        let audit = self.system.verify().expect("sound");
        // That of physical memory is for ever.
        assert_eq!((audit.processes, audit.sections, audit.vads), (0, 1, 0));
        assert_eq!(audit.committed, self.system.mm.kernel_frames(), "only the kernel's own is charged");
        self.done
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs every second seed from `first` on, 1 or 2; or the one that was asked for, where it is one of these.
fn agree(first: u64) {
    let steps = number("MODEL_STEPS").unwrap_or(STEPS);
    let every = number("MODEL_EVERY").unwrap_or(EVERY);
    let wanted = number("MODEL_SEED");
    let seeds = wanted.map_or(first..=SEEDS, |seed| seed..=seed).filter(|seed| seed % 2 == first % 2);
    let mut done = [0; KINDS];
    for seed in seeds {
        let mut run = Run::new(seed);
        for step in 0..steps {
            let context = format!("MODEL_SEED={seed} MODEL_STEPS={}", step + 1);
            eprint!("\r{context}");
            run.step();
            let audited = step < FIRST || step % every == 0 || step + 1 == steps;
            if audited && let Err(corruption) = run.system.verify() {
                panic!("{context}: {corruption:?}");
            }
        }
        let counts = run.finish();
        done.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    eprintln!("\nallocate, free, protect, query, store, load, map, unmap, exit, map memory,");
    eprintln!("read a file, write one, flush one, make one longer, make one shorter,");
    eprintln!("age, trim, begin to write, end a write, catch up, get a watch,");
    eprintln!("own frames, give one back, map one, use one, ask for a large page, show memory: {done:?}");
    let enough = wanted.is_some() || done.iter().all(|count| *count >= 500);
    assert!(enough, "every kind of operation succeeds often enough: {done:?}");
}

// Two tests, that two processors are busy.
#[test]
fn random_operations_agree_with_the_naive_model() {
    agree(1);
}

#[test]
fn more_random_operations_agree_with_the_naive_model() {
    agree(2);
}
