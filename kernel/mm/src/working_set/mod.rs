//! Working sets: which pages of a process are in memory and valid, with how long ago each was used.
//!
//! A process's list is an array of words, one for each valid page, at C0883D00 while the process is current; page tables are in it
//! like other pages. The record of a page's frame tells where in the list its entry is: always of a private page, and of a shared
//! one in the list of the process that mapped it first. The other entries of shared pages are *indirect*: they are found by a hash table of
//! page numbers ([`hash`]) or, where there is no page for that, by looking at all.
//!
//! * **W1** The valid entries of a process's list are its valid user PTEs, its valid user page tables, and the five frames it
//!   owns from the start; `WorkingSetSize` is their number.
//! * **W2** A direct entry is the one its frame's `WsIndex` names; every other entry that is not one of the first five is indirect, and
//!   `NonDirectCount` counts those.
//! * **W3** Entries from `FirstDynamic` to `LastEntry` that are not valid are chained from `FirstFree`, each once; up to
//!   `LastInitializedWsle` the list has pages.
//! * **W4** The hash table has the indirect entries that say so, each where a search finds it, and nothing else.
//! * **W5** An entry that is locked counts among its process's locked pages.
//!
//! Of an address space that is being deleted only the number of W1 holds: the list goes as a whole.
//!
//! Lock: as of the address space.
//!
//! Source: symbol types `_MMSUPPORT`, `_MMWSL`, `_MMWSLE` of XP SP3 (PAE offsets derived); the first places of the list
//! being fixed, and what "direct" means, as Russinovich and Solomon tell them; where the hash table lies is ours.

mod age;
mod grow;
mod hash;
mod limits;
mod report;
mod trim;
mod verify;

pub use age::AgeCounts;
pub use limits::{LockKind, WorkingSetLimits, check_lock_range};
pub use trim::Trimmed;

use abi::assert_layout;
use abi::cell::{Field, Link, Record};
use abi::nt::process::support_flags;

use crate::address_space::AddressSpace;
use crate::frame::{Flags, Mmpfn, NoFrame};
use crate::layout::{PAGE_SHIFT, VirtualPage, WORKING_SET_LIST};
use crate::machine::Machine;

/// The head of a process's list, its counts of page-table entries, and its bitmap of page tables. The list follows.
#[doc(alias = "_MMWSL")]
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs, reason = "names and meanings are NT's")]
pub struct WorkingSetList {
    pub quota: Field<u32>,
    pub first_free: Field<u32>,
    pub first_dynamic: Field<u32>,
    pub last_entry: Field<u32>,
    pub next_slot: Field<u32>,
    /// Address of the list.
    pub wsle: Field<u32>,
    pub last_initialized_wsle: Field<u32>,
    pub non_direct_count: Field<u32>,
    /// Address of the hash table, or 0.
    pub hash_table: Field<u32>,
    /// Entries of the hash table, a power of two, or 0.
    pub hash_table_size: Field<u32>,
    pub number_of_committed_page_tables: Field<u32>,
    pub hash_table_start: Field<u32>,
    pub highest_permitted_hash_address: Field<u32>,
    pub number_of_image_waiters: Field<u32>,
    pub vad_bit_map_hint: Field<u32>,
    pub used_page_table_entries: [Field<u16>; 1536],
    pub committed_page_tables: [Field<u32>; 48],
}
impl Record for WorkingSetList {}
assert_layout!(WorkingSetList, 0xCFC, {
    first_free: 4, first_dynamic: 8, last_entry: 0xC, next_slot: 0x10, wsle: 0x14, last_initialized_wsle: 0x18,
    non_direct_count: 0x1C, hash_table: 0x20, hash_table_size: 0x24, used_page_table_entries: 0x3C,
    committed_page_tables: 0xC3C,
});

/// Address of entry 0 of the list of the current process.
#[doc(alias = "MmWsle")]
pub(crate) const ENTRIES: u32 = WORKING_SET_LIST + 0xD00;
/// What `FirstFree`, and the last free entry, say where there is none.
#[doc(alias = "WSLE_NULL_INDEX")]
pub(crate) const NO_SLOT: u32 = 0x0FFF_FFFF;
/// The first place that is not one of the frames a process owns from the start.
pub(crate) const FIRST_DYNAMIC: u32 = crate::address_space::FIXED_FRAMES;
/// The last place on the page of the list's head.
pub(crate) const LAST_ON_FIRST_PAGE: u32 = (WORKING_SET_LIST + crate::layout::PAGE_SIZE - ENTRIES) / 4 - 1;
/// Places that one access may come to need: the page's and its page table's.
const PLACES_OF_A_FAULT: u32 = 2;

/// How the list has the places that were asked for.
pub(crate) enum Places {
    /// It had them.
    There,
    /// It took a frame for them, or pages of the process went: what was read of entries before is void.
    Made,
}

/// An entry of a working-set list.
#[doc(alias = "_MMWSLE")]
#[repr(transparent)]
#[derive(Debug)]
pub struct Wsle(Field<u32>);
impl Record for Wsle {}

/// Bits of an entry.
pub mod wsle {
    /// The entry is in use.
    pub const VALID: u32 = 1 << 0;
    /// Not to be trimmed: `VirtualLock`, and what a process cannot do without.
    pub const LOCKED_IN_WS: u32 = 1 << 1;
    /// Not to leave memory even when the whole process does.
    pub const LOCKED_IN_MEMORY: u32 = 1 << 2;
    /// Locked in either way.
    pub const LOCKED: u32 = LOCKED_IN_WS | LOCKED_IN_MEMORY;
    /// In the hash table.
    pub const HASHED: u32 = 1 << 8;
    /// The frame's record names this entry.
    pub const DIRECT: u32 = 1 << 9;
    /// Where the age stands: 0 to 3, how often in a row the page was found unused.
    pub const AGE_SHIFT: u32 = 10;
    /// The bits of the age.
    pub const AGE: u32 = 3 << AGE_SHIFT;
    /// Where the index of the next free entry stands in one that is not in use.
    pub const FREE_SHIFT: u32 = 4;
}

impl Wsle {
    /// The word.
    #[inline(always)]
    pub fn get(&self) -> u32 {
        self.0.get()
    }

    #[inline(always)]
    pub(crate) fn set(&self, word: u32) {
        self.0.set(word);
    }

    /// Whether all of `bits` are set.
    #[inline(always)]
    pub fn has(&self, bits: u32) -> bool {
        self.get() & bits == bits
    }

    /// The page.
    #[inline(always)]
    pub fn page(&self) -> VirtualPage {
        VirtualPage(self.get() >> PAGE_SHIFT)
    }

    /// The page's age, 0 to 3.
    pub fn age(&self) -> u32 {
        (self.get() & wsle::AGE) >> wsle::AGE_SHIFT
    }
}

impl<M: Machine> AddressSpace<'_, M> {
    /// The head of the process's list.
    #[inline(always)]
    pub fn working_set_list(&self) -> &WorkingSetList {
        self.mm.machine.record(Link::new(WORKING_SET_LIST))
    }

    /// Entry number `index` of the list, which has a page there.
    #[inline(always)]
    pub fn wsle(&self, index: u32) -> &Wsle {
        self.mm.machine.record(Link::new(ENTRIES + index * 4))
    }

    /// Makes sure that the list has places for what one access may need.
    ///
    /// # Errors
    /// [`NoFrame`] where it has not, cannot grow, and has no page that could go.
    #[inline(always)]
    pub(crate) fn ensure_places(&self) -> Result<Places, NoFrame> {
        let list = self.working_set_list();
        if list.last_entry.get() + PLACES_OF_A_FAULT <= list.last_initialized_wsle.get() {
            return Ok(Places::There);
        }
        self.find_places()
    }

    /// The private page `page`, now valid in `frame`, is in the working set. There is a place.
    #[inline(always)]
    pub(crate) fn private_page_joins(&self, page: VirtualPage, frame: &Mmpfn) {
        let index = self.take_place();
        frame.u1.set(index);
        self.wsle(index).set(page.0 << PAGE_SHIFT | wsle::VALID | wsle::DIRECT);
        self.grow_by_one();
    }

    /// The shared page `page`, now valid in `frame`, is in the working set. There is a place.
    #[inline(always)]
    pub(crate) fn shared_page_joins(&self, page: VirtualPage, frame: &Mmpfn) {
        if frame.u1.get() == 0 {
            return self.private_page_joins(page, frame);
        }
        let index = self.take_place();
        self.wsle(index).set(page.0 << PAGE_SHIFT | wsle::VALID);
        self.grow_by_one();
        self.add_indirect(index);
    }

    /// Takes `page`, mapped from `frame`, out of the working set.
    #[inline]
    pub(crate) fn page_leaves(&self, page: VirtualPage, frame: &Mmpfn) {
        if self.process.vm.flags.get() & support_flags::ADDRESS_SPACE_BEING_DELETED != 0 {
            return self.page_leaves_with_list(page, frame);
        }
        let index = self.take_out(page, frame);
        let list = self.working_set_list();
        self.wsle(index).set(list.first_free.get() << wsle::FREE_SHIFT);
        list.first_free.set(index);
        self.process.vm.working_set_size.update(|size| size - 1);
    }

    /// The same where the whole list goes: what it says is of no use any more, but what the record of a shared page says of it would be.
    #[inline(always)]
    fn page_leaves_with_list(&self, page: VirtualPage, frame: &Mmpfn) {
        if frame.flags().contains(Flags::PROTOTYPE) && self.is_direct(page, frame) {
            frame.u1.set(0);
        }
        self.process.vm.working_set_size.update(|size| size - 1);
    }

    /// Whether the record of `frame` names the place of `page`.
    #[inline(always)]
    fn is_direct(&self, page: VirtualPage, frame: &Mmpfn) -> bool {
        const MASK: u32 = !0 << PAGE_SHIFT | wsle::VALID | wsle::DIRECT;
        let hint = frame.u1.get();
        hint <= self.working_set_list().last_entry.get()
            && self.wsle(hint).get() & MASK == page.0 << PAGE_SHIFT | wsle::VALID | wsle::DIRECT
    }

    /// The place of `page`, mapped from `frame`; nothing leads to it any more.
    #[inline(always)]
    fn take_out(&self, page: VirtualPage, frame: &Mmpfn) -> u32 {
        let index = if self.is_direct(page, frame) {
            let index = frame.u1.get();
            frame.u1.set(0);
            index
        } else {
            self.take_out_indirect(page)
        };
        if self.wsle(index).get() & wsle::LOCKED != 0 {
            self.process.number_of_locked_pages.update(|count| count - 1);
        }
        index
    }

    /// `page`, which was mapped from `before`, is mapped from `now`, a frame of its own. It stays locked if it was.
    pub(crate) fn page_moves(&self, page: VirtualPage, before: &Mmpfn, now: &Mmpfn) {
        let index = self.take_out(page, before);
        let locked = self.wsle(index).get() & wsle::LOCKED;
        self.process.number_of_locked_pages.update(|count| count + u32::from(locked != 0));
        now.u1.set(index);
        self.wsle(index).set(page.0 << PAGE_SHIFT | wsle::VALID | wsle::DIRECT | locked);
    }

    /// The place of `page`, mapped from `frame`.
    #[doc(alias = "MiLocateWsle")]
    pub(crate) fn locate(&self, page: VirtualPage, frame: &Mmpfn) -> Option<u32> {
        if self.is_direct(page, frame) {
            return Some(frame.u1.get());
        }
        self.find_hashed(page).or_else(|| self.find_one_by_one(page))
    }

    /// The place of `page`, by looking at all.
    fn find_one_by_one(&self, page: VirtualPage) -> Option<u32> {
        let wanted = page.0 << PAGE_SHIFT | wsle::VALID;
        let names = |index: &u32| self.wsle(*index).get() & (!0 << PAGE_SHIFT | wsle::VALID) == wanted;
        (FIRST_DYNAMIC..=self.working_set_list().last_entry.get()).find(names)
    }

    /// A place, of which there is one.
    #[inline(always)]
    fn take_place(&self) -> u32 {
        let list = self.working_set_list();
        let free = list.first_free.get();
        if free != NO_SLOT {
            list.first_free.set(self.wsle(free).get() >> wsle::FREE_SHIFT);
            return free;
        }
        list.last_entry.update(|last| last + 1)
    }

    /// One page more.
    #[inline(always)]
    fn grow_by_one(&self) {
        let size = self.process.vm.working_set_size.update(|size| size + 1);
        if size > self.process.vm.peak_working_set_size.get() {
            self.process.vm.peak_working_set_size.set(size);
        }
    }
}
