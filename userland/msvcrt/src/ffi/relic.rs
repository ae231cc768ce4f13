//! Functions of the C library that have little to do here, or little to do at all.

use core::sync::atomic::{AtomicU32, Ordering};

use super::export::Export;
use super::nt::{SetErrorMode, Sleep};

/// `_HEAPOK`.
const HEAP_SOUND: i32 = -2;
/// `_REPORT_ERRMODE`.
const REPORT_MODE: i32 = 3;

/// `VER_PLATFORM_WIN32_NT`.
#[unsafe(no_mangle)]
pub static _osplatform: Export<u32> = Export::new(2);

/// Which permissions new files do not get.
static MASK: AtomicU32 = AtomicU32::new(0);
/// Where errors of the library are told.
static ERROR_MODE: AtomicU32 = AtomicU32::new(0);

/// Sets which permissions new files do not get, and returns what it was.
#[unsafe(no_mangle)]
pub extern "C" fn _umask(mask: u32) -> u32 {
    /// `_S_IREAD | _S_IWRITE`.
    const PERMISSIONS: u32 = 0x180;
    MASK.swap(mask & PERMISSIONS, Ordering::Relaxed)
}

/// The permissions that new files do not get.
pub(super) fn mask() -> u32 {
    MASK.load(Ordering::Relaxed)
}

/// Sets where errors of the library are told, which is standard error all the same, and returns what it was.
#[unsafe(no_mangle)]
pub extern "C" fn _set_error_mode(mode: i32) -> i32 {
    if !(0..=REPORT_MODE).contains(&mode) {
        return super::thread_data::fail(user_crt::error::Errno::EINVAL);
    }
    if mode == REPORT_MODE {
        return ERROR_MODE.load(Ordering::Relaxed).cast_signed();
    }
    ERROR_MODE.swap(mode.cast_unsigned(), Ordering::Relaxed).cast_signed()
}

/// Sets what the system does about serious errors.
#[unsafe(no_mangle)]
pub extern "C" fn _seterrormode(mode: u32) {
    // SAFETY: it only notes the mode.
    unsafe { SetErrorMode(mode) };
}

/// Lets milliseconds pass.
#[unsafe(no_mangle)]
pub extern "C" fn _sleep(milliseconds: u32) {
    // SAFETY: it touches no memory.
    unsafe { Sleep(milliseconds.max(1)) };
}

/// Sounds: there is nothing to hear it with.
#[unsafe(no_mangle)]
pub extern "C" fn _beep(_frequency: u32, milliseconds: u32) {
    // SAFETY: it touches no memory.
    unsafe { Sleep(milliseconds) };
}

/// Whether the heap is sound: a broken one ends the program when it is used.
#[unsafe(no_mangle)]
pub extern "C" fn _heapchk() -> i32 {
    HEAP_SOUND
}

/// Gives memory that is free back: the heap does so itself.
#[unsafe(no_mangle)]
pub extern "C" fn _heapmin() -> i32 {
    0
}

/// The heap of this library: the process's.
#[unsafe(no_mangle)]
pub extern "C" fn _get_heap_handle() -> u32 {
    user_ffi::peb().heap()
}

/// The code page of multi-byte characters: there are none.
#[unsafe(no_mangle)]
pub extern "C" fn _getmbcp() -> u32 {
    0
}

/// Sets that code page: every one that there is has no multi-byte characters.
#[unsafe(no_mangle)]
pub extern "C" fn _setmbcp(_page: i32) -> i32 {
    0
}

/// Swaps the bytes of each pair on the way from one place to another.
///
/// # Safety
/// Both places have `count` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _swab(source: *const u8, target: *mut u8, count: i32) {
    for pair in 0..usize::try_from(count).unwrap_or(0) / 2 {
        // SAFETY: the caller's promise.
        let bytes = unsafe { source.cast::<u16>().wrapping_add(pair).read_unaligned() };
        // SAFETY: the caller's promise.
        unsafe { target.cast::<u16>().wrapping_add(pair).write_unaligned(bytes.swap_bytes()) };
    }
}

/// Says that the stack pointer is wrong after a call, where a program was built to look: EFLAGS has the comparison.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _chkesp() {
    core::arch::naked_asm!("jnz 2f", "ret", "2:", "int 3", "ret")
}
