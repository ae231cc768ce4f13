//! Work for other threads: items that are queued, waits and timers that call back. Each has a thread of its own.

use core::sync::atomic::{AtomicU32, Ordering};

use alloc::boxed::Box;

use user_support::error::Win32Error;

use super::event::{CreateEventA, SetEvent};
use super::last_error::{Bool, FALSE, TRUE, fail};
use super::module::FreeLibrary;
use super::mutex::ReleaseMutex;
use super::semaphore::ReleaseSemaphore;
use super::standard_handle::CloseHandle;
use super::thread::{CreateThread, ExitThread};
use super::wait::{WaitForMultipleObjects, WaitForSingleObject, WaitForSingleObjectEx};

/// `INFINITE`, and what asks a function to wait for the end of what it stops.
const FOR_EVER: u32 = 0xFFFF_FFFF;
const WAIT_FOR_END: u32 = 0xFFFF_FFFF;
/// `WAIT_TIMEOUT`.
const TIME_OUT: u32 = 258;
/// `WT_EXECUTEONLYONCE`.
const ONCE: u32 = 8;

/// A function that a program wants called.
#[derive(Clone, Copy)]
struct Call {
    function: u32,
    argument: u32,
}

/// A wait or a timer. The handle that a program has for it is its address.
struct Waiter {
    call: Call,
    /// What is waited for; 0 for a timer.
    object: u32,
    /// Set to make the thread end.
    stop: u32,
    /// The thread's handle.
    thread: u32,
    first: u32,
    period: AtomicU32,
    flags: u32,
}

fn start(entry: unsafe extern "system" fn(u32) -> u32, argument: u32) -> u32 {
    // SAFETY: the entry takes this argument; nobody wants the identifier.
    unsafe { CreateThread(core::ptr::null(), 0, entry as *const () as u32, argument, 0, core::ptr::null_mut()) }
}

/// Calls a function in another thread.
///
/// # Safety
/// `function` takes the argument and returns a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueueUserWorkItem(function: u32, argument: u32, _flags: u32) -> Bool {
    let call = Box::into_raw(Box::new(Call { function, argument }));
    let thread = start(run_item, call as u32);
    if thread == 0 {
        // SAFETY: no thread got it.
        drop(unsafe { Box::from_raw(call) });
        return FALSE;
    }
    // SAFETY: the handle was made here.
    unsafe { CloseHandle(thread) }
}

unsafe extern "system" fn run_item(call: u32) -> u32 {
    // SAFETY: the box came from QueueUserWorkItem.
    let call = *unsafe { Box::from_raw(call as *mut Call) };
    // SAFETY: the program promised that.
    let function: extern "system" fn(u32) -> u32 = unsafe { core::mem::transmute(call.function) };
    function(call.argument)
}

fn make(waiter: Waiter, target: *mut u32) -> Bool {
    // SAFETY: an event without name or security.
    let stop = unsafe { CreateEventA(core::ptr::null(), TRUE, FALSE, core::ptr::null()) };
    if stop == 0 {
        return FALSE;
    }
    let made = Box::into_raw(Box::new(Waiter { stop, ..waiter }));
    // SAFETY: the caller's promise; it is there before the function can be called.
    unsafe { target.write_unaligned(made as u32) };
    let thread = start(run_waiter, made as u32);
    if thread == 0 {
        // SAFETY: the caller's promise. A handle to what is gone would be believed.
        unsafe { target.write_unaligned(0) };
        // SAFETY: no thread got it.
        drop(unsafe { Box::from_raw(made) });
        // SAFETY: the handle was made here.
        unsafe { CloseHandle(stop) };
        return FALSE;
    }
    // SAFETY: the box is there until the waiter is ended, by who has the handle.
    unsafe { (*made).thread = thread };
    TRUE
}

unsafe extern "system" fn run_waiter(waiter: u32) -> u32 {
    // SAFETY: the box outlives the thread: who ends the waiter frees it afterwards.
    let waiter = unsafe { &*(waiter as *const Waiter) };
    // SAFETY: the program promised that the function takes its argument and whether the time was over.
    let function: extern "system" fn(u32, u32) = unsafe { core::mem::transmute(waiter.call.function) };
    let mut time = waiter.first;
    loop {
        let answer = if waiter.object == 0 {
            WaitForSingleObject(waiter.stop, time)
        } else {
            let handles = [waiter.stop, waiter.object];
            // SAFETY: there are two handles.
            unsafe { WaitForMultipleObjects(2, handles.as_ptr(), FALSE, time) }
        };
        if answer != TIME_OUT && !(answer == 1 && waiter.object != 0) {
            return 0;
        }
        function(waiter.call.argument, u32::from(answer == TIME_OUT));
        time = waiter.period.load(Ordering::Relaxed);
        let last = if waiter.object == 0 { time == 0 } else { waiter.flags & ONCE != 0 };
        if last {
            return 0;
        }
    }
}

/// Ends a waiter: its function is not called again, and where `wait` says so not running any more. Without that the thread keeps its
/// block, a few words.
unsafe fn end(waiter: u32, wait: bool) -> Bool {
    if waiter == 0 {
        return fail(Win32Error::INVALID_HANDLE);
    }
    // SAFETY: the caller's promise: the handle is that of a waiter.
    let place = unsafe { &*(waiter as *const Waiter) };
    SetEvent(place.stop);
    if wait {
        WaitForSingleObject(place.thread, FOR_EVER);
        // SAFETY: the thread has ended, and the caller does not use the handle any more.
        let ended = unsafe { Box::from_raw(waiter as *mut Waiter) };
        for handle in [ended.stop, ended.thread] {
            // SAFETY: both handles are the waiter's.
            unsafe { CloseHandle(handle) };
        }
    }
    TRUE
}

/// Calls a function when an object is signalled, or a time is over, again and again or once.
///
/// # Safety
/// `target` points to a word; the function takes the argument and whether the time was over.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RegisterWaitForSingleObject(
    target: *mut u32,
    object: u32,
    function: u32,
    argument: u32,
    milliseconds: u32,
    flags: u32,
) -> Bool {
    let call = Call { function, argument };
    let period = AtomicU32::new(milliseconds);
    make(Waiter { call, object, stop: 0, thread: 0, first: milliseconds, period, flags }, target)
}

/// Ends such a wait.
///
/// # Safety
/// The handle came from [`RegisterWaitForSingleObject`] and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UnregisterWait(waiter: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { end(waiter, false) }
}

/// Ends such a wait; `event` is signalled when the function does not run any more, or this waits for that.
///
/// # Safety
/// As [`UnregisterWait`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UnregisterWaitEx(waiter: u32, event: u32) -> Bool {
    // SAFETY: the caller's promise.
    let answer = unsafe { end(waiter, event == WAIT_FOR_END) };
    if event != 0 && event != WAIT_FOR_END {
        SetEvent(event);
    }
    answer
}

/// A queue of timers: a number that none of the functions needs.
#[unsafe(no_mangle)]
pub extern "system" fn CreateTimerQueue() -> u32 {
    1
}

/// Ends a queue, whose timers have been ended.
#[unsafe(no_mangle)]
pub extern "system" fn DeleteTimerQueueEx(_queue: u32, event: u32) -> Bool {
    if event != 0 && event != WAIT_FOR_END { SetEvent(event) } else { TRUE }
}

/// Calls a function after a time, and then after each period, unless that is 0.
///
/// # Safety
/// `target` points to a word; the function takes the argument and a 1.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateTimerQueueTimer(
    target: *mut u32,
    _queue: u32,
    function: u32,
    argument: u32,
    first: u32,
    period: u32,
    flags: u32,
) -> Bool {
    let call = Call { function, argument };
    make(Waiter { call, object: 0, stop: 0, thread: 0, first, period: AtomicU32::new(period), flags }, target)
}

/// Gives a timer another period, which counts after its next call.
///
/// # Safety
/// The timer came from [`CreateTimerQueueTimer`].
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ChangeTimerQueueTimer(_queue: u32, timer: u32, _first: u32, period: u32) -> Bool {
    if timer == 0 {
        return fail(Win32Error::INVALID_HANDLE);
    }
    // SAFETY: the caller's promise.
    unsafe { &*(timer as *const Waiter) }.period.store(period, Ordering::Relaxed);
    TRUE
}

/// Ends a timer.
///
/// # Safety
/// The timer came from [`CreateTimerQueueTimer`] and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DeleteTimerQueueTimer(_queue: u32, timer: u32, event: u32) -> Bool {
    // SAFETY: the caller's promise.
    unsafe { UnregisterWaitEx(timer, event) }
}

/// Signals an object, whatever kind it is of, and waits for another. Somebody may come in between, which Windows rules out.
#[unsafe(no_mangle)]
pub extern "system" fn SignalObjectAndWait(signal: u32, wait: u32, milliseconds: u32, alertable: Bool) -> u32 {
    const FAILED: u32 = 0xFFFF_FFFF;
    // SAFETY: nobody wants the count.
    let signalled = SetEvent(signal) != 0
        || unsafe { ReleaseSemaphore(signal, 1, core::ptr::null_mut()) } != 0
        || ReleaseMutex(signal) != 0;
    if signalled { WaitForSingleObjectEx(wait, milliseconds, alertable) } else { FAILED }
}

/// Gives a DLL back, whose code runs in this thread, and ends the thread.
///
/// # Safety
/// Nobody uses the DLL through this reference any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FreeLibraryAndExitThread(module: u32, status: u32) -> ! {
    // SAFETY: the caller's promise.
    unsafe { FreeLibrary(module) };
    ExitThread(status)
}
