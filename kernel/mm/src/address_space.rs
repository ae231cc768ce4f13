//! The address space of a process: its page directories, its page tables, and the counts that say when a page table is of
//! no more use.
//!
//! A process owns five frames from the start: the page directories of its user half and of its self-map, the page table and
//! the page of its working-set list. The directory of 80000000-BFFFFFFF belongs to all. The four pointers to the directories
//! stand in a page-directory-pointer table of 32 bytes below 4 GB and never change while the process lives.
//!
//! * **A1** `UsedPageTableEntries` of a page table is the number of its entries that are not zero; at 0 there is no table. A large page has
//!   none either.
//! * **A2** `CommittedPageTables` has a bit for each 2 MB that a VAD touches, and for no other; each is one page of commit.
//! * **A5** Who reads or changes PTEs has made their page tables known first ([`AddressSpace::bring_tables_in`]): one that is paged out
//!   does not count as missing.
//! * **A6** The page tables that are neither valid nor missing are counted, of all processes together.
//! * **A3** A process's commit charge is its VADs' plus its committed page tables.
//! * **A4** `NumberOfPrivatePages` is the number of its valid and transition PTEs that name a page of its own, AWE frames and large pages
//!   aside, `NumberOfVads` and
//!   `VirtualSize` are what its VADs add up to.
//!
//! Lock: the address-space lock of the process guards all of it. An [`AddressSpace`] stands for holding it: with one
//! processor and a kernel that is not preempted, nobody else can.
//!
//! Source: `_EPROCESS`, `_MMWSL` (PAE offsets derived); Intel SDM volume 3, section 4.4.1 on PDPTE registers.

mod pointer_tables;

use abi::cell::{Field, Link};
use abi::nt::process::{Eprocess, Mmsupport};
use core::mem::offset_of;

use crate::MemoryManager;
use crate::commit::{CommitCharge, CommitLimit};
use crate::fault::{FaultOutcome, UnreadPage, corrupt};
use crate::frame::allocate::NoFrame;
use crate::frame::{Color, Flags};
use crate::layout::{
    ENTRIES_PER_TABLE, FrameNumber, HYPERSPACE, PAGE_DIRECTORIES, PAGE_SIZE, VirtualAddress, VirtualPage,
    WORKING_SET_LIST,
};
use crate::list;
use crate::machine::Machine;
use crate::protection::Protection;
use crate::pte::{LARGE_PAGE, Pte, PteCell, VALID, ValidPte, pde_of, pte_of, table_page_of};
use crate::system::{Contents, Exhausted};
use crate::vad::{VadLink, VadTree};
use crate::virtual_memory::PageRange;
pub(crate) use pointer_tables::PointerTables;

/// User page tables an address space can have.
const USER_TABLES: usize = 1024;
/// Frames a process owns from the start.
pub(crate) const FIXED_FRAMES: u32 = 5;
/// Entry of the top directory that leads to hyperspace.
pub(crate) const HYPERSPACE_ENTRY: u32 = HYPERSPACE >> 21 & 0x1FF;
/// Most shared entries of a top directory: windows, and the processors' areas at the very top.
const MAXIMUM_SHARED: usize = 8;

/// The entries of the top page directory that are the same in all processes, with their places.
#[derive(Default)]
pub(crate) struct SharedEntries {
    entries: [(u32, u64); MAXIMUM_SHARED],
    count: usize,
}

impl SharedEntries {
    /// Those of the System process's top directory: all that is neither self-map nor per-process hyperspace.
    pub(crate) fn of(machine: &impl Machine, top: FrameNumber) -> Self {
        let mut shared = Self::default();
        for index in HYPERSPACE_ENTRY + 1..ENTRIES_PER_TABLE {
            let raw = machine.read_entry(top, index);
            if raw & VALID != 0 && shared.count < MAXIMUM_SHARED {
                shared.entries[shared.count] = (index, raw);
                shared.count += 1;
            }
        }
        shared
    }

    fn iter(&self) -> impl Iterator<Item = &(u32, u64)> {
        self.entries[..self.count].iter()
    }
}

/// The current process's address space, held for change.
pub struct AddressSpace<'a, M> {
    pub(crate) mm: &'a MemoryManager<M>,
    pub(crate) process: &'a Eprocess,
}

impl<M: Machine> MemoryManager<M> {
    /// The address space of `process`, which is the one the processor is in.
    pub fn address_space(&self, process: Link<Eprocess>) -> AddressSpace<'_, M> {
        AddressSpace { mm: self, process: self.machine.record(process) }
    }

    /// Gives `process` an empty address space.
    ///
    /// # Errors
    /// [`Exhausted`] for lack of commit, frames or pointer tables; nothing has changed.
    #[doc(alias = "MmCreateProcessAddressSpace")]
    pub fn create_address_space(&self, process: Link<Eprocess>) -> Result<(), Exhausted> {
        let charge = self.commit.charge(FIXED_FRAMES)?;
        let pointers = self.take_pointer_table()?;
        let Ok(frames) = self.fixed_frames() else {
            self.free_pointer_table(pointers);
            return Err(Exhausted);
        };
        let [low, high, top, hyperspace, list] = frames;
        let directories = [low, high, self.directories[2], top];
        self.fill_top_directory(directories, hyperspace);
        self.machine.write_entry(
            hyperspace,
            list_entry(),
            ValidPte::system(list, self.no_execute).0 & !crate::pte::GLOBAL,
        );
        self.own_fixed_frames(frames, process);
        let self_map = |index: u32| PAGE_DIRECTORIES + index * PAGE_SIZE;
        let hyperspace_table = table_page_of(VirtualAddress(HYPERSPACE).page()).address().0;
        self.begin_working_set(
            process,
            list,
            [self_map(0), self_map(1), self_map(3), hyperspace_table, WORKING_SET_LIST],
        );
        for (index, directory) in directories.iter().enumerate() {
            let cell = self.machine.record(pointers.offset::<PteCell>(index as u32 * 8));
            cell.store(VALID | directory.address().0);
        }
        let record = self.machine.record(process);
        record.pcb.directory_table_base[0].set(self.pointer_tables.physical_address(pointers));
        record.pae_top.set(pointers.address());
        record.working_set_page.set(list.0);
        record.vad_root.set(Link::NULL);
        list::initialise(&self.machine, process.offset(offset_of!(Eprocess, physical_vad_list) as u32));
        self.enlist(process);
        charge.keep();
        Ok(())
    }

    /// Takes the address space of `process`, empty and not current, apart.
    #[doc(alias = "MmDeleteProcessAddressSpace")]
    pub fn delete_address_space(&self, process: Link<Eprocess>) {
        let record = self.machine.record(process);
        let pointers: Link<PteCell> = Link::new(record.pae_top.get());
        let directory =
            |index: u32| ValidPte(self.machine.record(pointers.offset::<PteCell>(index * 8)).load()).frame();
        let (low, high, top) = (directory(0), directory(1), directory(3));
        let hyperspace = ValidPte(self.machine.read_entry(top, HYPERSPACE_ENTRY)).frame();
        let list = FrameNumber(record.working_set_page.get());
        self.commit.give_back(self.end_working_set(hyperspace, list));
        for frame in [low, high, top, hyperspace, list] {
            self.frame(frame).u2.set(1);
            self.delete_private_page(frame);
        }
        self.free_pointer_table(pointers);
        self.delist(process);
        self.commit.give_back(FIXED_FRAMES);
    }

    fn fixed_frames(&self) -> Result<[FrameNumber; 5], NoFrame> {
        let mut frames = [FrameNumber(0); 5];
        for index in 0..frames.len() {
            match self.insist_on_frame(Contents::Zeros, Color(index as u32)) {
                Ok(frame) => frames[index] = frame,
                Err(none) => {
                    frames[..index].iter().for_each(|frame| self.return_frame(*frame));
                    return Err(none);
                }
            }
        }
        Ok(frames)
    }

    /// The self-map, hyperspace, and the kernel page tables that all processes share.
    fn fill_top_directory(&self, directories: [FrameNumber; 4], hyperspace: FrameNumber) {
        let top = directories[3];
        for (index, directory) in directories.iter().enumerate() {
            self.machine.write_entry(top, index as u32, ValidPte::system_table(*directory).0 | self.no_execute);
        }
        self.machine.write_entry(top, HYPERSPACE_ENTRY, ValidPte::system_table(hyperspace).0 | self.no_execute);
        for (index, raw) in self.shared_entries.iter() {
            self.machine.write_entry(top, *index, *raw);
        }
    }

    fn own_fixed_frames(&self, [low, high, top, hyperspace, list]: [FrameNumber; 5], process: Link<Eprocess>) {
        let original = Pte::DemandZero(Protection::READWRITE).encode();
        let self_map = |index: u32| Link::new(crate::layout::PAGE_DIRECTORIES + 0x3000 + index * 8);
        self.own_frame(low, self_map(0), top, original).u1.set(process.address());
        self.own_frame(high, self_map(1), top, original).u1.set(process.address());
        let entries = 5 + self.shared_entries.iter().count() as u32;
        self.own_frame(top, self_map(3), top, original).u2.set(1 + entries);
        self.own_frame(hyperspace, self_map(HYPERSPACE_ENTRY), top, original).u2.set(2);
        self.own_frame(list, pte_of(VirtualPage(WORKING_SET_LIST >> 12)), hyperspace, original);
    }

    /// The process that has the user page directory in `directory`: its record names it.
    pub(crate) fn owner_of_directory(&self, directory: FrameNumber) -> Link<Eprocess> {
        Link::new(self.frame(directory).u1.get())
    }

    /// The process that has the user page table in `table`.
    pub(crate) fn owner_of_table(&self, table: FrameNumber) -> Link<Eprocess> {
        self.owner_of_directory(self.frame(table).pte_frame())
    }

    fn enlist(&self, process: Link<Eprocess>) {
        list::insert_tail(&self.machine, self.processes.get(), process.offset(EXPANSION_LINKS));
    }

    fn delist(&self, process: Link<Eprocess>) {
        list::remove(&self.machine, process.offset(EXPANSION_LINKS));
    }

    /// Head of the list of [`Self::address_spaces`], for who looks at each link before following it.
    pub fn address_space_list(&self) -> Link<abi::nt::list::ListEntry> {
        self.processes.get()
    }

    /// All processes that have an address space of their own.
    pub fn address_spaces(&self) -> impl Iterator<Item = Link<Eprocess>> + '_ {
        list::entries(&self.machine, self.processes.get()).map(|entry| Link::new(entry.address() - EXPANSION_LINKS))
    }
}

/// Where a process has its place in the list of address spaces.
const EXPANSION_LINKS: u32 = (offset_of!(Eprocess, vm) + offset_of!(Mmsupport, working_set_expansion_links)) as u32;

/// Entry of the hyperspace page table that maps the working-set list.
const fn list_entry() -> u32 {
    (WORKING_SET_LIST / PAGE_SIZE) & (ENTRIES_PER_TABLE - 1)
}

impl<M: Machine> AddressSpace<'_, M> {
    /// The cell of the PTE of `page`, where there is a page table for it; it is not paged out.
    #[inline(always)]
    pub(crate) fn pte(&self, page: VirtualPage) -> Option<&PteCell> {
        debug_assert!(self.is_table_known(page), "A5: the page table of {page:?} is paged out");
        self.table(page)?;
        Some(self.mm.machine.record(pte_of(page)))
    }

    /// The frame of the page table of `page`, where it is present. Under a large page there is none.
    #[inline(always)]
    pub(crate) fn table(&self, page: VirtualPage) -> Option<FrameNumber> {
        let pde = ValidPte(self.mm.machine.record(pde_of(page)).load());
        (pde.0 & (VALID | LARGE_PAGE) == VALID).then(|| pde.frame())
    }

    /// Whether `page` has a page table that is present.
    #[inline(always)]
    pub(crate) fn has_table(&self, page: VirtualPage) -> bool {
        self.mm.machine.record(pde_of(page)).is_valid_table()
    }

    /// Whether `page` is part of a large page.
    #[inline]
    pub(crate) fn is_large_page(&self, page: VirtualPage) -> bool {
        ValidPte(self.mm.machine.record(pde_of(page)).load()).has(VALID | LARGE_PAGE)
    }

    /// Whether any page table of any process is paged out (A6): where none is, nobody has to look for them.
    #[inline(always)]
    pub fn any_table_is_out(&self) -> bool {
        self.mm.tables_out.get() != 0
    }

    /// Whether what the page table of `page` says can be known at once: it is present, or there is none (A5).
    #[inline(always)]
    pub(crate) fn is_table_known(&self, page: VirtualPage) -> bool {
        !self.mm.machine.record(pde_of(page)).is_neither_empty_nor_valid()
    }

    /// Whether that is so of all pages of `range`.
    #[inline(always)]
    pub fn are_tables_known(&self, range: PageRange) -> bool {
        let (mut table, last) = (range.start.0 >> 9, range.end.0 >> 9);
        loop {
            if !self.is_table_known(VirtualPage(table << 9)) {
                return false;
            }
            if table >= last {
                return true;
            }
            table += 1;
        }
    }

    /// Makes the page tables of `range` known (A5): from Standby and Modified at once. What else has to be done first is answered; it is asked
    /// again then.
    #[doc(alias = "MiMakePdeExistAndMakeValid")]
    pub fn bring_tables_in(&self, range: PageRange) -> Option<FaultOutcome> {
        (range.start.0 >> 9..=range.end.0 >> 9).find_map(|table| self.bring_table_in(VirtualPage(table << 9)))
    }

    /// The same for the page table of `page`.
    #[inline]
    pub(crate) fn bring_table_in(&self, page: VirtualPage) -> Option<FaultOutcome> {
        if self.is_table_known(page) { None } else { self.bring_parked_table_in(page) }
    }

    #[inline(never)]
    fn bring_parked_table_in(&self, page: VirtualPage) -> Option<FaultOutcome> {
        // A list that grows may take the very frame of the table: before the entry is looked at.
        if self.ensure_places().is_err() {
            return Some(FaultOutcome::NoFrame);
        }
        let cell = self.mm.machine.record(pde_of(page));
        match Pte::decode(cell.load()) {
            Pte::Transition(frame, _) => {
                if self.mm.frame(frame).flags().contains(Flags::READ_IN_PROGRESS) {
                    return Some(FaultOutcome::Collided(frame));
                }
                self.mm.reclaim_transition_page(frame);
                cell.store(ValidPte::user_table(frame).0);
                self.mm.tables_out.update(|count| count - 1);
                self.private_page_joins(table_page_of(page), self.mm.frame(frame));
                None
            }
            Pte::PagingFile(_) => Some(FaultOutcome::Unread(UnreadPage::of_process(pde_of(page), self.next_color()))),
            _ => corrupt("a page directory's entry of a form that is never made"),
        }
    }

    /// Gives up the page tables of `range` that are in a paging file and cannot be read any more, with all that they say. The places that they
    /// name there stay taken.
    pub fn give_tables_up(&self, range: PageRange) {
        let touched = |vad: &VadLink| self.vads().node(*vad).start() <= range.end;
        let first = self.vads().first_ending_from(range.start);
        for vad in core::iter::successors(first, |vad| self.vads().next(*vad)).take_while(touched) {
            self.vads().set_even_protection(vad, Protection::ZERO);
        }
        for first in (range.start.0 >> 9..=range.end.0 >> 9).map(|table| VirtualPage(table << 9)) {
            let cell = self.mm.machine.record(pde_of(first));
            if let Pte::PagingFile(place) = Pte::decode(cell.load()) {
                self.mm.free_slot(place);
                cell.store(0);
                self.working_set_list().used_page_table_entries[table_index(first)].set(0);
                self.mm.lost_tables.update(|lost| lost + 1);
                self.mm.tables_out.update(|count| count - 1);
            }
        }
    }

    /// The frame of the page table of `page`, which is added where it is missing. Its commit was charged with the VAD.
    #[doc(alias = "MiMakePdeExistAndMakeValid")]
    #[inline(always)]
    pub(crate) fn table_or_new(&self, page: VirtualPage) -> Result<FrameNumber, NoFrame> {
        match self.table(page) {
            Some(table) => Ok(table),
            None => self.add_table(page),
        }
    }

    fn add_table(&self, page: VirtualPage) -> Result<FrameNumber, NoFrame> {
        debug_assert!(self.is_table_known(page), "A5: the page table of {page:?} is paged out");
        self.ensure_places()?;
        let frame = self.mm.allocate_zeroed_frame(self.next_color())?;
        let pde = pde_of(page);
        let directory = self.directory(page);
        let record = self.mm.own_frame(frame, pde, directory, Pte::DemandZero(Protection::READWRITE).encode());
        self.private_page_joins(table_page_of(page), record);
        self.mm.machine.record(pde).store(ValidPte::user_table(frame).0);
        self.mm.add_share(directory);
        Ok(frame)
    }

    /// The page directory that covers `page`, from the self-map's own entries.
    pub(crate) fn directory(&self, page: VirtualPage) -> FrameNumber {
        let self_map = crate::layout::PAGE_DIRECTORIES + 0x3000 + (page.0 >> 18) * 8;
        ValidPte(self.mm.machine.record(Link::<PteCell>::new(self_map)).load()).frame()
    }

    /// Whether the page table of `page` has an entry that is not zero (A1).
    pub(crate) fn has_entries(&self, page: VirtualPage) -> bool {
        self.working_set_list().used_page_table_entries[table_index(page)].get() > 0
    }

    /// Counts an entry of the page table of `page` that is no longer zero (A1).
    #[inline(always)]
    pub(crate) fn entry_filled(&self, page: VirtualPage) {
        self.working_set_list().used_page_table_entries[table_index(page)].update(|count| count + 1);
    }

    /// Counts `emptied` entries of the page table of `page` that have become zero; with the last one the table goes.
    #[inline(always)]
    pub(crate) fn entries_emptied(&self, page: VirtualPage, emptied: u16) {
        let used = &self.working_set_list().used_page_table_entries[table_index(page)];
        if used.update(|count| count - emptied) == 0 && emptied > 0 {
            self.delete_table(page);
        }
    }

    /// Counts an entry of the page table of `page` that has become zero; the table stays for now.
    pub(crate) fn entry_emptied_for_now(&self, page: VirtualPage) {
        self.working_set_list().used_page_table_entries[table_index(page)].update(|count| count - 1);
    }

    /// Drops the page table of `page`, where there is one and it has no entry.
    pub(crate) fn drop_table_without_entries(&self, page: VirtualPage) {
        if !self.has_entries(page) && self.table(page).is_some() {
            self.delete_table(page);
        }
    }

    /// Drops the page table of `page`, all of whose entries are zero: its frame holds nothing but zeros.
    #[doc(alias = "MiDeletePte")]
    fn delete_table(&self, page: VirtualPage) {
        let pde = self.mm.machine.record(pde_of(page));
        let frame = ValidPte(self.mm.machine.exchange(pde, 0)).frame();
        self.mm.machine.flush(table_page_of(page));
        let record = self.mm.frame(frame);
        debug_assert!(record.share_count() == 1, "A1: entries left in a page table that goes");
        self.page_leaves(table_page_of(page), record);
        if record.reference_count.get() > 1 {
            // It is still being written: free when that ends.
            self.mm.delete_private_page(frame);
        } else {
            self.mm.drop_slot(record);
            record.u2.set(0);
            record.reference_count.set(0);
            self.mm.insert_zeroed(frame);
        }
        self.mm.release_share(self.directory(page));
    }

    /// The colour the process's next page should have.
    #[doc(alias = "NextPageColor")]
    #[inline(always)]
    pub(crate) fn next_color(&self) -> Color {
        Color(self.process.next_page_color.update(|color| color.wrapping_add(1)).into())
    }

    /// Charges `pages` to the system and to the process (A3).
    #[inline]
    pub(crate) fn charge(&self, pages: u32) -> Result<(), CommitLimit> {
        self.keep(self.ask(pages)?);
        Ok(())
    }

    /// Charges `pages` to the system, where the process may have them.
    #[inline(always)]
    pub(crate) fn ask(&self, pages: u32) -> Result<CommitCharge<'_>, CommitLimit> {
        self.mm.commit.charge_if(pages, || self.may_commit(pages))
    }

    /// Records `charge` as the process's (A3).
    #[inline(always)]
    pub(crate) fn keep(&self, charge: CommitCharge<'_>) {
        let pages = charge.keep();
        let total = self.process.commit_charge.update(|charge| charge + pages);
        if total > self.process.commit_charge_peak.get() {
            self.process.commit_charge_peak.set(total);
        }
    }

    /// Returns `pages` of the process's charge (A3).
    #[inline]
    pub(crate) fn give_back(&self, pages: u32) {
        self.process.commit_charge.update(|charge| charge - pages);
        self.mm.commit.give_back(pages);
    }

    /// Charges `pages` and the page tables that `start..=end` needs and no VAD has charged yet (A2), all or nothing.
    #[inline(always)]
    pub(crate) fn charge_with_tables(
        &self,
        pages: u32,
        start: VirtualPage,
        end: VirtualPage,
    ) -> Result<(), CommitLimit> {
        let (first, last) = (start.0 >> 9, end.0 >> 9);
        if first == last && self.missing_table(first) == 0 {
            self.keep(self.ask(pages)?);
            return Ok(());
        }
        self.charge_new_tables(pages, first, last)
    }

    #[inline(never)]
    fn charge_new_tables(&self, pages: u32, first: u32, last: u32) -> Result<(), CommitLimit> {
        let tables: u32 = (first..=last).map(|index| self.missing_table(index)).sum();
        self.charge(pages + tables)?;
        for index in first..=last {
            self.committed_tables(index).update(|word| word | 1 << (index % 32));
        }
        Ok(())
    }

    /// The word of the bitmap of page tables that has the bit of table `index`.
    #[inline(always)]
    fn committed_tables(&self, index: u32) -> &Field<u32> {
        &self.working_set_list().committed_page_tables[index as usize % USER_TABLES / 32]
    }

    /// 1 where the page table `index` is not charged, else 0.
    #[inline(always)]
    fn missing_table(&self, index: u32) -> u32 {
        !self.committed_tables(index).get() >> (index % 32) & 1
    }

    /// Returns the page tables of `start..=end` that neither `before` nor `after`, the last page below and the first above
    /// that still belong to a VAD, needs (A2).
    #[inline(always)]
    pub(crate) fn uncommit_tables(
        &self,
        start: VirtualPage,
        end: VirtualPage,
        before: Option<VirtualPage>,
        after: Option<VirtualPage>,
    ) {
        let mut first = start.0 >> 9;
        let mut last = end.0 >> 9;
        let shared_above = after.is_some_and(|page| page.0 >> 9 == last);
        if first == last && shared_above {
            return;
        }
        if before.is_some_and(|page| page.0 >> 9 == first) {
            first += 1;
        }
        if shared_above {
            match last.checked_sub(1) {
                Some(index) => last = index,
                None => return,
            }
        }
        if first > last {
            return;
        }
        for index in first..=last {
            self.committed_tables(index).update(|word| word & !(1 << (index % 32)));
        }
        self.give_back(last - first + 1);
    }

    /// The process's VADs.
    #[inline(always)]
    pub fn vads(&self) -> VadTree<'_, M> {
        VadTree::new(&self.process.vad_root, &self.mm.machine)
    }
}

#[inline(always)]
fn table_index(page: VirtualPage) -> usize {
    (page.0 >> 9) as usize % USER_TABLES
}
