//! How vmview looks at another process, with what Windows has for that.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use user_support::growing::ask_with_room;
use user_support::status::Status;

use super::import::*;

/// `PROCESS_VM_OPERATION`, `PROCESS_VM_READ`, `PROCESS_QUERY_INFORMATION`, `THREAD_QUERY_INFORMATION`.
const OPERATE: u32 = 0x8;
const READ: u32 = 0x10;
const QUERY: u32 = 0x400;
const QUERY_THREAD: u32 = 0x40;
/// `SystemProcessInformation`: words of what is said of a process, before its threads, and of each of those; where its number, how many
/// threads it has, and the number of a thread.
const PROCESSES: u32 = 5;
const HEAD: usize = 46;
const THREAD: usize = 16;
const NUMBER: usize = 17;
const THREADS: usize = 1;
const THREAD_NUMBER: usize = 9;
/// `ProcessBasicInformation`, `ThreadBasicInformation`, and words of theirs.
const BASIC: u32 = 0;
const PROCESS_WORDS: usize = 6;
const THREAD_WORDS: usize = 7;
/// In the PEB: how many heaps there are, and where their list is. In the TEB: the lowest address of the stack's allocation.
const NUMBER_OF_HEAPS: u32 = 0x88;
const PROCESS_HEAPS: u32 = 0x90;
const DEALLOCATION_STACK: u32 = 0xE0C;
/// Most heaps that a list is believed to have.
const MOST_HEAPS: u32 = 1024;
/// Units of a path.
const PATH: usize = 512;
/// Locked in the working set; `STATUS_WAS_LOCKED`; `STATUS_INCOMPATIBLE_FILE_MAP`.
const IN_WORKING_SET: u32 = 1;
const WAS_LOCKED: u32 = 0x4000_0019;
const INCOMPATIBLE: u32 = 0xC000_004D;
/// Words of MEMORY_BASIC_INFORMATION.
const INFORMATION: usize = 7;
/// What is in a word of the working set's list that is no address.
const OFFSET: u32 = 0xFFF;

/// This process's number.
pub fn own_number() -> u32 {
    // SAFETY: it has no arguments.
    unsafe { GetCurrentProcessId() }
}

/// A process that is open.
pub struct Process {
    handle: u32,
    number: u32,
    may_lock: bool,
}

impl Drop for Process {
    fn drop(&mut self) {
        // SAFETY: nobody else has the handle.
        unsafe { CloseHandle(self.handle) };
    }
}

impl Process {
    /// Opens process `number`, to read it at least.
    ///
    /// # Errors
    /// Windows's error.
    pub fn open(number: u32) -> Result<Self, u32> {
        let open = |access| {
            // SAFETY: it takes any numbers.
            let handle = unsafe { OpenProcess(access, 0, number) };
            (handle != 0).then_some(handle)
        };
        let all = open(QUERY | READ | OPERATE);
        // SAFETY: it has no arguments.
        let handle = all.or_else(|| open(QUERY | READ)).ok_or_else(|| unsafe { GetLastError() })?;
        Ok(Self { handle, number, may_lock: all.is_some() })
    }

    /// Words from the process's memory.
    pub fn read(&self, address: u32, words: &mut [u32]) -> bool {
        let (mut done, size) = (0, 4 * words.len() as u32);
        // SAFETY: there is room for so many bytes, and `done` is a word.
        unsafe { ReadProcessMemory(self.handle, address, words.as_mut_ptr(), size, &mut done) != 0 }
    }

    fn word(&self, address: u32) -> Option<u32> {
        let mut word = [0];
        self.read(address, &mut word).then_some(word[0])
    }

    /// What the system tells of the run of like pages from `address` on.
    pub fn region(&self, address: u32) -> Option<[u32; INFORMATION]> {
        let mut words = [0; INFORMATION];
        // SAFETY: there is room for the structure.
        let told = unsafe { VirtualQueryEx(self.handle, address, words.as_mut_ptr(), 4 * INFORMATION as u32) };
        (told != 0).then_some(words)
    }

    /// The pages of the working set, in order.
    pub fn working_set(&self) -> Option<Vec<u32>> {
        let mut words = vec![0; 4096];
        for _ in 0..16 {
            // SAFETY: there is room for so many bytes.
            let told = unsafe { QueryWorkingSet(self.handle, words.as_mut_ptr(), 4 * words.len() as u32) };
            let count = words[0] as usize;
            if told != 0 {
                let mut pages: Vec<u32> = words[1..].iter().take(count).map(|word| word & !OFFSET).collect();
                pages.sort_unstable();
                return Some(pages);
            }
            // It says how many there are even where there is no room for them. More may come meanwhile.
            if count < words.len() - 1 {
                return None;
            }
            words.resize(count + count / 4 + 16, 0);
        }
        None
    }

    /// The path of the file that is mapped at `address`.
    pub fn mapped_file(&self, address: u32) -> Option<String> {
        // SAFETY: there is room for so many units.
        path(|name, room| unsafe { GetMappedFileNameW(self.handle, address, name, room) })
    }

    /// The path of the program.
    pub fn program(&self) -> Option<String> {
        // SAFETY: there is room for so many units.
        path(|name, room| unsafe { GetProcessImageFileNameW(self.handle, name, room) })
    }

    /// The heaps that the PEB lists.
    pub fn heaps(&self) -> Option<Vec<u32>> {
        let mut basic = [0; PROCESS_WORDS];
        let (length, mut done) = (4 * PROCESS_WORDS as u32, 0);
        // SAFETY: there is room for the structure, and `done` is a word.
        let status = unsafe { NtQueryInformationProcess(self.handle, BASIC, basic.as_mut_ptr(), length, &mut done) };
        let peb = Some(basic[1]).filter(|peb| status == 0 && *peb != 0)?;
        let count = self.word(peb + NUMBER_OF_HEAPS)?.min(MOST_HEAPS);
        let mut heaps = vec![0; count as usize];
        self.read(self.word(peb + PROCESS_HEAPS)?, &mut heaps).then_some(heaps)
    }

    /// The stacks of the threads: the lowest address of the allocation, and the thread.
    pub fn stacks(&self) -> Vec<(u32, u32)> {
        let threads = self.threads().unwrap_or_default();
        threads.into_iter().filter_map(|thread| Some((self.word(teb(thread)? + DEALLOCATION_STACK)?, thread))).collect()
    }

    fn threads(&self) -> Option<Vec<u32>> {
        let words = ask_with_room(|words| {
            let (length, mut done) = (4 * words.len() as u32, 0);
            // SAFETY: there is room for so many bytes, and `done` is a word.
            Status(unsafe { NtQuerySystemInformation(PROCESSES, words.as_mut_ptr(), length, &mut done) })
        });
        let words = words.ok()?;
        let mut at = 0;
        loop {
            let block = words.get(at..).filter(|block| block.len() >= HEAD)?;
            if block[NUMBER] == self.number {
                let threads = block[HEAD..].chunks_exact(THREAD).take(block[THREADS] as usize);
                return Some(threads.map(|thread| thread[THREAD_NUMBER]).collect());
            }
            match block[0] {
                0 => return None,
                next => at += next as usize / 4,
            }
        }
    }

    /// Whether the page at `page` can be locked, and is unlocked again; none without the right to try.
    pub fn can_lock(&self, page: u32) -> Option<bool> {
        if !self.may_lock {
            return None;
        }
        let (mut base, mut size) = (page, 1);
        // SAFETY: base and size are words; no contents change.
        match unsafe { NtLockVirtualMemory(self.handle, &mut base, &mut size, IN_WORKING_SET) } {
            INCOMPATIBLE => Some(false),
            WAS_LOCKED => Some(true),
            0 => {
                // SAFETY: as before; nobody had locked the page.
                unsafe { NtUnlockVirtualMemory(self.handle, &mut base, &mut size, IN_WORKING_SET) };
                Some(true)
            }
            _ => None,
        }
    }
}

/// The TEB of a thread.
fn teb(thread: u32) -> Option<u32> {
    // SAFETY: it takes any numbers.
    let handle = unsafe { OpenThread(QUERY_THREAD, 0, thread) };
    if handle == 0 {
        return None;
    }
    let mut basic = [0; THREAD_WORDS];
    let (length, mut done) = (4 * THREAD_WORDS as u32, 0);
    // SAFETY: there is room for the structure, and `done` is a word.
    let status = unsafe { NtQueryInformationThread(handle, BASIC, basic.as_mut_ptr(), length, &mut done) };
    // SAFETY: nobody else has the handle.
    unsafe { CloseHandle(handle) };
    (status == 0 && basic[1] != 0).then_some(basic[1])
}

fn path(ask: impl FnOnce(*mut u16, u32) -> u32) -> Option<String> {
    let mut name = vec![0; PATH];
    let length = ask(name.as_mut_ptr(), PATH as u32) as usize;
    (length > 0).then(|| String::from_utf16_lossy(name.get(..length).unwrap_or(&name)))
}
