// A system call changes eax, ecx and edx only.
// expect: exit 0
#include "system_call.h"

static void test(void)
{
    DWORD ebx, esi, edi, ebp;
    __asm__ volatile(
        "push %%ebp\n"
        "mov $0x11111111, %%ebx; mov $0x22222222, %%esi; mov $0x33333333, %%edi; mov $0x44444444, %%ebp\n"
        "mov $0xFFF, %%eax\n"
        "mov $0x7FFE0300, %%edx\n"
        "call *(%%edx)\n"
        "mov %%ebp, %%eax\n"
        "pop %%ebp\n"
        : "=b"(ebx), "=S"(esi), "=D"(edi), "=a"(ebp)
        :
        : "ecx", "edx", "memory", "cc");
    EXPECT_EQUAL(ebx, 0x11111111);
    EXPECT_EQUAL(esi, 0x22222222);
    EXPECT_EQUAL(edi, 0x33333333);
    EXPECT_EQUAL(ebp, 0x44444444);
}
