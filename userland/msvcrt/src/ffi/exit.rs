//! The end: functions registered for it, streams flushed, and the ways to go.

use alloc::vec::Vec;

use core::cell::UnsafeCell;

use super::lock::{EXIT, with};
use super::nt::ExitProcess;
use super::stream;

/// Exit status of `abort`.
const ABORTED: u32 = 3;
/// What `abort` says.
const ABORT_MESSAGE: &[u8] = b"\nThis application has requested the Runtime to terminate it in an unusual way.\nPlease contact the application's support team for more information.\n";

/// A function without arguments.
type Routine = extern "C" fn();

/// What runs at the end, last registered first.
struct Routines(UnsafeCell<Vec<Routine>>);

// SAFETY: only touched with the lock `EXIT` held.
unsafe impl Sync for Routines {}

static ROUTINES: Routines = Routines(UnsafeCell::new(Vec::new()));

/// Runs `work` on the registered functions.
fn routines<R>(work: impl FnOnce(&mut Vec<Routine>) -> R) -> R {
    // SAFETY: the lock makes this the only reference, and no `work` here registers or ends anything.
    with(EXIT, || work(unsafe { &mut *ROUTINES.0.get() }))
}

/// Registers a function for the end; returns it, or null.
#[unsafe(no_mangle)]
pub extern "C" fn _onexit(routine: Option<Routine>) -> Option<Routine> {
    let routine = routine?;
    routines(|list| list.try_reserve(1).ok().map(|()| list.push(routine)))?;
    Some(routine)
}

/// Registers a function for the end; returns 0, or -1.
#[unsafe(no_mangle)]
pub extern "C" fn atexit(routine: Option<Routine>) -> i32 {
    if _onexit(routine).is_some() { 0 } else { -1 }
}

/// Registers a function in a DLL's own table, `*start` to `*end`; returns it, or null.
///
/// # Safety
/// The two words are null, or bound a table that came from this function or `malloc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __dllonexit(routine: u32, start: *mut u32, end: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    let first = unsafe { start.read() };
    // SAFETY: the caller's promise.
    let last = unsafe { end.read() };
    // SAFETY: the caller's promise.
    let moved = unsafe { super::memory::realloc(first, last - first + 4) };
    if moved == 0 {
        return 0;
    }
    let place = moved + (last - first);
    // SAFETY: the block has just got room for one more word.
    unsafe { (place as *mut u32).write(routine) };
    // SAFETY: the caller's promise.
    unsafe { start.write(moved) };
    // SAFETY: the caller's promise.
    unsafe { end.write(place + 4) };
    routine
}

/// Runs the registered functions and flushes the streams.
#[unsafe(no_mangle)]
pub extern "C" fn _cexit() {
    // A function may register others: they run next.
    while let Some(routine) = routines(Vec::pop) {
        routine();
    }
    stream::flush_all();
}

/// Ends nothing: what `_cexit` would have done is left out.
#[unsafe(no_mangle)]
pub extern "C" fn _c_exit() {}

/// Ends the process after the registered functions and with the streams flushed.
#[unsafe(no_mangle)]
pub extern "C" fn exit(status: u32) -> ! {
    _cexit();
    _exit(status)
}

/// Ends the process without running or flushing anything.
#[unsafe(no_mangle)]
pub extern "C" fn _exit(status: u32) -> ! {
    // SAFETY: the program asks for its own end.
    unsafe { ExitProcess(status) }
}

/// Ends the process because it is wrong: a message, the handler of `SIGABRT`, status 3.
#[unsafe(no_mangle)]
pub extern "C" fn abort() -> ! {
    stream::complain(ABORT_MESSAGE);
    super::signal::raise(super::signal::ABORT);
    _exit(ABORTED)
}

/// Ends the process because the library cannot go on; `number` says why.
#[unsafe(no_mangle)]
pub extern "C" fn _amsg_exit(number: u32) -> ! {
    let mut text = b"\nruntime error R60".to_vec();
    text.extend([b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8, b'\n']);
    stream::complain(&text);
    _exit(255)
}

/// Calls the functions of a table that are there.
///
/// # Safety
/// `first` to `end` are functions without arguments, or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _initterm(first: *const Option<Routine>, end: *const Option<Routine>) {
    let mut at = first;
    while at < end {
        // SAFETY: the caller's promise.
        if let Some(routine) = unsafe { at.read() } {
            routine();
        }
        at = at.wrapping_add(1);
    }
}

/// A pure virtual function was called.
#[unsafe(no_mangle)]
pub extern "C" fn _purecall() -> ! {
    _amsg_exit(25)
}

/// What a failed `assert` calls.
///
/// # Safety
/// Both are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _assert(expression: *const u8, file: *const u8, line: u32) -> ! {
    let mut text = b"Assertion failed: ".to_vec();
    // SAFETY: the caller's promise.
    text.extend_from_slice(unsafe { user_ffi::c_string(expression) });
    text.extend_from_slice(b", file ");
    // SAFETY: the caller's promise.
    text.extend_from_slice(unsafe { user_ffi::c_string(file) });
    text.extend_from_slice(b", line ");
    text.extend(user_crt::number::to_text(line.into(), false, 10));
    text.push(b'\n');
    stream::complain(&text);
    abort()
}
