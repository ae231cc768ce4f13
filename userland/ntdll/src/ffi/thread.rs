//! The begin and the end of threads after the first.

use user_ffi::{peb, teb};
use user_support::loader::{attach_thread, detach_thread};
use user_support::status::Status;

use super::heap;
use super::process::Native;
use super::services::NtTerminateThread;
use super::start::LOADER_LOCK;

/// The pseudo handle of the calling thread.
const CURRENT_THREAD: u32 = 0xFFFF_FFFE;

/// Prepares the running thread, which has just come into ring 3.
#[inline(never)]
pub(super) fn begin_thread() {
    LOADER_LOCK.enter();
    // SAFETY: this thread has the loader lock.
    let attached = attach_thread(&unsafe { Native::new() });
    LOADER_LOCK.leave();
    if let Err(error) = attached {
        let _ = error;
        loop {
            // SAFETY: a thread without its storage must not run on.
            unsafe { NtTerminateThread(CURRENT_THREAD, Status::NO_MEMORY.0) };
        }
    }
}

/// Tells every DLL that the running thread ends, and gives back what it has of this DLL's.
#[unsafe(no_mangle)]
pub extern "system" fn LdrShutdownThread() {
    LOADER_LOCK.enter();
    // SAFETY: this thread has the loader lock.
    detach_thread(&unsafe { Native::new() });
    let slots = teb().expansion_slots();
    if slots != 0 {
        teb().set_expansion_slots(0);
        heap::free(peb().heap(), slots);
    }
    LOADER_LOCK.leave();
}

/// Ends the running thread; nothing else of it is left but its object.
#[unsafe(no_mangle)]
pub extern "system" fn RtlExitUserThread(status: u32) -> ! {
    LdrShutdownThread();
    teb().free_stack_at_end();
    loop {
        // SAFETY: the thread ends itself.
        unsafe { NtTerminateThread(0, status) };
        // The last thread is refused: it takes the process along.
        // SAFETY: as above.
        unsafe { NtTerminateThread(CURRENT_THREAD, status) };
    }
}
