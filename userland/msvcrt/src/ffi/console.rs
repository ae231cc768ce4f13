//! `conio.h`: the console behind all streams, key by key.
//!
//! Source: documented behaviour of `_getch`, `_kbhit` and their like.

use core::sync::atomic::{AtomicI32, Ordering};

use super::file::EOF;
use super::nt::{
    CloseHandle, CreateFileW, GetConsoleMode, INVALID_HANDLE, PeekConsoleInputA, ReadConsoleInputA, SetConsoleMode,
    WriteFile,
};

/// `GENERIC_READ | GENERIC_WRITE`, `FILE_SHARE_READ | FILE_SHARE_WRITE`, `OPEN_EXISTING`.
const READ_WRITE: u32 = 0xC000_0000;
const SHARE_ALL: u32 = 3;
const OPEN_EXISTING: u32 = 3;
/// Bytes of an INPUT_RECORD, and records looked at.
const RECORD: usize = 20;
const MOST: usize = 32;
/// `KEY_EVENT`.
const KEY: u8 = 1;
/// What a key without a character begins with: one of those that keyboards had from the start, or another.
const FUNCTION: i32 = 0;
const ENHANCED: i32 = 0xE0;
/// Virtual keys that move and edit, and what they are called here: page up and down, end, home, the arrows, insert, delete.
const EDITING: [(i32, i32); 10] = [
    (0x21, 0x49),
    (0x22, 0x51),
    (0x23, 0x4F),
    (0x24, 0x47),
    (0x25, 0x4B),
    (0x26, 0x48),
    (0x27, 0x4D),
    (0x28, 0x50),
    (0x2D, 0x52),
    (0x2E, 0x53),
];

/// The second part of a key, or what was put back; [`EOF`] for nothing.
static WAITING: AtomicI32 = AtomicI32::new(EOF);

/// The console, as long as this lives.
struct Console(u32);

impl Console {
    fn open(name: &[u16; 8]) -> Option<Self> {
        let (name, none) = (name.as_ptr(), core::ptr::null());
        // SAFETY: the name is a string.
        let handle = unsafe { CreateFileW(name, READ_WRITE, SHARE_ALL, none, OPEN_EXISTING, 0, 0) };
        (handle != INVALID_HANDLE).then_some(Self(handle))
    }

    fn input() -> Option<Self> {
        Self::open(&units(b"CONIN$\0\0"))
    }

    fn output() -> Option<Self> {
        Self::open(&units(b"CONOUT$\0"))
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // SAFETY: the handle was opened here.
        unsafe { CloseHandle(self.0) };
    }
}

/// The name of a device, with zeros behind it.
fn units(name: &[u8; 8]) -> [u16; 8] {
    name.map(u16::from)
}

/// What a record says is typed: a character, or two parts of a key that has none.
fn typed(record: &[u8]) -> Option<(i32, i32)> {
    if record[0] != KEY || record[4] == 0 {
        return None;
    }
    // A terminal's keys have no scan codes: the virtual key says which it is.
    match (i32::from(record[14]), i32::from(record[10])) {
        (0, key @ 0x70..=0x79) => Some((FUNCTION, key - 0x70 + 0x3B)),
        (0, key @ 0x7A..=0x7B) => Some((ENHANCED, key - 0x7A + 0x85)),
        (0, key) => EDITING.iter().find(|(other, _)| *other == key).map(|(_, code)| (ENHANCED, *code)),
        (character, _) => Some((character, EOF)),
    }
}

/// Waits for a key; a key without a character needs two calls. Nothing is shown.
#[unsafe(no_mangle)]
pub extern "C" fn _getch() -> i32 {
    let waiting = WAITING.swap(EOF, Ordering::Relaxed);
    if waiting != EOF {
        return waiting;
    }
    let Some(console) = Console::input() else { return EOF };
    let mut mode = 0;
    // SAFETY: the word is written.
    let has_mode = unsafe { GetConsoleMode(console.0, &mut mode) } != 0;
    // SAFETY: it touches no memory.
    unsafe { SetConsoleMode(console.0, 0) };
    let key = loop {
        let (mut record, mut done) = ([0; RECORD], 0);
        // SAFETY: there is room for one record.
        if unsafe { ReadConsoleInputA(console.0, record.as_mut_ptr(), 1, &mut done) } == 0 || done == 0 {
            break EOF;
        }
        if let Some((first, second)) = typed(&record) {
            WAITING.store(second, Ordering::Relaxed);
            break first;
        }
    };
    if has_mode {
        // SAFETY: it touches no memory.
        unsafe { SetConsoleMode(console.0, mode) };
    }
    key
}

/// Waits for a key and shows its character.
#[unsafe(no_mangle)]
pub extern "C" fn _getche() -> i32 {
    let waited = WAITING.load(Ordering::Relaxed) != EOF;
    let key = _getch();
    let is_whole = WAITING.load(Ordering::Relaxed) == EOF;
    if key == EOF || waited || !is_whole { key } else { _putch(key) }
}

/// Whether a key waits.
#[unsafe(no_mangle)]
pub extern "C" fn _kbhit() -> i32 {
    if WAITING.load(Ordering::Relaxed) != EOF {
        return 1;
    }
    let Some(console) = Console::input() else { return 0 };
    let (mut records, mut done) = ([0; MOST * RECORD], 0);
    // SAFETY: there is room for that many records.
    if unsafe { PeekConsoleInputA(console.0, records.as_mut_ptr(), MOST as u32, &mut done) } == 0 {
        return 0;
    }
    let found = records.chunks_exact(RECORD).take(done as usize).any(|record| typed(record).is_some());
    found.into()
}

/// Puts one character back; [`EOF`] where one has been put back already.
#[unsafe(no_mangle)]
pub extern "C" fn _ungetch(character: i32) -> i32 {
    if character == EOF {
        return EOF;
    }
    let placed = WAITING.compare_exchange(EOF, character, Ordering::Relaxed, Ordering::Relaxed);
    placed.map_or(EOF, |_| character)
}

/// Shows a character; returns it, or [`EOF`].
#[unsafe(no_mangle)]
pub extern "C" fn _putch(character: i32) -> i32 {
    let Some(console) = Console::output() else { return EOF };
    let (byte, mut done) = (character as u8, 0);
    // SAFETY: the byte is there.
    let written = unsafe { WriteFile(console.0, &byte, 1, &mut done, core::ptr::null()) };
    if written == 0 { EOF } else { i32::from(byte) }
}
