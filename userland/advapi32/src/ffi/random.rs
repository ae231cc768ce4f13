//! Random numbers: a stream cipher over what differs from run to run: clocks, and how long it takes to be scheduled.
//!
//! There is no device whose noise is known, so these numbers are no secret to somebody who knows the machine to the tick. They
//! do not repeat within a process, and differ between processes.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use user_ffi::last_error::{Bool, TRUE, fail};
use user_ffi::{bytes_mut, teb};
use user_support::error::Win32Error;

use super::nt::{NtQueryPerformanceCounter, NtQuerySystemTime, NtYieldExecution};

/// Bytes of a seed, and how often each is looked at.
const SEED: usize = 32;
const ROUNDS: usize = 8;
/// What stands for a provider: there is one.
const PROVIDER: u32 = 0x5244_4E41;
/// `CRYPT_DELETEKEYSET`: nothing is opened.
const DELETE: u32 = 0x10;

/// The stream of this process.
struct Generator {
    taken: AtomicBool,
    stream: UnsafeCell<Option<ChaCha20Rng>>,
}

// SAFETY: the stream is only touched by whoever has `taken` it.
unsafe impl Sync for Generator {}

static GENERATOR: Generator = Generator { taken: AtomicBool::new(false), stream: UnsafeCell::new(None) };

/// Fills `bytes`.
fn fill(bytes: &mut [u8]) {
    while GENERATOR.taken.swap(true, Ordering::Acquire) {
        // SAFETY: the service takes nothing.
        unsafe { NtYieldExecution() };
    }
    // SAFETY: this thread has taken it.
    let stream = unsafe { &mut *GENERATOR.stream.get() };
    stream.get_or_insert_with(|| ChaCha20Rng::from_seed(seed())).fill_bytes(bytes);
    GENERATOR.taken.store(false, Ordering::Release);
}

fn seed() -> [u8; SEED] {
    let mut seed = [0; SEED];
    let mut mixed: u64 = u64::from(teb().process_identifier()) << 32 | u64::from(teb().thread_identifier());
    for round in 0..SEED * ROUNDS {
        let (mut counter, mut frequency, mut time) = (0, 0, 0);
        // SAFETY: the service writes two numbers.
        unsafe { NtQueryPerformanceCounter(&mut counter, &mut frequency) };
        // SAFETY: the service writes a number.
        unsafe { NtQuerySystemTime(&mut time) };
        // SAFETY: the service takes nothing. How long it takes is not the same twice.
        unsafe { NtYieldExecution() };
        mixed = (mixed ^ counter ^ time.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
        seed[round % SEED] ^= (mixed >> 24) as u8;
    }
    seed
}

/// Fills a buffer with random bytes.
///
/// # Safety
/// `buffer` has room for `length` bytes.
#[doc(alias = "RtlGenRandom")]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SystemFunction036(buffer: *mut u8, length: u32) -> u8 {
    // SAFETY: the caller's promise.
    fill(unsafe { bytes_mut(buffer, length) });
    1
}

/// Opens the provider of random numbers, by whatever name.
///
/// # Safety
/// `provider` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CryptAcquireContextA(
    provider: *mut u32,
    _container: *const u8,
    _name: *const u8,
    _kind: u32,
    flags: u32,
) -> Bool {
    if provider.is_null() {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    unsafe { provider.write_unaligned(if flags & DELETE == 0 { PROVIDER } else { 0 }) };
    TRUE
}

/// The same in UTF-16.
///
/// # Safety
/// As [`CryptAcquireContextA`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CryptAcquireContextW(
    provider: *mut u32,
    _container: *const u16,
    _name: *const u16,
    kind: u32,
    flags: u32,
) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { CryptAcquireContextA(provider, core::ptr::null(), core::ptr::null(), kind, flags) }
}

/// Fills a buffer with random bytes.
///
/// # Safety
/// `buffer` has room for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CryptGenRandom(provider: u32, length: u32, buffer: *mut u8) -> Bool {
    if provider != PROVIDER {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise.
    fill(unsafe { bytes_mut(buffer, length) });
    TRUE
}

/// Closes the provider.
#[unsafe(no_mangle)]
pub extern "system" fn CryptReleaseContext(provider: u32, flags: u32) -> Bool {
    if provider != PROVIDER || flags != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    TRUE
}
