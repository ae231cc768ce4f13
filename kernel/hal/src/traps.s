// Entry and exit paths. They build _KTRAP_FRAME on the kernel stack (offsets in abi::trap_frame), call a hook with its
// address, and restore it. Stack-relative operands use SS, which the processor loads; DS and ES may hold anything a program
// put there until they are loaded here. Pushes and pops of segment registers are written as bytes: assemblers disagree on
// whether the mnemonic means 16 or 32 bits.

.set SHARED_SYSTEM_CALL_RETURN, 0xFFDF0304
.set SOFTWARE_INTERRUPT_REQUESTS, 0xFFDFF028

.set FRAME_EAX, 0x44
.set FRAME_EDI, 0x54
.set FRAME_ESI, 0x58
.set FRAME_EBX, 0x5C
.set FRAME_EBP, 0x60
.set FRAME_ERROR, 0x64
.set FRAME_EIP, 0x68
.set FRAME_CS, 0x6C
.set FRAME_FLAGS, 0x70
.set FRAME_ESP, 0x74

.set FLAG_TRAP, 0x100
.set FLAG_INTERRUPT, 0x200
.set FLAG_V86, 0x20000

.set NOTHING_HAPPENED, 0xFFFF0FF0   // DR6

.set HOOK_SYSTEM_CALL, 0
.set HOOK_PAGE_FAULT, 4
.set HOOK_INTERRUPT, 8
.set HOOK_RETURN_TO_USER, 12

// From the pushed EBP on: everything else of the frame, then the kernel's own segments. Leaves EBP = frame.
.macro save_registers
    push ebx
    push esi
    push edi
    .byte 0x0F, 0xA0            // push fs
    push -1
    push 0
    push eax
    push ecx
    push edx
    .byte 0x1E                  // push ds
    .byte 0x06                  // push es
    .byte 0x0F, 0xA8            // push gs
    sub esp, 0x28
    push dword ptr [esp + 0x60]     // DbgEip
    push dword ptr [esp + 0x5C]     // DbgEbp
    mov ecx, 0x23
    mov ds, ecx
    mov es, ecx
    mov ecx, 0x30
    mov fs, ecx
    cld
.endm

// Calls hook with (frame, argument) and EBP = frame kept.
.macro call_hook target, argument
    and esp, -16
    sub esp, 8
    push \argument
    push ebp
    call \target
    mov esp, ebp
.endm

.macro restore_interrupt_flag
    test dword ptr [ebp + FRAME_FLAGS], FLAG_INTERRUPT
    jz 1f
    sti
1:
.endm

.section .text

// ---------------------------------------------------------------------------------------------------------
// Exceptions and interrupts.

.macro exception vector
exception_\vector:
    push 0
    push ebp
    mov ebp, \vector
    jmp exception_common
.endm

.macro exception_with_code vector
exception_\vector:
    push ebp
    mov ebp, \vector
    jmp exception_common
.endm

.macro interrupt line
interrupt_\line:
    push 0
    push ebp
    mov ebp, \line
    jmp interrupt_common
.endm

exception 0
exception 2
exception 3
exception 4
exception 5
exception 6
exception 7
exception 9
exception_with_code 10
exception_with_code 11
exception_with_code 12
exception_with_code 13
exception 16
exception_with_code 17
exception 18
exception 19

// Debug. SYSENTER keeps the trap flag, so that stepping across it lands here with EIP at the kernel's entry: the call
// begins again without the flag and remembers it in its frame. Where the kernel touches what the running thread watches,
// or the thread did so by the MOV SS just before it entered, nothing comes of it, unless the debugger watches for it.
exception_1:
    test byte ptr [esp + 4], 1      // CS: of ring 3?
    jnz 4f
    push eax
    mov eax, dr6
    cmp dword ptr [esp + 4], offset vadose_sysenter
    jne 2f
    test dword ptr [esp + 12], FLAG_TRAP
    jz 2f
    mov dword ptr [esp + 4], offset sysenter_traced
    and dword ptr [esp + 12], ~FLAG_TRAP
    jmp 5f
2:  test al, byte ptr ss:[vadose_program_watches]
    jz 3f
5:  mov eax, NOTHING_HAPPENED
    mov dr6, eax
    pop eax
    iretd
3:  pop eax
4:  push 0
    push ebp
    mov ebp, 1
    jmp exception_common

exception_common:
    save_registers
    mov ebx, ebp
    mov ebp, esp
    restore_interrupt_flag
    call_hook vadose_exception, ebx
    jmp trap_exit

exception_14:
    push ebp
    save_registers
    mov ebp, esp
    mov ebx, cr2
    restore_interrupt_flag
    call_hook [vadose_hooks + HOOK_PAGE_FAULT], ebx
    jmp trap_exit

interrupt 0
interrupt 1
interrupt 2
interrupt 3
interrupt 4
interrupt 5
interrupt 6
interrupt 7
interrupt 8
interrupt 9
interrupt 10
interrupt 11
interrupt 12
interrupt 13
interrupt 14
interrupt 15

interrupt_common:
    save_registers
    mov ebx, ebp
    mov ebp, esp
    call_hook [vadose_hooks + HOOK_INTERRUPT], ebx
    // falls into trap_exit

// Restores the frame at ESP. On the way to ring 3 requested software interrupts come first.
.global vadose_trap_exit
vadose_trap_exit:
trap_exit:
    cli
    test byte ptr [esp + FRAME_CS], 1
    jz 5f
2:  cmp dword ptr [SOFTWARE_INTERRUPT_REQUESTS], 0
    jne 4f
3:  add esp, 0x30
    .byte 0x0F, 0xA9            // pop gs
    .byte 0x07                  // pop es
    .byte 0x1F                  // pop ds
    pop edx
    pop ecx
    pop eax
    add esp, 8
    .byte 0x0F, 0xA1            // pop fs
    pop edi
    pop esi
    pop ebx
    pop ebp
    add esp, 4
    iretd
4:  call requests_before_user
    jmp trap_exit
5:  test dword ptr [esp + FRAME_FLAGS], FLAG_V86
    jnz 2b
    jmp 3b

// Lets the kernel do what is requested, with interrupts on. The frame is above the return address.
requests_before_user:
    sti
    lea eax, [esp + 4]
    push ebp
    mov ebp, esp
    and esp, -16
    sub esp, 12
    push eax
    call [vadose_hooks + HOOK_RETURN_TO_USER]
    mov esp, ebp
    pop ebp
    ret

// ---------------------------------------------------------------------------------------------------------
// System calls. EAX = number; EDX = arguments (int 2E) or the caller's ESP, 8 below its arguments (SYSENTER).

system_call_gate:
    push 0
    push ebp
    save_registers
    mov ebp, esp
    sti
    call_hook [vadose_hooks + HOOK_SYSTEM_CALL], edx
    jmp trap_exit

sysenter_traced:
    push 0x23
    push edx
    pushfd
    or dword ptr [esp], FLAG_INTERRUPT + FLAG_TRAP
    push 0x1B
    push dword ptr ss:[SHARED_SYSTEM_CALL_RETURN]
    push 2
    popfd
    push 1                          // restore fully, by iretd: that sets the trap flag again
    jmp sysenter_common

// ESP is the running thread's, from the model-specific register. Flags but IF are still the program's.
.global vadose_sysenter
vadose_sysenter:
    push 0x23
    push edx
    pushfd
    or dword ptr [esp], FLAG_INTERRUPT
    push 0x1B
    push dword ptr ss:[SHARED_SYSTEM_CALL_RETURN]
    push 2
    popfd                           // NT, DF, AC off
    push 0
sysenter_common:
    push ebp
    push ebx
    push esi
    push edi
    push 0x3B
    push -1
    push 1
    push eax
    push 0
    push edx
    push 0x23
    push 0x23
    push 0
    sub esp, 0x28
    push dword ptr [esp + 0x60]
    push ebp
    mov ecx, 0x23
    mov ds, ecx
    mov es, ecx
    mov ecx, 0x30
    mov fs, ecx
    sti
    mov ebp, esp
    add edx, 8
    sub esp, 12                     // the frame begins 4 bytes past a multiple of 16
    push edx
    push ebp
    call [vadose_hooks + HOOK_SYSTEM_CALL]
    mov esp, ebp
5:  cli
    cmp dword ptr [SOFTWARE_INTERRUPT_REQUESTS], 0
    jne 6f
    cmp dword ptr [esp + FRAME_ERROR], 0
    jne trap_exit
    mov ecx, 0x3B
    mov fs, ecx
    mov edi, [esp + FRAME_EDI]
    mov esi, [esp + FRAME_ESI]
    mov ebx, [esp + FRAME_EBX]
    mov ebp, [esp + FRAME_EBP]
    mov eax, [esp + FRAME_EAX]
    mov edx, [esp + FRAME_EIP]
    mov ecx, [esp + FRAME_ESP]
    add esp, FRAME_FLAGS
    and dword ptr [esp], ~FLAG_INTERRUPT
    popfd
    sti
    sysexit
6:  call requests_before_user
    jmp 5b

// ---------------------------------------------------------------------------------------------------------
// The double-fault task begins here, on a stack of its own.

double_fault:
    add esp, 4                      // the error code, always 0
    xor ebp, ebp
    push ebp
    jmp vadose_double_fault

// ---------------------------------------------------------------------------------------------------------
// Kernel stacks.

// vadose_switch_stacks(save: *mut u32, stack_pointer: u32)
.global vadose_switch_stacks
vadose_switch_stacks:
    mov eax, [esp + 4]
    mov edx, [esp + 8]
    push ebp
    push ebx
    push esi
    push edi
    mov [eax], esp
    mov esp, edx
    pop edi
    pop esi
    pop ebx
    pop ebp
    ret

// Where a new stack begins: EDI = function, ESI = its argument.
.global vadose_thread_start
vadose_thread_start:
    sti
    sub esp, 12
    push esi
    call edi
    ud2

// ---------------------------------------------------------------------------------------------------------
// User memory. vadose_user_copy(target, source, length) -> 0, or what the fault handler left in the frame's EAX;
// vadose_user_copy_words the same with a number of words.

.global vadose_user_copy, vadose_user_copy_words, vadose_user_copy_end, vadose_user_copy_failed
vadose_user_copy_words:
    push esi
    push edi
    mov edi, [esp + 12]
    mov esi, [esp + 16]
    mov ecx, [esp + 20]
    rep movsd
    xor eax, eax
    pop edi
    pop esi
    ret
vadose_user_copy:
    push esi
    push edi
    mov edi, [esp + 12]
    mov esi, [esp + 16]
    mov ecx, [esp + 20]
    mov edx, ecx
    shr ecx, 2
    rep movsd
    mov ecx, edx
    and ecx, 3
    rep movsb
vadose_user_copy_end:
    xor eax, eax
vadose_user_copy_failed:
    pop edi
    pop esi
    ret

// One word: ECX = address, EDX = what to store. EAX = what was loaded, EDX = 0 or the status of the fault.
.global vadose_user_words, vadose_user_load, vadose_user_probe, vadose_user_store
.global vadose_user_words_end, vadose_user_words_failed
vadose_user_words:
vadose_user_load:
    mov eax, [ecx]
    xor edx, edx
    ret
vadose_user_probe:
    mov eax, [ecx]
    mov [ecx], eax
    xor edx, edx
    ret
vadose_user_store:
    mov [ecx], edx
    xor edx, edx
    ret
vadose_user_words_end:
vadose_user_words_failed:
    mov edx, eax
    ret

// ---------------------------------------------------------------------------------------------------------
// Vector, entry, who may call it by `int` (0 the kernel, 1 programs).

.section .rodata
.balign 4
.global vadose_gates, vadose_gates_end
vadose_gates:
.macro gate vector, user=0
    .long \vector, exception_\vector, \user
.endm
gate 0
gate 1
gate 2
gate 3, 1
gate 4, 1
gate 5
gate 6
gate 7
gate 9
gate 10
gate 11
gate 12
gate 13
gate 14
gate 16
gate 17
gate 18
gate 19
    .long 0x2E, system_call_gate, 1
.macro line_gate line
    .long 0x30 + \line, interrupt_\line, 0
.endm
line_gate 0
line_gate 1
line_gate 2
line_gate 3
line_gate 4
line_gate 5
line_gate 6
line_gate 7
line_gate 8
line_gate 9
line_gate 10
line_gate 11
line_gate 12
line_gate 13
line_gate 14
line_gate 15
vadose_gates_end:

.global vadose_double_fault_entry
vadose_double_fault_entry:
    .long double_fault
