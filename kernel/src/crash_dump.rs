//! Dumps by the kernel itself: all RAM goes into a file, behind a header, in the format of Windows' full dumps. After a bugcheck that is the one
//! that was [reserved](reserve), else the first paging file; and the debugger's `.dump` writes one of a system that goes on.
//!
//! Nothing runs meanwhile: interrupts are out, the disk is looked at in a loop, nothing is allocated. Where a thread waits for the disk, the channel is
//! seized and given back (`ata`, A5). What the paging file held is lost, as on Windows. One that does not fit into the file is not begun.
//!
//! Source: `_DUMP_HEADER32`, as public documentation of the format and readers of it have it.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use abi::cell::Link;
use abi::nt::context::{CONTEXT_CONTROL, CONTEXT_INTEGER, CONTEXT_SEGMENTS, Context, PlainContext};
use abi::nt::file::FileObject;
use abi::status::NtStatus;
use boot::image;
use drivers::log;
use hal::interrupts;
use kd::bugcheck::{BugcheckCode, Registers};
use mm::layout::{FRAME_DATABASE, FrameNumber, PAGE_SHIFT, PAGE_SIZE};
use mm::machine::Records;
use mm::section::{Cluster, WriteRequest, WriteResult};
use ps::Existing;
use spin::mutex::SpinMutex;

use crate::machine::HARDWARE;
use crate::{clock, debugger_data, disk, link, system};

/// The file that is kept ready.
pub const RESERVED: &str = "C:\\memory.dmp";

/// Offsets in the header.
mod offset {
    pub(super) const SIGNATURE: usize = 0;
    pub(super) const VALID_DUMP: usize = 4;
    pub(super) const MAJOR_VERSION: usize = 8;
    pub(super) const MINOR_VERSION: usize = 0xC;
    pub(super) const DIRECTORY_TABLE: usize = 0x10;
    pub(super) const FRAME_DATABASE: usize = 0x14;
    pub(super) const MODULES: usize = 0x18;
    pub(super) const PROCESSES: usize = 0x1C;
    pub(super) const MACHINE: usize = 0x20;
    pub(super) const PROCESSORS: usize = 0x24;
    pub(super) const BUGCHECK: usize = 0x28;
    pub(super) const PAE: usize = 0x5C;
    pub(super) const DEBUGGER_DATA: usize = 0x60;
    pub(super) const RUNS: usize = 0x64;
    pub(super) const PAGES: usize = 0x68;
    pub(super) const FIRST_RUN: usize = 0x6C;
    pub(super) const CONTEXT: usize = 0x320;
    pub(super) const EXCEPTION: usize = 0x7D0;
    pub(super) const TYPE: usize = 0xF88;
    pub(super) const SPACE: usize = 0xFA0;
    pub(super) const UP_TIME: usize = 0xFB8;
    pub(super) const TIME: usize = 0xFC0;
}

const FREE_BUILD: u32 = 15;
const BUILD: u32 = 2600;
const INTEL_386: u32 = 0x14C;
/// The code where there was no bugcheck.
const NOTHING_WRONG: BugcheckCode = BugcheckCode(0);
/// All of RAM.
const FULL: u32 = 1;
/// Runs that there is room for.
const MOST_RUNS: usize = 86;
/// Pages that are written at once.
const TOGETHER: usize = 16;
/// STATUS_BREAKPOINT, which is what a debugger shows of a bugcheck.
const BREAKPOINT: u32 = 0x8000_0003;

#[repr(align(4096))]
struct Header([AtomicU32; PAGE_SIZE as usize / 4]);
static HEADER: Header = Header([const { AtomicU32::new(0) }; PAGE_SIZE as usize / 4]);
static ENABLED: AtomicBool = AtomicBool::new(false);

/// The file at [`RESERVED`], once there is one.
static FILE: SpinMutex<Option<Link<FileObject>>> = SpinMutex::new(None);

/// A bugcheck from now on writes a dump.
pub fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
}

/// Keeps [`RESERVED`] ready for dumps, whatever it held; its megabytes. The disk may be waited for.
///
/// # Errors
/// Those of [`ps::Executive::reserve_file`].
pub fn reserve() -> Result<u32, NtStatus> {
    let pages = pages() + 1;
    let file = system::executive().reserve_file(RESERVED, pages, Existing::IsOverwritten)?;
    *FILE.lock() = Some(file);
    Ok(pages.div_ceil(0x10_0000 / PAGE_SIZE))
}

/// The file that is kept ready, if there is one.
pub fn reserved() -> Option<Link<FileObject>> {
    FILE.try_lock().and_then(|file| *file)
}

/// A file at `path` with room for a dump. The disk may be waited for.
///
/// # Errors
/// As [`reserve`].
pub fn make_room(path: &str, existing: Existing) -> Result<Link<FileObject>, NtStatus> {
    system::executive().reserve_file(path, pages() + 1, existing)
}

/// Writes the dump of a bugcheck, where one is wanted and there is a file for it.
#[doc(alias = "IoWriteCrashDump")]
pub fn write(code: BugcheckCode, parameters: [u32; 4], registers: &Registers) {
    if !ENABLED.load(Ordering::Relaxed) || !system::is_up() {
        return;
    }
    fill_header(code, parameters, registers);
    let (file, place) = match reserved() {
        Some(file) => (Ok(file), RESERVED),
        None => (paging_file(), "the paging file"),
    };
    match file.and_then(write_all) {
        Ok(pages) => {
            log::write_more_last_words(format_args!("Crash dump: {pages} pages are in {place}.\n"));
            link::last_event(format_args!("crashdump pages={pages}"));
        }
        Err(why) => log::write_more_last_words(format_args!("There is no crash dump: {why}.\n")),
    }
}

/// Writes the dump of a system that stands still and goes on afterwards into `file`, which was reserved; the pages of it.
///
/// # Errors
/// Why there is none.
pub fn write_live(file: Link<FileObject>, registers: &Registers) -> Result<u32, &'static str> {
    interrupts::without(|| {
        if disk::is_being_told() {
            return Err("the disk is just being given a command; let the system go on a little");
        }
        fill_header(NOTHING_WRONG, [0; 4], registers);
        write_all(file)
    })
}

fn put(at: usize, value: u32) {
    HEADER.0[at / 4].store(value, Ordering::Relaxed);
}

fn put_wide(at: usize, value: u64) {
    put(at, value as u32);
    put(at + 4, (value >> 32) as u32);
}

fn fill_header(code: BugcheckCode, parameters: [u32; 4], registers: &Registers) {
    put(offset::SIGNATURE, u32::from_le_bytes(*b"PAGE"));
    put(offset::VALID_DUMP, u32::from_le_bytes(*b"DUMP"));
    put(offset::MAJOR_VERSION, FREE_BUILD);
    put(offset::MINOR_VERSION, BUILD);
    put(offset::DIRECTORY_TABLE, image::directory_pointers());
    put(offset::FRAME_DATABASE, FRAME_DATABASE);
    put(offset::MODULES, debugger_data::module_list_head().address());
    put(offset::PROCESSES, debugger_data::process_list_head().address());
    put(offset::MACHINE, INTEL_386);
    put(offset::PROCESSORS, 1);
    for (place, word) in (offset::BUGCHECK..).step_by(4).zip([code.0].into_iter().chain(parameters)) {
        put(place, word);
    }
    put(offset::PAE, 1);
    put(offset::DEBUGGER_DATA, debugger_data::data_block());
    let runs = &system::executive().mm().ram();
    let runs = &runs[..runs.len().min(MOST_RUNS)];
    put(offset::RUNS, runs.len() as u32);
    put(offset::PAGES, pages());
    for (place, run) in (offset::FIRST_RUN..).step_by(8).zip(runs) {
        put(place, run.base.0);
        put(place + 4, run.count);
    }
    let mut words = [0; Context::WORDS];
    Context { plain: context(registers), ..Context::ZERO }.to_words(&mut words);
    (offset::CONTEXT..).step_by(4).zip(words).for_each(|(place, word)| put(place, word));
    put(offset::EXCEPTION, BREAKPOINT);
    put(offset::EXCEPTION + 0xC, registers.pointers[0]);
    put(offset::TYPE, FULL);
    put_wide(offset::SPACE, (u64::from(pages()) + 1) << PAGE_SHIFT);
    put_wide(offset::UP_TIME, clock::interrupt_time());
    put_wide(offset::TIME, clock::system_time());
}

fn context(registers: &Registers) -> PlainContext {
    let [eax, ebx, ecx, edx, esi, edi] = registers.general;
    let [eip, esp, ebp] = registers.pointers;
    let [seg_cs, seg_ss, seg_ds, seg_es, seg_fs, seg_gs] = registers.segments;
    let flags = CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_SEGMENTS;
    let eflags = registers.flags;
    PlainContext {
        flags,
        eax,
        ebx,
        ecx,
        edx,
        esi,
        edi,
        eip,
        esp,
        ebp,
        eflags,
        seg_cs,
        seg_ss,
        seg_ds,
        seg_es,
        seg_fs,
        seg_gs,
        ..PlainContext::ZERO
    }
}

/// Pages of RAM that go into the dump.
fn pages() -> u32 {
    system::executive().mm().ram().iter().take(MOST_RUNS).map(|run| run.count).sum()
}

/// The first paging file, if a dump fits into it.
fn paging_file() -> Result<Link<FileObject>, &'static str> {
    let Some(file) = system::executive().mm().paging_files().next() else { return Err("no paging file") };
    match file.size > pages() {
        true => Ok(HARDWARE.record(file.record).file.get()),
        false => Err("the paging file is smaller than RAM"),
    }
}

/// Writes header and RAM to `file`, which has room for them; the pages of it.
fn write_all(file: Link<FileObject>) -> Result<u32, &'static str> {
    let executive = system::executive();
    let pages = pages();
    let write = |place: u32, frames: &[FrameNumber]| {
        let (offset, bytes) = (u64::from(place) << PAGE_SHIFT, frames.len() as u32 * PAGE_SIZE);
        let request = WriteRequest::new(file, offset, bytes, Cluster::of(frames));
        match executive.volume_of(file).write_pages(&request) {
            WriteResult::Done => Ok(()),
            WriteResult::Failed => Err("the disk failed"),
        }
    };
    let mut place = 1;
    for run in executive.mm().ram().iter().take(MOST_RUNS) {
        let mut at = run.base.0;
        while at < run.end() {
            let count = (run.end() - at).min(TOGETHER as u32);
            let frames: [FrameNumber; TOGETHER] = core::array::from_fn(|index| FrameNumber(at + index as u32));
            write(place, &frames[..count as usize])?;
            at += count;
            place += count;
        }
    }
    // The header last: one that is there stands before a whole dump.
    let header = core::ptr::from_ref(&HEADER) as u32 - image::IMAGE_OFFSET;
    write(0, &[FrameNumber(header >> PAGE_SHIFT)])?;
    Ok(pages)
}
