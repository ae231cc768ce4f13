// SYSENTER returns on the stack that edx names, to the address that lies there.
// expect: exit 0
#include "system_call.h"

static DWORD stack[16];
static DWORD saved;

static void test(void)
{
    DWORD status, bad_handle = 0x7777;
    stack[9] = 0;          // the return address of a stub
    stack[10] = bad_handle; // its argument
    __asm__ volatile(
        "mov %%esp, %1\n"
        "movl $1f, 32(%%ebx)\n"
        "lea 32(%%ebx), %%edx\n"
        "sysenter\n"
        "1: mov %1, %%esp\n"
        : "=a"(status), "+m"(saved)
        : "a"(CLOSE_SERVICE), "b"(stack)
        : "ecx", "edx", "memory", "cc");
    EXPECT_EQUAL(status, BAD_HANDLE);
}
