// SYSENTER with edx and esp at 00000000: the arguments cannot be read, and what follows ends this program only.
// expect: exception C0000005
#include "test.h"

static void test(void)
{
    __asm__ volatile("mov $0, %%edx; mov %%edx, %%esp; sysenter" : : "a"(0x11) : "ecx", "memory");
}
