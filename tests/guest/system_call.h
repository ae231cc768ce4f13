// System calls made by hand, past ntdll: the service number, the place of the arguments and the stack are the test's.
#ifndef SYSTEM_CALL_H
#define SYSTEM_CALL_H

#include "test.h"

// A service that no table has.
#define NO_SUCH_SERVICE 0xFFF
#define ALLOCATE_SERVICE 0x11
#define CLOSE_SERVICE 0x19
#define YIELD_SERVICE 0x116

// Calls `service` by the gate 2E with its arguments at `arguments`.
static inline NTSTATUS call_by_gate(DWORD service, const volatile void *arguments)
{
    NTSTATUS status;
    __asm__ volatile("int $0x2E" : "=a"(status) : "a"(service), "d"(arguments) : "ecx", "memory", "cc");
    return status;
}

// Calls `service` the way ntdll does, through the pointer in the shared page, with these arguments on the stack.
static inline NTSTATUS call_by_pointer(DWORD service, const DWORD *arguments, DWORD count)
{
    NTSTATUS status;
    __asm__ volatile(
        "mov %%esp, %%edi\n"
        "1: test %%ecx, %%ecx\n"
        "jz 2f\n"
        "pushl -4(%%ebx, %%ecx, 4)\n"
        "dec %%ecx\n"
        "jmp 1b\n"
        "2: push $0\n" // where a stub's return address would be
        "mov $0x7FFE0300, %%edx\n"
        "call *(%%edx)\n"
        "mov %%edi, %%esp\n"
        : "=a"(status), "+c"(count)
        : "a"(service), "b"(arguments)
        : "edx", "edi", "memory", "cc");
    return status;
}

#endif
