//! `!memusage`: what the frames of RAM are used for.
//!
//! The first table counts the records of all frames; the second asks each section's prototype PTEs and each process's page
//! tables. What is in use and belongs to none of them is the system's own.

use core::fmt::{self, Write};

use abi::cell::Link;
use abi::nt::process::Eprocess;
use mm::frame::Location;
use mm::layout::{ENTRIES_PER_TABLE, FrameNumber, VirtualPage};
use mm::machine::Machine;
use mm::pte::{LARGE_PAGE, PROTOTYPE, PrototypePte, Pte, PteCell};
use mm::section::{ControlArea, Subsection};
use mm::vad::VadFlags;
use mm::virtual_memory::AweInfo;

use super::vad::vad_at;
use super::{Arguments, Done};
use crate::target::{LONGEST_WALK, Target};

const LOCATIONS: [&str; 8] =
    ["Zeroed", "Free", "Standby", "Modified", "ModifiedNoWrite", "Bad", "Active/Valid", "Transition"];
/// The order of the lines.
const ORDER: [usize; 8] = [0, 1, 2, 3, 4, 6, 7, 5];
/// Page directories, working-set list and its page table: what a process has beside its page tables.
const FIXED_TABLES: u32 = 5;

/// Frames of one user.
#[derive(Clone, Copy, Default)]
struct Usage {
    valid: u32,
    standby: u32,
    dirty: u32,
    shared: u32,
    locked: u32,
    page_tables: u32,
}

/// `!memusage`.
pub(super) fn memusage<'a, M: Machine>(
    target: &Target<'_, M>,
    arguments: &mut Arguments<'a>,
    out: &mut dyn Write,
) -> Done<'a> {
    arguments.end()?;
    writeln!(out, " loading PFN database\nloading (100% complete)")?;
    let counts = count_locations(target);
    let total: u32 = counts.iter().sum();
    let unknown = [("Unknown", 0), ("TOTAL", total)];
    let lines = ORDER.into_iter().map(|index| (LOCATIONS[index], counts[index]));
    for (name, count) in lines.chain(unknown) {
        writeln!(out, "{name:>19}: {count:>8} ({:>8} kb)", u64::from(count) * 4)?;
    }
    writeln!(out, "  Usage Summary (in Kb):\nControl   Valid Standby Dirty Shared Locked PageTables  name")?;
    let mut active = counts[Location::Active as usize];
    for (area, record) in target.control_areas() {
        let usage = section(target, area);
        active = active.saturating_sub(usage.valid);
        section_row(target, area, record, usage, out)?;
    }
    // The System process has no user half: what is left is its own.
    for (_, process) in target.processes().filter(|(_, process)| process.pae_top.get() != 0) {
        let usage = process_usage(target, process);
        active = active.saturating_sub(usage.valid + usage.page_tables);
        process_row(usage, format_args!("{}", ImageName(process)), out)?;
    }
    Ok(process_row(Usage { valid: active, ..Usage::default() }, format_args!("System"), out)?)
}

fn count_locations<M: Machine>(target: &Target<'_, M>) -> [u32; 8] {
    let mut counts = [0; 8];
    let (lowest, highest, _) = target.mm.physical_pages();
    for frame in (lowest.0..=highest.0).map(FrameNumber).filter(|frame| target.mm.is_ram(*frame)) {
        counts[target.mm.frame(frame).location() as usize] += 1;
    }
    counts
}

impl Usage {
    /// Counts a frame that is in use.
    fn add_valid<M: Machine>(&mut self, target: &Target<'_, M>, frame: FrameNumber) {
        self.valid += 1;
        if target.mm.is_ram(frame) {
            let record = target.mm.frame(frame);
            self.shared += u32::from(record.share_count() > 1);
            self.locked += u32::from(record.reference_count.get() > 1);
        }
    }

    /// Counts a frame that a transition PTE names.
    fn add_parked<M: Machine>(&mut self, target: &Target<'_, M>, frame: FrameNumber) {
        match target.mm.is_ram(frame).then(|| target.mm.frame(frame).location()) {
            Some(Location::Standby) => self.standby += 1,
            Some(Location::Modified | Location::ModifiedNoWrite) => self.dirty += 1,
            _ => {}
        }
    }
}

fn section<M: Machine>(target: &Target<'_, M>, link: Link<ControlArea>) -> Usage {
    let mut usage = Usage::default();
    let first: Link<Subsection> = link.offset(size_of::<ControlArea>() as u32);
    let next = |subsection: &Link<Subsection>| target.checked(*subsection)?.next_subsection.get().some();
    let most = target.checked(link).map_or(0, |area| area.number_of_subsections.get());
    let subsections = core::iter::successors(Some(first), next).take(most.into());
    let cells = subsections.map_while(|subsection| target.checked(subsection)).flat_map(|subsection| {
        let base = subsection.subsection_base.get();
        let made = if base.is_null() { 0 } else { subsection.ptes_in_subsection.get() };
        (0..made).map(move |index| base.offset::<PteCell>(index * 8))
    });
    for cell in cells.take(LONGEST_WALK).map_while(|cell| target.checked(cell)) {
        match PrototypePte::decode(cell.load()) {
            PrototypePte::Valid(valid) => usage.add_valid(target, valid.frame()),
            PrototypePte::Transition(frame, _) => usage.add_parked(target, frame),
            _ => {}
        }
    }
    usage
}

/// The private pages, AWE frames and page tables of `process`. What cannot be paged counts as locked.
fn process_usage<M: Machine>(target: &Target<'_, M>, process: &Eprocess) -> Usage {
    let mut usage = Usage::default();
    let Some([low, high, ..]) = target.directories_of(process) else { return usage };
    usage.page_tables = FIXED_TABLES;
    if let Some(info) = target.checked(Link::<AweInfo>::new(process.awe_info.get())) {
        // Those that are mapped are met in the page tables.
        usage.valid += info.frames.get().saturating_sub(info.mapped.get());
        usage.locked += info.frames.get();
    }
    for (directory, half) in [(low, 0), (high, 512)] {
        for index in 0..512 {
            let entry = target.entry(directory, index).map_or(Pte::Empty, Pte::decode);
            let table = match entry {
                Pte::Valid(large) if large.has(LARGE_PAGE) => {
                    usage.valid += ENTRIES_PER_TABLE;
                    usage.locked += ENTRIES_PER_TABLE;
                    continue;
                }
                Pte::Valid(table) => table,
                // One that was trimmed has no entry left with a page in memory.
                Pte::Transition(frame, _) => {
                    usage.add_parked(target, frame);
                    continue;
                }
                _ => continue,
            };
            usage.page_tables += 1;
            let first = (half + index) * ENTRIES_PER_TABLE;
            for (page, raw) in
                (0..512).filter_map(|entry| Some((VirtualPage(first + entry), target.entry(table.frame(), entry)?)))
            {
                match Pte::decode(raw) {
                    Pte::Valid(_) if shows_physical_memory(target, process, page) => {}
                    Pte::Valid(valid) if raw & PROTOTYPE == 0 => usage.add_valid(target, valid.frame()),
                    Pte::Transition(frame, _) => usage.add_parked(target, frame),
                    _ => {}
                }
            }
        }
    }
    usage
}

/// Whether `page` belongs to a view of physical memory, which is nobody's.
fn shows_physical_memory<M: Machine>(target: &Target<'_, M>, process: &Eprocess, page: VirtualPage) -> bool {
    vad_at(target, process, page.0).is_some_and(|(_, node)| node.flags().has(VadFlags::PHYSICAL_MAPPING))
}

fn section_row<M: Machine>(
    target: &Target<'_, M>,
    link: Link<ControlArea>,
    area: &ControlArea,
    usage: Usage,
    out: &mut dyn Write,
) -> fmt::Result {
    let [valid, standby, dirty] = [usage.valid, usage.standby, usage.dirty].map(|count| count * 4);
    let [shared, locked, tables] = [usage.shared, usage.locked, usage.page_tables].map(|count| count * 4);
    write!(out, "{:08x} {valid:>6} {standby:>7} {dirty:>5} {shared:>6} {locked:>6} {tables:>10}  ", link.address())?;
    let name = target.file_name(area).file();
    match name.is_empty() {
        true => writeln!(out, "Page File Section"),
        false => writeln!(out, "mapped_file( {name} )"),
    }
}

fn process_row(usage: Usage, name: fmt::Arguments<'_>, out: &mut dyn Write) -> fmt::Result {
    let [valid, standby, dirty] = [usage.valid, usage.standby, usage.dirty].map(|count| count * 4);
    let [locked, tables] = [usage.locked, usage.page_tables].map(|count| count * 4);
    let shared = "-----";
    writeln!(
        out,
        "-------- {valid:>6} {standby:>7} {dirty:>5} {shared:>6} {locked:>6} {tables:>10}  process ( {name} )"
    )
}

/// The name of a process's image.
pub(super) struct ImageName<'a>(pub(super) &'a Eprocess);

impl fmt::Display for ImageName<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 16];
        let letters = self.0.image_file_name.iter().map(|cell| cell.get()).take_while(|letter| *letter != 0);
        let mut length = 0;
        for letter in letters.map(|letter| if letter.is_ascii_graphic() || letter == b' ' { letter } else { b'?' }) {
            bytes[length] = letter;
            length += 1;
        }
        formatter.pad(core::str::from_utf8(&bytes[..length]).unwrap_or("?"))
    }
}
