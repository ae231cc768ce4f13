//! Pointers made unreadable for who does not belong to the process, and back; and lists that several threads push to and pop from.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use user_ffi::{shared_data, teb};

/// What pointers are combined with, the process's own; 0 until it is first needed.
static COOKIE: AtomicU32 = AtomicU32::new(0);

fn cookie() -> u32 {
    let known = COOKIE.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    let time = shared_data().system_time();
    let mixed = (time as u32 ^ (time >> 32) as u32 ^ teb().process_identifier() << 16).wrapping_mul(0x9E37_79B1) | 1;
    match COOKIE.compare_exchange(0, mixed, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => mixed,
        Err(other) => other,
    }
}

macro_rules! coders {
    ($($(#[$meta:meta])* $name:ident $rotate:ident;)*) => {$(
        $(#[$meta])*
        #[unsafe(no_mangle)]
        pub extern "system" fn $name(pointer: u32) -> u32 {
            coders!(@$rotate pointer)
        }
    )*};
    (@encode $pointer:ident) => { ($pointer ^ cookie()).rotate_right(cookie() & 31) };
    (@decode $pointer:ident) => { $pointer.rotate_left(cookie() & 31) ^ cookie() };
}

coders! {
    /// Makes a pointer unreadable.
    EncodePointer encode;
    /// Makes it a pointer again.
    DecodePointer decode;
    /// Makes a pointer unreadable; the system's is the process's own here.
    EncodeSystemPointer encode;
    /// Makes it a pointer again.
    DecodeSystemPointer decode;
}

/// The head of a list: the address of the first entry; how many there are, and how often the list changed, in 16 bits each.
///
/// # Safety
/// `head` points to an `SLIST_HEADER`, 8 bytes that are used as such only.
unsafe fn list<'list>(head: *mut u64) -> &'list AtomicU64 {
    // SAFETY: the caller's promise.
    unsafe { AtomicU64::from_ptr(head) }
}

const fn pack(first: u32, depth: u16, sequence: u16) -> u64 {
    first as u64 | (depth as u64) << 32 | (sequence as u64) << 48
}

const fn unpack(head: u64) -> (u32, u16, u16) {
    (head as u32, (head >> 32) as u16, (head >> 48) as u16)
}

/// Empties a list that is new.
///
/// # Safety
/// `head` points to 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InitializeSListHead(head: *mut u64) {
    // SAFETY: the caller's promise.
    unsafe { head.write_unaligned(0) };
}

/// Puts an entry before all others, and returns what was first.
///
/// # Safety
/// `head` is a list, `entry` an entry that is in none.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InterlockedPushEntrySList(head: *mut u64, entry: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    let list = unsafe { list(head) };
    let mut seen = list.load(Ordering::Acquire);
    loop {
        let (first, depth, sequence) = unpack(seen);
        // SAFETY: the caller's promise; nobody else has the entry yet.
        unsafe { entry.write(first) };
        let new = pack(entry as u32, depth.wrapping_add(1), sequence.wrapping_add(1));
        match list.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return first,
            Err(other) => seen = other,
        }
    }
}

/// Takes the first entry off a list: its address, or 0.
///
/// # Safety
/// `head` is a list, and memory that was an entry stays readable while others pop.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InterlockedPopEntrySList(head: *mut u64) -> u32 {
    // SAFETY: the caller's promise.
    let list = unsafe { list(head) };
    let mut seen = list.load(Ordering::Acquire);
    loop {
        let (first, depth, sequence) = unpack(seen);
        if first == 0 {
            return 0;
        }
        // SAFETY: the caller's promise; where another thread was quicker, the number of changes tells.
        let next = unsafe { (first as *const u32).read_volatile() };
        let new = pack(next, depth.wrapping_sub(1), sequence.wrapping_add(1));
        match list.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return first,
            Err(other) => seen = other,
        }
    }
}

/// Takes all entries off a list: the address of the first, or 0.
///
/// # Safety
/// `head` is a list.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn InterlockedFlushSList(head: *mut u64) -> u32 {
    // SAFETY: the caller's promise.
    let list = unsafe { list(head) };
    let mut seen = list.load(Ordering::Acquire);
    loop {
        let (first, _, sequence) = unpack(seen);
        match list.compare_exchange(seen, pack(0, 0, sequence.wrapping_add(1)), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return first,
            Err(other) => seen = other,
        }
    }
}

/// How many entries a list has.
///
/// # Safety
/// `head` is a list.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueryDepthSList(head: *mut u64) -> u16 {
    // SAFETY: the caller's promise.
    unpack(unsafe { list(head) }.load(Ordering::Acquire)).1
}
