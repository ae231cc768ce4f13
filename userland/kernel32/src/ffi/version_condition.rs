//! Conditions on the system's version.

use user_ffi::{ThisProcess, peb};
use user_support::error::Win32Error;
use user_support::memory::Memory;
use user_support::version_condition::{Version, verify, with};

use super::last_error::{Bool, TRUE, fail};

/// `ERROR_OLD_WIN_VERSION` and `ERROR_BAD_ARGUMENTS`.
const OLD_VERSION: Win32Error = Win32Error(1150);
const BAD_ARGUMENTS: Win32Error = Win32Error(160);
/// Where the service pack's numbers stand in an `OSVERSIONINFOEX` with names in bytes, and in UTF-16.
const NUMBERS_ANSI: u32 = 148;
const NUMBERS_WIDE: u32 = 276;

/// A mask with a condition on one more field.
#[unsafe(no_mangle)]
pub extern "system" fn VerSetConditionMask(mask: u64, fields: u32, condition: u8) -> u64 {
    with(mask, fields, condition)
}

/// Whether the system's version is as the conditions say.
///
/// # Safety
/// `wanted` points to an `OSVERSIONINFOEXA`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VerifyVersionInfoA(wanted: u32, fields: u32, mask: u64) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { answer(wanted, NUMBERS_ANSI, fields, mask) }
}

/// Whether the system's version is as the conditions say.
///
/// # Safety
/// `wanted` points to an `OSVERSIONINFOEXW`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VerifyVersionInfoW(wanted: u32, fields: u32, mask: u64) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { answer(wanted, NUMBERS_WIDE, fields, mask) }
}

/// # Safety
/// `wanted` points to an `OSVERSIONINFOEX` whose last numbers stand at `numbers`.
unsafe fn answer(wanted: u32, numbers: u32, fields: u32, mask: u64) -> Bool {
    // SAFETY: only the caller's structure is read, which the caller promises.
    let memory = unsafe { ThisProcess::new() };
    let word = |index: u32| memory.read_u32(wanted + 4 * index);
    let last = wanted + numbers;
    let wanted = Version {
        major: word(1),
        minor: word(2),
        build: word(3),
        platform: word(4),
        service_pack: [memory.read_u16(last), memory.read_u16(last + 2)],
        suites: memory.read_u16(last + 4),
        product: memory.read_u8(last + 6),
    };
    match verify(&own(), &wanted, fields, mask) {
        Some(true) => TRUE,
        Some(false) => fail(OLD_VERSION),
        None => fail(BAD_ARGUMENTS),
    }
}

/// What GetVersionEx tells.
fn own() -> Version {
    let peb = peb();
    Version {
        major: peb.major_version(),
        minor: peb.minor_version(),
        build: peb.build() & 0xFFFF,
        platform: peb.platform(),
        service_pack: [3, 0],
        suites: 0x100,
        product: 1,
    }
}
