//! What each thread has of its own: `errno`, the state of `rand` and `strtok`, buffers that functions return.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::boxed::Box;

use user_crt::error::{Errno, from_win32};

use super::nt::{GetLastError, TlsAlloc, TlsGetValue, TlsSetValue};

/// The seed of a thread that called no `srand`.
const FIRST_SEED: u32 = 1;

/// A thread's own variables.
#[repr(C)]
#[doc(alias = "_tiddata")]
pub(super) struct ThreadData {
    pub(super) errno: u32,
    pub(super) system_error: u32,
    pub(super) seed: u32,
    pub(super) token: u32,
    /// The thread's own handle where the library closes it, else 0.
    pub(super) handle: u32,
    pub(super) wide_token: u32,
    /// The innermost `catch` that runs, else 0.
    pub(super) innermost_catch: u32,
    pub(super) broken_down: [i32; 9],
    pub(super) text: [u8; 32],
    pub(super) message: [u8; 160],
}

/// The slot of the threads' blocks, plus one.
static SLOT: AtomicU32 = AtomicU32::new(0);

/// Gets the slot, once, before anything else of this DLL runs.
pub(super) fn attach() {
    // SAFETY: getting a slot touches no memory of ours.
    SLOT.store(unsafe { TlsAlloc() }.wrapping_add(1), Ordering::Relaxed);
}

/// Frees the block of the thread that ends.
pub(super) fn detach_thread() {
    let slot = SLOT.load(Ordering::Relaxed).wrapping_sub(1);
    // SAFETY: the slot is ours.
    let block = unsafe { TlsGetValue(slot) } as *mut ThreadData;
    if !block.is_null() {
        // SAFETY: the slot is ours.
        unsafe { TlsSetValue(slot, 0) };
        // SAFETY: the block came from a box in `block`, and the thread does not use it any more.
        drop(unsafe { Box::from_raw(block) });
    }
}

/// The running thread's block, made when it is first asked for. The last error stays as it was.
pub(super) fn block() -> *mut ThreadData {
    let slot = SLOT.load(Ordering::Relaxed).wrapping_sub(1);
    let last_error = user_ffi::teb().last_error();
    // SAFETY: the slot is ours.
    let known = unsafe { TlsGetValue(slot) } as *mut ThreadData;
    user_ffi::teb().set_last_error(last_error);
    if !known.is_null() {
        return known;
    }
    let data = ThreadData {
        errno: 0,
        system_error: 0,
        seed: FIRST_SEED,
        token: 0,
        handle: 0,
        wide_token: 0,
        innermost_catch: 0,
        broken_down: [0; 9],
        text: [0; 32],
        message: [0; 160],
    };
    let made = Box::into_raw(Box::new(data));
    // SAFETY: the slot is ours.
    unsafe { TlsSetValue(slot, made as u32) };
    user_ffi::teb().set_last_error(last_error);
    made
}

/// Notes why a function fails.
pub(super) fn set_errno(errno: Errno) {
    // SAFETY: the block lives as long as the thread.
    unsafe { _errno().write(errno.0) };
}

/// Notes why a function fails, from the last error, and returns -1.
pub(super) fn fail_with_last_error() -> i32 {
    // SAFETY: asking changes nothing.
    set_system_error(unsafe { GetLastError() })
}

/// Notes that a function fails with this Win32 error, and returns -1.
pub(super) fn set_system_error(error: u32) -> i32 {
    // SAFETY: the block lives as long as the thread.
    unsafe { __doserrno().write(error) };
    fail(from_win32(error))
}

/// Replaces the running thread's own handle, and returns the old one.
pub(super) fn thread_handle(handle: u32) -> u32 {
    // SAFETY: as in `_errno`.
    let place = unsafe { &raw mut (*block()).handle };
    // SAFETY: the block lives as long as the thread, which is the only one to use it.
    unsafe { place.replace(handle) }
}

/// Notes why a function fails and returns -1.
pub(super) fn fail(errno: Errno) -> i32 {
    set_errno(errno);
    -1
}

/// Where this thread's `errno` is.
#[unsafe(no_mangle)]
pub extern "C" fn _errno() -> *mut u32 {
    // SAFETY: the block lives as long as the thread; only an address inside it is made.
    unsafe { &raw mut (*block()).errno }
}

/// Where this thread's last Win32 error in a C function is.
#[unsafe(no_mangle)]
pub extern "C" fn __doserrno() -> *mut u32 {
    // SAFETY: as in `_errno`.
    unsafe { &raw mut (*block()).system_error }
}

/// Where this thread's seed of random numbers is.
fn seed() -> *mut u32 {
    // SAFETY: as in `_errno`.
    unsafe { &raw mut (*block()).seed }
}

/// Seeds this thread's random numbers.
#[unsafe(no_mangle)]
pub extern "C" fn srand(number: u32) {
    // SAFETY: as in `rand`.
    unsafe { seed().write(number) };
}

/// The next random number of this thread, 0 to 32767.
#[unsafe(no_mangle)]
pub extern "C" fn rand() -> i32 {
    let seed = seed();
    // SAFETY: the block lives as long as the thread, which is the only one to use it.
    let next = unsafe { seed.read() }.wrapping_mul(214_013).wrapping_add(2_531_011);
    // SAFETY: the same.
    unsafe { seed.write(next) };
    (next >> 16 & 0x7FFF).cast_signed()
}
