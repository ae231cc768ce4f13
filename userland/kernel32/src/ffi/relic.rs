//! Functions that always answer the same on this system, or that it has no more to say to than that.

use user_support::error::Win32Error;
use user_support::memory::Memory;
use user_support::text::wide;

use super::directory::{copy_ansi, copy_wide};
use super::last_error::{Bool, FALSE, TRUE, fail};

/// What the computer is called.
const COMPUTER: &[u8] = b"VADOSE";

/// Makes names of files bytes of the OEM code page, which is the ANSI one here.
#[unsafe(no_mangle)]
pub extern "system" fn SetFileApisToOEM() {}

/// Makes names of files bytes of the ANSI code page.
#[unsafe(no_mangle)]
pub extern "system" fn SetFileApisToANSI() {}

/// Whether names of files are bytes of the ANSI code page.
#[unsafe(no_mangle)]
pub extern "system" fn AreFileApisANSI() -> Bool {
    TRUE
}

/// Sets how a heap works: what there is to choose changes nothing here.
#[unsafe(no_mangle)]
pub extern "system" fn HeapSetInformation(_heap: u32, class: u32, _information: u32, _length: u32) -> Bool {
    /// `HeapCompatibilityInformation`, `HeapEnableTerminationOnCorruption`.
    const KNOWN: u32 = 1;
    if class <= KNOWN { TRUE } else { fail(Win32Error::INVALID_PARAMETER) }
}

/// The largest free block of a heap that was tidied up: heaps here grow instead.
#[unsafe(no_mangle)]
pub extern "system" fn HeapCompact(_heap: u32, _flags: u32) -> u32 {
    fail(Win32Error::SUCCESS)
}

/// The highest node of memory: there is one, number 0.
///
/// # Safety
/// `target` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetNumaHighestNodeNumber(target: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(0) };
    TRUE
}

/// A number times another, divided by a third, rounded; -1 where that is too large.
#[unsafe(no_mangle)]
pub extern "system" fn MulDiv(number: i32, numerator: i32, denominator: i32) -> i32 {
    if denominator == 0 {
        return -1;
    }
    let product = i64::from(number) * i64::from(numerator);
    let denominator = i64::from(denominator);
    let half = denominator.abs() / 2;
    let rounded = if (product < 0) == (denominator < 0) { product.abs() + half } else { -(product.abs() + half) };
    i32::try_from(rounded / denominator.abs()).unwrap_or(-1)
}

/// The session of a process: there is one, number 0.
///
/// # Safety
/// `session` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ProcessIdToSessionId(_process: u32, session: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { session.write_unaligned(0) };
    TRUE
}

/// What the computer is called; `room` becomes the length, or the room that is needed.
///
/// # Safety
/// `room` points to a word that says how many bytes `target` has room for.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetComputerNameA(target: *mut u8, room: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    let given = unsafe { room.read_unaligned() };
    // SAFETY: the caller's promise.
    let length = unsafe { copy_ansi(&wide(COMPUTER), target, given) };
    // SAFETY: the caller's promise.
    unsafe { room.write_unaligned(length) };
    if length < given { TRUE } else { fail(Win32Error::BUFFER_OVERFLOW) }
}

/// The same in UTF-16.
///
/// # Safety
/// `room` points to a word that says how many units `target` has room for.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetComputerNameW(target: *mut u16, room: *mut u32) -> Bool {
    // SAFETY: the caller's promise.
    let given = unsafe { room.read_unaligned() };
    // SAFETY: the caller's promise.
    let length = unsafe { copy_wide(&wide(COMPUTER), target, given) };
    // SAFETY: the caller's promise.
    unsafe { room.write_unaligned(length) };
    if length < given { TRUE } else { fail(Win32Error::BUFFER_OVERFLOW) }
}

/// Whether a string in UTF-16 can not be read as far as its zero, or `most` units.
#[unsafe(no_mangle)]
pub extern "system" fn IsBadStringPtrW(text: u32, most: u32) -> Bool {
    for index in 0..most {
        let unit = text.wrapping_add(2 * index);
        if super::pointer_check::IsBadReadPtr(unit, 2) != FALSE {
            return TRUE;
        }
        if super::startup::memory().read_u16(unit) == 0 {
            return FALSE;
        }
    }
    FALSE
}

/// Sounds: there is nothing to hear it with.
#[unsafe(no_mangle)]
pub extern "system" fn Beep(_frequency: u32, _milliseconds: u32) -> Bool {
    TRUE
}

macro_rules! refused {
    ($($(#[$meta:meta])* $name:ident($($argument:ident),*) $error:ident;)*) => {$(
        $(#[$meta])*
        #[unsafe(no_mangle)]
        pub extern "system" fn $name($($argument: u32),*) -> Bool {
            $(let _ = $argument;)*
            fail(Win32Error::$error)
        }
    )*};
}

refused! {
    /// The folder of 32-bit DLLs on a system of 64 bits, which this is not.
    GetSystemWow64DirectoryA(target, room) CALL_NOT_IMPLEMENTED;
    /// The same.
    GetSystemWow64DirectoryW(target, room) CALL_NOT_IMPLEMENTED;
    /// A second name for a file: FAT has none.
    CreateHardLinkA(new, old, security) INVALID_FUNCTION;
    /// The same.
    CreateHardLinkW(new, old, security) INVALID_FUNCTION;
    /// Debugs a process: programs here debug none.
    DebugActiveProcess(process) NOT_SUPPORTED;
    /// The same.
    DebugActiveProcessStop(process) NOT_SUPPORTED;
    /// Waits for what a process that is debugged does.
    WaitForDebugEvent(event, milliseconds) NOT_SUPPORTED;
    /// Lets it go on.
    ContinueDebugEvent(process, thread, status) NOT_SUPPORTED;
}
