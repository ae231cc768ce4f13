// The trap flag set across SYSENTER, which does not clear it: the first step would be the kernel's.
// expect: exception 80000004
#include "test.h"

static void test(void)
{
    __asm__ volatile(
        "push $1f\n"
        "pushf; orl $0x100, (%%esp)\n"
        "lea 4(%%esp), %%edx\n"
        "popf\n"
        "sysenter\n"
        "1: nop; nop\n"
        : : "a"(0xFFF) : "ecx", "edx", "memory", "cc");
    put("nothing was stepped\n");
}
