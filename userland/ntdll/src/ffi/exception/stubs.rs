//! Where registers matter: the ways in, which capture them, and the call of a handler.
//!
//! Source: the calling conventions of 32-bit Windows; `CONTEXT` of `winnt.h`; what handlers are called with.

use core::arch::naked_asm;

use abi::nt::context::{CONTEXT_FULL, Context, ExceptionRecord};
use core::mem::offset_of;

use super::{dispatch_from_kernel, raise, raise_status, unwind_to};

/// Where the kernel lets a thread go on that has an exception. On the stack: the address of the record, that of the context.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn KiUserExceptionDispatcher() {
    naked_asm!(
        "mov ecx, [esp + 4]",
        "mov eax, [esp]",
        "push ecx",
        "push eax",
        "call {dispatch}",
        "ud2",
        dispatch = sym dispatch_from_kernel,
    )
}

/// A function that goes to `$target(arguments, context)`, with its caller's registers, as they are after it has returned and taken
/// `$bytes` of arguments off the stack.
macro_rules! with_context {
    ($(#[$meta:meta])* $name:ident ($($argument:ident: $kind:ty),*) takes $bytes:literal, goes to $target:ident) => {
        $(#[$meta])*
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name($($argument: $kind),*) {
            naked_asm!(
                "push {bytes}",
                "lea esp, [esp - 4]",
                "mov dword ptr [esp], offset {target}",
                "jmp {capture}",
                bytes = const $bytes,
                target = sym $target,
                capture = sym capture,
            )
        }
    };
}

with_context! {
    /// Raises the exception of the record, whose address it sets.
    RtlRaiseException(record: *mut ExceptionRecord) takes 4, goes to raise
}
with_context! {
    /// Raises an exception that cannot be continued.
    RtlRaiseStatus(status: u32) takes 4, goes to raise_status
}
with_context! {
    /// Lets handlers give up: those before the registration `target`, or all.
    RtlUnwind(target: u32, ip: u32, record: *mut ExceptionRecord, result: u32) takes 16, goes to unwind_to
}

/// Stack: target, bytes, return address, arguments.
#[unsafe(naked)]
unsafe extern "system" fn capture() {
    naked_asm!(
        "pushfd",
        "push ebp",
        "mov ebp, esp",
        "lea esp, [esp - {size}]",
        "cld",
        "mov dword ptr [esp], {full}",
        "mov [esp + {eax}], eax",
        "mov [esp + {ebx}], ebx",
        "mov [esp + {ecx}], ecx",
        "mov [esp + {edx}], edx",
        "mov [esp + {esi}], esi",
        "mov [esp + {edi}], edi",
        "mov eax, [ebp]",
        "mov [esp + {ebp}], eax",
        "mov eax, [ebp + 4]",
        "mov [esp + {eflags}], eax",
        "mov eax, [ebp + 16]",
        "mov [esp + {eip}], eax",
        "lea eax, [ebp + 20]",
        "mov ecx, eax",
        "add eax, [ebp + 12]",
        "mov [esp + {esp_at}], eax",
        "mov edx, esp",
        "call {segments}",
        "push edx",
        "push ecx",
        "call [ebp + 8]",
        "ud2",
        size = const size_of::<Context>(),
        full = const CONTEXT_FULL,
        eax = const offset_of!(Context, plain.eax),
        ebx = const offset_of!(Context, plain.ebx),
        ecx = const offset_of!(Context, plain.ecx),
        edx = const offset_of!(Context, plain.edx),
        esi = const offset_of!(Context, plain.esi),
        edi = const offset_of!(Context, plain.edi),
        ebp = const offset_of!(Context, plain.ebp),
        eflags = const offset_of!(Context, plain.eflags),
        eip = const offset_of!(Context, plain.eip),
        esp_at = const offset_of!(Context, plain.esp),
        segments = sym store_segments,
    )
}

/// Stores the segment registers into the context at EDX. Changes EAX.
#[unsafe(naked)]
unsafe extern "system" fn store_segments() {
    naked_asm!(
        "xor eax, eax",
        "mov ax, cs",
        "mov [edx + {cs_at}], eax",
        "mov ax, ss",
        "mov [edx + {ss_at}], eax",
        "mov ax, ds",
        "mov [edx + {ds_at}], eax",
        "mov ax, es",
        "mov [edx + {es_at}], eax",
        "mov ax, fs",
        "mov [edx + {fs_at}], eax",
        "mov ax, gs",
        "mov [edx + {gs_at}], eax",
        "ret",
        cs_at = const offset_of!(Context, plain.seg_cs),
        ss_at = const offset_of!(Context, plain.seg_ss),
        ds_at = const offset_of!(Context, plain.seg_ds),
        es_at = const offset_of!(Context, plain.seg_es),
        fs_at = const offset_of!(Context, plain.seg_fs),
        gs_at = const offset_of!(Context, plain.seg_gs),
    )
}

/// Stores registers as the caller's caller will see them, by way of the caller's EBP: a function that keeps no frame there
/// gets nonsense, as on XP.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "system" fn RtlCaptureContext(context: *mut Context) {
    naked_asm!(
        "pushfd",
        "push edx",
        "push eax",
        "mov edx, [esp + 16]",
        "mov dword ptr [edx], {full}",
        "mov [edx + {eax}], eax",
        "mov [edx + {ebx}], ebx",
        "mov [edx + {ecx}], ecx",
        "mov [edx + {esi}], esi",
        "mov [edx + {edi}], edi",
        "mov eax, [esp + 4]",
        "mov [edx + {edx}], eax",
        "mov eax, [esp + 8]",
        "mov [edx + {eflags}], eax",
        "call {segments}",
        "mov eax, [ebp + 4]",
        "mov [edx + {eip}], eax",
        "mov eax, [ebp]",
        "mov [edx + {ebp}], eax",
        "lea eax, [ebp + 8]",
        "mov [edx + {esp_at}], eax",
        "pop eax",
        "pop edx",
        "popfd",
        "ret 4",
        full = const CONTEXT_FULL,
        eax = const offset_of!(Context, plain.eax),
        ebx = const offset_of!(Context, plain.ebx),
        ecx = const offset_of!(Context, plain.ecx),
        edx = const offset_of!(Context, plain.edx),
        esi = const offset_of!(Context, plain.esi),
        edi = const offset_of!(Context, plain.edi),
        ebp = const offset_of!(Context, plain.ebp),
        eflags = const offset_of!(Context, plain.eflags),
        eip = const offset_of!(Context, plain.eip),
        esp_at = const offset_of!(Context, plain.esp),
        segments = sym store_segments,
    )
}

/// Calls `handler(record, registration, context, dispatcher)` under a registration of three words, whose handler is `guard` and
/// whose third word is `registration`. Whatever the handler did to the stack pointer, the registration says where it was.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn call_handler(
    guard: u32,
    handler: u32,
    registration: u32,
    record: u32,
    context: u32,
    dispatcher: *mut u32,
) -> u32 {
    naked_asm!(
        "push ebp",
        "mov ebp, esp",
        "push ebx",
        "push esi",
        "push edi",
        "push dword ptr [ebp + 16]",
        "push dword ptr [ebp + 8]",
        "push dword ptr fs:[0]",
        "mov fs:[0], esp",
        "push dword ptr [ebp + 28]",
        "push dword ptr [ebp + 24]",
        "push dword ptr [ebp + 16]",
        "push dword ptr [ebp + 20]",
        "call dword ptr [ebp + 12]",
        "mov esp, fs:[0]",
        "pop dword ptr fs:[0]",
        "add esp, 8",
        "pop edi",
        "pop esi",
        "pop ebx",
        "pop ebp",
        "cld",
        "ret",
    )
}

/// The guard behind a handler that is asked: what reaches it is an exception of that handler.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn exception_guard() {
    naked_asm!(
        "mov ecx, [esp + 4]",
        "mov eax, 1",
        "test dword ptr [ecx + 4], 6",
        "jnz 2f",
        "mov ecx, [esp + 8]",
        "mov ecx, [ecx + 8]",
        "mov edx, [esp + 16]",
        "mov [edx], ecx",
        "mov eax, 2",
        "2:",
        "ret",
    )
}

/// The guard behind a handler that gives up: an unwind that reaches it began in that handler.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn unwind_guard() {
    naked_asm!(
        "mov ecx, [esp + 4]",
        "mov eax, 1",
        "test dword ptr [ecx + 4], 6",
        "jz 2f",
        "mov ecx, [esp + 8]",
        "mov ecx, [ecx + 8]",
        "mov edx, [esp + 16]",
        "mov [edx], ecx",
        "mov eax, 3",
        "2:",
        "ret",
    )
}
