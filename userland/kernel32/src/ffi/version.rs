//! What system and what machine this is.

use user_ffi::{ThisProcess, peb, shared_data};
use user_support::error::Win32Error;
use user_support::memory::Memory;
use user_support::text::wide;

use super::last_error::{Bool, TRUE, fail};

/// What follows the numbers in the version.
const SERVICE_PACK: &[u8] = b"Service Pack 3";
/// Bytes of the numbers at the head of `OSVERSIONINFO`.
const NUMBERS: u32 = 20;
/// Characters of the service pack's name, with its zero.
const NAME_LENGTH: u32 = 128;
/// What `OSVERSIONINFOEX` has more: major and minor of the service pack, suites, product type.
const EXTENSION: u32 = 8;
/// `VER_NT_WORKSTATION`.
const WORKSTATION: u8 = 1;

/// The version in one word: major, minor, build.
#[unsafe(no_mangle)]
pub extern "system" fn GetVersion() -> u32 {
    let peb = peb();
    (peb.build() & 0x3FFF) << 16 | (peb.minor_version() & 0xFF) << 8 | peb.major_version() & 0xFF
}

/// The version, with the service pack's name in bytes.
///
/// # Safety
/// `target` points to a structure whose first word is its size.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetVersionExA(target: u32) -> Bool {
    // SAFETY: only the caller's structure is written, as far as its size goes.
    let memory = unsafe { ThisProcess::new() };
    write_version(&memory, target, 1, |at| memory.write_bytes(at, SERVICE_PACK))
}

/// The version, with the service pack's name in UTF-16.
///
/// # Safety
/// As [`GetVersionExA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetVersionExW(target: u32) -> Bool {
    // SAFETY: only the caller's structure is written, as far as its size goes.
    let memory = unsafe { ThisProcess::new() };
    write_version(&memory, target, 2, |at| {
        for (index, unit) in wide(SERVICE_PACK).into_iter().enumerate() {
            memory.write_u16(at + 2 * index as u32, unit);
        }
    })
}

/// Writes `OSVERSIONINFO` or `OSVERSIONINFOEX` with characters of `width` bytes, zeros where nothing else is said.
fn write_version(memory: &ThisProcess, target: u32, width: u32, write_name: impl FnOnce(u32)) -> Bool {
    let short = NUMBERS + NAME_LENGTH * width;
    let size = memory.read_u32(target);
    if size != short && size != short + EXTENSION {
        return fail(Win32Error::INSUFFICIENT_BUFFER);
    }
    let peb = peb();
    let numbers = [peb.major_version(), peb.minor_version(), peb.build() & 0xFFFF, peb.platform()];
    for (index, number) in numbers.into_iter().enumerate() {
        memory.write_u32(target + 4 + 4 * index as u32, number);
    }
    memory.write_bytes(target + NUMBERS, &[0; 256][..(NAME_LENGTH * width) as usize]);
    write_name(target + NUMBERS);
    if size != short {
        memory.write_bytes(target + short, &[3, 0, 0, 0, 0, 1, WORKSTATION, 0]);
    }
    TRUE
}

/// The machine: page size, address range, processors.
///
/// # Safety
/// `target` points to a `SYSTEM_INFO`, 36 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetSystemInfo(target: *mut [u32; 9]) {
    const X86_AND_PAGE: [u32; 4] = [0, 0x1000, 0x1_0000, 0x7FFE_FFFF];
    const GRANULARITY: u32 = 0x1_0000;
    const PENTIUM: u32 = 586;
    /// Family 6 in the low half.
    const LEVEL: u32 = 6;
    let processors = peb().processors();
    let [architecture, page, lowest, highest] = X86_AND_PAGE;
    let mask = (1u32 << processors.min(31)).wrapping_sub(1);
    let words = [architecture, page, lowest, highest, mask, processors, PENTIUM, GRANULARITY, LEVEL];
    // SAFETY: the caller's promise.
    unsafe { target.write_unaligned(words) };
}

/// Whether the processor can do something, by its `PF_` number.
#[unsafe(no_mangle)]
pub extern "system" fn IsProcessorFeaturePresent(feature: u32) -> Bool {
    Bool::from(shared_data().has_feature(feature))
}
