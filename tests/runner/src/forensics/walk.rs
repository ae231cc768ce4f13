//! The page tables of a dump as a tool outside follows them, and whether that comes to what the kernel says.
//!
//! It is the rules of Volatility 3 written anew, so that they are checked where it is not installed: valid entries and those in transition are
//! followed, bit 7 of an entry of a page directory makes 2 MB of it, bit 7 of another that is not valid makes a page in a paging file of it.

use std::collections::BTreeMap;

use super::expected::Scene;
use crate::truth::{PAGE, Place, Process};

const VALID: u64 = 1 << 0;
const LARGE: u64 = 1 << 7;
const PROTOTYPE: u64 = 1 << 10;
const TRANSITION: u64 = 1 << 11;
const FRAME: u64 = 0x0000_000F_FFFF_F000;
/// Entries of a page directory or page table.
const ENTRIES: u32 = 512;
/// Page directories of the user half.
const USER: usize = 2;
/// The most that is told of what differs.
const TOLD: usize = 5;

/// Compares what the tables of `process` lead to, in the user half, with the truth.
///
/// # Errors
/// What differs.
pub fn check(scene: &Scene, process: &Process) -> Result<(), String> {
    let walked = walk(scene, process.row.word("directory_table"));
    let told: BTreeMap<u32, Place> = process
        .pages
        .iter()
        .filter(|(_, page)| page.hidden.is_none())
        .map(|(number, page)| (*number, page.place))
        .collect();
    let pages = walked.keys().chain(told.keys());
    let mut differing: Vec<u32> = pages.copied().filter(|page| walked.get(page) != told.get(page)).collect();
    differing.sort_unstable();
    differing.dedup();
    // A directory's entry for a table in a paging file has bit 7 and is not valid: nothing that it leads to is a page.
    differing.retain(|page| !process.tables.contains(&(page / ENTRIES * ENTRIES)));
    if told.is_empty() {
        return Err(format!("nothing is seen of {}", process.row.text("name")));
    }
    if differing.is_empty() {
        return Ok(());
    }
    let line = |page: &u32| format!("page {page:x}: {:?}, and the kernel says {:?}", walked.get(page), told.get(page));
    let lines: Vec<_> = differing.iter().take(TOLD).map(line).collect();
    Err(format!("{} pages differ\n{}", differing.len(), lines.join("\n")))
}

fn walk(scene: &Scene, table: u32) -> BTreeMap<u32, Place> {
    let mut found = BTreeMap::new();
    for (half, pointer) in (0..).zip(entries(scene, table.into(), USER)) {
        for (index, directory) in (0..ENTRIES).zip(entries(scene, pointer & FRAME, ENTRIES as usize)) {
            let first = (half * ENTRIES + index) * ENTRIES;
            if directory & LARGE != 0 && is_followed(directory) {
                let frame = frame(directory) & !(ENTRIES - 1);
                found.extend((0..ENTRIES).map(|page| (first + page, Place::Frame(frame + page))));
            } else if is_followed(directory) {
                let entries = entries(scene, directory & FRAME, ENTRIES as usize);
                found.extend((first..).zip(entries).filter_map(|(page, entry)| Some((page, place(entry)?))));
            }
        }
    }
    found
}

/// The entry for `address` below the page-directory-pointer table `table`: of its page, or of the 2 MB that it is in, or of a page table that is
/// not in RAM, as the second word says.
pub(super) fn entry(scene: &Scene, table: u32, address: u32) -> (u64, bool) {
    let at = |table: u64, index: u32| entries(scene, table + u64::from(index) * 8, 1).first().copied().unwrap_or(0);
    let pointer = at(table.into(), address >> 30);
    let directory = at(pointer & FRAME, address >> 21 & (ENTRIES - 1));
    match is_followed(directory) && directory & LARGE == 0 {
        true => (at(directory & FRAME, address >> 12 & (ENTRIES - 1)), true),
        false => (directory, false),
    }
}

/// The bytes at `address` as a tool outside reads them by the tables below `table`, within a page; nothing where it cannot.
pub(super) fn bytes(scene: &Scene, table: u32, address: u32, length: usize) -> Option<Vec<u8>> {
    let (entry, small) = entry(scene, table, address);
    let mask = if small { PAGE - 1 } else { ENTRIES * PAGE - 1 };
    let start = entry & FRAME & !u64::from(mask);
    is_followed(entry).then(|| scene.memory.physical(start + u64::from(address & mask), length))
}

fn is_followed(entry: u64) -> bool {
    entry & VALID != 0 || entry & (TRANSITION | PROTOTYPE) == TRANSITION
}

fn place(entry: u64) -> Option<Place> {
    if is_followed(entry) {
        return Some(Place::Frame(frame(entry)));
    }
    let (file, offset) = ((entry >> 1 & 0xF) as u32, (entry >> 32) as u32);
    let paged = entry & (TRANSITION | PROTOTYPE) == 0 && entry & LARGE != 0 && offset != 0;
    paged.then_some(Place::PagingFile { file, offset })
}

fn frame(entry: u64) -> u32 {
    u32::try_from((entry & FRAME) / u64::from(PAGE)).unwrap_or(u32::MAX)
}

fn entries(scene: &Scene, table: u64, count: usize) -> Vec<u64> {
    let bytes = scene.memory.physical(table, count * 8);
    bytes.as_chunks::<8>().0.iter().map(|entry| u64::from_le_bytes(*entry)).collect()
}
