//! Arithmetic that no other thread sees half done.

use core::sync::atomic::{AtomicU32, Ordering};

/// The word at `target` as an atomic.
///
/// # Safety
/// `target` points to a word, aligned to 4, that outlives the result and is shared by atomic means only.
unsafe fn word<'word>(target: *mut u32) -> &'word AtomicU32 {
    // SAFETY: the caller's promise.
    unsafe { AtomicU32::from_ptr(target) }
}

/// Adds one and returns the result.
///
/// # Safety
/// `target` points to a word shared by interlocked means only.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InterlockedIncrement(target: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { word(target) }.fetch_add(1, Ordering::SeqCst).wrapping_add(1)
}

/// Takes one away and returns the result.
///
/// # Safety
/// As [`InterlockedIncrement`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InterlockedDecrement(target: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { word(target) }.fetch_sub(1, Ordering::SeqCst).wrapping_sub(1)
}

/// Replaces the word and returns what it was.
///
/// # Safety
/// As [`InterlockedIncrement`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InterlockedExchange(target: *mut u32, value: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { word(target) }.swap(value, Ordering::SeqCst)
}

/// Adds to the word and returns what it was.
///
/// # Safety
/// As [`InterlockedIncrement`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InterlockedExchangeAdd(target: *mut u32, value: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { word(target) }.fetch_add(value, Ordering::SeqCst)
}

/// Replaces the word if it is `expected`, and returns what it was.
///
/// # Safety
/// As [`InterlockedIncrement`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InterlockedCompareExchange(target: *mut u32, value: u32, expected: u32) -> u32 {
    // SAFETY: the caller's promise.
    let word = unsafe { word(target) };
    word.compare_exchange(expected, value, Ordering::SeqCst, Ordering::SeqCst).unwrap_or_else(|other| other)
}
