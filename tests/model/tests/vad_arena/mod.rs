//! A VAD tree in the pool of a software machine, and the naive model beside it.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::cell::{Cell, RefCell};

use abi::cell::{Field, Link};
use mm::layout::{FrameNumber, POOL_START, PageCount, VirtualPage};
use mm::machine::Records;
use mm::pte::{ValidPte, pde_of, pte_of};
use mm::vad::{Alignment, Mmvad, MmvadShort, Room, VadFlags, VadFlags2, VadForm, VadLink, VadTree};
use model::machine::SoftwareMachine;

/// Bytes between blocks: enough for any form and its index.
const BLOCK: u32 = 0x40;
const WORDS: u32 = BLOCK / 4;

/// Blocks for VADs in mapped pool pages, and the root of one tree.
pub struct Arena {
    machine: SoftwareMachine,
    root: Field<VadLink>,
    next: Cell<u32>,
    free: RefCell<Vec<VadLink>>,
}

impl Arena {
    /// An empty tree, and pool pages for 64 VADs each.
    pub fn new(pages: u32) -> Self {
        let tables = pages.div_ceil(512);
        let machine = SoftwareMachine::new(6 + tables + pages);
        let first = machine.boot(FrameNumber(0)).next.0;
        let pool = POOL_START >> 12;
        for table in 0..tables {
            let frame = FrameNumber(first + table);
            machine.record(pde_of(VirtualPage(pool + table * 512))).store(ValidPte::system_table(frame).0);
        }
        for page in 0..pages {
            let frame = FrameNumber(first + tables + page);
            machine.record(pte_of(VirtualPage(pool + page))).store(ValidPte::system(frame, 0).0);
        }
        Self { machine, root: Field::new(Link::NULL), next: Cell::new(POOL_START), free: RefCell::default() }
    }

    /// The machine whose pool it is.
    pub fn machine(&self) -> &SoftwareMachine {
        &self.machine
    }

    /// Where the tree begins.
    pub fn root(&self) -> &Field<VadLink> {
        &self.root
    }

    /// The tree.
    pub fn tree(&self) -> VadTree<'_, SoftwareMachine> {
        VadTree::new(&self.root, &self.machine)
    }

    /// A new VAD in a block full of rubbish, in no tree.
    pub fn vad(&self, form: VadForm, range: (VirtualPage, VirtualPage)) -> VadLink {
        let vad = self.free.borrow_mut().pop().unwrap_or_else(|| Link::new(self.next.replace(self.next.get() + BLOCK)));
        for word in 0..WORDS {
            self.machine.record(vad.offset::<Field<u32>>(word * 4)).set(0xCCCC_CCCC);
        }
        let (flags, flags2) = match form {
            VadForm::Short => (VadFlags::PRIVATE_MEMORY, None),
            VadForm::Mapped => (VadFlags::default(), Some(VadFlags2::default())),
            VadForm::Long => (VadFlags::default(), Some(VadFlags2::LONG_VAD)),
        };
        self.machine.record(vad.cast::<MmvadShort>()).initialize(range, flags);
        if let Some(flags2) = flags2 {
            self.machine.record(vad.cast::<Mmvad>()).set_flags2(flags2);
        }
        vad
    }

    /// Takes the block of a VAD that is in no tree any more, to be used again.
    pub fn give_back(&self, vad: VadLink) {
        for word in 0..WORDS {
            self.machine.record(vad.offset::<Field<u32>>(word * 4)).set(0xDDDD_DDDD);
        }
        self.free.borrow_mut().push(vad);
    }
}

/// What the tree should hold: ranges in order, both ends inclusive.
#[derive(Default)]
pub struct Model(pub Vec<(u32, u32, VadLink)>);

impl Model {
    /// Whether a page of `start..=end` is taken.
    pub fn overlaps(&self, start: u32, end: u32) -> bool {
        self.0.iter().any(|&(from, to, _)| from <= end && start <= to)
    }

    /// Adds a range.
    pub fn insert(&mut self, start: u32, end: u32, vad: VadLink) {
        self.0.push((start, end, vad));
        self.0.sort_unstable_by_key(|range| range.0);
    }

    /// All starts at which `pages` fit, tried one by one.
    pub fn places(&self, pages: u32, step: u32, low: u32, high: u32) -> impl DoubleEndedIterator<Item = u32> + '_ {
        (low.max(0x10)..=high).filter(move |&start| {
            start % step == 0 && start + pages - 1 <= high && !self.overlaps(start, start + pages - 1)
        })
    }
}

/// Compares all searches for `pages` free pages in `low..=high` with the look at every place.
pub fn check_search<R: Records>(tree: &VadTree<'_, R>, model: &Model, pages: u32, (low, high): (u32, u32)) {
    let whole = |room: &Room| assert_eq!(room.end.0 - room.start.0 + 1, pages);
    for (alignment, step) in [(Alignment::Granularity, 16), (Alignment::Page, 1)] {
        let bounds = page_pair(low, high);
        let found = tree.lowest_room(PageCount(pages), alignment, bounds).inspect(&whole).map(|room| room.start.0);
        assert_eq!(found, model.places(pages, step, low, high).next(), "lowest {pages} {alignment:?} in {bounds:?}");
        let found = tree.highest_room(PageCount(pages), alignment, bounds).inspect(&whole).map(|room| room.start.0);
        assert_eq!(
            found,
            model.places(pages, step, low, high).next_back(),
            "highest {pages} {alignment:?} in {bounds:?}"
        );
    }
}

/// The start of the lowest room for `pages`, at a multiple of 64 KB.
pub fn lowest<R: Records>(
    tree: &VadTree<'_, R>,
    pages: u32,
    bounds: (VirtualPage, VirtualPage),
) -> Option<VirtualPage> {
    tree.lowest_room(PageCount(pages), Alignment::Granularity, bounds).map(|room| room.start)
}

/// The start of the highest room for `pages`.
pub fn highest<R: Records>(
    tree: &VadTree<'_, R>,
    pages: u32,
    alignment: Alignment,
    bounds: (VirtualPage, VirtualPage),
) -> Option<VirtualPage> {
    tree.highest_room(PageCount(pages), alignment, bounds).map(|room| room.start)
}

/// A range of pages, both ends inclusive.
pub fn page_pair(start: u32, end: u32) -> (VirtualPage, VirtualPage) {
    (VirtualPage(start), VirtualPage(end))
}

/// Numbers 0 to `count - 1`, shuffled the same way every time.
pub fn shuffled(count: u32) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..count).collect();
    let mut state = 0x2545_F491u32;
    for last in (1..count).rev() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        numbers.swap(last as usize, ((u64::from(state) * u64::from(last + 1)) >> 32) as usize);
    }
    numbers
}
