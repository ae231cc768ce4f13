//! Toolhelp: a snapshot of processes, threads, modules and heaps, to be walked at leisure.
//!
//! As on Windows the handle of a snapshot is that of a section, into which everything is copied when it is made. It begins
//! with four lists: where each begins, how many entries it has, how long one is, and which comes next.
//!
//! Source: documented structures of `tlhelp32.h`.

use alloc::vec::Vec;

use user_support::error::Win32Error;
use user_support::growing::ask_with_room;
use user_support::loader::{RemoteModule, remote_modules};
use user_support::status::Status;

use super::last_error::{FALSE, fail, fail_with};
use super::nt::{
    CURRENT_PROCESS, NtClose, NtCreateSection, NtMapViewOfSection, NtOpenProcess, NtQueryInformationProcess,
    NtQuerySystemInformation, NtReadVirtualMemory, NtUnmapViewOfSection,
};
use user_ffi::teb;

/// What goes into a snapshot.
const HEAP_LIST: u32 = 1;
const PROCESS: u32 = 2;
const THREAD: u32 = 4;
const MODULE: u32 = 8;
const INHERIT: u32 = 0x8000_0000;
/// `INVALID_HANDLE_VALUE`.
const INVALID_HANDLE: u32 = 0xFFFF_FFFF;
/// `SystemProcessInformation`.
const PROCESS_INFORMATION: u32 = 5;
/// `PROCESS_QUERY_INFORMATION | PROCESS_VM_READ`.
const LOOK: u32 = 0x410;
const SECTION_ALL_ACCESS: u32 = 0x000F_001F;
const PAGE_READWRITE: u32 = 4;
const SEC_COMMIT: u32 = 0x0800_0000;
/// Where the PEB has the process heap, and the flag of a heap that is the process's own.
const PEB_HEAP: u32 = 0x18;
const HF32_DEFAULT: u32 = 1;

/// The lists of a snapshot, in their order.
#[derive(Clone, Copy)]
pub(super) enum List {
    Heaps,
    Processes,
    Threads,
    Modules,
}

/// Words of an entry, by list: HEAPLIST32, PROCESSENTRY32W, THREADENTRY32, MODULEENTRY32W.
pub(super) const ENTRY_WORDS: [usize; 4] = [4, 139, 7, 266];
/// Words before the lists: begin, count, next, for each.
const HEAD_WORDS: usize = 12;

/// Takes a snapshot.
#[unsafe(no_mangle)]
pub extern "system" fn CreateToolhelp32Snapshot(flags: u32, process: u32) -> u32 {
    match take(flags, process) {
        Ok(handle) => handle,
        Err(error) => {
            fail(error);
            INVALID_HANDLE
        }
    }
}

fn take(flags: u32, process: u32) -> Result<u32, Win32Error> {
    let failed = |status: Status| user_support::error_map::win32_error(status);
    let process = if process == 0 { teb().process_identifier() } else { process };
    let mut lists: [Vec<u32>; 4] = Default::default();
    if flags & (PROCESS | THREAD) != 0 {
        let list = all_processes().map_err(failed)?;
        list_processes(&list, flags, &mut lists);
    }
    if flags & (MODULE | HEAP_LIST) != 0 {
        let (peb, modules) = modules_of(process).map_err(failed)?;
        if flags & MODULE != 0 {
            modules.iter().for_each(|module| describe_module(module, process, &mut lists[List::Modules as usize]));
        }
        if flags & HEAP_LIST != 0 {
            lists[List::Heaps as usize].extend([16, process, peb, HF32_DEFAULT]);
        }
    }
    store(&lists, flags & INHERIT != 0).map_err(failed)
}

/// What NtQuerySystemInformation says of all processes.
fn all_processes() -> Result<Vec<u32>, Status> {
    ask_with_room(|words| {
        let (mut needed, length) = (0, 4 * words.len() as u32);
        // SAFETY: the service writes into the words.
        Status(unsafe { NtQuerySystemInformation(PROCESS_INFORMATION, words.as_mut_ptr().cast(), length, &mut needed) })
    })
}

/// Walks the blocks of all processes: 46 words and the threads, 16 words each.
fn list_processes(words: &[u32], flags: u32, lists: &mut [Vec<u32>; 4]) {
    let mut at = 0;
    loop {
        let block = &words[at..];
        let threads = block[1] as usize;
        if flags & PROCESS != 0 {
            describe_process(words, block, &mut lists[List::Processes as usize]);
        }
        if flags & THREAD != 0 {
            for thread in block[46..].chunks_exact(16).take(threads) {
                // Size, use, number, owner, priority and what it differs by, flags.
                lists[List::Threads as usize].extend([28, 0, thread[9], block[17], thread[11], 0, 0]);
            }
        }
        match block[0] {
            0 => return,
            next => at += next as usize / 4,
        }
    }
}

fn describe_process(words: &[u32], block: &[u32], list: &mut Vec<u32>) {
    let (bytes, address) = (block[14] & 0xFFFF, block[15]);
    // The name lies in the same words.
    let start = address.wrapping_sub(words.as_ptr() as u32) as usize / 2;
    let unit = |index: usize| (words[index / 2] >> (16 * (index % 2))) as u16;
    let name: Vec<u16> = match address {
        0 => user_support::text::wide(b"[System Process]"),
        _ => (start..start + bytes as usize / 2).map(unit).collect(),
    };
    // Size, use, number, heap, module, threads, parent, priority, flags.
    list.extend([556, 0, block[17], 0, 0, block[1], block[18], block[16], 0]);
    push_text(&name, 260, list);
}

fn describe_module(module: &RemoteModule, process: u32, list: &mut Vec<u32>) {
    // Size, number, process, two use counts, base, size, handle.
    list.extend([1064, 1, process, 1, 1, module.base, module.size, module.base]);
    push_text(&module.base_name, 256, list);
    push_text(&module.full_name, 260, list);
}

/// `units` UTF-16 units of `text`, with zeros behind it.
fn push_text(text: &[u16], units: usize, list: &mut Vec<u32>) {
    let unit = |index: usize| u32::from(text.get(index).copied().filter(|_| index + 1 < units).unwrap_or(0));
    list.extend((0..units).step_by(2).map(|index| unit(index) | unit(index + 1) << 16));
}

/// The heap and the modules of the process with this number.
fn modules_of(process: u32) -> Result<(u32, Vec<RemoteModule>), Status> {
    let (attributes, client, mut handle) = ([0x18, 0, 0, 0, 0, 0], [process, 0], 0);
    // SAFETY: attributes and numbers live until the service returns, which writes the handle.
    Status(unsafe { NtOpenProcess(&mut handle, LOOK, attributes.as_ptr(), client.as_ptr()) }).ok()?;
    let mut basic = [0u32; 6];
    let none = core::ptr::null_mut();
    // SAFETY: the service writes six words.
    let status = unsafe { NtQueryInformationProcess(handle, 0, basic.as_mut_ptr().cast(), 24, none) };
    let peb = basic[1];
    let read = |address: u32, into: &mut [u8]| {
        let (mut done, length) = (0, into.len() as u32);
        // SAFETY: the service writes no more than there is room for.
        unsafe { NtReadVirtualMemory(handle, address, into.as_mut_ptr(), length, &mut done) == 0 }
    };
    let mut heap = [0; 4];
    let modules = if peb == 0 { None } else { remote_modules(peb, read) };
    let has_heap = peb != 0 && read(peb + PEB_HEAP, &mut heap);
    // SAFETY: the handle was made here.
    unsafe { NtClose(handle) };
    Status(status).ok()?;
    match modules {
        Some(modules) if has_heap => Ok((u32::from_le_bytes(heap), modules)),
        // It has not begun, or is ending.
        _ => Err(Status::PARTIAL_COPY),
    }
}

/// Puts the lists into a section.
fn store(lists: &[Vec<u32>; 4], inherit: bool) -> Result<u32, Status> {
    let words = HEAD_WORDS + lists.iter().map(Vec::len).sum::<usize>();
    let size = 4 * words as u64;
    let attributes = [0x18, 0, 0, if inherit { 2 } else { 0 }, 0, 0];
    let mut handle = 0;
    // SAFETY: attributes and size live until the service returns, which writes the handle.
    let status = unsafe {
        NtCreateSection(&mut handle, SECTION_ALL_ACCESS, attributes.as_ptr(), &size, PAGE_READWRITE, SEC_COMMIT, 0)
    };
    Status(status).ok()?;
    let filled = with_view(handle, |view| {
        let mut at = HEAD_WORDS;
        for (index, list) in lists.iter().enumerate() {
            view[3 * index..][..3].copy_from_slice(&[at as u32, (list.len() / ENTRY_WORDS[index]) as u32, 0]);
            view[at..at + list.len()].copy_from_slice(list);
            at += list.len();
        }
    });
    filled.map(|()| handle).inspect_err(|_| {
        // SAFETY: the handle was made here.
        unsafe { NtClose(handle) };
    })
}

/// Does `work` with the words of the snapshot behind `handle`.
pub(super) fn with_view<T>(handle: u32, work: impl FnOnce(&mut [u32]) -> T) -> Result<T, Status> {
    let (mut base, mut size, mut offset) = (0, 0, 0);
    // SAFETY: the service writes the words; the view is new.
    let status = unsafe {
        NtMapViewOfSection(handle, CURRENT_PROCESS, &mut base, 0, 0, &mut offset, &mut size, 2, 0, PAGE_READWRITE)
    };
    Status(status).ok()?;
    // SAFETY: the view was just mapped, and nobody else knows of it. Whoever else maps the section writes only the places in
    // its lists, word by word.
    let view = unsafe { core::slice::from_raw_parts_mut(base as *mut u32, size as usize / 4) };
    let result = work(view);
    // SAFETY: nothing refers to the view any more.
    unsafe { NtUnmapViewOfSection(CURRENT_PROCESS, base) };
    Ok(result)
}

/// The next entry of a list, or its first one; `None` behind the last.
pub(super) fn next_entry(view: &mut [u32], list: List, from_start: bool) -> Option<&[u32]> {
    let index = list as usize;
    let [begin, count, next] = [0, 1, 2].map(|word| view.get(3 * index + word).copied().unwrap_or(0));
    let next = if from_start { 0 } else { next };
    if next >= count {
        return None;
    }
    *view.get_mut(3 * index + 2)? = next + 1;
    let length = ENTRY_WORDS[index];
    view.get(begin as usize + next as usize * length..)?.get(..length)
}

/// Answers that there is no further entry.
pub(super) fn no_more() -> u32 {
    fail(Win32Error::NO_MORE_FILES)
}

/// Answers that the handle is no snapshot.
pub(super) fn no_snapshot(status: Status) -> u32 {
    fail_with(status);
    FALSE
}
