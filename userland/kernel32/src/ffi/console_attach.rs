//! Whether a process has a console: it gives it up and has it back; and who else has it.

use abi::console::{ATTACH, DETACH, LIST_PROCESSES};
use alloc::vec;
use alloc::vec::Vec;
use user_support::error::Win32Error;
use user_support::file::CONSOLE_DEVICE;
use user_support::memory::Memory;
use user_support::status::Status;

use super::console::{answered, refuse};
use super::control_handler::{ask, tell};
use super::file::open;
use super::last_error::{Bool, TRUE, fail};
use super::process_information::parent_of_this;
use super::standard_handle::{GetStdHandle, SetStdHandle, device_type};
use super::startup::memory;

/// `ATTACH_PARENT_PROCESS`.
const PARENT: u32 = 0xFFFF_FFFF;
/// `STD_INPUT_HANDLE`, output and error.
const STANDARD: [u32; 3] = [0xFFFF_FFF6, 0xFFFF_FFF5, 0xFFFF_FFF4];
/// `GENERIC_READ | GENERIC_WRITE`; readers and writers share; `OPEN_EXISTING`; `OBJ_INHERIT`.
const READ_WRITE: u32 = 0xC000_0000;
const SHARED: u32 = 3;
const EXISTING: u32 = 3;
const INHERITED: u32 = 2;

/// Gives the process's console up: what it has opened of it is of no use any more.
#[unsafe(no_mangle)]
pub extern "system" fn FreeConsole() -> Bool {
    match tell(DETACH, &[0]) {
        Err(Status::INVALID_HANDLE) => fail(Win32Error::INVALID_PARAMETER),
        told => answered(told),
    }
}

/// Makes a console for a process that has none: here it is the one there is. The standard handles lead to it.
#[unsafe(no_mangle)]
pub extern "system" fn AllocConsole() -> Bool {
    attach(0, |device| device == Ok(CONSOLE_DEVICE))
}

/// Has the console of another process, or of the parent. Standard handles that lead nowhere lead to it.
#[unsafe(no_mangle)]
pub extern "system" fn AttachConsole(process: u32) -> Bool {
    match process {
        0 => fail(Win32Error::INVALID_PARAMETER),
        PARENT => attach(parent_of_this(), |device| device.is_ok()),
        _ => attach(process, |device| device.is_ok()),
    }
}

fn attach(process: u32, stays: impl Fn(Result<u32, Status>) -> bool) -> Bool {
    if let Err(status) = tell(ATTACH, &[process]) {
        return refuse(status);
    }
    for (which, name) in STANDARD.into_iter().zip(["CONIN$", "CONOUT$", "CONOUT$"]) {
        if !stays(device_type(GetStdHandle(which))) {
            let name: Vec<u16> = name.encode_utf16().collect();
            SetStdHandle(which, open(&name, READ_WRITE, SHARED, EXISTING, 0, INHERITED));
        }
    }
    TRUE
}

/// The numbers of the processes that have this one's console, the latest first: how many there are. Where there is too little room, nothing is
/// stored.
///
/// # Safety
/// `ids` has room for `room` words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetConsoleProcessList(ids: *mut u32, room: u32) -> u32 {
    if ids.is_null() || room == 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let mut list = vec![0; 4 + 4 * (room as usize).min(0x1000)];
    let length = match ask(LIST_PROCESSES, &[], &mut list) {
        Ok(length) => length as usize,
        Err(status) => return refuse(status),
    };
    let words: Vec<u32> = list[..length].as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let [count, found @ ..] = &words[..] else { return 0 };
    if *count as usize == found.len() {
        for (index, id) in (0..).zip(found) {
            memory().write_u32(ids as u32 + 4 * index, *id);
        }
    }
    *count
}
