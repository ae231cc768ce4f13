//! What the debugger looks at, and how it reads what may not be there.
//!
//! The stop may be because of a broken link, so nothing is taken on trust: every address is found by walking page tables in
//! the frames themselves, in the address space of the process that was chosen, and a page that is not there is an answer, not
//! a fault. A structure is reached as a record only where all of it is mapped.

use core::cell::Cell;
use core::fmt;

use abi::cell::{Field, Link, Record};
use abi::nt::file::{FILE_OBJECT_TYPE, FileObject};
use abi::nt::list::ListEntry;
use abi::nt::process::Eprocess;
use abi::nt::string::UnicodeString;
use core::mem::offset_of;
use mm::MemoryManager;
use mm::layout::{FrameNumber, PAGE_SIZE, PAGE_TABLES, PhysicalAddress, SYSTEM_RANGE_START};
use mm::machine::Machine;
use mm::section::{ControlArea, ControlAreaFlags};

use crate::bugcheck::Registers;
use crate::modules::{Module, Names};
use crate::symbols::Symbols;
use crate::walk::Walk;

/// Entries of a list, or nodes of a tree, after which a walk takes it for a cycle.
pub const LONGEST_WALK: usize = 1 << 20;
/// UTF-16 units of a name that are looked at.
const LONGEST_NAME: usize = 260;

/// A system that holds still while it is looked at.
pub struct Target<'a, M> {
    /// Its memory.
    pub mm: &'a MemoryManager<M>,
    /// Head of the list of all processes.
    #[doc(alias = "PsActiveProcessHead")]
    pub processes: Link<ListEntry>,
    /// Head of the list of the kernel's modules, or null.
    #[doc(alias = "PsLoadedModuleList")]
    pub modules: Link<ListEntry>,
    /// The process that commands without an address mean. Its address space is the current one.
    pub process: Link<Eprocess>,
    /// Names of the kernel's functions.
    pub symbols: Symbols<'a>,
    /// Images whose symbols were read.
    pub images: &'a [Module<'a>],
    /// Registers of the code that stopped; none while the system runs.
    pub registers: Option<Registers>,
    /// System time, units of 100 ns.
    pub time: u64,
    /// What it was when the system started.
    pub started: u64,
    /// Whether the system was started for debugging, so that commands may change it.
    pub debugging: bool,
    /// What is known to be in memory.
    pub pages: KnownPages,
    /// Audits what the memory manager, which has been found sound, does not know of, and hands over what was found.
    pub audit: &'a Auditor<'a>,
}

/// Pages of the kernel half that were seen to be in memory, the last few. One command's, during which nothing else runs.
#[derive(Debug)]
pub struct KnownPages([Cell<u32>; 16]);

impl KnownPages {
    /// None. Nothing is ever in page 0.
    pub const NONE: Self = Self([const { Cell::new(0) }; 16]);

    /// Whether the page of `address` is in memory: known, or `mapped` says so.
    fn knows(&self, address: u32, mapped: impl Fn(u32) -> bool) -> bool {
        let page = address / PAGE_SIZE;
        let place = &self.0[page as usize % self.0.len()];
        let is_known = place.get() == page || mapped(address);
        if is_known {
            place.set(page);
        }
        is_known
    }
}

/// An audit that hands over what it found.
pub type Auditor<'a> = dyn Fn(&mut dyn FnMut(Findings<'_>)) + 'a;

/// What an audit found of all that is not memory.
#[derive(Clone, Copy, Debug)]
pub enum Findings<'a> {
    /// No invariant is broken.
    Sound {
        /// Files that are open or in memory; none where somebody is opening or closing one.
        files: Option<u32>,
        /// Pipes.
        pipes: u32,
        /// Tokens.
        tokens: u32,
    },
    /// This one is.
    Broken(&'a dyn fmt::Debug),
    /// It cannot be looked at now.
    Nothing,
}

impl<'a, M: Machine> Target<'a, M> {
    /// The names that mean addresses.
    pub fn names(&self) -> Names<'a> {
        Names { kernel: self.symbols, modules: self.images, process: self.process }
    }

    /// The process in question, where there is one.
    pub fn context(&self) -> Option<&Eprocess> {
        self.checked(self.process)
    }

    /// The page directories of the chosen process, the system's own where it has none.
    pub fn directories(&self) -> [FrameNumber; 4] {
        self.context().and_then(|process| self.directories_of(process)).unwrap_or(self.mm.system_directories())
    }

    /// The page directories of `process`, from its page-directory-pointer table.
    pub fn directories_of(&self, process: &Eprocess) -> Option<[FrameNumber; 4]> {
        self.directories_at(process.pcb.directory_table_base[0].get())
    }

    /// The page directories that the page-directory-pointer table at physical address `table` names.
    pub fn directories_at(&self, table: u32) -> Option<[FrameNumber; 4]> {
        let mut directories = [FrameNumber(0); 4];
        for (address, directory) in (table & !0x1F..).step_by(8).zip(&mut directories) {
            let mut raw = [0; 8];
            self.read_physical(PhysicalAddress(address.into()), &mut raw)?;
            *directory = mm::pte::ValidPte(u64::from_le_bytes(raw)).frame();
        }
        Some(directories)
    }

    /// Entry `index` of the page table in `frame`, where that is RAM.
    pub fn entry(&self, frame: FrameNumber, index: u32) -> Option<u64> {
        self.mm.is_ram(frame).then(|| self.mm.machine.read_entry(frame, index))
    }

    /// The page `address` lies in, as the processor would find it.
    pub fn walk(&self, address: u32) -> Walk {
        Walk::of(&self.directories(), address, |frame, index| self.entry(frame, index))
    }

    /// Fills `into` from virtual address `address` on, if all of it is in memory.
    pub fn read(&self, address: u32, into: &mut [u8]) -> Option<()> {
        let mut done = 0;
        while done < into.len() {
            let at = address.checked_add(done as u32)?;
            let step = (into.len() - done).min((PAGE_SIZE - at % PAGE_SIZE) as usize);
            let physical = self.walk(at).physical()?;
            self.read_physical(physical, &mut into[done..done + step])?;
            done += step;
        }
        Some(())
    }

    /// Fills `into`, which stays within a page, from physical address `address` on, if that is RAM.
    pub fn read_physical(&self, address: PhysicalAddress, into: &mut [u8]) -> Option<()> {
        let frame = address.frame();
        if address.0 >> 36 != 0 || !self.mm.is_ram(frame) {
            return None;
        }
        self.mm.machine.read(frame, address.0 as u32 % PAGE_SIZE, into);
        Some(())
    }

    /// The word at virtual address `address`.
    pub fn word(&self, address: u32) -> Option<u32> {
        let mut bytes = [0; 4];
        self.read(address, &mut bytes)?;
        Some(u32::from_le_bytes(bytes))
    }

    /// The record at `link`, where the kernel has all of it in memory and it is aligned.
    pub fn checked<T: Record>(&self, link: Link<T>) -> Option<&T> {
        let address = link.address();
        let last = address.checked_add(size_of::<T>() as u32 - 1)?;
        // Below the self-map the kernel half is the same in all address spaces, the system's among them.
        let inside = address >= SYSTEM_RANGE_START && last < PAGE_TABLES;
        let directories = self.mm.system_directories();
        let mapped = |address| {
            let walk = Walk::of(&directories, address, |frame, index| self.entry(frame, index));
            walk.physical().is_some_and(|at| self.mm.is_ram(at.frame()))
        };
        let is_aligned = (address as usize).is_multiple_of(align_of::<T>());
        let sound = inside && is_aligned && self.pages.knows(address, mapped) && self.pages.knows(last, mapped);
        sound.then(|| self.mm.machine.record(link))
    }

    /// The entries of the list with `head`, as far as it is whole: each names the one before, so that none comes twice.
    pub fn list(&self, head: Link<ListEntry>) -> impl Iterator<Item = Link<ListEntry>> + '_ {
        let next = move |entry: Link<ListEntry>| {
            let next = self.checked(entry)?.flink.get();
            let is_whole = next != head && self.checked(next).is_some_and(|record| record.blink.get() == entry);
            is_whole.then_some(next)
        };
        core::iter::successors(next(head), move |entry| next(*entry)).take(LONGEST_WALK)
    }

    /// All processes, oldest first.
    pub fn processes(&self) -> impl Iterator<Item = (Link<Eprocess>, &Eprocess)> {
        const LINKS: u32 = offset_of!(Eprocess, active_process_links) as u32;
        let link = |entry: Link<ListEntry>| Link::<Eprocess>::new(entry.address().wrapping_sub(LINKS));
        self.list(self.processes).map(link).filter_map(|link| Some((link, self.checked(link)?)))
    }

    /// The process that `number` means: its address, or its number.
    pub fn find_process(&self, number: u32) -> Option<(Link<Eprocess>, &Eprocess)> {
        self.processes().find(|(link, record)| link.address() == number || record.unique_process_id.get() == number)
    }

    /// The first process whose image is called `name`, in whatever case.
    pub fn process_called(&self, name: &str) -> Option<(Link<Eprocess>, &Eprocess)> {
        self.processes().find(|(_, record)| {
            let letters = record.image_file_name.iter().map(|cell| cell.get()).take_while(|letter| *letter != 0);
            letters.map(|letter| letter.to_ascii_lowercase()).eq(name.bytes().map(|letter| letter.to_ascii_lowercase()))
        })
    }

    /// The name of the file behind the section of `area`, in UTF-16 units; empty where there is none.
    pub fn file_name(&self, area: &ControlArea) -> Name {
        let flags = ControlAreaFlags::from_bits_truncate(area.flags.get());
        if !flags.contains(ControlAreaFlags::FILE) {
            return Name::EMPTY;
        }
        match self.checked::<FileObject>(area.file_pointer.get()) {
            Some(file) if file.kind.get() == FILE_OBJECT_TYPE => self.text(&file.file_name),
            _ => Name::EMPTY,
        }
    }

    /// The characters of `string`, as far as they are in memory.
    pub fn text(&self, string: &UnicodeString) -> Name {
        let (address, units) = (string.buffer.get(), u32::from(string.length.get() / 2));
        let mut name = Name::EMPTY;
        for index in 0..units.min(LONGEST_NAME as u32) {
            let Some(unit) = self.checked::<Field<u16>>(Link::new(address.wrapping_add(index * 2))) else { break };
            name.units[name.length] = unit.get();
            name.length += 1;
        }
        name
    }
}

/// A name as the system keeps it.
#[derive(Clone, Copy)]
pub struct Name {
    units: [u16; LONGEST_NAME],
    length: usize,
}

impl Name {
    /// None.
    pub const EMPTY: Self = Self { units: [0; LONGEST_NAME], length: 0 };

    /// `units`, as far as there is room.
    pub fn of(units: impl IntoIterator<Item = u16>) -> Self {
        let mut name = Self::EMPTY;
        for (place, unit) in name.units.iter_mut().zip(units) {
            *place = unit;
            name.length += 1;
        }
        name
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Its UTF-16 units.
    pub fn units(&self) -> &[u16] {
        &self.units[..self.length]
    }

    /// Whether it is `text`.
    pub fn is(&self, text: &str) -> bool {
        text.encode_utf16().eq(self.units[..self.length].iter().copied())
    }

    /// Whether it is `text` but for the case of its letters.
    pub fn is_like(&self, text: &str) -> bool {
        let lower = |unit: u16| u8::try_from(unit).map_or(unit, |letter| letter.to_ascii_lowercase().into());
        text.encode_utf16().map(lower).eq(self.units[..self.length].iter().copied().map(lower))
    }

    /// What follows the last backslash.
    pub fn file(&self) -> Self {
        let units = &self.units[..self.length];
        let start = units.iter().rposition(|unit| *unit == u16::from(b'\\')).map_or(0, |at| at + 1);
        let mut file = Self::EMPTY;
        file.length = self.length - start;
        file.units[..file.length].copy_from_slice(&units[start..]);
        file
    }

    /// What stands before the last dot.
    pub fn stem(&self) -> Self {
        let units = &self.units[..self.length];
        let length = units.iter().rposition(|unit| *unit == u16::from(b'.')).unwrap_or(self.length);
        Self { length, ..*self }
    }
}

impl core::fmt::Display for Name {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        use core::fmt::Write;
        let characters = char::decode_utf16(self.units[..self.length].iter().copied());
        characters
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .try_for_each(|unit| formatter.write_char(unit))
    }
}
