//! Whether an image has what it is said to have: by page tables as a tool outside walks them, and by the truth; with exact values.

use std::fmt::Debug;

use super::answers::{Finding, form_of, frame_record, vad_of};
use super::unlink::{LINKS, NAME};
use super::{Image, VICTIM, check_forms};
use crate::dump;
use crate::forensics::expected::Scene;
use crate::forensics::{environment, walk};
use crate::guest_path;
use crate::truth::{PAGE, Place, Process};

pub(super) type Verdict = Result<(), String>;

/// NT's code of PAGE_EXECUTE_READWRITE, and of PAGE_EXECUTE_WRITECOPY, which images have.
const EXECUTE_READWRITE: u64 = 6;
const EXECUTE_WRITECOPY: u64 = 7;
/// The pool tag of a VAD of private memory.
const VAD_SHORT: u64 = u32::from_le_bytes(*b"VadS") as u64;
/// Where `_EPROCESS` has its number. Source: XP's symbol types.
const UNIQUE_PROCESS_ID: usize = 0x84;
/// What `injected.c` writes.
const INJECTED: [u8; 19] =
    [0x55, 0x89, 0xE5, 0x8B, 0x5D, 0x08, 0xC7, 0x03, 1, 0, 0, 0, 0x6A, 0xFF, 0xFF, 0x53, 0x04, 0xEB, 0xF9];
/// What `hooked.c` writes where its jump leads.
const HOOKED: [u8; 6] = [0xB8, 0x05, 0x00, 0xDE, 0xC0, 0xC3];
const JUMP: u8 = 0xE9;
/// Words of a page of the pattern.
const WORDS: u32 = PAGE / 4;
/// Of the pattern's pages so many are in the paging file at least: 40 MB less all RAM.
const PAGED_OUT: usize = 8 << 8;

/// Checks `image`.
///
/// # Errors
/// What is not as it has to be.
pub(super) fn check(image: &Image) -> Verdict {
    match image.scenario.name {
        "injected" => injected(image),
        "hollowed" => hollowed(image),
        "hooked" => hooked(image),
        "unlinked" => unlinked(image),
        "pte-forms" => check_forms::check(image),
        "paged" => paged(image),
        name => Err(format!("nobody checks {name}")),
    }
}

/// In which file of the dump, and where in it, the first byte of the first finding is; of a process, that of its number.
pub(super) fn first_byte(image: &Image) -> Option<(&'static str, u64)> {
    let finding = image.findings.first()?;
    let owner = process(image, finding).ok()?;
    if finding.length == 0 {
        let record = image.study.scene.physical(owner.row.word("address"));
        return Some((dump::RAM, record + UNIQUE_PROCESS_ID as u64));
    }
    let (name, page) = match owner.pages.get(&(finding.address / PAGE))?.place {
        Place::Frame(frame) => (dump::RAM, frame),
        Place::PagingFile { offset, .. } => (dump::PAGING_FILE, offset),
        Place::MappedFile => return None,
    };
    Some((name, u64::from(page) * u64::from(PAGE) + u64::from(finding.address % PAGE)))
}

pub(super) fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Verdict {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:x?}, and not {expected:x?}")) }
}

pub(super) fn process<'i>(image: &'i Image, finding: &Finding) -> Result<&'i Process, String> {
    image.study.truth().process(finding.pid).ok_or_else(|| format!("there is no process {}", finding.pid))
}

/// What a tool outside reads at a finding.
fn bytes(image: &Image, finding: &Finding, length: usize) -> Result<Vec<u8>, String> {
    let table = process(image, finding)?.row.word("directory_table");
    let bytes = walk::bytes(&image.study.scene, table, finding.address, length);
    bytes.ok_or_else(|| format!("{} cannot be read at {:x}", finding.name, finding.address))
}

/// Whether `finding` is in memory that was allocated, and may be written and executed.
fn executable(image: &Image, finding: &Finding) -> Verdict {
    let vad = vad_of(process(image, finding)?, finding.address).ok_or("there is no VAD")?;
    let found = (vad.number("tag"), vad.number("protection"), vad.says("private"), vad.0["file"].is_null());
    same("the VAD", &found, &(VAD_SHORT, EXECUTE_READWRITE, true, true))
}

fn injected(image: &Image) -> Verdict {
    let (code, parameter) = (image.finding("code")?, image.finding("parameter")?);
    let victim = process(image, code)?;
    same("the process", &victim.row.text("name"), &NAME)?;
    executable(image, code)?;
    same("the code", &bytes(image, code, INJECTED.len())?, &INJECTED.to_vec())?;
    same("the first word of its parameter", &bytes(image, parameter, 4)?, &vec![1, 0, 0, 0])?;
    let begun: Vec<u32> = victim.threads.iter().map(|thread| thread.word("win32_start")).collect();
    same("threads that began there", &begun.iter().filter(|start| **start == code.address).count(), &1)?;
    same("threads", &begun.len(), &2)?;
    same("the answer", &image.answers["findings"][0]["vad"]["protection"], &"PAGE_EXECUTE_READWRITE".into())
}

fn hollowed(image: &Image) -> Verdict {
    let finding = image.finding("image")?;
    let victim = process(image, finding)?;
    let scene = &image.study.scene;
    executable(image, finding)?;
    same("what it begins with", &bytes(image, finding, 2)?, &b"MZ".to_vec())?;
    // This program is where it was linked for, too: its image is what was copied.
    let parent = victim.row.number("parent");
    let original = scene.truth.process(parent).ok_or("the parent is gone")?;
    let vad = vad_of(original, finding.address).ok_or("the parent has no image there")?;
    same("the parent's VAD is an image's", &(vad.says("image"), vad.number("protection")), &(true, EXECUTE_WRITECOPY))?;
    let header = |of: &Process| walk::bytes(scene, of.row.word("directory_table"), finding.address, PAGE as usize);
    let copied = header(victim).ok_or("the copy's header cannot be read")?;
    same("the header is the parent's", &Some(copied), &header(original))?;
    let peb = victim.row.word("peb");
    let base = scene.memory.words::<1>(victim, peb + 8).map_err(|why| why.to_string())?.value[0];
    same("ImageBaseAddress", &base, &finding.address)?;
    let modules = environment::modules(&scene.memory, victim, 0).map_err(|why| why.to_string())?;
    let first = modules.first().ok_or("there are no modules")?;
    same("the loader's first module", &(first.value.name.as_str(), first.value.base), &(NAME, finding.address))?;
    let file = guest_path::file_name(VICTIM.as_ref()).map_err(|error| error.to_string())?;
    let mapped = victim.vads.iter().filter(|vad| vad.text("file").ends_with(&file)).count();
    same("views of the file", &mapped, &0)
}

fn hooked(image: &Image) -> Verdict {
    let [hook, target, original] = ["hook", "target", "original"].map(|name| image.finding(name));
    let (hook, target, original) = (hook?, target?, original?);
    same("the addresses", &hook.address, &original.address)?;
    let jump = bytes(image, hook, 5)?;
    let distance = target.address.wrapping_sub(hook.address + 5).to_le_bytes();
    same("the jump", &jump, &[&[JUMP][..], &distance].concat())?;
    same("where it leads", &bytes(image, target, HOOKED.len())?, &HOOKED.to_vec())?;
    if bytes(image, original, 5)?[0] == JUMP {
        return Err("the other process's function begins with a jump, too".into());
    }
    let mut shared = Vec::new();
    for finding in [hook, original] {
        let page = process(image, finding)?.pages.get(&(finding.address / PAGE)).ok_or("the page is not told of")?;
        let Place::Frame(frame) = page.place else { return Err(format!("the page is at {:?}", page.place)) };
        let record = frame_record(&image.study.scene, frame).ok_or("the frame is not told of")?;
        shared.push((record.says("shared"), record.text("state").to_owned()));
    }
    same("frames are shared", &shared, &vec![(false, "Active".to_owned()), (true, "Active".to_owned())])?;
    let vad = vad_of(process(image, hook)?, hook.address).ok_or("there is no VAD")?;
    same("the VAD is an image's", &(vad.says("image"), vad.text("file").ends_with("kernel32.dll")), &(true, true))?;
    // All but the function is as in the other process.
    let whole = |finding: &Finding| {
        let page = Finding { address: finding.address / PAGE * PAGE, ..finding.clone() };
        bytes(image, &page, PAGE as usize)
    };
    let (patched, clean) = (whole(hook)?, whole(original)?);
    let first = (hook.address % PAGE) as usize;
    let differing: Vec<usize> = (0..PAGE as usize).filter(|at| patched[*at] != clean[*at]).collect();
    match differing.iter().all(|at| (first..first + 5).contains(at)) && !differing.is_empty() {
        true => Ok(()),
        false => Err(format!("bytes {differing:x?} of the page differ; the function is at {first:x}")),
    }
}

fn unlinked(image: &Image) -> Verdict {
    let finding = image.finding("unlinked")?;
    let (scene, victim) = (&image.study.scene, process(image, finding)?);
    let listed = active_processes(scene)?;
    let told = |skipped: u64| {
        let rows = scene.truth.processes.iter().map(|process| &process.row);
        rows.filter(|row| row.number("pid") != skipped).map(|row| row.word("address")).collect::<Vec<_>>()
    };
    same("the list", &listed, &told(finding.pid))?;
    let address = victim.row.word("address");
    if !told(0).contains(&address) || listed.len() < 2 {
        return Err("the truth does not have it either".into());
    }
    let record = scene.memory.physical(scene.physical(address), 0x260);
    let word = |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
    same("UniqueProcessId", &u64::from(word(UNIQUE_PROCESS_ID)), &finding.pid)?;
    same("ImageFileName", &&record[0x174..0x174 + NAME.len()], &NAME.as_bytes())?;
    let parent = scene.truth.process(victim.row.number("parent")).ok_or("the parent is gone")?;
    let held = parent.handles.iter().filter(|handle| handle.word("object") == address).count();
    same("its parent's handles for it", &held, &1)
}

/// Addresses of the processes on the list that tools walk.
fn active_processes(scene: &Scene) -> Result<Vec<u32>, String> {
    let system = scene.truth.process(4).ok_or("there is no System process")?;
    let base = scene.truth.modules.first().ok_or("there is no module")?.word("base");
    let head = base + scene.symbols.get("PsActiveProcessHead").ok_or("there is no PsActiveProcessHead")?;
    let next = |at: u32| scene.memory.words::<2>(system, at).map(|seen| seen.value).map_err(|why| why.to_string());
    let (mut found, mut at) = (Vec::new(), next(head)?[0]);
    while at != head && found.len() < 1000 {
        found.push(at - LINKS);
        let [flink, _] = next(at)?;
        same("Blink of the next", &next(flink)?[1], &at)?;
        at = flink;
    }
    Ok(found)
}

/// What programs write into page `index`.
pub(super) fn pattern(index: u32) -> Vec<u8> {
    let first = index.wrapping_mul(2_654_435_761).wrapping_add(1);
    (0..WORDS).flat_map(|word: u32| first.wrapping_add(word.wrapping_mul(40_503)).to_le_bytes()).collect()
}

fn paged(image: &Image) -> Verdict {
    let finding = image.finding("pattern")?;
    let (scene, owner) = (&image.study.scene, process(image, finding)?);
    let mut paged_out = 0;
    for (index, page) in (0..).zip(finding.pages()) {
        let seen = scene.memory.page(owner, page).map_err(|why| format!("page {index}: {why}"))?;
        if seen.value != pattern(index) {
            return Err(format!("page {index} at {:x} has not its pattern: {:?}", page * PAGE, owner.pages.get(&page)));
        }
        let form = form_of(scene, owner, page);
        match owner.pages.get(&page).map(|page| page.place) {
            // A paging file's entry has its protection, READWRITE, and none of the bits of other forms.
            Some(Place::PagingFile { file, offset }) if form.small => {
                let raw = u64::from(offset) << 32 | 4 << 5 | u64::from(file) << 1;
                same(&format!("the entry of page {index}"), &form.raw, &raw)?;
                paged_out += 1;
            }
            Some(Place::PagingFile { .. }) => {
                return Err(format!("the page table of page {index} is told of and not there"));
            }
            _ => {}
        }
    }
    same("pages", &finding.pages().len(), &(40 << 8))?;
    if paged_out < PAGED_OUT {
        return Err(format!("{paged_out} pages are in the paging file; {PAGED_OUT} were expected"));
    }
    Ok(())
}
