//! `!ws`: the working-set list of a process.

use core::fmt::{self, Write};

use abi::nt::process::Eprocess;
use mm::layout::{FrameNumber, PAGE_SHIFT, WINDOWS, WORKING_SET_LIST};
use mm::machine::Machine;
use mm::working_set::wsle;

use super::{Arguments, Done, Problem, process};
use crate::target::Target;
use crate::walk::Walk;

/// A line for each page.
const PAGES: u32 = 1;
/// Words of the list's head that are shown, in the order of `_MMWSL`.
const HEAD: u32 = 11;

/// `!ws [ADDRESS | ID | 0] [FLAGS]`.
pub(super) fn ws<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    let which = arguments.number()?.unwrap_or(0);
    let flags = arguments.number()?.unwrap_or(0);
    arguments.end()?;
    let (link, record) = match which {
        0 => (target.process, target.context().ok_or(Problem::Say("there is no process yet"))?),
        number => target.find_process(number).ok_or(Problem::NoProcess(number))?,
    };
    process::one(target, link, record, 0, out)?;
    let list = List { target, directories: target.directories_of(record).unwrap_or(target.mm.system_directories()) };
    list.show(record, flags, out)
}

/// A list in the address space of its process.
struct List<'a, M> {
    target: &'a Target<'a, M>,
    directories: [FrameNumber; 4],
}

impl<M: Machine> List<'_, M> {
    fn walk(&self, address: u32) -> Walk {
        Walk::of(&self.directories, address, |frame, index| self.target.entry(frame, index))
    }

    /// The word at `address` of the process, where that is in memory.
    fn word(&self, address: u32) -> Option<u32> {
        let mut bytes = [0; 4];
        self.target.read_physical(self.walk(address).physical()?, &mut bytes)?;
        Some(u32::from_le_bytes(bytes))
    }

    fn show<'a>(&self, record: &Eprocess, flags: u32, out: &mut dyn Write) -> Done<'a> {
        let mut head = [0; HEAD as usize];
        for (place, word) in (0..).zip(&mut head) {
            let Some(found) = self.word(WORKING_SET_LIST + place * 4) else {
                return Err(Problem::Say("the process has no working-set list"));
            };
            *word = found;
        }
        let [quota, free, dynamic, last, next, entries, initialised, indirect, table, size, _] = head;
        writeln!(out, "Working Set @ {WORKING_SET_LIST:08x}")?;
        writeln!(out, "    Quota:     {quota:>8x}  FirstFree: {free:>8x}  FirstDynamic:    {dynamic:>8x}")?;
        writeln!(out, "    LastEntry  {last:>8x}  NextSlot:  {next:>8x}  LastInitialized  {initialised:>8x}")?;
        writeln!(out, "    NonDirect  {indirect:>8x}  HashTable: {table:>8x}  HashTableSize:   {size:>8x}")?;
        // The list lies between its head and the windows, whatever it says.
        let places = (0..=last).map_while(|index| entries.checked_add(index.checked_mul(4)?));
        let inside = places.take_while(|at| (WORKING_SET_LIST..WINDOWS).contains(at));
        let words = inside.map_while(|at| self.word(at));
        let mut ages = [0u32; 4];
        let (mut valid, mut locked) = (0u32, 0u32);
        if flags & PAGES != 0 {
            writeln!(out, "\nVirtual Address      Age   Locked   ReferenceCount")?;
        }
        for word in words.filter(|word| word & wsle::VALID != 0) {
            ages[(word >> wsle::AGE_SHIFT & 3) as usize] += 1;
            valid += 1;
            locked += u32::from(word & wsle::LOCKED != 0);
            if flags & PAGES != 0 {
                self.row(word, out)?;
            }
        }
        writeln!(
            out,
            "\n    {valid} pages, {locked} of them locked; WorkingSetSize {}",
            record.vm.working_set_size.get()
        )?;
        let [zero, one, two, three] = ages;
        Ok(writeln!(out, "    by age: {zero} used lately, {one} of age 1, {two} of age 2, {three} of age 3")?)
    }

    fn row(&self, word: u32, out: &mut dyn Write) -> fmt::Result {
        let address = word >> PAGE_SHIFT << PAGE_SHIFT;
        let age = word >> wsle::AGE_SHIFT & 3;
        let locked = if word & wsle::LOCKED != 0 { "Y" } else { "" };
        write!(out, "        {address:08x} {age:>7}  {locked:>5}")?;
        match self.walk(address).physical().map(|at| at.frame()).filter(|frame| self.target.mm.is_ram(*frame)) {
            Some(frame) => writeln!(out, " {:>7}", self.target.mm.frame(frame).reference_count.get()),
            None => writeln!(out, "       ?"),
        }
    }
}
