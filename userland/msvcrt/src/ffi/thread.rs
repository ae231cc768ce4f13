//! Threads of C programs: begun with what the library needs of its own, and ended so that it is given back.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::boxed::Box;

use super::nt::{CloseHandle, CreateThread, ExitThread, GetLastError, ResumeThread};
use super::thread_data::{fail_with_last_error, set_system_error, thread_handle};

/// `CREATE_SUSPENDED`.
const SUSPENDED: u32 = 4;

/// What a thread of [`_beginthreadex`] calls.
type Function = unsafe extern "system" fn(u32) -> u32;
/// What a thread of [`_beginthread`] calls.
type Procedure = unsafe extern "C" fn(u32);

/// What a new thread is handed.
struct Start<F> {
    function: F,
    argument: u32,
    /// The thread's own handle, which it closes at its end; 0 for none.
    handle: AtomicU32,
}

impl<F> Start<F> {
    fn boxed(function: F, argument: u32) -> *mut Self {
        Box::into_raw(Box::new(Self { function, argument, handle: AtomicU32::new(0) }))
    }
}

/// Takes the start back after no thread was made, and notes why.
///
/// # Safety
/// The start is from `boxed`, and nobody else has it.
unsafe fn give_up<F>(start: *mut Start<F>) -> i32 {
    // SAFETY: asking changes nothing.
    let error = unsafe { GetLastError() };
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(start) });
    set_system_error(error)
}

/// Makes a thread that calls `function(argument)` and ends with what it returns: its handle, or 0 with `errno`.
///
/// # Safety
/// As `CreateThread`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _beginthreadex(
    security: *const u32,
    stack: u32,
    function: Function,
    argument: u32,
    flags: u32,
    identifier: *mut u32,
) -> u32 {
    let start = Start::boxed(function, argument);
    // SAFETY: the caller's promise; the thread takes the start over.
    let handle =
        unsafe { CreateThread(security, stack, run_function as *const () as u32, start as u32, flags, identifier) };
    if handle == 0 {
        // SAFETY: no thread was made that could have it.
        unsafe { give_up(start) };
    }
    handle
}

#[doc(alias = "_threadstartex")]
unsafe extern "system" fn run_function(start: u32) -> u32 {
    // SAFETY: `_beginthreadex` made it for this thread.
    let start = unsafe { Box::from_raw(start as *mut Start<Function>) };
    let Start { function, argument, .. } = *start;
    // SAFETY: the program said that it is one.
    unsafe { function(argument) }
}

/// Makes a thread that calls `procedure(argument)` and closes its handle at its end: the handle, or -1 with `errno`.
///
/// # Safety
/// `procedure` is a function of one word.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _beginthread(procedure: Procedure, stack: u32, argument: u32) -> i32 {
    let start = Start::boxed(procedure, argument);
    let (first, none) = (run_procedure as *const () as u32, core::ptr::null_mut());
    // SAFETY: the caller's promise; the thread takes the start over.
    let handle = unsafe { CreateThread(core::ptr::null(), stack, first, start as u32, SUSPENDED, none) };
    if handle == 0 {
        // SAFETY: no thread was made that could have it.
        return unsafe { give_up(start) };
    }
    // SAFETY: the thread does not run yet, so the start is there.
    unsafe { &(*start).handle }.store(handle, Ordering::Relaxed);
    // SAFETY: the thread has all it needs.
    if unsafe { ResumeThread(handle) } == u32::MAX {
        return fail_with_last_error();
    }
    handle.cast_signed()
}

#[doc(alias = "_threadstart")]
unsafe extern "system" fn run_procedure(start: u32) -> u32 {
    // SAFETY: `_beginthread` made it for this thread.
    let start = unsafe { Box::from_raw(start as *mut Start<Procedure>) };
    let Start { function, argument, handle } = *start;
    thread_handle(handle.into_inner());
    // SAFETY: the program said that it is one.
    unsafe { function(argument) };
    _endthread()
}

/// Ends the thread with status 0, and closes the handle that `_beginthread` returned.
#[unsafe(no_mangle)]
pub extern "C" fn _endthread() -> ! {
    let handle = thread_handle(0);
    if handle != 0 {
        // SAFETY: the handle is this thread's own, and the program leaves it to the library.
        unsafe { CloseHandle(handle) };
    }
    _endthreadex(0)
}

/// Ends the thread.
#[unsafe(no_mangle)]
pub extern "C" fn _endthreadex(status: u32) -> ! {
    // SAFETY: the program asks for the thread's end.
    unsafe { ExitThread(status) }
}
