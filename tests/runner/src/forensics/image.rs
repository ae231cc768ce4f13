//! By what a tool that knows nothing of the machine finds the kernel in its memory.
//!
//! Source: the scanners of Volatility 3, `automagic/windows.py` and `automagic/pdbscan.py`.

use super::expected::Scene;
use crate::identity::Identity;
use crate::truth::PAGE;

/// Where it looks for the System process's page tables.
const TABLES: std::ops::Range<u64> = 0x3_0000..0x103_0000;
/// How far behind the image's first page the record may stand.
const RECORD_WITHIN: u32 = 4 << 20;
const MASK: u64 = !0xFFF;

/// Checks all of it.
///
/// # Errors
/// What is not as it has to be.
pub fn check(scene: &Scene, identity: &Identity) -> Result<(), String> {
    let system = scene.truth.process(4).ok_or("there is no System process")?;
    let module = scene.truth.modules.first().ok_or("there is no module")?;
    tables(scene, system.row.word("directory_table").into())?;
    let base = module.word("base");
    let read = |at: u32, length| scene.memory.read(system, at, length).map_err(|why| why.to_string());
    // The page directories behind the image's data are not mapped where the image is.
    let pages = base / PAGE..(base + RECORD_WITHIN.min(module.word("size"))) / PAGE;
    let page = |number| scene.memory.page(system, number).map_or_else(|_| vec![0; PAGE as usize], |seen| seen.value);
    let image: Vec<u8> = pages.flat_map(page).collect();
    let found = |tag: &[u8]| image.windows(tag.len()).position(|bytes| bytes == tag).ok_or("a tag is not there");
    if !image.starts_with(b"MZ") {
        return Err("the image does not begin with MZ".into());
    }
    let record = &image[found(b"RSDS")?..];
    let (guid, age) = (&record[4..20], &record[20..24]);
    if guid != identity.guid || age != identity.age.to_le_bytes() || identity.age == 0 {
        return Err(format!("the record in memory is not that of {}", identity.guid_text()));
    }
    // The tag, the block's size, the base: the tag alone is in the code that writes it, too.
    if !image.windows(12).any(|bytes| bytes.starts_with(b"KDBG") && bytes[8..] == base.to_le_bytes()) {
        return Err("there is no debugger's block with the kernel's base".into());
    }
    // The shared page is where the kernel writes it and where programs read it.
    let shared = system.kernel.get(&0xF_FDF0).ok_or("FFDF0000 is not mapped")?;
    let users = scene.truth.processes.iter().filter_map(|process| process.pages.get(&0x7_FFE0));
    for page in users {
        if page.place != crate::truth::Place::Frame(*shared) {
            return Err(format!("7FFE0000 is {:?}, and FFDF0000 frame {shared:x}", page.place));
        }
    }
    match read(0, 4) {
        Err(_) => Ok(()),
        Ok(_) => Err("page 0 is mapped in the System process".into()),
    }
}

/// The page-directory-pointer page and the four directories in a row, with one entry that leads to itself.
fn tables(scene: &Scene, pointers: u64) -> Result<(), String> {
    let page = |at: u64| {
        let bytes = scene.memory.physical(at, PAGE as usize);
        bytes.as_chunks::<8>().0.iter().map(|entry| u64::from_le_bytes(*entry)).collect::<Vec<_>>()
    };
    let top = page(pointers);
    let next = |index: u64| pointers + (index + 1) * u64::from(PAGE);
    let in_a_row = (0..4).zip(&top).all(|(index, entry)| entry & MASK == next(index));
    if !in_a_row || !TABLES.contains(&pointers) || !TABLES.contains(&next(3)) {
        return Err(format!("the directories are not in a row behind {pointers:x}: {:x?}", &top[..4]));
    }
    if top[4..].iter().any(|entry| *entry != 0) {
        return Err("the rest of the pointers' page is not empty".into());
    }
    let itself: Vec<_> = page(next(3))
        .iter()
        .enumerate()
        .filter(|(_, entry)| *entry & MASK & !(1 << 63) == next(3))
        .map(|(index, _)| index)
        .collect();
    if itself == [3] { Ok(()) } else { Err(format!("entries {itself:?} of the last directory lead to itself")) }
}
