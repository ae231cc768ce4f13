//! `setjmp` and `longjmp`.
//!
//! A buffer holds ebp, ebx, edi, esi, esp, the return address, the head of the chain of exception handlers, a level of that
//! handler's own, a mark, a function that ends the compiler's frames, and six words of the compiler. Jumping back lets the
//! handlers that have come since give up, and then calls that function.
//!
//! Source: `_JUMP_BUFFER` of `setjmp.h`; the public description of `_setjmp3`'s further arguments.

use core::arch::naked_asm;

use super::nt::RtlUnwind;

/// "VC20": the words from 36 on are there.
const MARK: u32 = 0x5643_3230;

/// Notes the registers and returns 0; `longjmp` makes it return again. The arguments behind the buffer: how many words the
/// compiler adds, its function, the level, and up to six words.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _setjmp3() {
    naked_asm!(
        "mov edx, [esp + 4]",
        "mov dword ptr [edx + 32], {mark}",
        "mov dword ptr [edx + 36], 0",
        "mov ecx, [esp + 8]",
        "test ecx, ecx",
        "jz 4f",
        "mov eax, [esp + 12]",
        "mov [edx + 36], eax",
        "dec ecx",
        "jz 4f",
        "mov eax, [esp + 16]",
        "mov [edx + 28], eax",
        "cmp ecx, 7",
        "jb 3f",
        "mov ecx, 7",
        "3:",
        "dec ecx",
        "jz 5f",
        "mov eax, [esp + 4 * ecx + 16]",
        "mov [edx + 4 * ecx + 36], eax",
        "jmp 3b",
        "4:",
        "mov dword ptr [edx + 28], -1",
        "5:",
        "jmp {registers}",
        mark = const MARK,
        registers = sym store_registers,
    )
}

/// The same for old compilers, whose buffer ends before the mark.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _setjmp() {
    naked_asm!(
        "mov edx, [esp + 4]",
        "mov dword ptr [edx + 28], -1",
        "jmp {registers}",
        registers = sym store_registers,
    )
}

/// Notes the caller's registers in the buffer at EDX, and returns 0 to it.
#[unsafe(naked)]
unsafe extern "C" fn store_registers() {
    naked_asm!(
        "mov [edx], ebp",
        "mov [edx + 4], ebx",
        "mov [edx + 8], edi",
        "mov [edx + 12], esi",
        "mov [edx + 16], esp",
        "mov eax, [esp]",
        "mov [edx + 20], eax",
        "mov eax, fs:[0]",
        "mov [edx + 24], eax",
        "xor eax, eax",
        "ret",
    )
}

/// Goes back to where the buffer was filled, which returns the value, or 1 for 0.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn longjmp() {
    naked_asm!(
        "mov ebp, [esp + 4]",
        "mov esi, [esp + 8]",
        "mov eax, [ebp + 24]",
        "cmp eax, fs:[0]",
        "je 2f",
        "push 0",
        "push 0",
        "push 0",
        "push eax",
        "call {unwind}",
        "2:",
        "cmp dword ptr [ebp + 32], {mark}",
        "jne 3f",
        "mov eax, [ebp + 36]",
        "test eax, eax",
        "jz 3f",
        "push ebp",
        "call eax",
        "3:",
        "mov edx, ebp",
        "mov eax, esi",
        "test eax, eax",
        "jnz 4f",
        "inc eax",
        "4:",
        "mov ecx, [edx + 24]",
        "mov fs:[0], ecx",
        "mov ebp, [edx]",
        "mov ebx, [edx + 4]",
        "mov edi, [edx + 8]",
        "mov esi, [edx + 12]",
        "mov esp, [edx + 16]",
        "mov edx, [edx + 20]",
        "mov [esp], edx",
        "ret",
        mark = const MARK,
        unwind = sym unwind_to,
    )
}

/// Lets the handlers before `registration` give up.
#[doc(alias = "_global_unwind2")]
unsafe extern "system" fn unwind_to(registration: u32, _ip: u32, _record: u32, _result: u32) {
    // SAFETY: the registration is that of a frame that is still there, as the caller of longjmp promises.
    unsafe { RtlUnwind(registration, 0, core::ptr::null_mut(), 0) };
}
