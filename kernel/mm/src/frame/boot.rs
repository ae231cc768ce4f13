//! The frame database at start-up: what RAM there is, and what the boot code already uses.

use abi::cell::Link;

use super::lists::{Color, End};
use super::record::{Flags, Location};
use super::run::FrameRun;
use crate::MemoryManager;
use crate::layout::{
    ENTRIES_PER_TABLE, FrameNumber, PAGE_TABLES, PAGE_TABLES_END, SYSTEM_RANGE_START, VirtualAddress, VirtualPage,
    WINDOWS,
};
use crate::machine::Machine;
use crate::pte::{LARGE_PAGE, Pte, PteCell, VALID, ValidPte, pde_of, pte_of};

/// What the boot code hands to the memory manager. The frame database is mapped and full of zeros.
#[derive(Clone, Copy, Debug)]
pub struct BootMemory<'a> {
    /// All RAM the processor can address, ascending, disjoint, including what is in use. At most 32 runs.
    pub ram: &'a [FrameRun],
    /// Frames in use already: kernel image, page tables, frame database, modules, stacks. Disjoint, inside `ram`.
    pub used: &'a [FrameRun],
    /// Frames that are known to be bad, in any order; they may be in use or no RAM, and overlap.
    pub bad: &'a [FrameRun],
    /// The page directories of the System process; number 2 is shared by all processes.
    pub directories: [FrameNumber; 4],
    /// First kernel address and first physical address (bytes) of page-directory-pointer tables, 32 bytes each, full of
    /// zeros and mapped, and how many fit.
    pub pointer_tables: (u32, u32, u32),
    /// The frame of KUSER_SHARED_DATA.
    pub shared_data: FrameNumber,
    /// Whether the processor has NX and it is enabled.
    pub no_execute: NoExecute,
}

/// Whether the processor can forbid instruction fetches from a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoExecute {
    /// Bit 63 of a PTE is NX.
    Enabled,
    /// Bit 63 is reserved.
    Absent,
}

impl BootMemory<'_> {
    /// RAM that is in use or bad.
    pub(super) fn taken(&self) -> impl Iterator<Item = FrameRun> {
        self.used.iter().chain(self.bad).copied()
    }

    /// RAM that is bad and that nothing uses, in runs that do not overlap.
    pub(crate) fn unused_bad(&self) -> impl Iterator<Item = FrameRun> {
        let unused = self.ram.iter().flat_map(|run| run.without(|| self.used.iter().copied()));
        // What is left of a run without its good parts.
        unused.flat_map(move |run| run.without(move || run.without(|| self.bad.iter().copied())))
    }
}

impl<M: Machine> MemoryManager<M> {
    /// Fills the database, which is full of zeros: used frames are active, bad ones retired, all others go on the Free list.
    #[doc(alias = "MiInitializePfnDatabase")]
    pub(crate) fn initialise_frames(&self, boot: &BootMemory<'_>) {
        for frame in boot.used.iter().flat_map(|run| run.frames()) {
            self.own_boot_frame(frame);
        }
        self.describe_system_tables(boot);
        for frame in boot.unused_bad().flat_map(|run| run.frames()) {
            self.frame(frame).start(Color::of(frame), Location::Bad, Flags::empty());
            self.insert(frame, Location::Bad, End::Tail, Flags::PARITY_ERROR);
        }
        self.free_all_unused(boot);
    }

    fn own_boot_frame(&self, frame: FrameNumber) {
        let record = self.frame(frame);
        record.u2.set(1);
        record.reference_count.set(1);
        record.start(Color::of(frame), Location::Active, Flags::CACHED);
    }

    /// Walks the kernel half as the boot code left it and names the entry that names each frame (F6). Share counts are what
    /// mappings and, for page tables, entries give (F7); what nothing maps, a module, keeps one.
    fn describe_system_tables(&self, boot: &BootMemory<'_>) {
        for frame in boot.used.iter().flat_map(|run| run.frames()) {
            self.frame(frame).u2.set(0);
        }
        let top = boot.directories[3];
        for (index, directory) in boot.directories.iter().enumerate() {
            let pde = pde_of(VirtualAddress(PAGE_TABLES + ((index as u32) << 21)).page());
            self.frame(*directory).set_pte(pde, top);
            let valid = (0..512).filter(|entry| self.machine.read_entry(*directory, *entry) & VALID != 0);
            let entries = valid.count() as u32;
            self.frame(*directory).u2.set(1 + entries);
        }
        let tables = (SYSTEM_RANGE_START..=u32::MAX).step_by(0x20_0000);
        for page in tables.map(|address| VirtualAddress(address).page()) {
            if (PAGE_TABLES..PAGE_TABLES_END).contains(&page.address().0) {
                continue;
            }
            let directory = boot.directories[(page.0 >> 18) as usize];
            if let Pte::Valid(pde) = Pte::decode(self.machine.record(pde_of(page)).load()) {
                if pde.has(LARGE_PAGE) {
                    self.describe_large_page(pde_of(page), pde.frame(), directory);
                    continue;
                }
                self.frame(pde.frame()).set_pte(pde_of(page), directory);
                // What stands in the windows changes with every use: it names nothing.
                if page != VirtualAddress(WINDOWS).page() {
                    self.describe_table(page, pde);
                }
            }
        }
        for frame in boot.used.iter().flat_map(|run| run.frames()) {
            self.frame(frame).u2.update(|shares| shares.max(1));
        }
    }

    /// The frames from `first` on that the entry `pde` of `directory` maps all by itself: it is what names each.
    fn describe_large_page(&self, pde: Link<PteCell>, first: FrameNumber, directory: FrameNumber) {
        for frame in (FrameRun { base: first, count: ENTRIES_PER_TABLE }).frames() {
            self.frame(frame).u2.update(|shares| shares + 1);
            self.frame(frame).set_pte(pde, directory);
        }
    }

    fn describe_table(&self, first: VirtualPage, table: ValidPte) {
        self.frame(table.frame()).u2.update(|shares| shares + 1);
        for page in (first.0..first.0 + 512).map(VirtualPage) {
            let Pte::Valid(pte) = Pte::decode(self.machine.record(pte_of(page)).load()) else { continue };
            self.frame(table.frame()).u2.update(|shares| shares + 1);
            if self.is_ram(pte.frame()) {
                let frame = self.frame(pte.frame());
                frame.u2.update(|shares| shares + 1);
                if frame.pte().is_null() {
                    frame.set_pte(pte_of(page), table.frame());
                }
            }
        }
    }
}
