//! Exceptions: raising them, the program's last word on them, and registers of threads.

use core::sync::atomic::{AtomicU32, Ordering};

use abi::nt::context::{EXCEPTION_NONCONTINUABLE, ExceptionRecord, MAXIMUM_PARAMETERS};
use user_ffi::peb;
use user_support::exception::flags::NESTED_CALL;
use user_support::memory::Memory;
use user_support::status::Status;

use super::failure::terminate;
use super::last_error::{Bool, succeeded};
use super::nt::{
    NtGetContextThread, NtRaiseHardError, NtSetContextThread, RtlRaiseException, VadoseCallUnderLastResort,
};
use super::startup::memory;

/// What filters answer.
const EXECUTE_HANDLER: u32 = 1;
const CONTINUE_EXECUTION: u32 = 0xFFFF_FFFF;
/// What UnhandledExceptionFilter answers to leave the exception to a debugger.
const CONTINUE_SEARCH: u32 = 0;
/// Offset of the flags in a record.
const RECORD_FLAGS: u32 = 4;
/// `HARDERROR_OVERRIDE_ERRORMODE`: to be told whatever the process wants hidden.
const OVERRIDE_ERROR_MODE: u32 = 0x1000_0000;

/// The program's filter for exceptions that nothing handles.
static FILTER: AtomicU32 = AtomicU32::new(0);
/// What SetErrorMode set. There are no message boxes here, so that nothing depends on it.
static ERROR_MODE: AtomicU32 = AtomicU32::new(0);

/// Raises an exception with up to 15 parameters.
///
/// # Safety
/// `parameters` is null or points to `count` words.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RaiseException(code: u32, flags: u32, count: u32, parameters: *const u32) {
    let mut record = ExceptionRecord::new(code, 0, &[]);
    record.flags = flags & EXCEPTION_NONCONTINUABLE;
    if !parameters.is_null() {
        record.parameter_count = count.min(MAXIMUM_PARAMETERS as u32);
        for index in 0..record.parameter_count as usize {
            record.information[index] = memory().read_u32(parameters as u32 + 4 * index as u32);
        }
    }
    // SAFETY: the record lives until the exception is handled.
    unsafe { RtlRaiseException(&raw mut record) };
}

/// Sets the program's filter for exceptions that nothing handles and returns the old one.
#[unsafe(no_mangle)]
pub extern "system" fn SetUnhandledExceptionFilter(filter: u32) -> u32 {
    FILTER.swap(filter, Ordering::Relaxed)
}

/// Calls `entry(argument)` under the handler that asks [`UnhandledExceptionFilter`]; what it returns.
///
/// # Safety
/// `entry` is a function of at most one word; the caller never returns to what has exception handlers.
#[inline(always)]
pub(super) unsafe fn call_under_last_resort(entry: u32, argument: u32) -> u32 {
    let filter = UnhandledExceptionFilter as *const () as u32;
    // SAFETY: the caller's promise; the filter is of the type that it must be.
    unsafe { VadoseCallUnderLastResort(entry, argument, filter) }
}

/// What a program's outermost handler asks: the program's own filter; if there is none, or it does not know, the system is told of
/// the exception and the process is to end. An exception of the filter itself ends the process at once.
///
/// # Safety
/// `pointers` points to `EXCEPTION_POINTERS`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UnhandledExceptionFilter(pointers: *const [u32; 2]) -> u32 {
    if peb().being_debugged() {
        return CONTINUE_SEARCH;
    }
    let record = memory().read_u32(pointers as u32);
    if memory().read_u32(record + RECORD_FLAGS) & NESTED_CALL != 0 {
        terminate(memory().read_u32(record));
    }
    let filter = FILTER.load(Ordering::Relaxed);
    if filter != 0 {
        // SAFETY: the program set the address as that of such a function.
        let filter = unsafe { core::mem::transmute::<u32, unsafe extern "system" fn(*const [u32; 2]) -> u32>(filter) };
        // SAFETY: the caller's promise.
        let answer = unsafe { filter(pointers) };
        if matches!(answer, EXECUTE_HANDLER | CONTINUE_EXECUTION) {
            return answer;
        }
    }
    report(record);
    EXECUTE_HANDLER
}

/// Tells the system of the exception whose record lies at `record`: its code, address and first two parameters.
#[doc(alias = "NtRaiseHardError")]
fn report(record: u32) {
    const OPTION_OK: u32 = 1;
    let word = |offset: u32| memory().read_u32(record + offset);
    let parameters = [word(0), word(0xC), word(0x14), word(0x18)];
    let known = if word(0x10) >= 2 { parameters } else { [parameters[0], parameters[1], 0, u32::MAX] };
    let mut response = 0;
    let status = Status::UNHANDLED_EXCEPTION.0 | OVERRIDE_ERROR_MODE;
    // SAFETY: the service reads four words and writes one.
    unsafe { NtRaiseHardError(status, 4, 0, known.as_ptr(), OPTION_OK, &mut response) };
}

/// Sets what the system does about serious errors, and returns what it was.
#[unsafe(no_mangle)]
pub extern "system" fn SetErrorMode(mode: u32) -> u32 {
    ERROR_MODE.swap(mode, Ordering::Relaxed)
}

/// Reads registers of a thread.
///
/// # Safety
/// `context` points to a `CONTEXT`.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetThreadContext(thread: u32, context: *mut u8) -> Bool {
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtGetContextThread(thread, context) })
}

/// Writes registers of a thread.
///
/// # Safety
/// `context` points to a `CONTEXT`; the thread can go on with it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SetThreadContext(thread: u32, context: *const u8) -> Bool {
    // SAFETY: the caller's promise.
    succeeded(unsafe { NtSetContextThread(thread, context) })
}
