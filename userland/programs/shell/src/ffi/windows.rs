//! The system, by kernel32 and ntdll.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ptr::null_mut;

use abi::console::{RECORD_SIZE, SET_FOREGROUND};
use shell::error::Win32Error;
use shell::system::*;
use terminal::console::{ENABLE_ECHO_INPUT, ENABLE_LINE_INPUT, ENABLE_PROCESSED_INPUT};
use terminal::{Decoder, Key};

use super::import::*;
use super::record::{FIND_DATA, file_of, half, word};

const STANDARD_INPUT: u32 = 0xFFFF_FFF6;
const STANDARD_OUTPUT: u32 = 0xFFFF_FFF5;
const INVALID_HANDLE: u32 = 0xFFFF_FFFF;
const CURRENT_PROCESS: u32 = 0xFFFF_FFFF;
/// `CREATE_SUSPENDED`.
const SUSPENDED: u32 = 4;
const INFINITE: u32 = 0xFFFF_FFFF;
const COOKED: u32 = ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT;
const PROCESS_TERMINATE: u32 = 0x1;
const SYNCHRONIZE: u32 = 0x0010_0000;
/// Milliseconds that a process that is killed may take to be gone.
const PATIENCE: u32 = 2000;
const PROCESS_QUERY: u32 = 0x400;
const INFO_LENGTH_MISMATCH: u32 = 0xC000_0004;

/// Who watches a copy.
struct Watched<'a> {
    system: &'a mut Windows,
    watch: &'a mut dyn FnMut(&mut Windows, u64) -> bool,
}

/// Tells the watcher at `data` how many bytes have been copied.
///
/// # Safety
/// `data` is the address of a [`Watched`] that nobody else uses.
unsafe extern "system" fn copied_so_far(
    _size: u64,
    done: u64,
    _stream_size: u64,
    _stream_done: u64,
    _stream: u32,
    _reason: u32,
    _from: u32,
    _to: u32,
    data: u32,
) -> u32 {
    const CONTINUE: u32 = 0;
    const CANCEL: u32 = 1;
    // SAFETY: the caller's promise.
    let watched = unsafe { &mut *(data as *mut Watched<'_>) };
    if (watched.watch)(watched.system, done) { CONTINUE } else { CANCEL }
}

/// Windows.
pub struct Windows {
    input: u32,
    /// Where the input is no console: what its bytes are as keys.
    piped: Option<Decoder>,
    output: u32,
    /// Whether the console is the shell's to give: not where another program runs one command with it.
    has_console: bool,
    /// Where what the shell writes goes instead of its output.
    pub(super) redirected: Option<u32>,
}

pub(super) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

pub(super) fn last_error() -> Win32Error {
    // SAFETY: it has no arguments.
    Win32Error(unsafe { GetLastError() })
}

/// Success, or the last error.
pub(super) fn check(result: u32) -> Result<(), Win32Error> {
    if result == 0 { Err(last_error()) } else { Ok(()) }
}

fn status_error(status: u32) -> Win32Error {
    // SAFETY: it only looks the number up.
    Win32Error(unsafe { RtlNtStatusToDosError(status) })
}

pub(super) fn close(handle: u32) {
    // SAFETY: the callers opened the handle and use it no more.
    unsafe { CloseHandle(handle) };
}

/// The shell's own command line.
pub(super) fn command_line() -> String {
    // SAFETY: it has no arguments.
    let line = unsafe { GetCommandLineW() };
    // SAFETY: the command line is a string that stays; every unit before its zero is readable.
    let units = (0..).map(|index| unsafe { line.wrapping_add(index).read() }).take_while(|&unit| unit != 0);
    String::from_utf16_lossy(&units.collect::<Vec<u16>>())
}

/// A text that a function copies into a buffer and tells the length of.
fn copied(copy: impl Fn(u32, *mut u16) -> u32) -> Option<String> {
    let mut buffer = vec![0u16; 512];
    loop {
        let length = copy(buffer.len() as u32, buffer.as_mut_ptr()) as usize;
        match length {
            0 => return None,
            fits if fits < buffer.len() => return Some(String::from_utf16_lossy(&buffer[..fits])),
            more => buffer.resize(more + 1, 0),
        }
    }
}

impl Windows {
    /// For a shell that somebody types in.
    pub fn new() -> Self {
        let mut this = Self { has_console: true, ..Self::for_command() };
        if !this.set_mode(0) {
            this.piped = Some(Decoder::new());
        }
        this
    }

    /// For one command, in whatever state the console is.
    pub fn for_command() -> Self {
        // SAFETY: it only looks the handle up.
        let input = unsafe { GetStdHandle(STANDARD_INPUT) };
        // SAFETY: it only looks the handle up.
        let output = unsafe { GetStdHandle(STANDARD_OUTPUT) };
        Self { input, piped: None, output, has_console: false, redirected: None }
    }

    /// Changes the console's mode; whether the input is one.
    fn set_mode(&self, mode: u32) -> bool {
        // SAFETY: it changes nothing but the console.
        unsafe { SetConsoleMode(self.input, mode) != 0 }
    }

    /// The next byte of an input that is no console, where there is one. One at a time: what follows may be a program's.
    fn read_byte(&self) -> Option<u8> {
        let (mut byte, mut done) = ([0u8; 1], 0);
        // SAFETY: the function writes one byte and a word.
        let read = unsafe { ReadFile(self.input, byte.as_mut_ptr(), 1, &mut done, 0) };
        (read != 0 && done == 1).then_some(byte[0])
    }

    /// Tells the console whom Ctrl-C ends, and how it treats its input from then on.
    fn set_foreground(&self, id: u32, mode: u32) {
        let (mut status, words) = ([0u32; 2], [id, mode]);
        let (from, to) = (words.as_ptr(), null_mut());
        // SAFETY: the service reads two words and writes the status words.
        unsafe { NtDeviceIoControlFile(self.input, 0, 0, 0, status.as_mut_ptr(), SET_FOREGROUND, from, 8, to, 0) };
    }

    /// Gives a program the console, until the shell has waited for its end.
    pub(super) fn give_console(&self, id: u32) {
        if self.has_console {
            self.set_foreground(id, COOKED);
        }
    }

    /// Waits for the end of a program that has the console meanwhile.
    pub(super) fn wait(&self, process: u32) -> u32 {
        let mut status = 0;
        // SAFETY: waiting touches no memory.
        unsafe { WaitForSingleObject(process, INFINITE) };
        // SAFETY: the function writes one word.
        unsafe { GetExitCodeProcess(process, &mut status) };
        if self.has_console {
            // SAFETY: it has no arguments.
            self.set_foreground(unsafe { GetCurrentProcessId() }, 0);
        }
        status
    }

    fn open_process(&self, id: u32, access: u32) -> Result<u32, Win32Error> {
        // SAFETY: it opens a handle.
        match unsafe { OpenProcess(access, 0, id) } {
            0 => Err(last_error()),
            handle => Ok(handle),
        }
    }

    /// The answer to a class of NtQuerySystemInformation, however long it is, as words.
    fn system_information(&self, class: u32, mut words: usize) -> Result<Vec<u32>, Win32Error> {
        loop {
            let mut buffer = vec![0u32; words];
            let mut returned = 0;
            // SAFETY: the service writes at most as much as the buffer holds.
            let status =
                unsafe { NtQuerySystemInformation(class, buffer.as_mut_ptr(), 4 * words as u32, &mut returned) };
            match status {
                0 => return Ok(buffer),
                INFO_LENGTH_MISMATCH if words < 1 << 20 => words *= 2,
                other => return Err(status_error(other)),
            }
        }
    }
}

impl System for Windows {
    fn read_key(&mut self) -> Option<Key> {
        while self.piped.is_some() {
            let byte = self.read_byte();
            let decoder = self.piped.as_mut()?;
            let Some(byte) = byte else { return decoder.idle() };
            if let Some(key) = decoder.push(byte) {
                return Some(key);
            }
        }
        let (mut record, mut done) = ([0u8; RECORD_SIZE as usize], 0);
        // SAFETY: the function writes one record and a word.
        let read = unsafe { ReadConsoleInputW(self.input, record.as_mut_ptr(), 1, &mut done) };
        (read != 0 && done == 1).then(|| Key {
            is_down: word(&record, 4) != 0,
            virtual_key: half(&record, 10),
            scan_code: half(&record, 12),
            character: half(&record, 14),
            control: word(&record, 16),
        })
    }

    fn write(&mut self, text: &[u8]) {
        let mut done = 0;
        // SAFETY: the function reads the text and writes a word.
        unsafe { WriteFile(self.redirected.unwrap_or(self.output), text.as_ptr(), text.len() as u32, &mut done, 0) };
    }

    fn column(&mut self) -> usize {
        let mut screen = [0u8; 24];
        // SAFETY: the function writes 22 bytes.
        unsafe { GetConsoleScreenBufferInfo(self.output, screen.as_mut_ptr()) };
        usize::from(half(&screen, 4))
    }

    fn current_directory(&mut self) -> String {
        // SAFETY: the buffer has the room it is said to have.
        copied(|room, buffer| unsafe { GetCurrentDirectoryW(room, buffer) }).unwrap_or_default()
    }

    fn change_directory(&mut self, path: &str) -> Result<(), Win32Error> {
        // SAFETY: the path ends with a zero.
        check(unsafe { SetCurrentDirectoryW(wide(path).as_ptr()) })
    }

    fn list(&mut self, pattern: &str) -> Result<Vec<File>, Win32Error> {
        let mut data = [0u8; FIND_DATA];
        // SAFETY: the pattern ends with a zero; the data has its size.
        let search = unsafe { FindFirstFileW(wide(pattern).as_ptr(), data.as_mut_ptr()) };
        if search == INVALID_HANDLE {
            return Err(last_error());
        }
        let mut files = vec![file_of(&data)];
        // SAFETY: the search is open; the data has its size.
        while unsafe { FindNextFileW(search, data.as_mut_ptr()) } != 0 {
            files.push(file_of(&data));
        }
        // SAFETY: the search is used no more.
        unsafe { FindClose(search) };
        Ok(files)
    }

    fn attributes(&mut self, path: &str) -> Option<u32> {
        // SAFETY: the path ends with a zero.
        Some(unsafe { GetFileAttributesW(wide(path).as_ptr()) }).filter(|attributes| *attributes != u32::MAX)
    }

    fn read_file(&mut self, path: &str, take: &mut dyn FnMut(&mut Self, &[u8]) -> bool) -> Result<(), Win32Error> {
        const GENERIC_READ: u32 = 0x8000_0000;
        const OPEN_EXISTING: u32 = 3;
        // SAFETY: the path ends with a zero.
        let file = unsafe { CreateFileW(wide(path).as_ptr(), GENERIC_READ, 7, 0, OPEN_EXISTING, 0, 0) };
        if file == INVALID_HANDLE {
            return Err(last_error());
        }
        let mut buffer = vec![0u8; 0x1000];
        let result = loop {
            let mut done = 0;
            // SAFETY: the buffer has the size it is said to have.
            let read = unsafe { ReadFile(file, buffer.as_mut_ptr(), buffer.len() as u32, &mut done, 0) };
            if let Err(error) = check(read) {
                break Err(error);
            }
            if done == 0 || !take(self, &buffer[..done as usize]) {
                break Ok(());
            }
        };
        close(file);
        result
    }

    fn copy_file(
        &mut self,
        from: &str,
        to: &str,
        watch: &mut dyn FnMut(&mut Self, u64) -> bool,
    ) -> Result<(), Win32Error> {
        let mut watched = Watched { system: self, watch };
        let (from, to, data) = (wide(from), wide(to), (&raw mut watched) as u32);
        // SAFETY: the paths end with zeros; the routine is called with `data` only until the function returns.
        check(unsafe { CopyFileExW(from.as_ptr(), to.as_ptr(), copied_so_far, data, core::ptr::null(), 0) })
    }

    fn delete_file(&mut self, path: &str) -> Result<(), Win32Error> {
        // SAFETY: the path ends with a zero.
        check(unsafe { DeleteFileW(wide(path).as_ptr()) })
    }

    fn make_directory(&mut self, path: &str) -> Result<(), Win32Error> {
        // SAFETY: the path ends with a zero.
        check(unsafe { CreateDirectoryW(wide(path).as_ptr(), 0) })
    }

    fn remove_directory(&mut self, path: &str) -> Result<(), Win32Error> {
        // SAFETY: the path ends with a zero.
        check(unsafe { RemoveDirectoryW(wide(path).as_ptr()) })
    }

    fn move_file(&mut self, from: &str, to: &str, replaces: bool) -> Result<(), Win32Error> {
        // COPY_ALLOWED, and REPLACE_EXISTING.
        let flags = 2 | u32::from(replaces);
        // SAFETY: the paths end with zeros.
        check(unsafe { MoveFileExW(wide(from).as_ptr(), wide(to).as_ptr(), flags) })
    }

    fn free_bytes(&mut self, path: &str) -> Option<u64> {
        let root = match path.get(..2) {
            Some(drive) if drive.ends_with(':') => [drive, "\\"].concat(),
            _ => String::from("\\"),
        };
        let (mut sectors, mut bytes, mut free, mut all) = (0, 0, 0, 0);
        // SAFETY: the root ends with a zero; the function writes four words.
        let known = unsafe { GetDiskFreeSpaceW(wide(&root).as_ptr(), &mut sectors, &mut bytes, &mut free, &mut all) };
        (known != 0).then(|| u64::from(sectors) * u64::from(bytes) * u64::from(free))
    }

    fn variables(&mut self) -> Vec<(String, String)> {
        // SAFETY: it makes a copy.
        let block = unsafe { GetEnvironmentStringsW() };
        let (mut variables, mut units, mut at) = (Vec::new(), Vec::new(), 0);
        while !block.is_null() {
            // SAFETY: the block ends with two zeros, and nothing behind them is read.
            let unit = unsafe { block.wrapping_add(at).read() };
            at += 1;
            if unit != 0 {
                units.push(unit);
                continue;
            }
            let text = String::from_utf16_lossy(&core::mem::take(&mut units));
            if text.is_empty() {
                break;
            }
            // Those of drives are no user's.
            let shown = text.split_once('=').filter(|(name, _)| !name.is_empty());
            variables.extend(shown.map(|(name, value)| (String::from(name), String::from(value))));
        }
        // SAFETY: the copy is used no more.
        unsafe { FreeEnvironmentStringsW(block) };
        variables
    }

    fn variable(&mut self, name: &str) -> Option<String> {
        let name = wide(name);
        // SAFETY: the name ends with a zero; the buffer has the room it is said to have.
        copied(|room, buffer| unsafe { GetEnvironmentVariableW(name.as_ptr(), buffer, room) })
    }

    fn set_variable(&mut self, name: &str, value: Option<&str>) -> Result<(), Win32Error> {
        let (name, value) = (wide(name), value.map(wide));
        let value = value.as_ref().map_or(core::ptr::null(), |value| value.as_ptr());
        // SAFETY: both end with a zero.
        check(unsafe { SetEnvironmentVariableW(name.as_ptr(), value) })
    }

    fn run(&mut self, image: &str, command_line: &str, wait: Wait) -> Result<Ran, Win32Error> {
        let mut startup = [0u32; 17];
        startup[0] = 68;
        let (image, mut line, mut information) = (wide(image), wide(command_line), [0u32; 4]);
        let (image, line) = (image.as_ptr(), line.as_mut_ptr());
        // SAFETY: both strings end with a zero; the structures have their sizes.
        check(unsafe {
            CreateProcessW(image, line, 0, 0, 0, SUSPENDED, 0, 0, startup.as_ptr(), information.as_mut_ptr())
        })?;
        let [process, thread, id, _] = information;
        if wait == Wait::ForEnd {
            self.give_console(id);
        }
        // SAFETY: the thread is the new process's first one, which has waited for this.
        unsafe { ResumeThread(thread) };
        close(thread);
        let ran = match wait {
            Wait::No => Ran::Running(id),
            Wait::ForEnd => Ran::Ended(self.wait(process)),
        };
        close(process);
        Ok(ran)
    }

    fn processes(&mut self) -> Result<Vec<Process>, Win32Error> {
        let words = self.system_information(5, 0x1000)?;
        let base = words.as_ptr() as u32;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let (mut processes, mut at) = (Vec::new(), 0);
        loop {
            let entry = &bytes[at..];
            let length = usize::from(half(entry, 0x38));
            let name_at = word(entry, 0x3C).wrapping_sub(base) as usize;
            let name = bytes.get(name_at..name_at + length).unwrap_or_default();
            let name: Vec<u16> = name.chunks_exact(2).map(|pair| half(pair, 0)).collect();
            processes.push(Process {
                id: word(entry, 0x44),
                parent: word(entry, 0x48),
                threads: word(entry, 0x04),
                handles: word(entry, 0x4C),
                working_set: word(entry, 0x68),
                commit: word(entry, 0x7C),
                page_faults: word(entry, 0x60),
                name: if name.is_empty() { String::from("Idle") } else { String::from_utf16_lossy(&name) },
            });
            match word(entry, 0) as usize {
                0 => return Ok(processes),
                step => at += step,
            }
        }
    }

    fn memory(&mut self) -> Result<Memory, Win32Error> {
        let basic = self.system_information(0, 11)?;
        let counts = self.system_information(2, 78)?;
        Ok(Memory {
            page_size: basic[2],
            total: basic[3],
            available: counts[11],
            committed: counts[12],
            commit_limit: counts[13],
            commit_peak: counts[14],
            page_faults: counts[15],
            pool: counts[29],
        })
    }

    fn regions(&mut self, id: u32) -> Result<Vec<Region>, Win32Error> {
        let process = if id == self.own_id() { CURRENT_PROCESS } else { self.open_process(id, PROCESS_QUERY)? };
        let (mut regions, mut address) = (Vec::new(), 0u32);
        loop {
            let mut answer = [0u32; 7];
            // SAFETY: the service writes 28 bytes.
            let status = unsafe { NtQueryVirtualMemory(process, address, 0, answer.as_mut_ptr(), 28, 0) };
            if status != 0 {
                break;
            }
            let [base, allocation_base, _, size, state, protection, kind] = answer;
            regions.push(Region { base, allocation_base, size, state, protection, kind });
            match base.checked_add(size) {
                Some(next) if size != 0 => address = next,
                _ => break,
            }
        }
        if process != CURRENT_PROCESS {
            close(process);
        }
        Ok(regions)
    }

    fn kill(&mut self, id: u32) -> Result<(), Win32Error> {
        let process = self.open_process(id, PROCESS_TERMINATE | SYNCHRONIZE)?;
        // SAFETY: the user asked for the end of the process.
        let result = check(unsafe { TerminateProcess(process, 1) });
        if result.is_ok() {
            // It ends when it runs next: who lists the processes then sees it no more.
            // SAFETY: waiting touches no memory.
            unsafe { WaitForSingleObject(process, PATIENCE) };
        }
        close(process);
        result
    }

    fn own_id(&mut self) -> u32 {
        // SAFETY: it has no arguments.
        unsafe { GetCurrentProcessId() }
    }

    fn now(&mut self) -> (u64, u32) {
        let mut time = 0;
        // SAFETY: the function writes 8 bytes.
        unsafe { GetSystemTimeAsFileTime(&mut time) };
        // SAFETY: it has no arguments.
        (time, unsafe { GetTickCount() })
    }

    fn shut_down(&mut self, how: ShutDown) -> Win32Error {
        let action = if how == ShutDown::Restart { 1 } else { 2 };
        // SAFETY: the user asked for it.
        status_error(unsafe { NtShutdownSystem(action) })
    }
}
