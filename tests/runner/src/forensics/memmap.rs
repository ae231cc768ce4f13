//! `windows.memmap`: page by page, where the tool finds each, and what it finds there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::compare::Verdict;
use super::expected::Scene;
use crate::error::{Error, Result};
use crate::truth::{Hidden, PAGE, Place, Process};

/// First page of the kernel half.
const KERNEL: u32 = 0x8_0000;
/// Pages through which the kernel looks at frames; it looks on while it tells.
const WINDOWS: std::ops::Range<u32> = 0xC_0A00..0xC_0C00;
/// Why they are not compared.
const MOVING: &str = "the kernel moves it while it tells";
/// The self-map: page tables as pages.
const SELF_MAP: std::ops::Range<u32> = 0xC_0000..0xC_0800;
/// Why an entry of the self-map is not compared: entries of page directories are no entries of page tables.
const TABLE_PAGED: &str = "its page table is paged out";

/// A page as the tool has it: its address in RAM or in the paging file, and where in the dump file its contents are.
#[derive(Clone, Copy)]
struct Found {
    physical: u64,
    offset: u64,
}

/// Compares the rows for `process`, and the contents that were written to `contents`.
///
/// # Errors
/// [`Error::Host`] when what was written cannot be read.
pub fn compare(scene: &Scene, process: &Process, rows: &[Map<String, Value>], contents: &Path) -> Result<Verdict> {
    let contents = fs::read(contents).map_err(Error::file("reading", contents))?;
    let mut found = pages(rows);
    let mut verdict = Verdict { rows: found.len(), ..Verdict::default() };
    for (number, page) in &process.pages {
        let here = found.remove(number);
        let expected = match page.place {
            Place::Frame(frame) => u64::from(frame),
            Place::PagingFile { offset, .. } => u64::from(offset),
            Place::MappedFile => 0,
        } * u64::from(PAGE);
        match (here, page.hidden) {
            (None, Some(hidden)) => verdict.hide(&hidden.to_string()),
            (None, None) => verdict.differing.push(format!("page {number:x}: is missing")),
            (Some(here), _) if here.physical != expected => {
                verdict.differing.push(format!("page {number:x}: is at {:x}, and not {expected:x}", here.physical));
            }
            (Some(here), _) => judge(scene, process, *number, here, &contents, &mut verdict),
        }
    }
    for table in &process.tables {
        verdict.hide(&Hidden::Table.to_string());
        // What it takes from the directory's entry instead is no page.
        found.retain(|page, _| page / 512 != table / 512);
    }
    kernel(process, &mut found, &mut verdict);
    verdict.differing.extend(found.keys().map(|page| format!("page {page:x}: not in the truth")));
    Ok(verdict)
}

/// The pages of the rows, by number.
fn pages(rows: &[Map<String, Value>]) -> BTreeMap<u32, Found> {
    let number = |row: &Map<String, Value>, name: &str| row.get(name).and_then(Value::as_u64).unwrap_or(0);
    let mut found = BTreeMap::new();
    for row in rows {
        let [first, physical, size, offset] =
            ["Virtual", "Physical", "Size", "Offset in File"].map(|name| number(row, name));
        for at in (0..size).step_by(PAGE as usize) {
            let page = u32::try_from((first + at) / u64::from(PAGE)).unwrap_or(u32::MAX);
            found.insert(page, Found { physical: physical + at, offset: offset + at });
        }
    }
    found
}

fn judge(scene: &Scene, process: &Process, page: u32, here: Found, contents: &[u8], verdict: &mut Verdict) {
    let start = usize::try_from(here.offset).unwrap_or(usize::MAX);
    let read = start.checked_add(PAGE as usize).and_then(|end| contents.get(start..end));
    let expected = scene.memory.page(process, page);
    match (read, expected) {
        (Some(read), Ok(seen)) if read == seen.value => verdict.agreeing += 1,
        _ => verdict.differing.push(format!("page {page:x}: has other contents")),
    }
}

/// The kernel half, of which only where it is is compared: it is the same memory for all.
fn kernel(process: &Process, found: &mut BTreeMap<u32, Found>, verdict: &mut Verdict) {
    for (page, frame) in &process.kernel {
        let here = found.remove(page);
        let expected = u64::from(*frame) * u64::from(PAGE);
        match here {
            _ if WINDOWS.contains(page) => verdict.hide(MOVING),
            Some(here) if here.physical == expected => verdict.agreeing += 1,
            Some(here) => {
                verdict.differing.push(format!("page {page:x}: is at {:x}, and not {expected:x}", here.physical));
            }
            None => verdict.differing.push(format!("page {page:x}: is missing")),
        }
    }
    found.retain(|page, _| {
        let moving = WINDOWS.contains(page);
        // A page directory's entry for a table in a paging file looks like an entry of a page there.
        let table = SELF_MAP.contains(page)
            && process.tables.iter().any(|table| KERNEL / 512 * 512 + 0x4_0000 + table / 512 == *page);
        if moving {
            verdict.hide(MOVING);
        }
        if table {
            verdict.hide(TABLE_PAGED);
        }
        !moving && !table
    });
}
