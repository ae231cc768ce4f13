//! The pool under random use: blocks never overlap, keep their tags and contents, and all of it comes together again.

use std::collections::BTreeMap;

use abi::cell::{Field, Link};
use mm::machine::Records;
use mm::pool::{LARGEST_BLOCK, Tag};
use model::machine::NoExecute;
use model::random::Random;
use model::system::System;

/// Free pages that may stay with the pool.
const KEPT_PAGES: u32 = 16;
/// Pages that stay though they are one free block.
const SPARE_PAGES: u32 = 1;

/// A block or a run of pages in use.
#[derive(Clone, Copy)]
struct Held {
    bytes: u32,
    pages: u32,
    mark: u32,
}

fn tag(mark: u32) -> Tag {
    Tag([b'T', b'0' + (mark % 10) as u8, b'0' + (mark / 10 % 10) as u8, b'!'])
}

/// First and last whole word of `bytes` bytes at `address`.
fn ends(address: u32, bytes: u32) -> Option<[Link<Field<u32>>; 2]> {
    (bytes >= 4).then(|| [Link::new(address), Link::new(address + (bytes / 4 - 1) * 4)])
}

struct Model {
    system: System,
    held: BTreeMap<u32, Held>,
    random: Random,
    baseline: u32,
    frames: u32,
}

impl Model {
    fn new(seed: u64) -> Self {
        let system = System::new(400, NoExecute::Supported);
        let baseline = system.mm.pool_bytes_in_use();
        let frames = system.mm.kernel_frames();
        Self { system, held: BTreeMap::new(), random: Random::new(seed), baseline, frames }
    }

    fn hold(&mut self, address: u32, held: Held) {
        let below = self.held.range(..address).next_back();
        assert!(below.is_none_or(|(start, other)| start + other.bytes <= address), "overlaps the one below");
        let above = self.held.range(address..).next();
        assert!(above.is_none_or(|(start, _)| address + held.bytes <= *start), "overlaps the one above");
        for word in ends(address, held.bytes).into_iter().flatten() {
            self.system.mm.machine.record(word).set(held.mark);
        }
        self.held.insert(address, held);
    }

    fn allocate(&mut self) {
        let mark = self.random.next() | 1;
        if self.random.below(12) == 0 {
            let pages = self.random.of(&[1, 1, 2, 3, 7, 33, 40]);
            let Ok(link) = self.system.mm.allocate_pool_pages::<()>(pages) else { return };
            assert!(link.address().is_multiple_of(0x1000));
            self.hold(link.address(), Held { bytes: pages << 12, pages, mark });
            return;
        }
        let bytes = match self.random.below(4) {
            0 => 1 + self.random.below(LARGEST_BLOCK),
            1 => self.random.of(&[1, 7, 8, 9, 16, 4072, 4079, 4080, 4081, 4087, LARGEST_BLOCK]),
            _ => 1 + self.random.below(120),
        };
        let Ok(link) = self.system.mm.allocate_pool::<()>(bytes, tag(mark)) else { return };
        assert!(link.address() % 8 == 0 && link.address() % 0x1000 + bytes <= 0x1000 && link.address() % 0x1000 >= 8);
        assert_eq!(self.system.mm.pool_tag(link), tag(mark));
        self.hold(link.address(), Held { bytes, pages: 0, mark });
    }

    fn free(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let index = self.random.below(self.held.len() as u32) as usize;
        let (address, held) = self.held.iter().nth(index).map(|(address, held)| (*address, *held)).expect("one");
        self.held.remove(&address);
        for word in ends(address, held.bytes).into_iter().flatten() {
            assert_eq!(self.system.mm.machine.record(word).get(), held.mark, "{address:x}: contents");
        }
        let link = Link::<()>::new(address);
        if held.pages > 0 {
            self.system.mm.free_pool_pages(link, held.pages);
        } else {
            assert_eq!(self.system.mm.pool_tag(link), tag(held.mark), "{address:x}: tag");
            self.system.mm.free_pool(link);
        }
    }

    fn finish(mut self) {
        while !self.held.is_empty() {
            self.free();
        }
        assert_eq!(self.system.mm.pool_bytes_in_use(), self.baseline, "all came back");
        self.system.sound();
        // One whole page may be there. A request for another gives back the blocks that were kept, so that all pages are whole
        // and go back.
        let allocate = |_| self.system.mm.allocate_pool::<()>(LARGEST_BLOCK, Tag(*b"Page")).expect("a page");
        [0, 1].map(allocate).into_iter().for_each(|whole| self.system.mm.free_pool(whole));
        let grown = self.system.mm.kernel_frames() - self.frames;
        assert!(grown <= KEPT_PAGES + SPARE_PAGES, "{grown} pages more than before");
        self.system.sound();
    }
}

#[test]
fn random_use_leaves_no_trace() {
    for seed in 0..24 {
        let mut model = Model::new(seed);
        for step in 0..1200 {
            // It fills, then empties, in turns.
            let towards_full = step / 200 % 2 == 0;
            if (model.random.below(3) > 0) == towards_full {
                model.allocate()
            } else {
                model.free()
            }
            if step % 4 == 0
                && let Err(corruption) = model.system.verify()
            {
                panic!("seed {seed}, step {step}: {corruption:?}");
            }
        }
        model.finish();
    }
}

#[test]
fn sizes_at_the_edges() {
    let mut system = System::new(64, NoExecute::Supported);
    for (bytes, ok) in [(0, false), (1, true), (LARGEST_BLOCK, true), (LARGEST_BLOCK + 1, false), (u32::MAX, false)] {
        let before = system.mm.pool_bytes_in_use();
        let block = system.mm.allocate_pool::<()>(bytes, Tag(*b"Edge"));
        assert_eq!(block.is_ok(), ok, "{bytes}");
        if let Ok(block) = block {
            assert_eq!(system.mm.pool_bytes_in_use() - before, (bytes + 8).next_multiple_of(8).max(16));
            system.mm.free_pool(block);
        }
        system.sound();
    }
    for pages in [0, 0x1_0000, 0x1_0001, 0x10_0000, u32::MAX] {
        let before = (system.mm.available_frames(), system.mm.kernel_frames());
        assert!(system.mm.allocate_pool_pages::<()>(pages).is_err(), "{pages:x}");
        assert_eq!((system.mm.available_frames(), system.mm.kernel_frames()), before, "{pages:x}");
        system.sound();
    }
}

#[test]
fn a_run_of_pages_is_used_again_in_parts_and_parts_as_a_run() {
    let mut system = System::new(256, NoExecute::Supported);
    let run = system.mm.allocate_pool_pages::<()>(40).expect("memory");
    let frames = system.mm.kernel_frames();
    system.mm.free_pool_pages(run, 40);
    assert_eq!(system.mm.kernel_frames(), frames - 40 + KEPT_PAGES, "the others went back");
    system.sound();
    let parts =
        [35, 3, 1, 1].map(|pages| (system.mm.allocate_pool_pages::<()>(pages).expect("of the run").address(), pages));
    assert_eq!(system.mm.kernel_frames(), frames);
    let mut next = run.address();
    for (address, pages) in parts {
        assert_eq!(address, next);
        next += pages << 12;
    }
    for (address, pages) in parts {
        system.mm.free_pool_pages(Link::<()>::new(address), pages);
    }
    assert_eq!(system.mm.allocate_pool_pages::<()>(40), Ok(run));
    system.sound();
}

#[test]
fn pages_that_blocks_leave_go_back_to_the_system() {
    let mut system = System::new(400, NoExecute::Supported);
    let before = (system.mm.available_frames(), system.mm.commit.current());
    let allocate = || system.mm.allocate_pool::<()>(1000, Tag(*b"Many")).ok();
    let blocks: Vec<_> = std::iter::from_fn(allocate).collect();
    assert!(blocks.len() > 1000, "{} blocks until memory was gone", blocks.len());
    blocks.into_iter().for_each(|block| system.mm.free_pool(block));
    assert_eq!(system.mm.available_frames(), before.0 - KEPT_PAGES - SPARE_PAGES);
    assert_eq!(system.mm.commit.current(), before.1 + KEPT_PAGES + SPARE_PAGES);
    system.sound();
}

#[test]
fn zeroed_blocks_are_zero_even_where_something_else_was() {
    let mut system = System::new(64, NoExecute::Supported);
    let dirty = system.mm.allocate_pool::<Field<u32>>(64, Tag(*b"Dirt")).expect("memory");
    (0..16).for_each(|word| system.mm.machine.record(dirty.offset::<Field<u32>>(word * 4)).set(u32::MAX));
    system.mm.free_pool(dirty);
    let clean = system.mm.allocate_zeroed_pool::<Field<u32>>(64, Tag(*b"Zero")).expect("memory");
    assert_eq!(clean, dirty, "the same place");
    assert!((0..16).all(|word| system.mm.machine.record(clean.offset::<Field<u32>>(word * 4)).get() == 0));
    system.sound();
}

#[test]
#[should_panic(expected = "BAD_POOL_CALLER")]
fn freeing_twice_stops_the_system() {
    let system = System::new(64, NoExecute::Supported);
    let block = system.mm.allocate_pool::<()>(64, Tag(*b"Once")).expect("memory");
    system.mm.free_pool(block);
    system.mm.free_pool(block);
}
