//! Page-table entries: the six forms of a PAE PTE, decoded and encoded.
//!
//! | form | told by | carries |
//! |---|---|---|
//! | hardware | bit 0 | frame, permissions, Accessed, Dirty |
//! | demand zero | 0, 10, 11 clear; no file, no offset | protection |
//! | paging file | 0, 10, 11 clear | file number 1-4, protection 5-9, page offset 32-63 |
//! | transition | 0, 10 clear, 11 set | protection 5-9, frame 12-35 |
//! | prototype | 0 clear, 10 set | address of the prototype PTE 32-63, protection 11-15 |
//! | subsection | 0 clear, 10 set, inside a prototype PTE | protection 5-9, address of the subsection 32-63 |
//!
//! A process PTE of prototype form whose address is FFFFFFFF says "look in the VAD" and has its protection in bits
//! 5-9. The bits alone do not tell a prototype form from a subsection: where the entry stands does, so there are two
//! decoders, [`Pte::decode`] and [`PrototypePte::decode`].
//!
//! * **E1** An entry that is not zero has a low half that is not zero: what is only in the high half would not be found when
//!   a range is emptied, and the audit would miss it in the count of the table's entries (A1).
//!
//! The uniprocessor form is used: hardware bit 1 is the write permission and the processor sets Dirty.
//!
//! Source: XP SP3 symbol types `_MMPTE_HARDWARE`, `_MMPTE_SOFTWARE`, `_MMPTE_TRANSITION`, `_MMPTE_PROTOTYPE`,
//! `_MMPTE_SUBSECTION` (PAE); Intel SDM volume 3, section 4.4 "PAE paging".

use abi::cell::{Field, Link, Record};

use crate::layout::{ENTRIES_PER_TABLE, FrameNumber, PAGE_DIRECTORIES, PAGE_TABLES, VirtualAddress, VirtualPage};
use crate::protection::{Caching, Protection};
use crate::section::Subsection;

/// Hardware: the processor may walk the entry.
pub const VALID: u64 = 1 << 0;
/// Hardware: stores are allowed.
pub const WRITE: u64 = 1 << 1;
/// Hardware: ring 3 may use the page.
pub const OWNER: u64 = 1 << 2;
/// Hardware: with [`CACHE_DISABLE`] write-combined, where the processor has a page attribute table (`hal::cpu`), else not cached.
pub const WRITE_THROUGH: u64 = 1 << 3;
/// Hardware: not cached.
pub const CACHE_DISABLE: u64 = 1 << 4;
/// Hardware: the processor has used the entry.
pub const ACCESSED: u64 = 1 << 5;
/// Hardware: the processor has written the page.
pub const DIRTY: u64 = 1 << 6;
/// Hardware, in a page-directory entry: it maps 2 MB by itself.
pub const LARGE_PAGE: u64 = 1 << 7;
/// Hardware: the translation outlives a CR3 load.
pub const GLOBAL: u64 = 1 << 8;
/// Software, in a valid entry: a store makes a private copy.
pub const COPY_ON_WRITE: u64 = 1 << 9;
/// Software: the page belongs to a prototype PTE, or (not valid) the entry points to one.
pub const PROTOTYPE: u64 = 1 << 10;
/// Software, in an entry that is neither valid nor of prototype form: the page is still in `frame`.
pub const TRANSITION: u64 = 1 << 11;
/// Software, in a valid entry: its protection forbids execution, which is let through all the same, because the process is not covered by data
/// execution prevention. Such an entry lacks [`NO_EXECUTE`]. Bit 11 has no meaning in a valid entry of a uniprocessor kernel.
pub const EXECUTABLE_ANYWAY: u64 = 1 << 11;
/// Hardware: no instruction fetch.
pub const NO_EXECUTE: u64 = 1 << 63;

const FRAME: u64 = 0x0000_000F_FFFF_F000;
const PROTECTION_SHIFT: u32 = 5;
const PROTOTYPE_PROTECTION_SHIFT: u32 = 11;
const LOOK_IN_VAD: u32 = 0xFFFF_FFFF;

/// Where a page-table entry is stored: a page table, or a prototype PTE in pool.
#[doc(alias = "_MMPTE")]
#[repr(C, align(8))]
#[derive(Debug)]
pub struct PteCell {
    low: Field<u32>,
    high: Field<u32>,
}

impl Record for PteCell {}

impl PteCell {
    /// The raw entry.
    #[inline(always)]
    pub fn load(&self) -> u64 {
        u64::from(self.low.get()) | u64::from(self.high.get()) << 32
    }

    /// Whether the entry says something and is not valid.
    #[inline(always)]
    pub fn is_neither_empty_nor_valid(&self) -> bool {
        let low = self.low.get();
        low != 0 && low & VALID as u32 == 0
    }

    /// Whether the entry, of a page directory, leads to a page table that is present.
    #[inline(always)]
    pub fn is_valid_table(&self) -> bool {
        self.low.get() & (VALID | LARGE_PAGE) as u32 == VALID as u32
    }

    /// Stores `raw` over an entry that is not present: the high half first, so that no processor ever sees half
    /// of a present one.
    #[inline(always)]
    pub fn store(&self, raw: u64) {
        debug_assert!(raw == 0 || raw as u32 != 0, "E1: {raw:x} has nothing in its low half");
        self.high.set((raw >> 32) as u32);
        self.low.set(raw as u32);
    }
}

/// A page table as a whole, seen in the self-map.
#[repr(C)]
#[derive(Debug)]
pub struct PageTable([PteCell; ENTRIES_PER_TABLE as usize]);
impl Record for PageTable {}

impl PageTable {
    /// Calls `visit` with each entry of `first..=last`, all of which the table maps, that is not zero.
    #[inline(always)]
    pub fn each_filled(&self, first: VirtualPage, last: VirtualPage, mut visit: impl FnMut(VirtualPage, &PteCell)) {
        let mut left = &self.0[Self::index(first)..Self::index(last) + 1];
        loop {
            // Long runs of zeros are the rule: eight at a time.
            while let Some((eight, rest)) = left.split_first_chunk::<8>()
                && Self::are_empty(eight)
            {
                left = rest;
            }
            if left.is_empty() {
                return;
            }
            let (some, rest) = left.split_at(left.len().min(8));
            for (page, entry) in (last.0 + 1 - left.len() as u32..).zip(some) {
                if entry.low.get() != 0 {
                    visit(VirtualPage(page), entry);
                }
            }
            left = rest;
        }
    }

    #[inline(always)]
    fn are_empty(entries: &[PteCell; 8]) -> bool {
        entries.iter().fold(0, |bits, entry| bits | entry.low.get()) == 0
    }

    /// Calls `visit` with the entries of `first..=last` that are not zero, of which there are no more than `most`, the last eight first; how many
    /// there were.
    #[inline(always)]
    pub fn last_filled(
        &self,
        first: VirtualPage,
        last: VirtualPage,
        most: u32,
        mut visit: impl FnMut(VirtualPage, &PteCell),
    ) -> u32 {
        let mut left = most;
        let mut visit_filled = |start: u32, entries: &[PteCell]| {
            for (page, entry) in (start..).zip(entries) {
                if entry.low.get() != 0 {
                    visit(VirtualPage(page), entry);
                    left -= 1;
                }
            }
            left
        };
        let (rest, eights) = self.0[Self::index(first)..=Self::index(last)].as_rchunks::<8>();
        let mut start = last.0 + 1;
        for eight in eights.iter().rev() {
            start -= 8;
            if !Self::are_empty(eight) && visit_filled(start, eight) == 0 {
                return most;
            }
        }
        most - visit_filled(first.0, rest)
    }

    #[inline(always)]
    const fn index(page: VirtualPage) -> usize {
        (page.0 & (ENTRIES_PER_TABLE - 1)) as usize
    }
}

/// The address of the page table of `page` in the self-map.
#[inline(always)]
pub const fn table_of(page: VirtualPage) -> Link<PageTable> {
    Link::new(PAGE_TABLES | (page.0 & !(ENTRIES_PER_TABLE - 1)) << 3)
}

/// The address of the PTE of `page` in the current process.
#[doc(alias = "MiGetPteAddress")]
#[inline(always)]
pub const fn pte_of(page: VirtualPage) -> Link<PteCell> {
    Link::new(PAGE_TABLES + (page.0 << 3))
}

/// The address of the page-directory entry that covers `page` in the current process.
#[doc(alias = "MiGetPdeAddress")]
#[inline(always)]
pub const fn pde_of(page: VirtualPage) -> Link<PteCell> {
    Link::new(PAGE_DIRECTORIES + (page.0 >> 9 << 3))
}

/// The page whose PTE stands at `pte` in the self-map.
#[doc(alias = "MiGetVirtualAddressMappedByPte")]
pub const fn page_of(pte: Link<PteCell>) -> VirtualPage {
    VirtualPage((pte.address() - PAGE_TABLES) >> 3)
}

/// The page of the self-map in which the page table of `page` is seen.
pub const fn table_page_of(page: VirtualPage) -> VirtualPage {
    VirtualAddress(PAGE_TABLES + (page.0 << 3)).page()
}

/// The entry `raw`, valid or in transition, with `frame` in place of the one that it names.
pub const fn with_frame(raw: u64, frame: FrameNumber) -> u64 {
    raw & !FRAME | frame.address().0
}

/// What one process PTE means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pte {
    /// All 64 bits zero: never touched, the VAD alone says what the page is.
    Empty,
    /// The processor may walk it.
    Valid(ValidPte),
    /// To be filled with zeros at the first touch.
    DemandZero(Protection),
    /// In a paging file.
    PagingFile(PagingFilePage),
    /// Unmapped but still in `frame`, on a list or being read.
    Transition(FrameNumber, Protection),
    /// A shared page: ask the prototype PTE. The protection is zero where the prototype's own is meant.
    Prototype(Link<PteCell>, Protection),
    /// A shared page with a protection of its own; the VAD tells the prototype PTE.
    LookInVad(Protection),
}

/// What one prototype PTE means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PrototypePte {
    /// Nothing is there: never committed.
    Empty,
    /// In memory and mapped by at least one process.
    Valid(ValidPte),
    /// To be filled with zeros at the first touch.
    DemandZero(Protection),
    /// In a paging file.
    PagingFile(PagingFilePage),
    /// In memory but mapped by nobody, or being read.
    Transition(FrameNumber, Protection),
    /// In the file, where the subsection says.
    Subsection(Link<Subsection>, Protection),
}

/// A page's place in a paging file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PagingFilePage {
    /// Number of the paging file, 0 to 15.
    pub file: u32,
    /// Page offset in it; never 0 in file 0.
    pub offset: u32,
    /// Protection of the page.
    pub protection: Protection,
}

/// A present entry, kept as its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidPte(pub u64);

/// What [`ValidPte::user`] sets for each of the 32 protections, on a processor with NX.
static USER_BITS: [u64; 32] = {
    let mut bits = [0; 32];
    let mut code = 0;
    while code < bits.len() {
        bits[code] = user_bits(Protection::from_code(code as u32));
        code += 1;
    }
    bits
};

const fn user_bits(protection: Protection) -> u64 {
    // No valid entry has both: none is taken for one whose protection allows nothing.
    if protection.denies_all() {
        return WRITE | COPY_ON_WRITE;
    }
    let write = if protection.is_copy_on_write() {
        COPY_ON_WRITE
    } else if protection.is_writable() {
        WRITE
    } else {
        0
    };
    let execute = if protection.is_executable() { 0 } else { NO_EXECUTE };
    let caching = match protection.caching() {
        Caching::Cached => 0,
        Caching::Uncached => CACHE_DISABLE,
        Caching::WriteCombined => CACHE_DISABLE | WRITE_THROUGH,
    };
    VALID | OWNER | ACCESSED | write | execute | caching
}

impl ValidPte {
    /// An entry for a user page with what `protection` allows; no software bit but copy-on-write.
    ///
    /// `no_execute` is [`NO_EXECUTE`] where the processor has it, else 0.
    #[inline(always)]
    pub fn user(frame: FrameNumber, protection: Protection, no_execute: u64) -> Self {
        let bits = USER_BITS[protection.code() as usize & 0x1F];
        Self(bits & (!NO_EXECUTE | no_execute) | frame.address().0)
    }

    /// A kernel page, readable and writable, never executable.
    pub const fn system(frame: FrameNumber, no_execute: u64) -> Self {
        Self(VALID | WRITE | ACCESSED | DIRTY | GLOBAL | no_execute | frame.address().0)
    }

    /// A page-directory entry that maps the 512 frames from `first` on, whose number is a multiple of that, for the kernel:
    /// readable and writable, never executable.
    pub const fn system_large(first: FrameNumber, no_execute: u64) -> Self {
        Self::system(first, no_execute).with(LARGE_PAGE)
    }

    /// A page-directory entry for a user page table in `frame`.
    pub const fn user_table(frame: FrameNumber) -> Self {
        Self(VALID | WRITE | OWNER | ACCESSED | DIRTY | frame.address().0)
    }

    /// A page-directory entry for a kernel page table in `frame`, or one of the self-map.
    pub const fn system_table(frame: FrameNumber) -> Self {
        Self(VALID | WRITE | ACCESSED | DIRTY | frame.address().0)
    }

    /// The frame.
    pub const fn frame(self) -> FrameNumber {
        FrameNumber(((self.0 & FRAME) >> 12) as u32)
    }

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: u64) -> bool {
        self.0 & bits == bits
    }

    /// The entry with `bits` set.
    pub const fn with(self, bits: u64) -> Self {
        Self(self.0 | bits)
    }

    /// The entry with its frame and what the processor noted, and else what `permissions`, of no frame, has.
    #[inline(always)]
    pub const fn with_permissions(self, permissions: Self) -> Self {
        Self(self.0 & (FRAME | ACCESSED | DIRTY) | permissions.0)
    }

    /// The entry as its protection alone would have it (T4).
    pub const fn as_protected(self) -> Self {
        if self.has(EXECUTABLE_ANYWAY) { Self(self.0 & !EXECUTABLE_ANYWAY | NO_EXECUTE) } else { self }
    }
}

impl Pte {
    /// What the raw entry of a process page table means.
    #[inline(always)]
    pub const fn decode(raw: u64) -> Self {
        if raw & VALID != 0 {
            return Self::Valid(ValidPte(raw));
        }
        if raw == 0 {
            return Self::Empty;
        }
        let high = (raw >> 32) as u32;
        if raw & PROTOTYPE != 0 {
            return if high == LOOK_IN_VAD {
                Self::LookInVad(protection_at(raw, PROTECTION_SHIFT))
            } else {
                Self::Prototype(Link::new(high), protection_at(raw, PROTOTYPE_PROTECTION_SHIFT))
            };
        }
        match decode_common(raw) {
            Common::Transition(frame, protection) => Self::Transition(frame, protection),
            Common::DemandZero(protection) => Self::DemandZero(protection),
            Common::PagingFile(page) => Self::PagingFile(page),
        }
    }

    /// The raw entry.
    #[inline(always)]
    pub const fn encode(self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Valid(valid) => valid.0,
            Self::DemandZero(protection) => demand_zero(protection),
            Self::PagingFile(page) => encode_paging_file(page),
            Self::Transition(frame, protection) => transition(frame, protection),
            Self::Prototype(cell, protection) => {
                PROTOTYPE | (protection.code() as u64) << PROTOTYPE_PROTECTION_SHIFT | (cell.address() as u64) << 32
            }
            Self::LookInVad(protection) => {
                PROTOTYPE | (protection.code() as u64) << PROTECTION_SHIFT | (LOOK_IN_VAD as u64) << 32
            }
        }
    }
}

impl PrototypePte {
    /// What the raw entry of a prototype PTE means.
    #[inline(always)]
    pub const fn decode(raw: u64) -> Self {
        if raw & VALID != 0 {
            return Self::Valid(ValidPte(raw));
        }
        if raw == 0 {
            return Self::Empty;
        }
        if raw & PROTOTYPE != 0 {
            let subsection = Link::new((raw >> 32) as u32);
            return Self::Subsection(subsection, protection_at(raw, PROTECTION_SHIFT));
        }
        match decode_common(raw) {
            Common::Transition(frame, protection) => Self::Transition(frame, protection),
            Common::DemandZero(protection) => Self::DemandZero(protection),
            Common::PagingFile(page) => Self::PagingFile(page),
        }
    }

    /// The raw entry.
    pub const fn encode(self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Valid(valid) => valid.0,
            Self::DemandZero(protection) => demand_zero(protection),
            Self::PagingFile(page) => encode_paging_file(page),
            Self::Transition(frame, protection) => transition(frame, protection),
            Self::Subsection(subsection, protection) => {
                PROTOTYPE | (protection.code() as u64) << PROTECTION_SHIFT | (subsection.address() as u64) << 32
            }
        }
    }
}

/// The forms that process and prototype PTEs share.
enum Common {
    Transition(FrameNumber, Protection),
    DemandZero(Protection),
    PagingFile(PagingFilePage),
}

const fn decode_common(raw: u64) -> Common {
    let protection = protection_at(raw, PROTECTION_SHIFT);
    if raw & TRANSITION != 0 {
        return Common::Transition(ValidPte(raw).frame(), protection);
    }
    let file = (raw >> 1 & 0xF) as u32;
    let offset = (raw >> 32) as u32;
    if file == 0 && offset == 0 {
        Common::DemandZero(protection)
    } else {
        Common::PagingFile(PagingFilePage { file, offset, protection })
    }
}

/// The protection code in bits 5 to 9 of a not-present entry that is not of prototype form, or of an `OriginalPte`.
#[inline(always)]
pub const fn software_protection(raw: u64) -> Protection {
    protection_at(raw, PROTECTION_SHIFT)
}

/// `raw`, a not-present entry or an `OriginalPte`, with `protection` in bits 5 to 9.
pub const fn with_software_protection(raw: u64, protection: Protection) -> u64 {
    raw & !(0x1F << PROTECTION_SHIFT) | (protection.code() as u64) << PROTECTION_SHIFT
}

const fn protection_at(raw: u64, shift: u32) -> Protection {
    Protection::from_code((raw >> shift) as u32)
}

const fn demand_zero(protection: Protection) -> u64 {
    (protection.code() as u64) << PROTECTION_SHIFT
}

const fn transition(frame: FrameNumber, protection: Protection) -> u64 {
    TRANSITION | demand_zero(protection) | frame.address().0
}

const fn encode_paging_file(page: PagingFilePage) -> u64 {
    (page.file as u64) << 1 | demand_zero(page.protection) | (page.offset as u64) << 32
}

#[cfg(test)]
mod tests;
