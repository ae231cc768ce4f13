// The nested-task flag set across both ways in: an IRET in the kernel must not take it for a task to return to.
// expect: exit 0
#include "system_call.h"

static DWORD flags(void)
{
    DWORD value;
    __asm__ volatile("pushf; pop %0" : "=r"(value));
    return value;
}

static void test(void)
{
    DWORD close[1] = {0x7777};
    for (int round = 0; round < 10; round++) {
        __asm__ volatile("pushf; orl $0x4000, (%%esp); popf" : : : "memory", "cc");
        EXPECT_EQUAL(call_by_pointer(CLOSE_SERVICE, close, 1), BAD_HANDLE);
        __asm__ volatile("pushf; orl $0x4000, (%%esp); popf" : : : "memory", "cc");
        EXPECT_EQUAL(call_by_gate(CLOSE_SERVICE, close), BAD_HANDLE);
        // A fault that the kernel resolves, with the flag set.
        *(volatile char *)commit(PAGE) = 1;
    }
    __asm__ volatile("pushf; andl $~0x4000, (%%esp); popf" : : : "memory", "cc");
    EXPECT_EQUAL(flags() & 0x4000, 0);
}
