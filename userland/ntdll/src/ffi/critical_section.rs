//! Critical sections: a lock that its owner may take again.
//!
//! `LockCount` is -1 when free and else counts all entries above it: those of the owner and one for each thread that waits.
//! Only its owner reads or writes `RecursionCount`. Who leaves a section that others wait for hands it over: it sets the
//! section's event, which lets one of them through, whose it is then. The event (`LockSemaphore`) is made by whoever needs
//! it first.

use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use user_ffi::teb;
use user_support::status::Status;

use super::services::{NtClose, NtCreateEvent, NtSetEvent, NtWaitForSingleObject, NtYieldExecution};

/// Wait for the event and set it.
const EVENT_ACCESS: u32 = 0x0010_0003;
/// `SynchronizationEvent`.
const SYNCHRONIZATION: u32 = 1;
/// Why the value: no thread has identifier 0.
const NOBODY: u32 = 0;

/// The thread that ends the process, when one does: whoever held a section that it still wants is gone.
#[doc(alias = "LdrpShutdownThreadId")]
static LAST_THREAD: AtomicU32 = AtomicU32::new(NOBODY);

/// From now on the calling thread is the only one, and waits for no section.
pub(super) fn shut_down() {
    LAST_THREAD.store(teb().thread_identifier(), Ordering::Relaxed);
}

/// A critical section, in the layout of Windows.
#[repr(C)]
#[derive(Debug)]
#[doc(alias = "RTL_CRITICAL_SECTION")]
pub struct CriticalSection {
    debug: AtomicU32,
    lock_count: AtomicI32,
    recursion: AtomicU32,
    owner: AtomicU32,
    semaphore: AtomicU32,
    spin: AtomicU32,
}

impl CriticalSection {
    /// A free one.
    pub const fn new() -> Self {
        Self {
            debug: AtomicU32::new(0),
            lock_count: AtomicI32::new(-1),
            recursion: AtomicU32::new(0),
            owner: AtomicU32::new(NOBODY),
            semaphore: AtomicU32::new(0),
            spin: AtomicU32::new(0),
        }
    }

    /// Takes it if it is free or the caller's already.
    pub fn try_enter(&self) -> bool {
        let thread = teb().thread_identifier();
        if self.owner.load(Ordering::Relaxed) == thread {
            self.lock_count.fetch_add(1, Ordering::Relaxed);
            self.recursion.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        let taken = self.lock_count.compare_exchange(-1, 0, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if taken {
            self.owner.store(thread, Ordering::Relaxed);
            self.recursion.store(1, Ordering::Relaxed);
        }
        taken
    }

    /// Takes it, waiting as long as it is another's.
    #[inline(always)]
    pub fn enter(&self) {
        let thread = teb().thread_identifier();
        if self.lock_count.fetch_add(1, Ordering::Acquire) == -1 {
            self.owner.store(thread, Ordering::Relaxed);
            self.recursion.store(1, Ordering::Relaxed);
        } else {
            self.enter_taken(thread);
        }
    }

    /// The same of one that somebody has, who may be the caller.
    #[inline(never)]
    fn enter_taken(&self, thread: u32) {
        if self.owner.load(Ordering::Relaxed) == thread {
            self.recursion.fetch_add(1, Ordering::Relaxed);
        } else {
            self.wait();
            self.owner.store(thread, Ordering::Relaxed);
            self.recursion.store(1, Ordering::Relaxed);
        }
    }

    /// Waits until it is handed over. The last thread of a process that ends just gets it, as on XP.
    #[doc(alias = "RtlpWaitForCriticalSection")]
    fn wait(&self) {
        while LAST_THREAD.load(Ordering::Relaxed) != teb().thread_identifier() {
            let event = self.event();
            // SAFETY: the service reads nothing.
            if event != 0 && unsafe { NtWaitForSingleObject(event, 0, core::ptr::null()) } == Status::SUCCESS.0 {
                return;
            }
            // SAFETY: yielding the processor touches no memory.
            unsafe { NtYieldExecution() };
        }
    }

    /// Gives one entry back.
    #[inline(always)]
    pub fn leave(&self) {
        if self.recursion.load(Ordering::Relaxed) > 1 {
            self.recursion.fetch_sub(1, Ordering::Relaxed);
            self.lock_count.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        self.recursion.store(0, Ordering::Relaxed);
        self.owner.store(NOBODY, Ordering::Relaxed);
        if self.lock_count.fetch_sub(1, Ordering::Release) > 0 {
            self.hand_over();
        }
    }

    /// Lets one of those that wait through.
    #[cold]
    #[inline(never)]
    #[doc(alias = "RtlpUnWaitCriticalSection")]
    fn hand_over(&self) {
        loop {
            let event = self.event();
            // SAFETY: the service writes nothing.
            if event != 0 && unsafe { NtSetEvent(event, core::ptr::null_mut()) } == Status::SUCCESS.0 {
                return;
            }
            // SAFETY: as in `wait`.
            unsafe { NtYieldExecution() };
        }
    }

    /// The handle of the event, or 0 where there can be none now.
    fn event(&self) -> u32 {
        let known = self.semaphore.load(Ordering::Acquire);
        if known != 0 {
            return known;
        }
        let mut handle = 0;
        // SAFETY: the service writes the handle.
        let status = unsafe { NtCreateEvent(&mut handle, EVENT_ACCESS, core::ptr::null(), SYNCHRONIZATION, 0) };
        if status != Status::SUCCESS.0 {
            return 0;
        }
        match self.semaphore.compare_exchange(0, handle, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => handle,
            Err(other) => {
                // SAFETY: nobody else knows the handle.
                unsafe { NtClose(handle) };
                other
            }
        }
    }
}

/// Turns the pointer of a Win32 call into the section.
///
/// # Safety
/// `section` points to an initialised critical section that outlives the result.
unsafe fn section<'section>(section: *const CriticalSection) -> &'section CriticalSection {
    // SAFETY: the caller's promise; all fields are atomic, so sharing is sound.
    unsafe { &*section }
}

/// Makes a critical section.
///
/// # Safety
/// `target` points to room for one.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlInitializeCriticalSection(target: *mut CriticalSection) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { target.write(CriticalSection::new()) };
    Status::SUCCESS.0
}

/// Makes a critical section; on one processor the spin count is of no use and is only stored.
///
/// # Safety
/// As [`RtlInitializeCriticalSection`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlInitializeCriticalSectionAndSpinCount(target: *mut CriticalSection, spin: u32) -> u32 {
    let section = CriticalSection::new();
    section.spin.store(spin & 0x00FF_FFFF, Ordering::Relaxed);
    // SAFETY: the caller's promise.
    unsafe { target.write(section) };
    Status::SUCCESS.0
}

/// Changes the spin count and returns the old one.
///
/// # Safety
/// `target` points to a critical section.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlSetCriticalSectionSpinCount(target: *mut CriticalSection, spin: u32) -> u32 {
    // SAFETY: the caller's promise.
    let section = unsafe { section(target) };
    section.spin.swap(spin & 0x00FF_FFFF, Ordering::Relaxed)
}

/// Takes a critical section.
///
/// # Safety
/// `target` points to a critical section.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlEnterCriticalSection(target: *mut CriticalSection) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { section(target) }.enter();
    Status::SUCCESS.0
}

/// Takes a critical section if nobody else has it.
///
/// # Safety
/// `target` points to a critical section.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlTryEnterCriticalSection(target: *mut CriticalSection) -> u32 {
    // SAFETY: the caller's promise.
    u32::from(unsafe { section(target) }.try_enter())
}

/// Gives a critical section back.
///
/// # Safety
/// `target` points to a critical section that this thread has.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlLeaveCriticalSection(target: *mut CriticalSection) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { section(target) }.leave();
    Status::SUCCESS.0
}

/// Ends a critical section: its event is given back.
///
/// # Safety
/// `target` points to a critical section that nobody has.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlDeleteCriticalSection(target: *mut CriticalSection) -> u32 {
    // SAFETY: the caller's promise.
    let section = unsafe { section(target) };
    let event = section.semaphore.swap(0, Ordering::Relaxed);
    if event != 0 {
        // SAFETY: the section made it, and nobody has the section.
        unsafe { NtClose(event) };
    }
    section.lock_count.store(-1, Ordering::Relaxed);
    section.owner.store(NOBODY, Ordering::Relaxed);
    Status::SUCCESS.0
}
