//! What the process was started with: command line and start-up information.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::vec::Vec;

use user_ffi::{ThisProcess, peb, wide};
use user_support::memory::Memory;
use user_support::text::ansi;

/// Offsets in `_RTL_USER_PROCESS_PARAMETERS`.
mod parameter {
    pub(super) const STANDARD_HANDLES: u32 = 0x18;
    pub(super) const COMMAND_LINE: u32 = 0x40;
    pub(super) const WINDOW: u32 = 0x4C;
    pub(super) const FLAGS: u32 = 0x68;
    pub(super) const SHOW: u32 = 0x6C;
    pub(super) const TITLE: u32 = 0x70;
    pub(super) const DESKTOP: u32 = 0x78;
    pub(super) const RUNTIME_DATA: u32 = 0x88;
}

/// Size of `STARTUPINFO`.
const STARTUP_SIZE: usize = 68;
/// `STARTF_USESTDHANDLES`.
const USES_HANDLES: u32 = 0x100;

/// The command line in bytes, made when it is first asked for and kept for good.
static ANSI_COMMAND_LINE: AtomicU32 = AtomicU32::new(0);

pub(super) fn memory() -> ThisProcess {
    // SAFETY: this DLL reads and writes the process parameters and what its callers hand over.
    unsafe { ThisProcess::new() }
}

/// The `UNICODE_STRING` at `offset` of the process parameters.
pub(super) fn parameter_string(offset: u32) -> Vec<u16> {
    let string = peb().parameters() + offset;
    let (bytes, buffer) = (memory().read_u16(string), memory().read_u32(string + 4));
    // SAFETY: the kernel wrote the string; it is copied at once.
    unsafe { wide(buffer as *const u16, u32::from(bytes) / 2) }.to_vec()
}

/// Standard handle `index`: input, output, error.
pub(super) fn standard_handle(index: u32) -> u32 {
    memory().read_u32(peb().parameters() + parameter::STANDARD_HANDLES + 4 * index)
}

/// The command line in UTF-16, where the kernel put it.
#[unsafe(no_mangle)]
pub extern "system" fn GetCommandLineW() -> u32 {
    memory().read_u32(peb().parameters() + parameter::COMMAND_LINE + 4)
}

/// The command line in bytes; always the same address.
#[unsafe(no_mangle)]
pub extern "system" fn GetCommandLineA() -> u32 {
    let known = ANSI_COMMAND_LINE.load(Ordering::Acquire);
    if known != 0 {
        return known;
    }
    let mut text = ansi(&parameter_string(parameter::COMMAND_LINE));
    text.push(0);
    let made = Vec::leak(text).as_ptr() as u32;
    // If another thread was quicker, its copy is the one that everybody has.
    match ANSI_COMMAND_LINE.compare_exchange(0, made, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => made,
        Err(other) => other,
    }
}

/// What the creator of the process said about its window and its standard handles.
///
/// # Safety
/// `target` points to a `STARTUPINFOW`, 68 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetStartupInfoW(target: *mut [u8; STARTUP_SIZE]) {
    let mut information = common_information();
    let parameters = peb().parameters();
    put(&mut information, 8, memory().read_u32(parameters + parameter::DESKTOP + 4));
    put(&mut information, 12, memory().read_u32(parameters + parameter::TITLE + 4));
    // SAFETY: the caller's promise.
    unsafe { target.write(information) };
}

/// The same; the names of desktop and title are not converted and stay null.
///
/// # Safety
/// `target` points to a `STARTUPINFOA`, 68 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetStartupInfoA(target: *mut [u8; STARTUP_SIZE]) {
    // SAFETY: the caller's promise.
    unsafe { target.write(common_information()) };
}

fn put(information: &mut [u8; STARTUP_SIZE], at: usize, word: u32) {
    information[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

fn common_information() -> [u8; STARTUP_SIZE] {
    let (mut information, parameters) = ([0; STARTUP_SIZE], peb().parameters());
    let word = |offset: u32| memory().read_u32(parameters + offset);
    put(&mut information, 0, STARTUP_SIZE as u32);
    // Position, size, size in characters and colours: seven words in both structures.
    for index in 0..7 {
        put(&mut information, 16 + 4 * index, word(parameter::WINDOW + 4 * index as u32));
    }
    put(&mut information, 44, word(parameter::FLAGS));
    put(&mut information, 48, word(parameter::SHOW) & 0xFFFF | word(parameter::RUNTIME_DATA) << 16);
    put(&mut information, 52, word(parameter::RUNTIME_DATA + 4));
    if word(parameter::FLAGS) & USES_HANDLES != 0 {
        for index in 0..3 {
            put(&mut information, 56 + 4 * index, word(parameter::STANDARD_HANDLES + 4 * index as u32));
        }
    }
    information
}
