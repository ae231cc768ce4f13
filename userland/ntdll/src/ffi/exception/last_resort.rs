//! The outermost handler of a thread: it asks kernel32's UnhandledExceptionFilter, and with it the program's own filter, and ends
//! the process. On XP the frames of `BaseProcessStart` and `BaseThreadStart` do this.

use core::arch::{asm, naked_asm};
use core::sync::atomic::{AtomicU32, Ordering};

use user_support::image::Symbol;
use user_support::loader::{Module, procedure_address};
use user_support::memory::Memory;
use user_support::path;
use user_support::text::wide;

use super::stubs::RtlUnwind;
use super::{memory, record};
use crate::ffi::process::Native;
use crate::ffi::start::finish;

/// Address of UnhandledExceptionFilter, for a program that this DLL enters; 0 in a process without kernel32.
static FILTER: AtomicU32 = AtomicU32::new(0);

const CONTINUE_EXECUTION: u32 = 0;
const CONTINUE_SEARCH: u32 = 1;
/// What a filter answers.
const EXECUTE_HANDLER: u32 = 1;
const GO_ON: u32 = 0xFFFF_FFFF;
/// The handler is told to give up.
const UNWINDING: u32 = 0x6;

/// Finds the filter, if kernel32 is loaded. Under the loader lock.
#[inline(never)]
pub(in crate::ffi) fn prepare_last_resort(process: &Native) {
    let name = Symbol::Name { name: b"UnhandledExceptionFilter", hint: 0 };
    let filter = Module::named(process, &path::module_name(&wide(b"kernel32.dll")))
        .and_then(|kernel32| procedure_address(process, kernel32, name).ok());
    FILTER.store(filter.unwrap_or(0), Ordering::Relaxed);
}

/// The filter that was found.
pub(in crate::ffi) fn last_resort() -> u32 {
    FILTER.load(Ordering::Relaxed)
}

/// Where from its registration, eight bytes in the frame below, the handler finds the filter: past `ebx`, `ebp`, the return address and two
/// arguments.
const FILTER_FROM_REGISTRATION: u32 = 28;

/// Calls `entry(argument)` with an empty chain but for the last resort, with `ebx` = argument, and returns what it returns. It may
/// take the argument off the stack or not. `filter` is UnhandledExceptionFilter's address, or 0. An export that Windows does not have:
/// there kernel32 has such a frame of its own.
///
/// # Safety
/// `entry` is a function of at most one word, `filter` of that type; the caller never returns to what has exception handlers.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn VadoseCallUnderLastResort(entry: u32, argument: u32, filter: u32) -> u32 {
    naked_asm!(
        "push ebp",
        "mov ebp, esp",
        "push ebx",
        "sub esp, 4",
        "mov dword ptr [esp], offset {handler}",
        "push 0xFFFFFFFF",
        "mov fs:[0], esp",
        "mov eax, [ebp + 8]",
        "mov ebx, [ebp + 12]",
        "push ebx",
        "xor ebp, ebp",
        "call eax",
        "mov esp, fs:[0]",
        "mov dword ptr fs:[0], 0xFFFFFFFF",
        "add esp, 8",
        "pop ebx",
        "pop ebp",
        "ret 12",
        handler = sym handle,
    )
}

/// The handler.
unsafe extern "C" fn handle(record: u32, registration: u32, context: u32, _dispatcher: u32) -> u32 {
    let filter = memory().read_u32(registration + FILTER_FROM_REGISTRATION);
    if filter == 0 || memory().read_u32(record + record::FLAGS) & UNWINDING != 0 {
        return CONTINUE_SEARCH;
    }
    // SAFETY: the promise of whoever made the frame: the address is that of kernel32's export of this type.
    let filter = unsafe { core::mem::transmute::<u32, unsafe extern "system" fn(*const u32) -> u32>(filter) };
    let pointers = [record, context];
    // SAFETY: the pointers are what it expects, and live until it returns.
    match unsafe { filter(pointers.as_ptr()) } {
        EXECUTE_HANDLER => end(record, registration),
        GO_ON => CONTINUE_EXECUTION,
        _ => CONTINUE_SEARCH,
    }
}

/// Lets all handlers give up, and ends the process with the exception's code, on a stack that has room again. An exception on
/// that way has no handler.
fn end(record: u32, registration: u32) -> ! {
    let code = memory().read_u32(record);
    // SAFETY: the registration is this thread's outermost; nothing before it is needed any more.
    unsafe { RtlUnwind(registration, 0, record as *mut _, 0) };
    // SAFETY: the registration lies above everything in use, and `finish` does not return.
    unsafe {
        asm!(
            "mov dword ptr fs:[0], 0xFFFFFFFF",
            "mov esp, {registration}",
            "push {code}",
            "call {finish}",
            registration = in(reg) registration,
            code = in(reg) code,
            finish = sym finish,
            options(noreturn),
        )
    }
}
