//! `setjmp` and `longjmp`.
//!
//! A buffer holds ebp, ebx, edi, esi, esp, the return address, the head of the chain of exception handlers, and words
//! of compilers that have frames of their own on it. Jumping back puts the chain's old head back.

use core::arch::naked_asm;

/// Notes the registers and returns 0; `longjmp` makes it return again.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _setjmp3() {
    naked_asm!(
        "mov edx, [esp + 4]",
        "mov [edx], ebp",
        "mov [edx + 4], ebx",
        "mov [edx + 8], edi",
        "mov [edx + 12], esi",
        "mov [edx + 16], esp",
        "mov eax, [esp]",
        "mov [edx + 20], eax",
        "mov eax, fs:[0]",
        "mov [edx + 24], eax",
        "mov dword ptr [edx + 28], -1",         // no level of a compiler's own
        "mov dword ptr [edx + 32], 0x56433230", // "VC20": the words behind are there
        "mov dword ptr [edx + 36], 0",
        "xor eax, eax",
        "ret",
    )
}

/// The same, for old compilers.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _setjmp() {
    naked_asm!("jmp {}", sym _setjmp3)
}

/// Goes back to where the buffer was filled, which returns the value, or 1 for 0.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn longjmp() {
    naked_asm!(
        "mov edx, [esp + 4]",
        "mov eax, [esp + 8]",
        "test eax, eax",
        "jnz 2f",
        "inc eax",
        "2:",
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
    )
}
