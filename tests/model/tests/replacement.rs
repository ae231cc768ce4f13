//! Which pages are in memory, against what exact LRU would have there: hard faults on traces of accesses to more pages than there are
//! frames, skewed, looping and random.

use std::collections::{BTreeMap, HashMap};

use abi::cell::Link;
use abi::nt::process::Eprocess;
use mm::fault::FaultOutcome;
use mm::layout::VirtualAddress;
use mm::protection::Access;
use model::machine::NoExecute;
use model::random::Random;
use model::system::System;

/// Frames that programs' pages can have, nearly.
const FRAMES: u32 = 1200;
const BASE: u32 = 0x100_0000;
const ACCESSES: u32 = 24_000;
/// Accesses between two looks of the balance-set manager while memory is short.
const LOOK: u32 = 200;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Trace {
    /// A tenth of the pages gets most of the accesses, and what these are changes slowly.
    Skewed,
    /// From the first page to the last, again and again, but for one access in eight to a few pages.
    Looping,
    /// Any page, each time.
    Random,
}

impl Trace {
    fn pages(self, pages: u32, seed: u64) -> Vec<u32> {
        let mut random = Random::new(seed);
        (0..ACCESSES)
            .map(|step| match self {
                Self::Random => random.below(pages),
                Self::Looping if step % 8 == 0 => random.below(pages / 16),
                Self::Looping => step % pages,
                Self::Skewed => {
                    let shift = step / 2000 * (pages / 64);
                    let near = random.below(pages) * random.below(pages) / pages;
                    let nearer = near * random.below(pages) / pages;
                    (nearer + shift) % pages
                }
            })
            .collect()
    }
}

/// Faults of exact LRU with `frames` frames.
fn exact(trace: &[u32], frames: u32) -> u32 {
    let (mut last_use, mut by_time) = (HashMap::new(), BTreeMap::new());
    let mut faults = 0;
    for (time, page) in trace.iter().enumerate() {
        match last_use.insert(*page, time) {
            Some(before) => drop(by_time.remove(&before)),
            None => {
                faults += 1;
                if by_time.len() == frames as usize {
                    let (_, oldest) = by_time.pop_first().expect("as many as frames");
                    last_use.remove(&oldest);
                }
            }
        }
        by_time.insert(time, *page);
    }
    faults
}

struct Run {
    system: System,
    process: Link<Eprocess>,
    /// Accesses that needed a disk, first touches not among them, and reads.
    hard: u32,
    reads: u32,
}

impl Run {
    fn balance(&self) {
        self.system.balance(&[self.process]);
        self.system.page_out();
    }

    fn access(&mut self, page: u32) {
        let address = BASE + page * 0x1000;
        let mut hard = 0;
        loop {
            if self.system.mm.machine.touch(VirtualAddress(address), Access::Write).is_ok() {
                self.hard += hard;
                return;
            }
            match self.system.fault(self.process, address, Access::Write) {
                FaultOutcome::Resolved(_) => {}
                FaultOutcome::NoFrame => self.balance(),
                unread => {
                    hard = 1;
                    self.reads += 1;
                    if self.system.await_page(unread).is_err() {
                        self.balance();
                    }
                }
            }
        }
    }
}

fn compare(trace: Trace, tenths: u32) {
    let system = System::new(FRAMES + 60, NoExecute::Supported);
    system.add_paging_file(8192, 8192);
    let process = system.start_process().expect("memory");
    let frames = system.mm.available_frames();
    let pages = frames * tenths / 10;
    system.commit_at(process, BASE, pages * 0x1000);
    let mut run = Run { system, process, hard: 0, reads: 0 };
    // All pages have been stored to: what follows is about paging alone.
    let warm: Vec<u32> = (0..pages).collect();
    let list = trace.pages(pages, 7);
    for (step, page) in (0..).zip(warm.iter().chain(&list)) {
        if step == warm.len() as u32 {
            (run.hard, run.reads) = (0, 0);
        }
        run.access(*page);
        if step % LOOK == 0 {
            run.balance();
        }
    }
    let whole: Vec<u32> = warm.iter().chain(&list).copied().collect();
    let lru = exact(&whole, frames) - pages;
    let ratio = f64::from(run.hard) / f64::from(lru);
    println!(
        "{trace:?} {tenths}/10 of {frames}: {} hard faults, {} of exact LRU, {ratio:.2}; {} reads",
        run.hard, lru, run.reads
    );
    assert!(ratio <= 1.3, "{trace:?} {tenths}: {} hard faults, {lru} of exact LRU", run.hard);
    if trace == Trace::Random {
        assert!(run.reads * 10 <= run.hard * 11, "{} reads for {} hard faults", run.reads, run.hard);
    }
    run.system.sound();
}

#[test]
fn skewed_accesses() {
    [15, 20, 40].into_iter().for_each(|tenths| compare(Trace::Skewed, tenths));
}

#[test]
fn looping_accesses() {
    [15, 20, 40].into_iter().for_each(|tenths| compare(Trace::Looping, tenths));
}

#[test]
fn random_accesses() {
    [15, 20, 40].into_iter().for_each(|tenths| compare(Trace::Random, tenths));
}
