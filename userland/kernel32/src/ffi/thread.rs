//! Threads: how one is made and ends.

use core::arch::naked_asm;
use core::mem::MaybeUninit;

use user_ffi::teb;
use user_support::status::Status;

use super::exception::call_under_last_resort;
use super::last_error::{Bool, TRUE, fail_with, succeeded};
use super::nt::{
    CURRENT_PROCESS, CURRENT_THREAD, LdrShutdownThread, NtCreateThread, NtOpenThread, NtQueryInformationThread,
    NtQueueApcThread, NtResumeThread, NtSuspendThread, NtTerminateThread,
};
use super::object::{SecurityAttributes, attributes};
use super::process::ExitProcess;
use super::thread_stack::Stack;

/// `THREAD_ALL_ACCESS`.
const ALL_ACCESS: u32 = 0x001F_03FF;
/// `CREATE_SUSPENDED`.
const SUSPENDED: u32 = 0x4;
/// `ThreadBasicInformation` and `ThreadAmILastThread`.
const BASIC_INFORMATION: u32 = 0;
const AM_I_LAST_THREAD: u32 = 12;
/// What functions that answer a count say when they fail.
const FAILED: u32 = 0xFFFF_FFFF;

/// Words of a CONTEXT, of what comes before its extended registers, and where in that are the registers that a new thread has.
const CONTEXT_WORDS: usize = 0x2CC / 4;
const PLAIN_WORDS: usize = 0xCC / 4;
mod register {
    pub(super) const GS: usize = 0x8C / 4;
    pub(super) const EBX: usize = 0xA4 / 4;
    pub(super) const EAX: usize = 0xB0 / 4;
    pub(super) const EIP: usize = 0xB8 / 4;
    pub(super) const CS: usize = 0xBC / 4;
    pub(super) const FLAGS: usize = 0xC0 / 4;
    pub(super) const ESP: usize = 0xC4 / 4;
    pub(super) const SS: usize = 0xC8 / 4;
}
/// `CONTEXT_FULL`.
const FULL: u32 = 0x1_0007;
/// GS, FS, ES, DS; code and data of ring 3; the flag that is always set, and interrupts.
const SEGMENTS: [u32; 4] = [0, 0x3B, 0x23, 0x23];
const CODE: u32 = 0x1B;
const DATA: u32 = 0x23;
const FLAGS: u32 = 0x202;

/// Makes a thread of this process that calls `start(parameter)`.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES, `identifier` is null or points to a word, and `start` is a function
/// of one argument.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateThread(
    security: *const SecurityAttributes,
    stack_size: u32,
    start: u32,
    parameter: u32,
    flags: u32,
    identifier: *mut u32,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { CreateRemoteThread(CURRENT_PROCESS, security, stack_size, start, parameter, flags, identifier) }
}

/// Makes a thread of `process` that calls `start(parameter)` there.
///
/// # Safety
/// `security` is null or points to a SECURITY_ATTRIBUTES, `identifier` is null or points to a word; what the thread does in its
/// process is the caller's to answer for.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateRemoteThread(
    process: u32,
    security: *const SecurityAttributes,
    stack_size: u32,
    start: u32,
    parameter: u32,
    flags: u32,
    identifier: *mut u32,
) -> u32 {
    // SAFETY: the caller's promise.
    let attributes = unsafe { attributes(security) };
    let stack = match Stack::new(process, stack_size, flags) {
        Ok(stack) => stack,
        Err(status) => return fail_with(status),
    };
    // Nobody reads extended registers that the flags do not name.
    let mut context = [const { MaybeUninit::uninit() }; CONTEXT_WORDS];
    context[..PLAIN_WORDS].fill(MaybeUninit::new(0));
    let mut set = |register: usize, value: u32| _ = context[register].write(value);
    set(0, FULL);
    (register::GS..).zip(SEGMENTS).for_each(|(register, segment)| set(register, segment));
    set(register::EAX, start);
    set(register::EBX, parameter);
    set(register::EIP, begin_thread as *const () as u32);
    set(register::CS, CODE);
    set(register::FLAGS, FLAGS);
    set(register::ESP, stack.top() - 4);
    set(register::SS, DATA);
    let (mut handle, mut client, initial) = (0, [0; 2], stack.initial_teb());
    // SAFETY: the service reads attributes, context and stack, and writes the handle and two words.
    let status = unsafe {
        NtCreateThread(
            &mut handle,
            ALL_ACCESS,
            attributes.as_ptr(),
            process,
            client.as_mut_ptr(),
            context.as_ptr().cast(),
            initial.as_ptr(),
            u32::from(flags & SUSPENDED != 0),
        )
    };
    if let Err(status) = Status(status).ok() {
        stack.free();
        return fail_with(status);
    }
    if !identifier.is_null() {
        // SAFETY: the caller's promise.
        unsafe { identifier.write_unaligned(client[1]) };
    }
    handle
}

/// The first instructions of a thread of [`CreateThread`]: EAX is its function, EBX the argument.
#[doc(alias = "BaseThreadStartThunk")]
#[unsafe(naked)]
unsafe extern "C" fn begin_thread() {
    naked_asm!("xor ebp, ebp", "push ebx", "push eax", "push 0", "jmp {start}", start = sym start_thread)
}

/// Calls the function of a thread under the last resort for exceptions, and ends the thread with what it returns.
#[doc(alias = "BaseThreadStart")]
unsafe extern "system" fn start_thread(function: u32, argument: u32) -> ! {
    // SAFETY: the function is the thread's, as the caller of CreateThread promised.
    ExitThread(unsafe { call_under_last_resort(function, argument) })
}

/// Ends the running thread; the last one takes the process along.
#[unsafe(no_mangle)]
pub extern "system" fn ExitThread(status: u32) -> ! {
    if is_last_thread() {
        ExitProcess(status);
    }
    super::pending::cancel(None);
    // SAFETY: the program asks for the thread's end.
    unsafe { LdrShutdownThread() };
    teb().free_stack_at_end();
    loop {
        // SAFETY: as above; nothing of this frame is needed any more.
        if Status(unsafe { NtTerminateThread(0, status) }) == Status::CANT_TERMINATE_SELF {
            // All others have ended meanwhile.
            ExitProcess(status);
        }
    }
}

fn is_last_thread() -> bool {
    let mut last = 0u32;
    // SAFETY: the service writes the word.
    let status = unsafe {
        NtQueryInformationThread(CURRENT_THREAD, AM_I_LAST_THREAD, (&raw mut last).cast(), 4, core::ptr::null_mut())
    };
    Status(status).is_success() && last != 0
}

/// Ends a thread without telling anybody in it.
#[unsafe(no_mangle)]
pub extern "system" fn TerminateThread(thread: u32, status: u32) -> Bool {
    if thread == 0 {
        return fail_with(Status::INVALID_HANDLE);
    }
    // SAFETY: what the thread held is the caller's to answer for.
    succeeded(unsafe { NtTerminateThread(thread, status) })
}

/// With what a thread has ended; 103h while it has not.
///
/// # Safety
/// `status` points to a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn GetExitCodeThread(thread: u32, status: *mut u32) -> Bool {
    let mut basic = [0u32; 7];
    // SAFETY: the service writes seven words.
    let answer = unsafe {
        let buffer = basic.as_mut_ptr().cast();
        NtQueryInformationThread(thread, BASIC_INFORMATION, buffer, 28, core::ptr::null_mut())
    };
    if let Err(answer) = Status(answer).ok() {
        return fail_with(answer);
    }
    // SAFETY: the caller's promise.
    unsafe { status.write_unaligned(basic[0]) };
    TRUE
}

/// A handle to the thread with this identifier.
#[unsafe(no_mangle)]
pub extern "system" fn OpenThread(access: u32, inherit: Bool, identifier: u32) -> u32 {
    const INHERIT: u32 = 2;
    let attributes = [0x18, 0, 0, if inherit != 0 { INHERIT } else { 0 }, 0, 0];
    let (mut handle, client) = (0, [0, identifier]);
    // SAFETY: the service reads attributes and numbers, and writes the handle.
    let status = unsafe { NtOpenThread(&mut handle, access, attributes.as_ptr(), client.as_ptr()) };
    match Status(status).ok() {
        Ok(()) => handle,
        Err(status) => fail_with(status),
    }
}

/// Suspends a thread once more; how often it was before, or FFFFFFFFh.
#[unsafe(no_mangle)]
pub extern "system" fn SuspendThread(thread: u32) -> u32 {
    // SAFETY: the service writes the word.
    counted(|before| unsafe { NtSuspendThread(thread, before) })
}

/// Resumes a thread once; how often it was suspended before, or FFFFFFFFh.
#[unsafe(no_mangle)]
pub extern "system" fn ResumeThread(thread: u32) -> u32 {
    // SAFETY: the service writes the word.
    counted(|before| unsafe { NtResumeThread(thread, before) })
}

fn counted(service: impl FnOnce(&mut u32) -> u32) -> u32 {
    let mut before = 0;
    match Status(service(&mut before)).ok() {
        Ok(()) => before,
        Err(status) => {
            fail_with(status);
            FAILED
        }
    }
}

/// Has `function(argument)` called in a thread, when that next waits alertably.
///
/// # Safety
/// `function` is one of a word.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn QueueUserAPC(function: u32, thread: u32, argument: u32) -> Bool {
    let routine = call_queued as *const () as u32;
    // SAFETY: the caller's promise; the routine passes its arguments on.
    succeeded(unsafe { NtQueueApcThread(thread, routine, function, argument, 0) })
}

/// What is called in the thread: the function with its argument, which it may take off the stack or not.
#[doc(alias = "BaseDispatchAPC")]
#[unsafe(naked)]
unsafe extern "system" fn call_queued(_function: u32, _argument: u32, _nothing: u32) {
    naked_asm!(
        "push ebp",
        "mov ebp, esp",
        "push dword ptr [ebp + 12]",
        "call dword ptr [ebp + 8]",
        "mov esp, ebp",
        "pop ebp",
        "ret 12",
    )
}

/// The pseudo handle of this thread.
#[unsafe(no_mangle)]
pub extern "system" fn GetCurrentThread() -> u32 {
    CURRENT_THREAD
}

/// The identifier of this thread.
#[unsafe(no_mangle)]
pub extern "system" fn GetCurrentThreadId() -> u32 {
    teb().thread_identifier()
}
