//! Fibers: stacks and registers of a thread that the program itself takes turns with.
//!
//! A fiber's block begins as XP's does, with what the TEB says while it runs; programs read the first word (`GetFiberData`) and find the
//! block by the TEB's word 10h (`GetCurrentFiber`). The registers that a function keeps stand in its CONTEXT.

use core::arch::naked_asm;

use user_ffi::{ThisProcess, peb, shared_data, teb};
use user_support::error::Win32Error;
use user_support::memory::Memory;

use super::exception::call_under_last_resort;
use super::last_error::{Bool, TRUE, fail, fail_with};
use super::nt::{CURRENT_PROCESS, RtlAllocateHeap, RtlFreeHeap};
use super::thread::ExitThread;
use super::thread_stack::Stack;

/// `FIBER_FLAG_FLOAT_SWITCH`: the modes of floating point are each fiber's own.
const FLOAT_SWITCH: u32 = 1;
/// `CONTEXT_FULL`, `CONTEXT_FLOATING_POINT` and `CONTEXT_EXTENDED_REGISTERS`.
const FULL: u32 = 0x1_0007;
const FLOATING_POINT: u32 = 0x8;
const EXTENDED_REGISTERS: u32 = 0x20;
/// `PF_XMMI_INSTRUCTIONS_AVAILABLE`: there is an MXCSR.
const SSE: u32 = 6;
/// The modes of floating point that a thread begins with.
const CONTROL_WORD: u32 = 0x27F;
const MXCSR: u32 = 0x1F80;
/// `HEAP_ZERO_MEMORY`.
const ZERO_MEMORY: u32 = 8;

/// Bytes of a fiber's block, and offsets in it.
const SIZE: u32 = 0x2E8;
mod offset {
    pub(super) const DATA: u32 = 0x00;
    pub(super) const EXCEPTION_LIST: u32 = 0x04;
    pub(super) const STACK_BASE: u32 = 0x08;
    pub(super) const STACK_LIMIT: u32 = 0x0C;
    pub(super) const STACK_ALLOCATION: u32 = 0x10;
    pub(super) const CONTEXT_FLAGS: u32 = 0x14;
    pub(super) const CONTROL_WORD: u32 = 0x14 + 0x1C;
    pub(super) const EBX: u32 = 0x14 + 0xA4;
    pub(super) const EAX: u32 = 0x14 + 0xB0;
    pub(super) const ESP: u32 = 0x14 + 0xC4;
    pub(super) const MXCSR: u32 = 0x14 + 0xE4;
}

fn memory() -> ThisProcess {
    // SAFETY: only blocks of fibers and stacks that nobody runs on yet are touched.
    unsafe { ThisProcess::new() }
}

/// A new block, or 0.
fn allocate(data: u32, flags: u32) -> u32 {
    // SAFETY: the process's heap lives as long as the process.
    let fiber = unsafe { RtlAllocateHeap(peb().heap(), ZERO_MEMORY, SIZE) };
    if fiber == 0 {
        return fail(Win32Error::NOT_ENOUGH_MEMORY);
    }
    let extended = if shared_data().has_feature(SSE) { EXTENDED_REGISTERS } else { 0 };
    let modes = if flags & FLOAT_SWITCH != 0 { FLOATING_POINT | extended } else { 0 };
    let words = [
        (offset::DATA, data),
        (offset::CONTEXT_FLAGS, FULL | modes),
        (offset::CONTROL_WORD, CONTROL_WORD),
        (offset::MXCSR, MXCSR),
    ];
    words.iter().for_each(|(at, word)| memory().write_u32(fiber + at, *word));
    fiber
}

/// Makes the thread a fiber, with `data`. 0 where it is one.
#[unsafe(no_mangle)]
pub extern "system" fn ConvertThreadToFiber(data: u32) -> u32 {
    ConvertThreadToFiberEx(data, 0)
}

/// The same; `flags` may say that modes of floating point are its own.
#[unsafe(no_mangle)]
pub extern "system" fn ConvertThreadToFiberEx(data: u32, flags: u32) -> u32 {
    if flags & !FLOAT_SWITCH != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    if teb().fiber() != 0 {
        return fail(Win32Error::ALREADY_FIBER);
    }
    let fiber = allocate(data, flags);
    if fiber != 0 {
        memory().write_u32(fiber + offset::STACK_ALLOCATION, teb().stack_allocation());
        teb().set_fiber(fiber);
    }
    fiber
}

/// Makes the fiber that runs an ordinary thread again, which keeps the stack.
#[unsafe(no_mangle)]
pub extern "system" fn ConvertFiberToThread() -> Bool {
    let fiber = teb().fiber();
    if fiber == 0 {
        return fail(Win32Error::ALREADY_THREAD);
    }
    teb().set_fiber(0);
    free(fiber);
    TRUE
}

/// Makes a fiber that will call `start(data)`; `size` bytes of its stack are committed, or as many as the program's headers say.
///
/// # Safety
/// `start` is a function of one argument.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateFiber(size: u32, start: u32, data: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { CreateFiberEx(size, 0, 0, start, data) }
}

/// The same, with the sizes of what is committed and what is reserved.
///
/// # Safety
/// `start` is a function of one argument.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateFiberEx(commit: u32, reserve: u32, flags: u32, start: u32, data: u32) -> u32 {
    if flags & !FLOAT_SWITCH != 0 {
        return fail(Win32Error::INVALID_PARAMETER);
    }
    let stack = match Stack::of(CURRENT_PROCESS, reserve, commit) {
        Ok(stack) => stack,
        Err(status) => return fail_with(status),
    };
    let fiber = allocate(data, flags);
    if fiber == 0 {
        stack.free();
        return 0;
    }
    // What SwitchToFiber takes off: its return address and its argument. Then the function finds a return address, of nobody.
    let [_, _, base, limit, allocation] = stack.initial_teb();
    let esp = base - 16;
    memory().write_u32(esp, start_fiber as *const () as u32);
    let words = [
        (offset::EXCEPTION_LIST, u32::MAX),
        (offset::STACK_BASE, base),
        (offset::STACK_LIMIT, limit),
        (offset::STACK_ALLOCATION, allocation),
        (offset::EBX, data),
        (offset::EAX, start),
        (offset::ESP, esp),
    ];
    words.iter().for_each(|(at, word)| memory().write_u32(fiber + at, *word));
    fiber
}

/// Where a fiber begins. When its function returns, the thread ends.
#[doc(alias = "BaseFiberStart")]
unsafe extern "system" fn start_fiber() -> ! {
    let fiber = teb().fiber();
    let word = |at| memory().read_u32(fiber + at);
    // SAFETY: the function is the fiber's, as the caller of CreateFiber promised.
    ExitThread(unsafe { call_under_last_resort(word(offset::EAX), word(offset::EBX)) })
}

/// Gives a fiber and its stack up; of the one that runs, its thread ends.
///
/// # Safety
/// `fiber` is a fiber that no thread runs but perhaps this one, and that is not switched to any more.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn DeleteFiber(fiber: u32) {
    if fiber == teb().fiber() {
        ExitThread(1);
    }
    let bottom = memory().read_u32(fiber + offset::STACK_ALLOCATION);
    Stack::at(CURRENT_PROCESS, bottom).free();
    free(fiber);
}

fn free(fiber: u32) {
    // SAFETY: the block came from this heap, and nobody has it any more.
    unsafe { RtlFreeHeap(peb().heap(), 0, fiber) };
}

/// Goes on in `fiber`, where that left off.
///
/// # Safety
/// The thread is a fiber, and `fiber` is one that no other thread runs.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn SwitchToFiber(fiber: u32) {
    naked_asm!(
        "mov edx, fs:[0x18]",
        "mov eax, [edx + 0x10]",
        "mov ecx, [esp + 4]",
        // What this one had.
        "mov [eax + 0xB0], edi",
        "mov [eax + 0xB4], esi",
        "mov [eax + 0xB8], ebx",
        "mov [eax + 0xC8], ebp",
        "mov [eax + 0xD8], esp",
        "mov esi, [edx]",
        "mov [eax + 0x04], esi",
        "mov esi, [edx + 0x04]",
        "mov [eax + 0x08], esi",
        "mov esi, [edx + 0x08]",
        "mov [eax + 0x0C], esi",
        "mov esi, [eax + 0x14]",
        "test esi, 0x8",
        "jz 2f",
        "fnstcw [eax + 0x30]",
        "test esi, 0x20",
        "jz 2f",
        "stmxcsr [eax + 0xF8]",
        "2:",
        // What the other has.
        "mov [edx + 0x10], ecx",
        "mov esi, [ecx + 0x14]",
        "test esi, 0x8",
        "jz 3f",
        "fldcw [ecx + 0x30]",
        "test esi, 0x20",
        "jz 3f",
        "ldmxcsr [ecx + 0xF8]",
        "3:",
        "mov esi, [ecx + 0x04]",
        "mov [edx], esi",
        "mov esi, [ecx + 0x08]",
        "mov [edx + 0x04], esi",
        "mov esi, [ecx + 0x0C]",
        "mov [edx + 0x08], esi",
        "mov esi, [ecx + 0x10]",
        "mov [edx + 0xE0C], esi",
        "mov edi, [ecx + 0xB0]",
        "mov esi, [ecx + 0xB4]",
        "mov ebx, [ecx + 0xB8]",
        "mov ebp, [ecx + 0xC8]",
        "mov esp, [ecx + 0xD8]",
        "ret 4",
    )
}
