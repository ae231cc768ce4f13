//! What is asked of the system.

use alloc::string::String;
use alloc::vec::Vec;

use abi::console::{GET_PICTURE_SIZE, KEY_EVENT, RECORD_SIZE, SCREEN_SIZE, SHOW_PICTURE};

use super::import::*;

const STANDARD_INPUT: u32 = 0xFFFF_FFF6;
const STANDARD_OUTPUT: u32 = 0xFFFF_FFF5;
/// Between two pictures, and between two looks for a key, in milliseconds.
const PERIOD: u32 = 300;
const LOOK: u32 = 50;
/// Where a record of a key says whether it is down.
const IS_DOWN: usize = 4;

/// Ends the program.
pub fn exit(status: u32) -> ! {
    // SAFETY: the program asks for its own end.
    unsafe { ExitProcess(status) }
}

/// The program's command line.
pub fn command_line() -> String {
    // SAFETY: it has no arguments.
    let line = unsafe { GetCommandLineW() };
    // SAFETY: the command line is a string that stays; every unit before its zero is readable.
    let units = (0..).map(|index| unsafe { line.wrapping_add(index).read() }).take_while(|&unit| unit != 0);
    String::from_utf16_lossy(&units.collect::<Vec<u16>>())
}

fn standard(which: u32) -> u32 {
    // SAFETY: it takes any number.
    unsafe { GetStdHandle(which) }
}

/// Writes to standard output. Where nobody reads it there is nothing to be done.
pub fn write(mut bytes: &[u8]) {
    let output = standard(STANDARD_OUTPUT);
    while !bytes.is_empty() {
        let mut done = 0;
        // SAFETY: the bytes are readable, and `done` is a word.
        let written = unsafe { WriteFile(output, bytes.as_ptr(), bytes.len() as u32, &mut done, 0) };
        if written == 0 || done == 0 {
            return;
        }
        bytes = &bytes[done as usize..];
    }
}

/// Columns and rows of the console, if standard output is one.
pub fn console_size() -> Option<(usize, usize)> {
    let mut information = [0; SCREEN_SIZE as usize];
    // SAFETY: there is room for the structure.
    let known = unsafe { GetConsoleScreenBufferInfo(standard(STANDARD_OUTPUT), information.as_mut_ptr()) };
    let half = |at: usize| usize::from(u16::from_le_bytes([information[at], information[at + 1]]));
    (known != 0).then(|| (half(0), half(2)))
}

/// Has the console carry out `code`: whether it did.
fn control(code: u32, input: &[u32], output: &mut [u32]) -> bool {
    let mut status = [0; 2];
    let (read, written) = (input.len() as u32 * 4, output.len() as u32 * 4);
    // SAFETY: input and output have as many bytes as it is told, and `status` the two words of an IO_STATUS_BLOCK.
    let result = unsafe {
        NtDeviceIoControlFile(
            standard(STANDARD_OUTPUT),
            0,
            0,
            0,
            status.as_mut_ptr(),
            code,
            input.as_ptr(),
            read,
            output.as_mut_ptr(),
            written,
        )
    };
    result == 0
}

/// Pixels of a row and rows of the pictures that the screen can show, if it can.
pub fn picture_size() -> Option<(usize, usize)> {
    let mut words = [0; 2];
    control(GET_PICTURE_SIZE, &[], &mut words).then(|| (words[0] as usize, words[1] as usize))
}

/// Shows a picture of `rows` rows.
pub fn show_picture(pixels: &[u32], rows: usize) -> bool {
    control(SHOW_PICTURE, &[0, rows as u32, pixels.as_ptr() as u32], &mut [])
}

/// Whether a key has been pressed. That one was released does not count: the one that started the program is yet to be.
pub fn key_was_pressed() -> bool {
    let input = standard(STANDARD_INPUT);
    loop {
        let (mut count, mut done) = (0, 0);
        let mut record = [0; RECORD_SIZE as usize];
        // SAFETY: `count` is a word.
        if unsafe { GetNumberOfConsoleInputEvents(input, &mut count) } == 0 || count == 0 {
            return false;
        }
        // SAFETY: there is room for one record, and `done` is a word.
        let read = unsafe { ReadConsoleInputW(input, record.as_mut_ptr(), 1, &mut done) };
        if read == 0 || done == 0 {
            return false;
        }
        if u16::from_le_bytes([record[0], record[1]]) == KEY_EVENT && record[IS_DOWN] != 0 {
            return true;
        }
    }
}

/// Forgets the keys that wait.
pub fn forget_keys() {
    // SAFETY: it takes any handle.
    unsafe { FlushConsoleInputBuffer(standard(STANDARD_INPUT)) };
}

/// Lets others run for so many milliseconds.
pub fn sleep(milliseconds: u32) {
    // SAFETY: it takes any number.
    unsafe { Sleep(milliseconds) };
}

/// Waits for the time of the next picture: whether a key came instead.
pub fn wait_for_key() -> bool {
    for _ in 0..PERIOD / LOOK {
        if key_was_pressed() {
            return true;
        }
        sleep(LOOK);
    }
    false
}
