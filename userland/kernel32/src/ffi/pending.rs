//! What goes on in other threads for one that did not wait for it: so that it can be given up.
//!
//! Whoever does such work waits alertably, in the system, and gives up when it is alerted.
//!
//! Source: documented behaviour of CancelIo, and that a thread's requests end with it.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, Ordering};

use alloc::vec::Vec;

use super::nt::{NtAlertThread, NtClose};
use super::thread::GetCurrentThreadId;
use super::thread_slot::locked;

/// The running thread.
const CURRENT_THREAD: u32 = 0xFFFF_FFFE;

/// Work that goes on.
#[derive(Clone, Copy)]
struct Work {
    /// What it is known by.
    name: u32,
    file: u32,
    /// The thread that asked for it.
    asker: u32,
    /// A handle to the thread that does it; 0 as long as there is none.
    doer: u32,
    is_given_up: bool,
}

struct Guarded(UnsafeCell<Vec<Work>>);

// SAFETY: only reached in `with`, under the lock of the PEB.
unsafe impl Sync for Guarded {}

static WORK: Guarded = Guarded(UnsafeCell::new(Vec::new()));
/// How much goes on: as long as nothing does, nothing here costs anything.
static COUNT: AtomicU32 = AtomicU32::new(0);

fn with<R>(work: impl FnOnce(&mut Vec<Work>) -> R) -> R {
    // SAFETY: the lock makes this the only reference, and no `work` here comes back.
    locked(|| work(unsafe { &mut *WORK.0.get() }))
}

/// The running thread begins something at `file`: what that is called.
pub(super) fn begin(file: u32) -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (asker, name) = (GetCurrentThreadId(), NEXT.fetch_add(1, Ordering::Relaxed));
    with(|all| {
        all.push(Work { name, file, asker, doer: 0, is_given_up: false });
        COUNT.store(all.len() as u32, Ordering::Relaxed);
    });
    name
}

/// The thread behind the handle `doer` does it, which may have been done already.
pub(super) fn is_done_by(name: u32, doer: u32) {
    let is_known = with(|all| match all.iter_mut().find(|work| work.name == name) {
        Some(work) => {
            work.doer = doer;
            true
        }
        None => false,
    });
    if !is_known {
        // SAFETY: the caller gave it up.
        unsafe { NtClose(doer) };
    }
}

/// The running thread begins to do it. An alert that came before is forgotten when a thread starts, and is given again.
pub(super) fn is_started(name: u32) {
    if with(|all| all.iter().any(|work| work.name == name && work.is_given_up)) {
        // SAFETY: the service takes a number.
        unsafe { NtAlertThread(CURRENT_THREAD) };
    }
}

/// It is done.
pub(super) fn end(name: u32) {
    let doer = with(|all| {
        let found = all.iter().position(|work| work.name == name).map(|index| all.swap_remove(index));
        COUNT.store(all.len() as u32, Ordering::Relaxed);
        found.map_or(0, |work| work.doer)
    });
    if doer != 0 {
        // SAFETY: the handle came with `is_done_by`.
        unsafe { NtClose(doer) };
    }
}

/// What the running thread has begun at `file`, or at any, is given up.
pub(super) fn cancel(file: Option<u32>) {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return;
    }
    let asker = GetCurrentThreadId();
    with(|all| {
        let own = |work: &&mut Work| work.asker == asker && file.is_none_or(|file| file == work.file);
        for work in all.iter_mut().filter(own) {
            work.is_given_up = true;
            if work.doer != 0 {
                // SAFETY: the handle stays while the lock is held.
                unsafe { NtAlertThread(work.doer) };
            }
        }
    });
}
