//! A dump that the kernel wrote itself: its header against the truth, its pages against RAM.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::expected::Scene;
use crate::truth::PAGE;

/// Words of the header.
mod offset {
    pub(super) const DIRECTORY_TABLE: usize = 0x10;
    pub(super) const MACHINE: usize = 0x20;
    pub(super) const BUGCHECK: usize = 0x28;
    pub(super) const PAE: usize = 0x5C;
    pub(super) const RUNS: usize = 0x64;
    pub(super) const PAGES: usize = 0x68;
    pub(super) const FIRST_RUN: usize = 0x6C;
    pub(super) const TYPE: usize = 0xF88;
}

const INTEL_386: u32 = 0x14C;
/// MANUALLY_INITIATED_CRASH.
pub(super) const MANUALLY: u32 = 0xE2;
const FULL: u32 = 1;
/// Of so many pages one may change while the dump is written, or after it.
const STEADY: usize = 100;

/// Checks the dump in `path`, which has the code `bugcheck`.
///
/// # Errors
/// What is wrong with it.
pub fn check(scene: &Scene, path: &Path, bugcheck: u32) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let page = |number: u64| {
        let mut bytes = vec![0; PAGE as usize];
        file.read_exact_at(&mut bytes, number * u64::from(PAGE)).map_err(|error| error.to_string()).map(|()| bytes)
    };
    let header = page(0)?;
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let system = scene.truth.process(4).ok_or("there is no System process")?;
    let frames = u32::try_from(scene.truth.system.number("frames")).unwrap_or(0);
    for (what, found, expected) in [
        ("page-directory-pointer table", word(offset::DIRECTORY_TABLE), system.row.word("directory_table")),
        ("machine", word(offset::MACHINE), INTEL_386),
        ("bugcheck", word(offset::BUGCHECK), bugcheck),
        ("PAE", word(offset::PAE), 1),
        ("type", word(offset::TYPE), FULL),
        ("number of pages", word(offset::PAGES), frames),
    ] {
        if found != expected {
            return Err(format!("its {what} is {found:#x}, and not {expected:#x}"));
        }
    }
    let runs =
        (0..word(offset::RUNS) as usize).map(|run| offset::FIRST_RUN + 8 * run).map(|at| (word(at), word(at + 4)));
    let frames: BTreeMap<u32, u64> = runs.flat_map(|(base, count)| base..base + count).zip(1..).collect();
    if frames.len() != word(offset::PAGES) as usize {
        return Err(format!("its runs have {} pages", frames.len()));
    }
    let mut other = 0;
    for (frame, place) in &frames {
        other +=
            usize::from(page(*place)? != scene.memory.physical(u64::from(*frame) * u64::from(PAGE), PAGE as usize));
    }
    match other * STEADY <= frames.len() {
        true => Ok(()),
        false => Err(format!("{other} of {} pages are not those of RAM", frames.len())),
    }
}
