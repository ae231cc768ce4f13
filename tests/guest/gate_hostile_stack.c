// The gate 2E with a stack pointer that leads nowhere: the kernel has its own stack and gives the pointer back.
// expect: exit 0
#include "system_call.h"

static DWORD saved;

static void call_with_stack(DWORD stack)
{
    DWORD status, returned;
    __asm__ volatile(
        "mov %%esp, %2\n"
        "mov %4, %%esp\n"
        "int $0x2E\n"
        "mov %%esp, %1\n"
        "mov %2, %%esp\n"
        : "=a"(status), "=&S"(returned), "+m"(saved)
        : "a"(NO_SUCH_SERVICE), "D"(stack), "d"(0)
        : "ecx", "memory", "cc");
    EXPECT_EQUAL(status, NO_SERVICE);
    EXPECT_EQUAL(returned, stack);
}

static void test(void)
{
    static const DWORD stacks[] = {0, 3, 0x80000000, 0x80100000, 0xFFDFF000, 0xFFFFFFFF};
    for (DWORD index = 0; index < sizeof stacks / sizeof *stacks; index++)
        call_with_stack(stacks[index]);
}
