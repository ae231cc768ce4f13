//! The three ways across: SYSENTER, the gate 2E, and the way back.
//!
//! Every stub calls through the word at 7FFE0300, in which the kernel put the address of one of the first two functions
//! when it started. SYSENTER forgets where it came from, so the kernel returns to the address at 7FFE0304,
//! [`KiFastSystemCallRet`], whose `ret` goes back into the stub.

use core::arch::naked_asm;

/// Enters the kernel by SYSENTER: service number in eax, arguments 8 bytes above edx.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn KiFastSystemCall() {
    naked_asm!("mov edx, esp", "sysenter")
}

/// Where SYSEXIT returns to.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn KiFastSystemCallRet() {
    naked_asm!("ret")
}

/// Enters the kernel by the gate 2E: service number in eax, arguments at edx.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn KiIntSystemCall() {
    naked_asm!("lea edx, [esp + 8]", "int 0x2E", "ret")
}

/// Stops in the debugger, if there is one.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DbgBreakPoint() {
    naked_asm!("int3", "ret")
}

/// Where a thread finds a call that is to be made in it: on the stack the routine, its three arguments, and the `CONTEXT`
/// to go on with afterwards, when other calls may have come.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn KiUserApcDispatcher() {
    naked_asm!(
        "lea edi, [esp + 16]",
        "pop eax",
        "call eax",
        "push 1",
        "push edi",
        "call {continue_}",
        "int3",
        continue_ = sym super::services::NtContinue,
    )
}
