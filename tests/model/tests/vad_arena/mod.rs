//! A VAD tree in the pool of a software machine.

use std::cell::{Cell, RefCell};

use abi::cell::{Field, Link};
use mm::layout::{FrameNumber, POOL_START, VirtualPage};
use mm::machine::Records;
use mm::pte::{ValidPte, pde_of, pte_of};
use mm::vad::{Mmvad, VadFlags, VadFlags2, VadForm, VadLink, VadTree};
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
        self.machine.record(vad.cast::<mm::vad::MmvadShort>()).initialize(range, flags);
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
