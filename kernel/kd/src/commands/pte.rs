//! `!pte` and `!vtop`: how an address is translated.

use core::fmt::{self, Write};

use mm::layout::{HIGHEST_USER_ADDRESS, PAGE_TABLES, PAGE_TABLES_END, VirtualAddress};
use mm::machine::Machine;
use mm::protection::Protection;
use mm::pte::{
    ACCESSED, CACHE_DISABLE, COPY_ON_WRITE, DIRTY, GLOBAL, LARGE_PAGE, NO_EXECUTE, OWNER, Pte, VALID, ValidPte, WRITE,
    WRITE_THROUGH, pte_of,
};

use super::{Arguments, Done, Problem};
use crate::names;
use crate::target::Target;
use crate::walk::{Step, Walk};

/// Where the second column begins.
const COLUMN: usize = 27;

/// The flags of a valid entry, a letter each; `-` where a bit is clear.
struct FlagLetters(u64);

impl fmt::Display for FlagLetters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raw = self.0;
        let letter = |bit: u64, set: char, clear: char| if raw & bit != 0 { set } else { clear };
        let letters = [
            letter(COPY_ON_WRITE, 'C', '-'),
            letter(GLOBAL, 'G', '-'),
            letter(LARGE_PAGE, 'L', '-'),
            letter(DIRTY, 'D', '-'),
            letter(ACCESSED, 'A', '-'),
            letter(CACHE_DISABLE, 'N', '-'),
            letter(WRITE_THROUGH, 'T', '-'),
            letter(OWNER, 'U', 'K'),
            letter(WRITE, 'W', 'R'),
            letter(NO_EXECUTE, '-', 'E'),
            letter(VALID, 'V', '-'),
        ];
        letters.into_iter().try_for_each(|letter| formatter.write_char(letter))
    }
}

/// `!pte VA`; an address in the self-map means the page whose PTE stands there. `!pte VA write` sets the write bit first.
pub(super) fn pte<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let address = arguments.needed("!pte needs an address")?;
    let address =
        if (PAGE_TABLES..PAGE_TABLES_END).contains(&address) { (address - PAGE_TABLES) >> 3 << 12 } else { address };
    match arguments.word() {
        None => {}
        Some("write") => {
            arguments.end()?;
            set_write_bit(target, address)?;
        }
        Some(word) => return Err(Problem::Unexpected(word)),
    }
    let walk = target.walk(address);
    let cell = |shift: u32, base: u32| base + (address >> shift << 3);
    writeln!(out, "               VA {address:08x}")?;
    let (pde, pte) = (cell(21, mm::layout::PAGE_DIRECTORIES), cell(12, PAGE_TABLES));
    writeln!(out, "PDE at {pde:08X}         PTE at {pte:08X}")?;
    let Some(directory) = walk.directory else { return Ok(writeln!(out, "contains ????????????????")?) };
    match walk.table {
        Some(table) => {
            writeln!(out, "contains {:016X}  contains {:016X}", directory.raw, table.raw)?;
            frame_and_flags(directory.raw, out)?;
            second_column(table.raw, out)?;
        }
        None if walk.is_large() => {
            writeln!(out, "contains {:016X}", directory.raw)?;
            frame_and_flags(directory.raw, out)?;
            let frame = ValidPte(directory.raw).frame().0 + (address >> 12 & 0x1FF);
            writeln!(out, "LARGE PAGE pfn {frame:x}")?;
        }
        None => {
            writeln!(out, "contains {:016X}", directory.raw)?;
            not_valid(directory.raw, 0, out)?;
        }
    }
    Ok(())
}

/// Sets the write bit of the PTE of `address` by hand, past all that the memory manager knows of the page: what is then stored
/// there is stored in the frame, and whoever shares it sees it. The audit finds the entry (T3).
fn set_write_bit<'a, M: Machine>(target: &Target<'_, M>, address: u32) -> Done<'a> {
    if !target.debugging {
        return Err(Problem::Say("a PTE is changed only where the kernel has the option debug"));
    }
    let table = target.walk(address).table.filter(|step| step.is_valid() && address <= HIGHEST_USER_ADDRESS);
    let Some(step) = table else { return Err(Problem::Say("no page of a program is in memory there")) };
    let page = VirtualAddress(address).page();
    let machine = &target.mm.machine;
    machine.exchange(machine.record(pte_of(page)), step.raw | WRITE);
    machine.flush(page);
    Ok(())
}

/// The first column's last line: frame and flags, filled up.
fn frame_and_flags(raw: u64, out: &mut dyn Write) -> fmt::Result {
    write!(out, "pfn {:<7x}{}{:5}", ValidPte(raw).frame().0, FlagLetters(raw), "")
}

fn second_column(raw: u64, out: &mut dyn Write) -> fmt::Result {
    if raw & VALID != 0 {
        return writeln!(out, "pfn {:<7x}{}", ValidPte(raw).frame().0, FlagLetters(raw));
    }
    not_valid(raw, COLUMN, out)
}

/// What an entry that is not valid says, with lines after the first `indent` columns in.
fn not_valid(raw: u64, indent: usize, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "not valid")?;
    let protection = match Pte::decode(raw) {
        Pte::Empty | Pte::Valid(_) => return Ok(()),
        Pte::DemandZero(protection) => {
            writeln!(out, "{:indent$} DemandZero", "")?;
            protection
        }
        Pte::PagingFile(page) => {
            writeln!(out, "{:indent$} PageFile: {:>2}", "", page.file)?;
            writeln!(out, "{:indent$} Offset: {:x}", "", page.offset)?;
            page.protection
        }
        Pte::Transition(frame, protection) => {
            writeln!(out, "{:indent$} Transition: {:x}", "", frame.0)?;
            protection
        }
        Pte::Prototype(cell, protection) => {
            writeln!(out, "{:indent$} Proto: {:08X}", "", cell.address())?;
            // Zero: the prototype PTE's own is meant.
            if protection == Protection::ZERO {
                return Ok(());
            }
            protection
        }
        Pte::LookInVad(protection) => {
            writeln!(out, "{:indent$} Proto: VAD", "")?;
            protection
        }
    };
    let (name, kind) = names::in_entry(protection);
    writeln!(out, "{:indent$} Protect: {:x} - {name}{kind}", "", protection.code())
}

/// `!vtop [DIRBASE] VA`; without a directory base, or with 0, in the chosen process.
pub(super) fn vtop<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let first = arguments.needed("!vtop needs an address")?;
    let second = arguments.number()?;
    arguments.end()?;
    let (base, address) = second.map_or((0, first), |address| (first, address));
    let own = target.context().map_or(0, |process| process.pcb.directory_table_base[0].get());
    let (base, directories) = match base {
        0 => (own, target.directories()),
        base => {
            (base, target.directories_at(base).ok_or(Problem::Say("there is no page-directory-pointer table there"))?)
        }
    };
    let walk = Walk::of(&directories, address, |frame, index| target.entry(frame, index));
    let [top, directory, table] = [address >> 30, address >> 21 & 0x1FF, address >> 12 & 0x1FF];
    let offset = address & 0xFFF;
    writeln!(out, "X86VtoP: Virt {address:08x}, pagedir {base:x}")?;
    writeln!(out, "X86VtoP: 2-9-9-12 {top:x} {directory:03x} {table:03x} {offset:03x}")?;
    let table = directories[top as usize].address().0;
    writeln!(out, "X86VtoP: PAE PDPE {:x} - {:016x}", u64::from(base) + u64::from(top) * 8, table | VALID)?;
    step(walk.directory, if walk.is_large() { "Large page PDE" } else { "PDE " }, out)?;
    step(walk.table, "PTE ", out)?;
    match walk.physical() {
        Some(physical) => {
            writeln!(out, "X86VtoP: PAE Mapped phys {:x}", physical.0)?;
            writeln!(out, "Virtual address {address:x} translates to physical address {:x}.", physical.0)?;
        }
        None => writeln!(out, "Virtual address {address:x} is not in memory.")?,
    }
    Ok(())
}

fn step(step: Option<Step>, name: &str, out: &mut dyn Write) -> fmt::Result {
    match step {
        Some(step) => writeln!(out, "X86VtoP: PAE {name} {:x} - {:016x}", step.physical().0, step.raw),
        None => Ok(()),
    }
}
