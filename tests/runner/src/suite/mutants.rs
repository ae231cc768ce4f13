//! Our own DLLs with something in them changed: what checks images must refuse them or find them consistent, and the loader
//! must load them or say why not, and never harm the system.
//!
//! On the host each mutant goes through the kernel's layout and, laid out as that says, through all that the DLLs read of an
//! image. In the guest a smaller number is loaded by LoadLibrary, each in a process of its own, twice: the second time
//! nothing may be left over.

use std::fs;
use std::panic::{self, AssertUnwindSafe};

use mm::section::ImageLayout;
use user_support::image::{
    Export, ExportTable, Image, Imports, Malformed, ResourceName, Resources, Symbol, ThreadLocalStorage, Wanted,
    is_bound, relocate,
};
use user_support::memory::fake::Bytes;

use crate::boot::{self, Drive, Ending, Finished, Input, STATUS_GOOD, Setup};
use crate::error::{Error, Result};
use crate::link::JobEndKind;
use crate::machine::{MachineOptions, Medium, SerialPorts};
use crate::paths::Tree;
use crate::plan::Job;

use super::guest::with_log;

type Verdict = std::result::Result<(), String>;

/// The DLLs that are changed.
const DLLS: [&str; 3] = ["ntdll", "kernel32", "msvcrt"];
/// Mutants on the host.
const ON_HOST: u64 = 10_000;
/// Mutants in the guest at a boot; the program that loads them has the number too.
const AT_A_BOOT: u64 = 90;
/// Where the host pretends that an image is mapped: not where any was linked for.
const BASE: u32 = 0x5000_0000;
/// Largest image that is laid out on the host, in pages.
const LARGEST: u32 = 0x1000;
/// Words that tables go wrong by.
const WORDS: [u32; 12] =
    [0, 1, 4, 0x7F, 0xFF, 0xFFF, 0x1000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_F000, 0xFFFF_FFFF];

/// Numbers that a seed decides: xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }
}

/// Mutant `number` of `file`: changed in a few places of its headers and tables, or cut short.
fn mutant(file: &[u8], number: u64) -> Vec<u8> {
    let mut random = Random(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut bytes = file.to_vec();
    let headers = 0x400.min(bytes.len());
    let tables = tables_of(file);
    for _ in 0..=random.below(3) {
        let at = match random.below(4) {
            0 | 1 => random.below(headers),
            // What the directories name: the heads of the tables, mostly.
            _ => {
                let (start, length) = tables[random.below(tables.len())];
                let room = if random.below(2) == 0 { length.min(0x40) } else { length };
                start + random.below(room)
            }
        };
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.below(256) as u8,
            _ => {
                let word = WORDS[random.below(WORDS.len())].wrapping_add(random.below(3) as u32).wrapping_sub(1);
                let at = (at & !3).min(bytes.len() - 4);
                bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            }
        }
    }
    if random.below(16) == 0 {
        bytes.truncate(random.below(bytes.len()));
    }
    bytes
}

/// Where in the file its tables are, and their lengths; the headers where it has none.
fn tables_of(file: &[u8]) -> Vec<(usize, usize)> {
    use object::read::pe::PeFile32;
    let mut tables = vec![(0, 0x400.min(file.len()))];
    let Ok(image) = PeFile32::parse(file) else { return tables };
    let sections = image.section_table();
    for directory in image.data_directories().iter() {
        let (address, length) = directory.address_range();
        if let Some((start, room)) = sections.pe_file_range_at(address) {
            let length = length.min(room).max(1) as usize;
            if start as usize + length <= file.len() {
                tables.push((start as usize, length));
            }
        }
    }
    tables
}

/// What became of the mutants.
#[derive(Default)]
struct Tally {
    refused: u64,
    laid_out: u64,
    read: u64,
}

/// 10,000 mutants on the host.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn on_host(tree: &Tree) -> Result<Verdict> {
    let files = read_dlls(tree)?;
    let mut tally = Tally::default();
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let mut verdict = Ok(());
    for number in 0..ON_HOST {
        let file = mutant(&files[(number % DLLS.len() as u64) as usize], number);
        let tried = panic::catch_unwind(AssertUnwindSafe(|| try_on_host(&file, &mut tally)));
        let problem = tried.unwrap_or_else(|_| Err("a panic".to_owned()));
        if let Err(problem) = problem {
            verdict = Err(format!("mutant {number}: {problem}"));
            break;
        }
    }
    panic::set_hook(hook);
    // Both ways must have been gone, or the mutants say nothing.
    let enough = tally.refused > ON_HOST / 20 && tally.laid_out > ON_HOST / 20 && tally.read > ON_HOST / 50;
    Ok(verdict.and_then(|()| match enough {
        true => Ok(()),
        false => Err(format!("{} refused, {} laid out, {} read", tally.refused, tally.laid_out, tally.read)),
    }))
}

fn try_on_host(file: &[u8], tally: &mut Tally) -> Verdict {
    let Ok(layout) = ImageLayout::parse(file, file.len() as u64) else {
        tally.refused += 1;
        return Ok(());
    };
    consistent(&layout, file.len() as u64)?;
    tally.laid_out += 1;
    if layout.pages.0 > LARGEST {
        return Ok(());
    }
    let memory = Bytes::new(BASE, laid_out(&layout, file));
    tally.read += u64::from(read_all(&memory, layout.pages.0 << 12).is_ok());
    Ok(())
}

/// Whether the runs cover the image without a gap and none takes more from the file than it has.
fn consistent(layout: &ImageLayout<'_>, file_size: u64) -> Verdict {
    let (mut pages, mut copied) = (0u64, 0u64);
    for run in layout.runs() {
        pages += u64::from(run.pages.0);
        copied += if run.protection.is_copy_on_write() { u64::from(run.pages.0) } else { 0 };
        let end = u64::from(run.sector) * 512 + u64::from(run.bytes);
        if run.pages.0 == 0 || u64::from(run.bytes) > u64::from(run.pages.0) << 12 || run.bytes > 0 && end > file_size {
            return Err(format!("a run that makes no sense: {run:?} of a file of {file_size} bytes"));
        }
    }
    let whole = pages == u64::from(layout.pages.0) && copied == u64::from(layout.copy_on_write_pages());
    let sound = layout.pages.0 > 0 && layout.base.is_multiple_of(0x1_0000) && u64::from(layout.entry) < pages << 12;
    if whole && sound { Ok(()) } else { Err(format!("{pages} pages in the runs of {layout:?}")) }
}

/// The image as the kernel would map it.
fn laid_out(layout: &ImageLayout<'_>, file: &[u8]) -> Vec<u8> {
    let mut image = vec![0; (layout.pages.0 as usize) << 12];
    let mut at = 0;
    for run in layout.runs() {
        let (from, length) = (run.sector as usize * 512, run.bytes as usize);
        image[at..at + length].copy_from_slice(&file[from..from + length]);
        at += (run.pages.0 as usize) << 12;
    }
    image
}

/// Reads all that the DLLs read of an image. What is malformed ends it; what leaves the image panics in [`Bytes`].
fn read_all(memory: &Bytes, size: u32) -> std::result::Result<(), Malformed> {
    let image = Image::open(memory, BASE, size)?;
    image.sections(memory)?.for_each(drop);
    image.entry_point()?;
    relocate(memory, &image)?;
    let exports = ExportTable::open(memory, &image)?;
    let mut imports = Imports::of(memory, &image);
    while let Some(descriptor) = imports.next(memory, &image)? {
        is_bound(memory, &image, &descriptor.dll, 7);
        for index in 0..descriptor.count(memory, &image)? {
            if let Some(wanted) = descriptor.wanted(memory, &image, index)? {
                wanted.symbol(memory, &image, &mut Vec::new())?;
                if let (Wanted::Name { name, .. }, Some(table)) = (wanted, &exports) {
                    table.find_indexed(memory, &name)?;
                }
            }
        }
    }
    if let Some(table) = exports {
        for hint in [0, 3, u16::MAX] {
            for name in ["", "NtClose", "CreateFileA", "printf", "zzz"] {
                follow(memory, &image, table.find(memory, Symbol::Name { name: name.as_bytes(), hint })?)?;
            }
            follow(memory, &image, table.find(memory, Symbol::Ordinal(hint.into()))?)?;
        }
    }
    ThreadLocalStorage::open(memory, &image)?;
    if let Ok(resources) = Resources::open(memory, &image) {
        let kind = ResourceName::Number(16);
        let _ = (resources.types(), resources.names(&kind), resources.find(&kind, &ResourceName::Number(1), None));
    }
    Ok(())
}

fn follow(memory: &Bytes, image: &Image, found: Option<Export>) -> std::result::Result<(), Malformed> {
    match found {
        Some(Export::Forwarder(rva)) => image.name(memory, rva).map(drop),
        _ => Ok(()),
    }
}

fn read_dlls(tree: &Tree) -> Result<Vec<Vec<u8>>> {
    let read = |name: &&str| {
        let path = tree.built(&format!("system32/{name}.dll"), "userland")?;
        fs::read(&path).map_err(Error::file("reading", &path))
    };
    DLLS.iter().map(read).collect()
}

/// At least `count` mutants that the guest loads.
///
/// # Errors
/// What stops the runner itself.
pub(super) fn in_guest(tree: &Tree, count: u64) -> Result<Verdict> {
    let files = read_dlls(tree)?;
    for first in (0..count.max(1)).step_by(AT_A_BOOT as usize) {
        if let Err(problem) = boot_with(tree, &files, first)? {
            return Ok(Err(format!("mutants {first} to {}: {problem}", first + AT_A_BOOT - 1)));
        }
    }
    Ok(Ok(()))
}

/// One boot, with mutant `first` and those after it.
fn boot_with(tree: &Tree, files: &[Vec<u8>], first: u64) -> Result<Verdict> {
    let mut volume = tree.system_volume()?;
    for place in 0..AT_A_BOOT {
        let number = first + place;
        let file = mutant(&files[(number % DLLS.len() as u64) as usize], number);
        volume.add_bytes(&format!("mutants/{place}.dll"), file)?;
    }
    volume.add_file("mutants.exe", &tree.built("commands/mutants.exe", "guest")?)?;
    let jobs = ["first", "second"].map(|label| Job {
        label: label.into(),
        image: "C:\\mutants.exe".into(),
        command_line: "C:\\mutants.exe".into(),
        ..Job::default()
    });
    let setup = Setup {
        tree,
        options: &MachineOptions { timeout: Some(300), ..MachineOptions::default() },
        medium: Medium::Kernel,
        serial: SerialPorts::Linked,
        drive: Drive::Volume(&volume),
        jobs: &jobs,
        debugger: None,
        words: &["test"],
    };
    let finished = boot::boot(&setup, Input::Bytes(Vec::new()), &mut |_| Ok(()))?;
    Ok(judge(&finished).map_err(|problem| with_log(&problem, &finished.log)))
}

/// Both rounds went the same way, the audit was clean each time, and nothing was left over after the second.
fn judge(finished: &Finished) -> Verdict {
    if let Some(bugcheck) = &finished.transcript.bugcheck {
        return Err(format!("bugcheck {:08X} ({})", bugcheck.code, bugcheck.detail));
    }
    let [first, second] = ["first", "second"].map(|label| finished.transcript.job(label));
    let (Some(first), Some(second)) = (first, second) else { return Err("it was not started".into()) };
    for record in [first, second] {
        let said = String::from_utf8_lossy(&record.output);
        let end = record.end.as_ref().ok_or_else(|| format!("it did not end:\n{said}"))?;
        if end.kind != JobEndKind::Exit || end.status != 0 || end.audit != "ok" {
            return Err(format!("it ended with {:08X}, the audit says {}:\n{said}", end.status, end.audit));
        }
    }
    let frames = second.end.as_ref().map(|end| (end.frames_before, end.frames_after));
    match frames {
        Some((Some(before), Some(after))) if before == after => {}
        _ => return Err(format!("frames before and after the second round: {frames:?}")),
    }
    let same = first.output == second.output && finished.ending == Ending::Status(Some(STATUS_GOOD));
    let said = [&first.output, &second.output].map(|output| String::from_utf8_lossy(output).into_owned());
    if same { Ok(()) } else { Err(format!("the rounds differ:\n{}\n{}", said[0], said[1])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_the_same_every_time_and_differs_from_the_file() {
        let file: Vec<u8> = (0..0x2000u32).map(|index| (index * 7) as u8).collect();
        let differing = (0..100).filter(|number| mutant(&file, *number) != file).count();
        assert!(differing > 90, "{differing}");
        assert_eq!(mutant(&file, 17), mutant(&file, 17));
        assert_ne!(mutant(&file, 17), mutant(&file, 18));
    }
}
