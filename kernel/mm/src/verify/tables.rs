//! F7 and A1 to A4: page tables, and what they say of frames.

use abi::cell::Link;
use abi::nt::process::Eprocess;

use super::pages::{PageCounts, Wrong};
use super::{Audit, Corruption};
use crate::MemoryManager;
use crate::address_space::HYPERSPACE_ENTRY;
use crate::frame::{Flags, FrameRun, Location};
use crate::layout::{ENTRIES_PER_TABLE, FrameNumber, VirtualPage, WINDOWS};
use crate::machine::Machine;
use crate::pte::{LARGE_PAGE, Pte, PteCell, ValidPte, pde_of};
use crate::vad::VadTree;
use crate::working_set::WorkingSetList;

/// Entries read from a frame at a time.
const CHUNK: usize = 64;
/// Entry of the top directory that leads to the windows, whose contents come and go.
const WINDOWS_ENTRY: u32 = WINDOWS >> 21 & 0x1FF;

/// One page table as the audit meets it.
#[derive(Clone, Copy)]
struct Table {
    frame: FrameNumber,
    /// The first page it maps.
    first: VirtualPage,
    kind: TableKind,
    presence: Presence,
}

/// Whether the processor can use a page table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// It can.
    Valid,
    /// It has been trimmed and is still in its frame.
    Parked,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TableKind {
    /// Its entries name pages.
    Leaf,
    /// Its entries name page tables.
    Directory,
    /// Its entries name pages for a moment only.
    Windows,
    /// It is no table: the 512 frames from here on that one entry of a directory maps.
    LargePage,
}

impl<M: Machine> MemoryManager<M> {
    pub(super) fn verify_process(&self, process: Link<Eprocess>, audit: &mut Audit) -> Result<(), Corruption> {
        audit.processes += 1;
        let record = self.machine.record(process);
        let tree = VadTree::new(&record.vad_root, &self.machine);
        let count = tree.verify().map_err(|what| Corruption::V { process, what })?;
        audit.vads += count.0;
        let tables = self.verify_committed_tables(process, &tree)?;
        let mut charge = tables;
        for vad in tree.iter() {
            charge += tree.node(vad).flags().commit_charge().0;
        }
        if charge != record.commit_charge.get() {
            return Err(Corruption::A3 { process, found: charge, recorded: record.commit_charge.get() });
        }
        self.verify_charges(process, &tree)?;
        self.verify_watches(process, &tree)?;
        self.verify_secured(process, &tree)?;
        self.verify_counts(process, &tree)?;
        let mut counts = PageCounts::default();
        let mut result = Ok(());
        let (mut valid_tables, mut large) = (0, 0);
        let hidden = self.user_tables(process, |table| {
            if table.kind == TableKind::LargePage {
                large += 1;
                return;
            }
            valid_tables += u32::from(table.presence == Presence::Valid);
            audit.parked += u32::from(table.presence == Presence::Parked);
            audit.tables_out += u32::from(table.presence == Presence::Parked);
            if result.is_ok() {
                result = self.verify_user_table(process, table, &mut counts);
            }
        });
        result?;
        self.verify_large_pages(process, &tree, large)?;
        self.verify_awe(process, &tree, counts.awe)?;
        self.verify_even(process, &tree)?;
        audit.large_pages += large;
        audit.hidden += hidden;
        audit.tables_out += hidden;
        audit.places += hidden + counts.places;
        audit.mapped += counts.valid + counts.awe;
        audit.parked += counts.parked;
        let private = (counts.private, record.number_of_private_pages.get());
        equal(process, [private.0, 0], [private.1, 0])?;
        self.verify_working_set(process, counts.valid + valid_tables)
    }

    /// A2; the number of committed page tables.
    fn verify_committed_tables(&self, process: Link<Eprocess>, tree: &VadTree<'_, M>) -> Result<u32, Corruption> {
        let mut needed = [0u32; 32];
        for vad in tree.iter() {
            let node = tree.node(vad);
            for table in node.start().0 >> 9..=node.end().0 >> 9 {
                needed[table as usize / 32] |= 1 << (table % 32);
            }
        }
        let list = FrameNumber(self.machine.record(process).working_set_page.get());
        for (index, word) in needed.iter().enumerate() {
            let offset = core::mem::offset_of!(WorkingSetList, committed_page_tables) + index * 4;
            let mut bytes = [0; 4];
            self.machine.read(list, offset as u32, &mut bytes);
            if u32::from_le_bytes(bytes) != *word {
                return Err(Corruption::A2 { process, table: index as u32 * 32 });
            }
        }
        Ok(needed.iter().map(|word| word.count_ones()).sum())
    }

    /// A4, as far as the VADs tell.
    fn verify_counts(&self, process: Link<Eprocess>, tree: &VadTree<'_, M>) -> Result<(), Corruption> {
        let record = self.machine.record(process);
        let pages: u32 = tree.iter().map(|vad| tree.node(vad).pages().0).sum();
        let found = [tree.iter().count() as u32, pages << 12];
        equal(process, found, [record.number_of_vads.get(), record.virtual_size.get()])
    }

    /// A1, F6 and T3 for one user page table.
    fn verify_user_table(
        &self,
        process: Link<Eprocess>,
        table: Table,
        counts: &mut PageCounts,
    ) -> Result<(), Corruption> {
        let list = FrameNumber(self.machine.record(process).working_set_page.get());
        let mut used = [0; 2];
        let offset = core::mem::offset_of!(WorkingSetList, used_page_table_entries) as u32 + (table.first.0 >> 9) * 2;
        self.machine.read(list, offset, &mut used);
        let recorded = u32::from(u16::from_le_bytes(used));
        let record = self.frame(table.frame);
        let is_named = record.pte() == pde_of(table.first) && self.owner_of_table(table.frame) == process;
        if !is_named || record.is_fixed() || record.is_parked() != (table.presence == Presence::Parked) {
            return Err(Corruption::F6 { frame: table.frame, page: table.first });
        }
        // What is being read is not there yet.
        if record.flags().contains(Flags::READ_IN_PROGRESS) {
            return Ok(());
        }
        let mut found = 0;
        let mut wrong = None;
        let mut vad = None;
        let space = self.address_space(process);
        self.entries(table.frame, |index, raw| {
            found += u32::from(raw != 0);
            let page = VirtualPage(table.first.0 + index);
            if raw != 0 && wrong.is_none() {
                wrong = space.verify_page(page, raw, table.frame, &mut vad, counts).err();
            }
        });
        if found != recorded || found == 0 {
            return Err(Corruption::A1 { process, page: table.first, found, recorded });
        }
        match wrong {
            Some(Wrong::Frame(frame, page)) => Err(Corruption::F6 { frame, page }),
            Some(Wrong::Entry(page, raw)) => Err(Corruption::T3 { process, page, raw }),
            Some(Wrong::Awe(frame)) => Err(Corruption::X2(frame)),
            None => Ok(()),
        }
    }

    /// F7, in passes of as many frames as `scratch` has words.
    pub(super) fn verify_shares(&self, scratch: &mut [u16]) -> Result<(), Corruption> {
        let end = self.frames.runs().last().map_or(0, |run| run.base.0 + run.count);
        let window = scratch.len() as u32;
        assert!(window > 0, "a scratch area");
        let mut base = 0;
        while base < end {
            // On a large machine most windows may lie in a hole.
            let next = self.frames.runs().iter().find(|run| run.base.0 + run.count > base);
            base = base.max(next.map_or(end, |run| run.base.0));
            self.count_shares(base, scratch);
            let counted = FrameRun::between(base, end.min(base.saturating_add(window)));
            for frame in self.frames.runs().iter().flat_map(|run| run.common(counted).frames()) {
                let found = scratch[(frame.0 - base) as usize];
                // Most frames of a large machine.
                if found != 0 || !self.frame(frame).is_quiet() {
                    self.verify_share(frame, u32::from(found))?;
                }
            }
            base += window;
        }
        Ok(())
    }

    fn verify_share(&self, number: FrameNumber, found: u32) -> Result<(), Corruption> {
        let frame = self.frame(number);
        // What the boot code left and nothing maps (modules) has the one share that keeps it.
        let recorded = match frame.location() {
            // Its process has a share of its own.
            Location::Active if frame.is_awe() => frame.share_count() - 1,
            Location::Active if frame.pte().is_null() && found == 0 => 0,
            Location::Active => frame.share_count(),
            _ => 0,
        };
        if found == recorded { Ok(()) } else { Err(Corruption::F7 { frame: number, found, recorded }) }
    }

    fn count_shares(&self, base: u32, scratch: &mut [u16]) {
        scratch.fill(0);
        let mut add = |frame: FrameNumber, shares: u16| {
            if let Some(count) = scratch.get_mut(frame.0.wrapping_sub(base) as usize) {
                *count = count.wrapping_add(shares);
            }
        };
        let mut visit = |table: Table, process: Link<Eprocess>| {
            if table.kind == TableKind::LargePage {
                (table.frame.0..table.frame.0 + ENTRIES_PER_TABLE).for_each(|frame| add(FrameNumber(frame), 1));
                return;
            }
            let mut own = u16::from(table.presence == Presence::Valid);
            self.entries(table.frame, |index, raw| match Pte::decode(raw) {
                Pte::Valid(valid) => {
                    own += 1;
                    let shows = || self.shows_physical_memory(process, VirtualPage(table.first.0 + index));
                    if table.kind == TableKind::Leaf && (process.is_null() || !shows()) {
                        add(valid.frame(), 1);
                    }
                }
                Pte::Transition(..) if table.kind != TableKind::Windows => own += 1,
                _ => {}
            });
            // What stands in the windows changes with every use: only the table itself counts.
            add(table.frame, if table.kind == TableKind::Windows { 1 } else { own });
        };
        self.system_tables(&mut |table| visit(table, Link::NULL));
        for process in self.address_spaces() {
            for frame in self.process_directories(process) {
                let table =
                    Table { frame, first: VirtualPage(0), kind: TableKind::Directory, presence: Presence::Valid };
                visit(table, Link::NULL);
            }
            let top = self.process_directories(process)[2];
            let hyperspace = ValidPte(self.machine.read_entry(top, HYPERSPACE_ENTRY)).frame();
            let table =
                Table { frame: hyperspace, first: VirtualPage(0), kind: TableKind::Leaf, presence: Presence::Valid };
            visit(table, Link::NULL);
            let _hidden = self.user_tables(process, &mut |table| visit(table, process));
        }
    }

    /// The page directories and page tables of the kernel half.
    fn system_tables(&self, visit: &mut impl FnMut(Table)) {
        for (index, frame) in self.directories.iter().enumerate() {
            visit(Table {
                frame: *frame,
                first: VirtualPage(0),
                kind: TableKind::Directory,
                presence: Presence::Valid,
            });
            if index < 2 {
                continue;
            }
            self.entries(*frame, |entry, raw| {
                let self_map = index == 3 && entry < 4;
                if let Pte::Valid(table) = Pte::decode(raw)
                    && !self_map
                {
                    let kind = match () {
                        () if table.has(LARGE_PAGE) => TableKind::LargePage,
                        () if index == 3 && entry == WINDOWS_ENTRY => TableKind::Windows,
                        () => TableKind::Leaf,
                    };
                    visit(Table { frame: table.frame(), first: VirtualPage(0), kind, presence: Presence::Valid });
                }
            });
        }
    }

    /// The page directories of `process` that are its own: those of 0, of 40000000 and the top one.
    pub(super) fn process_directories(&self, process: Link<Eprocess>) -> [FrameNumber; 3] {
        let pointers: Link<PteCell> = Link::new(self.machine.record(process).pae_top.get());
        [0, 1, 3].map(|index| ValidPte(self.machine.record(pointers.offset::<PteCell>(index * 8)).load()).frame())
    }

    /// Calls `visit` with each user page table of `process` that is in memory, and with its large pages; how many tables are in a paging file.
    fn user_tables(&self, process: Link<Eprocess>, mut visit: impl FnMut(Table)) -> u32 {
        let [low, high, _] = self.process_directories(process);
        let mut hidden = 0;
        for (directory, first) in [(low, 0), (high, 0x4_0000)] {
            self.entries(directory, |index, raw| {
                let first = VirtualPage(first + index * 512);
                let table = |frame, presence| Table { frame, first, kind: TableKind::Leaf, presence };
                match Pte::decode(raw) {
                    Pte::Valid(valid) if valid.has(LARGE_PAGE) => {
                        visit(Table { kind: TableKind::LargePage, ..table(valid.frame(), Presence::Valid) });
                    }
                    Pte::Valid(valid) => visit(table(valid.frame(), Presence::Valid)),
                    Pte::Transition(frame, _) => visit(table(frame, Presence::Parked)),
                    Pte::PagingFile(_) => hidden += 1,
                    _ => {}
                }
            });
        }
        hidden
    }

    /// Calls `visit` with the frame of each user page table of `process` that is in use.
    pub(crate) fn each_user_table(&self, process: Link<Eprocess>, mut visit: impl FnMut(FrameNumber)) {
        self.user_tables(process, |table| {
            if table.kind == TableKind::Leaf && table.presence == Presence::Valid {
                visit(table.frame);
            }
        });
    }

    /// Calls `visit` with every entry of the page table in `frame`.
    pub(crate) fn entries(&self, frame: FrameNumber, mut visit: impl FnMut(u32, u64)) {
        let mut bytes = [0; CHUNK * 8];
        for chunk in 0..512 / CHUNK {
            self.machine.read(frame, (chunk * bytes.len()) as u32, &mut bytes);
            for (index, raw) in bytes.chunks_exact(8).enumerate() {
                let raw = raw.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
                visit((chunk * CHUNK + index) as u32, raw);
            }
        }
    }
}

/// A4 for two counts of `process`.
fn equal(process: Link<Eprocess>, found: [u32; 2], recorded: [u32; 2]) -> Result<(), Corruption> {
    match found.into_iter().zip(recorded).find(|(found, recorded)| found != recorded) {
        Some((found, recorded)) => Err(Corruption::A4 { process, found, recorded }),
        None => Ok(()),
    }
}
