// POPF in ring 3 leaves the I/O privilege level and the interrupt flag alone, without a fault.
// expect: exit 0
#include "test.h"

static void test(void)
{
    DWORD flags;
    __asm__ volatile("pushf; andl $~0x200, (%%esp); orl $0x3000, (%%esp); popf; pushf; popl %0" : "=r"(flags) : : "memory", "cc");
    EXPECT_EQUAL(flags & 0x3200, 0x200);
}
