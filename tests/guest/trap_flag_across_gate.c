// The trap flag set across the gate 2E: the program is stepped, not the kernel.
// expect: exception 80000004
#include "system_call.h"

static void test(void)
{
    __asm__ volatile("pushf; orl $0x100, (%%esp); popf; int $0x2E; nop; nop" : : "a"(NO_SUCH_SERVICE), "d"(0) : "ecx", "memory", "cc");
    put("nothing was stepped\n");
}
